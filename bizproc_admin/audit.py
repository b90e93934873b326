"""The audit history's one writer."""

import ipaddress
import secrets
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from bizproc_admin.models import (
    Account,
    AuditDetail,
    AuditEntry,
    AuditSequence,
    Command,
    Portal,
)

INSTALLATION = "installation"


def record(
    kind: AuditEntry.Kind,
    *,
    actor: Account | None,
    action: str = "",
    outcome: str = "",
    portal: Portal | None = None,
    command: Command | None = None,
    attempt: int | None = None,
    target_kind: str = "",
    target_id: str = "",
    target_label: str = "",
    on_behalf_of: str = "",
    error_code: str = "",
    duration_ms: int | None = None,
    origin: str = "screen",
    ip: str | None = None,
    reason: str = "",
    text: str = "",
    inputs: dict[str, Any] | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    actor_name: str = "",
) -> AuditEntry:
    """Write one audit entry with its detail, numbered gaplessly within its scope.

    Part of the caller's transaction where there is one, so that the entry and what it tells of
    are committed together or not at all.
    """
    with transaction.atomic():
        scope = f"portal:{portal.pk}" if portal else INSTALLATION
        detail = AuditDetail(
            salt=secrets.token_hex(16),
            reason=reason,
            text=text,
            inputs=inputs or {},
            before=before,
            after=after,
        )
        entry = AuditEntry(
            portal=portal,
            scope=scope,
            seq=next_in(scope),
            recorded_at=timezone.now(),
            kind=kind,
            action=action,
            outcome=outcome,
            command=command,
            attempt=attempt,
            actor=actor,
            actor_name=(actor.display_name if actor else actor_name)[:255],
            actor_role=actor.role.value if actor and actor.role else "",
            origin=origin,
            ip=ip,
            target_kind=target_kind,
            target_id=target_id,
            target_label=target_label,
            on_behalf_of=on_behalf_of[:255],
            error_code=error_code,
            duration_ms=duration_ms,
            detail_hash=detail.digest(),
        )
        entry.save()
        detail.entry = entry
        detail.save()
    return entry


def ip_of(request: HttpRequest) -> str | None:
    """Give the address a request came from: as the trusted proxy tells it, where there is one."""
    told = request.headers.get("X-Forwarded-For", "") if settings.TRUSTED_PROXY else ""
    # the proxy adds its own visitor at the end; what stands before, anybody may have written
    text = told.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def next_in(scope: str) -> int:
    """Take the next number of a scope; its row stays locked until the transaction ends."""
    updated = AuditSequence.objects.filter(scope=scope).update(last=F("last") + 1)
    if not updated:
        if connection.vendor == "postgresql":
            AuditSequence.objects.bulk_create(
                [AuditSequence(scope=scope, last=0)], ignore_conflicts=True
            )
            AuditSequence.objects.filter(scope=scope).update(last=F("last") + 1)
        else:
            AuditSequence.objects.create(scope=scope, last=1)
    return AuditSequence.objects.get(scope=scope).last
