"""Laying out steps in order: columns that fork and join, from numbers alone and without recursion.

Blocks are listed with each before those within it. So they are measured from the last to the first,
and put in their places from the first to the last.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bizproc_admin.diagrams.folding import MOST_BRANCHES, Count, can_fold, counts, folded
from bizproc_admin.diagrams.pictures import (
    Box,
    Edge,
    Lines,
    Picture,
    Rect,
    Role,
    Say,
    Saying,
)
from bizproc_admin.diagrams.steps import ASKING, Kind, Step
from bizproc_admin.diagrams.texts import line_count, width_of

MARGIN, GAP, BETWEEN = 16, 28, 16
STEP, TEXT = 232, 172  # a step's width, and what its words have of it
TITLE_SIZE, NOTE_SIZE = 13, 12
FOOT, STACK = 28, 8
PILL, QUESTION, LABEL = 28, 36, 28
FALL = 14  # from a question to the turn, from the turn to the words, from the longest to the join
LEAD = 20  # from the words to the first step
BAR = 4
ROW = 34  # the title of a frame
LOOP_SIDE, LOOP_TOP, LOOP_FOOT, WAY_BACK = 52, 66, 28, 26
GROUP_SIDE, GROUP_TOP, GROUP_FOOT = 16, 56, 24
WHOLE = frozenset({Kind.ROOT})


@dataclass(slots=True)
class _Block:
    """Part of the picture: x is the middle of its width, y its upper edge."""

    shape: str  # "column", "leaf", "fork", "bars" or "frame"
    step: Step
    lines: Lines
    role: Role = Role.STEP
    fold: str = ""
    inner: list[int] = field(default_factory=list)
    width: int = 0
    height: int = 0
    ends: bool = False
    x: int = 0
    y: int = 0
    label: int = 0  # height of the words above a column, or of a title
    words: int = 0  # their upper edge
    after: Lines | None = None


class Plan:
    """Blocks of one stretch of steps: made, measured and put in their places.

    say gives the words of what is shown; folds names what is shown as one card.
    """

    def __init__(self, say: Say, folds: frozenset[str], within: dict[int, Count]) -> None:
        self.say = say
        self.folds = folds
        self.within = within
        self.blocks: list[_Block] = []
        self.boxes: list[Box] = []
        self.frames: list[Rect] = []
        self.bars: list[Rect] = []
        self.edges: list[Edge] = []

    # making

    def add(self, root: Step, *, is_whole: bool) -> int:
        """Add the steps within one; with is_whole between a start and an end. Return its place."""
        place = self._new(_Block("column", root, Lines("")))
        if is_whole:
            self._leaf(place, root, Role.START)
        waiting = [(place, list(root.children))]
        while waiting:
            column, steps = waiting.pop()
            steps.reverse()
            while steps:
                step = steps.pop()
                waiting.extend(self._add_step(column, step))
                if not can_fold(step) and step.kind not in ASKING:
                    # what an unknown activity does with those within it is not known: they follow
                    steps.extend(reversed(step.children))
        if is_whole:
            self._leaf(place, root, Role.END)
        return place

    def _new(self, block: _Block) -> int:
        self.blocks.append(block)
        return len(self.blocks) - 1

    def _leaf(self, column: int, step: Step, role: Role, fold: str = "") -> None:
        count = self.within.get(step.key, Count())
        said = self.say(Saying(role, step, steps=count.steps, asking=count.asking))
        block = _Block("leaf", step, said, role, fold)
        self.blocks[column].inner.append(self._new(block))

    def _add_step(self, column: int, step: Step) -> list[tuple[int, list[Step]]]:
        """Add one step to a column; return the columns it opens, with the steps they are for."""
        key = str(step.key)
        is_folded = key in self.folds and can_fold(step)
        if step.kind in ASKING and can_fold(step):
            if is_folded:
                self._leaf(column, step, Role.STEP)
                self._leaf(column, step, Role.FOLD, key)
                return []
            return self._fork(column, step, Role.STEP)
        if not can_fold(step):
            self._leaf(column, step, Role.STEP)
            if step.kind is Kind.END and step.is_active:
                self._leaf(column, step, Role.END)
            if step.kind is Kind.JUMP and step.is_active:
                self.blocks[self.blocks[column].inner[-1]].ends = True
            return []
        if is_folded:
            self._leaf(column, step, Role.FOLD, key)
            return []
        if step.kind is Kind.CHOICE:
            return self._fork(column, step, Role.QUESTION)
        if step.kind in (Kind.PARALLEL, Kind.LISTEN):
            return self._bars(column, step)
        return self._frame(column, step)

    def _columns(self, block: int, step: Step, role: Role | None) -> list[tuple[int, list[Step]]]:
        """Add a column for each branch; those past the fourth are one card while folded."""
        opened = []
        branches = list(step.children)
        more = f"{step.key}m"
        shown = branches[:MOST_BRANCHES] if more in self.folds else branches
        for branch in shown:
            lines = self.say(Saying(role, branch)) if role else Lines("")
            column = self._new(_Block("column", branch, lines, Role.BRANCH))
            self.blocks[block].inner.append(column)
            inner = list(branch.children) if branch.kind is Kind.BRANCH else [branch]
            opened.append((column, inner))
        if len(shown) < len(branches):
            hidden = branches[len(shown) :]
            within = [self.within[one.key] for one in hidden]
            said = self.say(
                Saying(
                    Role.MORE,
                    step,
                    steps=sum(one.steps for one in within),
                    asking=sum(one.asking for one in within),
                    branches=len(hidden),
                )
            )
            column = self._new(_Block("column", step, Lines("")))
            card = self._new(_Block("leaf", step, said, Role.MORE, more))
            self.blocks[column].inner.append(card)
            self.blocks[block].inner.append(column)
        return opened

    def _fork(self, column: int, step: Step, role: Role) -> list[tuple[int, list[Step]]]:
        fork = self._new(_Block("fork", step, Lines("")))
        self.blocks[column].inner.append(fork)
        self._leaf(fork, step, role, str(step.key) if role is Role.QUESTION else "")
        opened = self._columns(fork, step, Role.BRANCH)
        if role is Role.QUESTION and not any(_always(branch) for branch in step.children):
            said = self.say(Saying(Role.OTHERWISE, step))
            self.blocks[fork].inner.append(self._new(_Block("column", step, said, Role.OTHERWISE)))
        return opened

    def _bars(self, column: int, step: Step) -> list[tuple[int, list[Step]]]:
        block = _Block("bars", step, self.say(Saying(Role.TITLE, step)), fold=str(step.key))
        block.after = self.say(Saying(Role.AFTER, step))
        place = self._new(block)
        self.blocks[column].inner.append(place)
        return self._columns(place, step, None)

    def _frame(self, column: int, step: Step) -> list[tuple[int, list[Step]]]:
        said = self.say(Saying(Role.TITLE, step))
        frame = self._new(_Block("frame", step, said, fold=str(step.key)))
        self.blocks[column].inner.append(frame)
        inner = self._new(_Block("column", step, Lines("")))
        self.blocks[frame].inner.append(inner)
        steps: list[Step] = []
        for child in step.children:
            steps.extend(child.children if child.kind is Kind.BRANCH else [child])
        return [(inner, steps)]

    # measuring

    def measure(self, root: int) -> tuple[int, int]:
        """Reckon the sizes of a block and of all within it; return its own, in pixels."""
        measures = {
            "leaf": self._measure_leaf,
            "column": self._measure_column,
            "fork": self._measure_fork,
            "bars": self._measure_bars,
            "frame": self._measure_frame,
        }
        for place in reversed(self._before_inner(root)):
            block = self.blocks[place]
            measures[block.shape](block, [self.blocks[one] for one in block.inner])
        return self.blocks[root].width, self.blocks[root].height

    def _before_inner(self, root: int) -> list[int]:
        """Return the places of blocks, each before those within it."""
        order, waiting = list[int](), [root]
        while waiting:
            place = waiting.pop()
            order.append(place)
            waiting.extend(reversed(self.blocks[place].inner))
        return order

    def _measure_leaf(self, block: _Block, _inner: list[_Block]) -> None:
        lines = block.lines
        if block.role in (Role.START, Role.END):
            block.width = _even(max(100, min(STEP, width_of(lines.title, NOTE_SIZE) + 32)))
            block.height = PILL + 15 * (line_count(lines.title, block.width - 24, NOTE_SIZE) - 1)
            block.ends = block.role is Role.END
        elif block.role is Role.QUESTION:
            block.width = STEP
            block.height = QUESTION + 18 * (_lines_of(lines.title, STEP - 60, TITLE_SIZE) - 1)
        else:
            block.width, block.height = STEP, step_height(lines)
            block.height += STACK * (block.role in (Role.FOLD, Role.MORE))

    def _measure_column(self, block: _Block, inner: list[_Block]) -> None:
        if block.inner and block.step.kind in WHOLE and len(inner) > 1 and inner[-2].ends:
            block.inner.pop()  # the end was said before
            inner.pop()
        if block.lines.title:
            block.width = _label_width(block.lines.title)
            lines = _lines_of(block.lines.title, block.width - 22, NOTE_SIZE)
            block.label = LABEL + 15 * (lines - 1)
        block.width = max([block.width, *(one.width for one in inner)])
        block.height = sum(one.height for one in inner) + GAP * max(0, len(inner) - 1)
        block.ends = any(one.ends for one in inner)

    def _measure_fork(self, block: _Block, inner: list[_Block]) -> None:
        head, columns = inner[0], inner[1:]
        block.width = max(head.width, _beside(columns))
        block.label = max(one.label for one in columns)
        longest = max(LEAD * bool(one.inner) + one.height for one in columns)
        block.height = head.height + 2 * FALL + block.label + longest
        block.ends = all(one.ends for one in columns)
        block.height += 0 if block.ends else 2 * FALL

    def _measure_bars(self, block: _Block, columns: list[_Block]) -> None:
        assert block.after is not None  # noqa: S101 - _bars() has set it
        block.width = max(2 * STEP + BETWEEN, _beside(columns))
        half = block.width // 2 - 20
        above = 16 * _lines_of(block.lines.title, half - 24, NOTE_SIZE) + 2
        below = 16 * _lines_of(block.after.title, half, NOTE_SIZE) + 2
        longest = max((one.height for one in columns), default=0)
        block.label = above
        block.height = above + BAR + BAR + LEAD + BAR + longest + LEAD + BAR + BAR + BAR + below

    def _measure_frame(self, block: _Block, inner: list[_Block]) -> None:
        is_loop = block.step.kind in (Kind.LOOP, Kind.EACH)
        column = inner[0]
        block.width = max(STEP, column.width) + 2 * (LOOP_SIDE if is_loop else GROUP_SIDE)
        lines = _lines_of(block.lines.title, block.width - 48, NOTE_SIZE)
        block.label = ROW + 16 * (lines - 1)
        top, foot = (LOOP_TOP, LOOP_FOOT) if is_loop else (GROUP_TOP, GROUP_FOOT)
        if column.inner:
            block.height = block.label - ROW + top + column.height + foot
        else:
            block.height = block.label + STACK
        block.ends = column.ends and not is_loop

    # putting in places

    def put(self, root: int, x: int, y: int) -> None:
        """Put a measured block with its middle at x and its upper edge at y."""
        self.blocks[root].x, self.blocks[root].y = x, y
        puts = {
            "leaf": self._put_leaf,
            "column": self._put_column,
            "fork": self._put_fork,
            "bars": self._put_bars,
            "frame": self._put_frame,
        }
        for place in self._before_inner(root):
            block = self.blocks[place]
            puts[block.shape](block, [self.blocks[one] for one in block.inner])

    def _box(self, block: _Block, role: Role, lines: Lines, place: Rect, fold: str = "") -> None:
        self.boxes.append(
            Box(place.x, place.y, place.width, place.height, role, block.step, lines, fold)
        )

    def _line(self, block: _Block, *points: tuple[int, int], has_tip: bool = False) -> None:
        corners = [one for place, one in enumerate(points) if not place or one != points[place - 1]]
        straight = [
            one
            for place, one in enumerate(corners)
            if place in (0, len(corners) - 1)
            or not (corners[place - 1][0] == one[0] == corners[place + 1][0])
        ]
        if len(straight) > 1:
            self.edges.append(Edge(tuple(straight), has_tip, not block.step.is_active))

    def _put_leaf(self, block: _Block, _inner: list[_Block]) -> None:
        left = block.x - block.width // 2
        self._box(
            block,
            block.role,
            block.lines,
            Rect(left, block.y, block.width, block.height),
            block.fold,
        )

    def _put_column(self, block: _Block, inner: list[_Block]) -> None:
        y = block.y
        if block.lines.title:
            width = _label_width(block.lines.title)
            words = Rect(block.x - width // 2, block.words, width, block.label)
            self._box(block, block.role, block.lines, words)
        for place, one in enumerate(inner):
            if place and not inner[place - 1].ends:
                self._line(one, (block.x, y - GAP), (block.x, y), has_tip=_is_entered(one))
            one.x, one.y = block.x, y
            y += one.height + GAP

    def _put_fork(self, block: _Block, inner: list[_Block]) -> None:
        head, columns = inner[0], inner[1:]
        head.x, head.y = block.x, block.y
        bottom = block.y + head.height
        words = bottom + 2 * FALL
        top = words + block.label + LEAD
        longest = max(LEAD * bool(one.inner) + one.height for one in columns)
        join = words + block.label + longest + FALL
        for x, column in _places(block.x, columns):
            turn = bottom + FALL
            column.x, column.y = x, top
            self._line(column, (block.x, bottom), (block.x, turn), (x, turn), (x, words))
            column.words = words
            below = words + column.label
            if column.inner:
                first = self.blocks[column.inner[0]]
                self._line(column, (x, below), (x, top), has_tip=_is_entered(first))
                below = top + column.height
            if not column.ends:
                end = (block.x, join + FALL)
                self._line(column, (x, below), (x, join), (block.x, join), end)

    def _put_bars(self, block: _Block, columns: list[_Block]) -> None:
        assert block.after is not None  # noqa: S101 - _bars() has set it
        left, half = block.x - block.width // 2, block.width // 2 - 20
        self._box(
            block, Role.TITLE, block.lines, Rect(left, block.y, half, block.label), block.fold
        )
        upper = block.y + block.label + BAR
        top = upper + BAR + LEAD + BAR
        longest = max((one.height for one in columns), default=0)
        lower = top + longest + LEAD + BAR
        self._line(block, (block.x, block.y), (block.x, upper), has_tip=True)
        self.bars += [Rect(left, upper, block.width, BAR), Rect(left, lower, block.width, BAR)]
        for x, column in _places(block.x, columns):
            column.x, column.y = x, top
            if not column.inner:
                self._line(column, (x, upper + BAR), (x, lower))
                continue
            first = self.blocks[column.inner[0]]
            self._line(column, (x, upper + BAR), (x, top), has_tip=_is_entered(first))
            if not column.ends:
                self._line(column, (x, top + column.height), (x, lower))
        below = lower + BAR + BAR
        bottom = block.y + block.height
        self._box(block, Role.AFTER, block.after, Rect(left, below, half, bottom - below))
        self._line(block, (block.x, lower + BAR), (block.x, bottom))

    def _put_frame(self, block: _Block, inner: list[_Block]) -> None:
        is_loop = block.step.kind in (Kind.LOOP, Kind.EACH)
        column = inner[0]
        left = block.x - block.width // 2
        self.frames.append(Rect(left, block.y, block.width, block.height))
        title = Rect(left + 12, block.y + 1, block.width - 24, block.label)
        self._box(block, Role.TITLE, block.lines, title, block.fold)
        column.x = block.x
        column.y = block.y + block.label - ROW + (LOOP_TOP if is_loop else GROUP_TOP)
        if not column.inner:
            return
        start = block.y + block.label + 2
        first = self.blocks[column.inner[0]]
        self._line(block, (block.x, start), (block.x, column.y), has_tip=_is_entered(first))
        below, bottom = column.y + column.height, block.y + block.height
        if column.ends:
            return
        self._line(block, (block.x, below), (block.x, bottom))
        if is_loop:
            back, turn = left + WAY_BACK, below + 12
            entry = start + 10
            self._line(
                block, (block.x, turn), (back, turn), (back, entry), (block.x, entry), has_tip=True
            )


def _is_entered(block: _Block) -> bool:
    """Tell whether a line ends at a block's upper edge: at bars it goes on to the first of them."""
    return block.shape != "bars"


