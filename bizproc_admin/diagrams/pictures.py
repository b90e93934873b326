"""Pictures: boxes with their words, and the lines between them, in pixels from the upper left."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bizproc_admin.diagrams.steps import Step


class Role(StrEnum):
    """What a box says."""

    START = "start"
    END = "end"
    STEP = "step"
    FOLD = "fold"  # a block as one card
    MORE = "more"  # the branches past those shown, as one card
    QUESTION = "question"
    BRANCH = "branch"  # when a branch is entered
    OTHERWISE = "otherwise"  # no branch is entered
    TITLE = "title"  # of a frame, or of what happens side by side
    AFTER = "after"  # when what happens side by side goes on
    STATE = "state"
    WAY = "way"  # out of a state


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a foot's line; tone is "", "strong" or "late"."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """The words of a box: a title, a second line, an icon and tone, and a foot where it has one.

    mark is "here" where a workflow stands, "passed" where it has been.
    """

    title: str
    note: str = ""
    icon: str = ""
    tone: str = ""
    foot: tuple[Part, ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said: a role of a step.

    What is folded counts its steps and how many of them ask people, and the branches that are left
    out; number is a branch's place among the others, from 1, in an outline. jump is the change of
    state that a way out leads by, branch the one it stands in.
    """

    role: Role
    step: Step
    steps: int = 0
    asking: int = 0
    branches: int = 0
    number: int = 0
    jump: Step | None = None
    branch: Step | None = None


Say = Callable[[Saying], Lines]


@dataclass(frozen=True, slots=True)
class Box:
    """A box with words; fold is what a click on it folds or unfolds, empty where nothing."""

    x: int
    y: int
    width: int
    height: int
    role: Role
    step: Step
    lines: Lines
    fold: str = ""


@dataclass(frozen=True, slots=True)
class Rect:
    """A frame around what is inside it, or a bar."""

    x: int
    y: int
    width: int
    height: int


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """A line of level and upright stretches; has_tip where it enters a box."""

    points: tuple[Point, ...]
    has_tip: bool = True
    is_off: bool = False


RADIUS, TIP = 8, 6


@dataclass(frozen=True, slots=True)
class Picture:
    """A diagram laid out, from below: cards of states, frames, bars, edges, boxes."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    frames: tuple[Rect, ...] = ()
    bars: tuple[Rect, ...] = ()
    edges: tuple[Edge, ...] = ()
    cards: tuple[Rect, ...] = ()


def path_of(edge: Edge) -> str:
    """Return an edge as the path of an SVG, its corners rounded; a tip takes its last pixels."""
    points = list(edge.points)
    if edge.has_tip:
        points[-1] = _toward(points[-1], points[-2], TIP - 1)
    drawn = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        room = min(RADIUS, _length(before, corner) / 2, _length(corner, after) / 2)
        start, end = _toward(corner, before, room), _toward(corner, after, room)
        drawn.append(
            f"L{start[0]:g} {start[1]:g}Q{corner[0]:g} {corner[1]:g} {end[0]:g} {end[1]:g}"
        )
    drawn.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    return "".join(drawn)


def tip_of(edge: Edge) -> str:
    """Return the arrow head of an edge as the path of an SVG."""
    (x, y), before = edge.points[-1], edge.points[-2]
    if before[0] == x:  # from above, or from below
        back = -TIP if before[1] < y else TIP
        return f"M{x:g} {y:g}l-4 {back}h8z"
    back = -TIP if before[0] < x else TIP
    return f"M{x:g} {y:g}l{back} -4v8z"


def _length(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _toward(point: Point, other: Point, distance: float) -> Point:
    whole = _length(point, other)
    if not whole:
        return point
    share = min(1.0, distance / whole)
    return (
        round(point[0] + (other[0] - point[0]) * share, 2),
        round(point[1] + (other[1] - point[1]) * share, 2),
    )


def overlaps(picture: Picture) -> list[tuple[Box, Box]]:
    """Return the pairs of boxes that cover each other: none, in a picture that can be read."""
    found, open_ = [], list[Box]()
    for box in sorted(picture.boxes, key=lambda one: one.y):
        open_ = [one for one in open_ if one.y + one.height > box.y]
        found += [
            (one, box) for one in open_ if one.x < box.x + box.width and box.x < one.x + one.width
        ]
        open_.append(box)
    return found
