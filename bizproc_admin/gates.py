"""Gates: of a worker's threads no portal holds more than half: a slow one holds up no other.

The last room of a portal is kept for what people asked for themselves: passes over open pages and
mass actions, which wait for the portal's pace, leave it free. Whoever finds no room goes away, and
is called again by the next one who leaves.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum


class Room(StrEnum):
    """Where in a portal's share of the threads a job has found room; FULL is false."""

    FULL = ""
    SHARED = "shared"
    KEPT = "kept"


_lock = threading.Lock()
_inside: Counter[tuple[int, Room]] = Counter()
_called_again: dict[int, Callable[[], None]] = {}
_threads = 0


def opened(threads: int) -> None:
    """Tell how many threads this worker has; before that there is room for everybody."""
    global _threads  # one worker a process
    _threads = threads


def room_for(portal_pk: int, *, is_for_people: bool) -> Room:
    """Return where a portal has room; the caller holds the lock."""
    share = max(1, _threads // 2)
    kept = 1 if share > 1 else 0
    if not _threads or _inside[portal_pk, Room.SHARED] < share - kept:
        return Room.SHARED
    if is_for_people and _inside[portal_pk, Room.KEPT] < kept:
        return Room.KEPT
    return Room.FULL


@contextmanager
def entered(
    portal_pk: int, *, again: Callable[[], None] | None = None, is_for_people: bool = False
) -> Iterator[Room]:
    """Hold a thread for one portal within the block; FULL where it has no room for the job.

    Who is given the room that is KEPT does only what people asked for themselves. `again` is called
    where there was no room, once, as soon as one of the others has left.
    """
    with _lock:
        room = room_for(portal_pk, is_for_people=is_for_people)
        if room:
            _inside[portal_pk, room] += 1
        elif again is not None:
            _called_again[portal_pk] = again
    try:
        yield room
    finally:
        if room:
            with _lock:
                _inside[portal_pk, room] -= 1
                waiting = _called_again.pop(portal_pk, None)
            if waiting is not None:
                waiting()
