"""What a list row says of a workflow: where it stands, whom it waits for, what is done to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bizproc_admin.lists.repainting import asking_again
from bizproc_admin.models import Assignment, Command, EndCause, Portal, Workflow
from bizproc_admin.templatetags.icons import REFERENCES
from bizproc_admin.wording.times import age, between, moment

# How long a settled command stays on the row of a workflow that goes on.
SHOWN_FOR = timedelta(hours=24)

# What a row says of an unanswered assignment: to make whole people and tasks of it costs twice.
WAITING = (
    "task__name", "task__workflow", "task__modified_at", "task__overdue_at",
    "person__name", "person__remote_id", "person__is_active",
)  # fmt: skip

ANSWERS = re.compile(r"\((\d[^()]*\d)\)$")

END_ICONS = {
    EndCause.TERMINATED: ("circle-stop", "ok"),
    EndCause.KILLED: ("trash-2", "ok"),
    EndCause.UNCERTAIN: ("circle-alert", "warn"),
    EndCause.UNKNOWN: ("circle-dashed", ""),
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a workflow stands, in words: the state, then what qualifies it; written as markup."""

    text: str
    icon: SafeString
    tone: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", escape(self.text))
        object.__setattr__(self, "note", escape(self.note))


@dataclass(frozen=True, kw_only=True)
class WorkflowLine:
    """A workflow as a row or its page shows it.

    waits are the unanswered assignments, most urgent first, of more people than the first;
    command is the last one on the workflow, if it is open or still tells something; standing is
    the state in words; late how long its next task is overdue; since and until bound the time the
    list is asked about, template_url is where its template is shown; now is the portal's clock.
    key, url and the names are markup: a row writes each several times and escapes none again.
    """

    workflow: Workflow
    portal: Portal
    key: SafeString
    url: SafeString
    template: SafeString
    template_url: SafeString
    document: SafeString
    starter: SafeString
    link: str
    waits: list[Assignment]
    more: int
    command: Command | None
    standing: Standing
    late: str
    since: datetime | None
    until: datetime | None
    now: datetime

    @property
    def pk(self) -> int:
        return self.workflow.pk

    @property
    def wait(self) -> Assignment | None:
        return self.waits[0] if self.waits else None

    @property
    def ended_by(self) -> str:
        """Return who ended it from here; empty where it is not known that anybody here did."""
        is_ours = self.workflow.end_cause in (EndCause.TERMINATED, EndCause.KILLED)
        return self.command.actor_name if is_ours and self.command else ""

    @property
    def asks_again(self) -> str:
        """Return when else the row asks for itself anew: while something is done to it."""
        return asking_again(self.command)

    @property
    def reads(self) -> object:
        """Return what the row says, the passing of time left out."""
        command = self.command
        return (
            self.standing.text,
            self.standing.tone,
            self.workflow.document_copy,
            self.workflow.modified_at,
            [wait.person_id for wait in self.waits],
            command and (command.pk, command.state),
        )


def workflow_lines(
    workflows: Sequence[Workflow], *, portal: Portal | None = None, since: str = "modified_at"
) -> list[WorkflowLine]:
    """Return what rows of workflows say, in two queries for all of them.

    portal is theirs where all are of one; without it each must have come with its own. since is
    the column whose age is told.
    """
    # what has no name of its own is said by what it is
    prefetch_related_objects([one for one in workflows if not one.template_copy], "template")
    prefetch_related_objects([one for one in workflows if not one.starter_copy], "started_by")
    # once: a row names several addresses below it
    base, templates = reverse("workflow_list"), reverse("workflow_template_list")
    waits = waits_of(workflows)
    commands = latest_commands(workflows)
    lines = []
    for workflow in workflows:
        home = portal if portal and portal.pk == workflow.portal_id else workflow.portal
        now = home.now()
        waiting, command = waits.get(workflow.pk, []), commands.get(workflow.pk)
        lines.append(
            WorkflowLine(
                workflow=workflow,
                portal=home,
                key=escape(workflow.pk),
                url=escape(f"{base}{workflow.pk}/"),
                template=escape(workflow.template_name),
                template_url=escape(f"{templates}{workflow.template_id}/"),
                document=escape(workflow.document_name),
                starter=escape(workflow.started_by_name),
                link=workflow.document.link_on(home),
                waits=waiting,
                more=len({wait.person_id for wait in waiting}) - 1,
                command=command if command and tells(command, workflow) else None,
                standing=standing_of(workflow, waiting, now, portal=home),
                late=lateness(workflow, now),
                since=getattr(workflow, since),
                until=None if since == "ended_before" else workflow.ended_before,
                now=now,
            )
        )
    return lines


