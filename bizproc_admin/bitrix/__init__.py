"""The client of a Bitrix24 portal's REST interface: reads, writes, pace, errors, objects.

It knows nothing of Django nor of the rest of this package. Reads go through a `Reader`, writes
through a `Writer`; both speak over one `Transport`.
"""

from .chunks import Chunk, Cursor, Odd, Page
from .credentials import AccessToken, BadWebhook, Credential, WebhookUrl
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
    Values,
)
from .exchange import Timeouts
from .fields import OddRow
from .health import Health
from .identity import Profile
from .oauth import TokenPair, TokenServer
from .objects import (
    AnswerTime,
    DepartmentRow,
    TaskId,
    TaskRow,
    TemplateRow,
    UserRow,
    WorkflowId,
    WorkflowRow,
    Written,
)
from .pacing import Pacer, Purpose, Release
from .probing import Finding, Findings, probe
from .proof import Classification, classify
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
from .token_errors import TokenNotAsked, TokenRefused, TokenUnanswered, TokenUnreadable
from .transport import Transport
from .whole import Whole
from .writer import Writer

__all__ = [
    "PATIENCE_INTERACTIVE",
    "AccessDenied",
    "AccessToken",
    "AnswerTime",
    "ApplicationMissing",
    "BadAnswer",
    "BadWebhook",
    "BitrixError",
    "Chunk",
    "Classification",
    "Credential",
    "Cursor",
    "DelegationNotAllowed",
    "DepartmentRow",
    "ExpiredCredentials",
    "FilterIgnored",
    "Finding",
    "Findings",
    "Health",
    "Incomplete",
    "InsufficientScope",
    "Interrupted",
    "InvalidCredentials",
    "InvalidInput",
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
    "ServerFault",
    "TaskCompleted",
    "TaskExecution",
    "TaskId",
    "TaskKindClosed",
    "TaskNotFound",
    "TaskRow",
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
    "UserInvalid",
    "UserRow",
    "Values",
    "WebhookUrl",
    "Whole",
    "WorkflowId",
    "WorkflowRow",
    "Writer",
    "Written",
    "classify",
    "probe",
]
