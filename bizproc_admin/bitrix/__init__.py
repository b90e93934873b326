"""The client of a Bitrix24 portal's REST interface: reads, writes, pace, errors, objects.

It knows nothing of Django nor of the rest of this package. Reads go through a `Reader`, writes
through a `Writer`; both speak over one `Transport`.
"""

from .access_token import AccessToken
from .catalogue import METHODS, Access, Method
from .credentials import Credential
from .errors import (
    AccessDenied,
    BadAnswer,
    BitrixError,
    ExpiredCredentials,
    FilterIgnored,
    InsufficientScope,
    InvalidCredentials,
    InvalidInput,
    MethodExhausted,
    MethodNotFound,
    Moved,
    NoAnswer,
    NotARead,
    NotFound,
    NotSent,
    Overloaded,
    PaceExceeded,
    PlanRequired,
    PortalClosed,
    RateLimited,
    Refused,
    ServerFault,
    TaskCompleted,
    TaskExecution,
    TooLong,
)
from .objects import (
    AnswerTime,
    AppInfo,
    DepartmentId,
    DepartmentRow,
    Profile,
    TaskId,
    TaskRow,
    TemplateId,
    TemplateRow,
    UserId,
    UserRow,
    WorkflowId,
    WorkflowRow,
    Written,
)
from .pacing import LocalPacer, Pacer
from .paging import Chunk, Cursor, Page
from .probing import Finding, Findings, probe
from .reader import Reader
from .retrying import Classification, GiveUp, Retry, classify, decide
from .sending import Timeouts
from .transport import Transport
from .webhook import WebhookUrl
from .writer import Writer

__all__ = [
    "METHODS",
    "Access",
    "AccessDenied",
    "AccessToken",
    "AnswerTime",
    "AppInfo",
    "BadAnswer",
    "BitrixError",
    "Chunk",
    "Classification",
    "Credential",
    "Cursor",
    "DepartmentId",
    "DepartmentRow",
    "ExpiredCredentials",
    "FilterIgnored",
    "Finding",
    "Findings",
    "GiveUp",
    "InsufficientScope",
    "InvalidCredentials",
    "InvalidInput",
    "LocalPacer",
    "Method",
    "MethodExhausted",
    "MethodNotFound",
    "Moved",
    "NoAnswer",
    "NotARead",
    "NotFound",
    "NotSent",
    "Overloaded",
    "PaceExceeded",
    "Pacer",
    "Page",
    "PlanRequired",
    "PortalClosed",
    "Profile",
    "RateLimited",
    "Reader",
    "Refused",
    "Retry",
    "ServerFault",
    "TaskCompleted",
    "TaskExecution",
    "TaskId",
    "TaskRow",
    "TemplateId",
    "TemplateRow",
    "Timeouts",
    "TooLong",
    "Transport",
    "UserId",
    "UserRow",
    "WebhookUrl",
    "WorkflowId",
    "WorkflowRow",
    "Writer",
    "Written",
    "classify",
    "decide",
    "probe",
]
