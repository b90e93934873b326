"""One command: what was asked, what was sent, what came of it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_safe

from bizproc_admin import audit
from bizproc_admin.actions import ACTIONS
from bizproc_admin.commands import decide
from bizproc_admin.forms.commands import DecisionForm
from bizproc_admin.htmx import dialog, page
from bizproc_admin.lists.task_lines import receivers
from bizproc_admin.models import Command, CommandState, Workflow
from bizproc_admin.permissions import Capability, Request, requires
from bizproc_admin.wording.acts import answer_of
from bizproc_admin.wording.audit_entries import step_of


@require_safe
@requires(Capability.SEE_COMMANDS)
def command_detail(request: Request, pk: int) -> HttpResponse:
    command = get_object_or_404(
        Command.objects.select_related("portal", "workflow", "task", "as_person"),
        pk=pk,
        workflow__in=Workflow.objects.visible_to(request.user),
    )
    entries = list(command.audit_entries.with_details().order_by("pk"))
    for entry in entries:
        entry.step = step_of(entry)
    context = {
        "command": command,
        "action": ACTIONS[command.action],
        "label": ACTIONS[command.action].label,
        "method": ACTIONS[command.action].method,
        "entries": entries,
        "needs_decision": command.state == CommandState.NEEDS_HUMAN,
        "can_withdraw": command.task_id is not None and command.can_be_taken_back,
        **task_facts(command),
    }
    return page(request, "commands/detail.html", context, partial="body")


@require_http_methods(["GET", "POST"])
@requires(Capability.TERMINATE_WORKFLOWS)
def command_decision(request: Request, pk: int) -> HttpResponse:
    """Let a person close a command that reading the portal could not settle."""
    command = get_object_or_404(
        Command.objects.select_related("portal"),
        pk=pk,
        state=CommandState.NEEDS_HUMAN,
        workflow__in=Workflow.objects.visible_to(request.user),
    )
    form = DecisionForm(request.POST or None)
    if form.is_bound and form.is_valid():
        decide(
            command,
            actor=request.user,
            reason=form.cleaned_data["reason"],
            ip=audit.ip_of(request),
        )
        return redirect("command_detail", pk=pk)
    return dialog(
        request,
        "commands/decision.html",
        {"command": command, "form": form},
        status=422 if form.is_bound else 200,
    )


# --- parts --------------------------------------------------------------------------------------


def task_facts(command: Command) -> dict[str, str]:
    """Give what a command on a workflow task asks for: the answer, or who receives it."""
    if command.task is None:
        return {}
    if command.action == "workflow_task.complete":
        return {"answer": answer_of(command, command.task)}
    return {"receiver": receivers([command]).get(command.inputs.get("to", 0), "")}
