"""Merging rows of the portal into the mirror, in small commits so that a click never waits long."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import connection

from bizproc_admin import bitrix

T = TypeVar("T")
AT_ONCE = 500
# SQLite's write wait is not fair: between two commits others get their turn
BREATH = 0.02


@dataclass(kw_only=True)
class Merged:
    """What a merge did, in rows; again holds workflows whose rows contradict the mirror.

    odd are the rows that could not be read.
    """

    read: int = 0
    created: int = 0
    changed: int = 0
    ended: int = 0
    again: set[str] = field(default_factory=set)
    odd: list[bitrix.Odd] = field(default_factory=list)

    def __iadd__(self, other: "Merged") -> "Merged":
        self.read += other.read
        self.created += other.created
        self.changed += other.changed
        self.ended += other.ended
        self.again |= other.again
        self.odd += other.odd
        return self


def portions(rows: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Return the rows in portions small enough for one commit, with a breath between two."""
    for start in range(0, len(rows), size):
        if start and connection.vendor == "sqlite":
            time.sleep(BREATH)
        yield rows[start : start + size]
