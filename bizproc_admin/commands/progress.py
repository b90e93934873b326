"""What became of an operation's targets: counted from its commands, and nowhere kept."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from bizproc_admin.models import BulkOperation, Command, CommandState
from bizproc_admin.models.commands import SETTLED

# the code of what was not sent because its operation was cancelled
STOPPED = "operation_stopped"
# of what stopped because its target had moved on since it was seen
CHANGED = "changed_since_view"
# a rate is measured from so many of the targets that were settled last, within so long
MEASURED, LATELY = 500, timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How many of an operation's targets came to what; all but total and reasons add up to total.

    reasons counts the refused by code; left_out are among the refused.
    """

    total: int
    confirmed: int = 0
    delivered: int = 0
    refused: int = 0
    changed: int = 0
    gone: int = 0
    unknown: int = 0
    under_way: int = 0
    not_sent: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Return how many are settled, one way or another."""
        return self.confirmed + self.delivered + self.refused + self.changed + self.gone


def progress(operation: BulkOperation) -> Progress:
    """Count an operation's targets by what became of them; one query."""
    return progress_of([operation])[operation.pk]


def progress_of(operations: Sequence[BulkOperation]) -> dict[int, Progress]:
    """Count the targets of each of some operations, by its key; one query for all."""
    rows = Command.objects.filter(bulk__in=[one.pk for one in operations]).order_by()
    counted = rows.values_list("bulk", "state", "error_code").annotate(n=Count("pk"))
    counts: dict[int, Counter[str]] = {one.pk: Counter() for one in operations}
    reasons: dict[int, Counter[str]] = {one.pk: Counter() for one in operations}
    for pk, state, code, count in counted:
        kind = kind_of(CommandState(state), code)
        counts[pk][kind] += count
        if kind == "refused":
            reasons[pk][code] += count
    for one in operations:
        counts[one.pk]["refused"] += one.left_out_count
        counts[one.pk]["not_sent"] += one.total - sum(counts[one.pk].values())
    return {
        one.pk: Progress(total=one.total, reasons=dict(reasons[one.pk]), **counts[one.pk])
        for one in operations
    }


def rate(operation: BulkOperation, now: datetime) -> float | None:
    """Return how many targets a second were settled lately; None where that cannot be told yet."""
    settled = operation.commands.filter(state__in=SETTLED)
    last = settled.aggregate(last=Max("pk"))["last"]
    if last is None:
        return None
    handled = operation.commands.filter(pk__lte=last).order_by("-pk")
    moments = handled.values_list("settled_at", flat=True)[:MEASURED]
    recent = [moment for moment in moments if moment and moment > now - LATELY]
    span = (now - min(recent)).total_seconds() if recent else 0.0
    return len(recent) / span if len(recent) > 1 and span >= 1 else None


def kind_of(state: CommandState, code: str) -> str:
    """Return as what of a Progress a command of a state and code counts."""
    if code == STOPPED or state == CommandState.INTENT:
        return "not_sent"
    if code == CHANGED and state == CommandState.CANCELLED:
        return "changed"
    if state == CommandState.SENDING or state == CommandState.ACCEPTED:
        return "under_way"
    return state.word


def among(operation: BulkOperation, kind: str) -> Q:
    """Return the condition for the commands that count as a kind of Progress."""
    changed = Q(state=CommandState.CANCELLED, error_code=CHANGED)
    not_sent = Q(error_code=STOPPED) | Q(state=CommandState.INTENT)
    under_way = Q(state__in=(CommandState.SENDING, CommandState.ACCEPTED))
    match kind:
        case "changed":
            return changed
        case "not_sent":
            return not_sent
        case "under_way":
            return under_way
    return Q(state__in=CommandState.of_words(kind)) & ~changed & ~not_sent & ~under_way
