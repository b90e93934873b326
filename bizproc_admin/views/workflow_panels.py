"""What is told of one workflow, on its page and in the panel beside the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpResponse, QueryDict
from django.urls import reverse

from bizproc_admin.access.permissions import Capability, Request, may
from bizproc_admin.htmx import page, wants_part
from bizproc_admin.lists.courses import STANDING
from bizproc_admin.lists.repainting import digest_of, turn_of
from bizproc_admin.lists.step_lines import step_lines
from bizproc_admin.lists.workflow_lines import workflow_line
from bizproc_admin.models import Workflow, WorkflowTask
from bizproc_admin.models.commands import receivers
from bizproc_admin.views.task_panels import may_delegate, reminder_of
from bizproc_admin.wording import acts
from bizproc_admin.wording.timelines import timeline_of

# the latest steps of applications that are told of: a loop may have run through one a thousand
# times
MOST_STEPS = 100
# what a panel tells of the course and of the commands, the latest first; its page tells all
LATEST_EVENTS = 6
LATEST_COMMANDS = 3
# seconds that ages in an open panel stay as they were painted
AGES_STAND_FOR = 60


@dataclass(frozen=True, kw_only=True)
class TaskOnPage:
    """A task as its workflow's page shows it; reminder is the text for whom it waits for."""

    task: WorkflowTask
    is_seen: bool
    can_delegate: bool
    reminder: str


def told_of(request: Request, workflow: Workflow, *, is_beside: bool = False) -> dict[str, object]:
    """Return what is told of a workflow; beside a list, what is open and the latest of the rest.

    version changes with what is said, and every few minutes for what is said of time.
    """
    tasks = list(workflow.tasks.with_assignments().order_by("-is_open", "-modified_at"))
    commands = list(workflow.commands.select_related("task").latest_first())
    names, line = receivers(commands), workflow_line(workflow)
    latest = workflow.application_steps.for_rows().order_by("-since", "-pk")[:MOST_STEPS]
    steps = list(reversed(latest))
    events = timeline_of(workflow, tasks, commands, steps=steps, viewer=request.user, names=names)
    said = [(event.text, event.detail, event.tone) for event in events]
    turn = turn_of(request.user, AGES_STAND_FOR)
    return {
        "workflow": workflow,
        "line": line,
        "tasks": tasks_on_page(
            request, workflow, [task for task in tasks if task.is_open or not is_beside]
        ),
        "commands": [
            (command, acts.event(command, names))
            for command in commands[: LATEST_COMMANDS if is_beside else None]
        ],
        "timeline": events[: LATEST_EVENTS if is_beside else None],
        "standing_steps": step_lines(
            [step for step in steps if step.state in STANDING], portal=workflow.portal
        ),
        "can_start_again": may(request.user, Capability.START_WORKFLOWS)
        and workflow.template.is_listed,
        "is_beside": is_beside,
        "version": digest_of([turn, line.reads, line.standing, said, workflow.portal.is_connected]),
    }


def panel(request: Request, workflow: Workflow) -> HttpResponse:
    """Give the panel of a workflow, or nothing to an open one that says all there is."""
    context = told_of(request, workflow, is_beside=True)
    version = request.GET.get("version")
    if version == context["version"]:
        return HttpResponse(status=204)
    part = "panel" if version is None else "body"
    response = page(request, "workflows/panel.html", context, partial=part)
    return response if version else told_in_address(request, response, workflow)


def opened(request: Request) -> dict[str, object]:
    """Return the panel of the workflow that a list's address names as open, if it may be seen."""
    key = request.GET.get("open", "")
    if wants_part(request) or not (key.isdecimal() and len(key) < 19):
        return {}
    workflow = Workflow.objects.visible_to(request.user).with_names().filter(pk=key).first()
    if workflow is None:
        return {}
    return told_of(request, workflow, is_beside=True) | {"is_opened": True}


def told_in_address(request: Request, response: HttpResponse, workflow: Workflow) -> HttpResponse:
    """Let the list's address say what is open beside it: Back closes it, whatever came between."""
    where = urlsplit(request.htmx.current_url_abs_path or "")
    query = QueryDict(where.query, mutable=True)
    before, key = query.get("open"), str(workflow.pk)
    if where.path == reverse("workflow_list") and before != key:
        query["open"] = key
        name = "HX-Replace-Url" if before else "HX-Push-Url"
        response[name] = f"{where.path}?{query.urlencode()}"
    return response


def tasks_on_page(
    request: Request, workflow: Workflow, tasks: Sequence[WorkflowTask]
) -> list[TaskOnPage]:
    """Return a workflow's tasks with what the account may do about each."""
    visible = WorkflowTask.objects.visible_to(request.user).filter(workflow=workflow)
    seen = set(visible.values_list("pk", flat=True))
    if not may(request.user, Capability.SEE_WORKFLOW_TASKS):
        seen = set()
    shown = []
    for task in tasks:
        parts = task.assignments.all()
        asked = [one.person for one in parts if not one.status and one.gone_at is None]
        shown.append(
            TaskOnPage(
                task=task,
                is_seen=task.pk in seen,
                can_delegate=task.pk in seen and may_delegate(request, task),
                reminder=reminder_of(request, task, asked) if task.pk in seen else "",
            )
        )
    return shown
