"""The batch method: up to 50 commands in order, with references to earlier results.

https://apidocs.bitrix24.com/api-reference/how-to-call-rest-api/batch
"""

import re
from collections.abc import Callable
from typing import Any

from sandbox import php
from sandbox.incoming import command
from sandbox.refusals import Refusal, named

MAX_COMMANDS = 50
FORBIDDEN = {"batch", "download", "upload"}
_PARTS = ("result", "error", "total", "next", "time")
# The match runs to the next white space; what is glued to the brackets is swallowed.
_REFERENCE = re.compile(r"\$(result|next|total|time|error)(\[[^\s]*)", re.IGNORECASE)

#: Runs one command: (method, parameters) -> envelope with result, and total and next if any.
Perform = Callable[[str, dict[str, Any]], dict[str, Any]]


def run(params: dict[str, Any], perform: Perform) -> dict[str, Any]:
    """Run the commands and return what goes under `result`."""
    collected: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
    halt = not php.is_empty(params.get("HALT"))
    ran = 0
    for name, text in php.items(params.get("CMD")):
        if not isinstance(text, str):
            continue
        ran += 1
        if ran > MAX_COMMANDS:
            collected["error"][name] = named("ERROR_BATCH_LENGTH_EXCEEDED").envelope()
            continue
        try:
            _one(name, text, collected, perform)
        except Refusal as refusal:
            collected["error"][name] = refusal.envelope()
            if halt:
                break
    return {
        "result": php.shape(collected["result"]),
        "result_error": php.shape(collected["error"]),
        "result_total": php.shape(collected["total"]),
        "result_next": php.shape(collected["next"]),
        "result_time": php.shape(collected["time"]),
    }


def _one(name: str, text: str, collected: dict[str, dict[str, Any]], perform: Perform) -> None:
    method, params = command(text)
    params = {key: resolve(value, collected) for key, value in params.items()}
    if method.lower() in FORBIDDEN:
        raise named("ERROR_BATCH_METHOD_NOT_ALLOWED")
    envelope = perform(method, params)
    collected["result"][name] = envelope["result"]
    for part in ("total", "next", "time"):
        if part in envelope:
            collected[part][name] = envelope[part]


def resolve(value: Any, collected: dict[str, dict[str, Any]]) -> Any:
    """Replace references in a value, at any depth of an array."""
    if isinstance(value, dict):
        return {key: resolve(item, collected) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, collected) for item in value]
    if not isinstance(value, str) or "$" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole is not None:
        return _look_up(whole, collected)

    def inside(match: re.Match[str]) -> str:
        found = _look_up(match, collected)
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            return ""
        return str(found)

    return _REFERENCE.sub(inside, value)


def _look_up(match: re.Match[str], collected: dict[str, dict[str, Any]]) -> Any:
    # The pattern ignores case, the look-up does not: $RESULT[a] becomes null.
    found: Any = collected.get(match[1])
    if found is None:
        return None
    first = True
    for key in re.findall(r"\[([^\]]*)\]", match[2]):
        step = _step(found, key.strip("'\""))
        if step is _MISSING:
            return None if first else found
        found, first = step, False
    return found


_MISSING = object()


def _step(found: Any, key: str) -> Any:
    if isinstance(found, dict):
        return found.get(key, _MISSING)
    position = php.whole(key)
    if isinstance(found, list) and position is not None and position < len(found):
        return found[position]
    return _MISSING
