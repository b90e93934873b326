"""The audit history's one writer."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from bizproc_admin.audit import first_version
from bizproc_admin.audit.acting import By
from bizproc_admin.audit.actions import AuditAction
from bizproc_admin.models import (
    AuditDetail,
    AuditEntry,
    AuditRepeat,
    AuditSequence,
    Command,
    Target,
)
from bizproc_admin.models.audit_entries import SCHEMA_VERSION

INSTALLATION = "installation"
# how long repeats of the same are counted before they are written up
REPEATS_LAST = timedelta(minutes=10)
NEXT_NUMBER = f'UPDATE "{AuditSequence._meta.db_table}" SET last = last + 1 WHERE scope = %s'  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What an entry holds besides who did what to what: codes, values, and others' own words.

    reason is what a person wrote, text what the portal said. before and after are what was known
    of the target; inputs is what was given, and under "error" the values of the error's code.
    """

    error_code: str = ""
    reason: str = ""
    text: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    attempt: int | None = None
    duration_ms: int | None = None


NOTHING_MORE = Facts()


def record(
    kind: AuditEntry.Kind,
    action: AuditAction,
    *,
    by: By,
    target: Target,
    command: Command | None = None,
    outcome: str = "ok",
    facts: Facts = NOTHING_MORE,
) -> AuditEntry:
    """Write one audit entry with its detail, numbered gaplessly within its scope.

    What happened is said in keys and values; its sentence is made when it is read. Part of the
    caller's transaction where there is one, so that the entry and what it tells of are committed
    together or not at all.
    """
    with transaction.atomic():
        line = AuditLine.of(
            kind, action, by=by, target=target, command=command, outcome=outcome, facts=facts
        )
        line.entry.seq = next_in(line.entry.scope)[0]
        line.entry.save()
        line.detail.entry = line.entry
        line.detail.save()
    return line.entry


def record_commands(
    kind: AuditEntry.Kind,
    commands: Sequence[Command],
    *,
    by: By,
    facts: Callable[[Command], Facts],
) -> None:
    """Write an entry for each of many commands of one portal, in as few statements as may be."""
    lines = [
        AuditLine.of(
            kind,
            AuditAction(command.action),
            by=by,
            target=command.as_target,
            command=command,
            outcome=command.state,
            facts=facts(command),
        )
        for command in commands
    ]
    if not lines:
        return
    with transaction.atomic():
        numbers = next_in(lines[0].entry.scope, len(lines))
        for line, number in zip(lines, numbers, strict=True):
            line.entry.seq = number
        AuditEntry.objects.bulk_create([line.entry for line in lines])
        for line in lines:
            line.detail.entry = line.entry
        AuditDetail.objects.bulk_create([line.detail for line in lines])


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """An entry with its detail as they will be written, their number apart."""

    entry: AuditEntry
    detail: AuditDetail

    @classmethod
    def of(
        cls,
        kind: AuditEntry.Kind,
        action: AuditAction,
        *,
        by: By,
        target: Target,
        command: Command | None,
        outcome: str,
        facts: Facts,
    ) -> Self:
        account = by.account
        detail = AuditDetail(
            salt=secrets.token_hex(16),
            reason=facts.reason,
            text=facts.text,
            inputs=facts.inputs,
            before=facts.before,
            after=facts.after,
        )
        entry = AuditEntry(
            schema_version=SCHEMA_VERSION,
            portal_id=target.portal_id,
            scope=f"portal:{target.portal_id}" if target.portal_id else INSTALLATION,
            recorded_at=timezone.now(),
            kind=kind,
            action=action,
            outcome=outcome,
            command=command,
            operation_id=command.bulk_id if command else None,
            attempt=facts.attempt or (command.epoch or None if command else None),
            actor=account,
            actor_name=(account.name_or_login if account else by.name)[:255],
            actor_role=account.role.value if account and account.role else "",
            origin=by.origin,
            ip=by.ip,
            target_kind=target.kind,
            target_id=target.id,
            target_label=target.label,
            on_behalf_of=command.on_behalf_of[:255] if command else "",
            error_code=facts.error_code,
            duration_ms=facts.duration_ms,
            detail_hash=detail.digest(),
        )
        return cls(entry=entry, detail=detail)


def record_once(
    kind: AuditEntry.Kind,
    action: AuditAction,
    *,
    what: str,
    by: By,
    target: Target,
    outcome: str,
    error_code: str = "",
) -> None:
    """Write an entry that anybody can cause at will: at once, and its repeats as one more line.

    The same is the same kind, account (or address), and `what`. Repeats within ten minutes are
    counted; close_repeats writes them up.
    """
    now = timezone.now()
    values = {
        "action": action,
        "actor_name": by.name,
        "ip": by.ip,
        "target_kind": target.kind,
        "target_id": target.id,
        "target_label": target.label,
        "outcome": outcome,
        "error_code": error_code,
    }
    key = f"{kind}:{by.account.pk if by.account else by.ip}:{what}"[:200]
    living = AuditRepeat.objects.filter(key=key, began_at__gt=now - REPEATS_LAST)
    if living.update(count=F("count") + 1, last_at=now, values=values):
        return
    close_repeats(key=key)
    with transaction.atomic():
        _row, is_first = AuditRepeat.objects.get_or_create(
            key=key,
            defaults={
                "kind": kind,
                "portal_id": target.portal_id,
                "actor": by.account,
                "values": values,
                "began_at": now,
                "last_at": now,
            },
        )
        if is_first:
            facts = Facts(error_code=error_code)
            record(kind, action, by=by, target=target, outcome=outcome, facts=facts)
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
    values = row.values
    target = Target(
        kind=values.get("target_kind", ""),
        id=values.get("target_id", ""),
        label=values.get("target_label", ""),
        portal_id=row.portal_id,
    )
    action = first_version.read(row.kind, values.get("action", ""), target_kind=target.kind)
    if action is None:  # begun by a later version: that one knows what it is
        return
    record(
        AuditEntry.Kind(row.kind),
        action,
        by=By(account=row.actor, ip=values.get("ip"), name=values.get("actor_name", "")),
        target=target,
        outcome=values.get("outcome", ""),
        facts=Facts(
            error_code=values.get("error_code", ""),
            inputs={
                "repeats": row.count,
                "since": row.began_at.isoformat(),
                "until": row.last_at.isoformat(),
            },
        ),
    )


def next_in(scope: str, count: int = 1) -> range:
    """Take the next numbers of a scope; its row stays locked until the transaction ends.

    A sequence goes up by one and no more, whoever asks.
    """
    updated = AuditSequence.objects.filter(scope=scope).update(last=F("last") + 1)
    if not updated:
        if connection.vendor == "postgresql":
            AuditSequence.objects.bulk_create(
                [AuditSequence(scope=scope, last=0)], ignore_conflicts=True
            )
            AuditSequence.objects.filter(scope=scope).update(last=F("last") + 1)
        else:
            AuditSequence.objects.create(scope=scope, last=1)
    if count > 1:
        with connection.cursor() as cursor:
            cursor.executemany(NEXT_NUMBER, [(scope,)] * (count - 1))
    last = AuditSequence.objects.get(scope=scope).last
    return range(last - count + 1, last + 1)
