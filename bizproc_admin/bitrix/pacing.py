"""How often a portal may be asked: what a request is for, and the protocol of who keeps the pace.

A portal blocks above X requests with Y leaking each second, counted per portal and source
address: an installation keeps that bucket in its database, shared by every process.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

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
        """Return whether somebody waits for it."""
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
