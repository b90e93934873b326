"""What a portal says no to, each kind of refusal a class of its own.

::

    Refused
    ├── RateLimited              too many requests at once
    ├── MethodExhausted          this method's operating time is used up
    ├── Overloaded               blocked by the vendor until support lifts it
    ├── ExpiredCredentials       the token is over, a new one can be had
    ├── InvalidCredentials       the webhook or application is unknown or switched off
    │   ├── PersonUnauthorized   the token's person is no longer accepted
    │   └── ApplicationMissing   the application is not installed any more
    ├── AccessDenied             known, but not allowed
    │   ├── InsufficientScope    a permission of the webhook or application is missing
    │   └── NoApplicationAccess  this person may not use the application
    ├── PlanRequired             the portal's subscription does not cover this
    ├── PortalClosed             the portal is closed for maintenance, or gone
    ├── NotFound
    │   ├── MethodNotFound       this portal's version does not offer the method
    │   ├── TaskNotFound         no such task for this person
    │   ├── ActionNotFound       no such action or automation rule of this application
    │   └── WorkflowGone         the workflow of an answered step has ended
    ├── WorkflowBusy             the workflow of an answered step is being executed, or hangs
    ├── InvalidInput             the portal did not accept what was sent
    │   ├── UserInvalid          it does not know a person named
    │   ├── TaskKindClosed       this kind of task is answered in the portal alone
    │   └── HandlerRefused       the address that is to be called is not accepted
    ├── TaskExecution            the task's own step refused the answer
    ├── TaskCompleted            this person has already answered
    ├── DelegationNotAllowed     the task may not pass from this person to that one
    ├── ActionTaken              the application has an action or rule of this code already
    ├── ActionNotSaved           the portal could not keep an action or rule
    └── ServerFault              the portal failed inside: outcome unknown

Which class a code means is said in `BY_CODE`. The portal's own `text` is in the portal's language:
it is shown, and never compared with anything.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from .errors import TEXT_LIMIT, BitrixError, Values


class Refused(BitrixError):
    """The portal answered in good form, with an error: its own code, its own text and the status.

    `status` is None for a command inside a batch, which has no HTTP status of its own.
    """

    code = "refused"

    def __init__(
        self, vendor_code: str, text: str = "", *, status: int | None = None, method: str = ""
    ) -> None:
        super().__init__(text, method=method)
        self.vendor_code = vendor_code[:TEXT_LIMIT]
        self.text = text[:TEXT_LIMIT]
        self.status = status

    @property
    def values(self) -> Values:
        """Return what is particular of this error: the portal's own code and words."""
        return super().values | {
            "vendor_code": self.vendor_code,
            "text": self.text,
            "status": self.status,
        }

    @property
    def for_logs(self) -> str:
        """Return one line of facts, without secrets."""
        status = "in-batch" if self.status is None else self.status
        return f"{super().for_logs} code={self.vendor_code!r} status={status}"


class RateLimited(Refused):
    """Too many requests at once; nothing was done. `retry_after` is in seconds, 0 if not told."""

    code = "rate_limited"
    retry_after: float = 0.0


class MethodExhausted(Refused):
    """This method has used up its operating time; nothing was done. Free again at `resets_at`."""

    code = "method_exhausted"

    def __init__(
        self,
        vendor_code: str,
        text: str = "",
        *,
        resets_at: datetime,
        wait: float,
        status: int | None = None,
        method: str = "",
    ) -> None:
        super().__init__(vendor_code, text, status=status, method=method)
        self.resets_at = resets_at
        self.wait = wait

    @property
    def values(self) -> Values:
        """Return what is particular of this error: when the method is free again."""
        return super().values | {"resets_at": self.resets_at.isoformat(), "seconds": self.wait}


class Overloaded(Refused):
    """The vendor has blocked the portal's REST interface by hand; only support lifts it."""

    code = "overloaded"


class ExpiredCredentials(Refused):
    """The access token is over; nothing was done, and a fresh token may be tried."""

    code = "expired_credentials"


class InvalidCredentials(Refused):
    """The webhook or the application is unknown to the portal, or switched off."""

    code = "invalid_credentials"


class PersonUnauthorized(InvalidCredentials):
    """The person a token belongs to cannot be authorised, for example because of a dismissal."""

    code = "person_unauthorized"


class ApplicationMissing(InvalidCredentials):
    """Our application is not installed on the portal any more."""

    code = "application_missing"


class AccessDenied(Refused):
    """The portal knows us but does not allow this."""

    code = "access_denied"


class InsufficientScope(AccessDenied):
    """The webhook or the application lacks a permission (scope) this method needs."""

    code = "insufficient_scope"


class NoApplicationAccess(AccessDenied):
    """This person may not use our application on the portal."""

    code = "no_application_access"


class PlanRequired(Refused):
    """The portal's subscription has ended or does not include REST."""

    code = "plan_required"


class PortalClosed(Refused):
    """The portal's public part is switched off (PORTAL_DELETED); nothing was done."""

    code = "portal_closed"


class NotFound(Refused):
    """What the call was about does not exist, or not for us."""

    code = "not_found"


class MethodNotFound(NotFound):
    """This portal's version does not offer the method."""

    code = "method_not_found"


class TaskNotFound(NotFound):
    """There is no such task for this person: never theirs, passed on, or closed by others."""

    code = "task_not_found"


class ActionNotFound(NotFound):
    """The application has no such action or automation rule: of another kind, or deleted."""

    code = "action_not_found"


class WorkflowGone(NotFound):
    """The workflow whose step was to be answered has ended; nothing was done."""

    code = "workflow_gone"


