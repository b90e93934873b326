"""Many commands asked for at once: prepared first, kept in portions, sent when all are there."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.utils import timezone

from bizproc_admin import audit, doorbell
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import Action, NotPossible
from bizproc_admin.audit import By
from bizproc_admin.commands.issuing import KeyReused, digest_of, facts_of_intent, refuse, row_of
from bizproc_admin.commands.transitions import cancel
from bizproc_admin.models import (
    Account,
    AuditEntry,
    BulkOperation,
    BulkState,
    Command,
    CommandState,
)
from bizproc_admin.models.commands import BULK

log = logging.getLogger(__name__)

# so many are committed at once: on SQLite a click waits for that
AT_ONCE = 50
# SQLite's write wait is not fair: who waits looks again after up to 0.1 s. Between two commits
# others get as long as the last one took, and this at least
BREATH = 0.02
# nobody prepares an operation any more that has not grown for so long
ABANDONED_AFTER = timedelta(minutes=10)
DROPPED_AT_ONCE = 200
# a command as it will be kept, and the action it is made from
Pair = tuple[Command, Action]


class OperationClosed(Exception):
    """The operation is prepared no more: it was dropped, or another call has finished it."""


def issue_many(actions: Sequence[Action], *, by: By, key: UUID) -> BulkOperation:
    """Record the intents of one kind of action on many targets of a portal, and ring once for all.

    Nothing is sent before the last is there. The same key goes on where an earlier call broke off,
    and gives the same operation; what stands in the way of a target leaves that out, by name.
    Raises PermissionDenied (audited), NotPossible, KeyReused or OperationClosed.
    """
    by = replace(by, origin=BULK)
    rows = rows_of(actions, by=by, key=key)
    first, pairs = actions[0], list(rows.values())
    if not may(by.somebody, first.capability):
        refuse(pairs[0][0], first, by=by)
    person = first.acts_as(by.somebody)
    operation = begin(first, [command for command, _action in pairs], by=by, key=key)
    if operation.state != BulkState.PREPARING:
        return operation
    left_out: list[dict[str, Any]] = []
    for command, _action in pairs:
        command.bulk, command.as_person = operation, person
    for portion in portions(pairs):
        left_out += keep(operation, portion, by=by)
    finish(operation, left_out)
    return operation


def rows_of(actions: Sequence[Action], *, by: By, key: UUID) -> dict[UUID, Pair]:
    """Return the commands to be kept with their actions, by keys that a second call makes again."""
    if not actions:
        raise ValueError("an operation acts on something")
    rows = {}
    for action in actions:
        if type(action) is not type(actions[0]) or action.portal != actions[0].portal:
            raise ValueError("an operation is one kind of action on one portal")
        if action.contents:
            raise ValueError("files belong to one answer, not to an operation")
        own = uuid5(key, f"{action.effect} {action.target_id}")
        rows[own] = (row_of(action, by=by, key=own), action)
    return rows


def begin(action: Action, commands: Sequence[Command], *, by: By, key: UUID) -> BulkOperation:
    """Return the operation of a key: a new one, or the one that a call before has begun."""
    digest = digest_of(sorted(command.digest for command in commands))
    with transaction.atomic(durable=True):
        operation, _is_new = BulkOperation.objects.get_or_create(
            key=key,
            defaults={
                "digest": digest,
                "portal": action.portal,
                "action": action.name,
                "actor": by.somebody,
                "total": len(commands),
                "touched_at": timezone.now(),
            },
        )
    if operation.digest != digest:
        raise KeyReused
    if operation.state == BulkState.DROPPED:
        raise OperationClosed
    return operation


def portions(pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
    """Return what is committed at once, with a breath between two for whoever waits to write."""
    for start in range(0, len(pairs), AT_ONCE):
        began = time.monotonic()
        yield pairs[start : start + AT_ONCE]
        if connection.vendor == "sqlite" and start + AT_ONCE < len(pairs):
            time.sleep(max(BREATH, time.monotonic() - began))


def keep(operation: BulkOperation, portion: Sequence[Pair], *, by: By) -> list[dict[str, Any]]:
    """Commit one portion with its audit entries; return whom it leaves out, and why."""
    own = Command.objects.filter(bulk=operation, key__in=[command.key for command, _ in portion])
    with transaction.atomic(durable=True):
        touch(operation)
        earlier = set(own.values_list("key", flat=True))
        fresh = [pair for pair in portion if pair[0].key not in earlier]
        obstacles = obstacles_of(fresh, by.somebody)
        clear = [command for command, _action in fresh if command.key not in obstacles]
        # what another open command is in the way of is ignored, and missing among those made
        Command.objects.bulk_create(clear, ignore_conflicts=True)
        made = dict(own.exclude(key__in=earlier).values_list("key", "pk"))
        for command in clear:
            command.pk = made.get(command.key)
        kept = [command for command in clear if command.pk]
        audit.record_commands(AuditEntry.Kind.INTENT, kept, by=by, facts=facts_of_intent)
        obstacles |= busy_beside(operation, [command for command in clear if not command.pk])
    return [
        {
            "target": command.target_id,
            "labels": (command.labels or {}).get("target"),
            "code": obstacles[command.key].code,
            "values": obstacles[command.key].values,
        }
        for command, _action in fresh
        if command.key in obstacles
    ]


def touch(operation: BulkOperation) -> None:
    """Say that somebody is still at it; raises OperationClosed where nobody should be any more."""
    living = BulkOperation.objects.filter(pk=operation.pk, state=BulkState.PREPARING)
    if not living.update(touched_at=timezone.now()):
        raise OperationClosed


def obstacles_of(pairs: Sequence[Pair], actor: Account) -> dict[UUID, NotPossible]:
    """Return what stands in the way, as the mirror knows it now, by the key of in whose way."""
    if not pairs:
        return {}
    checked = type(pairs[0][1]).check_many([action for _command, action in pairs])
    refused = {
        command.key: NotPossible("not_permitted")
        for command, action in pairs
        if not action.permits(actor)
    }
    return {pairs[place][0].key: obstacle for place, obstacle in checked.items()} | refused


def busy_beside(operation: BulkOperation, commands: Sequence[Command]) -> dict[UUID, NotPossible]:
    """Return in whose way an open command for the same target and effect is, or was just now."""
    if not commands:
        return {}
    others = Command.objects.open().filter(
        portal=operation.portal_id, target_id__in=[command.target_id for command in commands]
    )
    by_target = {(one.target_kind, one.target_id, one.effect): one for one in others}
    obstacles = {}
    for command in commands:
        other = by_target.get((command.target_kind, command.target_id, command.effect))
        if other is None:
            obstacles[command.key] = NotPossible("others_act_on_it")
        else:
            busy = {"by": other.actor_name, "command": other.pk}
            obstacles[command.key] = NotPossible("target_busy", **busy)
    return obstacles


def finish(operation: BulkOperation, left_out: list[dict[str, Any]]) -> None:
    """Let the commands be sent, now that the last of them is there."""
    with transaction.atomic(durable=True):
        touch(operation)
        operation.state, operation.left_out = BulkState.READY, left_out
        operation.save(update_fields=["state", "left_out"])
        doorbell.ring("serve_portal", operation.portal_id, queue=doorbell.INTERACTIVE)


def drop_abandoned() -> None:
    """Give up operations that nobody prepares any more: nothing of them was sent, and none is."""
    abandoned = BulkOperation.objects.filter(
        state=BulkState.PREPARING, touched_at__lt=timezone.now() - ABANDONED_AFTER
    )
    if dropped := abandoned.update(state=BulkState.DROPPED):
        log.warning("operations_dropped count=%s", dropped)
    waiting = Command.objects.filter(
        state=CommandState.INTENT, bulk__state=BulkState.DROPPED
    ).select_related("portal", "actor")
    for command in waiting[:DROPPED_AT_ONCE]:
        cancel(command, "operation_dropped")
