"""What needs somebody now: commands in doubt, locks, what is overdue, what leavers left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils import timezone

from bizproc_admin.access.permissions import Capability, may
from bizproc_admin.lists.workflow_lines import WorkflowLine
from bizproc_admin.models import (
    Account,
    Assignment,
    Command,
    CommandState,
    Person,
    PersonFigures,
    Portal,
)
from bizproc_admin.models.commands import TAKEN_BACK
from bizproc_admin.models.counting import count_of
from bizproc_admin.models.workloads import are_counted, left_behind

# the refusals of so long are told, as the list of commands narrows to them
LATELY = timedelta(days=1)
MOST_PEOPLE = 5


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """How many tasks of one person are past their deadline."""

    pk: int
    name: str
    tasks: int


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What needs an account now on one portal; each number leads to a list.

    left are the commands that wait for a person's word for long, how many and since when; locks
    are the longest ones of all that locked counts; overdue are the people with most tasks past
    their deadline, whose list is which part of the inbox; behind is what leavers left.
    """

    unknown: int = 0
    refused: int = 0
    left: dict[str, object] = field(default_factory=dict)
    locked: int = 0
    locks: Sequence[WorkflowLine] = ()
    overdue: Sequence[Overdue] = ()
    whose: str = "everybody"
    behind: dict[str, int] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        return not (
            self.unknown or self.refused or self.locked or self.overdue or self.behind.get("tasks")
        )


def needs_of(
    account: Account, portal: Portal, *, now: datetime, locked: int, locks: Sequence[WorkflowLine]
) -> Needs:
    """Return what needs an account now; now is the portal's clock."""
    commands = Command.objects.visible_to(account).filter(portal=portal)
    sees_commands = may(account, Capability.SEE_COMMANDS)
    lately = commands.filter(requested_at__gt=timezone.now() - LATELY)
    refused = lately.filter(state__in=CommandState.of_words("refused"))
    return Needs(
        unknown=count_of(commands.filter(state__in=CommandState.of_words("unknown")))
        if sees_commands
        else 0,
        refused=count_of(refused.exclude(error_code=TAKEN_BACK)) if sees_commands else 0,
        left=commands.left_to_people(timezone.now()).aggregate(
            count=Count("pk"), oldest=Min("sent_at")
        )
        if sees_commands
        else {},
        locked=locked,
        locks=locks,
        overdue=overdue_by_person(account, portal, now=now),
        whose="everybody" if account.sees_all else "team",
        behind=left_behind(Person.objects.at(portal), portal)
        if may(account, Capability.ACT_FOR_OTHERS)
        else {},
    )


def overdue_by_person(account: Account, portal: Portal, *, now: datetime) -> list[Overdue]:
    """Return whose tasks are past their deadline, most first."""
    if not may(account, Capability.SEE_PEOPLE):
        return []
    people = Person.objects.visible_to(account).at(portal)
    if are_counted(portal):
        figures = PersonFigures.objects.filter(person__in=people, overdue__gt=0)
        most = figures.order_by("-overdue", "person")[:MOST_PEOPLE]
        counted = {one.person_id: one.overdue for one in most}
    else:
        parts = Assignment.objects.waiting().filter(task__overdue_at__lt=now, person__in=people)
        rows = parts.values_list("person").annotate(n=Count("pk")).order_by("-n", "person")
        counted = dict(rows[:MOST_PEOPLE])
    names = Person.objects.in_bulk(counted)
    return [Overdue(pk=pk, name=str(names[pk]), tasks=n) for pk, n in counted.items()]
