"""Fields of records that somebody sets from outside: names and types, before anything changes.

Whatever is set here is shown by REST later, where a wrong type could only fail as the portal's own.
"""

import types
from typing import Any, get_args, get_origin, get_type_hints

from sandbox.state.clock import bounded


def checked(
    kind: type[Any], given: dict[str, Any], *, fixed: tuple[str, ...] = ("id",)
) -> dict[str, Any]:
    """Return what was given for fields of a record, or raise what is wrong with it."""
    hints = get_type_hints(kind)
    for name, value in given.items():
        if name not in hints or name in fixed:
            raise ValueError(f"{kind.__name__} has no field {name!r} that can be set.")
        if not _fits(value, hints[name]):
            wanted = hints[name].__name__ if isinstance(hints[name], type) else hints[name]
            raise ValueError(f"{name} must be {wanted}, not {repr(value)[:100]}.")
    return given


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return any(_fits(value, one) for one in inner)
    if origin is list:
        return isinstance(value, list) and all(_fits(item, inner[0]) for item in value)
    if origin is tuple:
        return isinstance(value, list | tuple) and tuple(map(type, value)) == inner
    if origin is dict:
        return isinstance(value, dict)
    if hint is float:
        # The numbers with a fraction are moments: they have to lie in the calendar.
        return type(value) in (int, float) and bounded(value) == value
    return type(value) is hint
