"""Portals and their connections."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.access.sessions import CHOSEN
from bizproc_admin.audit import By
from bizproc_admin.forms.portals import (
    AddressForm,
    ApplicationForm,
    ApprovalForm,
    ConnectionForm,
    TimeZoneForm,
)
from bizproc_admin.htmx import dialog, page
from bizproc_admin.lists.call_lines import CallsLine
from bizproc_admin.lists.portal_lines import PortalLine, RunLine, took
from bizproc_admin.models import (
    ApplicationAction,
    CommandState,
    FeedName,
    PersonToken,
    Portal,
    SyncRun,
    Workflow,
)
from bizproc_admin.models.commands import CommandQuerySet
from bizproc_admin.portals import connections
from bizproc_admin.wording import portal_errors
from bizproc_admin.wording.findings import said_of
from bizproc_admin.wording.freshness import problem_of

# above so many running workflows a pass through the gateway takes minutes
FOLLOWED_FAST = 5_000


@require_safe
@requires(Capability.MANAGE_PORTALS)
def portal_list(request: Request) -> HttpResponse:
    portals = Portal.objects.reached_by(request.user).prefetch_related("feeds")
    lines = [PortalLine.of(portal) for portal in portals]
    return page(request, "portals/list.html", {"lines": lines}, partial="body")


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_creation(request: Request) -> HttpResponse:
    """Connect another portal: an operator's act, not that of an account of one portal."""
    if request.user.home_id:
        raise PermissionDenied
    form = ConnectionForm(request.POST or None)
    if form.is_bound and form.is_valid():
        portal = connections.connect(
            form.cleaned_data["webhook"],
            name=form.cleaned_data["name"],
            by=By.of(request),
        )
        request.session[CHOSEN] = portal.pk
        return redirect("portal_detail", pk=portal.pk)
    status = 422 if form.is_bound else 200
    return page(
        request, "portals/form.html", {"form": form, "edited": None}, partial="form", status=status
    )


@require_safe
@requires(Capability.MANAGE_PORTALS)
def portal_detail(request: Request, pk: int) -> HttpResponse:
    portal = reached(request, pk)
    runs = SyncRun.objects.filter(feed__portal=portal).select_related("feed").latest_first()[:30]
    line = PortalLine.of(portal)
    context = {
        "shown": portal,
        "line": line,
        "runs": [RunLine(run=run) for run in runs],
        "problem": problem_of(portal),
        "findings": [
            {**finding, "text": finding.get("text") or said_of(finding["code"], finding["values"])}
            for finding in portal.findings
        ],
        "now": timezone.now(),
        "calls": CallsLine.of(portal, request.user) if portal.has_application else None,
        "is_probing": portal.has_connection and portal.probe_at is not None,
        "walk_said": walk_said(portal) if portal.is_by_gateway else "",
        "unmade_look": unmade_look(portal),
        "token_count": PersonToken.objects.filter(person__portal=portal).count(),
        "lost_count": PersonToken.objects.lost().filter(person__portal=portal).count(),
    }
    return page(request, "portals/detail.html", context, partial="body")


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_webhook(request: Request, pk: int) -> HttpResponse:
    """Replace a portal's webhook."""
    portal = reached(request, pk)
    form = ConnectionForm(request.POST or None, portal=portal)
    if form.is_bound and form.is_valid():
        connections.connect(form.cleaned_data["webhook"], by=By.of(request))
        return redirect("portal_detail", pk=pk)
    status = 422 if form.is_bound else 200
    return page(
        request,
        "portals/form.html",
        {"form": form, "edited": portal},
        partial="form",
        status=status,
    )


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_address(request: Request, pk: int) -> HttpResponse:
    """Compare the portal with what another address answers, side by side, to follow it there."""
    portal = reached(request, pk)
    form = AddressForm(request.POST or None, portal=portal)
    if form.is_bound and form.is_valid():
        connections.propose_address(portal, form.cleaned_data["address"], actor=request.user)
        return redirect("portal_address", pk=pk)
    change = portal.address_changes.order_by("-pk").first()
    context = {
        "form": form,
        "edited": portal,
        "change": change if change and change.state != change.State.TAKEN else None,
        "unmade": words_of_failure(change.failure) if change else "",
    }
    status = 422 if form.is_bound else 200
    return page(request, "portals/address.html", context, partial="body", status=status)


