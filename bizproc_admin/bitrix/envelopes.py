"""The shapes around a call: one reply, a batch of calls, and PHP's way of writing both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

from .errors import BadAnswer
from .objects import AnswerTime
from .refusals import Refused

BATCH_LIMIT: Final = 50
#: What a batch takes for the answer of an earlier call, wherever it stands in a value.
_REFERENCE: Final = re.compile(r"\$(result|next|total|time|error)\[", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A good reply: the value and what came with it."""

    result: Any
    total: int | None
    next: int | None
    time: AnswerTime | None
    sent_at: datetime
    duration_ms: int
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call inside a batch."""

    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReply:
    """What became of each call: a reply, an error, or nothing at all (`missing`)."""

    replies: Mapping[str, Reply]
    errors: Mapping[str, Refused]
    missing: frozenset[str]
    sent_at: datetime
    duration_ms: int
    time: AnswerTime | None


def by_key(maps: Mapping[str, Any], name: str, keys: list[str]) -> Mapping[str, Any]:
    """Return one of the batch's maps; PHP writes maps keyed 0..n-1, and empty ones, as lists."""
    value = maps.get(name)
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list):
        return {str(number): item for number, item in enumerate(value) if str(number) in keys}
    if value is None:
        return {}
    raise BadAnswer(f"batch {name} is neither an object nor a list", method="batch")


def count(value: object, *, name: str, method: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 19:
        return int(value)
    raise BadAnswer(f"{name} is no whole number", method=method)


def query(call: Call) -> str:
    """Write a call of a batch: `method?query`, nested values in PHP's brackets."""
    pairs: list[str] = []
    for name, value in call.params.items():
        _append(pairs, name, value)
    return f"{call.method}?{'&'.join(pairs)}"


def refers(value: object) -> bool:
    """Tell whether a batch would put an earlier call's answer in place of a part of a value."""
    if isinstance(value, Mapping):
        return any(refers(key) or refers(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(refers(item) for item in value)
    return isinstance(value, str) and _REFERENCE.search(value) is not None


def _append(pairs: list[str], name: str, value: object) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _append(pairs, f"{name}[{key}]", item)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _append(pairs, f"{name}[{number}]", item)
    else:
        written = str(int(value)) if isinstance(value, bool) else "" if value is None else value
        pairs.append(f"{quote_plus(name)}={quote_plus(str(written))}")
