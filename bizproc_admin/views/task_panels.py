"""One workflow task as its panel shows it: what is asked, its course, and what one can do."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bizproc_admin.access.permissions import Capability, Request, may
from bizproc_admin.actions import ACTIONS, DelegateTask
from bizproc_admin.actions.base import own_hands
from bizproc_admin.forms.completions import CompletionForm
from bizproc_admin.forms.delegations import waiting_people
from bizproc_admin.htmx import page, wants_part
from bizproc_admin.lists.inbox import filters_behind, filters_of, visible
from bizproc_admin.lists.repainting import digest_of
from bizproc_admin.lists.task_lines import TaskLine, task_lines, with_people
from bizproc_admin.models import Command, CommandState, Draft, FeedName, Person, WorkflowTask
from bizproc_admin.models.commands import TAKEN_BACK, receivers
from bizproc_admin.views.bystanders import bystander_text
from bizproc_admin.views.issuing import InTheWay
from bizproc_admin.views.signing_in import lead_to
from bizproc_admin.wording import acts
from bizproc_admin.wording.commands import outcome_of
from bizproc_admin.wording.freshness import freshness_of
from bizproc_admin.wording.reminders import reminder
from bizproc_admin.wording.timelines import timeline_of

MOST_TAKEN_BACK = 50


def line_of(request: Request, pk: int) -> TaskLine:
    """Return a task the account may see, with what its panel shows; 404 for any other."""
    task = get_object_or_404(
        visible(request).select_related(
            "portal", "workflow__document", "workflow__started_by", "workflow__template"
        ),
        pk=pk,
    )
    return task_lines([task], request=request, filters=filters_of(request))[0]


def panel(
    request: Request,
    line: TaskLine,
    *,
    form: CompletionForm | None = None,
    in_the_way: InTheWay | None = None,
    status: int = 200,
) -> HttpResponse:
    """Give the panel to htmx, the page to everybody else."""
    context = panel_of(request, line, form=form, in_the_way=in_the_way)
    context |= {"is_panel": is_beside_a_list(request)}
    response = page(request, "workflow_tasks/detail.html", context, partial="panel", status=status)
    if context["needs_sign_in"]:
        lead_to(response, [line.portal])
    return response


def is_beside_a_list(request: Request) -> bool:
    """Tell whether the panel is shown beside the inbox, where it is no page of its own."""
    where = request.htmx.current_url_abs_path if wants_part(request) else None
    return bool(where) and urlsplit(where).path == reverse("workflow_task_list")


def panel_of(
    request: Request,
    line: TaskLine,
    *,
    form: CompletionForm | None = None,
    in_the_way: InTheWay | None = None,
) -> dict[str, object]:
    """Give the context of a task's panel; form is one that has been filled in already."""
    viewer, behind, task = request.user, filters_behind(request), line.task
    workflow, outcome = task.workflow, line.outcome
    commands = list(workflow.commands.select_related("task").latest_first())
    tasks = list(workflow.tasks.prefetch_related(with_people()).order_by("-is_open", "-pk"))
    why = obstacle_of(request, line)
    draft = Draft.objects.filter(account=viewer, task=task).first() if line.is_mine else None
    if form is None and not why and line.is_free:
        values = draft.values if draft else None
        form = CompletionForm(task, inputs=inputs_again(line), draft=values)
    own = viewer.person_at(line.portal)
    is_busy = bool(outcome and outcome.is_busy)
    is_typed = form is not None and form.is_bound and why == "token"
    shown_form = None if (why and not is_typed) or not line.is_mine or is_busy else form
    can_delegate = not is_busy and may_delegate(request, task)
    can_take_over = not is_busy and may_take_over(request, line, own)
    has_acts = bool(shown_form) or can_delegate or can_take_over
    is_left_alone = task.is_open and not (has_acts or is_busy or why)
    return {
        "task": task,
        "line": line,
        "workflow": workflow,
        "outcome": outcome,
        "form": shown_form,
        "typed_form": form if form is not None and form.is_bound and not shown_form else None,
        "draft": draft,
        "draft_url": reverse("workflow_task_draft", args=[task.pk]),
        "has_acts": has_acts,
        "bystander_text": bystander_text(request, line) if is_left_alone else "",
        "obstacle": why,
        "blocked_text": blocked_text(why),
        "in_the_way": in_the_way,
        "needs_sign_in": why == "token" or bool(outcome and outcome.needs_sign_in),
        "timeline": timeline_of(
            workflow, tasks, commands, viewer=viewer, names=receivers(commands)
        ),
        "parts": line.parts,
        "others": [one for one in tasks if one.pk != task.pk],
        "can_delegate": can_delegate,
        "can_take_over": can_take_over,
        "reminder": reminder_of(request, task, [wait.person for wait in line.waits])
        if not line.is_mine
        else "",
        "on_behalf": on_behalf_of(task, own) if own else "",
        "freshness": freshness_of(request.portal, FeedName.WORKFLOW_TASKS),
        "is_stale": "version" not in request.GET and task.is_open and not task.is_fresh,
        "state_version": state_version(line),
        "kept_open": behind.kept_open,
        "back_url": reverse("workflow_task_list") + behind.kept_open,
    }


