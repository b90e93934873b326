"""Recording the intent of an action, taking it back, and a person's judgement of one."""

import hashlib
import json
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bizproc_admin import audit, doorbell
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import Action, NotPossible
from bizproc_admin.audit import AuditAction, By
from bizproc_admin.commands.transitions import cancel, move, record
from bizproc_admin.models import Account, AuditEntry, Command, CommandFile, CommandState, Target
from bizproc_admin.models.commands import TAKEN_BACK

# how often a command may be in the way of another and be gone when it is looked for
TRIES = 5


class KeyReused(Exception):
    """The form's one-time key came with other inputs than the first time."""


class TargetBusy(Exception):
    """Another command for the same target and effect is not settled yet."""

    def __init__(self, command: Command) -> None:
        super().__init__(f"command {command.pk} is open")
        self.command = command


def issue(
    action: Action,
    *,
    by: By,
    key: UUID,
    undo: float = 0,
) -> Command:
    """Record the intent of an action and ring the doorbell; the same key gives the same command.

    undo is for how many seconds nothing is sent yet, so that it can be taken back. Raises
    PermissionDenied (audited), NotPossible, KeyReused or TargetBusy.
    """
    target, actor = action.target(), by.somebody
    if not (may(actor, action.capability) and action.permits(actor)):
        audit.record_once(
            AuditEntry.Kind.DENIED,
            AuditAction(action.name),
            what=f"{action.name}:{target.kind}:{target.id}",
            by=by,
            target=Target(
                kind=target.kind,
                id=target.id,
                label=target.label,
                portal_id=action.portal.pk,
            ),
            outcome="denied",
        )
        raise PermissionDenied(action.capability.value)
    if (earlier := Command.objects.filter(key=key).first()) is not None:
        return same_or_reused(earlier, action, actor)
    for _try in range(TRIES):
        action.check()
        try:
            return intend(action, by=by, key=key, undo=undo)
        except IntegrityError:
            if (earlier := Command.objects.filter(key=key).first()) is not None:
                return same_or_reused(earlier, action, actor)
            if (other := open_command(action)) is not None:
                raise TargetBusy(other) from None
        # the one that was in the way has been settled since
    raise NotPossible("others_act_on_it")


def take_back(command: Command, *, by: By) -> bool:
    """Undo a command of which nothing has been sent; False when a worker was faster."""
    if not command.can_be_taken_back:
        return False
    return cancel(command, TAKEN_BACK, {"by": by.somebody.name_or_login}, by=by)


def decide(command: Command, *, by: By, reason: str) -> None:
    """Close a command that only a person can judge as not applied, with their reason."""
    with transaction.atomic(durable=True):
        if move(command, CommandState.NOT_APPLIED):
            record(command, AuditEntry.Kind.HUMAN_DECISION, by=by, reason=reason)


def intend(action: Action, *, by: By, key: UUID, undo: float) -> Command:
    """Commit the intent and its audit entry, and ring; IntegrityError when something is there.

    From the insert on nothing else can be open for the target: what was settled before has left
    its mark in the mirror, so that a last check sees it.
    """
    actor = by.somebody
    target, as_person = action.target(), action.acts_as(actor)
    with transaction.atomic(durable=True):
        command = Command.objects.create(
            key=key,
            digest=digest_of(action, actor),
            portal=action.portal,
            action=action.name,
            effect=action.effect,
            target_kind=target.kind,
            target_id=target.id,
            target_label=target.label,
            workflow=target.workflow,
            task=target.task,
            as_person=as_person,
            on_behalf_of=action.on_behalf_of[:255],
            not_before=timezone.now() + timedelta(seconds=undo) if undo else None,
            inputs=action.inputs(),
            labels={**action.labels(), "target": target.labels},
            reason=action.reason,
            seen_modified=action.seen_modified,
            actor=actor,
            actor_name=actor.name_or_login[:255],
            actor_role=actor.role.value if actor.role else "",
            origin=by.origin,
        )
        action.check()
        CommandFile.objects.bulk_create(
            CommandFile(command=command, place=place, name=name, content=content)
            for place, (name, content) in enumerate(action.contents)
        )
        inputs = {**command.inputs, "labels": command.labels}
        record(command, AuditEntry.Kind.INTENT, by=by, inputs=inputs)
        doorbell.ring("serve_portal", command.portal_id, queue=doorbell.INTERACTIVE, after=undo)
    return command


def same_or_reused(earlier: Command, action: Action, actor: Account) -> Command:
    if earlier.digest != digest_of(action, actor):
        raise KeyReused
    return earlier


def open_command(action: Action) -> Command | None:
    target = action.target()
    return (
        Command.objects.open()
        .filter(
            portal=action.portal,
            target_kind=target.kind,
            target_id=target.id,
            effect=action.effect,
        )
        .first()
    )


def digest_of(action: Action, actor: Account) -> str:
    """Give a hash of what is asked and by whom, to tell a resent form from a reused key."""
    target = action.target()
    text = json.dumps(
        [action.name, action.portal.pk, target.kind, target.id, action.inputs(), action.reason,
         actor.pk],
        sort_keys=True,
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()
