"""What a row says of a workflow task: the deadline, whom it waits for, what is done to it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zlib import crc32

from django.db.models import F, Max, Prefetch, Q, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bizproc_admin.access.permissions import Capability, Request, may
from bizproc_admin.lists.task_filters import WorkflowTaskFilterForm
from bizproc_admin.models import Account, Assignment, Command, Person, WorkflowTask
from bizproc_admin.models.commands import TAKEN_BACK, receivers
from bizproc_admin.wording import acts
from bizproc_admin.wording.commands import Outcome, outcome_of
from bizproc_admin.wording.times import age, moment

# how long what became of a settled command stays on the row of a task that goes on
SHOWN_FOR = timedelta(hours=24)
TAKEN_BACK_FOR = timedelta(seconds=20)
SOON = timedelta(hours=24)
NEXT_TO_NOTHING = timedelta(minutes=1)


def equip(
    tasks: Sequence[WorkflowTask], *, request: Request, filters: WorkflowTaskFilterForm
) -> None:
    """Give each task what its row says, in as many queries for fifty as for one.

    waits are the unanswered parts; own is the viewer's part; command is the last one on that part,
    where the viewer has none the last on the task; outcome is what became of it if it still tells
    something, is_back that it was taken back and the answers are there again; quick are the answers
    that need nothing but a click, elsewhere is where one is given that the portal takes on its own
    pages only.
    """
    viewer, base = request.user, reverse("workflow_task_list")
    portal = request.portal
    own = viewer.person_at(portal)
    prefetch_related_objects(list(tasks), with_people())
    latest, latest_own = latest_commands(tasks, own)
    names = receivers([*latest.values(), *latest_own.values()])
    for row in tasks:
        task: Any = row
        if portal is not None:
            task.portal = task.workflow.portal = task.workflow.document.portal = portal
        task.url = f"{base}{task.pk}/"
        task.link = task.workflow.document.link
        parts = task.assignments.all()
        task.waits = [p for p in parts if p.status == 0 and p.gone_at is None and task.is_open]
        task.own = next((p for p in parts if own and p.person_id == own.pk), None)
        task.is_mine = task.own in task.waits
        # what others do to their parts is no concern of who has to answer
        others = None if task.is_mine else latest.get(task.pk)
        command = task.command = latest_own.get(task.pk) or others
        task.outcome = told(command, task, viewer, names) if command else None
        task.group = filters.group_of(task)
        task.due = due_of(task, filters.now)
        task.now = filters.now
        task.is_free = task.is_mine and not (task.outcome and task.outcome.is_busy)
        can_answer = task.is_free and may(viewer, Capability.COMPLETE_WORKFLOW_TASKS)
        task.quick = quick_answers(task) if can_answer else []
        task.is_back = bool(task.quick and task.outcome and task.outcome.is_taken_back)
        task.elsewhere = task.link if can_answer and not task.answers else ""
        task.can_be_given = can_be_given(task, viewer)
        task.key = uuid4()
        task.version = version_of(task)


def with_people() -> "Prefetch[Any]":
    parts = Assignment.objects.select_related("person").order_by(
        F("gone_at").asc(nulls_first=True), "pk"
    )
    return Prefetch("assignments", parts)


def latest_commands(
    tasks: Iterable[WorkflowTask], own: Person | None
) -> tuple[dict[int, Command], dict[int, Command]]:
    """Give the last command on each task, and the last on a person's own part of it."""
    part = Q(effect=f"part:{own.remote_id}") if own else Q(pk=None)
    keys = list(
        Command.objects.filter(task__in=[task.pk for task in tasks])
        .order_by()
        .values("task")
        .annotate(any=Max("pk"), own=Max("pk", filter=part))
        .values_list("task", "any", "own")
    )
    wanted = {key for _task, *both in keys for key in both if key}
    with_tasks = Command.objects.select_related("task").defer("task__description")
    found = with_tasks.in_bulk(wanted) if wanted else {}
    return (
        {task: found[key] for task, key, _own in keys if key in found},
        {task: found[key] for task, _any, key in keys if key in found},
    )


def told(command: Command, task: Any, viewer: Account, names: acts.Names) -> Outcome | None:
    """Give what became of a command, or nothing once it is of no interest on the row any more."""
    if command.settled_at is not None:
        passed = timezone.now() - command.settled_at
        is_old = passed > (TAKEN_BACK_FOR if command.error_code == TAKEN_BACK else SHOWN_FOR)
        # a delegation that is done is told by the name of whom the task waits for now
        is_past = command.word == "confirmed" and bool(task.waits) and passed > TAKEN_BACK_FOR
        if is_old or is_past:
            return None
    what = acts.alone(command, names)
    if command.actor_id != viewer.pk:
        what = _("%(what)s by %(who)s") % {"what": what, "who": command.actor_name}
    return outcome_of(command, viewer=viewer, what=what)


def quick_answers(task: Any) -> list[dict[str, Any]]:
    """Give each answer: sent by a click where it needs no words, else given in the panel."""
    asks = bool(task.parameters.get("Fields"))
    return [
        {"way": way, "is_quick": not (way.agrees and asks) and not task.needs_comment(way.status)}
        for way in task.answers
    ]


def can_be_given(task: Any, viewer: Account) -> bool:
    """Tell whether the account may give away some part of a task that nothing is under way for."""
    is_busy = task.outcome is not None and task.outcome.is_busy
    if is_busy or not may(viewer, Capability.DELEGATE_WORKFLOW_TASKS):
        return False
    if may(viewer, Capability.ACT_FOR_OTHERS):
        return bool(task.waits)
    return any(part.person_id in viewer.circle for part in task.waits)


def due_of(task: WorkflowTask, now: datetime) -> str:
    """Say the deadline in words: "due in 3 h", "2 d overdue"."""
    at = task.overdue_at
    if at is None:
        return ""
    if not task.is_open:
        return _("due %(moment)s") % {"moment": moment(at)}
    if abs(at - now) < NEXT_TO_NOTHING:
        return _("due now")
    if at < now:
        return _("%(age)s overdue") % {"age": age(now - at)}
    if at - now < SOON:
        return _("due in %(age)s") % {"age": age(at - now)}
    return _("due %(moment)s") % {"moment": moment(at)}


def version_of(task: Any) -> str:
    """Give a short text that changes with what the row says, the passing of time left out."""
    outcome = task.outcome
    said = (
        task.name,
        task.is_open,
        task.group,
        [(part.person_id, part.status, part.gone_at is None) for part in task.assignments.all()],
        outcome and (outcome.command.pk, outcome.title, outcome.text, outcome.can_undo),
    )
    return f"{crc32(repr(said).encode()):08x}"


def digest_of(tasks: Iterable[Any]) -> str:
    """Give a short text that changes whenever one of these rows reads differently."""
    said = [(task.pk, task.version, task.due, age(task.waiting_since)) for task in tasks]
    return f"{crc32(repr(said).encode()):08x}"
