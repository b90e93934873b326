"""What a row says of a workflow task: the deadline, whom it waits for, what is done to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import F, Max, Prefetch, Q, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bizproc_admin.access.permissions import Capability, Request, may
from bizproc_admin.lists.repainting import asking_again
from bizproc_admin.lists.task_filters import GROUPS, WorkflowTaskFilterForm
from bizproc_admin.models import (
    Account,
    Assignment,
    Command,
    Person,
    Portal,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.models.commands import TAKEN_BACK, receivers
from bizproc_admin.models.workflow_tasks import Answer
from bizproc_admin.wording import acts
from bizproc_admin.wording.commands import Outcome, outcome_of
from bizproc_admin.wording.times import age, moment

# how long what became of a settled command stays on the row of a task that goes on
SHOWN_FOR = timedelta(hours=24)
TAKEN_BACK_FOR = timedelta(seconds=20)
SOON = timedelta(hours=24)
NEXT_TO_NOTHING = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class QuickAnswer:
    """A way to answer as a row offers it: by a click, or in the panel where words are needed."""

    answer: Answer
    is_quick: bool


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """A workflow task as a row or its panel shows it to a viewer.

    parts are its assignments, waits the unanswered ones, own the viewer's; command is the last one
    on that part, where the viewer has none the last on the task; outcome is what became of it if
    it still tells something. quick are the answers the viewer may give, elsewhere is where one is
    given that the portal takes on its own pages only; key is the one-time key of the row's form.
    heads_group tells that the row is the first of its group, heading then how many it has, None
    where that is not counted.
    """

    task: WorkflowTask
    portal: Portal
    url: str
    link: str
    parts: list[Assignment]
    waits: list[Assignment]
    own: Assignment | None
    command: Command | None
    outcome: Outcome | None
    group: str
    due: str
    now: datetime
    quick: list[QuickAnswer]
    elsewhere: str
    can_be_given: bool
    key: UUID
    heads_group: bool = False
    heading: int | None = None

    @property
    def pk(self) -> int:
        return self.task.pk

    @property
    def workflow(self) -> Workflow:
        return self.task.workflow

    @property
    def wait(self) -> Assignment | None:
        return self.waits[0] if self.waits else None

    @property
    def others(self) -> int:
        """Return of how many more people than the first an answer is awaited."""
        return len(self.waits) - 1

    @property
    def others_said(self) -> str:
        more = self.others
        return ngettext("+%(more)d more", "+%(more)d more", more) % {"more": more}

    @property
    def urgency(self) -> str:
        """Return the class of the deadline's text."""
        classes = {"overdue": "overdue", "today": "due-today"}
        return classes.get(self.group, "") if self.task.is_open else ""

    @property
    def asks_again(self) -> str:
        """Return when else the row asks for itself anew: while something is done to the task."""
        return asking_again(self.outcome.command) if self.outcome and self.outcome.is_busy else ""

    @property
    def group_label(self) -> str:
        return str(GROUPS[self.group])

    @property
    def is_mine(self) -> bool:
        return self.own in self.waits

    @property
    def is_free(self) -> bool:
        """Tell whether the viewer is to answer and nothing of theirs is under way."""
        return self.is_mine and not (self.outcome and self.outcome.is_busy)

    @property
    def is_back(self) -> bool:
        """Tell whether an answer was taken back and can be given again."""
        return bool(self.quick and self.outcome and self.outcome.is_taken_back)

    @property
    def reads(self) -> object:
        """Return what the row says, the passing of time left out."""
        outcome = self.outcome
        return (
            self.task.name,
            self.task.is_open,
            self.group,
            [(part.person_id, part.status, part.gone_at is None) for part in self.parts],
            outcome and (outcome.command.pk, outcome.title, outcome.text, outcome.can_take_back),
        )


