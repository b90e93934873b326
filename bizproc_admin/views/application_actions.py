"""What the portal's application has registered: the list, one of them, and its file."""

import json
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.actions import RegisterAction
from bizproc_admin.actions.base import own_hands
from bizproc_admin.forms.definition_files import exported
from bizproc_admin.forms.definition_rules import rule_written
from bizproc_admin.htmx import page
from bizproc_admin.lists.application_action_lines import application_action_lines
from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    Command,
    Feed,
    FeedName,
    Portal,
)
from bizproc_admin.receiving.addresses import handler_of
from bizproc_admin.syncing import workflow_templates
from bizproc_admin.views.template_files import who_could
from bizproc_admin.wording.application_actions import property_lines, subscription_said

MOST_COMMANDS = 10
MOST_STEPS = 10


@require_safe
@requires(Capability.SEE_STRUCTURES)
def application_action_list(request: Request) -> HttpResponse:
    """List what the application has registered; what an earlier one has stands apart."""
    portal = request.portal
    context: dict[str, object] = {"lines": [], "earlier": []}
    if portal is not None:
        actions = list(ApplicationAction.objects.visible_to(request.user).at(portal).in_order())
        lines = application_action_lines(actions, portal=portal, viewer=request.user)
        pending, is_listing = new_ones(portal, actions), is_to_be_listed(portal)
        under_way = [*pending, *(one.command for one in lines if one.command)]
        context = {
            "pending": pending,
            "is_listing": is_listing,
            "is_busy": is_listing or any(one.word == "requested" for one in under_way),
            "lines": [one for one in lines if one.action.client_id == portal.client_id],
            "earlier": [one for one in lines if one.action.client_id != portal.client_id],
            **hands_of(request, portal),
        }
    return page(request, "application_actions/list.html", context, partial="table")


@require_safe
@requires(Capability.SEE_STRUCTURES)
def application_action_detail(request: Request, pk: int) -> HttpResponse:
    action = reached_action(request, pk)
    portal = action.portal
    (line,) = application_action_lines([action], portal=portal, viewer=request.user)
    language = get_language() or ""
    commands = Command.objects.visible_to(request.user).filter(
        portal=portal, target_kind="application_action", target_id=action.step_type
    )
    steps = ApplicationStep.objects.visible_to(request.user).at(portal).waiting()
    context = {
        "action": action,
        "line": line,
        "definition": line.definition,
        "subscription": subscription_said(line.definition.subscription),
        "properties": property_lines(line.definition.properties, language),
        "return_properties": property_lines(line.definition.return_properties, language),
        "include": [rule_written(one) for one in line.definition.include],
        "exclude": [rule_written(one) for one in line.definition.exclude],
        "is_current": action.client_id == portal.client_id,
        "is_own_handler": line.definition.handler == handler_of(portal),
        "commands": commands.latest_first()[:MOST_COMMANDS],
        "steps": steps.filter(client_id=action.client_id, code=action.code)
        .select_related("workflow__document", "workflow__template")
        .order_by("since")[:MOST_STEPS],
        **hands_of(request, portal),
    }
    return page(request, "application_actions/detail.html", context, partial="body")


@require_safe
@requires(Capability.SEE_STRUCTURES)
def application_action_export(request: Request, pk: int) -> HttpResponse:
    """Give a definition as a file that can be read here again."""
    action = reached_action(request, pk)
    content = json.dumps(exported([action]), ensure_ascii=False, indent=2)
    response = HttpResponse(content, content_type="application/json")
    response["X-Content-Type-Options"] = "nosniff"
    name = f"{action.code}.json"
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


@require_POST
@requires(Capability.MANAGE_TEMPLATES)
def application_action_listing(request: Request) -> HttpResponse:
    """Have the portal's templates read again, and with them what is registered."""
    portal = get_object_or_404(
        Portal.objects.reached_by(request.user), pk=getattr(request.portal, "pk", None)
    )
    workflow_templates.ask_again(portal)
    return redirect("application_action_list")


# --- parts --------------------------------------------------------------------------------------


def reached_action(request: Request, pk: int) -> ApplicationAction:
    actions = ApplicationAction.objects.visible_to(request.user).filter(
        portal__in=Portal.objects.reached_by(request.user)
    )
    return get_object_or_404(actions.select_related("portal"), pk=pk)


def new_ones(portal: Portal, known: list[ApplicationAction]) -> list[Command]:
    """Return the registrations that are under way of what is not known here yet."""
    commands = Command.objects.open().filter(portal=portal, action=RegisterAction.name)
    return list(commands.exclude(target_id__in=[one.step_type for one in known]).order_by("pk"))


def is_to_be_listed(portal: Portal) -> bool:
    """Tell whether the next reading of the templates is asked for and can be made."""
    due = Feed.objects.filter(portal=portal, name=FeedName.WORKFLOW_TEMPLATES, next_at=None)
    return portal.is_connected and portal.has_application and due.exists()


def hands_of(request: Request, portal: Portal) -> dict[str, object]:
    """Return who may write with whose hands, for what a page says of it."""
    return {
        "door": portal,
        "hands": own_hands(request.user, portal),
        "could": who_could(portal),
    }