class WorkflowBusy(Refused):
    """The workflow whose step was to be answered is being executed or hangs; nothing was done."""

    code = "workflow_busy"


class InvalidInput(Refused):
    """The portal did not accept what was sent."""

    code = "invalid_input"


class UserInvalid(InvalidInput):
    """The portal does not know a person named in the call."""

    code = "user_invalid"


class TaskKindClosed(InvalidInput):
    """This kind of task is answered in the portal alone."""

    code = "task_kind_closed"


class HandlerRefused(InvalidInput):
    """The portal does not accept the address that an action or rule is to call."""

    code = "handler_refused"


class TaskExecution(Refused):
    """The task's own step refused the answer, for example because a required value is missing."""

    code = "task_execution"


class TaskCompleted(Refused):
    """This person has already answered the task."""

    code = "task_completed"


class DelegationNotAllowed(Refused):
    """The task may not pass from this person to that one; only the portal's text says why."""

    code = "delegation_not_allowed"


class ActionTaken(Refused):
    """The application has registered an action or rule of this code already, of either kind."""

    code = "action_taken"


class ActionNotSaved(Refused):
    """The portal could not keep an action or rule: too long, or there since a moment ago."""

    code = "action_not_saved"


class ServerFault(Refused):
    """The portal failed inside while handling the call: the outcome is unknown."""

    code = "server_fault"


#: Vendor code (upper case) -> class. Codes are compared without case: docs and portals differ.
BY_CODE: Final[Mapping[str, type[Refused]]] = {
    "QUERY_LIMIT_EXCEEDED": RateLimited,
    "OVERLOAD_LIMIT": Overloaded,
    "EXPIRED_TOKEN": ExpiredCredentials,
    "NO_AUTH_FOUND": InvalidCredentials,
    "INVALID_CREDENTIALS": InvalidCredentials,
    "INVALID_TOKEN": ExpiredCredentials,
    "ERROR_OAUTH": ApplicationMissing,
    "APPLICATION_NOT_FOUND": ApplicationMissing,
    "AUTHORIZATION_ERROR": PersonUnauthorized,
    "NOT_INSTALLED": ApplicationMissing,
    "INSUFFICIENT_SCOPE": InsufficientScope,
    "ACCESS_DENIED": AccessDenied,
    "USER_ACCESS_ERROR": NoApplicationAccess,
    "WRONG_AUTH_TYPE": AccessDenied,
    "PAYMENT_REQUIRED": PlanRequired,
    "WRONG_LICENSE": PlanRequired,
    "PORTAL_DELETED": PortalClosed,
    "ERROR_METHOD_NOT_FOUND": MethodNotFound,
    "ERROR_TASK_NOT_FOUND": TaskNotFound,
    "ERROR_TEMPLATE_NOT_FOUND": NotFound,
    "ERROR_ACTIVITY_NOT_FOUND": ActionNotFound,
    "ERROR_ACTIVITY_ALREADY_INSTALLED": ActionTaken,
    "ERROR_ACTIVITY_ADD_FAILURE": ActionNotSaved,
    "ERROR_TASK_COMPLETED": TaskCompleted,
    "ERROR_TASK_EXECUTION": TaskExecution,
    "ERROR_DELEGATION_NOT_ALLOWED": DelegationNotAllowed,
    "INVALID_REQUEST": InvalidInput,
    "ERROR_ARGUMENT": InvalidInput,
    "ERROR_WRONG_WORKFLOW_ID": InvalidInput,
    "ERROR_SELECT_VALIDATION_FAILURE": InvalidInput,
    "ERROR_TASK_VALIDATION": InvalidInput,
    "ERROR_TASK_TYPE": TaskKindClosed,
    "ERROR_INVALID_USER_ID": UserInvalid,
    "ERROR_TEMPLATE_VALIDATION_FAILURE": InvalidInput,
    "ERROR_TEMPLATE_NOT_OWNER": InvalidInput,
    "ERROR_ACTIVITY_VALIDATION_FAILURE": InvalidInput,
    "ERROR_EMPTY_LOG_MESSAGE": InvalidInput,
    "ERROR_WRONG_HANDLER_URL": HandlerRefused,
    "ERROR_UNSUPPORTED_PROTOCOL": HandlerRefused,
    "ERROR_BATCH_LENGTH_EXCEEDED": InvalidInput,
    "ERROR_BATCH_METHOD_NOT_ALLOWED": InvalidInput,
    "ERROR_CORE": ServerFault,
    "INTERNAL_SERVER_ERROR": ServerFault,
    "ERROR_UNEXPECTED_ANSWER": ServerFault,
}

#: What an engine's own numbers mean where a step is answered; elsewhere they may mean anything.
OF_STEPS: Final[Mapping[str, type[Refused]]] = {"404": WorkflowGone, "423": WorkflowBusy}
STEP_METHODS: Final = ("bizproc.event.send", "bizproc.activity.log")

#: The code that needs more than a class: when the method is free again.
METHOD_EXHAUSTED: Final = "OPERATION_TIME_LIMIT"


def refusal(code: str, text: str, *, status: int | None, method: str = "") -> Refused:
    """Choose the class of a refusal by the vendor's code, and by the status only without one.

    One code means two things: ACCESS_DENIED is a lapsed plan with 401, a missing right with 403.
    """
    kind = BY_CODE.get(code.strip().upper())
    if method in STEP_METHODS:
        kind = OF_STEPS.get(code.strip(), kind)
    if kind is AccessDenied and status == 401 and code.strip().upper() == "ACCESS_DENIED":
        kind = PlanRequired
    if kind is None:
        kind = ServerFault if status is not None and status >= 500 else Refused
    return kind(code, text, status=status, method=method)
