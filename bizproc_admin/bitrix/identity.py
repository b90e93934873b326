"""Who we are on a portal: the person in whose name we ask, and the access we ask by."""

from dataclasses import dataclass, field
from typing import Self

from .fields import Fields, Raw
from .objects import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """In whose name we ask."""

    id: UserId
    admin: bool
    name: str
    last_name: str
    time_zone: str

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read the answer of profile."""
        row = Fields(raw, kind="profile")
        return cls(
            id=UserId(row.positive("ID")),
            admin=row.boolean("ADMIN"),
            name=row.line("NAME"),
            last_name=row.line("LAST_NAME"),
            time_zone=row.text("TIME_ZONE"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInfo:
    """What the portal tells about our access and its licence.

    A webhook is told its `scopes`; an application about itself, and `installed` is False until
    its installer has said that it is done. What the portal does not tell is empty or None.
    """

    scopes: tuple[str, ...]
    license: str
    id: int | None = None
    code: str = ""
    version: str = ""
    status: str = ""
    installed: bool | None = None
    payment_expired: bool | None = None
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read the answer of app.info leniently: it tells what to show, and decides nothing."""
        row = Fields(raw, kind="app")
        scopes = row.raw.get("SCOPE")
        return cls(
            scopes=tuple(str(one) for one in scopes) if isinstance(scopes, list) else (),
            license=_text(row, "LICENSE"),
            id=_number(row, "ID"),
            code=_text(row, "CODE"),
            version=_text(row, "VERSION"),
            status=_text(row, "STATUS"),
            installed=_boolean(row, "INSTALLED"),
            payment_expired=_boolean(row, "PAYMENT_EXPIRED"),
            raw=row.raw,
        )


def _text(row: Fields, name: str) -> str:
    value = row.raw.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(row: Fields, name: str) -> int | None:
    written = _text(row, name)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 19 else None


def _boolean(row: Fields, name: str) -> bool | None:
    value = row.raw.get(name)
    if isinstance(value, bool):
        return value
    return {"Y": True, "N": False}.get(value) if isinstance(value, str) else None
