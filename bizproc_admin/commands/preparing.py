"""Making a frozen list commands: kept in portions, and sent when all of them are there."""

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.utils import timezone

from bizproc_admin import audit, doorbell
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import ACTIONS, Action, NotPossible
from bizproc_admin.audit import By
from bizproc_admin.commands.freezing import actions_of
from bizproc_admin.commands.issuing import facts_of_intent, row_of
from bizproc_admin.commands.operations import cancel_for
from bizproc_admin.models import (
    AuditEntry,
    BulkOperation,
    BulkState,
    Command,
    FrozenPart,
    Person,
)
from bizproc_admin.models.commands import BULK

log = logging.getLogger(__name__)

# so many are committed at once: on SQLite a click waits for that
AT_ONCE = 50
# SQLite's write wait is not fair: who waits looks again after up to 0.1 s. Between two commits
# others get as long as the last one took, and this at least
BREATH = 0.02
# seconds after which a thread leaves an operation to the next message
SLICE = 20.0
# somebody who is at an operation and has not said so for this long is at it no more
HELD_FOR = timedelta(seconds=60)
# a command as it will be kept, and the action it is made from
Pair = tuple[Command, Action]


class OperationClosed(Exception):
    """The operation is prepared no more: it was cancelled, or somebody else is at it."""


def prepare(pk: int, *, worker: str) -> None:
    """Record the intents of an operation's frozen list, and ring once for all of them.

    Nothing is sent before the last is there. Safe to call again at any time: it goes on where an
    earlier call broke off; what stands in the way of a target leaves that out, by name.
    """
    now = timezone.now()
    free = BulkOperation.objects.to_prepare(now).filter(pk=pk)
    if not free.update(taken_by=worker[:100], taken_until=now + HELD_FOR, touched_at=now):
        return
    operation = BulkOperation.objects.select_related("portal", "actor").get(pk=pk)
    until = time.monotonic() + SLICE
    try:
        for part in operation.parts.filter(place__gte=operation.prepared).order_by("place"):
            Preparation(operation, worker=worker).take(part)
            if time.monotonic() > until:
                doorbell.ring("prepare_operation", pk)
                return
        begin(operation, worker=worker)
    except OperationClosed:
        log.info("operation_closed operation=%s", pk)
    except NotPossible as obstacle:
        cancel_for(operation, obstacle.code, obstacle.values)
    finally:
        mine = BulkOperation.objects.filter(pk=pk, taken_by=worker[:100])
        mine.update(taken_by="", taken_until=None)


def begin(operation: BulkOperation, *, worker: str) -> None:
    """Let the commands be sent, now that the last of them is there."""
    with transaction.atomic(durable=True):
        touch(operation, worker=worker)
        BulkOperation.objects.filter(pk=operation.pk).update(state=BulkState.READY)
        doorbell.ring("serve_portal", operation.portal_id, queue=doorbell.INTERACTIVE)


def touch(operation: BulkOperation, *, worker: str) -> None:
    """Say that this worker is still at it; raises OperationClosed where it should not be."""
    now = timezone.now()
    mine = BulkOperation.objects.filter(
        pk=operation.pk, state=BulkState.PREPARING, taken_by=worker[:100]
    )
    if not mine.update(touched_at=now, taken_until=now + HELD_FOR):
        raise OperationClosed


def key_of(operation: BulkOperation, action: Action) -> UUID:
    """Return the key of the command for a target: the same whenever it is made."""
    return uuid5(operation.key, f"{action.effect} {action.target_id}")


class Preparation:
    """One part of an operation on its way to being commands."""

    def __init__(self, operation: BulkOperation, *, worker: str) -> None:
        self.operation = operation
        self.actor = operation.actor
        self.by = By(account=operation.actor, origin=BULK)
        self.worker = worker

    @cached_property
    def kind(self) -> type[Action]:
        return ACTIONS[self.operation.action]

    def take(self, part: FrozenPart) -> None:
        """Keep a part of the list, and count it as prepared; a part that broke off goes on."""
        if not may(self.actor, self.kind.capability):
            raise NotPossible("no_longer_allowed")
        pairs = self.pairs_of(actions_of(self.operation, part))
        left_out: list[dict[str, Any]] = []
        for portion in portions(pairs):
            left_out += self.keep(portion)
        with transaction.atomic(durable=True):
            touch(self.operation, worker=self.worker)
            FrozenPart.objects.filter(pk=part.pk).update(left_out=left_out)
            self.operation.prepared = part.place + 1
            self.operation.left_out_count += len(left_out)
            self.operation.save(update_fields=["prepared", "left_out_count"])

    def pairs_of(self, actions: Sequence[Action]) -> list[Pair]:
        """Return the commands to be kept with their actions, by keys a second call makes again."""
        pairs, hands = [], self.hands_of(actions[0])
        for action in actions:
            command = row_of(action, by=self.by, key=key_of(self.operation, action))
            command.bulk, command.as_person = self.operation, hands
            pairs.append((command, action))
        return pairs

    def hands_of(self, action: Action) -> Person | None:
        """Return whose token the commands use: the same for all of one actor's."""
        return action.acts_as(self.actor)

    def keep(self, portion: Sequence[Pair]) -> list[dict[str, Any]]:
        """Commit one portion with its audit entries; return whom it leaves out, and why."""
        own = Command.objects.filter(
            bulk=self.operation, key__in=[command.key for command, _action in portion]
        )
        with transaction.atomic(durable=True):
            touch(self.operation, worker=self.worker)
            earlier = set(own.values_list("key", flat=True))
            fresh = [pair for pair in portion if pair[0].key not in earlier]
            obstacles = self.obstacles_of(fresh)
            clear = [command for command, _action in fresh if command.key not in obstacles]
            # what another open command is in the way of is ignored, and missing among those made
            Command.objects.bulk_create(clear, ignore_conflicts=True)
            made = dict(own.exclude(key__in=earlier).values_list("key", "pk"))
            for command in clear:
                command.pk = made.get(command.key)
            kept = [command for command in clear if command.pk]
            audit.record_commands(AuditEntry.Kind.INTENT, kept, by=self.by, facts=facts_of_intent)
            obstacles |= self.busy_beside([command for command in clear if not command.pk])
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

    def obstacles_of(self, pairs: Sequence[Pair]) -> dict[UUID, NotPossible]:
        """Return what stands in the way, as the mirror knows it now, by the key of in whose way."""
        if not pairs:
            return {}
        checked = self.kind.check_many([action for _command, action in pairs])
        refused = {
            command.key: NotPossible("not_permitted")
            for command, action in pairs
            if not action.permits(self.actor)
        }
        return {pairs[place][0].key: obstacle for place, obstacle in checked.items()} | refused

    def busy_beside(self, commands: Sequence[Command]) -> dict[UUID, NotPossible]:
        """Return in whose way an open command for the same target and effect is, or just was."""
        if not commands:
            return {}
        others = Command.objects.open().filter(
            portal=self.operation.portal_id,
            target_id__in=[command.target_id for command in commands],
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


def portions(pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
    """Return what is committed at once, with a breath between two for whoever waits to write."""
    for start in range(0, len(pairs), AT_ONCE):
        began = time.monotonic()
        yield pairs[start : start + AT_ONCE]
        if connection.vendor == "sqlite" and start + AT_ONCE < len(pairs):
            time.sleep(max(BREATH, time.monotonic() - began))
