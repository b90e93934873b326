"""Writing in turn: whoever has the turn writes for all who wait for it, in one transaction.

SQLite lets one write at a time of all processes. Whoever finds it busy sleeps for up to a tenth of
a second, longer than most writes take; here a process asks every few milliseconds, once for all
the calls that it has to keep.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import OperationalError, connection, transaction

#: Seconds from one try to the next, at first and at most, and until it is given up: each try of
#: a turn that waits long takes computing from whoever it waits for.
NAP, LONGEST_NAP, PATIENCE = 0.005, 0.02, 20.0
_BUSY: Final = "database is locked"


@dataclass(kw_only=True)
class _Write:
    """One piece of work, and what came of it: is_kept is what it returned, once committed."""

    act: Callable[[], bool]
    is_over: bool = False
    is_kept: bool = False
    error: OperationalError | None = None


_turn = threading.Lock()
_guard = threading.Lock()
_waiting: list[_Write] = []


def in_turn(act: Callable[[], bool]) -> bool:
    """Carry out a write and return what it returns, once it is committed.

    act is carried out by any thread, beside others, and not again where one of them fails: all of
    them raise OperationalError then.
    """
    if connection.vendor != "sqlite":
        return act()
    own = _Write(act=act)
    with _guard:
        _waiting.append(own)
    with _turn:
        if not own.is_over:
            with _guard:
                writes = _waiting[:]
                _waiting.clear()
            _carry_out(writes)
    if own.error is not None:
        raise OperationalError(*own.error.args) from own.error
    return own.is_kept


def _carry_out(writes: list[_Write]) -> None:
    try:
        with _without_sleeping():
            _begin_and_write(writes)
    except OperationalError as error:
        for write in writes:
            write.error = error
    finally:
        for write in writes:
            write.is_over = True


def _begin_and_write(writes: list[_Write]) -> None:
    until, nap = time.monotonic() + PATIENCE, NAP
    has_begun = False
    while not has_begun:
        try:
            with transaction.atomic():
                has_begun = True
                kept = [write.act() for write in writes]
            for write, is_kept in zip(writes, kept, strict=True):
                write.is_kept = is_kept
        except OperationalError as error:
            if has_begun or _BUSY not in str(error) or time.monotonic() > until:
                raise
            time.sleep(nap)
            nap = min(1.2 * nap, LONGEST_NAP)


@contextmanager
def _without_sleeping() -> Iterator[None]:
    """Let SQLite say within the block at once that it is busy."""
    with connection.cursor() as cursor:
        timeout = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout={timeout:d}")
