"""The second factor: its secrets at rest, who must have one, and codes that were wrong."""

from dataclasses import replace
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.models import Account, AuditEntry, Role
from bizproc_admin.secrets.fields import keyring


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keep the secrets of authenticators encrypted with the installation's keys."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "This code is not right, or it was used before. The app shows a new one every half "
            "minute."
        ),
        "cannot_generate_recovery_codes": _(
            "Recovery codes belong to a second factor: set it up first."
        ),
        "cannot_delete_authenticator": _("Your second factor cannot be removed."),
    }

    def encrypt(self, text: str) -> str:
        return keyring().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keyring().decrypt(encrypted_text.encode()).decode()


def is_missing(request: HttpRequest, account: Account) -> bool:
    """Tell whether an account still has to set up the second factor it must have."""
    return is_required(request, account) and not is_set_up(account)


def is_required(request: HttpRequest, account: Account) -> bool:
    """Tell whether an account must have a second factor: an administrator who came with a password.

    Who came through a portal has passed the portal's own sign-in.
    """
    if not settings.REQUIRE_SECOND_FACTOR or account.role != Role.PORTAL_ADMINISTRATOR:
        return False
    came_by = {record.get("method") for record in get_authentication_records(request, account)}
    return "socialaccount" not in came_by


def is_set_up(account: Account) -> bool:
    """Tell whether an account has a second factor."""
    factors = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.TOTP)
    return bool(factors.exists())


def remove(account: Account) -> bool:
    """Delete an account's second factor with its recovery codes; tells whether there was one."""
    deleted, _kinds = Authenticator.objects.filter(user=account).delete()
    return bool(deleted)


def use_up(account: Account, code: str) -> bool:
    """Take a code that was right; False when it has been used before.

    allauth forgets a used code after one period, but takes it as long as its tolerance lasts.
    """
    lasts = (2 * app_settings.TOTP_TOLERANCE + 1) * app_settings.TOTP_PERIOD
    key = f"second-factor-{account.pk}-{normalize_user_code(code)}"
    return bool(cache.add(key, "used", timeout=lasts))


def connect() -> None:
    """Listen to allauth's signal of a wrong code; called once at start-up."""
    authentication_failed.connect(failed, dispatch_uid="audit_second_factor_failed")


def failed(request: HttpRequest, user: Account, error_code: str = "", **_: Any) -> None:
    """Record a code that was not right; the code itself is kept nowhere."""
    audit.record(
        AuditEntry.Kind.SIGN_IN_FAILED,
        AuditAction.SIGN_IN,
        by=replace(By.of(request), account=None, name=user.name_or_login),
        target=user.as_target,
        outcome="failed",
        facts=Facts(error_code=error_code or "second_factor"),
    )
