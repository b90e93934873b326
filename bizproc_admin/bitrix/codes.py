"""The vendor's error codes and the classes of refusal they mean."""

from collections.abc import Mapping
from typing import Final

from .refusals import (
    AccessDenied,
    ApplicationMissing,
    DelegationNotAllowed,
    ExpiredCredentials,
    InsufficientScope,
    InvalidCredentials,
    InvalidInput,
    MethodNotFound,
    NoApplicationAccess,
    NotFound,
    Overloaded,
    PersonUnauthorized,
    PlanRequired,
    PortalClosed,
    RateLimited,
    Refused,
    ServerFault,
    TaskCompleted,
    TaskExecution,
    TaskKindClosed,
    TaskNotFound,
    UserInvalid,
)

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
    "ERROR_ACTIVITY_NOT_FOUND": NotFound,
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
    "ERROR_WRONG_HANDLER_URL": InvalidInput,
    "ERROR_UNSUPPORTED_PROTOCOL": InvalidInput,
    "ERROR_BATCH_LENGTH_EXCEEDED": InvalidInput,
    "ERROR_BATCH_METHOD_NOT_ALLOWED": InvalidInput,
    "ERROR_CORE": ServerFault,
    "INTERNAL_SERVER_ERROR": ServerFault,
    "ERROR_UNEXPECTED_ANSWER": ServerFault,
}

#: The code that needs more than a class: when the method is free again.
METHOD_EXHAUSTED: Final = "OPERATION_TIME_LIMIT"


def refusal(code: str, text: str, *, status: int | None, method: str = "") -> Refused:
    """Choose the class of a refusal by the vendor's code, and by the status only without one.

    One code means two things: ACCESS_DENIED is a lapsed plan with 401, a missing right with 403.
    """
    kind = BY_CODE.get(code.strip().upper())
    if kind is AccessDenied and status == 401 and code.strip().upper() == "ACCESS_DENIED":
        kind = PlanRequired
    if kind is None:
        kind = ServerFault if status is not None and status >= 500 else Refused
    return kind(code, text, status=status, method=method)
