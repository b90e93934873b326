"""Commands that are left for later: for their turn, a next try or a next look, and for how long."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from bizproc_admin import bitrix, connecting
from bizproc_admin.models import Command, CommandState
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


def purpose_of(command: Command, purpose: bitrix.Purpose) -> bitrix.Purpose:
    """Return what a command's requests are for; those of a mass action come after people's own."""
    return bitrix.Purpose.BULK if command.origin == BULK else purpose


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


def wait_for_turn(command: Command, error: bitrix.PaceExceeded | bitrix.Resting) -> None:
    """Leave a command until its turn may have come: no failed try, and soon again."""
    seconds = min(max(error.retry_after, SHORTEST_WAIT), LONGEST_WAIT)
    fields: dict[str, Any] = {"next_check_at": timezone.now() + timedelta(seconds=seconds)}
    if command.state == CommandState.INTENT:
        fields |= {"error_code": error.code, "error_text": ""}
        if isinstance(error, bitrix.PaceExceeded):
            fields["queued"] = F("queued") + PATIENCE + seconds
    Command.objects.filter(pk=command.pk, state=command.state, epoch=command.epoch).update(**fields)


def pause(tries: int, outcome: object) -> timedelta:
    """Return how long to wait before the next try; an error that names its wait is obeyed."""
    seconds = float(RETRY_AFTER[min(tries, len(RETRY_AFTER) - 1)])
    if isinstance(outcome, bitrix.MethodExhausted):
        seconds = max(seconds, outcome.wait)
    return timedelta(seconds=seconds)


def is_overdue(command: Command) -> bool:
    """Tell whether an intent has waited so long that nobody expects it to be sent any more."""
    since = command.due_since or command.requested_at
    patience = timedelta(seconds=settings.GIVE_UP_TIME)
    queued = timedelta(seconds=command.queued)
    return timezone.now() > since + min(patience + queued, max(patience, LONGEST_QUEUE))


def reasons_of(error: object) -> str:
    """Say why an intent is given up; only what still holds then is repeated of the error."""
    text = _("The portal could not be asked for too long.")
    if not isinstance(error, LASTING):
        return text
    return f"{text} {portal_errors.for_readers(error.code, error.values)}"


def words_of(
    outcome: bitrix.Written | bitrix.BitrixError, *, was_sent: bool = True
) -> tuple[str, str]:
    """Return the vendor's code, or ours, and what is said to people; both empty when accepted.

    Where nothing was sent the failure is one of a look before it: nothing can have been done.
    """
    if isinstance(outcome, bitrix.Written):
        return "", ""
    said = portal_errors.for_people if was_sent else portal_errors.for_readers
    code = outcome.vendor_code or outcome.code
    return code[:100], said(outcome.code, outcome.values)