def lateness(workflow: Workflow, now: datetime) -> str:
    """Say how long the next deadline of a running workflow is over; empty where it is not."""
    at = workflow.overdue_at
    if not workflow.is_running or at is None or at >= now:
        return ""
    return _("%(age)s overdue") % {"age": age(now - at)}


def workflow_line(workflow: Workflow) -> WorkflowLine:
    """Return what is said of one workflow, fetched with its portal."""
    return workflow_lines([workflow])[0]


def waits_of(workflows: Sequence[Workflow]) -> dict[int, list[Assignment]]:
    """Return the unanswered assignments of workflows by their keys, the most urgent first."""
    waits: dict[int, list[Assignment]] = {}
    waiting = (
        Assignment.objects.waiting()
        .filter(task__workflow__in=[workflow.pk for workflow in workflows])
        .select_related("person", "task")
        .only(*WAITING)
        .order_by("task__overdue_at", "pk")
    )
    for assignment in waiting:
        waits.setdefault(assignment.task.workflow_id, []).append(assignment)
    return waits


def latest_commands(workflows: Sequence[Workflow]) -> dict[int | None, Command]:
    """Return the last command on each workflow itself by its key."""
    latest = (
        Command.objects.on_workflows()
        .filter(workflow__in=[workflow.pk for workflow in workflows])
        .values("workflow")
        .annotate(latest=Max("pk"))
    )
    commands = Command.objects.filter(pk__in=latest.values("latest"))
    return {command.workflow_id: command for command in commands}


def tells(command: Command, workflow: Workflow) -> bool:
    """Tell whether a command still belongs on the row: open, or settled lately."""
    if command.settled_at is None or not workflow.is_running:
        return True
    return timezone.now() - command.settled_at < SHOWN_FOR


def standing_of(
    workflow: Workflow, waits: Sequence[Assignment], now: datetime, *, portal: Portal
) -> Standing:
    """Say where a workflow stands."""
    if not workflow.is_running:
        return ended(workflow)
    if waits or workflow.open_tasks:
        return waiting_standing(workflow, waits, now)
    if workflow.is_locked_at(now):
        since = workflow.owned_until
        return Standing(
            text=_("Locked since %(moment)s") % {"moment": moment(since)},
            icon=REFERENCES["lock"],
            tone="danger",
            note=_("for %(age)s") % {"age": age(since)},
        )
    if workflow.is_busy_at(now):
        return Standing(
            text=_("Running now"),
            icon=REFERENCES["circle-play"],
            tone="accent",
            note=_("The portal is carrying out a step"),
        )
    if portal.is_by_gateway:
        # no tasks are told through it: that none is known proves nothing
        return Standing(
            text=_("Running"),
            icon=REFERENCES["circle-dot"],
            note=_("Its tasks are not told through the gateway"),
        )
    return Standing(
        text=_("No open task"),
        icon=REFERENCES["timer"],
        note=_("timer or another system"),
    )


def counted_answers(state: str) -> str:
    """Return what of a state's text tells how many answered: "1 of 3" of "Voted 33% (1 of 3)".

    The portal writes it in its own language, always in brackets at the end; another state is
    told whole.
    """
    found = ANSWERS.search(state)
    return found[1] if found else state


def waiting_standing(workflow: Workflow, waits: Sequence[Assignment], now: datetime) -> Standing:
    task = waits[0].task.name if waits else ""
    text = task or workflow.state_text
    is_overdue = workflow.overdue_at is not None and workflow.overdue_at < now
    if workflow.is_locked_at(now):
        return Standing(
            text=text,
            icon=REFERENCES["lock"],
            tone="danger",
            note=_("Locked since %(moment)s") % {"moment": moment(workflow.owned_until)},
        )
    return Standing(
        text=text,
        icon=REFERENCES["clock" if is_overdue else "hourglass"],
        tone="warn" if is_overdue else "",
        note=counted_answers(workflow.state_text) if workflow.state_text != text else "",
    )


def ended(workflow: Workflow) -> Standing:
    cause = EndCause(workflow.end_cause or EndCause.UNKNOWN)
    icon, tone = END_ICONS[cause]
    return Standing(
        text=str(cause.label),
        icon=REFERENCES[icon],
        tone=tone,
        note=between(workflow.ended_after, workflow.ended_before),
    )
