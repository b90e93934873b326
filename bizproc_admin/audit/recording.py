"""The audit history's one writer."""

import ipaddress
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from bizproc_admin.audit import first_version
from bizproc_admin.audit.actions import AuditAction
from bizproc_admin.models import (
    Account,
    AuditDetail,
    AuditEntry,
    AuditRepeat,
    AuditSequence,
    Command,
    Portal,
)
from bizproc_admin.models.audit_entries import SCHEMA_VERSION

INSTALLATION = "installation"
# how long repeats of the same are counted before they are written up
REPEATS_LAST = timedelta(minutes=10)


def record(
    kind: AuditEntry.Kind,
    action: AuditAction,
    *,
    actor: Account | None,
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

    What happened is said in keys and values; text is the portal's own, kept in its words. Part of
    the caller's transaction where there is one, so that the entry and what it tells of are
    committed together or not at all.
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
            schema_version=SCHEMA_VERSION,
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
            actor_name=(actor.name_or_login if actor else actor_name)[:255],
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


def record_once(
    kind: AuditEntry.Kind,
    action: AuditAction,
    *,
    what: str,
    actor: Account | None,
    portal: Portal | None = None,
    ip: str | None = None,
    **values: str,
) -> None:
    """Write an entry that anybody can cause at will: at once, and its repeats as one more line.

    The same is the same kind, account (or address), and `what`. Repeats within ten minutes are
    counted; close_repeats writes them up.
    """
    now, entry = timezone.now(), dict[str, Any](values, ip=ip)
    row = {**entry, "action": action}
    key = f"{kind}:{actor.pk if actor else ip}:{what}"[:200]
    living = AuditRepeat.objects.filter(key=key, began_at__gt=now - REPEATS_LAST)
    if living.update(count=F("count") + 1, last_at=now, values=row):
        return
    close_repeats(key=key)
    with transaction.atomic():
        _row, is_first = AuditRepeat.objects.get_or_create(
            key=key,
            defaults={
                "kind": kind,
                "portal": portal,
                "actor": actor,
                "values": row,
                "began_at": now,
                "last_at": now,
            },
        )
        if is_first:
            record(kind, action, actor=actor, portal=portal, **entry)
        else:
            living.update(count=F("count") + 1, last_at=now)


def close_repeats(**which: str) -> None:
    """Write up the repeats whose ten minutes are over: one line each, which says how many."""
    over = timezone.now() - REPEATS_LAST
    for row in AuditRepeat.objects.filter(began_at__lte=over, **which).select_related(
        "actor", "portal"
    )[:100]:
        with transaction.atomic():
            deleted, _kinds = AuditRepeat.objects.filter(pk=row.pk, count=row.count).delete()
            if deleted and row.count:
                write_up(row)


def write_up(row: AuditRepeat) -> None:
    """Write the line that says how many repeats a row has counted, whichever version began it."""
    values = dict(row.values)
    action = first_version.read(
        row.kind, values.pop("action", ""), target_kind=values.get("target_kind", "")
    )
    if action is None:  # begun by a later version: that one knows what it is
        return
    record(
        AuditEntry.Kind(row.kind),
        action,
        actor=row.actor,
        portal=row.portal,
        inputs={
            "repeats": row.count,
            "since": row.began_at.isoformat(),
            "until": row.last_at.isoformat(),
        },
        **values,
    )


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
