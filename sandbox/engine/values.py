"""What people fill in: the values of a request's fields, read by their types.

What cannot be read as its type counts as not given.
"""

import base64
import binascii
import math
import re
from typing import Any

from sandbox import php
from sandbox.state.portal import Portal

_BINDING = re.compile(r"[A-Za-z0-9]+_[1-9]\d*")
_YES = {"y", "1", "true", "yes"}
_NO = {"n", "0", "false", "no"}


def read(portal: Portal, definition: dict[str, Any], given: Any) -> Any:
    """Return the value of a field as the workflow keeps it, or None when nothing is given."""
    kind = definition.get("Type", "string")
    items = _items(kind, given, multiple=bool(definition.get("Multiple")))
    found = [
        value
        for item in items
        if (value := _one(portal, kind, item, definition.get("Options"))) is not None
    ]
    if definition.get("Multiple"):
        return found or None
    return found[0] if found else None


def is_missing(value: Any) -> bool:
    """Tell whether a required field would be refused; zero and No are answers."""
    return value is None or value in ("", [], {})


def _items(kind: str, given: Any, *, multiple: bool) -> list[Any]:
    if not php.is_array(given):
        return [given]
    parts = php.values(given)
    if kind == "file" and (not multiple or _is_named_file(parts)):
        return [parts]
    return parts if multiple else parts[:1]


def _is_named_file(parts: list[Any]) -> bool:
    # With several files allowed, [name, content] and [content, content] look alike.
    return (
        len(parts) == 2
        and all(isinstance(part, str) for part in parts)
        and _decoded(parts[0]) is None
    )


def _one(portal: Portal, kind: str, item: Any, options: Any) -> Any:
    if item is None:
        return None
    if kind == "file":
        return _file(portal, item)
    if php.is_array(item):
        return None
    text = php.text(item).strip()
    match kind:
        case "bool":
            return _boolean(item, text)
        case "int":
            return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
        case "double":
            return _double(text)
        case "date" | "datetime" | "S:DateTime":
            moment = portal.clock.read(text)
            return portal.clock.iso(moment)
        case "select":
            return text if text in dict(php.items(options)) else None
        case "user" | "S:UserID":
            return _user(portal, text)
        case "E:ECrm":
            return text if _BINDING.fullmatch(text) else None
        case "S:DiskFile":
            return text if re.fullmatch(r"n?[1-9]\d*", text) else None
        case _:
            return php.text(item)


def _boolean(item: Any, text: str) -> str | None:
    if item is False or text.lower() in _NO:
        return "N"
    return "Y" if text.lower() in _YES else None


def _double(text: str) -> float | None:
    text = text.replace(",", ".")
    number = float(text) if php.is_numeric(text) else math.inf
    return number if math.isfinite(number) else None


def _user(portal: Portal, text: str) -> str | None:
    number = php.whole(text.removeprefix("user_"))
    return f"user_{number}" if number in portal.users else None


def _file(portal: Portal, item: Any) -> dict[str, Any] | None:
    parts = php.values(item) if php.is_array(item) else ["", item]
    if len(parts) != 2 or not all(isinstance(part, str) for part in parts):
        return None
    content = _decoded(parts[1])
    if not content:
        return None
    number = portal.next_number("file")
    return {"id": number, "name": parts[0] or f"file_{number}", "size": len(content)}


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError):
        return None
