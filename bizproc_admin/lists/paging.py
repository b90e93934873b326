"""Pages of a list by number: bounded in work, anchored so that new rows never shift them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list.

    first and last number its rows from 1 within `total`; both are 0 on an empty page. newer counts
    rows that came after the list was first opened and wait to be shown; upto is the key the list
    is anchored at.
    """

    rows: Sequence[Any]
    number: int
    size: int
    total: int
    newer: int = 0
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
    rows: QuerySet[M],
    *,
    number: int,
    size: int,
    total: int | None = None,
    shown: QuerySet[M] | None = None,
) -> Page:
    """Give one page of ordered rows; a number past the end gives the last page.

    shown is where the rows of the page are fetched from, with what only they need; by default as
    the list itself has them.

    The keys of the page are found first, in an index alone, and only then are its rows fetched:
    page 1,000 costs one walk along the index. The far half of a long list is walked from its end.
    """
    total = rows.count() if total is None else total
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    start = (number - 1) * size
    stop = min(start + size, total)
    from_end = start > total // 2
    keys = rows.reverse() if from_end else rows
    span = slice(total - stop, total - start) if from_end else slice(start, stop)
    page_keys = keys.select_related(None).values("pk")[span]
    found = shown_of(shown, page_keys, is_reversed=from_end) if shown is not None else None
    if found is None:
        found = list(rows.model._default_manager.none() if total == 0 else fetched(rows, page_keys))
    return Page(
        rows=found,
        number=number,
        size=size,
        total=total,
    )


def shown_of(shown: QuerySet[M], keys: QuerySet[M, Any], *, is_reversed: bool) -> list[M]:
    """Give the rows of some keys out of a query of their own, in the order of the list."""
    order = [row["pk"] for row in keys]
    by_key = shown.in_bulk(order)
    return [by_key[key] for key in (reversed(order) if is_reversed else order) if key in by_key]


def fetched(rows: QuerySet[M], keys: QuerySet[M, Any]) -> QuerySet[M]:
    """Give the rows of some keys, in the order and with the relations of the list."""
    found: QuerySet[M] = rows.model._default_manager.filter(pk__in=[row["pk"] for row in keys])
    found.query.order_by = rows.query.order_by
    found.query.select_related = rows.query.select_related
    found.query.deferred_loading = rows.query.deferred_loading
    return found
