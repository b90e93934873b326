"""Pages of a list by number: bounded in work, anchored so that new rows never shift them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, kw_only=True)
class Page(Generic[M]):
    """One page of a list.

    first and last number its rows from 1 within `total`; both are 0 on an empty page. upto is the
    key the list is anchored at.
    """

    rows: Sequence[M]
    number: int
    size: int
    total: int
    upto: int | None = None

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
        return self.number + 1 if self.number < self.pages else None


def page_of(
    rows: QuerySet[M], *, number: int, size: int, total: int, upto: int, fetched: QuerySet[M]
) -> Page[M]:
    """Return one page of ordered rows; a number past the end gives the last page.

    total is how many rows there are; fetched is where those of the page come from, with what only
    they need.

    The keys of the page are found first, in an index alone, and only then are its rows fetched:
    page 1,000 costs one walk along the index. The far half of a long list is walked from its end.
    """
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    start = (number - 1) * size
    stop = min(start + size, total)
    from_end = start > total // 2
    ordered = rows.reverse() if from_end else rows
    span = slice(total - stop, total - start) if from_end else slice(start, stop)
    keys = list(ordered.values_list("pk", flat=True)[span]) if total else []
    by_key = fetched.in_bulk(keys)
    return Page(
        rows=[by_key[key] for key in (reversed(keys) if from_end else keys) if key in by_key],
        number=number,
        size=size,
        total=total,
        upto=upto,
    )