@require_POST
@requires(Capability.MANAGE_PORTALS)
def portal_following(request: Request, pk: int, change: int) -> HttpResponse:
    """Follow the portal to the address that was compared."""
    portal = reached(request, pk)
    proposal = get_object_or_404(portal.address_changes.select_related("portal"), pk=change)
    if connections.follow(proposal, by=By.of(request)):
        messages.success(request, _("Followed. Everything known of the portal stays with it."))
        return redirect("portal_detail", pk=pk)
    messages.error(request, _("Not followed: it is not proven to be the same portal."))
    return redirect("portal_address", pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_application(request: Request, pk: int) -> HttpResponse:
    """Set or replace the application that the portal's people sign in through."""
    portal = reached(request, pk)
    form = ApplicationForm(request.POST or None, initial=ApplicationForm.shown(portal))
    if form.is_bound and form.is_valid():
        connections.set_application(portal, **form.cleaned_data, by=By.of(request))
        messages.success(request, _("Saved. People can sign in with Bitrix24 now."))
        return redirect("portal_detail", pk=pk)
    context = {
        "form": form,
        "edited": portal,
        "action_count": registered_count(portal),
        "callback": request.build_absolute_uri(reverse("bitrix24_callback")),
    }
    status = 422 if form.is_bound else 200
    return page(request, "portals/application.html", context, partial="form", status=status)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_application_removal(request: Request, pk: int) -> HttpResponse:
    """Forget the application, after telling what waits for it and what stops."""
    portal = reached(request, pk)
    if request.method != "POST":
        context = {
            "edited": portal,
            "action_count": registered_count(portal),
            "token_count": PersonToken.objects.filter(person__portal=portal).count(),
            **what_waits(portal.commands.exclude(as_person=None)),
        }
        return dialog(request, "portals/application_removal.html", context)
    connections.remove_application(portal, by=By.of(request))
    messages.success(request, _("Removed. Nobody signs in through this portal any more."))
    return redirect("portal_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_time_zone(request: Request, pk: int) -> HttpResponse:
    """Say in which time zone the portal lives."""
    portal = reached(request, pk)
    form = TimeZoneForm(request.POST or None, portal=portal)
    if form.is_bound and form.is_valid():
        by = By.of(request)
        connections.set_time_zone(portal, form.cleaned_data["zone"], by=by)
        dates = form.cleaned_data["date_format"] or portal.date_format
        connections.set_date_format(portal, dates, by=by)
        messages.success(request, _("Saved."))
        return redirect("portal_detail", pk=pk)
    context = {"form": form, "edited": portal}
    status = 422 if form.is_bound else 200
    return page(request, "portals/time_zone.html", context, partial="form", status=status)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_approval(request: Request, pk: int) -> HttpResponse:
    """Say above how many kills at once another administrator must approve."""
    portal = reached(request, pk)
    form = ApprovalForm(request.POST or None, initial={"above": portal.approval_above})
    if form.is_bound and form.is_valid():
        connections.set_approval(portal, form.cleaned_data["above"], by=By.of(request))
        messages.success(request, _("Saved."))
        return redirect("portal_detail", pk=pk)
    context = {"form": form, "edited": portal}
    status = 422 if form.is_bound else 200
    return page(request, "portals/approval.html", context, partial="form", status=status)


@require_POST
@requires(Capability.MANAGE_PORTALS)
def portal_admission(request: Request, pk: int) -> HttpResponse:
    """Let everybody of the portal sign in, or only its administrators and heads."""
    connections.admit_everybody(
        reached(request, pk),
        is_open=request.POST.get("everybody") == "yes",
        by=By.of(request),
    )
    messages.success(request, _("Saved."))
    return redirect("portal_detail", pk=pk)


@require_POST
@requires(Capability.MANAGE_PORTALS)
def portal_probing(request: Request, pk: int) -> HttpResponse:
    """Have the connection looked over again by a worker."""
    portal = reached(request, pk)
    connections.ask_for_look(portal)
    return redirect("portal_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PORTALS)
def portal_disconnection(request: Request, pk: int) -> HttpResponse:
    """Forget the webhook, after telling what waits for it and what stops."""
    portal = reached(request, pk)
    if request.method != "POST":
        context = {
            "edited": portal,
            "follower_count": portal.accounts.filter(follows_portal=True, is_active=True).count(),
            **what_waits(portal.commands.all()),
        }
        return dialog(request, "portals/disconnection.html", context)
    connections.disconnect(portal, by=By.of(request))
    messages.success(request, _("Disconnected. Everything read so far stays readable."))
    return redirect("portal_detail", pk=pk)


@require_POST
@requires(Capability.SEE_OVERVIEW)
def portal_choice(request: Request) -> HttpResponse:
    """Choose which portal the pages show, for this session."""
    chosen = request.POST.get("portal", "")
    portals = Portal.objects.reached_by(request.user)
    portal = next((one for one in portals if str(one.pk) == chosen), None)
    if portal is None:
        raise Http404
    request.session[CHOSEN] = portal.pk
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    return redirect(back)


def registered_count(portal: Portal) -> int:
    """Count the actions and rules that the portal's application has there, as far as is known."""
    known = ApplicationAction.objects.of_application(portal) if portal.client_id else None
    return known.filter(missing_since=None).count() if known is not None else 0


def walk_said(portal: Portal) -> str:
    """Say how long the last whole pass through the gateway took, and that many make it slow."""
    whole = SyncRun.objects.filter(
        feed__portal=portal, feed__name=FeedName.WORKFLOWS, is_full=True,
        state=SyncRun.State.COMPLETE,
    )  # fmt: skip
    run = whole.latest_first().first()
    if run is None:
        return ""
    if Workflow.objects.filter(portal=portal).running().count() <= FOLLOWED_FAST:
        return took(run)
    return _("%(span)s: so many run that this connection follows slowly") % {"span": took(run)}


def reached(request: Request, pk: int) -> Portal:
    """Return a portal the account may look at; any other one does not exist for it."""
    return get_object_or_404(Portal.objects.reached_by(request.user), pk=pk)


def what_waits(commands: CommandQuerySet) -> dict[str, int]:
    """Count the commands that are not settled: those to be sent yet, and those in doubt."""
    commands = commands.open()
    unsent = commands.filter(state=CommandState.INTENT).count()
    return {
        "unsent_count": unsent,
        "doubt_count": commands.count() - unsent,
        "give_up_minutes": round(settings.GIVE_UP_TIME / 60),
    }


def unmade_look(portal: Portal) -> str:
    """Say why the look that was asked for could not be made so far, if that is so."""
    return words_of_failure(portal.probe_failure) if portal.probe_at else ""


def words_of_failure(code: str) -> str:
    """Return what kept a reading from being made, from the code of the error."""
    return portal_errors.of_code(code) if code else ""
