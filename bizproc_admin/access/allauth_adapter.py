"""What allauth asks of us: sign-in without sign-up, on record, and Bitrix24 as a provider.

What comes back from Bitrix24 is for portal_sign_in: a person is (the portal's member_id, the number
there) and has one account by LinkedPerson, so allauth's own table of accounts elsewhere stays
empty.
"""

import time
from dataclasses import replace
from typing import Any, cast

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from bizproc_admin import audit
from bizproc_admin.access import devices, sessions
from bizproc_admin.access.permissions import Request
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.models import Account, AuditEntry, Portal, Target

PROVIDER = "bitrix24"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by a portal administrator or by a portal, never by signing up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count a browser's wrong passwords by itself where its account has signed in with it.

        Else anybody who knows a name could keep its owner out from anywhere.
        """
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        if numbers := devices.known_to(request):
            account = Account.objects.filter(username=credentials.get("username", "")).first()
            if account is not None and (number := numbers.get(str(account.pk))):
                return f"{key}:{number}"
        return key

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Record an attempt that is turned away unread because too many went before it."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            too_many(credentials, request=request)
            raise

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Account | None:
        """Take a deactivated account for unknown, whatever its password."""
        account: Account | None = super().authenticate(request, **credentials)
        return account if account is not None and account.is_active else None

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask nobody again who has signed in with a password or a code a moment ago."""
        records = get_authentication_records(self.request, self.request.user)
        proven = [one["at"] for one in records if one.get("method") in ("password", "mfa")]
        if proven and time.time() - proven[-1] < app_settings.REAUTHENTICATION_TIMEOUT:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))


def app_of(portal: Portal) -> SocialApp:
    """Return a portal's application as allauth wants it: never saved, and without the secret."""
    return SocialApp(
        provider=PROVIDER,
        name=portal.name,
        client_id=portal.client_id,
        settings={"authorize_url": f"{portal.address.rstrip('/')}/oauth/authorize/"},
    )


class Bitrix24Adapter(OAuth2Adapter):
    """Where sign-in begins; the code is exchanged by portal_sign_in, with our own client."""

    provider_id = PROVIDER
    access_token_url = ""

    @property
    def authorize_url(self) -> str:
        return str(self.app.settings["authorize_url"])


class Bitrix24Provider(OAuth2Provider):
    id = PROVIDER
    name = "Bitrix24"
    account_class = ProviderAccount
    oauth2_adapter_class = Bitrix24Adapter

    def get_oauth2_adapter(self, request: Any) -> Bitrix24Adapter:
        adapter = Bitrix24Adapter(request)
        adapter.app = self.app
        return adapter


def connect() -> None:
    """Listen to Django's sign-in signals; called once at start-up."""
    user_logged_in.connect(signed_in, dispatch_uid="audit_sign_in")
    user_logged_out.connect(signed_out, dispatch_uid="audit_sign_out")
    user_login_failed.connect(sign_in_failed, dispatch_uid="audit_sign_in_failed")


def signed_in(request: HttpRequest, user: Account, **_: Any) -> None:
    """Record a sign-in, and the portal that somebody came by; a session's time begins anew."""
    sessions.begin(request)
    cast("Request", request).signed_in_with = user.pk  # for the middleware's cookie
    records = get_authentication_records(request, user)
    ways = [one.get("portal") for one in records if one["method"] in ("password", "socialaccount")]
    portal = Portal.objects.filter(pk=ways[-1]).first() if ways else None
    audit.record(
        AuditEntry.Kind.SIGN_IN,
        AuditAction.SIGN_IN,
        by=replace(By.of(request), account=user),
        target=Target(portal_id=portal.pk if portal else None),
        facts=Facts(inputs={"through": portal.host} if portal else {}),
    )


def signed_out(request: HttpRequest, user: Account | None, **_: Any) -> None:
    if user is not None:
        by = replace(By.of(request), account=user)
        audit.record(AuditEntry.Kind.SIGN_OUT, AuditAction.SIGN_OUT, by=by, target=Target())


def too_many(credentials: dict[str, Any], *, request: HttpRequest) -> None:
    """Record that somebody was turned away unread; whoever goes on is counted."""
    account = Account.objects.filter(username=str(credentials.get("username") or "")[:150]).first()
    audit.record_once(
        AuditEntry.Kind.SIGN_IN_FAILED,
        AuditAction.SIGN_IN,
        what=f"too_many_attempts:{account.pk if account else ''}",
        by=trying(request, account),
        target=account.as_target if account else Target(kind="account"),
        outcome="failed",
        error_code="too_many_attempts",
    )


def sign_in_failed(
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    error_code: str = "",
    **_: Any,
) -> None:
    """Record the name that was tried; in the erasable part, since people type passwords there."""
    name = str(credentials.get("username") or "")[:150]
    account = Account.objects.filter(username=name).first()
    audit.record(
        AuditEntry.Kind.SIGN_IN_FAILED,
        AuditAction.SIGN_IN,
        by=trying(request, account),
        target=account.as_target if account else Target(kind="account"),
        outcome="failed",
        facts=Facts(error_code=error_code, inputs={"username": name}),
    )


def trying(request: HttpRequest | None, account: Account | None) -> By:
    """Return who tries to sign in: nobody yet, but the name of an account may be known."""
    name = account.name_or_login if account else ""
    return replace(By.of(request) if request else By(account=None), account=None, name=name)
