"""The choices of the filter chips, each with how many workflows it would leave."""

from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from bizproc_admin.lists.filter_form import labelled
from bizproc_admin.lists.workflow_filters import SYSTEM, WorkflowFilterForm
from bizproc_admin.models import Assignment, Person, Workflow, WorkflowTemplate

SINGLE = ("condition", "age", "idle")
MOST = 200


def choices_of(
    chip: str, visible: QuerySet[Workflow], filters: WorkflowFilterForm
) -> list[dict[str, Any]]:
    """Give a chip's choices, most frequent first: key, label, count among what is shown, chosen."""
    chosen = filters.value(chip) or []
    chosen = chosen if isinstance(chosen, list) else [chosen]
    return [
        {**choice, "is_chosen": str(choice["key"]) in chosen}
        for choice in counted_choices(chip, visible, filters)
    ]


def counted_choices(
    chip: str, visible: QuerySet[Workflow], filters: WorkflowFilterForm
) -> list[dict[str, Any]]:
    shown = WorkflowFilterForm({"show": filters.value("show") or "running"}, portal=filters.portal)
    rows = shown.narrow(visible).order_by()
    if chip in SINGLE:
        return single_choices(chip, rows, filters)
    if chip == "kind":
        labels = dict(filters.fields["kind"].choices)  # type: ignore[attr-defined]
        counted = rows.values_list("document_kind").annotate(n=Count("pk")).order_by("-n")
        return [{"key": k, "label": labels.get(k, k), "count": n} for k, n in counted]
    if chip == "template":
        named = rows.values_list("template_id", "template_copy").annotate(n=Count("pk"))
        return labelled(WorkflowTemplate, named.order_by("-n"))
    if chip == "starter":
        named = rows.values_list("started_by_id", "starter_copy").annotate(n=Count("pk"))
        choices = labelled(Person, named.order_by("-n")[:MOST])
        itself = {"key": SYSTEM, "label": _("the portal itself")}
        return [choice if choice["key"] else choice | itself for choice in choices]
    waiting = (
        Assignment.objects.filter(
            task__workflow__in=rows, task__is_open=True, status=0, gone_at=None
        )
        .values_list("person_id", "person__name", "person__remote_id")
        .annotate(n=Count("task__workflow_id", distinct=True))
        .order_by("-n")[:MOST]
    )
    return [
        {"key": k, "label": t or _("Person %(number)s") % {"number": r}, "count": n}
        for k, t, r, n in waiting
    ]


def single_choices(
    chip: str, rows: QuerySet[Workflow], filters: WorkflowFilterForm
) -> list[dict[str, Any]]:
    """Give the choices of a chip that takes one, counted in one query."""
    choices = [(k, t) for k, t in filters.fields[chip].choices if k]  # type: ignore[attr-defined]
    counts = rows.aggregate(
        **{
            f"n{i}": Count("pk", filter=filters.test(chip, key))
            for i, (key, _label) in enumerate(choices)
        }
    )
    return [
        {"key": key, "label": label, "count": counts[f"n{i}"]}
        for i, (key, label) in enumerate(choices)
    ]
