"""When a vote is decided: pure rules of approvals, reviews and requests for information."""

from dataclasses import dataclass

APPROVED, REJECTED = True, False


@dataclass(frozen=True)
class Votes:
    """How many were asked and what they have said."""

    asked: int
    yes: int
    no: int

    @property
    def voted(self) -> int:
        """Return how many have answered."""
        return self.yes + self.no


def approval(votes: Votes, *, kind: str, wait_for_all: bool, minimum: int) -> bool | None:
    """Decide an approval, or return None while it is open.

    Percentages are whole numbers, cut off: one of three is 33.
    """
    if kind == "any":
        return None if not votes.voted else votes.yes > 0
    if kind == "vote":
        return _by_percent(votes, wait_for_all=wait_for_all, minimum=minimum)
    if votes.no:
        return REJECTED
    return APPROVED if votes.yes >= votes.asked else None


def _by_percent(votes: Votes, *, wait_for_all: bool, minimum: int) -> bool | None:
    asked = max(votes.asked, 1)
    approved, rejected = votes.yes * 100 // asked, votes.no * 100 // asked
    enough = approved > minimum or (minimum >= 100 and approved >= 100)
    if wait_for_all:
        return enough if votes.voted >= votes.asked else None
    if enough:
        return APPROVED
    if rejected > 0 and rejected >= 100 - minimum:
        return REJECTED
    # Nobody is left to vote and neither side reached its mark.
    return REJECTED if votes.voted >= votes.asked else None


def review(*, asked: int, read: int, kind: str) -> bool:
    """Tell whether a review is finished."""
    return read > 0 if kind == "any" else read >= asked


def declined(*, asked: int, cancelled: int, kind: str) -> bool:
    """Tell whether an optional request for information is declined."""
    return cancelled > 0 if kind == "any" else cancelled >= asked
