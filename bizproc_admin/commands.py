"""Remote writes happen here and nowhere else: issue() records the intent, carry_out() sends it.

The states and their transitions are drawn in models/commands.py; which observation proves what is
bitrix.classify(). No database transaction is open while the network is used.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from bizproc_admin import actions, audit, bitrix, connecting, doorbell
from bizproc_admin.actions import Action, Observation
from bizproc_admin.models import Account, AuditEntry, Command, CommandState, Worker
from bizproc_admin.models.commands import TERMINAL
from bizproc_admin.permissions import may

log = logging.getLogger(__name__)

# sends of one command: the first, and at most two more after proof that nothing happened
MOST_SENDS = 3
# a portal that accepted but did not act is asked once more, then a person decides
MOST_SENDS_DISPUTED = 2
CHECK_AFTER = (2, 5, 10, 20, 30, 60, 120, 300)
RETRY_AFTER = (1, 2, 5, 10, 20, 30, 60)
# what these say stays true when a command is given up; others speak of a next try
LASTING = (
    bitrix.InvalidCredentials,
    bitrix.AccessDenied,
    bitrix.PlanRequired,
    bitrix.PortalClosed,
    bitrix.Overloaded,
    connecting.NotConnected,
)


class KeyReused(Exception):
    """The form's one-time key came with other inputs than the first time."""


@dataclass(frozen=True)
class TargetBusy(Exception):
    """Another command for the same target and effect is not settled yet."""

    command: Command


def issue(
    action: Action, *, actor: Account, key: UUID, origin: str = "screen", ip: str | None = None
) -> Command:
    """Record the intent of an action and ring the doorbell; the same key gives the same command.

    Raises PermissionDenied (audited), NotPossible, KeyReused or TargetBusy.
    """
    target = action.target()
    if not may(actor, action.capability):
        audit.record(
            AuditEntry.Kind.DENIED,
            actor=actor,
            portal=action.portal,
            action=action.name,
            outcome="denied",
            target_kind=target.kind,
            target_id=target.id,
            target_label=target.label,
            ip=ip,
        )
        raise PermissionDenied(action.capability.value)
    if (earlier := Command.objects.filter(key=key).first()) is not None:
        return same_or_reused(earlier, action, actor)
    action.check()
    try:
        return intend(action, actor=actor, key=key, origin=origin, ip=ip)
    except IntegrityError:
        if (earlier := Command.objects.filter(key=key).first()) is not None:
            return same_or_reused(earlier, action, actor)
        if (other := open_command(action)) is not None:
            raise TargetBusy(other) from None
    # the one that was in the way has been settled since
    return intend(action, actor=actor, key=key, origin=origin, ip=ip)


def carry_out(pk: int, *, worker: str) -> None:
    """Send one command if nobody has: look, claim, send, record, verify.

    Safe to call again at any time: only a command in `intent` that is due is touched.
    """
    command = fetch(pk)
    now = timezone.now()
    if command.state != CommandState.INTENT:
        return
    if command.next_check_at and command.next_check_at > now:
        return
    action = actions.load(command)
    if not may(command.actor, action.capability):
        cancel(command, "no_longer_allowed", _("The account may no longer do this."))
        return
    try:
        seen = action.look(connecting.reader(command.portal, interactive=True))
    except bitrix.BitrixError as error:
        postpone(command, error)
        return
    if not seen.is_present:
        if command.sends:
            conclude_absent(command, action, seen)
        else:
            settle_as_already_ended(command, action, seen)
        return
    if command.seen_modified and command.sends == 0 and seen.modified != command.seen_modified:
        cancel(
            command,
            "changed_since_view",
            _(
                "The workflow has moved on since the page was read. "
                "Look at it again and repeat if it should still be stopped."
            ),
        )
        return
    try:
        writer = connecting.writer(command.portal, method=action.method)
    except bitrix.BitrixError as error:
        postpone(command, error)
        return
    if not claim(command, worker=worker, before=seen):
        return
    send(command, action, writer)


