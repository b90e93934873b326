"""Attempts at commands: claimed before any byte leaves, and closed by what the answer proves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bizproc_admin import actions, audit, bitrix
from bizproc_admin.actions import Observation
from bizproc_admin.audit import Facts
from bizproc_admin.commands.transitions import failing, move, record, record_many, unsent
from bizproc_admin.commands.waiting import (
    CHECK_AFTER,
    error_of,
    is_overdue,
    pause,
    reasons_of,
)
from bizproc_admin.models import AuditEntry, Command, CommandState


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back for a command that was claimed under an epoch, and what that proves.

    result is the id on the portal of what has come of it, where the answer tells.
    """

    command: Command
    epoch: int
    outcome: bitrix.Written | bitrix.BitrixError
    proof: bitrix.Classification
    result: str = ""

    @property
    def error(self) -> bitrix.BitrixError | None:
        return None if isinstance(self.outcome, bitrix.Written) else self.outcome


def claim_many(looks: Sequence[tuple[Command, Observation]], *, worker: str) -> list[Command]:
    """Take commands for one send each and commit the attempts before any byte leaves.

    Gives those that nobody else was faster with. That it is durable proves, too, that no
    transaction is open while the portal is called.
    """
    now = timezone.now()
    before = {command.pk: seen for command, seen in looks}
    with transaction.atomic(durable=True):
        taken = [
            command
            for command, seen in looks
            if move(
                command,
                CommandState.SENDING,
                worker=worker,
                lease_until=now + timedelta(seconds=settings.COMMAND_LEASE),
                sent_at=now,
                epoch=command.epoch + 1,
                sends=command.sends + 1,
                checks=0,
                proof="",
                **({} if seen.evidence is None else {"evidence": seen.evidence}),
                **failing(""),
            )
        ]
        record_many(
            taken,
            AuditEntry.Kind.ATTEMPT,
            lambda command: Facts(reason=command.reason, before=before[command.pk].snapshot),
        )
    return taken


def take_answers(
    answers: Sequence[Answer], *, check_after: float = CHECK_AFTER[0]
) -> list[Command]:
    """Record answers in one transaction; give the commands whose outcome they are.

    One that came too late is kept as evidence. check_after is in how many seconds what is in doubt
    is due to be looked at.
    """
    with transaction.atomic(durable=True):
        told: list[Answer] = []
        late: list[Answer] = []
        for answer in answers:
            to, fields = outcome_of(answer, check_after=check_after)
            is_moved = move(answer.command, to, **fields)
            (told if is_moved else late).append(answer)
        durations = {
            answer.command.pk: answer.outcome.duration_ms
            for answer in told
            if isinstance(answer.outcome, bitrix.Written)
        }
        record_many(
            [answer.command for answer in told],
            AuditEntry.Kind.OUTCOME,
            lambda command: Facts(
                reason=command.reason,
                error_code=command.error_code,
                inputs={"error": command.error_values} if command.error_values else {},
                duration_ms=durations.get(command.pk),
            ),
        )
        for answer in late:
            late_answer(answer)
    return [answer.command for answer in told]


def outcome_of(answer: Answer, *, check_after: float) -> tuple[CommandState, dict[str, Any]]:
    """Return the state that an answer leads to, and the command's fields that tell of it."""
    command, error = answer.command, answer.error
    code, values = error_of(error) if error else ("", {})
    fields: dict[str, Any] = {
        **failing(code, values),
        "lease_until": None,
        "proof": answer.proof.value,
    }
    look_at = timezone.now() + timedelta(seconds=check_after)
    # a no to what is taken once may be because an earlier send was taken
    is_certain = command.sends == 1 or not actions.ACTIONS[command.action].is_one_time
    match answer.proof:
        case bitrix.Classification.ACCEPTED:
            return CommandState.ACCEPTED, fields | {
                "next_check_at": look_at,
                "result": answer.result,
            }
        case bitrix.Classification.NOT_APPLIED_RETRY:
            fields["sends"] = command.sends - 1
            if is_overdue(command):
                fields |= failing("portal_unreachable", reasons_of(error))
                return unsent(fields["sends"]), fields
            wait = pause(command.epoch, answer.outcome)
            return CommandState.INTENT, fields | {"next_check_at": timezone.now() + wait}
        case bitrix.Classification.NOT_APPLIED_FINAL if is_certain:
            return CommandState.REJECTED, fields
        case bitrix.Classification.REJECTED:
            return CommandState.DECLINED, fields | {"next_check_at": look_at}
        case _:
            return CommandState.UNKNOWN, fields | {"next_check_at": look_at}


def late_answer(answer: Answer) -> None:
    """Keep an answer that came after its claim was lost: evidence, and a reason to look again."""
    command = answer.command
    code, values = error_of(answer.error) if answer.error else ("", {})
    command.refresh_from_db()
    record(
        command,
        AuditEntry.Kind.RECONCILE,
        by=audit.WORKER,
        outcome=f"late_{answer.proof.value}"[:20],
        attempt=answer.epoch,
        error_code=code,
        error_values=values,
        after={"result": answer.result} if answer.result else None,
        reason="",
    )
    is_about_this = command.state == CommandState.UNKNOWN and command.epoch == answer.epoch
    if answer.proof is bitrix.Classification.ACCEPTED and is_about_this:
        move(
            command,
            CommandState.ACCEPTED,
            proof=answer.proof.value,
            result=answer.result,
            next_check_at=timezone.now(),
        )
