"""What every write of the client sends through, and how its answer is judged."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from .envelopes import Reply
from .errors import BadAnswer
from .objects import Written


class Sends(Protocol):
    """Whatever sends a write, once, and gives the portal's good reply, or raises what it was."""

    def send(self, method: str, params: Mapping[str, Any]) -> Reply: ...


def true(reply: Reply) -> Written:
    if reply.result is not True:
        raise BadAnswer(f"the answer is {reply.result!r:.60}, wanted true", status=reply.status)
    return written(reply)


def numbered(reply: Reply) -> Written:
    # Whole numbers may come as texts of digits, as in lists.
    number = reply.result
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number)
    if not is_number(number) or number < 1:
        raise BadAnswer(f"the answer is {reply.result!r:.60}, wanted an id", status=reply.status)
    return replace(written(reply), result=number)


def written(reply: Reply) -> Written:
    return Written(
        result=reply.result,
        time=reply.time,
        duration_ms=reply.duration_ms,
        status=reply.status,
        sent_at=reply.sent_at,
    )


def is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
