"""What a read of a list gives: its rows, how far it came, and what its silence proves."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, Self, TypeVar

from .errors import BadAnswer
from .objects import AnswerTime


class Identified(Protocol):
    """What every row of a list has."""

    @property
    def id(self) -> Any:
        """Return the row's id on the portal."""


Row = TypeVar("Row", bound=Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """One page as the portal gave it."""

    rows: tuple[Row, ...]
    total: int | None
    next: int | None
    sent_at: datetime
    time: AnswerTime | None
    odd: tuple["Odd", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A row set aside because a field of it cannot be read; the other rows go on.

    `id` is what the portal wrote, for people. `key` is the id as rows have it, None where that
    cannot be read either. `code` is an oddity of `OddRow`; kind is workflow, task, template, user
    or department.
    """

    kind: str
    id: str
    field: str
    code: str
    key: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch between two ids that has to be read by id."""

    after: str
    before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a pass stands, small enough to be stored between two slices of work."""

    requests: int
    total: int | None
    offset: int
    previous: tuple[str, ...] = ()
    ended: bool = False
    gaps: tuple[Gap, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Take up what `as_json` gave."""
        return cls(
            requests=stored["requests"],
            total=stored["total"],
            offset=stored["offset"],
            previous=tuple(stored["previous"]),
            ended=stored["ended"],
            gaps=tuple(Gap(**gap) for gap in stored["gaps"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(Generic[Row]):
    """The rows of one HTTP request of a pass; no row comes twice within the pass.

    `sent_at` is when the request left. `complete` is true on the last chunk of a pass that saw
    the end of the list. `edge_task_ids` are tasks whose rows touch a page's edge: they may be torn
    and have to be read again by id. Give `cursor` back to go on with the pass later.

    `proven` tells that the same request has shown its reader to see everything. `odd` are the rows
    set aside, `doubtful` the ids that are not among `rows` for such a reason. See `absent`.
    """

    rows: tuple[Row, ...]
    sent_at: datetime
    requests: int
    total: int | None
    complete: bool
    cursor: Cursor
    time: AnswerTime | None = None
    edge_task_ids: frozenset[int] = frozenset()
    proven: bool = False
    odd: tuple[Odd, ...] = ()
    doubtful: frozenset[Any] = frozenset()

    @classmethod
    def joined(cls, chunks: Iterable["Chunk[Row]"]) -> "Chunk[Row]":
        """Put the chunks of one whole pass together, dated by the first request."""
        parts = list(chunks)
        last = parts[-1]
        return replace(
            last,
            rows=tuple(row for part in parts for row in part.rows),
            sent_at=min(part.sent_at for part in parts),
            edge_task_ids=frozenset().union(*(part.edge_task_ids for part in parts)),
            proven=all(part.proven for part in parts),
            odd=tuple(one for part in parts for one in part.odd),
            doubtful=frozenset().union(*(part.doubtful for part in parts)),
        )

    @property
    def is_blind(self) -> bool:
        """Return whether a row was set aside of which nobody knows whose it is."""
        return any(one.key is None for one in self.odd)

    def clear(self) -> Self:
        """Return this very answer when all of it could be read whole, else raise BadAnswer.

        For a look that decides something: what was set aside or torn might decide it otherwise.
        """
        doubts = (self.doubt(key) for key in (*(one.key for one in self.odd), *self.edge_task_ids))
        if error := next(doubts, None):
            raise error
        return self

    def doubt(self, key: Any) -> BadAnswer | None:
        """Return why this answer cannot be trusted to show what an id is like; None where it can.

        A row of which nobody knows whose it is might be that of any id that is not among the rows.
        """
        for one in self.odd:
            if one.key == key or (one.key is None and not self._shows(key)):
                text = f"{one.kind}.{one.field} cannot be read: {one.code} (ID {one.id!r})"
                return BadAnswer(text)
        if key in self.edge_task_ids:
            return BadAnswer("a task changed while it was read page by page", transient=True)
        return None

    def _shows(self, key: Any) -> bool:
        return any(row.id == key for row in self.rows)

    def absent(self, ids: Iterable[Any]) -> set[Any]:
        """Return those of the ids that this answer proves to be absent: often fewer than are."""
        if not self.complete or not self.proven or self.is_blind:
            return set()
        return set(ids) - self.doubtful - {row.id for row in self.rows}
