"""Gates: of a worker's threads no portal holds more than half: a slow one holds up no other.

Whoever finds no room goes away, and is called again by the next one who leaves.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside: Counter[int] = Counter()
_called_again: dict[int, Callable[[], None]] = {}
_threads = 0


def opened(threads: int) -> None:
    """Tell how many threads this worker has; before that there is room for everybody."""
    global _threads  # one worker a process
    _threads = threads


@contextmanager
def entered(portal_pk: int, *, again: Callable[[], None] | None = None) -> Iterator[bool]:
    """Hold a thread for one portal within the block; False when it holds its half already.

    `again` is called then, once, as soon as one of the others has left.
    """
    with _lock:
        has_room = not _threads or _inside[portal_pk] < max(1, _threads // 2)
        if has_room:
            _inside[portal_pk] += 1
        elif again is not None:
            _called_again[portal_pk] = again
    try:
        yield has_room
    finally:
        if has_room:
            with _lock:
                _inside[portal_pk] -= 1
                waiting = _called_again.pop(portal_pk, None)
            if waiting is not None:
                waiting()
