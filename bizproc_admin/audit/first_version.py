"""How the first version of the history said what the second has keys for.

Its entries of accounts and connections hold an English sentence instead of a key, those of pages
the capability that was missing, those of signing in nothing. They stay as they are.
"""

from typing import Final

from django.db.models import Q

from bizproc_admin.audit.actions import AuditAction
from bizproc_admin.models import AuditEntry
from bizproc_admin.models.commands import TAKEN_BACK

Kind = AuditEntry.Kind

# every text that any version of the program has written
TEXTS: Final = {
    "Made an account": AuditAction.ACCOUNT_MADE,
    "Changed an account": AuditAction.ACCOUNT_CHANGED,
    "Activated an account": AuditAction.ACCOUNT_ACTIVATED,
    "Deactivated an account": AuditAction.ACCOUNT_DEACTIVATED,
    "Reset the password of an account": AuditAction.PASSWORD_RESET,
    "Chose a password": AuditAction.PASSWORD_CHOSEN,
    "Ended sessions": AuditAction.SESSIONS_ENDED,
    "Forgot the connection to Bitrix24": AuditAction.CONNECTION_FORGOTTEN,
    "Made by the sign-in of its person": AuditAction.ACCOUNT_ADMITTED,
    "Taken over by the sign-in of its person": AuditAction.ACCOUNT_CLAIMED,
    "Stopped an account: dismissed on the portal": AuditAction.ACCOUNT_DISMISSED,
    "Opened an account again: back on the portal": AuditAction.ACCOUNT_BACK,
    "Role changed by the portal": AuditAction.ROLE_FOLLOWED,
    "Set up a second factor": AuditAction.SECOND_FACTOR_SET_UP,
    "Removed the second factor": AuditAction.SECOND_FACTOR_REMOVED,
    "Removed a second factor": AuditAction.SECOND_FACTOR_TAKEN_AWAY,
    "Made recovery codes": AuditAction.RECOVERY_CODES_MADE,
    "Connected a portal": AuditAction.PORTAL_CONNECTED,
    "Replaced a webhook": AuditAction.WEBHOOK_REPLACED,
    "Disconnected a portal": AuditAction.PORTAL_DISCONNECTED,
    "Pinned the identity of a portal": AuditAction.PORTAL_PINNED,
    "Looked a connection over": AuditAction.CONNECTION_LOOKED_OVER,
    "Set the application of a portal": AuditAction.APPLICATION_SET,
    "Removed the application of a portal": AuditAction.APPLICATION_REMOVED,
    "Opened sign-in to everybody": AuditAction.SIGN_IN_OPENED,
    "Closed sign-in to most": AuditAction.SIGN_IN_CLOSED,
}
# what these tell of is in their kind alone
KINDS: Final[dict[str, AuditAction]] = {
    Kind.SIGN_IN: AuditAction.SIGN_IN,
    Kind.SIGN_IN_FAILED: AuditAction.SIGN_IN,
    Kind.SIGN_OUT: AuditAction.SIGN_OUT,
}
KEYS: Final = frozenset(AuditAction)
PAGE: Final = Q(kind=Kind.DENIED, target_kind="page")
DECIDED_BACK: Final = Q(kind=Kind.HUMAN_DECISION, error_code=TAKEN_BACK)


def read(kind: str, action: str, *, target_kind: str) -> AuditAction | None:
    """Return the act that an entry of either version tells of, None for one unknown here."""
    if action in KEYS:
        return AuditAction(action)
    if action in TEXTS:
        return TEXTS[action]
    if kind == Kind.DENIED and target_kind == "page":
        return AuditAction.PAGE_VISIT
    return KINDS.get(kind)


def of_action(action: AuditAction) -> Q:
    """Match the entries of an act, whichever version wrote them."""
    texts = [text for text, key in TEXTS.items() if key == action]
    kinds = [kind for kind, key in KINDS.items() if key == action]
    match = Q(action=action) | Q(action__in=texts) | Q(kind__in=kinds)
    return match | PAGE if action == AuditAction.PAGE_VISIT else match


def of_kind(kind: str) -> Q:
    """Match the entries of a kind: what was taken back was once a decision among others."""
    if kind == Kind.TAKEN_BACK:
        return Q(kind=kind) | DECIDED_BACK
    if kind == Kind.HUMAN_DECISION:
        return Q(kind=kind) & ~DECIDED_BACK
    return Q(kind=kind)
