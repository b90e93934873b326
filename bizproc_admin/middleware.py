"""What a signed-in person's request carries: session, portal, time zone, the second factor."""

import re
import secrets
import uuid
from collections.abc import Callable
from datetime import tzinfo
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.auth.views import redirect_to_login
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.urls import reverse
from django.urls.converters import UUIDConverter
from django.utils import timezone as django_timezone
from django.utils.translation import gettext as _

from bizproc_admin import zones
from bizproc_admin.access import devices, second_factor, sessions
from bizproc_admin.access.permissions import Request
from bizproc_admin.models import Account, LinkedPerson, Portal, Role
from bizproc_admin.views.operating import healthz
from bizproc_admin.views.receiving import receive_calls

HEALTH = "/healthz"
CALLS = re.compile(rf"/calls/({UUIDConverter.regex})/")
# what shows a secret, most of them once
SHOWING_SECRETS = frozenset({
    "account_creation", "account_reset", "account_entry", "mfa_activate_totp",
    "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
    "workflow_template_constants",
})  # fmt: skip
OPEN_WITHOUT_FACTOR = ("account_logout", "account_reauthenticate")
# of a frame, in words of 8 bytes: the interpreter then takes 256 KB at once, and half are left
ROOM = 16_000


class RoomMiddleware:
    """Leave room for the frames of all that a request calls. Goes first.

    CPython takes memory for frames in pieces of 16 KB, and gives the last one back to the system as
    soon as it holds none: where a piece ends, each call costs a hundred times what it does
    elsewhere. The rendering of rows stood there, and lists took twice as long.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    __call__.__code__ = __call__.__code__.replace(co_stacksize=ROOM)


class RequestIdMiddleware:
    """Number each request: in the answer's X-Request-ID, in the log where it failed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = secrets.token_hex(6)
        cast("Request", request).id = number
        response = self.get_response(request)
        if (account_pk := getattr(request, "signed_in_with", None)) is not None:
            devices.remember(request, response, account_pk)
        response["X-Request-ID"] = number
        return response


class HealthMiddleware:
    """Answer /healthz before anything asks by which name: probes know an address only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == HEALTH:
            return healthz(request)
        return self.get_response(request)


class CompressionMiddleware(GZipMiddleware):
    """Compress what is answered, but for pages that show a secret.

    How short a page becomes tells of what is in it, to whoever can have something of their own
    shown on it; Django's random bytes make that hard, and nothing makes it harder than this. Goes
    before WhiteNoise, whose files are compressed already.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        match = request.resolver_match
        if match is not None and match.url_name in SHOWING_SECRETS:
            return response
        return super().process_response(request, response)


class CallsMiddleware:
    """Let the portal's calls pass by what people's requests are looked at for.

    There may be 10,000 of them in a minute, and each costs a third of what it would. They carry no
    session, and what they are answered with is empty. Goes after SecurityMiddleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = CALLS.fullmatch(request.path_info)
        if address is None:
            return self.get_response(request)
        request.get_host()  # refuses a name that is not the console's
        response = receive_calls(request, uuid.UUID(address[1]))
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        response["X-Frame-Options"] = "DENY"
        response["Content-Length"] = str(len(response.content))
        return response


class PersonalMiddleware:
    """Set request.portal, activate the person's time zone, keep pages out of shared caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        personal = cast("Request", request)
        personal.portal = None
        if not request.user.is_authenticated:
            return led_as_a_page(request, self.get_response(request))
        portals = portals_for(request.user)
        if sessions.has_run_out(request.session, request.user):
            return led_as_a_page(request, self.get_response(signed_out(request)))
        sessions.use(request)
        personal.portals = portals
        portal = chosen_portal(request, portals)
        personal.portal = portal
        with django_timezone.override(zone_of(portal)):
            response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        # an open page takes no part of itself from another account's session
        if getattr(request, "htmx", False) and request.user.is_authenticated:
            response["X-Account"] = str(request.user.pk)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Lead an administrator without a second factor to where it is set up."""
        match = request.resolver_match
        if (
            not request.user.is_authenticated
            or not getattr(view, "login_required", True)
            or (match is not None and is_open_without_factor(match.url_name or ""))
            or not second_factor.is_missing(request, request.user)
        ):
            return None
        return led_to_setting_up(request)


def signed_out(request: HttpRequest) -> HttpRequest:
    """End a session that has run out; the sign-in page says why one is there."""
    request.session.flush()
    request.user = AnonymousUser()
    messages.info(request, _("You were signed out, because nothing was done here for a while."))
    return request


def is_open_without_factor(name: str) -> bool:
    """Tell which addresses an administrator reaches before the second factor is set up."""
    return name in OPEN_WITHOUT_FACTOR or name.startswith("mfa_")


def led_to_setting_up(request: HttpRequest) -> HttpResponse:
    where = reverse("mfa_activate_totp")
    if not getattr(request, "htmx", False):
        return HttpResponseRedirect(where)
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = where
    return answer


def led_as_a_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the whole page go to the sign-in when a part of it is asked for after the session's end.

    htmx would follow the redirect itself and put the sign-in form into the middle of the page.
    """
    if not getattr(request, "htmx", False) or response.status_code != 302:
        return response
    where = cast("Request", request).htmx.current_url_abs_path
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = redirect_to_login(where or "/", reverse(settings.LOGIN_URL)).url
    answer["Cache-Control"] = "no-store"
    return answer


def portals_for(account: Account) -> list[Portal]:
    """Return the portals an account reaches, and in the same query its role, people and time zones.

    Every request needs them; a portal carries the account's person there by key, and their zone.
    """
    link = LinkedPerson.objects.filter(user=account.pk, portal=OuterRef("pk"))
    role = Group.objects.filter(user=account.pk, name__in=Role.values)
    portals = list(
        Portal.objects.reached_by(account).annotate(
            person_key=Subquery(link.values("person")[:1]),
            person_zone=Subquery(link.values("person__time_zone")[:1]),
            person_ahead=Subquery(link.values("person__zone_offset")[:1]),
            account_role=Subquery(role.values("name")[:1]),
        )
    )
    if portals:
        row: Any = portals[0]  # annotated above
        name = row.account_role
        account.role = Role(name) if name else None
    return list(portals)


def chosen_portal(request: HttpRequest, portals: list[Portal]) -> Portal | None:
    """Return the portal chosen in this session, else the first one."""
    chosen = request.session.get(sessions.CHOSEN)
    return next((p for p in portals if p.pk == chosen), portals[0] if portals else None)


def zone_of(portal: Portal | None) -> tzinfo | None:
    """Return the zone times are shown in: the account's person's, else the portal's."""
    if portal is None:
        return None
    row: Any = portal
    return zones.of_person(portal.zone, name=row.person_zone or "", ahead=row.person_ahead)
