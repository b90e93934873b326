"""The audit history."""

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page
from bizproc_admin.lists.audit_filters import AuditFilterForm
from bizproc_admin.lists.paging import Page, page_of
from bizproc_admin.models import AuditEntry
from bizproc_admin.wording.audit_entries import say

PAGE_SIZE = 50


@require_safe
@requires(Capability.SEE_AUDIT)
def audit_entry_list(request: Request) -> HttpResponse:
    filters = AuditFilterForm(request.GET)
    found = page_of(
        filters.narrow(AuditEntry.objects.visible_to(request.user).with_details().order_by("-pk")),
        number=filters.value("page") or 1,
        size=PAGE_SIZE,
    )
    say(found.rows)
    context = {"filters": filters, "page": found, "pager": pager_of(filters, found)}
    return page(request, "audit_entries/list.html", context, partial="table")


@require_safe
@requires(Capability.SEE_AUDIT)
def audit_entry_detail(request: Request, pk: int) -> HttpResponse:
    entry = get_object_or_404(AuditEntry.objects.visible_to(request.user).with_details(), pk=pk)
    related: list[Any] = []
    if entry.command_id:
        related = list(
            AuditEntry.objects.filter(command=entry.command_id)
            .exclude(pk=pk)
            .with_details()
            .order_by("pk")
        )
    say([entry, *related])
    context = {
        "entry": entry,
        "related": related,
        "is_intact": entry.detail.digest() == entry.detail_hash,
        "workflow_pk": entry.command.workflow_id if entry.command else None,
        "parts": parts_of(entry),
    }
    return page(request, "audit_entries/detail.html", context, partial="body")


# --- parts --------------------------------------------------------------------------------------


def pager_of(filters: AuditFilterForm, found: Page) -> dict[str, Any]:
    """Give the addresses of the pages around one."""

    def url(number: int | None) -> str:
        return filters.query(page=number if number > 1 else None) if number else ""

    return {
        "first": found.first,
        "last": found.last,
        "total": found.total,
        "previous_url": url(found.previous_number),
        "next_url": url(found.next_number),
        "first_url": url(1) if found.number > 2 else "",
        "last_url": url(found.pages) if found.pages > found.number + 1 else "",
    }


def parts_of(entry: AuditEntry) -> list[dict[str, Any]]:
    """Give the recorded texts and snapshots, flat ones as pairs, nested ones as JSON."""
    detail = entry.detail
    shown = [
        ("inputs", _("What was given"), detail.inputs, True),
        ("before", _("What was known before"), detail.before, False),
        ("after", _("What a reading showed after"), detail.after, False),
    ]
    return [
        {
            "id": f"entry-{key}",
            "title": title,
            "pairs": pairs_of(value),
            "text": json.dumps(value, indent=2, ensure_ascii=False),
            "is_open": is_open or bool(pairs_of(value)),
        }
        for key, title, value, is_open in shown
        if value
    ]


def pairs_of(value: Any) -> list[tuple[str, str]]:
    """Give a flat object as pairs, nothing for one that holds others."""
    if not isinstance(value, dict) or any(isinstance(v, (dict, list)) for v in value.values()):
        return []
    return [(key, "—" if v in (None, "") else str(v)) for key, v in value.items()]
