"""Settling commands in doubt by reading what they acted on, and finding what nobody is at."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bizproc_admin import actions, bitrix, doorbell
from bizproc_admin.actions import Action, Observation, Verdict
from bizproc_admin.commands.transitions import cancel, failing, fetch, move, record
from bizproc_admin.commands.waiting import (
    check_later,
    check_slowly,
    is_overdue,
    pause,
    reader_for,
    reasons_of,
    wait_for_turn,
)
from bizproc_admin.models import AuditEntry, Command, CommandState, Place, Worker
from bizproc_admin.models.commands import CHECKING, CONTESTABLE
from bizproc_admin.portals import outages, screens

log = logging.getLogger(__name__)

# a portal that accepted but did not act is asked once more, then a person decides
MOST_SENDS_DISPUTED = 2
# what the portal says when it has not taken an answer or a delegation
NOT_TAKEN = (
    "ERROR_TASK_COMPLETED", "ERROR_TASK_NOT_FOUND", "ERROR_DELEGATION_NOT_ALLOWED",
    "ERROR_ACTIVITY_ALREADY_INSTALLED",
)  # fmt: skip


def settle(pk: int) -> None:
    """Read the target of a command in doubt and conclude what can be concluded."""
    command = fetch(pk)
    if command.state not in (*CHECKING, CommandState.NEEDS_HUMAN):
        return
    action = actions.load(command)
    try:
        seen = action.look(reader_for(command, action, bitrix.Purpose.VERIFY))
    except bitrix.BitrixError as error:
        look_later(command, error)
        return
    conclude(command, action, seen)


def look_later(command: Command, error: bitrix.BitrixError) -> None:
    """Leave a command in doubt for a later look, as its target cannot be read."""
    if isinstance(error, (bitrix.PaceExceeded, bitrix.Resting)):
        wait_for_turn(command, error)
        return
    log.info("settle_postponed command=%s %s", command.pk, error.for_logs)
    check_later(command)


def conclude(command: Command, action: Action, seen: Observation) -> None:
    """Conclude what a reading of its target says of a command in doubt."""
    if command.state == CommandState.DECLINED:
        conclude_refused(command, action, seen)
    elif seen.verdict is Verdict.EVIDENT:
        conclude_by_evidence(command, action, seen)
    elif seen.verdict is Verdict.UNCLEAR:
        hand_over(command, action, seen)
    elif seen.verdict is not Verdict.UNTOUCHED:
        conclude_in_doubt(command, action, seen)
    elif command.state == CommandState.NEEDS_HUMAN:
        check_later(command)
    else:
        conclude_present(command, action, seen)


def free_the_dead() -> None:
    """Take back what dead workers hold: claims, which become unknown, and what they had taken."""
    now = timezone.now()
    alive = list(Worker.objects.alive().values_list("name", flat=True))
    claimed = Command.objects.filter(state=CommandState.SENDING)
    for command in [*claimed.filter(lease_until__lt=now), *claimed.exclude(worker__in=alive)]:
        lose(command)
    dead = list(Worker.objects.dead().values_list("name", flat=True))
    Place.objects.free_of(dead)
    Command.objects.open().filter(taken_by__in=dead).update(taken_by="", taken_until=None)
    for command in unreachable(now):
        cancel(command, "portal_unreachable", reasons_of(None))
    for command in Command.objects.filter(
        state=CommandState.EVIDENT, settled_at__lt=now - CONTESTABLE
    ):
        accept_evidence(command)


def unreachable(now: datetime) -> list[Command]:
    """Return the intents that have waited too long for a portal that is left alone meanwhile."""
    waiting = Command.objects.filter(
        bulk=None,
        state=CommandState.INTENT,
        portal__failures__gte=outages.LEFT_ALONE_AFTER,
        requested_at__lt=now - timedelta(seconds=settings.GIVE_UP_TIME),
    )
    return [command for command in waiting.select_related("actor", "portal") if is_overdue(command)]


def lose(command: Command) -> None:
    """Mark a command whose worker died or fell silent: what it sent is unknown."""
    with transaction.atomic(durable=True):
        if move(
            command,
            CommandState.UNKNOWN,
            lease_until=None,
            next_check_at=timezone.now(),
            **failing("worker_lost"),
        ):
            record(
                command,
                AuditEntry.Kind.OUTCOME,
                error_code="worker_lost",
                origin="sweeper",
            )


def conclude_before_sending(command: Command, action: Action, seen: Observation) -> None:
    """Settle an intent whose target is no longer as it was when the action was asked for."""
    if command.sends:
        conclude_in_doubt(command, action, seen)
    elif seen.verdict is Verdict.ENDED and action.ends_target:
        settle_as_already_ended(command, action, seen)
    elif cancel(command, seen.code, seen.values):
        take_over(command, action, seen)


def conclude_refused(command: Command, action: Action, seen: Observation) -> None:
    """Settle a refusal by one read of the target, which may have moved on before our send."""
    if not action.is_repeatable:
        close(command, CommandState.REJECTED, seen, is_told=True)
    elif seen.verdict is not Verdict.UNTOUCHED and command.sends > 1:
        conclude_in_doubt(command, action, seen)
    elif seen.verdict is Verdict.ENDED and action.ends_target:
        settle_as_already_ended(command, action, seen)
    elif seen.verdict is Verdict.UNTOUCHED:
        close(command, CommandState.REJECTED, seen, is_told=True)
    else:
        # a step after the answer may have failed: only some refusals prove that it was not taken
        kind = (command.error_values or {}).get("code")
        is_told = command.error_code in NOT_TAKEN or kind == bitrix.WorkflowGone.code
        proven = seen.verdict is Verdict.OVERTAKEN or is_told
        to = CommandState.NOT_APPLIED if proven else CommandState.GONE
        if close(command, to, seen, is_told=True, **failing(seen.code, seen.values)):
            take_over(command, action, seen)


def conclude_in_doubt(command: Command, action: Action, seen: Observation) -> None:
    """Settle a command whose target is no longer untouched after something of ours was sent.

    One that was about to be sent again may owe the change to its first send, applied late.
    """
    said_true = command.state in (CommandState.ACCEPTED, CommandState.DISPUTED)
    match seen.verdict:
        case Verdict.DONE:
            to = CommandState.CONFIRMED
        case Verdict.DELIVERED:
            to = CommandState.DELIVERED
        case Verdict.ENDED if said_true and action.ends_target:
            to = CommandState.CONFIRMED
        case Verdict.ENDED:
            to = CommandState.GONE
        case _:
            to = CommandState.NOT_APPLIED
    with transaction.atomic(durable=True):
        if to in (CommandState.GONE, CommandState.NOT_APPLIED) and not action.ends_target:
            is_moved = close(command, to, seen, is_told=True, **failing(seen.code, seen.values))
        else:
            is_moved = close(command, to, seen, **action.outcome(seen))
        if is_moved:
            take_over(command, action, seen)


def conclude_by_evidence(command: Command, action: Action, seen: Observation) -> None:
    """Settle a command whose answer was lost by the one thing that it alone explains."""
    with transaction.atomic(durable=True):
        fields = {**action.outcome(seen), **failing("")}
        if close(command, CommandState.EVIDENT, seen, **fields):
            take_over(command, action, seen)


def accept_evidence(command: Command) -> None:
    """Take what evidence showed for certain, as nobody has contested it for a day."""
    with transaction.atomic(durable=True):
        if move(command, CommandState.CONFIRMED):
            record(command, AuditEntry.Kind.OUTCOME, origin="sweeper")


def hand_over(command: Command, action: Action, seen: Observation) -> None:
    """Have a person say what came of a command, with all that was found at hand."""
    evidence = action.outcome(seen)
    if command.state == CommandState.NEEDS_HUMAN:
        here = Command.objects.filter(pk=command.pk, state=command.state, epoch=command.epoch)
        here.update(**evidence)
    else:
        with transaction.atomic(durable=True):
            close(command, CommandState.NEEDS_HUMAN, seen, **evidence)
    check_later(command)


def close(
    command: Command, to: CommandState, seen: Observation, *, is_told: bool = False, **fields: Any
) -> bool:
    """Settle a command by what a reading showed; part of the caller's transaction if it has one.

    is_told says that its error is why it ended so, and not what came before.
    """
    with transaction.atomic():
        is_moved = move(command, to, **fields)
        if is_moved:
            record(
                command,
                AuditEntry.Kind.RECONCILE,
                after=seen.snapshot,
                error_code=command.error_code if is_told else "",
                error_values=command.error_values if is_told else None,
                origin="worker",
            )
    return is_moved


def take_over(command: Command, action: Action, seen: Observation) -> None:
    """Bring the mirror to what was seen, and have the rest of the workflow read again."""
    with transaction.atomic():
        action.apply(command, seen)
        if command.task_id and command.workflow:
            screens.watch(command.workflow)


def conclude_present(command: Command, action: Action, seen: Observation) -> None:
    """Go on with a command whose target still runs: wait, send again, or hand it to a person."""
    if action.takes_its_time and command.state == CommandState.ACCEPTED:
        check_slowly(command)
        return
    sent_at = command.sent_at or command.requested_at
    # what counts is when the portal was asked: an answer may take longer than the settle time
    settle_time = max(timedelta(seconds=settings.SETTLE_TIME), action.awaited_for)
    may_come = seen.asked_at < sent_at + settle_time
    # what is taken once may be sent again at any time; the last send may still be done late
    is_harmless = (
        action.is_one_time
        and command.state == CommandState.UNKNOWN
        and command.sends < action.most_sends
    )
    if may_come and not is_harmless:
        if command.state == CommandState.ACCEPTED and not action.awaited_for:
            with transaction.atomic(durable=True):
                if move(command, CommandState.DISPUTED):
                    record(command, AuditEntry.Kind.RECONCILE, after=seen.snapshot, origin="worker")
        check_later(command)
        return
    disputed = command.state != CommandState.UNKNOWN
    if not action.is_repeatable:
        to = CommandState.NEEDS_HUMAN
    elif command.sends < (MOST_SENDS_DISPUTED if disputed else action.most_sends):
        to = CommandState.INTENT
    elif disputed:
        to = CommandState.NEEDS_HUMAN
    else:
        to = CommandState.NOT_APPLIED
    with transaction.atomic(durable=True):
        wait = pause(command.sends, None) if is_harmless else timedelta()
        next_check_at = timezone.now() + wait if wait and to == CommandState.INTENT else None
        if move(command, to, next_check_at=next_check_at):
            record(command, AuditEntry.Kind.RECONCILE, after=seen.snapshot, origin="worker")
            # who settles a part of an operation goes on with it
            if to == CommandState.INTENT and command.bulk_id is None:
                doorbell.ring(
                    "serve_portal",
                    command.portal_id,
                    queue=doorbell.INTERACTIVE,
                    after=wait.total_seconds(),
                )


def settle_as_already_ended(command: Command, action: Action, seen: Observation) -> None:
    """Settle a command whose target had ended before anything of ours could end it."""
    with transaction.atomic(durable=True):
        if move(
            command,
            CommandState.GONE,
            **failing(seen.code, seen.values),
        ):
            record(
                command,
                AuditEntry.Kind.OUTCOME,
                error_code=seen.code,
                error_values=seen.values,
                origin="worker",
            )
            action.apply(command, seen)
