"""The choices of a filter by whom something waits for: the people of open assignments."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count, OuterRef, QuerySet
from django.utils.translation import gettext as _

from bizproc_admin.lists.chips import MOST, Counts
from bizproc_admin.lists.column_choices import named_among
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Assignment, Person, counting
from bizproc_admin.models.searching import searchable
from bizproc_admin.models.workflow_tasks import AssignmentQuerySet


def waiting_people(
    filters: FilterForm[Any],
    rows: QuerySet[Any],
    *,
    of: str,
    among: Collection[int] | None = None,
) -> Counts:
    """Return key, name and count of the people that rows wait for, the busiest first.

    of is where an assignment has its row; among are the keys of people, None for everybody.
    """
    waiting = Assignment.objects.waiting()
    if among is not None:
        waiting = waiting.filter(person__in=among)
    if not filters.is_sampled:
        # named here: a database that first looks for names reads the assignments of all of them
        text = searchable(filters.finds)
        counted = busiest(waiting.filter(**{f"{of}__in": rows.order_by()}), of)
        return [one for one in counted if text in searchable(str(one[1]))][:MOST]
    # by their keys, so that no more than these are looked at
    latest = list(filters.some(rows).values_list("pk", flat=True)[: counting.SAMPLED])
    found = busiest(waiting.filter(**{f"{of}__in": latest}), of)
    if not filters.finds:
        return found[:MOST]
    of_person = waiting.filter(person=OuterRef("pk"), **{f"{of}__in": rows.order_by()})
    counts = {key: number for key, _name, number in found}
    return named_among(Person, filters.portal, filters.finds, of_person, counts)


def busiest(waiting: AssignmentQuerySet, of: str) -> Counts:
    found = (
        waiting.order_by()
        .values_list("person_id", "person__name", "person__remote_id")
        .annotate(n=Count(of, distinct=True))
        .order_by("-n")
    )
    return [
        (key, name or _("Person %(number)s") % {"number": number}, n)
        for key, name, number, n in found
    ]