def task_lines(
    tasks: Sequence[WorkflowTask], *, request: Request, filters: WorkflowTaskFilterForm
) -> list[TaskLine]:
    """Return what rows of tasks say, in as many queries for fifty as for one."""
    viewer, base = request.user, reverse("workflow_task_list")
    own = viewer.person_at(request.portal)
    prefetch_related_objects(list(tasks), with_people())
    # what has no name of its own is said by what it is
    workflows = [task.workflow for task in tasks]
    prefetch_related_objects([one for one in workflows if not one.template_copy], "template")
    prefetch_related_objects([one for one in workflows if not one.starter_copy], "started_by")
    latest, latest_own = latest_commands(tasks, own)
    names = receivers([*latest.values(), *latest_own.values()])
    may_answer = may(viewer, Capability.COMPLETE_WORKFLOW_TASKS)
    lines = []
    for task in tasks:
        here = request.portal
        portal = here if here and here.pk == task.portal_id else task.portal
        parts = list(task.assignments.all())
        waits = [p for p in parts if p.status == 0 and p.gone_at is None and task.is_open]
        part = next((p for p in parts if own and p.person_id == own.pk), None)
        is_mine = part in waits
        # what others do to their parts is no concern of who has to answer
        command = latest_own.get(task.pk) or (None if is_mine else latest.get(task.pk))
        outcome = told(command, task, waits, viewer, names) if command else None
        is_busy = outcome is not None and outcome.is_busy
        can_answer = is_mine and not is_busy and may_answer
        link = task.workflow.document.link_on(portal)
        lines.append(
            TaskLine(
                task=task,
                portal=portal,
                url=f"{base}{task.pk}/",
                link=link,
                parts=parts,
                waits=waits,
                own=part,
                command=command,
                outcome=outcome,
                group=filters.group_of(task),
                due=due_of(task, filters.now),
                now=filters.now,
                quick=quick_answers(task) if can_answer else [],
                elsewhere=link if can_answer and not task.answers else "",
                can_be_given=not is_busy and can_be_given(waits, viewer),
                key=uuid4(),
            )
        )
    return lines


def headed(lines: list[TaskLine], groups: Mapping[str, int]) -> list[TaskLine]:
    """Give the first row of each group its heading: how many tasks the group has."""
    before = ["", *(line.group for line in lines)]
    return [
        replace(line, heads_group=True, heading=groups.get(line.group))
        if line.group != group
        else line
        for line, group in zip(lines, before, strict=False)
    ]


def with_people() -> "Prefetch[str]":
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


def told(
    command: Command,
    task: WorkflowTask,
    waits: Sequence[Assignment],
    viewer: Account,
    names: acts.Names,
) -> Outcome | None:
    """Give what became of a command, or nothing once it is of no interest on the row any more."""
    if command.settled_at is not None:
        passed = timezone.now() - command.settled_at
        is_old = passed > (TAKEN_BACK_FOR if command.error_code == TAKEN_BACK else SHOWN_FOR)
        # a delegation that is done is told by the name of whom the task waits for now
        is_past = command.word == "confirmed" and bool(waits) and passed > TAKEN_BACK_FOR
        if is_old or is_past:
            return None
    what = acts.alone(command, names)
    if command.actor_id != viewer.pk:
        what = _("%(what)s by %(who)s") % {"what": what, "who": command.actor_name}
    return outcome_of(command, viewer=viewer, what=what)


def quick_answers(task: WorkflowTask) -> list[QuickAnswer]:
    """Return each answer: sent by a click where it needs no words, else given in the panel."""
    asks = bool(task.parameters.get("Fields"))
    return [
        QuickAnswer(
            answer=answer,
            is_quick=not (answer.agrees and asks) and not task.needs_comment(answer.status),
        )
        for answer in task.answers
    ]


def can_be_given(waits: Sequence[Assignment], viewer: Account) -> bool:
    """Tell whether the account may give away some unanswered part of a task."""
    if not may(viewer, Capability.DELEGATE_WORKFLOW_TASKS):
        return False
    if may(viewer, Capability.ACT_FOR_OTHERS):
        return bool(waits)
    return any(part.person_id in viewer.circle for part in waits)


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
