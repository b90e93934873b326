"""What surrounds a list's rows: heads that sort, the pager, the choice of rows a page."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from bizproc_admin.lists.filter_form import SIZES, FilterForm
from bizproc_admin.lists.paging import Page
from bizproc_admin.lists.workflow_filters import SHOWN, WorkflowFilterForm

# What a column shows grows while its sort key falls: the oldest has the greatest age.
TURNED = ("started",)
# A first click on these shows the greatest first.
GREATEST_FIRST = ("started", "idle")


def heads_of(filters: WorkflowFilterForm) -> dict[str, dict[str, str]]:
    """Give each head of the list of workflows that sorts."""
    labels = {
        "template": _("Template"),
        "document": _("Document"),
        "state": _("State"),
        "waiting": _("Waiting for"),
        "starter": _("Started by"),
        "started": _("Age"),
        "idle": _("Idle"),
    }
    return sort_heads(filters, labels, turned=TURNED, greatest_first=GREATEST_FIRST)


def sort_heads(
    filters: FilterForm,
    labels: Mapping[str, str],
    *,
    turned: Collection[str] = (),
    greatest_first: Collection[str] = (),
) -> dict[str, dict[str, str]]:
    """Give each head that sorts: its label, its address and the order it stands in."""
    current = filters.sorted_by
    heads = {}
    for key, label in labels.items():
        is_current = current.lstrip("-") == key
        rises = not current.startswith("-")
        if key in turned:
            rises = not rises
        goes_up = not rises if is_current else key not in greatest_first
        sign = "" if goes_up != (key in turned) else "-"
        heads[key] = {
            "label": label,
            "url": filters.query(sort=f"{sign}{key}", page=None),
            "order": ("ascending" if rises else "descending") if is_current else "none",
        }
    return heads


def pager_of(filters: FilterForm, page: Page) -> dict[str, Any]:
    """Give the addresses of the pages around one, all anchored at the same newest row."""

    def url(number: int | None) -> str:
        if number is None:
            return ""
        return filters.query(page=number if number > 1 else None, upto=page.upto or None)

    return {
        "first": page.first,
        "last": page.last,
        "total": page.total,
        "previous_url": url(page.previous_number),
        "next_url": url(page.next_number),
        "first_url": url(1) if page.number > 2 else "",
        "last_url": url(page.pages) if page.pages > page.number + 1 else "",
        "sizes": [
            {
                "label": str(size),
                "url": filters.query(size=size, page=None, upto=None),
                "current": size == page.size,
            }
            for size in SIZES
        ],
    }


def shown_of(filters: WorkflowFilterForm) -> list[dict[str, Any]]:
    """Give the parts of the list: running, ended, all."""
    current = filters.value("show") or "running"
    return [
        {
            "key": key,
            "label": label,
            "url": filters.query(show=None if key == "running" else key, page=None, upto=None),
            "current": key == current,
        }
        for key, label in SHOWN
    ]
