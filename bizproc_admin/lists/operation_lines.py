"""What a row says of a bulk operation: what it does, where it stands, how much of it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from bizproc_admin import commands
from bizproc_admin.commands import Progress
from bizproc_admin.models import BulkOperation, BulkState
from bizproc_admin.wording import operation_states, operations
from bizproc_admin.wording.looks import Look
from bizproc_admin.wording.times import about

# width of the bar, in its own units
WIDTH = 1_000


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of the bar: from x on, in thousandths."""

    tone: str
    x: int
    width: int


@dataclass(frozen=True, kw_only=True)
class OperationLine:
    """An operation with what became of its targets."""

    operation: BulkOperation
    progress: Progress

    @property
    def pk(self) -> int:
        return self.operation.pk

    @property
    def title(self) -> str:
        return operations.title_of(self.operation)

    @property
    def look(self) -> Look:
        return operation_states.look_of(self.operation)

    @property
    def word(self) -> str:
        return operation_states.word_of(self.operation)

    @property
    def is_busy(self) -> bool:
        return self.word in operation_states.BUSY

    @property
    def took(self) -> str:
        """Return how long it took, or takes by now; empty for one that never began."""
        operation = self.operation
        if operation.confirmed_at is None or operation.state == BulkState.AWAITING:
            return ""
        began = operation.approved_at or operation.confirmed_at
        span = (operation.finished_at or timezone.now()) - began
        seconds = int(span.total_seconds())
        return _("%(count)d s") % {"count": seconds} if seconds < 60 else about(span)

    @cached_property
    def shares(self) -> list[Share]:
        """Return the bar: what is done, each tone with its part of the whole."""
        counts = {"ok": self.progress.confirmed + self.progress.delivered}
        counts["danger"] = self.progress.refused
        counts["warn"] = self.progress.changed + self.progress.gone
        counts["unknown"] = self.progress.unknown
        shares, x = [], 0
        for tone, count in counts.items():
            width = round(count * WIDTH / (self.progress.total or 1))
            # what is there at all is seen
            width = min(max(width, 4 if count else 0), WIDTH - x)
            if width:
                shares.append(Share(tone=tone, x=x, width=width))
            x += width
        return shares

    @property
    def reads(self) -> object:
        return self.word, self.progress, self.took if self.operation.is_living else ""


def operation_lines(found: Sequence[BulkOperation]) -> list[OperationLine]:
    """Return what rows of operations say, in one query for all of their numbers."""
    counts = commands.progress_of(found)
    return [OperationLine(operation=one, progress=counts[one.pk]) for one in found]