def obstacle_of(request: Request, line: TaskLine) -> str:
    """Give why the account cannot answer its open part here: a short word, or nothing."""
    task = line.task
    if not line.is_mine:
        return ""
    if not may(request.user, Capability.COMPLETE_WORKFLOW_TASKS):
        return "role"
    if not task.answers:
        return "kind"
    if not task.portal.is_connected:
        return "connection"
    return "" if own_hands(request.user, task.portal) else "token"


def reminder_of(request: Request, task: WorkflowTask, people: Sequence[Person]) -> str:
    """Return the text that reminds those a task waits for; nothing where it waits for nobody."""
    if not task.is_open or not people:
        return ""
    address = reverse("workflow_task_detail", args=[task.pk])
    return reminder(task, people, request.build_absolute_uri(address))


def may_delegate(request: Request, task: WorkflowTask) -> bool:
    """Tell whether the account may give away somebody's part of a task."""
    return (
        task.is_open
        and task.portal.is_connected
        and may(request.user, Capability.DELEGATE_WORKFLOW_TASKS)
        and has_hands_to_give(request, task)
        and bool(waiting_people(task, request.user))
    )


def has_hands_to_give(request: Request, task: WorkflowTask) -> bool:
    """Tell whether there is a token to delegate with, or the right to use the connection."""
    if may(request.user, Capability.ACT_FOR_OTHERS):
        return True
    return own_hands(request.user, task.portal) is not None


def inputs_again(line: TaskLine) -> dict[str, object] | None:
    """Give what was typed into an answer that was refused, or taken back to be changed."""
    command, outcome = line.command, line.outcome
    if command is None or not ACTIONS[command.action].has_form:
        return None
    is_again = command.error_code == TAKEN_BACK or bool(outcome and outcome.can_correct)
    return command.inputs if is_again else None


def may_take_over(request: Request, line: TaskLine, own: Person | None) -> bool:
    """Tell whether an administrator may have somebody's part given to their own person."""
    return (
        own is not None
        and line.portal.is_connected
        and bool(line.waits)
        and (line.own is None or line.own.gone_at is not None)
        and may(request.user, Capability.ACT_FOR_OTHERS)
    )


def on_behalf_of(task: WorkflowTask, own: Person) -> str:
    """Give the name of whose part a person has, as far as delegations from here have told."""
    given = (
        Command.objects.filter(task=task, action=DelegateTask.name, state=CommandState.CONFIRMED)
        .order_by("-pk")
        .values_list("on_behalf_of", "inputs")
    )
    return next((who for who, inputs in given if inputs.get("to") == own.remote_id), "")


def state_version(line: TaskLine) -> str:
    """Give a short text that changes when the panel must be painted anew.

    What does not concern the form leaves it alone: somebody may be typing in it.
    """
    command, outcome, task, own = line.command, line.outcome, line.task, line.own
    said = (
        task.is_open,
        task.status,
        line.is_mine,
        own and (own.status, own.gone_at is None),
        None if line.is_free else (task.state_text, sorted(part.person_id for part in line.waits)),
        # that old news is no longer told is no reason
        command and (command.pk, command.is_settled),
        (outcome.title, outcome.text, outcome.can_take_back)
        if outcome and outcome.is_busy
        else None,
    )
    return digest_of(said)


def blocked_text(why: str) -> str:
    """Say why a task cannot be answered here."""
    return {
        "role": _("Your role reads workflow tasks and does not answer them."),
        "kind": _("The portal lets this kind of task be answered on its own pages only."),
        "connection": _("The portal is not connected: nothing can be answered from here."),
        "token": _(
            "The portal lets a task be answered only by the person it waits for. Sign in with "
            "Bitrix24 once, so that this console may act as you."
        ),
    }.get(why, "")


def to_take_back(request: Request) -> list[dict[str, object]]:
    """Give what the account may still take back, the newest first."""
    found = (
        Command.objects.to_take_back_by(request.user, timezone.now())
        .filter(portal=request.portal)
        .select_related("task")
        .latest_first()[:MOST_TAKEN_BACK]
    )
    return taken_back_as(list(found), request)


def taken_back_as(found: list[Command], request: Request) -> list[dict[str, object]]:
    """Give commands that can be taken back as the bar offers them: the task and where it stands."""
    names = receivers(found)
    return [
        {
            "task": command.task,
            "outcome": outcome_of(command, viewer=request.user, what=acts.alone(command, names)),
        }
        for command in found
        if command.task is not None
    ]
