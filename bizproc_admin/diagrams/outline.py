"""Steps as a nested list in text: for phones, screen readers, a page's search and print.

It is a flat row of entries that open and close what holds others, so that neither it nor the HTML
template that writes it recurses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bizproc_admin.diagrams.folding import HANDLERS, Count, can_fold, counts, folded
from bizproc_admin.diagrams.pictures import Lines, Role, Say, Saying
from bizproc_admin.diagrams.steps import ASKING, Kind, Step

# Levels that are drawn within each other; what lies deeper stands in the last of them, because
# browsers give up nesting at 512 elements and a phone has no room for it.
MOST_LEVELS = 24
DEEP = 6  # from here on a level takes no more room at the left


class Entry(StrEnum):
    STEP = "step"
    OPEN = "open"  # a block, or a branch: its entries follow
    NOTHING = "nothing"  # a branch without steps
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of an outline; a closed one is opened by a click, or by being found."""

    entry: Entry
    step: Step
    lines: Lines | None = None
    is_branch: bool = False
    is_closed: bool = False
    is_deep: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """A step that is still to come, among which others, and the how many-th of them."""

    step: Step
    among: Step
    number: int


def outline(root: Step, say: Say, folds: frozenset[str] | None = None) -> Iterator[Line]:
    """Yield the entries of all steps within one, in reading order; nothing is left out."""
    closed = folded(root) if folds is None else folds
    within = counts(root)
    waiting: list[_Place | Line] = _inner(root)
    level = 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, Line):
            level -= 1
            yield one
            continue
        step, role = one.step, _role(one.step)
        if step.kind is Kind.BRANCH and not _is_said(one):
            waiting.extend(_inner(step))
            continue
        count = within.get(step.key, Count())
        said = say(Saying(role, step, steps=count.steps, asking=count.asking, number=one.number))
        is_deep = level >= DEEP
        if role is Role.STEP or level >= MOST_LEVELS:
            yield Line(Entry.STEP, step, said, is_deep=is_deep)
            waiting.extend(_inner(step))
            continue
        level += 1
        is_branch = step.kind is Kind.BRANCH
        is_closed = not is_branch and str(step.key) in closed
        yield Line(Entry.OPEN, step, said, is_branch, is_closed, is_deep)
        if not step.children:
            yield Line(Entry.NOTHING, step)
        waiting.append(Line(Entry.CLOSE, step))
        waiting.extend(_inner(step))


def _inner(step: Step) -> list[_Place | Line]:
    """Return what stands within a step, the first at the end."""
    places = [_Place(child, step, number) for number, child in enumerate(step.children, 1)]
    return [*reversed(places)]


def _is_said(one: _Place) -> bool:
    """Tell whether a branch is named: the body of a loop and answers nothing follows are not."""
    if one.among.kind in (Kind.LOOP, Kind.EACH):
        return False
    return one.among.kind not in ASKING or can_fold(one.among)


def _role(step: Step) -> Role:
    if step.kind is Kind.BRANCH:
        return Role.BRANCH
    if step.kind is Kind.STATE or step.kind in HANDLERS:
        return Role.TITLE
    if step.kind is Kind.CHOICE:
        return Role.QUESTION
    if step.kind in ASKING or not can_fold(step):
        return Role.STEP
    return Role.TITLE
