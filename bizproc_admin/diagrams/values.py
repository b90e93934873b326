"""Values of decoded structures, read leniently: a PHP array arrives as a list or as a map."""

from collections.abc import Mapping, Sequence


def mapping(value: object) -> Mapping[str, object]:
    """Return a map; a list becomes one from its places, anything else an empty one."""
    if isinstance(value, Mapping):
        return {str(key): one for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return {str(place): one for place, one in enumerate(value)}
    return {}


def sequence(value: object) -> list[object]:
    """Return a list; a map becomes one of its values, anything else an empty one."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return list(value)
    return []


def several(value: object) -> list[object]:
    """Return a list; a single value becomes one of itself, and nothing an empty one."""
    if value is None or value == "":
        return []
    if isinstance(value, (Mapping, Sequence)) and not isinstance(value, (str, bytes)):
        return sequence(value)
    return [value]


def text(value: object) -> str:
    """Return a plain value as text; whatever is no plain one is an empty text."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, (int, float, str)):
        return str(value)[:10_000]
    return ""


def is_on(value: object) -> bool:
    """Tell whether a switch is on: true, 1, "1", "Y" ("N", "0", "" and nothing are not)."""
    return text(value).strip().upper() in ("Y", "1", "TRUE", "YES")


def number(value: object) -> int | None:
    """Return a whole number, cut off where it has a fraction; None where it is none."""
    try:
        return int(float(text(value)))
    except (ValueError, OverflowError):
        return None
