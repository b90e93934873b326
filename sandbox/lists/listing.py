"""What all lists share: SELECT, ORDER, pages of 50, and the answers' `next` and `total`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox import php
from sandbox.refusals import unreadable_select

PAGE_SIZE = 50


@dataclass(frozen=True)
class Page:
    """What a list method returns: rows, and what goes beside `result` in the envelope."""

    rows: list[Any]
    total: int | None = None
    next: int | None = None


def select(value: Any, fields: Iterable[str], default: list[str]) -> list[str]:
    """Read SELECT: names in any case, unknown ones ignored, the default when none is left."""
    if not php.is_array(value):
        return list(default)
    # PHP calls null no scalar either.
    if any(item is None or php.is_array(item) for item in php.values(value)):
        raise unreadable_select()
    known = set(fields)
    wanted = [php.text(item).upper() for item in php.values(value)]
    return list(dict.fromkeys(name for name in wanted if name in known)) or list(default)


def order(value: Any, fields: Iterable[str], default: dict[str, bool]) -> dict[str, bool]:
    """Read ORDER as field -> descending; anything but "desc" means ascending."""
    known = set(fields)
    found = {
        key.upper(): php.text(direction).lower() == "desc"
        for key, direction in php.items(value)
        if key.upper() in known
    }
    return found or dict(default)


def sort_key(value: Any) -> tuple[bool, Any]:
    """Order NULL first and texts without regard to case, as the portal's database does."""
    return value is not None, value.casefold() if isinstance(value, str) else value


def sort_rows(
    rows: list[Any], ordering: dict[str, bool], value_of: Callable[[Any, str], Any]
) -> None:
    """Sort in place by several fields, each with its direction."""
    for name, descending in reversed(list(ordering.items())):
        rows.sort(key=lambda row: sort_key(value_of(row, name)), reverse=descending)


def by_offset(found: Any, start: int | None, show: Callable[[Any], Any]) -> Page:
    """Cut the page at exactly this offset; a negative one counts nothing.

    An empty uncounted page answers `next: -1`, because -1 + 0 is less than the total 0.
    """
    offset = start or 0
    if offset < 0:
        rows = [show(row) for row in found[:PAGE_SIZE]]
        return Page(rows, 0, -1 if not rows else None)
    rows = [show(row) for row in found[offset : offset + PAGE_SIZE]]
    total = len(found)
    following = offset + len(rows)
    return Page(rows, total, following if following < total else None)


def by_page(found: list[Any], start: int | None, show: Callable[[Any], Any]) -> Page:
    """Cut the page this offset falls into; past the end is page 1, and -1 counts nothing."""
    if start == -1:
        return Page([show(row) for row in found[:PAGE_SIZE]], 0)
    total = len(found)
    number = max(start or 0, 0) // PAGE_SIZE
    if number * PAGE_SIZE >= total:
        number = 0
    rows = [show(row) for row in found[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]]
    following = number * PAGE_SIZE + len(rows)
    return Page(rows, total, following if following < total else None)
