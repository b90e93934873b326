"""Portals that are reached through the VibeCode gateway: connecting them, signing in for a key."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.access.sessions import CHOSEN
from bizproc_admin.audit import By
from bizproc_admin.bitrix.gateway import GatewayKey, sign_in_address
from bizproc_admin.forms.portals import GatewayForm
from bizproc_admin.htmx import page
from bizproc_admin.models import GatewayConnection, Portal
from bizproc_admin.portals import gateways
from bizproc_admin.secrets.fields import UnreadableSecret
from bizproc_admin.views.portals import reached
from bizproc_admin.wording.portal_errors import for_people

# what a session of this console remembers of a sign-in that was begun: {"state", "portal"}
BEGUN = "gateway_sign_in"


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def gateway_creation(request: Request) -> HttpResponse:
    """Connect another portal by a key: an operator's act, not that of an account of one portal."""
    if request.user.home_id:
        raise PermissionDenied
    form = GatewayForm(request.POST or None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        portal = gateways.connect(
            given["address"], given["opened"], name=given["name"], by=By.of(request)
        )
        request.session[CHOSEN] = portal.pk
        return redirect("portal_detail", pk=portal.pk)
    return form_page(request, form, portal=None)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_gateway(request: Request, pk: int) -> HttpResponse:
    """Reach a portal by a key of the gateway from now on, or by another one."""
    portal = reached(request, pk)
    form = GatewayForm(request.POST or None, portal=portal)
    if form.is_bound and form.is_valid():
        gateways.connect(portal.address, form.cleaned_data["opened"], by=By.of(request))
        return redirect("portal_detail", pk=pk)
    return form_page(request, form, portal=portal)


@never_cache
@require_safe
@requires(Capability.MANAGE_PORTALS)
def portal_gateway_sign_in(request: Request, pk: int) -> HttpResponse:
    """Send the browser to the gateway's sign-in, with a state that only this browser holds."""
    portal = reached(request, pk)
    held = GatewayConnection.objects.filter(portal=portal, needs_session=True).first()
    if held is None or not held.key:
        messages.error(request, _("This portal has no key that somebody signs in for."))
        return redirect("portal_detail", pk=pk)
    try:
        key = GatewayKey(held.url, held.key.reveal())
    except UnreadableSecret:
        messages.error(request, for_people("secrets_unreadable", {}))
        return redirect("portal_detail", pk=pk)
    state = get_random_string(40)
    request.session[BEGUN] = {"state": state, "portal": portal.pk}
    where = sign_in_address(key, redirect_uri=back_of(request), state=state)
    response = HttpResponse(status=302)
    response["Location"] = where
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@require_safe
@requires(Capability.MANAGE_PORTALS)
def gateway_callback(request: Request) -> HttpResponse:
    """Take the session that somebody has signed in for."""
    begun = request.session.pop(BEGUN, None)
    given, code = request.GET.get("state", ""), request.GET.get("code", "")
    if not begun or not constant_time_compare(begun["state"], given) or not code:
        messages.error(request, _("This sign-in was not begun here, or is over. Begin it again."))
        return redirect("portal_list")
    portal = reached(request, begun["portal"])
    try:
        gateways.sign_in(portal, code=code, redirect_uri=back_of(request), by=By.of(request))
    except (GatewayConnection.DoesNotExist, UnreadableSecret):
        messages.error(request, for_people("not_connected", {}))
    except bitrix.BitrixError as error:
        messages.error(request, for_people(error.code, error.values))
    else:
        messages.success(request, _("Signed in. What waited for the session goes on."))
    return redirect("portal_detail", pk=portal.pk)


def back_of(request: HttpRequest) -> str:
    """Return the address that the gateway sends the browser back to; it is registered there."""
    return request.build_absolute_uri(reverse("gateway_callback"))


def form_page(request: Request, form: GatewayForm, *, portal: Portal | None) -> HttpResponse:
    context = {"form": form, "edited": portal, "callback": back_of(request)}
    status = 422 if form.is_bound else 200
    return page(request, "portals/gateway.html", context, partial="form", status=status)
