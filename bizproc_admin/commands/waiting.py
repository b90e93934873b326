"""Commands that are left for later: for their turn, a next try or a next look, and for how long."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.actions import Action
from bizproc_admin.commands.transitions import cancel, failing
from bizproc_admin.models import Command, CommandState
from bizproc_admin.models.commands import BULK
from bizproc_admin.portals import clients

# seconds between two tries to get a turn
SHORTEST_WAIT, LONGEST_WAIT = 0.5, 10.0
# seconds for which a command waits for a permit in its worker's thread
PATIENCE = 5.0
# a command that waits for its turn is given up after this at the latest
LONGEST_QUEUE = timedelta(hours=24)
# what waits for a step of the portal is looked at after 1, 10 and 60 minutes, then daily
SLOW_CHECKS = (60, 600, 3_600, 86_400)
CHECK_AFTER = (2, 5, 10, 20, 30, 60, 120, 300)
# a target of an operation that could not be read so often alone, while others could, is given up
MOST_CHECKS = 15
RETRY_AFTER = (1, 2, 5, 10, 20, 30, 60)
# what these say stays true when a command is given up; others speak of a next try
LASTING = (
    bitrix.InvalidCredentials,
    bitrix.AccessDenied,
    bitrix.NotAdministrator,
    bitrix.PlanRequired,
    bitrix.PortalClosed,
    bitrix.Overloaded,
    clients.NotConnected,
)


def purpose_of(command: Command, purpose: bitrix.Purpose) -> bitrix.Purpose:
    """Return what a command's requests are for; those of a mass action come after people's own."""
    return bitrix.Purpose.BULK if command.origin == BULK else purpose


def reader_for(command: Command, action: Action, purpose: bitrix.Purpose) -> bitrix.Reader:
    """Return what reads the target of a command."""
    purpose = purpose_of(command, purpose)
    if action.looks_as_application:
        return clients.application_reader(
            command.portal, first=command.as_person, purpose=purpose, patience=PATIENCE
        )
    return clients.reader(command.portal, purpose=purpose, patience=PATIENCE)


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


def check_slowly(command: Command) -> None:
    """Plan the next look at what may happen any day: after minutes at first, then daily."""
    wait = SLOW_CHECKS[min(command.checks, len(SLOW_CHECKS) - 1)]
    here = Command.objects.filter(pk=command.pk, state=command.state, epoch=command.epoch)
    here.update(checks=command.checks + 1, next_check_at=timezone.now() + timedelta(seconds=wait))


def wait_for_turn(command: Command, error: bitrix.PaceExceeded | bitrix.Resting) -> None:
    """Leave a command until its turn may have come: no failed try, and soon again."""
    seconds = min(max(error.retry_after, SHORTEST_WAIT), LONGEST_WAIT)
    fields: dict[str, Any] = {"next_check_at": timezone.now() + timedelta(seconds=seconds)}
    if command.state == CommandState.INTENT:
        fields |= failing(error.code)  # what it waits for is said by how many come before it
        if isinstance(error, bitrix.PaceExceeded):
            fields["queued"] = F("queued") + PATIENCE + seconds
    Command.objects.filter(pk=command.pk, state=command.state, epoch=command.epoch).update(**fields)


def try_later(command: Command, error: bitrix.BitrixError) -> None:
    """Leave an intent for a while whose target cannot be read; it is given up in the end."""
    if is_overdue(command) or (command.bulk_id and command.checks >= MOST_CHECKS):
        cancel(command, "portal_unreachable", reasons_of(error))
        return
    Command.objects.filter(pk=command.pk, state=CommandState.INTENT, epoch=command.epoch).update(
        checks=command.checks + 1,
        next_check_at=timezone.now() + pause(command.checks, error),
        **failing(*error_of(error)),
    )


def pause(tries: int, outcome: object) -> timedelta:
    """Return how long to wait before the next try; an error that names its wait is obeyed."""
    seconds = float(RETRY_AFTER[min(tries, len(RETRY_AFTER) - 1)])
    if isinstance(outcome, bitrix.MethodExhausted):
        seconds = max(seconds, outcome.wait)
    if isinstance(outcome, bitrix.RateLimited):
        seconds = max(seconds, outcome.retry_after)
    return timedelta(seconds=seconds)


def is_overdue(command: Command) -> bool:
    """Tell whether an intent has waited so long that nobody expects it to be sent any more.

    A part of an operation waits for as long as that is not stopped.
    """
    if command.bulk_id is not None:
        return False
    since = command.due_since or command.requested_at
    patience = timedelta(seconds=settings.GIVE_UP_TIME)
    queued = timedelta(seconds=command.queued)
    return timezone.now() > since + min(patience + queued, max(patience, LONGEST_QUEUE))


def reasons_of(error: bitrix.BitrixError | None) -> dict[str, Any]:
    """Return why an intent is given up; only what still holds then is kept of the error."""
    return {"reason": error_of(error)[1]} if isinstance(error, LASTING) else {}


def error_of(error: bitrix.BitrixError) -> tuple[str, dict[str, Any]]:
    """Return an error as it is kept: the vendor's code or ours, and values with ours among them."""
    return error.vendor_code or error.code, {**error.values, "code": error.code}
