"""Sending commands: look, claim, send, record what the answer proves.

Only carry_out obtains a writer, and it cannot send without having committed the attempt first.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bizproc_admin import actions, audit, bitrix
from bizproc_admin.access import roles
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import Action, Observation, Verdict
from bizproc_admin.bitrix.gateway import SessionOver
from bizproc_admin.commands.settling import conclude_before_sending, settle
from bizproc_admin.commands.transitions import (
    cancel,
    failing,
    fetch,
    move,
    record,
    unsent,
)
from bizproc_admin.commands.waiting import (
    CHECK_AFTER,
    PATIENCE,
    error_of,
    is_overdue,
    pause,
    purpose_of,
    reader_for,
    reasons_of,
    wait_for_turn,
)
from bizproc_admin.models import (
    Account,
    AuditEntry,
    BulkState,
    Command,
    CommandState,
    PersonToken,
)
from bizproc_admin.models.commands import CHECKING
from bizproc_admin.portals import clients, gateways, tokens
from bizproc_admin.secrets.fields import UnreadableSecret

log = logging.getLogger(__name__)

# how long a command waits for its person to sign in again, and how often that is looked at
LONGEST_WAIT = timedelta(days=7)
# what the portal said of a person's token is enough for their own answers for so long
TRUSTED_FOR = timedelta(seconds=60)
ASK_AGAIN = timedelta(hours=1)


def carry_out(pk: int, *, worker: str) -> None:
    """Send one command if nobody has: look, claim, send, record, verify.

    Safe to call again at any time: only a command in `intent` that is due is touched.
    """
    command = fetch(pk)
    now = timezone.now()
    if command.state != CommandState.INTENT:
        return
    if command.bulk and command.bulk.state != BulkState.READY:
        return
    if any(at and at > now for at in (command.next_check_at, command.not_before)):
        return
    action = actions.load(command)
    if command.as_person and tokens.is_lost(command.as_person):
        wait_for_sign_in(command, since=now)
        return
    if not still_allowed(command, action):
        return
    purpose = purpose_of(command, bitrix.Purpose.WRITE)
    try:
        action = action.loaded()
        seen = action.look(reader_for(command, action, bitrix.Purpose.WRITE))
    except UnreadableSecret:
        postpone(command, clients.SecretsUnreadable())
        return
    except tokens.ReconnectNeeded:
        wait_for_sign_in(command, since=now)
        return
    except bitrix.BitrixError as error:
        postpone(command, error)
        return
    if seen.verdict is not Verdict.UNTOUCHED:
        conclude_before_sending(command, action, seen)
        return
    if command.seen_modified and command.sends == 0 and seen.modified != command.seen_modified:
        cancel(command, "changed_since_view")
        return
    try:
        writer = clients.writer(
            command.portal,
            method=action.method_of(command.inputs),
            person=command.as_person,
            purpose=purpose,
            patience=PATIENCE,
            trusts_for=TRUSTED_FOR if action.is_own_alone else timedelta(),
        )
    except tokens.ReconnectNeeded:
        wait_for_sign_in(command, since=now)
        return
    except bitrix.BitrixError as error:
        postpone(command, error)
        return
    try:
        # the portal may just have said that the person is no administrator any more
        if still_allowed(command, action) and claim(command, worker=worker, before=seen):
            send(command, action, writer)
    finally:
        writer.release()


def still_allowed(command: Command, action: Action) -> bool:
    """Tell whether the actor may still do this, as of now; the command is cancelled where not."""
    actor = Account.objects.get(pk=command.actor_id)
    roles.follow(actor)
    allowed = may(actor, action.capability) and action.permits(actor)
    if allowed and action.may_use(actor, command.as_person):
        return True
    cancel(command, "no_longer_allowed")
    return False


def claim(command: Command, *, worker: str, before: Observation) -> bool:
    """Take the command for one send and commit the attempt before any byte leaves.

    That it is durable proves, too, that no transaction is open while the portal is called.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        taken = move(
            command,
            CommandState.SENDING,
            worker=worker,
            lease_until=now + timedelta(seconds=settings.COMMAND_LEASE),
            sent_at=now,
            epoch=command.epoch + 1,
            sends=command.sends + 1,
            checks=0,
            proof="",
            **({} if before.evidence is None else {"evidence": before.evidence}),
            **failing(""),
        )
        if taken:
            record(command, AuditEntry.Kind.ATTEMPT, before=before.snapshot, origin="worker")
    return taken


def send(command: Command, action: Action, writer: bitrix.Writer) -> None:
    """Make the write of a claimed command and record what the answer proves."""
    epoch = command.epoch
    outcome: bitrix.Written | bitrix.BitrixError
    try:
        outcome = action.send(writer)
    except bitrix.BitrixError as error:
        outcome = error
        if command.as_person is not None:
            tokens.doubt(command.as_person)
    proof = bitrix.classify(outcome)
    log.info(
        "command_sent command=%s action=%s proof=%s sends=%s",
        command.pk, command.action, proof, command.sends,
    )  # fmt: skip
    result = action.brought_forth(outcome) if isinstance(outcome, bitrix.Written) else ""
    if not take_answer(command, epoch, outcome, proof, result=result):
        return
    if command.state in CHECKING:
        settle(command.pk)


