"""The states of commands: which moves there are and why, and the one place that makes them."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.models import AuditEntry, Command, CommandFile
from bizproc_admin.models import CommandState as State
from bizproc_admin.models.commands import SETTLED, TERMINAL, CommandQuerySet

log = logging.getLogger(__name__)

# every move there is, each with its reason; a settled command makes none
TRANSITIONS: Final[dict[State, dict[State, str]]] = {
    State.INTENT: {
        State.SENDING: "a worker claims it: the attempt is committed before any byte leaves",
        State.CANCELLED: "nothing was ever sent and nothing will be: taken back, overtaken, given "
        "up, or not allowed any more",
        State.NOT_APPLIED: "an earlier send did nothing, and it is not sent again",
        State.CONFIRMED: "an earlier send was applied late after all",
        State.DELIVERED: "an earlier send was brought to its step late after all",
        State.GONE: "the target has ended before it was sent, or sent again",
    },
    State.SENDING: {
        State.ACCEPTED: "the portal said yes",
        State.DECLINED: "the portal said no, and one reading must show what that means",
        State.REJECTED: "the portal said no in a way that proves that nothing was done",
        State.UNKNOWN: "no clear answer came, or the worker fell silent",
        State.INTENT: "nothing was done, and it is sent again in a while",
        State.CANCELLED: "nothing was done, and it has waited too long to be sent again",
        State.NOT_APPLIED: "nothing was done, as by an earlier send, and it has waited too long",
    },
    State.ACCEPTED: {
        State.CONFIRMED: "a reading agrees",
        State.DELIVERED: "a reading shows that the portal took it, not that it had an effect",
        State.DISPUTED: "a reading does not agree yet, and it may still be applied late",
        State.INTENT: "it was not done within the settle time: it is sent once more",
        State.NEEDS_HUMAN: "the portal said yes a second time and did nothing",
        State.NOT_APPLIED: "somebody else did something else to the target",
        State.GONE: "the target has moved on, and whether by us cannot be told",
    },
    State.DISPUTED: {
        State.CONFIRMED: "a later reading agrees",
        State.DELIVERED: "a later reading shows that the portal took it",
        State.INTENT: "it was not done within the settle time: it is sent once more",
        State.NEEDS_HUMAN: "the portal said yes a second time and did nothing",
        State.NOT_APPLIED: "somebody else did something else to the target",
        State.GONE: "the target has moved on, and whether by us cannot be told",
    },
    State.DECLINED: {
        State.REJECTED: "the target is as it was: the portal meant what it said",
        State.CONFIRMED: "an earlier send was applied late: that is why the portal said no",
        State.NOT_APPLIED: "somebody else did something else to the target",
        State.GONE: "the target has moved on, and whether by us cannot be told",
    },
    State.UNKNOWN: {
        State.CONFIRMED: "a reading shows that it was done",
        State.ACCEPTED: "the portal's yes was heard after all",
        State.INTENT: "it was not done within the settle time: it is sent again",
        State.EVIDENT: "no answer came, but a reading shows one thing that this alone explains",
        State.NEEDS_HUMAN: "whether it was done cannot be told, and it must not be done twice",
        State.NOT_APPLIED: "it was not done however often it was sent, or somebody else did "
        "something else to the target",
        State.GONE: "the target has moved on, and whether by us cannot be told",
    },
    State.DELIVERED: {
        State.CONFIRMED: "the workflow was seen to go on within a day",
    },
    State.EVIDENT: {
        State.CONFIRMED: "nobody has contested it for a day",
        State.NEEDS_HUMAN: "a person says that what was found is not of this command",
    },
    State.NEEDS_HUMAN: {
        State.EVIDENT: "a reading shows in the end one thing that this alone explains",
        State.CONFIRMED: "a reading shows that it was done in the end, or a person says which "
        "thing came of it",
        State.DELIVERED: "a reading shows in the end that the portal took it",
        State.NOT_APPLIED: "a person closed it, or somebody else did something else to the target",
        State.GONE: "the target has moved on, and whether by us cannot be told",
    },
}
LOOKED_INTO_AFTER = timedelta(minutes=1)


class IllegalMove(RuntimeError):
    """A move that the table does not know: a fault in the code, never in the world."""


def fetch(pk: int) -> Command:
    return fetched().get(pk=pk)


def fetched() -> CommandQuerySet:
    """Return commands with all that their actions are made from."""
    return Command.objects.select_related(
        "portal",
        "actor",
        "as_person",
        "bulk",
        "workflow__portal",
        "workflow__template",
        "workflow__document",
        "task__portal",
        "task__workflow",
    )


def move(command: Command, to: State, **fields: Any) -> bool:
    """Make one move of the table by a conditional update; False when somebody else was faster.

    The row must still be in the state and the epoch that the caller knows: what was read before
    another send says nothing about that send.
    """
    was = State(command.state)
    if to not in TRANSITIONS.get(was, ()):
        misstep(command, to, fields)
        return False
    if to in SETTLED:
        fields |= {
            "settled_at": timezone.now(),
            "next_check_at": None,
            "lease_until": None,
            "taken_by": "",
            "taken_until": None,
        }
    rows = Command.objects.filter(pk=command.pk, state=was, epoch=command.epoch)
    if rows.update(state=to, **fields) != 1:
        return False
    if to in SETTLED:
        CommandFile.objects.filter(command=command.pk).delete()
    command.state = to
    for name, value in fields.items():
        setattr(command, name, value)
    log.debug("command_moved command=%s was=%s to=%s", command.pk, was.value, to.value)
    return True


def misstep(command: Command, to: State, fields: dict[str, Any]) -> None:
    """Refuse a move that the table does not know.

    What may have been sent becomes unknown, so that its outcome is looked for; a settled command
    stays as it is, and so does one of which nothing was sent.
    """
    was = State(command.state)
    if settings.ILLEGAL_MOVES_RAISE:
        raise IllegalMove(f"command {command.pk}: {was.value} to {to.value}")
    proof = fields.get("proof", command.proof)
    log.error(
        "illegal_move command=%s was=%s to=%s proof=%s", command.pk, was.value, to.value, proof
    )
    if was in TERMINAL or (was == State.INTENT and not command.sends):
        return
    why = {"was": was.value, "to": to.value, "proof": proof}
    rows = Command.objects.filter(pk=command.pk, state=was, epoch=command.epoch)
    with transaction.atomic():
        is_moved = rows.update(
            state=State.UNKNOWN,
            proof=proof,
            lease_until=None,
            next_check_at=timezone.now() + LOOKED_INTO_AFTER,
            **failing("illegal_move", why),
        )
        if is_moved and was != State.UNKNOWN:
            command.state = State.UNKNOWN
            record(
                command,
                AuditEntry.Kind.OUTCOME,
                error_code="illegal_move",
                error_values=why,
                origin="worker",
            )


def cancel(
    command: Command,
    code: str,
    values: dict[str, Any] | None = None,
    *,
    by: By | None = None,
) -> bool:
    """End an intent that will not be sent, or not again; code and values say why.

    by is set when a person wanted it so. False when somebody else was faster.
    """
    with transaction.atomic(durable=True):
        is_moved = move(command, unsent(command.sends), **failing(code, values))
        if is_moved:
            record(
                command,
                AuditEntry.Kind.TAKEN_BACK if by else AuditEntry.Kind.OUTCOME,
                by=by,
                error_code=code,
                error_values=values,
                origin="worker",
            )
    return is_moved


def unsent(sends: int) -> State:
    """Return the state of an intent that is not sent: earlier sends may have done nothing."""
    return State.CANCELLED if sends == 0 else State.NOT_APPLIED


def failing(code: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a command's fields that say why it waits or ended as it did."""
    return {"error_code": code[:100], "error_values": values or {}, "error_text": ""}


def record(
    command: Command,
    kind: AuditEntry.Kind,
    *,
    by: By | None = None,
    origin: str = "",
    outcome: str = "",
    error_values: dict[str, Any] | None = None,
    inputs: dict[str, Any] | None = None,
    **facts: Any,
) -> None:
    """Write a command's audit entry: who, what and on what come from the row."""
    values = {"error": error_values} if error_values else {}
    audit.record(
        kind,
        AuditAction(command.action),
        by=by or By(account=command.actor, origin=origin or command.origin),
        target=command.as_target,
        command=command,
        outcome=outcome or command.state,
        facts=Facts(inputs={**(inputs or {}), **values}, **{"reason": command.reason, **facts}),
    )


def record_many(
    commands: Sequence[Command], kind: AuditEntry.Kind, facts: Callable[[Command], Facts]
) -> None:
    """Write what a worker did with commands of one actor, an entry each."""
    if commands:
        by = By(account=commands[0].actor, origin="worker")
        audit.record_commands(kind, commands, by=by, facts=facts)
