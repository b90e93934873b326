"""How often a portal may be asked: the protocol, and a pacer for one process.

A portal blocks above X requests with Y leaking each second, counted per portal and source
address. The protocol lets an installation keep that bucket in its database, shared by every
process; `LocalPacer` is enough for one process, for scripts and for tests.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic, sleep
from typing import Final, Protocol

from .errors import PaceExceeded
from .objects import AnswerTime


class Purpose(StrEnum):
    """What a request is for, the most urgent first: what may wait leaves the burst to the rest."""

    VERIFY = "verify"
    WRITE = "write"
    SCREEN = "screen"
    BULK = "bulk"
    PASSES = "passes"
    LEARNING = "learning"

    @property
    def is_for_people(self) -> bool:
        """Tell whether somebody waits for it."""
        return self in (Purpose.VERIFY, Purpose.WRITE, Purpose.SCREEN)


#: The share of the burst that each purpose may use up; the rest is kept for those before it.
SHARES: Final[Mapping[Purpose, float]] = {
    Purpose.VERIFY: 1.0,
    Purpose.WRITE: 0.95,
    Purpose.SCREEN: 0.85,
    Purpose.BULK: 0.7,
    Purpose.PASSES: 0.6,
    Purpose.LEARNING: 0.5,
}

#: What ends a permit: called once the request is over.
Release = Callable[[], None]


def nothing() -> None:
    """Release a permit that holds no place."""


class Pacer(Protocol):
    """Decide when a request may go, and learn from the answers."""

    def acquire(self, method: str, *, purpose: Purpose, deadline: float) -> Release:
        """Wait for a permit until `deadline` (a `time.monotonic` value), else PaceExceeded.

        Gives what has to be called once the request is over, or will not be made.
        """

    def told(self, method: str, time: AnswerTime) -> None:
        """Take note of the operating time an answer reports for a method."""

    def rate_limited(self) -> None:
        """Take note that the portal refused because of too many requests."""

    def method_exhausted(self, method: str, resets_at: datetime) -> None:
        """Take note that the portal blocks one method until a moment."""


class LocalPacer:
    """Pace one process: a bucket of `burst` permits, `per_second` of them coming back."""

    def __init__(
        self,
        *,
        per_second: float = 1.6,
        burst: float = 40.0,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], None] = sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._rate = self._full_rate = per_second
        self._burst = burst
        self._clock = clock
        self._wait = wait
        self._now = now
        self._lock = threading.Lock()
        self._level = 0.0
        self._leaked_at = clock()
        self._slowed_at = clock()
        self._blocked: dict[str, datetime] = {}

    def acquire(self, method: str, *, purpose: Purpose, deadline: float) -> Release:
        """Wait for a permit until `deadline`, else raise PaceExceeded."""
        while True:
            with self._lock:
                delay = self._delay(method, purpose=purpose)
                if delay <= 0:
                    self._level += 1
                    return nothing
            if self._clock() + delay > deadline:
                raise PaceExceeded("no permit in time", method=method, retry_after=delay)
            self._wait(delay)

    def told(self, method: str, time: AnswerTime) -> None:
        """Do nothing: one process for itself seldom uses up the operating time."""

    def rate_limited(self) -> None:
        """Treat the bucket as full and halve the pace: others use the same address."""
        with self._lock:
            self._leak()
            self._level = max(self._level, self._burst)
            self._rate = max(0.25, self._rate / 2)
            self._slowed_at = self._clock()

    def method_exhausted(self, method: str, resets_at: datetime) -> None:
        """Hold one method back until the portal frees it."""
        with self._lock:
            self._blocked[method] = resets_at

    def _leak(self) -> None:
        now = self._clock()
        minutes = int((now - self._slowed_at) // 60)
        if minutes > 0 and self._rate < self._full_rate:
            self._rate = min(self._full_rate, self._rate * 1.1**minutes)
            self._slowed_at += 60 * minutes
        self._level = max(0.0, self._level - (now - self._leaked_at) * self._rate)
        self._leaked_at = now

    def _delay(self, method: str, *, purpose: Purpose) -> float:
        self._leak()
        ceiling = self._burst * SHARES[purpose]
        delay = max(0.0, (self._level + 1 - ceiling) / self._rate)
        if (until := self._blocked.get(method)) is not None:
            left = (until - self._now()).total_seconds()
            if left > 0:
                return max(delay, left)
            del self._blocked[method]
        return delay
