"""The choices of a filter that compares a column: its values, each with its number of rows."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from bizproc_admin.lists.chips import MOST, Column, Counts
from bizproc_admin.models import Person, Portal, WorkflowTemplate
from bizproc_admin.models.searching import searchable


def grouped(column: Column, rows: QuerySet[Any], *, finds: str) -> Counts:
    """Return key, label and number of rows of a column's values, most frequent first.

    Where finds is not empty, those whose label holds it.
    """
    label = column.label or column.key
    if finds and column.label:
        rows = rows.filter(**{f"{label}__folds": finds})
    named = rows.order_by().values_list(column.key, label)
    return list(named.annotate(n=Count("pk")).order_by("-n")[:MOST])


def among(
    some: QuerySet[Any], column: Column, rows: QuerySet[Any], *, portal: Portal | None, finds: str
) -> Counts:
    """Return the same of some of the rows; what is looked for by name is found in all of them.

    That reads as many rows of a million as it does of ten thousand.
    """
    counts = Counter(some.values_list(column.key, column.label or column.key))
    found: Counts = [(key, label, n) for (key, label), n in counts.most_common()]
    if not (finds and column.label):
        return found[:MOST]
    if column.names is None:
        text = searchable(finds)
        return [one for one in found if text in searchable(str(one[1]))][:MOST]
    of_key = rows.order_by().filter(**{column.key: OuterRef("pk")})
    known = {key: n for key, _label, n in found}
    return named_among(column.names, portal, finds, of_key, known)


def named_among(
    names: type[Person | WorkflowTemplate],
    portal: Portal | None,
    text: str,
    rows: QuerySet[Any],
    counts: Mapping[Any, int | None],
) -> Counts:
    """Return key, name and count of those whose name holds a text and of whom there are rows.

    The rows are those of one of them (OuterRef); who has no count comes last.
    """
    found = names._default_manager.filter(Exists(rows), portal=portal, name__folds=text)
    named = [(key, name, counts.get(key)) for key, name in found.values_list("pk", "name")[:MOST]]
    return sorted(named, key=lambda one: (-(one[2] or 0), one[1]))
