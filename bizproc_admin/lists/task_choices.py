"""The choices of the inbox's filter chips, each with how many tasks it would leave."""

from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from bizproc_admin.lists.filter_form import labelled
from bizproc_admin.lists.task_filters import GROUPS, KINDS, WorkflowTaskFilterForm
from bizproc_admin.models import Assignment, Person, WorkflowTask, WorkflowTemplate

SINGLE = ("condition",)
MOST = 200


def choices_of(
    chip: str, visible: QuerySet[WorkflowTask], filters: WorkflowTaskFilterForm
) -> list[dict[str, Any]]:
    """Give a chip's choices, most frequent first: key, label, count among what is shown, chosen."""
    chosen = filters.value(chip) or []
    chosen = chosen if isinstance(chosen, list) else [chosen]
    rows = filters.scoped(visible, filters.whose_shown).order_by()
    count = COUNTS.get(chip)
    return [
        {**choice, "is_chosen": str(choice["key"]) in chosen}
        for choice in (count(rows, filters) if count else [])
    ]


def by_template(rows: Any, filters: WorkflowTaskFilterForm) -> list[dict[str, Any]]:
    named = rows.values_list("workflow__template_id", "workflow__template_copy")
    return labelled(WorkflowTemplate, named.annotate(n=Count("pk")).order_by("-n")[:MOST])


def by_starter(rows: Any, filters: WorkflowTaskFilterForm) -> list[dict[str, Any]]:
    named = rows.exclude(workflow__started_by=None).values_list(
        "workflow__started_by_id", "workflow__starter_copy"
    )
    return labelled(Person, named.annotate(n=Count("pk")).order_by("-n")[:MOST])


def by_assignee(rows: Any, filters: WorkflowTaskFilterForm) -> list[dict[str, Any]]:
    waiting = Assignment.objects.waiting().filter(task__in=rows)
    if (people := filters.scopes.get(filters.whose_shown)) is not None:
        waiting = waiting.filter(person__in=people)
    counted = (
        waiting.values_list("person_id", "person__name", "person__remote_id")
        .annotate(n=Count("pk"))
        .order_by("-n")[:MOST]
    )
    return [
        {"key": key, "label": label or _("Person %(number)s") % {"number": number}, "count": n}
        for key, label, number, n in counted
    ]


def by_kind(rows: Any, filters: WorkflowTaskFilterForm) -> list[dict[str, Any]]:
    counted = dict(rows.values_list("activity").annotate(n=Count("pk")))
    return [
        {"key": key, "label": label, "count": sum(counted.get(one, 0) for one in activities)}
        for key, (label, activities) in KINDS.items()
    ]


def by_deadline(rows: Any, filters: WorkflowTaskFilterForm) -> list[dict[str, Any]]:
    counted = rows.aggregate(**{key: Count("pk", filter=filters.test(key)) for key in GROUPS})
    return [{"key": key, "label": label, "count": counted[key]} for key, label in GROUPS.items()]


COUNTS = {
    "template": by_template,
    "starter": by_starter,
    "assignee": by_assignee,
    "kind": by_kind,
    "condition": by_deadline,
}
