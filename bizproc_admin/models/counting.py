"""How many rows there are, as far as anybody counts: beyond 10,000 it is "10,000+"."""

from typing import Any

from django.db.models import Max, Model, QuerySet

MOST_COUNTED = 10_000


def count_of(rows: QuerySet[Any]) -> int:
    """Count rows as far as MOST_COUNTED, and one more where there are more than that.

    What a page shows of a million rows then costs no more than what it shows of ten thousand.
    """
    return rows.order_by().values("pk")[: MOST_COUNTED + 1].count()


def is_told(count: int) -> bool:
    """Tell whether a count is the number of rows there are, not just more than was counted."""
    return count <= MOST_COUNTED


def newest_of(model: type[Model]) -> int:
    """Return the greatest key of a table: a list that is anchored there shows all there is."""
    found: int | None = model._default_manager.aggregate(newest=Max("pk"))["newest"]
    return found or 0
