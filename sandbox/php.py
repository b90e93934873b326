"""Values as PHP sees them, because the portal is written in PHP and its quirks show.

Form fields with brackets become nested arrays, "0" is empty, numbers are read from the front of a
text, and an array is a JSON list only when its keys are 0..n-1.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus, unquote_plus

_LEADING_INT = re.compile(r"^\s*([+-]?\d+)", re.ASCII)
_NUMERIC = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
#: What a longer number in a text is cut to.
_INT_MAX = 2**63 - 1
#: What PHP nests at most when it reads a form.
DEEPEST = 64
_BRACKET = re.compile(r"\[([^\]]*)\]")


def parse_query(text: str) -> dict[str, Any]:
    """Parse a query string as PHP's parse_str does: brackets nest, later values win."""
    pairs = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name), unquote_plus(value)))
    return nest(pairs)


def nest(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Build nested arrays from names such as filter[>STARTED_BY] or select[]."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        keys = _keys(name)
        if 0 < len(keys) <= DEEPEST:
            _put(tree, keys, value)
    return {key: _shaped(value) for key, value in tree.items()}


def build_query(values: dict[str, Any]) -> str:
    """Write nested arrays as a form, as PHP's http_build_query does; empty arrays are lost."""
    pairs: list[str] = []
    waiting = [(quote_plus(name), value) for name, value in reversed(values.items())]
    while waiting:
        name, value = waiting.pop()
        if is_array(value):
            inner = [(f"{name}%5B{quote_plus(key)}%5D", item) for key, item in items(value)]
            waiting.extend(reversed(inner))
        elif value is not None:
            written = "0" if value is False else text(value)
            pairs.append(f"{name}={quote_plus(written)}")
    return "&".join(pairs)


def _keys(name: str) -> list[str | None]:
    name = name.lstrip(" ")
    head, bracket, rest = name.partition("[")
    head = head.replace(".", "_").replace(" ", "_")
    if not head:
        return []
    if not bracket or "]" not in rest:
        # An unclosed bracket is part of the name, with the bracket turned into an underscore.
        return [f"{head}_{rest}" if bracket else head]
    keys: list[str | None] = [head]
    position = 0
    rest = "[" + rest
    while (match := _BRACKET.match(rest, position)) is not None:
        keys.append(match[1] if match[1] != "" else None)
        position = match.end()
    return keys


def _put(tree: dict[str, Any], keys: list[str | None], value: str) -> None:
    node = tree
    for index, key in enumerate(keys):
        name = _next_index(node) if key is None else key
        if index == len(keys) - 1:
            node[name] = value
            return
        child = node.get(name)
        if not isinstance(child, dict):
            child = node[name] = {}
        node = child


def _next_index(node: dict[str, Any]) -> str:
    numbers = [number for key in node if (number := whole(key)) is not None]
    return str(max(numbers) + 1 if numbers else 0)


def _shaped(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return shape({key: _shaped(item) for key, item in value.items()})


def shape(values: dict[str, Any]) -> Any:
    """Return what json_encode makes of a PHP array: a list when the keys are 0..n-1 in order."""
    if all(key == str(index) for index, key in enumerate(values)):
        return list(values.values())
    return values


def is_array(value: object) -> bool:
    """Tell whether PHP would call the value an array."""
    return isinstance(value, list | dict)


def is_too_deep(value: Any) -> bool:
    """Tell whether arrays are nested deeper than the portal reads."""
    level = [value]
    for _ in range(DEEPEST):
        level = [item for node in level for item in values(node)]
    return any(is_array(node) for node in level)


def items(value: Any) -> Iterator[tuple[str, Any]]:
    """Walk an array's keys and values; anything else has none."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key), item
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield str(index), item


def values(value: Any) -> list[Any]:
    """Return an array's values; anything else has none."""
    return [item for _, item in items(value)]


def is_empty(value: Any) -> bool:
    """Tell whether PHP's empty() holds: "", "0", 0, null, false and empty arrays."""
    return not value or value == "0"


def is_numeric(value: Any) -> bool:
    """Tell whether PHP's is_numeric holds: a number, or a text that is one all through."""
    if isinstance(value, str):
        return _NUMERIC.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def intval(value: Any) -> int:
    """Read a whole number as PHP does: from the front of a text, else 0; an array counts as 1."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        try:
            return int(value)
        except (OverflowError, ValueError):
            return 0
    if isinstance(value, str):
        match = _LEADING_INT.match(value)
        return max(-_INT_MAX - 1, min(_INT_MAX, int(match[1][:30]))) if match else 0
    if is_array(value):
        return 1 if value else 0
    return 0


def whole(text: str) -> int | None:
    """Read a text that is digits and nothing else; a number of no record's size is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def text(value: Any) -> str:
    """Write a scalar as PHP prints it."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "Array" if is_array(value) else str(value)


def upper_names(params: dict[str, Any]) -> dict[str, Any]:
    """Upper-case the top-level names; deeper levels keep theirs."""
    return {name.upper(): value for name, value in params.items()}
