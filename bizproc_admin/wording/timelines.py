"""What is known of a workflow's life, in order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from bizproc_admin.access.permissions import Capability, may
from bizproc_admin.models import (
    Account,
    ApplicationStep,
    Command,
    StepState,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.models.commands import TAKEN_BACK
from bizproc_admin.wording import acts
from bizproc_admin.wording.application_steps import STATES, StepNames
from bizproc_admin.wording.command_errors import command_error
from bizproc_admin.wording.commands import CALM
from bizproc_admin.wording.looks import look_of


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of the timeline.

    until is set where only a span is known: it happened between `at` and `until`. tone is "",
    accent, warn, ok or danger.
    """

    at: datetime
    text: str
    detail: str = ""
    tone: str = ""
    until: datetime | None = None
    command: Command | None = None


def timeline_of(
    workflow: Workflow,
    tasks: Iterable[WorkflowTask],
    commands: Iterable[Command],
    *,
    steps: Sequence[ApplicationStep] = (),
    viewer: Account,
    names: acts.Names,
) -> list[Event]:
    """Return a workflow's events as somebody may read them, newest first.

    names are those of the people to whom the commands of earlier versions delegate.
    """
    events = [
        Event(
            at=workflow.started_at,
            text=_("Started by %(who)s") % {"who": workflow.started_by}
            if workflow.started_by
            else _("Started by the portal itself"),
            tone="accent",
        )
    ]
    for task in tasks:
        events += task_events(task)
    called = StepNames(steps, workflow.portal)
    for step in steps:
        events += step_events(step, called)
    for command in commands:
        events += command_events(command, viewer, names)
    if not workflow.is_running and workflow.ended_before:
        events.append(
            Event(
                at=workflow.ended_after or workflow.ended_before,
                until=workflow.ended_before,
                text=workflow.get_end_cause_display() or _("Ended"),
                tone="warn" if workflow.end_cause in ("unknown", "uncertain") else "ok",
            )
        )
    # of two at the same moment the later in this list is the later one
    return sorted(events, key=lambda event: event.at)[::-1]


def task_events(task: WorkflowTask) -> list[Event]:
    parts = list(task.assignments.all())
    if task.is_open:
        asked = [part for part in parts if not part.status and part.gone_at is None]
        text = _("Waiting: %(task)s") if asked else _("%(task)s: everybody has answered")
        return [
            Event(
                at=(task.waiting_since if asked else None) or task.modified_at,
                text=text % {"task": task.name},
                detail=", ".join(str(part.person) for part in asked),
                tone="warn" if asked else "",
            )
        ]
    # whose part was given away had no share in it
    parts = [part for part in parts if part.status or part.gone_at is None or not task.status]
    names = ", ".join(str(part.person) for part in parts)
    return [
        Event(
            at=task.modified_at,
            text=_("%(task)s: %(status)s")
            % {
                "task": task.name,
                "status": task.get_status_display() if task.status else _("withdrawn"),
            },
            detail=names,
        )
    ]


def step_events(step: ApplicationStep, names: StepNames) -> list[Event]:
    """Return what is known of a step that an application answers; not what it was given."""
    values = {"step": names.title(step), "action": names.action(step)}
    if step.state == StepState.UNVERIFIED:
        return []
    if step.state == StepState.PRESUMED:
        text = _("May wait for the application: %(step)s; no call received") % values
        return [Event(at=step.since, text=text, tone="warn")]
    is_open = step.state == StepState.WAITING
    text = (
        _("Waits for the application: %(step)s")
        if is_open
        else _("Called the application: %(step)s")
    )
    events = [Event(at=step.since, text=text % values, tone="warn" if is_open else "")]
    if step.settled_at and step.state in (StepState.TIMED_OUT, StepState.ELSEWHERE):
        said = STATES[StepState(step.state)].text
        events.append(Event(at=step.settled_at, text=f"{values['step']}: {said}", tone="warn"))
    return events


def may_read_reason(command: Command, viewer: Account) -> bool:
    """Return whether a command's reason is for the viewer: their own, or of whom they check."""
    return command.actor_id == viewer.pk or may(viewer, Capability.SEE_COMMANDS)


def command_events(command: Command, viewer: Account, names: acts.Names) -> list[Event]:
    what = acts.event(command, names)
    values = {"action": what, "who": command.actor_name, "for": command.on_behalf_of}
    is_for_other = bool(command.on_behalf_of) and acts.ACTS[command.action].is_for_another
    events = [
        Event(
            at=command.requested_at,
            text=(
                _("%(action)s requested by %(who)s on behalf of %(for)s")
                if is_for_other
                else _("%(action)s requested by %(who)s")
            )
            % values,
            detail=command.reason if may_read_reason(command, viewer) else "",
            tone="accent",
            command=command,
        )
    ]
    if command.settled_at:
        events.append(
            Event(
                at=command.settled_at,
                text=f"{what}: {outcome_words(command)}",
                # elsewhere it tells of an answer that a reading has since overtaken
                detail=command_error(command) if command.word == "refused" else "",
                tone=tone_of(command),
                command=command,
            )
        )
    return events


def outcome_words(command: Command) -> str:
    """Return how a command was settled; that the world had moved on is no refusal."""
    if command.error_code == TAKEN_BACK:
        return _("taken back")
    if command.error_code in CALM and command.word != "gone":
        return _("overtaken, nothing was sent") if not command.sends else _("overtaken")
    return str(look_of(command.state).text)


def tone_of(command: Command) -> str:
    if command.error_code == TAKEN_BACK:
        return ""
    if command.error_code in CALM and command.word != "gone":
        return ""
    return {"confirmed": "ok", "delivered": "accent", "refused": "danger"}.get(command.word, "warn")