def take_answer(
    command: Command,
    epoch: int,
    outcome: bitrix.Written | bitrix.BitrixError,
    proof: bitrix.Classification,
    *,
    result: str = "",
) -> bool:
    """Record the answer in one transaction; False when it came too late to be the outcome."""
    error = None if isinstance(outcome, bitrix.Written) else outcome
    duration = outcome.duration_ms if isinstance(outcome, bitrix.Written) else None
    code, values = error_of(error) if error else ("", {})
    fields: dict[str, Any] = {**failing(code, values), "lease_until": None, "proof": proof.value}
    # a no to what is taken once may be because an earlier send was taken
    is_certain = command.sends == 1 or not actions.ACTIONS[command.action].is_one_time
    match proof:
        case bitrix.Classification.ACCEPTED:
            to = CommandState.ACCEPTED
            fields["next_check_at"] = timezone.now() + timedelta(seconds=CHECK_AFTER[0])
            fields["result"] = result
        case bitrix.Classification.NOT_APPLIED_RETRY:
            fields["sends"] = command.sends - 1
            if is_overdue(command):
                to = unsent(fields["sends"])
                fields |= failing("portal_unreachable", reasons_of(error))
            else:
                to = CommandState.INTENT
                fields["next_check_at"] = timezone.now() + pause(command.epoch, outcome)
        case bitrix.Classification.NOT_APPLIED_FINAL if is_certain:
            to = CommandState.REJECTED
        case bitrix.Classification.REJECTED:
            to = CommandState.DECLINED
            fields["next_check_at"] = timezone.now() + timedelta(seconds=CHECK_AFTER[0])
        case _:
            to = CommandState.UNKNOWN
            fields["next_check_at"] = timezone.now() + timedelta(seconds=CHECK_AFTER[0])
    with transaction.atomic(durable=True):
        if not move(command, to, **fields):
            late_answer(command, epoch, proof, code=code, values=values, result=result)
            return False
        record(
            command,
            AuditEntry.Kind.OUTCOME,
            error_code=command.error_code,
            error_values=command.error_values,
            duration_ms=duration,
            origin="worker",
        )
    return True


def late_answer(
    command: Command,
    epoch: int,
    proof: bitrix.Classification,
    *,
    code: str,
    values: dict[str, Any],
    result: str,
) -> None:
    """Keep an answer that came after its claim was lost: evidence, and a reason to look again."""
    command.refresh_from_db()
    record(
        command,
        AuditEntry.Kind.RECONCILE,
        by=audit.WORKER,
        outcome=f"late_{proof.value}"[:20],
        attempt=epoch,
        error_code=code,
        error_values=values,
        after={"result": result} if result else None,
        reason="",
    )
    is_about_this = command.state == CommandState.UNKNOWN and command.epoch == epoch
    if proof is bitrix.Classification.ACCEPTED and is_about_this:
        move(
            command,
            CommandState.ACCEPTED,
            proof=proof.value,
            result=result,
            next_check_at=timezone.now(),
        )


def wait_for_sign_in(command: Command, *, since: datetime) -> None:
    """Leave an intent until its person signs in with Bitrix24 again: the sign-in rings for it.

    Nobody else can do it, so it waits long; then it is given up, and its target is free again.
    since is when it was taken up: a sign-in after that found nothing yet that waits for it.
    """
    now = timezone.now()
    if now > command.requested_at + LONGEST_WAIT:
        cancel(command, "nobody_signed_in")
        return
    fields = failing(*error_of(tokens.ReconnectNeeded()))
    row = Command.objects.filter(pk=command.pk, state=CommandState.INTENT, epoch=command.epoch)
    at = now + ASK_AGAIN
    row.update(next_check_at=at, due_since=at, queued=0, **fields)
    if PersonToken.objects.filter(person=command.as_person_id, given_at__gte=since).exists():
        row.update(next_check_at=now, due_since=now)


def wait_for_session(command: Command, error: bitrix.BitrixError) -> None:
    """Leave an intent until somebody signs in for the key: that rings for it."""
    now = timezone.now()
    if now > command.requested_at + LONGEST_WAIT:
        cancel(command, "nobody_signed_in")
        return
    at = now + ASK_AGAIN
    row = Command.objects.filter(pk=command.pk, state=CommandState.INTENT, epoch=command.epoch)
    row.update(next_check_at=at, due_since=at, queued=0, **failing(*error_of(error)))
    if gateways.has_session(command.portal):
        row.update(next_check_at=now, due_since=now)


def postpone(command: Command, error: bitrix.BitrixError) -> None:
    """Leave an intent for later because the portal cannot be asked; give up after an hour."""
    log.info("command_postponed command=%s %s", command.pk, error.for_logs)
    if isinstance(error, SessionOver):
        wait_for_session(command, error)
        return
    now = timezone.now()
    if is_overdue(command):
        cancel(command, "portal_unreachable", reasons_of(error))
        return
    if isinstance(error, (bitrix.PaceExceeded, bitrix.Resting)):
        wait_for_turn(command, error)
        return
    Command.objects.filter(pk=command.pk, state=CommandState.INTENT, epoch=command.epoch).update(
        checks=command.checks + 1,
        next_check_at=now + pause(command.checks, error),
        **failing(*error_of(error)),
    )
