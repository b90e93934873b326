"""What the gateway says no to, in the classes of the portal's own refusals."""

from collections.abc import Mapping
from typing import Final

from bizproc_admin.bitrix import refusals
from bizproc_admin.bitrix.errors import Values
from bizproc_admin.bitrix.refusals import Refused


class KeyRefused(refusals.InvalidCredentials):
    """The key is revoked, has run out, or has no portal; nothing was done."""

    code = "key_refused"


class SessionOver(refusals.ExpiredCredentials):
    """The session of an application's key is over; nothing was done until somebody signs in."""

    code = "session_over"


class ReadOnlyKey(refusals.AccessDenied):
    """The key may only read; nothing was done."""

    code = "read_only_key"


class NotOffered(refusals.AccessDenied):
    """The gateway has nothing like this; nothing was sent."""

    code = "not_offered"


class TooManyRequests(refusals.RateLimited):
    """Too many requests in a minute; nothing was done. Free again after so many seconds."""

    def __init__(
        self,
        vendor_code: str,
        text: str = "",
        *,
        status: int | None = None,
        method: str = "",
        retry_after: float = 1.0,
    ) -> None:
        super().__init__(vendor_code, text, status=status, method=method)
        self.retry_after = retry_after

    @property
    def values(self) -> Values:
        """Return what is particular of this error: the seconds to wait."""
        return super().values | {"seconds": self.retry_after}


BY_CODE: Final[Mapping[str, type[Refused]]] = {
    "MISSING_PARAMS": refusals.InvalidInput,
    "MISSING_API_KEY": KeyRefused,
    "INVALID_API_KEY": KeyRefused,
    "INVALID_APP_KEY": KeyRefused,
    "TOKEN_MISSING": KeyRefused,
    "MANAGEMENT_KEY_NO_ENTITY_ACCESS": KeyRefused,
    "TOKEN_EXPIRED": SessionOver,
    "SCOPE_DENIED": refusals.InsufficientScope,
    "BITRIX_ACCESS_DENIED": refusals.AccessDenied,
    "OAUTH_REQUIRED": refusals.AccessDenied,
    "WRITE_BLOCKED_READONLY_KEY": ReadOnlyKey,
    "ENTITY_NOT_FOUND": refusals.NotFound,
    "BITRIX_ERROR": Refused,
    "BITRIX_UNAVAILABLE": refusals.ServerFault,
    "QUEUE_TIMEOUT": refusals.ServerFault,
    "INTERNAL_ERROR": refusals.ServerFault,
}


def refusal(
    code: str, text: str, *, status: int, method: str, retry_after: float | None
) -> Refused:
    """Choose the class of a refusal by the gateway's code, and by the status only without one."""
    if code == "RATE_LIMITED" or status == 429:
        wait = min(max(retry_after or 1.0, 0.1), 300.0)
        return TooManyRequests(code, text, status=status, method=method, retry_after=wait)
    kind = BY_CODE.get(code, refusals.ServerFault if status >= 500 else Refused)
    return kind(code, text, status=status, method=method)