def settle(pk: int) -> None:
    """Read the target of a command in doubt and conclude what can be concluded."""
    command = fetch(pk)
    if command.state not in (
        CommandState.ACCEPTED,
        CommandState.DISPUTED,
        CommandState.UNKNOWN,
        CommandState.NEEDS_HUMAN,
    ):
        return
    action = actions.load(command)
    try:
        seen = action.look(connecting.reader(command.portal, interactive=True))
    except bitrix.BitrixError as error:
        log.info("settle_postponed command=%s %s", command.pk, error.for_logs)
        check_later(command)
        return
    refused = command.proof == bitrix.Classification.REJECTED
    if command.state == CommandState.UNKNOWN and refused:
        conclude_refused(command, action, seen)
    elif not seen.is_present:
        conclude_absent(command, action, seen)
    elif command.state == CommandState.NEEDS_HUMAN:
        check_later(command)
    else:
        conclude_present(command, seen)


def sweep() -> None:
    """Find what nobody is at: claims of dead workers, unclaimed intents, checks that are due."""
    now = timezone.now()
    alive = list(Worker.objects.alive().values_list("name", flat=True))
    claimed = Command.objects.filter(state=CommandState.SENDING)
    for command in [*claimed.filter(lease_until__lt=now), *claimed.exclude(worker__in=alive)]:
        lose(command)
    for pk in Command.objects.due_to_send(now).values_list("pk", flat=True)[:200]:
        doorbell.ring("carry_out_command", pk, queue=doorbell.INTERACTIVE)
    for pk in Command.objects.due_to_settle(now).values_list("pk", flat=True)[:200]:
        doorbell.ring("settle_command", pk, queue=doorbell.INTERACTIVE)
    # what waits for a person's judgement needs none any more once its workflow has ended
    judged = Command.objects.filter(state=CommandState.NEEDS_HUMAN, workflow__is_running=False)
    due = judged.filter(Q(next_check_at=None) | Q(next_check_at__lte=now))
    for pk in due.values_list("pk", flat=True)[:200]:
        doorbell.ring("settle_command", pk, queue=doorbell.INTERACTIVE)


def decide(command: Command, *, actor: Account, reason: str, ip: str | None = None) -> None:
    """Close a command that only a person can judge as not applied, with their reason."""
    with transaction.atomic(durable=True):
        if move(command, {CommandState.NEEDS_HUMAN}, CommandState.NOT_APPLIED, settled=True):
            audit.record(
                AuditEntry.Kind.HUMAN_DECISION,
                actor=actor,
                portal=command.portal,
                action=command.action,
                outcome=command.state,
                command=command,
                target_kind=command.target_kind,
                target_id=command.target_id,
                target_label=command.target_label,
                reason=reason,
                ip=ip,
            )


# --- sending ------------------------------------------------------------------------------------


def intend(action: Action, *, actor: Account, key: UUID, origin: str, ip: str | None) -> Command:
    """Commit the intent and its audit entry, and ring; IntegrityError when something is there."""
    target = action.target()
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
            inputs=action.inputs(),
            reason=action.reason,
            seen_modified=action.seen_modified,
            actor=actor,
            actor_name=actor.display_name[:255],
            actor_role=actor.role.value if actor.role else "",
            origin=origin,
        )
        record(command, AuditEntry.Kind.INTENT, ip=ip, inputs=command.inputs)
        doorbell.ring("carry_out_command", command.pk, queue=doorbell.INTERACTIVE)
    return command


