"""Gates: of a worker's threads no portal holds more than half: a slow one holds up no other.

Whoever finds no room goes away: what is due is rung for again within seconds.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside: Counter[int] = Counter()
_threads = 0


def opened(threads: int) -> None:
    """Tell how many threads this worker has; before that there is room for everybody."""
    global _threads  # one worker a process
    _threads = threads


@contextmanager
def entered(portal_pk: int) -> Iterator[bool]:
    """Hold a thread for one portal within the block; False when it holds its half already."""
    with _lock:
        has_room = not _threads or _inside[portal_pk] < max(1, _threads // 2)
        if has_room:
            _inside[portal_pk] += 1
    try:
        yield has_room
    finally:
        if has_room:
            with _lock:
                _inside[portal_pk] -= 1
