"""Whole lists in as few requests as the portal allows: page 1, then batches of 50 pages.

Two ways, because the portal has two kinds of lists. Where an offset is exact to the row
(`OverlapPass`), each page begins with the last row of the page before it: rows that vanish
meanwhile make the overlap break, and the gap is read by id. Where an offset is rounded to a page
(`PagePass`), nothing can overlap, and past the end the portal falls back to page 1.

A list has ended when the portal says so twice: it names no next page, and its own total is not
larger than what it has given. Where it counts more than it gives, it is asked on; when nothing new
comes of that, the pass is `broken`: what it did not show may well exist.

Neither class sends anything: they say which pages they want and take the rows. Their state is a
small `Cursor`, so that a pass may be laid aside and go on in another process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .chunks import Cursor, Gap
from .errors import BadAnswer
from .fields import Raw

PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One page a pass asks for: at an offset, or the gap between two ids."""

    start: int
    gap: Gap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """The raw rows of one wanted page whose ids can be read.

    `size` counts all its rows. `torn` are the ids beside a row whose own id cannot be read.
    """

    rows: Sequence[Raw]
    total: int | None
    next: int | None
    given: int | None = None
    torn: frozenset[int] = frozenset()

    @property
    def size(self) -> int:
        """Count the rows the portal gave."""
        return len(self.rows) if self.given is None else self.given

    def counts_more(self, start: int) -> bool:
        """Return whether the portal counts more rows than end with this page."""
        return self.total is not None and self.total > start + self.size


class OverlapPass:
    """Read a list with exact offsets; one row of overlap proves that nothing slipped through.

    `at_first` pages are asked for before its length is known: those past the end are empty, and
    where it is long they spare a request.
    """

    def __init__(self, cursor: Cursor | None = None, *, at_first: int = 1) -> None:
        cursor = cursor or Cursor(requests=0, total=None, offset=0)
        self.requests = cursor.requests
        self.total = cursor.total
        self._offset = cursor.offset
        self._previous = cursor.previous
        self._ended = cursor.ended
        self._gaps = list(cursor.gaps)
        self._seen = set(cursor.previous)
        self._at_first = at_first
        self.broken = False

    @property
    def complete(self) -> bool:
        """Return whether the end was seen and no gap is open."""
        return self._ended and not self._gaps and not self.broken

    @property
    def cursor(self) -> Cursor:
        """Return the state from which the pass can go on."""
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
            pages = min(limit, self._at_first)
            return [Want(start=number * (PAGE - 1)) for number in range(pages)]
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
                if page.size >= PAGE and ids:
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
            self.total = page.total if page.total is not None else page.size
        is_new = any(one not in self._seen for one in ids) or page.size > len(ids)
        overlaps = not self._previous or (ids and ids[0] in self._previous)
        # Empty after a short page is simply the end; anything else may have skipped rows.
        if not overlaps and (ids or not self._ended):
            self._gaps.append(Gap(after=self._previous[-1], before=ids[0] if ids else None))
        is_short = page.size < PAGE
        self._ended = is_short and not page.counts_more(want.start)
        if not self._ended and not is_new:
            # Asked on, and nothing came: without this it would be asked for ever.
            self._ended = self.broken = True
        self._previous = tuple(ids) or self._previous
        self._offset = want.start + max(page.size, 1) - 1 if is_short else want.start + PAGE - 1


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
        self.broken = False

    @property
    def complete(self) -> bool:
        """Return whether the end of the list was seen."""
        return self._ended and not self.broken

    @property
    def cursor(self) -> Cursor:
        """Return the state from which the pass can go on."""
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
                self.total = page.total if page.total is not None else page.size
            keyed = {tuple(str(row.get(name)) for name in self._key): row for row in page.rows}
            new = keyed.keys() - self._seen
            if not self._goes_on(want, page, is_new=bool(new)):
                # Past the end: an empty page, or the portal's fall back to page 1.
                self._ended = True
                self.broken = page.total is not None and page.total > want.start
                break
            self._take_page(want, page)
            self._seen |= new
            fresh += [row for key, row in keyed.items() if key in new]
            if page.size < PAGE and not self._ended and page.next is None:
                break  # the pages asked for beside it begin too far on
        return fresh

    def _goes_on(self, want: Want, page: Got, *, is_new: bool) -> bool:
        """Return whether a page continues the list: it has rows, none of them seen or before it."""
        if not page.size or (page.next is not None and page.next <= want.start):
            return False
        if page.rows and number(page.rows[-1]) < self._last:
            return False
        return is_new or page.size > len(page.rows)

    def _take_page(self, want: Want, page: Got) -> None:
        ids = [number(row) for row in page.rows]
        if ids and want.start > 0:
            self.edges.add(ids[0])
        self._ended = page.next is None and not page.counts_more(want.start)
        if ids and not self._ended:
            self.edges.add(ids[-1])
        self.edges |= page.torn
        self._last = ids[-1] if ids else self._last
        is_cut = page.next is None and page.size < PAGE
        self._offset = want.start + (page.size if is_cut else PAGE)


def row_id(row: Raw) -> str:
    """Return a raw row's id."""
    value = row.get("ID") if isinstance(row, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise BadAnswer(f"a row has no ID but {value!r:.60}")
    return value


def number(row: Raw) -> int:
    """Return a raw row's numeric id."""
    value = row.get("ID") if isinstance(row, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    raise BadAnswer(f"a row's ID is {value!r:.60}, wanted a number")
