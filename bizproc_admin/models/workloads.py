"""How much work waits for people: counts that a list of people shows, orders and narrows by."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from bizproc_admin.models import counting
from bizproc_admin.models.accounts import Account, LinkedPerson
from bizproc_admin.models.counting import are_more, glance_of, kept_count, key_of
from bizproc_admin.models.people import DISMISSED, PersonQuerySet
from bizproc_admin.models.person_figures import PersonFigures
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.workflow_tasks import Assignment
from bizproc_admin.models.workflows import Workflow


def with_workload(people: PersonQuerySet, now: datetime, *names: str) -> PersonQuerySet:
    """Annotate people with what is named of their workload, by default with all of it.

    open_count and overdue_count are of workflow tasks they have not answered, running_count is of
    workflows they started, signed_in_at is their last sign-in here. now is the portal's clock.
    """
    known = workload(now)
    return people.annotate(**{name: known[name] for name in names or known})


def workload(now: datetime) -> dict[str, Any]:
    account = LinkedPerson.objects.filter(person=OuterRef("pk"))
    return {
        "open_count": counted(parts(), by="person"),
        "overdue_count": counted(parts(overdue=now), by="person"),
        "running_count": counted(
            Workflow.objects.running().filter(started_by=OuterRef("pk")), by="started_by"
        ),
        "signed_in_at": Subquery(account.values("user__last_login")[:1]),
    }


def with_counts(
    people: PersonQuerySet, portal: Portal | None, now: datetime, *names: str
) -> PersonQuerySet:
    """Annotate people of one portal with the same, all of them to be shown or ordered by it.

    A subquery for each would read a million rows one by one: where very many workflows run, what
    the workers counted last is told, else all people are counted at once to be ordered.
    """
    names = names or (*GROUPED, "signed_in_at")
    live = [name for name in names if name not in GROUPED]
    if are_counted(portal):
        people = people.annotate(**{name: FIGURES[name] for name in names if name in GROUPED})
    else:
        live = list(names)
    return with_workload(people, now, *live) if live else people


def are_counted(portal: Portal | None) -> bool:
    """Tell whether so much runs at a portal that what the workers counted last is told of it.

    Nothing is until they have: a first copy of very many is counted when it is asked for.
    """
    return (
        portal is not None
        and are_many(portal)
        and PersonFigures.objects.filter(person__portal=portal).exists()
    )


def are_many(portal: Portal) -> bool:
    """Tell whether more run at a portal than a page can wait to be counted."""
    return are_more(Workflow.objects.at(portal).running(), counting.MANY)


def running_count(account: Account, portal: Portal) -> int:
    """Count what runs at a portal and an account may see, as far as every page waits for it."""
    rows = Workflow.objects.visible_to(account).at(portal).running()
    if not account.sees_all and are_many(portal):
        return kept_count(key_of("glance", account, portal), rows, count=glance_of)
    return kept_count(key_of("running", account, portal), rows)


def are_to_be_counted(portal: Portal) -> bool:
    """Tell whether the workers count a portal: from half as many on as it is told of."""
    return are_more(Workflow.objects.at(portal).running(), counting.MANY // 2)


def with_count(
    people: PersonQuerySet, portal: Portal | None, now: datetime, name: str
) -> PersonQuerySet:
    """Annotate all people with one figure of their workload, to be ordered by."""
    if name not in GROUPED or are_counted(portal):
        return with_counts(people, portal, now, name)
    people_of: dict[int, list[int]] = {}
    for person, count in GROUPED[name](portal, now):
        people_of.setdefault(count, []).append(person)
    cases = [When(pk__in=keys, then=Value(count)) for count, keys in people_of.items()]
    # a mere 0, where nobody has any, would be the number of a column to PostgreSQL
    number = Cast(Case(*cases, default=Value(0)), IntegerField())
    return people.annotate(**{name: number})


def count_people(portal: Portal) -> None:
    """Count the workload of everybody at a portal; what is as before is not written again."""
    now = portal.now()
    counts: dict[int, dict[str, int]] = {}
    for name, counted_by in GROUPED.items():
        for person, count in counted_by(portal, now):
            counts.setdefault(person, {})[name.removesuffix("_count")] = count
    known = PersonFigures.objects.filter(person__portal=portal).in_bulk()
    figures = [PersonFigures(person_id=key, **counts.get(key, {})) for key in counts | known]
    changed = [one for one in figures if one.counts != getattr(known.get(one.pk), "counts", None)]
    PersonFigures.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["open", "overdue", "running"],
        batch_size=1000,
    )


def waiting_by_person(portal: Portal | None, now: datetime) -> QuerySet[Any, tuple[int, int]]:
    waiting = Assignment.objects.waiting().filter(task__portal=portal)
    return waiting.order_by().values_list("person").annotate(Count("pk"))


def overdue_by_person(portal: Portal | None, now: datetime) -> QuerySet[Any, tuple[int, int]]:
    return waiting_by_person(portal, now).filter(task__overdue_at__lt=now)


def running_by_person(portal: Portal | None, now: datetime) -> QuerySet[Any, tuple[int, int]]:
    started = Workflow.objects.at(portal).running().exclude(started_by=None)
    return started.order_by().values_list("started_by").annotate(Count("pk"))


GROUPED: dict[str, Callable[[Portal | None, datetime], QuerySet[Any, tuple[int, int]]]] = {
    "open_count": waiting_by_person,
    "overdue_count": overdue_by_person,
    "running_count": running_by_person,
}


FIGURES = {
    name: Coalesce(F(f"figures__{name.removesuffix('_count')}"), Value(0)) for name in GROUPED
}


def most_urgent_first(
    people: PersonQuerySet, portal: Portal | None, now: datetime
) -> PersonQuerySet:
    """Order people: dismissed ones whom tasks wait for, the others by their tasks, the rest."""
    return with_count(people, portal, now, "open_count").order_by(
        Case(
            When(DISMISSED, open_count__gt=0, then=Value(0)),
            When(DISMISSED, then=Value(2)),
            default=Value(1),
        ),
        F("open_count").desc(),
        "name",
        "pk",
    )


def having_tasks(
    people: PersonQuerySet, portal: Portal | None, *, overdue: datetime | None = None
) -> PersonQuerySet:
    """Narrow to people whom a task waits for, or one that is overdue at a moment."""
    if are_counted(portal):
        return (
            people.filter(figures__overdue__gt=0) if overdue else people.filter(figures__open__gt=0)
        )
    return people.filter(Exists(parts(overdue=overdue)))


def parts(*, overdue: datetime | None = None) -> QuerySet[Assignment]:
    """Return a person's unanswered parts of open tasks, for a query of people around this one."""
    found = Assignment.objects.waiting().filter(person=OuterRef("pk"))
    return found.filter(task__overdue_at__lt=overdue) if overdue else found


def counted(rows: QuerySet[Any], *, by: str) -> Coalesce:
    """Count a person's rows in a subquery; without any it is 0."""
    count = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(count, output_field=IntegerField()), Value(0))


def left_behind(people: PersonQuerySet, portal: Portal | None) -> dict[str, int]:
    """Count the open tasks that wait for dismissed people, and those people.

    Where the workers count, a task that waits for two of them is two.
    """
    leavers = people.filter(DISMISSED)
    if are_counted(portal):
        figures = PersonFigures.objects.filter(person__in=leavers, open__gt=0)
        return figures.aggregate(tasks=Coalesce(Sum("open"), 0), people=Count("pk"))
    waiting = Assignment.objects.waiting().filter(person__in=leavers)
    return waiting.aggregate(
        tasks=Count("task", distinct=True), people=Count("person", distinct=True)
    )
