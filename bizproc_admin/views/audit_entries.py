"""The audit history."""

import json

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page
from bizproc_admin.lists.audit_filters import AuditFilterForm
from bizproc_admin.lists.audit_lines import audit_lines
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.models import AuditEntry

AUDIT_ENTRIES = ListPage(
    noun="audit_entry",
    capability=Capability.SEE_AUDIT,
    template="audit_entries/list.html",
    filters=lambda request: AuditFilterForm(request.GET),
    rows=lambda request: AuditEntry.objects.visible_to(request.user),
    here=lambda request, entries: entries,
    fetched=lambda filters: AuditEntry.objects.select_related("detail", "portal", "command__task"),
    lines=lambda shown, entries: audit_lines(entries),
)


@require_safe
@requires(Capability.SEE_AUDIT)
def audit_entry_detail(request: Request, pk: int) -> HttpResponse:
    entry = get_object_or_404(AuditEntry.objects.visible_to(request.user).with_details(), pk=pk)
    related: list[AuditEntry] = []
    if entry.command_id:
        related = list(
            AuditEntry.objects.filter(command=entry.command_id)
            .exclude(pk=pk)
            .with_details()
            .order_by("pk")
        )
    line, *others = audit_lines([entry, *related])
    context = {
        "entry": entry,
        "line": line,
        "related": others,
        "is_intact": entry.detail.digest() == entry.detail_hash,
        "workflow_pk": entry.command.workflow_id if entry.command else None,
        "parts": parts_of(entry),
    }
    return page(request, "audit_entries/detail.html", context, partial="body")


def parts_of(entry: AuditEntry) -> list[dict[str, object]]:
    """Give the recorded texts and snapshots, flat ones as pairs, nested ones as JSON."""
    detail = entry.detail
    is_decision = entry.kind == AuditEntry.Kind.HUMAN_DECISION
    after = _("What was decided") if is_decision else _("What a reading showed after")
    shown = [
        ("inputs", _("What was given"), detail.inputs, True),
        ("before", _("What was known before"), detail.before, False),
        ("after", after, detail.after, False),
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


def pairs_of(value: object) -> list[tuple[str, str]]:
    """Give a flat object as pairs, nothing for one that holds others."""
    if not isinstance(value, dict) or any(isinstance(v, (dict, list)) for v in value.values()):
        return []
    return [(key, "—" if v in (None, "") else str(v)) for key, v in value.items()]
