"""The rows of commands: how they are read, moved on, recorded and left for later."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from bizproc_admin import audit, bitrix, connecting
from bizproc_admin.audit import AuditAction
from bizproc_admin.models import Account, AuditEntry, Command, CommandFile, CommandState
from bizproc_admin.models.commands import BULK
from bizproc_admin.wording import portal_errors

# seconds between two tries to get a turn
SHORTEST_WAIT, LONGEST_WAIT = 0.5, 10.0
# seconds for which a command waits for a permit in its worker's thread
PATIENCE = 5.0
# a command that waits for its turn is given up after this at the latest
LONGEST_QUEUE = timedelta(hours=24)
CHECK_AFTER = (2, 5, 10, 20, 30, 60, 120, 300)
RETRY_AFTER = (1, 2, 5, 10, 20, 30, 60)
# what these say stays true when a command is given up; others speak of a next try
LASTING = (
    bitrix.InvalidCredentials,
    bitrix.AccessDenied,
    bitrix.NotAdministrator,
    bitrix.PlanRequired,
    bitrix.PortalClosed,
    bitrix.Overloaded,
    connecting.NotConnected,
)


def fetch(pk: int) -> Command:
    return Command.objects.select_related(
        "portal",
        "actor",
        "as_person",
        "workflow__portal",
        "workflow__template",
        "workflow__document",
        "task__portal",
        "task__workflow",
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
        fields |= {
            "settled_at": timezone.now(),
            "next_check_at": None,
            "lease_until": None,
            "taken_by": "",
            "taken_until": None,
        }
    if rows.update(state=to, **fields) != 1:
        return False
    if settled:
        CommandFile.objects.filter(command=command.pk).delete()
    command.state = to
    for name, value in fields.items():
        setattr(command, name, value)
    return True


def cancel(
    command: Command,
    code: str,
    text: str,
    *,
    actor: Account | None = None,
    ip: str | None = None,
) -> bool:
    """End an intent that will not be sent, or not again; the text says why.

    actor is set when a person wanted it so. False when somebody else was faster.
    """
    text = f"{text} {sent_so_far(command.sends)}"
    with transaction.atomic(durable=True):
        is_moved = move(
            command,
            {CommandState.INTENT},
            unsent(command.sends),
            settled=True,
            error_code=code,
            error_text=text,
        )
        if is_moved:
            record(
                command,
                AuditEntry.Kind.TAKEN_BACK if actor else AuditEntry.Kind.OUTCOME,
                actor=actor or command.actor,
                error_code=code,
                text=text,
                origin="screen" if actor else "worker",
                ip=ip,
            )
    return is_moved


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
        "outcome": command.state,
        "command": command,
        "attempt": command.epoch or None,
        "target_kind": command.target_kind,
        "target_id": command.target_id,
        "target_label": command.target_label,
        "on_behalf_of": command.on_behalf_of,
        "reason": command.reason,
        "origin": command.origin,
    }
    audit.record(kind, AuditAction(command.action), **(values | more))


def words_of(
    outcome: bitrix.Written | bitrix.BitrixError, *, was_sent: bool = True
) -> tuple[str, str]:
    """Give the vendor's code, or ours, and what is said to people; both empty when accepted.

    Where nothing was sent the failure is one of a look before it: nothing can have been done.
    """
    if isinstance(outcome, bitrix.Written):
        return "", ""
    said = portal_errors.for_people if was_sent else portal_errors.for_readers
    code = outcome.vendor_code or outcome.code
    return code[:100], said(outcome.code, outcome.values)


def is_overdue(command: Command) -> bool:
    """Tell whether an intent has waited so long that nobody expects it to be sent any more."""
    since = command.due_since or command.requested_at
    patience = timedelta(seconds=settings.GIVE_UP_TIME)
    queued = timedelta(seconds=command.queued)
    return timezone.now() > since + min(patience + queued, max(patience, LONGEST_QUEUE))


def purpose_of(command: Command, purpose: bitrix.Purpose) -> bitrix.Purpose:
    """Give what a command's requests are for; those of a mass action come after people's own."""
    return bitrix.Purpose.BULK if command.origin == BULK else purpose


def wait_for_turn(command: Command, error: bitrix.PaceExceeded | bitrix.Resting) -> None:
    """Leave a command until its turn may have come: no failed try, and soon again."""
    seconds = min(max(error.retry_after, SHORTEST_WAIT), LONGEST_WAIT)
    fields: dict[str, Any] = {"next_check_at": timezone.now() + timedelta(seconds=seconds)}
    if command.state == CommandState.INTENT:
        fields |= {"error_code": error.code, "error_text": ""}
        if isinstance(error, bitrix.PaceExceeded):
            fields["queued"] = F("queued") + PATIENCE + seconds
    Command.objects.filter(pk=command.pk, state=command.state, epoch=command.epoch).update(**fields)


def unsent(sends: int) -> CommandState:
    """Give the state of an intent that is not sent: cancelled, or not applied by earlier sends."""
    return CommandState.CANCELLED if sends == 0 else CommandState.NOT_APPLIED


def sent_so_far(sends: int) -> str:
    """Say what an intent that ends without a send has sent before."""
    return _("Nothing was sent.") if sends == 0 else _("It was not sent again.")


def reasons_of(error: object) -> str:
    """Say why an intent is given up; only what still holds then is repeated of the error."""
    text = _("The portal could not be asked for too long.")
    if not isinstance(error, LASTING):
        return text
    return f"{text} {portal_errors.for_readers(error.code, error.values)}"


def pause(tries: int, outcome: object) -> timedelta:
    """Give how long to wait before the next try; an error that names its wait is obeyed."""
    seconds = float(RETRY_AFTER[min(tries, len(RETRY_AFTER) - 1)])
    if isinstance(outcome, bitrix.MethodExhausted):
        seconds = max(seconds, outcome.wait)
    return timedelta(seconds=seconds)
