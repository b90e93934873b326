"""What something is done to, as every model that can be it names itself."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """The name of a row in text that stays readable for ever, and whose portal's history it is in.

    portal_id is None for what belongs to the installation.
    """

    kind: str = ""
    id: str = ""
    label: str = ""
    portal_id: int | None = None
