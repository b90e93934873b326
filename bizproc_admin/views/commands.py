"""All commands, and one of them: what was asked, what was sent, what came of it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.actions import (
    ACTIONS,
    KillWorkflow,
    RegisterAction,
    TerminateWorkflow,
    UpdateAction,
)
from bizproc_admin.audit import By
from bizproc_admin.commands import decide
from bizproc_admin.forms.commands import DecisionForm
from bizproc_admin.htmx import dialog, page
from bizproc_admin.lists.command_filters import CommandFilterForm
from bizproc_admin.lists.command_lines import command_lines
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.models import ApplicationAction, Command, CommandState, WorkflowTemplate
from bizproc_admin.models.commands import TAKEN_BACK, receivers
from bizproc_admin.wording import acts
from bizproc_admin.wording.meanings import step_of

# where an ending is asked for
AGAIN = {TerminateWorkflow.name: "workflow_termination", KillWorkflow.name: "workflow_kill"}


COMMANDS = ListPage(
    noun="command",
    capability=Capability.SEE_COMMANDS,
    template="commands/list.html",
    filters=lambda request: CommandFilterForm(
        request.GET, portal=request.portal, viewer=request.user
    ),
    rows=lambda request: Command.objects.visible_to(request.user),
    fetched=lambda filters: Command.objects.select_related("task"),
    lines=lambda shown, commands: command_lines(commands),
    is_live=True,
    every=5,
    columns={
        "state": gettext_lazy("State"),
        "who": gettext_lazy("Who"),
        "requested": gettext_lazy("Requested"),
    },
)


@require_safe
@requires(Capability.SEE_COMMANDS)
def command_detail(request: Request, pk: int) -> HttpResponse:
    command = get_object_or_404(
        Command.objects.visible_to(request.user).select_related(
            "portal", "workflow", "task", "as_person"
        ),
        pk=pk,
    )
    entries = command.audit_entries.with_details().order_by("pk")
    context = {
        "command": command,
        "action": ACTIONS[command.action],
        "label": acts.kind(command),
        "method": ACTIONS[command.action].method_of(command.inputs),
        "steps": [(entry, step_of(entry)) for entry in entries],
        "needs_decision": command.state == CommandState.NEEDS_HUMAN,
        "can_take_back": command.target_kind in ("workflow_task", "document")
        and command.may_be_taken_back_by(request.user),
        "facts": acts.facts(command, receivers([command])),
        "again_url": again_of(request, command),
        "action_url": action_url_of(request, command),
        "correct_url": correct_url_of(request, command),
        "template_url": template_url_of(request, command),
        "target": acts.target(command),
    }
    return page(request, "commands/detail.html", context, partial="body")


@require_http_methods(["GET", "POST"])
@requires(Capability.TERMINATE_WORKFLOWS)
def command_decision(request: Request, pk: int) -> HttpResponse:
    """Let a person close a command that reading the portal could not settle."""
    command = get_object_or_404(
        Command.objects.visible_to(request.user).select_related("portal"),
        pk=pk,
        state=CommandState.NEEDS_HUMAN,
    )
    form = DecisionForm(request.POST or None)
    if form.is_bound and form.is_valid():
        decide(
            command,
            reason=form.cleaned_data["reason"],
            by=By.of(request),
        )
        return redirect("command_detail", pk=pk)
    return dialog(
        request,
        "commands/decision.html",
        {"command": command, "form": form},
        status=422 if form.is_bound else 200,
    )


def template_url_of(request: Request, command: Command) -> str:
    """Return the address of the template that a command has made, changed or started."""
    number = command.inputs.get("template") or command.result
    if command.target_kind not in ("workflow_template", "document") or not str(number).isdecimal():
        return ""
    visible = WorkflowTemplate.objects.visible_to(request.user)
    found = visible.filter(portal=command.portal, remote_id=int(number)).first()
    return reverse("workflow_template_detail", args=[found.pk]) if found else ""


def known_action(command: Command) -> ApplicationAction | None:
    """Return the application action that a command is about, where it is known here."""
    if command.target_kind != "application_action":
        return None
    known = ApplicationAction.objects.filter(portal=command.portal, step_type=command.target_id)
    return known.first()


def action_url_of(request: Request, command: Command) -> str:
    action = known_action(command)
    return reverse("application_action_detail", args=[action.pk]) if action else ""


def correct_url_of(request: Request, command: Command) -> str:
    """Return the address of the form that corrects a refused definition, for who may send it."""
    is_form = command.action in (RegisterAction.name, UpdateAction.name)
    if not is_form or command.word != "refused" or command.error_code == TAKEN_BACK:
        return ""
    if not may(request.user, ACTIONS[command.action].capability):
        return ""
    action = known_action(command)
    if command.action == UpdateAction.name and action is not None:
        url = reverse("application_action_change", args=[action.pk])
    else:
        url = reverse("application_action_registration")
    return f"{url}?again={command.pk}"


def again_of(request: Request, command: Command) -> str:
    """Return the address of the dialog that asks for a refused ending once more, if that helps."""
    name = AGAIN.get(command.action)
    workflow = command.workflow
    if name is None or workflow is None or not workflow.is_running or command.word != "refused":
        return ""
    is_allowed = may(request.user, ACTIONS[command.action].capability)
    return reverse(name, args=[workflow.pk]) if is_allowed else ""