def claim(command: Command, *, worker: str, before: Observation) -> bool:
    """Take the command for one send and commit the attempt before any byte leaves."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        taken = move(
            command,
            {CommandState.INTENT},
            CommandState.SENDING,
            worker=worker,
            lease_until=now + timedelta(seconds=settings.COMMAND_LEASE),
            sent_at=now,
            epoch=command.epoch + 1,
            sends=command.sends + 1,
            checks=0,
            proof="",
            error_code="",
            error_text="",
        )
        if taken:
            record(command, AuditEntry.Kind.ATTEMPT, before=before.snapshot, origin="worker")
    return taken


def send(command: Command, action: Action, writer: bitrix.Writer) -> None:
    """Make the write of a claimed command and record what the answer proves."""
    if connection.in_atomic_block and not settings.TESTING:
        raise RuntimeError("a transaction is open while the portal is called")
    epoch = command.epoch
    outcome: bitrix.Written | bitrix.BitrixError
    try:
        outcome = action.send(writer)
    except bitrix.BitrixError as error:
        outcome = error
    proof = bitrix.classify(outcome)
    log.info(
        "command_sent command=%s action=%s proof=%s sends=%s",
        command.pk, command.action, proof, command.sends,
    )  # fmt: skip
    if not take_answer(command, epoch, outcome, proof):
        return
    if command.state in (CommandState.ACCEPTED, CommandState.UNKNOWN):
        settle(command.pk)


def take_answer(
    command: Command,
    epoch: int,
    outcome: bitrix.Written | bitrix.BitrixError,
    proof: bitrix.Classification,
) -> bool:
    """Record the answer in one transaction; False when it came too late to be the outcome."""
    code, text = words_of(outcome)
    duration = outcome.duration_ms if isinstance(outcome, bitrix.Written) else None
    fields: dict[str, Any] = {
        "error_code": code,
        "error_text": text,
        "lease_until": None,
        "proof": proof.value,
    }
    match proof:
        case bitrix.Classification.ACCEPTED:
            to = CommandState.ACCEPTED
            fields["next_check_at"] = timezone.now() + timedelta(seconds=CHECK_AFTER[0])
        case bitrix.Classification.NOT_APPLIED_RETRY:
            fields["sends"] = command.sends - 1
            if is_overdue(command):
                to = unsent(fields["sends"])
                text = fields["error_text"] = (
                    f"{reasons_of(outcome)} {sent_so_far(command.sends - 1)}"
                )
            else:
                to = CommandState.INTENT
                fields["next_check_at"] = timezone.now() + pause(command.epoch, outcome)
        case bitrix.Classification.NOT_APPLIED_FINAL:
            to = CommandState.REJECTED
        case _:  # unknown; a refusal too, until one re-read has shown what it means
            to = CommandState.UNKNOWN
            fields["next_check_at"] = timezone.now() + timedelta(seconds=CHECK_AFTER[0])
    with transaction.atomic(durable=True):
        taken = move(
            command,
            {CommandState.SENDING},
            to,
            settled=to in TERMINAL,
            **fields,
        )
        if not taken:
            late_answer(command, epoch, proof, code=code, text=text)
            return False
        record(
            command,
            AuditEntry.Kind.OUTCOME,
            error_code=code,
            text=text,
            duration_ms=duration,
            origin="worker",
        )
    return True


def late_answer(
    command: Command, epoch: int, proof: bitrix.Classification, *, code: str, text: str
) -> None:
    """Keep an answer that came after its claim was lost: evidence, and a reason to look again."""
    command.refresh_from_db()
    audit.record(
        AuditEntry.Kind.RECONCILE,
        actor=None,
        actor_name="worker",
        portal=command.portal,
        action=command.action,
        outcome=f"late_{proof.value}"[:20],
        command=command,
        attempt=epoch,
        target_kind=command.target_kind,
        target_id=command.target_id,
        target_label=command.target_label,
        error_code=code,
        text=text,
        origin="worker",
    )
    if proof is bitrix.Classification.ACCEPTED and command.epoch == epoch:
        move(
            command,
            {CommandState.UNKNOWN},
            CommandState.ACCEPTED,
            proof=proof.value,
            next_check_at=timezone.now(),
        )


def conclude_refused(command: Command, action: Action, seen: Observation) -> None:
    """Settle a refusal by one read of the target: gone means it had already ended."""
    if not seen.is_present:
        if command.sends > 1:
            conclude_absent(command, action, seen)
        else:
            settle_as_already_ended(command, action, seen)
        return
    with transaction.atomic(durable=True):
        if move(command, {CommandState.UNKNOWN}, CommandState.REJECTED, settled=True):
            record(
                command,
                AuditEntry.Kind.RECONCILE,
                after=seen.snapshot,
                error_code=command.error_code,
                text=command.error_text,
                origin="worker",
            )


# --- concluding ---------------------------------------------------------------------------------


def conclude_absent(command: Command, action: Action, seen: Observation) -> None:
    """Settle a command whose target is gone: confirmed where the portal had said true.

    One that was about to be sent again may owe the end to its first send, applied late.
    """
    seen_true = command.state in (CommandState.ACCEPTED, CommandState.DISPUTED)
    to = CommandState.CONFIRMED if seen_true else CommandState.GONE
    with transaction.atomic(durable=True):
        if move(command, {CommandState(command.state)}, to, settled=True):
            record(command, AuditEntry.Kind.RECONCILE, origin="worker")
            action.apply(command, seen)


def conclude_present(command: Command, seen: Observation) -> None:
    """Go on with a command whose target still runs: wait, send again, or hand it to a person."""
    sent_at = command.sent_at or command.requested_at
    # what counts is when the portal was asked: an answer may take longer than the settle time
    if seen.asked_at < sent_at + timedelta(seconds=settings.SETTLE_TIME):
        if command.state == CommandState.ACCEPTED:
            with transaction.atomic(durable=True):
                if move(command, {CommandState.ACCEPTED}, CommandState.DISPUTED):
                    record(command, AuditEntry.Kind.RECONCILE, after=seen.snapshot, origin="worker")
        check_later(command)
        return
    disputed = command.state != CommandState.UNKNOWN
    if command.sends < (MOST_SENDS_DISPUTED if disputed else MOST_SENDS):
        to, settled = CommandState.INTENT, False
    elif disputed:
        to, settled = CommandState.NEEDS_HUMAN, False
    else:
        to, settled = CommandState.NOT_APPLIED, True
    with transaction.atomic(durable=True):
        if move(command, {CommandState(command.state)}, to, settled=settled, next_check_at=None):
            record(command, AuditEntry.Kind.RECONCILE, after=seen.snapshot, origin="worker")
            if to == CommandState.INTENT:
                doorbell.ring("carry_out_command", command.pk, queue=doorbell.INTERACTIVE)


def settle_as_already_ended(command: Command, action: Action, seen: Observation) -> None:
    """Settle a command whose target had ended before anything of ours could end it."""
    text = _("The workflow had already ended on the portal. It was not stopped from here.")
    with transaction.atomic(durable=True):
        if move(
            command,
            {CommandState.INTENT, CommandState.UNKNOWN},
            CommandState.GONE,
            settled=True,
            error_code="already_ended",
            error_text=text,
        ):
            record(
                command,
                AuditEntry.Kind.OUTCOME,
                error_code="already_ended",
                text=text,
                origin="worker",
            )
            action.apply(command, seen)


def cancel(command: Command, code: str, text: str) -> None:
    """End an intent that will not be sent, or not again; the text says why."""
    text = f"{text} {sent_so_far(command.sends)}"
    with transaction.atomic(durable=True):
        if move(
            command,
            {CommandState.INTENT},
            unsent(command.sends),
            settled=True,
            error_code=code,
            error_text=text,
        ):
            record(command, AuditEntry.Kind.OUTCOME, error_code=code, text=text, origin="worker")


def postpone(command: Command, error: bitrix.BitrixError) -> None:
    """Leave an intent for later because the portal cannot be asked; give up after an hour."""
    log.info("command_postponed command=%s %s", command.pk, error.for_logs)
    now = timezone.now()
    if is_overdue(command):
        cancel(command, "portal_unreachable", reasons_of(error))
        return
    code, text = words_of(error)
    Command.objects.filter(pk=command.pk, state=CommandState.INTENT, epoch=command.epoch).update(
        checks=command.checks + 1,
        next_check_at=now + pause(command.checks, error),
        error_code=code,
        error_text=text,
    )


def lose(command: Command) -> None:
    """Mark a command whose worker died or fell silent: what it sent is unknown."""
    text = _("The worker that was sending this stopped before it could record an answer.")
    with transaction.atomic(durable=True):
        if move(
            command,
            {CommandState.SENDING},
            CommandState.UNKNOWN,
            lease_until=None,
            next_check_at=timezone.now(),
            error_code="worker_lost",
            error_text=text,
        ):
            record(
                command,
                AuditEntry.Kind.OUTCOME,
                error_code="worker_lost",
                text=text,
                origin="sweeper",
            )


# --- parts --------------------------------------------------------------------------------------


def fetch(pk: int) -> Command:
    return Command.objects.select_related(
        "portal", "actor", "workflow__portal", "workflow__template", "workflow__document"
    ).get(pk=pk)


def move(
    command: Command,
    was: set[CommandState],
    to: CommandState,
    *,
    settled: bool = False,
    **fields: Any,
) -> bool:
    """Change the state by a conditional update; False when somebody else was faster.

    The epoch must be the one the caller knows: what was read before another send says nothing
    about that send.
    """
    rows = Command.objects.filter(pk=command.pk, state__in=was, epoch=command.epoch)
    if settled:
        fields |= {"settled_at": timezone.now(), "next_check_at": None, "lease_until": None}
    if rows.update(state=to, **fields) != 1:
        return False
    command.state = to
    for name, value in fields.items():
        setattr(command, name, value)
    return True


def check_later(command: Command) -> None:
    """Plan the next look: soon at first, and one right when the settle time is over."""
    now = timezone.now()
    wait = CHECK_AFTER[min(command.checks, len(CHECK_AFTER) - 1)]
    at = now + timedelta(seconds=wait)
    settled_at = (command.sent_at or now) + timedelta(seconds=settings.SETTLE_TIME)
    if now < settled_at < at:
        at = settled_at
    Command.objects.filter(pk=command.pk, state=command.state, epoch=command.epoch).update(
        checks=command.checks + 1, next_check_at=at
    )


def record(command: Command, kind: AuditEntry.Kind, **more: Any) -> None:
    """Write a command's audit entry: who, what and on what come from the row."""
    values: dict[str, Any] = {
        "actor": command.actor,
        "portal": command.portal,
        "action": command.action,
        "outcome": command.state,
        "command": command,
        "attempt": command.epoch or None,
        "target_kind": command.target_kind,
        "target_id": command.target_id,
        "target_label": command.target_label,
        "reason": command.reason,
        "origin": command.origin,
    }
    audit.record(kind, **(values | more))


