"""How many rows there are, as far as anybody counts: beyond 10,000 it is "10,000+"."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Max, Model, QuerySet
from django.utils.translation import get_language

from bizproc_admin.models.accounts import Account
from bizproc_admin.models.portals import Portal

MOST_COUNTED = 10_000
# of more than so many, the workers count what no page can wait for
MANY = 10_000
# of more rows so many are looked at for who sees a part of them: each is found by who takes part
SAMPLED = 2_000
# where so many run, no page waits until more of a part than so many are counted
GLANCED = 999
# seconds that what was worked out of more rows is shown again
KEPT = 30
T = TypeVar("T")


class Glance(int):
    """How many rows there are at least: "999+" until more of them are counted."""


def count_of(rows: QuerySet[Any]) -> int:
    """Count rows as far as MOST_COUNTED, and one more where there are more than that.

    What a page shows of a million rows then costs no more than what it shows of ten thousand: each
    row that is counted for somebody who sees a part of them is found by who takes part in it.
    """
    return rows.order_by().values("pk")[: MOST_COUNTED + 1].count()


def glance_of(rows: QuerySet[Any]) -> int:
    """Count rows as far as GLANCED; that there are more is all that is told of more."""
    found = rows.order_by().values("pk")[: GLANCED + 1].count()
    return found if found <= GLANCED else Glance(GLANCED)


def are_more(rows: QuerySet[Any], number: int) -> bool:
    """Tell whether there are more rows than a number."""
    return rows.order_by()[number : number + 1].exists()


def is_told(count: int) -> bool:
    """Tell whether a count is the number of rows there are, not just more than was counted."""
    return count <= MOST_COUNTED and not isinstance(count, Glance)


def newest_of(model: type[Model]) -> int:
    """Return the greatest key of a table: a list that is anchored there shows all there is."""
    found: int | None = model._default_manager.aggregate(newest=Max("pk"))["newest"]
    return found or 0


def kept(key: str, rows: QuerySet[Any], work: Callable[[], T]) -> T:
    """Return what is worked out of rows; of more than are counted it is shown for half a minute.

    key is of whoever may see it (key_of): nobody is shown what was worked out for others.
    """
    found: T | None = cache.get(key)
    if found is None:
        found = work()
        if not is_told(count_of(rows)):
            cache.set(key, found, KEPT)
    return found


def kept_count(
    key: str, rows: QuerySet[Any], *, count: Callable[[QuerySet[Any]], int] = count_of
) -> int:
    """Count rows as count does; that there are more than are counted is kept, as by kept."""
    found: int | None = cache.get(key)
    if found is None:
        found = count(rows)
        if not is_told(found):
            cache.set(key, found, KEPT)
    return found


def key_of(what: str, account: Account, portal: Portal | None, *more: object) -> str:
    """Return what is kept by: for an account, what it may see, and the language it reads."""
    seen = None if account.sees_all else sorted(account.circle)
    role = account.role.value if account.role else ""
    named = repr((account.pk, role, seen, portal and portal.pk, get_language(), more))
    return f"{what}:{sha256(named.encode()).hexdigest()}"
