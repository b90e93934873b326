"""Many writes in one request: each says first what it would send, and judges its answer afterwards.

Sent once, like every write. What the single writes know of their parameters and of good answers is
all there is: a write is called twice, and sends nothing itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .envelopes import Call, Reply, refers
from .errors import BadAnswer, BitrixError
from .objects import Written
from .transport import Transport
from .writer import Writer

#: One write, made by a writer that is handed to it.
Write = Callable[[Writer], Written]


class _Noted(Exception):
    """A write came as far as sending this call."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.method)
        self.call = call


class _Noting(Writer):
    """A writer that tells what it was to send instead of sending it."""

    def send(self, method: str, params: Mapping[str, Any]) -> Reply:
        raise _Noted(Call(method=method, params=params))


class _Judging(Writer):
    """A writer whose answer is there already."""

    def __init__(self, transport: Transport, answer: Reply | BitrixError) -> None:
        super().__init__(transport)
        self._answer = answer

    def send(self, method: str, params: Mapping[str, Any]) -> Reply:
        if isinstance(self._answer, BitrixError):
            raise self._answer
        return self._answer


def write_many(writer: Writer, writes: Sequence[Write]) -> list[Written | BitrixError]:
    """Send up to 50 writes in one request, and give what became of each, in their order.

    Calls batch, without halt. Of a write that the answer does not mention nothing is known:
    BadAnswer. Raises what went wrong with the request itself: that holds for every one of them.
    """
    noting = _Noting(writer.transport)
    calls = {f"w{place}": _call_of(write, noting) for place, write in enumerate(writes)}
    reply = writer.send_batch(calls)
    answers: dict[str, Reply | BitrixError] = {**reply.replies, **reply.errors}
    outcomes: list[Written | BitrixError] = []
    for (key, call), write in zip(calls.items(), writes, strict=True):
        lost = BadAnswer("the batch's answer does not mention it", method=call.method)
        try:
            outcomes.append(write(_Judging(writer.transport, answers.get(key, lost))))
        except BitrixError as error:
            outcomes.append(error)
    return outcomes


def _call_of(write: Write, noting: _Noting) -> Call:
    try:
        write(noting)
    except _Noted as noted:
        if refers(noted.call.params):
            raise ValueError("a batch would read a reference in it") from None
        return noted.call
    raise ValueError("a write sends one call")
