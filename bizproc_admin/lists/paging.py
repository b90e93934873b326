"""Pages of a list by number: bounded in work, anchored so that new rows never shift them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

from bizproc_admin.models import counting

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, kw_only=True)
class Page(Generic[M]):
    """One page of a list.

    first and last number its rows from 1 within `total`; both are 0 on an empty page. upto is the
    key the list is anchored at. Of a total that is not told (counting.is_told) the last page is
    not known; goes_on then says whether there is another page.
    """

    rows: Sequence[M]
    number: int
    size: int
    total: int
    upto: int | None = None
    goes_on: bool = False

    @property
    def is_told(self) -> bool:
        return counting.is_told(self.total)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * self.size + len(self.rows)

    @property
    def previous_number(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next_number(self) -> int | None:
        return self.number + 1 if self.goes_on else None

    @property
    def last_number(self) -> int | None:
        """Return the number of the last page, if that is known."""
        return self.pages if self.is_told else None


def page_of(
    rows: QuerySet[M], *, number: int, size: int, total: int, upto: int | None, fetched: QuerySet[M]
) -> Page[M]:
    """Return one page of ordered rows; a number past the end gives the last page that is known.

    total is how many rows there are, as far as they are counted; fetched is where those of the
    page come from, with what only they need.

    The keys of the page are found first, in an index alone, and only then are its rows fetched:
    page 1,000 costs one walk along the index. The far half of a long list is walked from its end.
    """
    number = max(1, number)
    known = max(1, -(-min(total, counting.MOST_COUNTED) // size))
    if counting.is_told(total):
        number = min(number, known)
        keys, goes_on = keys_of(rows, number, size, total), number < known
    else:
        keys, goes_on = keys_further(rows, number, size)
        if not keys:
            number = known
            keys, goes_on = keys_further(rows, number, size)
    by_key = fetched.in_bulk(keys)
    return Page(
        rows=[by_key[key] for key in keys if key in by_key],
        number=number,
        size=size,
        total=total,
        upto=upto,
        goes_on=goes_on,
    )


def keys_of(rows: QuerySet[M], number: int, size: int, total: int) -> list[int]:
    """Return the keys of a page of so many rows in all."""
    if not total:
        return []
    start = (number - 1) * size
    stop = min(start + size, total)
    from_end = start > total // 2
    ordered = rows.reverse() if from_end else rows
    span = slice(total - stop, total - start) if from_end else slice(start, stop)
    keys = list(ordered.values_list("pk", flat=True)[span])
    return keys[::-1] if from_end else keys


def keys_further(rows: QuerySet[M], number: int, size: int) -> tuple[list[int], bool]:
    """Return the keys of a page of more rows than are counted, and whether there is another."""
    start = (number - 1) * size
    keys = list(rows.values_list("pk", flat=True)[start : start + size + 1])
    return keys[:size], len(keys) > size