def words_of(outcome: bitrix.Written | bitrix.BitrixError) -> tuple[str, str]:
    """Give the vendor's code and what is said to people; both empty for an accepted write."""
    if isinstance(outcome, bitrix.Written):
        return "", ""
    code = outcome.code if isinstance(outcome, bitrix.Refused) else type(outcome).__name__
    return code[:100], outcome.for_people


def is_overdue(command: Command) -> bool:
    """Tell whether an intent has waited so long that nobody expects it to be sent any more."""
    return timezone.now() > command.requested_at + timedelta(seconds=settings.GIVE_UP_TIME)


def unsent(sends: int) -> CommandState:
    """Give the state of an intent that is not sent: cancelled, or not applied by earlier sends."""
    return CommandState.CANCELLED if sends == 0 else CommandState.NOT_APPLIED


def sent_so_far(sends: int) -> str:
    """Say what an intent that ends without a send has sent before."""
    return _("Nothing was sent.") if sends == 0 else _("It was not sent again.")


def reasons_of(error: object) -> str:
    """Say why an intent is given up; only what still holds then is repeated of the error."""
    text = _("The portal could not be asked for too long.")
    return f"{text} {error.for_people}" if isinstance(error, LASTING) else text


def pause(tries: int, outcome: object) -> timedelta:
    """Give how long to wait before the next try; an error that names its wait is obeyed."""
    seconds = float(RETRY_AFTER[min(tries, len(RETRY_AFTER) - 1)])
    if isinstance(outcome, bitrix.MethodExhausted):
        seconds = max(seconds, outcome.wait)
    return timedelta(seconds=seconds)


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


def modified_text(moment: datetime | None) -> str:
    """Give a MODIFIED as the forms carry it."""
    return moment.isoformat() if moment else ""
