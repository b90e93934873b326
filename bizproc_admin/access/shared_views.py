"""Changes of saved views: what others find in their menus is told of by the audit history."""

from typing import Any

from django.db import transaction

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.models import AuditEntry, SavedView


def save(view: SavedView, *, by: By) -> None:
    """Save a view as it is now, a new one or a changed one."""
    with transaction.atomic():
        before = SavedView.objects.filter(pk=view.pk).first()
        view.save()
        record(view, before=shared(before), after=shared(view), by=by)


def delete(view: SavedView, *, by: By) -> None:
    """Delete a view; others find it no more where it was shared."""
    with transaction.atomic():
        record(view, before=shared(view), after=None, by=by)
        view.delete()


def record(
    view: SavedView, *, before: dict[str, Any] | None, after: dict[str, Any] | None, by: By
) -> None:
    """Write what changed for others; nothing where they see no difference."""
    if before == after:
        return
    action = AuditAction.VIEW_CHANGED
    if before is None or after is None:
        action = AuditAction.VIEW_SHARED if after else AuditAction.VIEW_WITHDRAWN
    audit.record(
        AuditEntry.Kind.VIEW,
        action,
        by=by,
        target=view.as_target,
        facts=Facts(before=before, after=after),
    )


def shared(view: SavedView | None) -> dict[str, Any] | None:
    """Return what others see of a view; None where it is nobody else's."""
    if view is None or not view.shared_role:
        return None
    return {"name": view.name, "list": view.noun, "query": view.query, "role": view.shared_role}
