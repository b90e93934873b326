"""The audit history."""

import json

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page, part
from bizproc_admin.lists.audit_filters import AuditFilterForm
from bizproc_admin.lists.audit_lines import AuditLine, AuditRow, audit_lines, audit_rows
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.shown import Shown
from bizproc_admin.models import AuditEntry

Rows = Shown[AuditFilterForm, AuditEntry, AuditRow]

AUDIT_ENTRIES = ListPage(
    noun="audit_entry",
    capability=Capability.SEE_AUDIT,
    template="audit_entries/list.html",
    filters=lambda request: AuditFilterForm(request.GET),
    rows=lambda request: AuditEntry.objects.visible_to(request.user).beginning(),
    here=lambda request, entries: entries,
    fetched=lambda filters: AuditEntry.objects.select_related("detail", "portal", "command__task"),
    lines=lambda shown, entries: audit_rows(entries),
    columns={
        "outcome": gettext_lazy("Outcome"),
        "who": gettext_lazy("Who"),
        "when": gettext_lazy("When"),
    },
)


@require_safe
@requires(Capability.SEE_AUDIT)
def audit_entry_detail(request: Request, pk: int) -> HttpResponse:
    entry = get_object_or_404(AuditEntry.objects.visible_to(request.user).with_details(), pk=pk)
    steps = steps_of(entry)
    line = next((line for line in steps if line.pk == pk), None) or audit_lines([entry])[0]
    shown = Shown(AUDIT_ENTRIES, request)
    context = {
        "entry": entry,
        "line": line,
        "steps": steps,
        "list": shown,
        "neighbours": neighbours_of(steps[0].entry if steps else entry, shown),
        "is_intact": entry.detail.digest() == entry.detail_hash,
        "workflow_pk": entry.command.workflow_id if entry.command else None,
        "parts": parts_of(entry),
    }
    return page(request, "audit_entries/detail.html", context, partial="body")


@require_safe
@requires(Capability.SEE_AUDIT)
def audit_entry_steps(request: Request, pk: int) -> HttpResponse:
    """Answer with the steps of a row's command, folded in the list until they are opened."""
    entry = get_object_or_404(AuditEntry.objects.visible_to(request.user), pk=pk)
    context = {"steps": steps_of(entry), "list": Shown(AUDIT_ENTRIES, request)}
    return part(request, "audit_entries/detail.html", "steps", context)


def steps_of(entry: AuditEntry) -> list[AuditLine]:
    """Return all entries of an entry's command in words, in their order; nothing without one."""
    if entry.command_id is None:
        return []
    entries = AuditEntry.objects.filter(command=entry.command_id).with_details()
    return audit_lines(list(entries.order_by("pk")))


def neighbours_of(row: AuditEntry, shown: Rows) -> tuple[int | None, int | None]:
    """Return the keys of the rows before and after one, in the list as it is filtered."""
    rows = shown.filters.narrow(AuditEntry.objects.visible_to(shown.request.user).beginning())
    newer = rows.filter(pk__gt=row.pk).order_by("pk").values_list("pk", flat=True).first()
    older = rows.filter(pk__lt=row.pk).order_by("-pk").values_list("pk", flat=True).first()
    return newer, older


def parts_of(entry: AuditEntry) -> list[dict[str, object]]:
    """Give the recorded texts and snapshots, flat ones as pairs, nested ones as JSON."""
    detail = entry.detail
    before, after = _("What was known before"), _("What a reading showed after")
    if entry.kind == AuditEntry.Kind.HUMAN_DECISION:
        after = _("What was decided")
    if entry.kind == AuditEntry.Kind.VIEW:
        before, after = _("What others saw before"), _("What others see since")
    shown = [
        ("inputs", _("What was given"), detail.inputs, True),
        ("before", before, detail.before, False),
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
