"""Freezing a list: what an operation will act on, exactly as it was shown, whatever changes."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from bizproc_admin.access.permissions import may
from bizproc_admin.actions import ACTIONS, Action, Item
from bizproc_admin.audit import By
from bizproc_admin.models import BulkOperation, FrozenPart, Portal

# so many targets are a row of the list: they are read and made commands together
A_PART = 1_000
# rows that are committed at once: on SQLite a click waits for that
PARTS_AT_ONCE = 5
# others are let in between two commits
BREATH = 0.02
# a call that has not said for so long that it freezes a list has broken off
BROKEN_OFF_AFTER = timedelta(seconds=30)
# seconds for which another call of the same form waits for it, and from one look to the next
WAITED_FOR, NAP = 5.0, 0.05


def freeze(
    kind: type[Action],
    *,
    portal: Portal,
    items: Iterable[Item],
    by: By,
    key: UUID,
    source: Mapping[str, Any],
    inputs: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> BulkOperation:
    """Keep a list of targets for an action; nothing of it is asked for yet.

    The same key gives the list that was frozen under it first. Raises PermissionDenied.
    """
    actor = by.somebody
    if not may(actor, kind.capability):
        raise PermissionDenied(kind.capability.value)
    operation, is_new = BulkOperation.objects.get_or_create(
        key=key,
        defaults={
            "portal": portal,
            "action": kind.name,
            "actor": actor,
            "actor_name": actor.name_or_login[:255],
            "inputs": dict(inputs or {}),
            "source": dict(source),
            "facts": dict(facts or {}),
        },
    )
    if not is_new:
        if operation.actor_id != actor.pk:
            raise PermissionDenied(kind.capability.value)
        if not taken_over(operation):
            return operation
    digest, total = hashlib.sha256(f"{kind.name} {portal.pk}".encode()), 0
    for parts in in_groups(in_groups(items, A_PART), PARTS_AT_ONCE):
        began, rows = time.monotonic(), []
        for part in parts:
            written = [as_row(item) for item in part]
            digest.update(json.dumps(written, sort_keys=True).encode())
            rows.append(FrozenPart(operation=operation, place=total // A_PART, items=written))
            total += len(part)
        with transaction.atomic():
            touch(operation)
            FrozenPart.objects.bulk_create(rows)
        if connection.vendor == "sqlite" and len(parts) == PARTS_AT_ONCE:
            time.sleep(min(BREATH, time.monotonic() - began))
    operation.digest, operation.total = digest.hexdigest(), total
    operation.save(update_fields=["digest", "total"])
    return operation


def key_for(key: UUID, *contents: object) -> UUID:
    """Return a key that is the same for the same contents alone, sent from the same form."""
    return uuid5(key, repr(contents))


def touch(operation: BulkOperation) -> None:
    now = timezone.now()
    BulkOperation.objects.filter(pk=operation.pk).update(touched_at=now)
    operation.touched_at = now


def taken_over(operation: BulkOperation) -> bool:
    """Tell whether a list that another call has begun to freeze is to be frozen by this one.

    One that somebody is at is waited for; of one that broke off what is there is thrown away.
    """
    until = time.monotonic() + WAITED_FOR
    while not operation.digest and time.monotonic() < until:
        broken = BulkOperation.objects.filter(
            pk=operation.pk, digest="", touched_at__lt=timezone.now() - BROKEN_OFF_AFTER
        )
        if broken.update(touched_at=timezone.now()):
            operation.parts.all().delete()
            return True
        time.sleep(NAP)
        operation.refresh_from_db()
    return False


def in_groups(things: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield things in lists of a size, read as they are needed."""
    walk = iter(things)
    while group := list(islice(walk, size)):
        yield group


def as_row(item: Item) -> list[Any]:
    return [item.pk, item.seen.isoformat() if item.seen else None, dict(item.own)]


def items_of(part: FrozenPart, *, regardless: bool) -> list[Item]:
    """Return the targets of a part, without what was seen of them where that does not count."""
    return [
        Item(
            pk=pk,
            seen=datetime.fromisoformat(seen) if seen and not regardless else None,
            own=own,
        )
        for pk, seen, own in part.items
    ]


def actions_of(operation: BulkOperation, part: FrozenPart) -> Sequence[Action]:
    """Make the actions on a part's targets, in their order."""
    return ACTIONS[operation.action].of_items(
        operation.portal,
        items_of(part, regardless=operation.regardless),
        inputs=operation.inputs,
        reason=operation.reason,
    )
