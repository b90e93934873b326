"""The audit history."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from bizproc_admin.forms.audit_entries import AuditFilterForm
from bizproc_admin.htmx import page
from bizproc_admin.models import AuditEntry
from bizproc_admin.paging import page_of
from bizproc_admin.permissions import Capability, Request, requires
from bizproc_admin.views.sentences import sentence_of

PAGE_SIZE = 50


@require_safe
@requires(Capability.SEE_AUDIT)
def audit_entry_list(request: Request) -> HttpResponse:
    filters = AuditFilterForm(request.GET)
    found = page_of(
        filters.narrow(AuditEntry.objects.with_details().order_by("-pk")),
        number=filters.value("page") or 1,
        size=PAGE_SIZE,
    )
    for entry in found.rows:
        entry.sentence = sentence_of(entry)
    context = {"filters": filters, "page": found}
    return page(request, "audit_entries/list.html", context, partial="table")


@require_safe
@requires(Capability.SEE_AUDIT)
def audit_entry_detail(request: Request, pk: int) -> HttpResponse:
    entry = get_object_or_404(AuditEntry.objects.with_details(), pk=pk)
    entry.sentence = sentence_of(entry)
    related = AuditEntry.objects.none()
    if entry.command_id:
        related = AuditEntry.objects.filter(command=entry.command_id).exclude(pk=pk).order_by("pk")
    context = {
        "entry": entry,
        "related": related,
        "is_intact": entry.detail.digest() == entry.detail_hash,
    }
    return page(request, "audit_entries/detail.html", context, partial="body")
