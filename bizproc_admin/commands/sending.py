"""Sending commands: look, claim, send, record what the answer proves.

Only writer_for obtains a writer, and nobody sends without having committed the attempt first.
"""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from bizproc_admin import actions, bitrix
from bizproc_admin.access import roles
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import Action, Observation, Verdict
from bizproc_admin.bitrix.gateway import SessionOver
from bizproc_admin.commands.attempts import Answer, claim_many, take_answers
from bizproc_admin.commands.holding import held_up, hold, hold_for
from bizproc_admin.commands.settling import conclude_before_sending, settle
from bizproc_admin.commands.transitions import cancel, failing, fetch
from bizproc_admin.commands.waiting import (
    PATIENCE,
    error_of,
    is_overdue,
    purpose_of,
    reader_for,
    try_later,
    wait_for_turn,
)
from bizproc_admin.models import Account, Command, CommandState, PersonToken
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
    if command.bulk and not command.bulk.is_carried_out(now):
        return
    if any(at and at > now for at in (command.next_check_at, command.not_before)):
        return
    action = actions.load(command)
    if command.as_person and tokens.is_lost(command.as_person):
        wait_for_sign_in(command, since=now)
        return
    if not still_allowed(command, action):
        return
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
    if not is_to_be_sent(command, action, seen):
        return
    try:
        trusts_for = TRUSTED_FOR if action.is_own_alone else timedelta()
        writer = writer_for(command, action, trusts_for=trusts_for)
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


def writer_for(command: Command, action: Action, *, trusts_for: timedelta) -> bitrix.Writer:
    """Return a writer that holds the permit for the action; the person is asked for who they are.

    What the portal said of the person within trusts_for is enough.
    """
    return clients.writer(
        command.portal,
        method=action.method_of(command.inputs),
        person=command.as_person,
        purpose=purpose_of(command, bitrix.Purpose.WRITE),
        patience=PATIENCE,
        trusts_for=trusts_for,
    )


def followed(actor_pk: int) -> Account:
    """Return an actor as they are now, after what the portal says of its people."""
    actor = Account.objects.get(pk=actor_pk)
    roles.follow(actor)
    return actor


def still_allowed(command: Command, action: Action) -> bool:
    """Tell whether the actor may still do this, as of now; the command is cancelled where not.

    A part of an operation is left as it is, and the operation pauses.
    """
    actor = followed(command.actor_id)
    allowed = may(actor, action.capability) and action.permits(actor)
    if allowed and action.may_use(actor, command.as_person):
        return True
    if command.bulk is not None:
        hold(command.bulk, "no_longer_allowed")
    else:
        cancel(command, "no_longer_allowed")
    return False


def is_to_be_sent(command: Command, action: Action, seen: Observation) -> bool:
    """Tell whether a target is as it was asked for; a command whose target is not is settled."""
    if seen.verdict is not Verdict.UNTOUCHED:
        conclude_before_sending(command, action, seen)
        return False
    if command.seen_modified and command.sends == 0 and seen.modified != command.seen_modified:
        cancel(command, "changed_since_view")
        return False
    return True


def claim(command: Command, *, worker: str, before: Observation) -> bool:
    """Take the command for one send and commit the attempt before any byte leaves."""
    return bool(claim_many([(command, before)], worker=worker))


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
    if command.bulk is not None and isinstance(outcome, bitrix.BitrixError):
        proof = held_up(command.bulk, outcome, proof)
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
    answer = Answer(command=command, epoch=epoch, outcome=outcome, proof=proof, result=result)
    return bool(take_answers([answer]))


def wait_for_sign_in(command: Command, *, since: datetime) -> None:
    """Leave an intent until its person signs in with Bitrix24 again: the sign-in rings for it.

    Nobody else can do it, so it waits long; then it is given up, and its target is free again.
    since is when it was taken up: a sign-in after that found nothing yet that waits for it.
    An operation that it is a part of pauses instead.
    """
    if command.bulk is not None:
        hold_for(command.bulk, tokens.ReconnectNeeded())
        return
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
    """Leave an intent for later because the portal cannot be asked; give up after an hour.

    An operation that it is a part of waits as a whole, or pauses, unless only this target cannot
    be read.
    """
    log.info("command_postponed command=%s %s", command.pk, error.for_logs)
    if command.bulk is not None and not error.is_of_target:
        hold_for(command.bulk, error)
        return
    if isinstance(error, SessionOver):
        wait_for_session(command, error)
        return
    if isinstance(error, (bitrix.PaceExceeded, bitrix.Resting)) and not is_overdue(command):
        wait_for_turn(command, error)
        return
    try_later(command, error)
