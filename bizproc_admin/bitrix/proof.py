"""What one failed or answered attempt proves, and whether it may be repeated.

Both functions are pure. `classify` answers for writes: may the portal have done it? Everything
that is not certain is `UNKNOWN`, and is settled by reading the target again, never by sending
twice. `decide` answers for reads, which harm nobody when they are repeated.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from . import errors, refusals
from .objects import Written
from .token_errors import TokenRefused

ATTEMPTS: Final = 5
_BASE_SECONDS: Final = 1.0
_CAP_SECONDS: Final = 60.0


class Classification(StrEnum):
    """What is known about a write after one attempt."""

    NOT_APPLIED_RETRY = "not_applied_retry"  # certainly nothing happened; sending again is safe
    NOT_APPLIED_FINAL = "not_applied_final"  # certainly nothing happened; repeating will not help
    REJECTED = "rejected"  # the portal said no; one re-read tells what that means
    ACCEPTED = "accepted"  # the portal said yes; a re-read confirms it
    UNKNOWN = "unknown"  # it may have happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try again after so many seconds."""

    after: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not try again; hand the error on."""


_RETRY: Final = (
    errors.NotSent,
    refusals.RateLimited,
    refusals.MethodExhausted,
    refusals.ExpiredCredentials,
    refusals.PortalClosed,
    refusals.WorkflowBusy,
)
#: Refused before the method ran: by the access layer, or by the check of its input.
_FINAL: Final = (
    refusals.InvalidCredentials,
    refusals.AccessDenied,
    refusals.PlanRequired,
    refusals.MethodNotFound,
    refusals.InvalidInput,
)
#: These say so whatever the status: documents and portals disagree about it (401, 403, 500, 503).
_FINAL_AT_ANY_STATUS: Final = (refusals.Overloaded,)
#: None is a command inside a batch, which has no status of its own; 422 is how the gateway hands on
#: what the portal has refused.
_REFUSING: Final = (400, 403, 404, 422, None)


def classify(outcome: Written | BaseException) -> Classification:
    """Say what one attempt at a write proves."""
    if isinstance(outcome, Written):
        return Classification.ACCEPTED
    if isinstance(outcome, _RETRY):
        return Classification.NOT_APPLIED_RETRY
    if isinstance(outcome, errors.Moved):
        return Classification.REJECTED
    if isinstance(outcome, refusals.Refused):
        return _refused(outcome)
    return Classification.UNKNOWN


def decide(attempt: int, error: BaseException, *, draw: float = 0.5) -> Retry | GiveUp:
    """Return whether the attempt at a read numbered `attempt` (from 1) may be followed by another.

    `draw` is a random number between 0 and 1: the whole delay is jittered by it.
    """
    if attempt >= ATTEMPTS:
        return GiveUp()
    backoff = draw * min(_CAP_SECONDS, _BASE_SECONDS * 2.0 ** (attempt - 1))
    if isinstance(error, errors.PaceExceeded):
        return GiveUp()  # the caller's patience is over: its own deadline said so
    if isinstance(error, errors.BadAnswer):
        return Retry(after=backoff) if error.transient else GiveUp()
    if isinstance(
        error, errors.NotSent | errors.NoAnswer | refusals.RateLimited | refusals.ServerFault
    ):
        return Retry(after=backoff)
    return GiveUp()


def _refused(error: refusals.Refused) -> Classification:
    """Sort a refusal by its class and status."""
    if isinstance(error, TokenRefused):  # not the portal: the write has not even been tried
        final = Classification.NOT_APPLIED_FINAL
        return final if error.is_final else Classification.NOT_APPLIED_RETRY
    if isinstance(error, _FINAL_AT_ANY_STATUS):
        return Classification.NOT_APPLIED_FINAL
    if isinstance(error, refusals.ServerFault) or (error.status or 0) >= 500:
        return Classification.UNKNOWN
    if isinstance(error, _FINAL):
        return Classification.NOT_APPLIED_FINAL
    if error.status in _REFUSING:
        return Classification.REJECTED
    return Classification.UNKNOWN
