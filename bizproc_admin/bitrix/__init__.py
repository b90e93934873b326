"""The client of a Bitrix24 portal's REST interface: reads, writes, pace, errors, objects.

It knows nothing of Django nor of the rest of this package. Reads go through a `Reader`, writes
through a `Writer`; both speak over one `Transport`.
"""

from .access_token import AccessToken
from .catalogue import METHODS, Access, Method
from .chunks import Chunk, Cursor, Odd, Page
from .credentials import Credential
from .errors import (
    BadAnswer,
    BitrixError,
    FilterIgnored,
    Incomplete,
    Interrupted,
    Moved,
    NoAnswer,
    NotAdministrator,
    NotARead,
    NotSent,
    PaceExceeded,
    Resting,
    TooLong,
)
from .fields import OddRow
from .health import Health
from .identity import AppInfo, Profile
from .oauth import TokenPair, TokenServer
from .objects import (
    AnswerTime,
    DepartmentId,
    DepartmentRow,
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
from .pacing import LocalPacer, Pacer, Purpose, Release
from .probing import Finding, Findings, probe
from .reader import PATIENCE_INTERACTIVE, Reader
from .refusals import (
    AccessDenied,
    ApplicationMissing,
    DelegationNotAllowed,
    ExpiredCredentials,
    InsufficientScope,
    InvalidCredentials,
    InvalidInput,
    MethodExhausted,
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
from .retrying import Classification, GiveUp, Retry, classify, decide
from .sending import Timeouts
from .token_errors import TokenNotAsked, TokenRefused, TokenUnanswered, TokenUnreadable
from .transport import Transport
from .webhook import BadWebhook, WebhookUrl
from .whole import Whole
from .writer import Writer

__all__ = [
    "METHODS",
    "PATIENCE_INTERACTIVE",
    "Access",
    "AccessDenied",
    "AccessToken",
    "AnswerTime",
    "AppInfo",
    "ApplicationMissing",
    "BadAnswer",
    "BadWebhook",
    "BitrixError",
    "Chunk",
    "Classification",
    "Credential",
    "Cursor",
    "DelegationNotAllowed",
    "DepartmentId",
    "DepartmentRow",
    "ExpiredCredentials",
    "FilterIgnored",
    "Finding",
    "Findings",
    "GiveUp",
    "Health",
    "Incomplete",
    "InsufficientScope",
    "Interrupted",
    "InvalidCredentials",
    "InvalidInput",
    "LocalPacer",
    "Method",
    "MethodExhausted",
    "MethodNotFound",
    "Moved",
    "NoAnswer",
    "NoApplicationAccess",
    "NotARead",
    "NotAdministrator",
    "NotFound",
    "NotSent",
    "Odd",
    "OddRow",
    "Overloaded",
    "PaceExceeded",
    "Pacer",
    "Page",
    "PersonUnauthorized",
    "PlanRequired",
    "PortalClosed",
    "Profile",
    "Purpose",
    "RateLimited",
    "Reader",
    "Refused",
    "Release",
    "Resting",
    "Retry",
    "ServerFault",
    "TaskCompleted",
    "TaskExecution",
    "TaskId",
    "TaskKindClosed",
    "TaskNotFound",
    "TaskRow",
    "TemplateId",
    "TemplateRow",
    "Timeouts",
    "TokenNotAsked",
    "TokenPair",
    "TokenRefused",
    "TokenServer",
    "TokenUnanswered",
    "TokenUnreadable",
    "TooLong",
    "Transport",
    "UserId",
    "UserInvalid",
    "UserRow",
    "WebhookUrl",
    "Whole",
    "WorkflowId",
    "WorkflowRow",
    "Writer",
    "Written",
    "classify",
    "decide",
    "probe",
]
