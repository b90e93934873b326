"""Recording the intent of an action, and taking it back."""

import hashlib
import json
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bizproc_admin import audit, doorbell
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import Action, NotPossible
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.commands.transitions import cancel
from bizproc_admin.models import AuditEntry, Command, CommandFile
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
    delay: float = 0,
) -> Command:
    """Record the intent of an action and ring the doorbell; the same key gives the same command.

    delay is for how many seconds nothing is sent yet, so that it can be taken back. Raises
    PermissionDenied (audited), NotPossible, KeyReused or TargetBusy.
    """
    command, actor = row_of(action, by=by, key=key), by.somebody
    if not (may(actor, action.capability) and action.permits(actor)):
        refuse(command, action, by=by)
    if (earlier := Command.objects.filter(key=key).first()) is not None:
        return same_or_reused(earlier, command)
    for _try in range(TRIES):
        action.check()
        command.as_person = action.acts_as(actor)
        try:
            intend(command, action, by=by, delay=delay)
        except IntegrityError:
            if (earlier := Command.objects.filter(key=key).first()) is not None:
                return same_or_reused(earlier, command)
            if (other := open_beside(command)) is not None:
                raise TargetBusy(other) from None
        else:
            return command
        # the one that was in the way has been settled since
    raise NotPossible("others_act_on_it")


def take_back(command: Command, *, by: By) -> bool:
    """Take a command back of which nothing has been sent; False when a worker was faster."""
    if not command.can_be_taken_back:
        return False
    return cancel(command, TAKEN_BACK, {"by": by.somebody.name_or_login}, by=by)


def row_of(action: Action, *, by: By, key: UUID) -> Command:
    """Return the row of an action's command as it would be kept; nothing is asked or changed.

    Whose token it uses is the caller's to say.
    """
    target, inputs, actor = action.target(), action.inputs(), by.somebody
    asked = [action.name, action.portal.pk, target.kind, target.id, inputs, action.reason, actor.pk]
    return Command(
        key=key,
        digest=digest_of(asked),
        portal=action.portal,
        action=action.name,
        effect=action.effect,
        target_kind=target.kind,
        target_id=target.id,
        target_label=target.label,
        workflow=target.workflow,
        task=target.task,
        on_behalf_of=action.on_behalf_of[:255],
        inputs=inputs,
        labels={**action.labels(), "target": target.labels},
        reason=action.reason,
        seen_modified=action.seen_modified,
        actor=actor,
        actor_name=actor.name_or_login[:255],
        actor_role=actor.role.value if actor.role else "",
        origin=by.origin,
    )


def intend(command: Command, action: Action, *, by: By, delay: float) -> None:
    """Commit the intent and its audit entry, and ring; IntegrityError when something is there.

    From the insert on nothing else can be open for the target: what was settled before has left
    its mark in the mirror, so that a last check sees it.
    """
    command.not_before = timezone.now() + timedelta(seconds=delay) if delay else None
    with transaction.atomic(durable=True):
        command.save(force_insert=True)
        action.check()
        CommandFile.objects.bulk_create(
            CommandFile(command=command, place=place, name=name, content=content)
            for place, (name, content) in enumerate(action.contents)
        )
        audit.record_commands(AuditEntry.Kind.INTENT, [command], by=by, facts=facts_of_intent)
        doorbell.ring("serve_portal", command.portal_id, queue=doorbell.INTERACTIVE, after=delay)


def facts_of_intent(command: Command) -> Facts:
    """Return what the history keeps of what was asked, with the portal's own names for it."""
    return Facts(reason=command.reason, inputs={**command.inputs, "labels": command.labels})


def refuse(command: Command, action: Action, *, by: By) -> NoReturn:
    """Put on record that the account may not do this, and raise PermissionDenied."""
    audit.record_once(
        AuditEntry.Kind.DENIED,
        AuditAction(action.name),
        what=f"{action.name}:{command.target_kind}:{command.target_id}",
        by=by,
        target=command.as_target,
        outcome="denied",
    )
    raise PermissionDenied(action.capability.value)


def same_or_reused(earlier: Command, command: Command) -> Command:
    if earlier.digest != command.digest:
        raise KeyReused
    return earlier


def open_beside(command: Command) -> Command | None:
    """Return the command that is open for the same target and effect."""
    return (
        Command.objects.open()
        .filter(
            portal=command.portal,
            target_kind=command.target_kind,
            target_id=command.target_id,
            effect=command.effect,
        )
        .first()
    )


def digest_of(asked: object) -> str:
    """Return a hash of what is asked and by whom, to tell a resent form from a reused key."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
