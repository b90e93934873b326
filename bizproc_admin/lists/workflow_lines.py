"""What a list row says of a workflow: where it stands, whom it waits for, what is done to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zlib import crc32

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bizproc_admin.models import Assignment, Command, EndCause, Portal, Workflow
from bizproc_admin.templatetags.icons import REFERENCES
from bizproc_admin.wording.times import age, between, moment

# How long a settled command stays on the row of a workflow that goes on.
SHOWN_FOR = timedelta(hours=24)

END_ICONS = {
    EndCause.TERMINATED: ("circle-stop", "ok"),
    EndCause.KILLED: ("trash-2", "ok"),
    EndCause.UNCERTAIN: ("circle-alert", "warn"),
    EndCause.UNKNOWN: ("circle-dashed", ""),
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a workflow stands, in words: the state, then what qualifies it."""

    text: str
    icon: SafeString
    tone: str = ""
    note: str = ""


def equip(workflows: Iterable[Workflow], *, portal: Portal | None = None) -> None:
    """Give each workflow what its row says, in two queries for all of them.

    portal is theirs where all are of one; without it each must have come with its own.

    waits are the unanswered assignments, most urgent first; command is the last one, if it is
    open or still tells something; standing is the state in words.
    """
    base = reverse("workflow_list")  # once: a row names five addresses below it
    by_pk = {workflow.pk: workflow for workflow in workflows}
    for workflow in by_pk.values():
        workflow.waits, workflow.command = [], None  # type: ignore[attr-defined]
        if portal is not None:
            workflow.portal = workflow.document.portal = portal
        workflow.link = workflow.document.link  # type: ignore[attr-defined]
        workflow.url = f"{base}{workflow.pk}/"  # type: ignore[attr-defined]
    waiting = (
        Assignment.objects.filter(
            task__workflow__in=by_pk, task__is_open=True, status=0, gone_at=None
        )
        .select_related("person", "task")
        .defer("task__parameters", "task__description", "person__search_text")
        .order_by("task__overdue_at", "pk")
    )
    for assignment in waiting:
        by_pk[assignment.task.workflow_id].waits.append(assignment)  # type: ignore[attr-defined]
    latest = (
        Command.objects.on_workflows()
        .filter(workflow__in=by_pk)
        .values("workflow")
        .annotate(latest=Max("pk"))
    )
    for command in Command.objects.filter(pk__in=latest.values("latest")):
        workflow = by_pk[command.workflow_id]  # type: ignore[index]  # the filter leaves no null
        if tells(command, workflow):
            workflow.command = command  # type: ignore[attr-defined]
    for workflow in by_pk.values():
        workflow.standing = standing_of(workflow)  # type: ignore[attr-defined]
        workflow.more = len({wait.person_id for wait in workflow.waits}) - 1  # type: ignore[attr-defined]
        workflow.now = workflow.portal.now()  # type: ignore[attr-defined]
        workflow.version = version_of(workflow)  # type: ignore[attr-defined]


def version_of(workflow: Any) -> str:
    """Give a short text that changes with what the row says, the passing of time left out."""
    command = workflow.command
    said = (
        workflow.standing.text,
        workflow.standing.tone,
        workflow.document_name,
        workflow.modified_at,
        [wait.person_id for wait in workflow.waits],
        command and (command.pk, command.state),
    )
    return f"{crc32(repr(said).encode()):08x}"


def digest_of(workflows: Iterable[Any]) -> str:
    """Give a short text that changes whenever one of these rows reads differently."""
    said = [
        (row.pk, row.version, row.standing.note, age(row.started_at), age(row.modified_at))
        for row in workflows
    ]
    return f"{crc32(repr(said).encode()):08x}"


def tells(command: Command, workflow: Workflow) -> bool:
    """Tell whether a command still belongs on the row: open, or settled lately."""
    if command.settled_at is None or not workflow.is_running:
        return True
    return timezone.now() - command.settled_at < SHOWN_FOR


def standing_of(workflow: Workflow) -> Standing:
    """Say where a workflow stands; its waits must be there."""
    if not workflow.is_running:
        return ended(workflow)
    waits: list[Assignment] = workflow.waits  # type: ignore[attr-defined]
    if waits or workflow.open_tasks:
        return waiting_standing(workflow, waits)
    if workflow.is_locked:
        since = workflow.owned_until
        return Standing(
            text=_("Locked since %(moment)s") % {"moment": moment(since)},
            icon=REFERENCES["lock"],
            tone="danger",
            note=_("for %(age)s") % {"age": age(since)},
        )
    if workflow.is_busy:
        return Standing(
            text=_("Running now"),
            icon=REFERENCES["circle-play"],
            tone="accent",
            note=_("The portal is carrying out a step"),
        )
    return Standing(
        text=_("No open task"),
        icon=REFERENCES["timer"],
        note=_("Waiting for a timer or another system"),
    )


def waiting_standing(workflow: Workflow, waits: list[Assignment]) -> Standing:
    task = waits[0].task.name if waits else ""
    text = task or workflow.state_text
    is_overdue = workflow.overdue_at is not None and workflow.overdue_at < workflow.portal.now()
    if workflow.is_locked:
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
        note=workflow.state_text if workflow.state_text != text else "",
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
