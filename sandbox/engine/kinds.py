"""The activities that ask people, and what all that handle them share."""

from typing import Any

APPROVE, REVIEW = "ApproveActivity", "ReviewActivity"
REQUEST, OPTIONAL = "RequestInformationActivity", "RequestInformationOptionalActivity"
#: Waits for a command of a person; REST lists its task and cannot complete it.
EXTERNAL = "HandleExternalEventActivity"
#: What REST can complete.
KINDS = (APPROVE, REVIEW, REQUEST, OPTIONAL)


class EngineError(Exception):
    """An activity cannot run; the workflow faults."""


def is_yes(value: Any) -> bool:
    """Read the portal's many ways to write a boolean."""
    return value in (True, 1, "1", "Y", "y")
