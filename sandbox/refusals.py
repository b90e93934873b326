"""What the portal says when it refuses: error code, text and HTTP status.

The statuses are those that official client libraries are tested against; see the vendor's
pages of errors for the rest.
"""

from typing import Any


class Refusal(Exception):
    """An error answer of the portal."""

    def __init__(self, code: str, text: str, status: int = 400, **extra: Any) -> None:
        """Keep what the error envelope will show."""
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.status = status
        self.extra = extra

    def envelope(self) -> dict[str, Any]:
        """Return the JSON object of the answer: neither result nor time."""
        return {"error": self.code, "error_description": self.text, **self.extra}


_HIGHER_PRIVILEGES = "The request requires higher privileges than provided by the {} token"
_KNOWN = {
    "NO_AUTH_FOUND": ("Wrong authorization data", 401),
    "INVALID_CREDENTIALS": ("Invalid request credentials", 401),
    "insufficient_scope": (_HIGHER_PRIVILEGES.format("webhook"), 401),
    "expired_token": ("The access token provided has expired.", 401),
    "invalid_token": ("Unable to get application by token", 401),
    "ERROR_OAUTH": ("Application not installed", 401),
    "APPLICATION_NOT_FOUND": ("Application not found", 401),
    "authorization_error": ("Unable to authorize user", 401),
    "user_access_error": ("The user does not have access to the application.", 403),
    "PAYMENT_REQUIRED": ("Subscription has been ended", 401),
    "OVERLOAD_LIMIT": ("REST API is blocked due to overload.", 503),
    "ACCESS_DENIED": ("Access denied!", 403),
    "WRONG_AUTH_TYPE": ("Current authorization type is denied for this method", 403),
    "WRONG_LICENSE": ("Wrong license", 403),
    "INVALID_REQUEST": ("Https required.", 400),
    "CONNECTION_ERROR": ("Error connecting to authorization server", 401),
    "METHOD_CONFIRM_WAITING": ("Waiting for confirmation", 401),
    "METHOD_CONFIRM_DENIED": ("Method call denied", 403),
    "QUERY_LIMIT_EXCEEDED": ("Too many requests", 503),
    "OPERATION_TIME_LIMIT": ("Method is blocked due to operation time limit.", 429),
    "INTERNAL_SERVER_ERROR": ("Internal server error", 500),
    "ERROR_UNEXPECTED_ANSWER": ("Server returned an unexpected response", 500),
    "ERROR_CORE": ("SQL query error!", 500),
    "ERROR_METHOD_NOT_FOUND": ("Method not found!", 404),
    "ERROR_MANIFEST_IS_NOT_AVAILABLE": ("Manifest is not available", 404),
    "PORTAL_DELETED": ("Portal was deleted", 403),
    "ERROR_BATCH_LENGTH_EXCEEDED": ("Max batch length exceeded", 400),
    "ERROR_BATCH_METHOD_NOT_ALLOWED": ("Method is not allowed for batch usage", 405),
    "ERROR_WRONG_WORKFLOW_ID": ("Invalid workflow instance ID (string expected)", 400),
    "ERROR_SELECT_VALIDATION_FAILURE": ("Invalid data in SELECT parameter", 400),
    "ERROR_TASK_VALIDATION": ("empty TASK_ID", 400),
    "ERROR_TASK_NOT_FOUND": ("Task not found", 400),
    "ERROR_TASK_COMPLETED": ("Task already completed", 400),
    "ERROR_TASK_TYPE": ("Incorrect task type", 400),
    "ERROR_TASK_EXECUTION": ("The workflow is hung or being executed", 400),
    "ERROR_INVALID_USER_ID": ("Invalid FROM_USER_ID", 400),
    "ERROR_DELEGATION_NOT_ALLOWED": ("The user is not responsible for this assigment.", 400),
    "ERROR_TEMPLATE_VALIDATION_FAILURE": ("No fields to update.", 400),
    "ERROR_TEMPLATE_NOT_FOUND": ("Workflow template not found.", 400),
    "ERROR_TEMPLATE_NOT_OWNER": (
        "You can update ONLY templates created by current application",
        400,
    ),
    "ERROR_ARGUMENT": ("Argument is wrong", 400),
    "": ("The business process is not found.", 400),
}


def named(code: str) -> Refusal:
    """Build the refusal that the vendor documents under this code."""
    text, status = _KNOWN.get(code, (code, 400))
    return Refusal(code, text, status)


#: What the vendor's table of 2026 answers with another status than before.
STATUSES_OF_2026 = {"OVERLOAD_LIMIT": 401, "user_access_error": 401, "INVALID_REQUEST": 401}


def plan_ended(*, by_token: bool) -> Refusal:
    """Build the refusal of a portal whose plan has no REST: the code of rights, another status."""
    how = "on commercial plans" if by_token else "by subscription"
    return Refusal("ACCESS_DENIED", f"REST is available only {how}.", 401)


def insufficient_scope(*, by_token: bool) -> Refusal:
    """Build the refusal of a method that a webhook or an application was not given."""
    word = "access" if by_token else "webhook"
    return Refusal("insufficient_scope", _HIGHER_PRIVILEGES.format(word), 401)


def access_denied(detail: str = "") -> Refusal:
    """Build a refusal of rights, with an optional detail after the usual words."""
    return Refusal("ACCESS_DENIED", f"Access denied! {detail}".strip(), 403)


def wrong_workflow(text: str) -> Refusal:
    """Build the refusal of a workflow or template id."""
    return Refusal("ERROR_WRONG_WORKFLOW_ID", text)


def nameless(text: str) -> Refusal:
    """Build a refusal thrown without a code: `error` is an empty string."""
    return Refusal("", text)


def unreadable_select() -> Refusal:
    """Build the refusal of a SELECT with something nested in it."""
    return Refusal("ERROR_SELECT_VALIDATION_FAILURE", "Invalid data in SELECT parameter")
