"""How long open workflow tasks wait at each step of a template."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Protocol
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from bizproc_admin.diagrams.pictures import Part
from bizproc_admin.wording.times import about

FIELDS = ("activity_name", "name", "waiting_since", "modified_at", "overdue_at")
# steps that one address names
MOST_STEPS = 50


class Waiting(Protocol):
    """What is needed of an open task: of thousands whole rows would be read for nothing."""

    @property
    def activity_name(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def waiting_since(self) -> datetime | None: ...
    @property
    def modified_at(self) -> datetime: ...
    @property
    def overdue_at(self) -> datetime | None: ...


@dataclass(frozen=True, kw_only=True)
class StepWait:
    """What waits at one step: how many, the middle and the longest wait, whether that is late.

    name is the step's on the portal, task the name of one of its tasks.
    """

    name: str
    task: str
    count: int
    middle: timedelta
    longest: timedelta
    is_late: bool

    @property
    def foot(self) -> tuple[Part, ...]:
        """Return what stands under the step in a diagram."""
        return (
            Part(str(self.count), "strong"),
            Part(_("wait") if self.count != 1 else _("waits")),
            Part(_("median %(span)s") % {"span": about(self.middle)}),
            Part(_("max %(span)s") % {"span": about(self.longest)}, "late" if self.is_late else ""),
        )


def step_waits(tasks: Iterable[Waiting], now: datetime) -> dict[str, StepWait]:
    """Return what waits at each step, by the step's name; tasks are open, now the portal's."""
    by_step: dict[str, list[Waiting]] = {}
    for task in tasks:
        by_step.setdefault(task.activity_name, []).append(task)
    return {name: _wait(name, waiting, now) for name, waiting in by_step.items()}


def _wait(name: str, tasks: list[Waiting], now: datetime) -> StepWait:
    since = [task.waiting_since or task.modified_at for task in tasks]
    spans = [max(timedelta(0), now - one) for one in since]
    longest = max(range(len(tasks)), key=lambda place: spans[place])
    overdue_at = tasks[longest].overdue_at
    return StepWait(
        name=name,
        task=tasks[longest].name,
        count=len(tasks),
        middle=timedelta(seconds=median(span.total_seconds() for span in spans)),
        longest=spans[longest],
        is_late=overdue_at is not None and overdue_at < now,
    )


@dataclass(frozen=True, kw_only=True)
class HomelessWait:
    """Tasks of one name that wait at steps which are in a template no longer; query finds them."""

    task: str
    count: int
    query: str


def homeless_waits(waits: Iterable[StepWait], names: Container[str]) -> list[HomelessWait]:
    """Return what waits at steps that are not among the names, by the names of the tasks."""
    by_task: dict[str, list[StepWait]] = {}
    for wait in waits:
        if wait.name not in names:
            by_task.setdefault(wait.task, []).append(wait)
    return [
        HomelessWait(
            task=task,
            count=sum(one.count for one in found),
            query=urlencode([("step", one.name) for one in found[:MOST_STEPS]]),
        )
        for task, found in by_task.items()
    ]
