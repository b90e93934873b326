"""Signing in: with an account of this console, or through a portal."""

from collections.abc import Mapping
from typing import cast

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.account.views import LoginView
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bizproc_admin import bitrix
from bizproc_admin.access.allauth_adapter import PROVIDER, Bitrix24Provider, app_of
from bizproc_admin.access.portal_sign_in import Admitted, SignInRefused, admit
from bizproc_admin.audit import By
from bizproc_admin.models import Portal
from bizproc_admin.wording.portal_errors import for_people
from bizproc_admin.wording.sign_in import said_of


class SignInView(LoginView):
    """The page of both ways in; its forms may lead to the portals and to nowhere else."""

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        doors = [one for one in Portal.objects.exclude(client_id="") if one.has_application]
        return {**super().get_context_data(**kwargs), "doors": doors}

    def render_to_response(self, context: dict[str, object], **kwargs: object) -> HttpResponse:
        response: HttpResponse = super().render_to_response(context, **kwargs)
        # a browser holds a form's redirects against form-action too
        lead_to(response, cast("list[Portal]", context["doors"]))
        return response


@never_cache
@login_not_required
@require_POST
def bitrix24_login(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the browser to a portal's own sign-in, with a state that only this browser holds."""
    portal = get_object_or_404(Portal.objects.exclude(client_id=""), pk=pk)
    onward = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
        onward = ""
    provider = Bitrix24Provider(request, app=app_of(portal))
    response: HttpResponse = provider.redirect(
        request, AuthProcess.LOGIN, next_url=onward or None, data={"portal": portal.pk}
    )
    if getattr(request, "htmx", False):
        where = response["Location"]
        response = HttpResponse(status=204)
        response["HX-Redirect"] = where
    return response


@never_cache
@login_not_required
@require_safe
def bitrix24_callback(request: HttpRequest) -> HttpResponse:
    """Let in whoever a portal has sent back, once its code and everything about it holds."""
    state = statekit.unstash_state(
        request, state_id=request.GET.get("state", ""), provider_id=PROVIDER
    )
    if state is None:
        return not_let_in(request, said_of("state"), code="state")
    portal = Portal.objects.filter(pk=state["data"]["portal"]).first()
    if portal is None or not portal.has_application or not request.GET.get("code"):
        return not_let_in(request, said_of("no_code"), code="no_code")
    try:
        admitted = admit(
            portal,
            code=request.GET["code"],
            domain=request.GET.get("domain", ""),
            by=By.of(request),
        )
    except SignInRefused as refusal:
        return not_let_in(request, said_of(refusal.code), code=refusal.code)
    except bitrix.BitrixError as error:
        return not_let_in(
            request, for_people(error.code, error.values), code=error.code, status=502
        )
    return signed_in_as(request, portal, admitted, state)


def signed_in_as(
    request: HttpRequest, portal: Portal, admitted: Admitted, state: Mapping[str, str]
) -> HttpResponse:
    """Hand an admitted person over to allauth, which signs them in, with a second factor if set."""
    is_another = request.user.is_authenticated and request.user.pk != admitted.account.pk
    if is_another or admitted.is_taken_over:
        # another's session, or one by a password that is no more, is flushed by the sign-in and
        # would take the record of it along
        logout(request)
    if admitted.is_taken_over:
        messages.info(
            request,
            _(
                "This account was made for you by hand. From now on your sign-in with Bitrix24 "
                "opens it, and your role follows the portal."
            ),
        )
    record_authentication(
        request, admitted.account, "socialaccount", provider=PROVIDER, portal=portal.pk
    )
    response: HttpResponse = perform_login(
        request, admitted.account, redirect_url=state.get("next") or None
    )
    return response


def not_let_in(request: HttpRequest, text: str, *, code: str, status: int = 403) -> HttpResponse:
    context = {"text": text, "code": code, "sign_in_url": reverse("account_login")}
    return render(request, "account/not_let_in.html", context, status=status)


def lead_to(response: HttpResponse, portals: list[Portal]) -> None:
    """Let the forms of one page lead to portals: the policy of every other page forbids it."""
    origins = sorted({portal.address.rstrip("/") for portal in portals})
    if origins:
        response._csp_update = {"form-action": origins}  # type: ignore[attr-defined]
