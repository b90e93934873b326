"""Where a workflow stands in its template, and where it has been, as far as its tasks tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bizproc_admin.diagrams.pictures import Part
from bizproc_admin.diagrams.steps import Step
from bizproc_admin.models import ApplicationStep, StepState, WorkflowTask
from bizproc_admin.wording.times import about, moment

Status = WorkflowTask.Status
A_MINUTE = timedelta(minutes=1)
AGREED = frozenset({Status.APPROVED, Status.DONE})
STANDING = (StepState.WAITING, StepState.PRESUMED)
# a call that may be anybody's says nothing of where a workflow stands
TOLD = frozenset(StepState) - {StepState.UNVERIFIED}
REFUSED = frozenset({Status.REJECTED, Status.DECLINED, Status.TIMED_OUT})


@dataclass(frozen=True, kw_only=True)
class Course:
    """The steps a workflow was seen at, by their names: what stands under them, and their marks."""

    feet: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    latest: Mapping[str, WorkflowTask] = field(default_factory=dict)

    def taken(self, root: Step) -> frozenset[int]:
        """Return the keys of the branches the workflow went after an answer."""
        found = set()
        for step in root.walk():
            task = self.latest.get(step.name) if step.asking and step.name else None
            outcome = "" if task is None or task.is_open else outcome_of(task)
            found |= {one.key for one in step.children if outcome and one.outcome == outcome}
        return frozenset(found)


def outcome_of(task: WorkflowTask) -> str:
    """Return which branch follows a task: "yes", "no", or nothing where it was withdrawn."""
    if task.status in AGREED:
        return "yes"
    return "no" if task.status in REFUSED else ""


def course_of(
    tasks: Iterable[WorkflowTask], steps: Iterable[ApplicationStep], now: datetime
) -> Course:
    """Return the course of a workflow from all its tasks and the steps that applications answer.

    now is the portal's clock.
    """
    by_step: dict[str, list[WorkflowTask]] = {}
    for task in tasks:
        if task.activity_name:
            by_step.setdefault(task.activity_name, []).append(task)
    latest = {
        name: max(found, key=lambda task: (task.is_open, task.modified_at, task.pk))
        for name, found in by_step.items()
    }
    feet = {name: foot_of(task, len(by_step[name]), now) for name, task in latest.items()}
    marks = {name: "here" if task.is_open else "passed" for name, task in latest.items()}
    of_steps = {step.name: step for step in steps if step.name and step.state in TOLD}
    for name, step in of_steps.items():
        feet[name] = foot_of_step(step, now)
        marks[name] = "here" if step.state in STANDING else "passed"
    return Course(feet=feet, marks=marks, latest=latest)


def foot_of_step(step: ApplicationStep, now: datetime) -> tuple[Part, ...]:
    """Return what stands under a step of an application: that it waits, or how it was settled."""
    if step.state == StepState.WAITING:
        span = max(now - step.since, timedelta(0))
        since = _("for %(span)s") % {"span": about(span)} if span >= A_MINUTE else _("just now")
        is_late = step.is_over_time_at(now)
        parts = (_("Waits for the application"), since)
        return Part(parts[0], "strong"), Part(parts[1], "late" if is_late else "")
    if step.state == StepState.PRESUMED:
        return Part(_("May wait here"), "strong"), Part(_("no call received"))
    at = step.settled_at or step.since
    return Part(step.get_state_display(), "strong"), Part(moment(at, now))


def foot_of(task: WorkflowTask, times: int, now: datetime) -> tuple[Part, ...]:
    """Return what stands under a step: that it waits here and how long, or how it was settled."""
    if task.is_open:
        span = max(now - (task.waiting_since or task.modified_at), timedelta(0))
        is_late = task.overdue_at is not None and task.overdue_at < now
        since = _("for %(span)s") % {"span": about(span)} if span >= A_MINUTE else _("just now")
        parts = [Part(_("Here now"), "strong"), Part(since, "late" if is_late else "")]
    else:
        words = task.get_status_display() if task.status else _("Withdrawn")
        parts = [Part(words, "strong"), Part(moment(task.modified_at, now))]
    if times > 1:
        parts.append(Part(ngettext("%(n)d time", "%(n)d times", times) % {"n": times}))
    return tuple(parts)
