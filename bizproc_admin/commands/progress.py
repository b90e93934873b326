"""What became of an operation's targets: counted from its commands, and nowhere kept."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Q

from bizproc_admin.models import BulkOperation, CommandState

# the code of what was not sent because its operation was cancelled
STOPPED = "operation_stopped"
# of what stopped because its target had moved on since it was seen
CHANGED = "changed_since_view"


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
    rows = operation.commands.order_by().values_list("state", "error_code").annotate(n=Count("pk"))
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for state, code, count in rows:
        kind = kind_of(CommandState(state), code)
        counts[kind] += count
        if kind == "refused":
            reasons[code] += count
    counts["refused"] += operation.left_out_count
    counts["not_sent"] += operation.total - sum(counts.values())
    return Progress(total=operation.total, reasons=dict(reasons), **counts)


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
