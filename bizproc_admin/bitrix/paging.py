"""Whole lists in as few requests as the portal allows: page 1, then batches of 50 pages.

Two ways, because the portal has two kinds of lists. Where an offset is exact to the row
(`OverlapPass`), each page begins with the last row of the page before it: rows that vanish
meanwhile make the overlap break, and the gap is read by id. Where an offset is rounded to a page
(`PagePass`), nothing can overlap, and past the end the portal falls back to page 1.

Neither class sends anything: they say which pages they want and take the rows. Their state is a
small `Cursor`, so that a pass may be laid aside and go on in another process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Generic, Self, TypeVar

from .errors import BadAnswer
from .fields import Raw
from .objects import AnswerTime

PAGE: Final = 50
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """One page as the portal gave it."""

    rows: tuple[Row, ...]
    total: int | None
    next: int | None
    sent_at: datetime
    time: AnswerTime | None


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
        """Give a form that JSON can hold."""
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
    """

    rows: tuple[Row, ...]
    sent_at: datetime
    requests: int
    total: int | None
    complete: bool
    cursor: Cursor
    time: AnswerTime | None = None
    edge_task_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One page a pass asks for: at an offset, or the gap between two ids."""

    start: int
    gap: Gap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """The raw rows of one wanted page."""

    rows: Sequence[Raw]
    total: int | None
    next: int | None


class OverlapPass:
    """Read a list with exact offsets; one row of overlap proves that nothing slipped through."""

    def __init__(self, cursor: Cursor | None = None) -> None:
        cursor = cursor or Cursor(requests=0, total=None, offset=0)
        self.requests = cursor.requests
        self.total = cursor.total
        self._offset = cursor.offset
        self._previous = cursor.previous
        self._ended = cursor.ended
        self._gaps = list(cursor.gaps)
        self._seen = set(cursor.previous)

    @property
    def complete(self) -> bool:
        """Tell whether the end was seen and no gap is open."""
        return self._ended and not self._gaps

    @property
    def cursor(self) -> Cursor:
        """Give the state from which the pass can go on."""
        return Cursor(
            requests=self.requests,
            total=self.total,
            offset=self._offset,
            previous=self._previous,
            ended=self._ended,
            gaps=tuple(self._gaps),
        )

    def wants(self, limit: int) -> list[Want]:
        """Say which pages the next request shall bring."""
        wanted = [Want(start=-1, gap=gap) for gap in self._gaps[:limit]]
        if self._ended:
            return wanted
        if self.total is None:
            return [Want(start=0)]
        offset = self._offset
        # Up to the total as it was, and one page more for ids that came since.
        while len(wanted) < limit:
            wanted.append(Want(start=offset))
            if offset + 1 >= self.total:
                break
            offset += PAGE - 1
        return wanted

    def take(self, wanted: Sequence[Want], got: Sequence[Got]) -> list[Raw]:
        """Take the pages that were wanted and give the rows not seen before."""
        self.requests += 1
        fresh: list[Raw] = []
        asked = {want.gap for want in wanted}
        self._gaps = [gap for gap in self._gaps if gap not in asked]
        for want, page in zip(wanted, got, strict=True):
            ids = [row_id(row) for row in page.rows]
            if want.gap is not None:
                if len(ids) >= PAGE:
                    self._gaps.append(Gap(after=ids[-1], before=want.gap.before))
            else:
                self._take_page(want, page, ids)
            for key, row in zip(ids, page.rows, strict=True):
                if key not in self._seen:
                    self._seen.add(key)
                    fresh.append(row)
        return fresh

    def _take_page(self, want: Want, page: Got, ids: list[str]) -> None:
        if self.total is None:
            self.total = page.total if page.total is not None else len(ids)
        overlaps = not self._previous or (ids and ids[0] in self._previous)
        # Empty after a short page is simply the end; anything else may have skipped rows.
        if not overlaps and (ids or not self._ended):
            self._gaps.append(Gap(after=self._previous[-1], before=ids[0] if ids else None))
        self._ended = len(ids) < PAGE
        self._previous = tuple(ids) or self._previous
        self._offset = want.start + PAGE - 1


class PagePass:
    """Read a list by page numbers, in ascending order of its numeric ids."""

    def __init__(self, cursor: Cursor | None = None, *, key: Sequence[str] = ("ID",)) -> None:
        cursor = cursor or Cursor(requests=0, total=None, offset=0)
        self.requests = cursor.requests
        self.total = cursor.total
        self.edges: set[int] = set()
        self._offset = cursor.offset
        self._ended = cursor.ended
        self._last = int(cursor.previous[-1]) if cursor.previous else 0
        self._key = tuple(key)
        self._seen: set[tuple[str, ...]] = set()

    @property
    def complete(self) -> bool:
        """Tell whether the end of the list was seen."""
        return self._ended

    @property
    def cursor(self) -> Cursor:
        """Give the state from which the pass can go on."""
        return Cursor(
            requests=self.requests,
            total=self.total,
            offset=self._offset,
            previous=(str(self._last),),
            ended=self._ended,
        )

    def wants(self, limit: int) -> list[Want]:
        """Say which pages the next request shall bring."""
        if self._ended:
            return []
        if self.total is None:
            return [Want(start=0)]
        starts = range(self._offset, max(self.total, self._offset + 1), PAGE)
        return [Want(start=start) for start in starts[:limit]]

    def take(self, wanted: Sequence[Want], got: Sequence[Got]) -> list[Raw]:
        """Take the pages that were wanted and give the rows not seen before."""
        self.requests += 1
        self.edges = set()
        fresh: list[Raw] = []
        for want, page in zip(wanted, got, strict=True):
            if self._ended:
                break
            if self.total is None:
                self.total = page.total if page.total is not None else len(page.rows)
            ids = [number(row) for row in page.rows]
            fell_back = page.next is not None and page.next <= want.start
            if not ids or fell_back or ids[-1] < self._last:
                # Past the end: an empty page, or the portal's fall back to page 1.
                self._ended = True
                break
            if want.start > 0:
                self.edges.add(ids[0])
            self._ended = page.next is None
            if not self._ended:
                self.edges.add(ids[-1])
            self._last = ids[-1]
            self._offset = want.start + PAGE
            for row in page.rows:
                key = tuple(str(row.get(name)) for name in self._key)
                if key not in self._seen:
                    self._seen.add(key)
                    fresh.append(row)
        return fresh


def row_id(row: Raw) -> str:
    """Give a raw row's id."""
    value = row.get("ID") if isinstance(row, Mapping) else None
    if not isinstance(value, str) or not value:
        raise BadAnswer(f"a row has no ID but {value!r:.60}")
    return value


def number(row: Raw) -> int:
    """Give a raw row's numeric id."""
    value = row.get("ID") if isinstance(row, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    raise BadAnswer(f"a row's ID is {value!r:.60}, wanted a number")
