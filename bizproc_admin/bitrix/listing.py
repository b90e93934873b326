"""What every list of the portal shares: how it is asked, checked, and walked to its end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from . import filters
from .envelopes import BATCH_LIMIT, Answer, Command
from .errors import BadAnswer, TooLong
from .fields import Raw
from .filters import Filter
from .paging import Chunk, Cursor, Got, OverlapPass, PagePass, Want
from .transport import Transport

Row = TypeVar("Row")


class Asks(Protocol):
    """The part of a reader that lists need."""

    @property
    def transport(self) -> Transport:
        """Give the transport."""

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Call one read method."""

    def ask_many(self, commands: Sequence[Command]) -> list[Answer]:
        """Call up to 50 read methods in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Row]):
    """How one list of the portal is asked: its method, its parameters and its rows."""

    method: str
    kind: str
    parse: Callable[[object], Row]
    select: Sequence[str] = ()
    # user.get and department.get sort by other names than the bizproc lists.
    sorted_by: Mapping[str, Any]

    def command(self, want: Want, filter: Filter) -> Command:
        """Build the call for one wanted page."""
        sent = filters.for_portal(filter)
        params: dict[str, Any] = {**self.sorted_by, "start": want.start}
        if self.select:
            params["select"] = list(dict.fromkeys([*self.select, *filters.names(filter)]))
        if sent:
            params["filter"] = sent
        return Command(method=self.method, params=params)

    def rows(self, answer: Answer, filter: Filter) -> list[Raw]:
        """Take the raw rows out of an answer and hold them against the filter."""
        rows = answer.result
        if isinstance(rows, Mapping):
            rows = list(rows.values())
        if not isinstance(rows, list):
            raise BadAnswer(f"{self.kind} list is {type(rows).__name__}", method=self.method)
        filters.check(rows, filter, kind=self.kind)
        return rows


class Resource(Generic[Row]):
    """The part all lists share."""

    listing: Listing[Row]

    def __init__(self, reader: Asks) -> None:
        self._reader = reader

    def _walk(self, walk: OverlapPass | PagePass, filter: Filter) -> Iterator[Chunk[Row]]:
        """Carry a pass to its end, one HTTP request a step; long rows make smaller steps."""
        limit = BATCH_LIMIT
        while wanted := walk.wants(limit):
            narrowed = [_within(filter, want) for want in wanted]
            commands = [
                self.listing.command(want, one) for want, one in zip(wanted, narrowed, strict=True)
            ]
            try:
                answers = self._reader.ask_many(commands)
            except TooLong:
                if len(commands) == 1:
                    raise
                limit = len(commands) // 2
                continue
            got = [
                Got(rows=self.listing.rows(answer, one), total=answer.total, next=answer.next)
                for answer, one in zip(answers, narrowed, strict=True)
            ]
            fresh = walk.take(wanted, got)
            yield Chunk(
                rows=tuple(self.listing.parse(row) for row in fresh),
                sent_at=answers[0].sent_at,
                requests=walk.requests,
                total=walk.total,
                complete=walk.complete,
                cursor=walk.cursor,
                time=answers[-1].time,
                edge_task_ids=frozenset(walk.edges) if isinstance(walk, PagePass) else frozenset(),
            )

    def _gathered(
        self,
        parts: Sequence[tuple[Answer, list[Raw]]],
        *,
        requests: int,
        torn: frozenset[int] = frozenset(),
    ) -> Chunk[Row]:
        """Put the answers about given ids into one chunk, dated by the earliest request."""
        rows = tuple(self.listing.parse(row) for _, found in parts for row in found)
        now = self._reader.transport.now()
        return Chunk(
            rows=rows,
            sent_at=min((answer.sent_at for answer, _ in parts), default=now),
            requests=requests,
            total=len(rows),
            complete=True,
            cursor=Cursor(requests=requests, total=len(rows), offset=0, ended=True),
            time=parts[-1][0].time if parts else None,
            edge_task_ids=torn,
        )


def _within(filter: Filter, want: Want) -> Filter:
    """Narrow a pass's filter to a gap, when the want is one."""
    if want.gap is None:
        return filter
    narrowed = {**filter, ">ID": want.gap.after}
    if want.gap.before is not None:
        narrowed["<ID"] = want.gap.before
    return narrowed