def step_height(lines: Lines) -> int:
    """Return the height of a step's card for its words."""
    titles = _lines_of(lines.title, TEXT, TITLE_SIZE)
    notes = line_count(lines.note, TEXT, NOTE_SIZE)
    foot = line_count(" · ".join(part.text for part in lines.foot), STEP - 22, NOTE_SIZE)
    return 20 + max(28, 18 * titles + 16 * notes) + (FOOT + 16 * (foot - 1) if foot else 0)


def _lines_of(text: str, width: float, size: float) -> int:
    return max(1, line_count(text, width, size, is_bold=True))


def _even(width: float) -> int:
    """Return a width that can be halved, so that middles are whole pixels."""
    return -(-int(width + 0.999) // 8) * 8


def _label_width(text: str) -> int:
    return _even(max(96, min(STEP, width_of(text, NOTE_SIZE, is_bold=True) + 24)))


def _beside(columns: Iterable[_Block]) -> int:
    widths = [one.width for one in columns]
    return sum(widths) + BETWEEN * max(0, len(widths) - 1)


def _places(middle: int, columns: list[_Block]) -> list[tuple[int, _Block]]:
    """Return the middles of columns that stand side by side around one."""
    x = middle - _beside(columns) // 2
    found = []
    for column in columns:
        found.append((x + column.width // 2, column))
        x += column.width + BETWEEN
    return found


def _always(branch: Step) -> bool:
    return branch.is_active and (
        branch.condition is None or branch.condition.kind in ("always", "otherwise")
    )


def lay_out(root: Step, say: Say, folds: frozenset[str] | None = None) -> Picture:
    """Return the diagram of steps in order; folds are those of `folded` unless given."""
    plan = Plan(say, folded(root) if folds is None else folds, counts(root))
    place = plan.add(root, is_whole=True)
    width, height = plan.measure(place)
    plan.put(place, MARGIN + width // 2, MARGIN)
    return Picture(
        width + 2 * MARGIN,
        height + 2 * MARGIN,
        tuple(plan.boxes),
        tuple(plan.frames),
        tuple(plan.bars),
        tuple(plan.edges),
    )
