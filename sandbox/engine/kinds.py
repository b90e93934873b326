"""The activities that ask people, and what all that handle them share."""

from typing import Any

APPROVE, REVIEW = "ApproveActivity", "ReviewActivity"
REQUEST, OPTIONAL = "RequestInformationActivity", "RequestInformationOptionalActivity"
#: Waits for a command of a person; REST lists its task and cannot complete it.
EXTERNAL = "HandleExternalEventActivity"
#: What REST can complete.
KINDS = (APPROVE, REVIEW, REQUEST, OPTIONAL)

#: What does nothing that a client of REST could see, though it is known to every portal.
_WITHOUT_EFFECT = {
    "AbsenceActivity", "Calendar2Activity", "CalendarActivity", "CodeActivity",
    "CreateDocumentActivity", "DeleteDocumentActivity", "FixResultActivity",
    "ForumReviewActivity", "GetUserActivity", "GetUserInfoActivity", "IMNotifyActivity",
    "LockDocumentActivity", "LogActivity", "MailActivity", "MathOperationActivity",
    "PublishDocumentActivity", "RandomStringActivity", "RobotDelayActivity",
    "SaveHistoryActivity", "SetFieldActivity", "SetGlobalConstantActivity",
    "SetGlobalVariableActivity", "SetPermissionsActivity", "SocNetLogActivity",
    "SocNetMessageActivity", "StartScriptActivity", "Task2Activity", "UnlockDocumentActivity",
    "UnpublishDocumentActivity", "WaitWorkDayActivity", "WebHookActivity", "DelayActivity",
    "HandleExternalEventActivity",
}  # fmt: skip


def passes_through(kind: str) -> bool:
    """Tell whether an activity is one that is known to be passed in silence."""
    return kind in _WITHOUT_EFFECT or kind.startswith("Crm") or kind.endswith("Trigger")


class EngineError(Exception):
    """An activity cannot run; the workflow faults."""


def is_yes(value: Any) -> bool:
    """Read the portal's many ways to write a boolean."""
    return value in (True, 1, "1", "Y", "y")
