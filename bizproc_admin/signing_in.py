"""Sign-in: allauth's adapter without sign-up, and the audit entries of who came and went."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from bizproc_admin import audit
from bizproc_admin.models import Account, AuditEntry


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by a portal administrator, never by signing up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def connect() -> None:
    """Listen to Django's sign-in signals; called once at start-up."""
    user_logged_in.connect(signed_in, dispatch_uid="audit_sign_in")
    user_logged_out.connect(signed_out, dispatch_uid="audit_sign_out")
    user_login_failed.connect(sign_in_failed, dispatch_uid="audit_sign_in_failed")


def signed_in(request: HttpRequest, user: Account, **_: Any) -> None:
    audit.record(AuditEntry.Kind.SIGN_IN, actor=user, outcome="ok", ip=audit.ip_of(request))


def signed_out(request: HttpRequest, user: Account | None, **_: Any) -> None:
    if user is not None:
        audit.record(AuditEntry.Kind.SIGN_OUT, actor=user, outcome="ok", ip=audit.ip_of(request))


def sign_in_failed(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Record the name that was tried; in the erasable part, since people type passwords there."""
    name = str(credentials.get("username") or "")[:150]
    known = Account.objects.filter(username=name).first()
    audit.record(
        AuditEntry.Kind.SIGN_IN_FAILED,
        actor=None,
        actor_name=known.display_name if known else "",
        outcome="failed",
        target_kind="account",
        target_id=str(known.pk) if known else "",
        ip=audit.ip_of(request) if request else None,
        inputs={"username": name},
    )
