"""Walking a list whose order moves: what changes goes to its front, while it is read from there.

A row behind the reader that changes goes ahead of them, unseen; one that ends lets the rest move
up. So a walk overlaps its pages, and only one that meets nothing new after another shows that all
was seen: it is repeated from the front until one does. Nothing is sent here.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

PAGE: Final = 50
#: So many rows may end while a page is read without one being missed.
OVERLAP: Final = 5
MOST_WALKS: Final = 3


@dataclass(slots=True, kw_only=True)
class Walks:
    """Where a pass stands: in which walk, at which offset, whether this walk met anything new."""

    number: int = 1
    offset: int = 0
    has_met_new: bool = False
    is_over: bool = False
    is_complete: bool = False
    pages: int = 0

    def take(self, *, size: int, total: int | None, new: int) -> None:
        """Take note of the page at the offset: its rows, how many there are, how many were new."""
        self.pages += 1
        self.has_met_new = self.has_met_new or new > 0
        there_is_more = size >= PAGE and (total is None or self.offset + size < total)
        if there_is_more:
            self.offset += PAGE - OVERLAP
            return
        # an empty list is asked for again, too: one answer proves no absence
        if not self.has_met_new and self.number > 1:
            self.is_over = self.is_complete = True
        elif self.number >= MOST_WALKS:
            self.is_over = True
        else:
            self.number, self.offset, self.has_met_new = self.number + 1, 0, False

    def as_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Take up what `as_json` gave."""
        return cls(**stored)
