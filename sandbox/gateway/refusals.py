"""What the gateway says when it refuses: code, status, text and what to do about it."""

from typing import Any

from sandbox.refusals import Refusal

#: Code -> status, message, hint.
_KNOWN: dict[str, tuple[int, str, str]] = {
    "MISSING_PARAMS": (400, "Required parameters are missing", "Send every required field."),
    "INVALID_REDIRECT_URI": (
        400,
        "redirect_uri is not registered for this application",
        "Register exactly this address in the settings of the application.",
    ),
    "INVALID_CODE": (
        400,
        "The code is wrong, was used, or has expired",
        "Let the person sign in again.",
    ),
    "MISSING_API_KEY": (401, "API key required", "Send the header X-Api-Key."),
    "INVALID_API_KEY": (401, "Invalid or expired API key", "Make a new key in your account."),
    "INVALID_APP_KEY": (
        401,
        "An application key needs a user session",
        "Send Authorization: Bearer with the token of a session.",
    ),
    "TOKEN_MISSING": (
        401,
        "The key has no connected Bitrix24 tokens",
        "Connect the portal to this key.",
    ),
    "TOKEN_EXPIRED": (
        401,
        "The user session has expired",
        "Let the person sign in again at /v1/oauth/authorize.",
    ),
    "SCOPE_DENIED": (403, "The key has no access to this scope", "Add the scope bizproc."),
    "BITRIX_ACCESS_DENIED": (403, "Access denied!", "Bitrix24 refused: check the person's rights."),
    "OAUTH_REQUIRED": (
        403,
        "This method needs an application key",
        "Use a vibe_app_ key with a user session.",
    ),
    "WRITE_BLOCKED_READONLY_KEY": (
        403,
        "The key may only read",
        "Use a key that is allowed to write.",
    ),
    "MANAGEMENT_KEY_NO_ENTITY_ACCESS": (
        403,
        "A management key has no access to the data of portals",
        "Use a personal or an application key.",
    ),
    "ENTITY_NOT_FOUND": (404, "Not found", "Check the address and the id."),
    "BITRIX_ERROR": (422, "Bitrix24 returned an error", "Read the message of Bitrix24."),
    "RATE_LIMITED": (429, "QUERY_LIMIT_EXCEEDED", "Retry in 1-2 seconds."),
    "INTERNAL_ERROR": (500, "Internal error", "Try again later."),
    "BITRIX_UNAVAILABLE": (502, "Bitrix24 is unavailable", "Try again later."),
    "QUEUE_TIMEOUT": (504, "The request waited too long in the queue", "Try again later."),
}
RETRY_AFTER = 2


class GatewayRefusal(Exception):
    """An error answer of the gateway."""

    def __init__(self, code: str, message: str = "", *, retry_after: int | None = None) -> None:
        """Keep what the envelope will show; `retry_after` is in seconds."""
        super().__init__(code)
        self.code = code
        self.status, usual, self.hint = _KNOWN.get(code, (422, code, ""))
        self.message = message or usual
        self.retry_after = RETRY_AFTER if code == "RATE_LIMITED" else None
        if retry_after is not None:
            self.retry_after = retry_after

    def envelope(self) -> dict[str, Any]:
        """Return the JSON object of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.hint:
            error["hint"] = self.hint
        if self.retry_after is not None:
            error["retryAfter"] = self.retry_after
        return {"success": False, "error": error}


def is_known(code: str) -> bool:
    """Tell whether the gateway has an error of this code."""
    return code in _KNOWN


def translated(refusal: Refusal) -> GatewayRefusal:
    """Say in the gateway's words what the portal has refused."""
    if refusal.status == 403 or refusal.code == "ACCESS_DENIED":
        return GatewayRefusal("BITRIX_ACCESS_DENIED", refusal.text)
    if refusal.code == "QUERY_LIMIT_EXCEEDED":
        return GatewayRefusal("RATE_LIMITED")
    if refusal.code == "insufficient_scope":
        return GatewayRefusal("SCOPE_DENIED")
    return GatewayRefusal("BITRIX_ERROR", refusal.text)
