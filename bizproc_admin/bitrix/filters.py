"""Filters as the portal honours them, and the check that it did.

A portal drops in silence what it does not understand in a filter (lower-case names, `=ID`, `@ID`)
and then returns *every* row. So only upper-case names with the operators `! < <= > >=` leave this
house, never an empty array, and each returned row is held against the same filter.
"""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from .errors import FilterIgnored
from .fields import Fields, OddRow

Filter = Mapping[str, Any]

_KEY: Final = re.compile(r"(!|<=|>=|<|>)?([A-Z][A-Z0-9_]*)")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def for_portal(filter: Filter) -> dict[str, Any]:
    """Return the filter in the form that is sent, refusing whatever the portal would ignore."""
    sent: dict[str, Any] = {}
    for key, value in filter.items():
        sign, _ = _parts(key)
        if isinstance(value, list | tuple | set | frozenset):
            if not value:
                raise ValueError(f"filter {key} has an empty list, which the portal misreads")
            if sign not in ("", "!"):
                raise ValueError(f"filter {key} compares with a list")
            sent[key] = [_written(one) for one in value]
        else:
            sent[key] = _written(value)
    return sent


def names(filter: Filter) -> list[str]:
    """Return the field names a filter speaks of: rows must hold them to be checked."""
    return [_parts(key)[1] for key in filter]


def check(row: Fields, filter: Filter, *, unreadable: str = "") -> OddRow | None:
    """Raise FilterIgnored when a returned row does not match the filter that was sent.

    A field that cannot be read cannot be compared either: what is wrong with it is given back,
    once everything else has been compared. `unreadable` names one that is known to be so already.
    """
    unclear: OddRow | None = None
    for key, wanted in filter.items():
        sign, name = _parts(key)
        if name == unreadable:
            continue
        try:
            if name not in row.raw:
                raise row.bad(name, f"it for the filter {key}", oddity="missing")
            if not _matches(row, name, sign, wanted):
                raise FilterIgnored(
                    f"filter {key}={wanted!r:.80} brought a {row.kind} "
                    f"with {name}={row.raw[name]!r:.80}"
                )
        except OddRow as error:
            unclear = unclear or error
    return unclear


def _parts(key: str) -> tuple[str, str]:
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"the portal would ignore the filter {key!r} and return everything")
    return match[1] or "", match[2]


def _written(value: object) -> object:
    """Write one value: moments as ISO 8601 with offset, whole seconds."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a moment without a zone means another moment on the portal")
        return value.isoformat(timespec="seconds")
    if isinstance(value, bool | str | int):
        return value
    raise ValueError(f"a filter value of type {type(value).__name__} is not supported")


def _matches(row: Fields, name: str, sign: str, wanted: Any) -> bool:
    if isinstance(wanted, list | tuple | set | frozenset):
        found = any(_equal(row, name, one) for one in wanted)
        return found is (sign != "!")
    if sign in ("", "!"):
        return _equal(row, name, wanted) is (sign != "!")
    if isinstance(wanted, datetime):
        moment = row.optional_moment(name)
        # The portal keeps whole seconds, and is asked in whole seconds.
        return moment is not None and _COMPARE[sign](moment, wanted.replace(microsecond=0))
    if isinstance(wanted, int):
        return _COMPARE[sign](row.integer(name), wanted)
    return _COMPARE[sign](row.text(name).casefold(), str(wanted).casefold())


def _equal(row: Fields, name: str, wanted: Any) -> bool:
    if isinstance(wanted, bool):
        return row.boolean(name) is wanted
    if isinstance(wanted, int):
        return (row.optional_id(name) or 0) == wanted
    if isinstance(wanted, datetime):
        return row.optional_moment(name) == wanted.replace(microsecond=0)
    return row.text(name).casefold() == str(wanted).casefold()
