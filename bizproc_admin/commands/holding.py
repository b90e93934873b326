"""Operations that go on later: once the portal lets them, or when a person says so."""

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from bizproc_admin import bitrix, doorbell
from bizproc_admin.access import roles
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import ACTIONS
from bizproc_admin.bitrix.gateway import SessionOver
from bizproc_admin.commands.operations import pause
from bizproc_admin.commands.waiting import error_of
from bizproc_admin.models import Account, BulkOperation, BulkState, Command, CommandState, Portal
from bizproc_admin.portals import clients, outages, tokens

log = logging.getLogger(__name__)

# so many equal refusals in a row, and a person is asked before more of it is sent
EQUAL_REFUSALS = 5
# seconds for which an operation waits after a failure that may be over soon
SHORT_WAIT = 5.0
# it is looked at again after this, however long the portal says that a limit lasts
LONGEST_WAIT = 900.0
# nothing has gone on for so long, always for the same failure: a person is asked
LONGEST_ROW: Final = timedelta(minutes=5)
# of what a portal refuses, what may be over by itself
PASSING: Final = (
    bitrix.RateLimited,
    bitrix.MethodExhausted,
    bitrix.ServerFault,
    bitrix.ExpiredCredentials,
)
# what only a person can mend; a portal that is left alone belongs to it
LOST: Final = (
    bitrix.InvalidCredentials,
    bitrix.NoApplicationAccess,
    bitrix.InsufficientScope,
    bitrix.NotAdministrator,
    bitrix.PlanRequired,
    bitrix.PortalClosed,
    bitrix.Overloaded,
    bitrix.Moved,
    bitrix.Resting,
    clients.NotConnected,
    tokens.ReconnectNeeded,
    tokens.ApplicationBroken,
    SessionOver,
)
NOT_APPLIED: Final = (
    bitrix.Classification.NOT_APPLIED_RETRY,
    bitrix.Classification.NOT_APPLIED_FINAL,
)


def hold(operation: BulkOperation, code: str, values: dict[str, Any] | None = None) -> None:
    """Pause an operation until a person resumes it; code and values say why.

    One of which everything was sent is not paused: nobody can do anything about it.
    """
    unsent = operation.commands.filter(state__in=(CommandState.INTENT, CommandState.SENDING))
    if unsent.exists() and pause(operation, by=None, code=code[:100], values=values):
        log.warning("operation_paused operation=%s code=%s", operation.pk, code)


def needs_somebody(error: bitrix.BitrixError) -> bool:
    """Tell whether only a person can mend what went wrong: waiting for it would last for ever."""
    if isinstance(error, bitrix.TokenRefused):
        return error.is_final
    is_lasting = isinstance(error, bitrix.Refused) and not isinstance(error, PASSING)
    return is_lasting or isinstance(error, LOST)


def hold_for(operation: BulkOperation, error: bitrix.BitrixError) -> None:
    """Let an operation wait for what went wrong before anything was sent, or pause it."""
    log.info("operation_held operation=%s %s", operation.pk, error.for_logs)
    if needs_somebody(error):
        hold(operation, *error_of(error))
        return
    seconds = SHORT_WAIT
    if isinstance(error, bitrix.MethodExhausted):
        seconds = error.wait
    elif isinstance(error, (bitrix.PaceExceeded, bitrix.RateLimited)):
        seconds = max(error.retry_after, 1.0)
    elif waits_on(operation, error.code) and timezone.now() > operation.touched_at + LONGEST_ROW:
        hold(operation, *error_of(error))
        return
    wait(operation, min(seconds, LONGEST_WAIT), error.code)


def waits_on(operation: BulkOperation, code: str) -> bool:
    """Tell whether an operation has waited for the same before, and nothing went on since."""
    handled = operation.commands.exclude(state__in=(CommandState.INTENT, CommandState.SENDING))
    since = operation.touched_at
    went_on = handled.filter(Q(sent_at__gt=since) | Q(settled_at__gt=since))
    return operation.waits_code == code and not went_on.exists()


def wait(operation: BulkOperation, seconds: float, code: str) -> None:
    """Send nothing more of an operation for so many seconds; code says what it waits for."""
    now = timezone.now()
    if not waits_on(operation, code):
        operation.touched_at = now
    operation.waits_until, operation.waits_code = now + timedelta(seconds=seconds), code
    operation.save(update_fields=["waits_until", "waits_code", "touched_at"])
    doorbell.ring(
        "serve_portal", operation.portal_id, queue=doorbell.INTERACTIVE, after=seconds + 0.1
    )


def held_up(
    operation: BulkOperation,
    error: bitrix.BitrixError,
    proof: bitrix.Classification,
    *,
    is_whole: bool = False,
) -> bitrix.Classification:
    """Return what a failed write of an operation proves, and hold it where more would fail alike.

    A refusal that is of the connection, or of a whole request (is_whole), is of no single target:
    they are sent once it is mended.
    """
    if isinstance(error, bitrix.WorkflowBusy):
        return proof  # of this one target
    if proof not in NOT_APPLIED and not isinstance(error, bitrix.Moved):
        return proof
    if proof is bitrix.Classification.NOT_APPLIED_RETRY or isinstance(error, LOST):
        hold_for(operation, error)
    elif is_whole:
        hold(operation, *error_of(error))
    else:
        return proof
    return bitrix.Classification.NOT_APPLIED_RETRY


def pause_where_refused_alike(operation: BulkOperation, handled: Collection[Command]) -> None:
    """Pause an operation once so many of its commands in a row were refused for the same reason.

    handled are those that something became of just now: only a row with one of them counts.
    """
    fresh = {command.pk for command in handled if command.state == CommandState.REJECTED}
    if not fresh:
        return
    sent = Command.objects.filter(bulk=operation, sends__gt=0).order_by("-sent_at", "-pk")
    if operation.paused_at is not None:
        # whoever has resumed it knows of those before
        sent = sent.filter(sent_at__gt=operation.paused_at)
    row: list[int] = []
    reason: tuple[Any, ...] = ()
    fields = ("pk", "state", "error_code", "error_values")
    for pk, state, code, values in sent.values_list(*fields)[: len(handled) + EQUAL_REFUSALS]:
        this = (code, (values or {}).get("code"), (values or {}).get("text"))
        is_refused = state == CommandState.REJECTED
        row = ([*row, pk] if this == reason else [pk]) if is_refused else []
        reason = this
        if len(row) >= EQUAL_REFUSALS and fresh.intersection(row):
            hold(operation, "refused_alike", {"number": EQUAL_REFUSALS, "reason": values or {}})
            return


def pause_lost() -> None:
    """Pause the operations of portals that do not answer, and of actors who may not any more."""
    now = timezone.now()
    unsent = Command.objects.filter(bulk=OuterRef("pk"), state=CommandState.INTENT)
    ready = BulkOperation.objects.filter(state=BulkState.READY).select_related("portal")
    silent = set(
        Portal.objects.filter(failures__gte=outages.LEFT_ALONE_AFTER, retry_at__gt=now).values_list(
            "pk", flat=True
        )
    )
    for operation in ready.filter(Exists(unsent)):
        actor = Account.objects.get(pk=operation.actor_id)
        roles.follow(actor)
        allowed = may(actor, ACTIONS[operation.action].capability)
        if not (allowed and actor.reaches(operation.portal)):
            hold(operation, "no_longer_allowed")
        elif operation.portal_id in silent:
            hold(operation, *error_of(bitrix.Resting()))
