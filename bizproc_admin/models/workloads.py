"""How much work waits for people: counts that a list of people shows, orders and narrows by."""

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
    Value,
    When,
)
from django.db.models.functions import Coalesce

from bizproc_admin.models.accounts import LinkedPerson
from bizproc_admin.models.people import DISMISSED, Person, PersonQuerySet
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


def most_urgent_first(people: PersonQuerySet, now: datetime) -> PersonQuerySet:
    """Order people: dismissed ones whom tasks wait for, the others by their tasks, the rest."""
    return with_workload(people, now, "open_count").order_by(
        Case(
            When(DISMISSED, open_count__gt=0, then=Value(0)),
            When(DISMISSED, then=Value(2)),
            default=Value(1),
        ),
        F("open_count").desc(),
        "name",
        "pk",
    )


def having_tasks(people: PersonQuerySet, *, overdue: datetime | None = None) -> PersonQuerySet:
    """Narrow to people whom a task waits for, or one that is overdue at a moment."""
    return people.filter(Exists(parts(overdue=overdue)))


def parts(*, overdue: datetime | None = None) -> QuerySet[Assignment]:
    """Return a person's unanswered parts of open tasks, for a query of people around this one."""
    found = Assignment.objects.waiting().filter(person=OuterRef("pk"))
    return found.filter(task__overdue_at__lt=overdue) if overdue else found


def counted(rows: QuerySet[Any], *, by: str) -> Coalesce:
    """Count a person's rows in a subquery; without any it is 0."""
    count = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(count, output_field=IntegerField()), Value(0))


def left_behind(people: QuerySet[Person]) -> dict[str, int]:
    """Count the open tasks that wait for dismissed people, and those people."""
    waiting = Assignment.objects.waiting().filter(person__in=people.filter(DISMISSED))
    return waiting.aggregate(
        tasks=Count("task", distinct=True), people=Count("person", distinct=True)
    )
