"""Laying out steps in order: blocks get their places from the outermost, and lines between them."""

from bizproc_admin.diagrams.blocks import Block, Blocks
from bizproc_admin.diagrams.folding import counts, folded
from bizproc_admin.diagrams.measuring import (
    BAR,
    BETWEEN,
    FALL,
    GAP,
    GROUP_TOP,
    LEAD,
    LOOP_TOP,
    MARGIN,
    ROW,
    WAY_BACK,
    beside,
    label_width,
    measure,
)
from bizproc_admin.diagrams.pictures import Box, Edge, Lines, Picture, Rect, Role, Say
from bizproc_admin.diagrams.steps import LOOPS, Step


class Places:
    """What is drawn of measured blocks that were put in their places."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.boxes: list[Box] = []
        self.frames: list[Rect] = []
        self.bars: list[Rect] = []
        self.edges: list[Edge] = []

    def put(self, root: int, x: int, y: int) -> None:
        """Put a measured block with its middle at x and its upper edge at y."""
        outermost = self.blocks.blocks[root]
        outermost.x, outermost.y = x, y
        puts = {
            "leaf": self._put_leaf,
            "column": self._put_column,
            "fork": self._put_fork,
            "bars": self._put_bars,
            "frame": self._put_frame,
        }
        for block in self.blocks.before_inner(root):
            puts[block.shape](block, self.blocks.inner(block))

    def _box(self, block: Block, role: Role, lines: Lines, place: Rect, fold: str = "") -> None:
        self.boxes.append(
            Box(place.x, place.y, place.width, place.height, role, block.step, lines, fold)
        )

    def _line(self, block: Block, *points: tuple[int, int], has_tip: bool = False) -> None:
        corners = [one for place, one in enumerate(points) if not place or one != points[place - 1]]
        straight = [
            one
            for place, one in enumerate(corners)
            if place in (0, len(corners) - 1)
            or not (corners[place - 1][0] == one[0] == corners[place + 1][0])
        ]
        if len(straight) > 1:
            self.edges.append(Edge(tuple(straight), has_tip, not block.step.is_active))

    def _put_leaf(self, block: Block, _inner: list[Block]) -> None:
        left = block.x - block.width // 2
        self._box(
            block,
            block.role,
            block.lines,
            Rect(left, block.y, block.width, block.height),
            block.fold,
        )

    def _put_column(self, block: Block, inner: list[Block]) -> None:
        y = block.y
        if block.lines.title:
            width = label_width(block.lines.title)
            words = Rect(block.x - width // 2, block.words, width, block.label)
            self._box(block, block.role, block.lines, words)
        for place, one in enumerate(inner):
            if place and not inner[place - 1].ends:
                self._line(one, (block.x, y - GAP), (block.x, y), has_tip=_is_entered(one))
            one.x, one.y = block.x, y
            y += one.height + GAP

    def _put_fork(self, block: Block, inner: list[Block]) -> None:
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
                first = self.blocks.inner(column)[0]
                self._line(column, (x, below), (x, top), has_tip=_is_entered(first))
                below = top + column.height
            if not column.ends:
                end = (block.x, join + FALL)
                self._line(column, (x, below), (x, join), (block.x, join), end)

    def _put_bars(self, block: Block, columns: list[Block]) -> None:
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
            first = self.blocks.inner(column)[0]
            self._line(column, (x, upper + BAR), (x, top), has_tip=_is_entered(first))
            if not column.ends:
                self._line(column, (x, top + column.height), (x, lower))
        below = lower + BAR + BAR
        bottom = block.y + block.height
        self._box(block, Role.AFTER, block.after, Rect(left, below, half, bottom - below))
        self._line(block, (block.x, lower + BAR), (block.x, bottom))

    def _put_frame(self, block: Block, inner: list[Block]) -> None:
        is_loop = block.step.kind in LOOPS
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
        first = self.blocks.inner(column)[0]
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


def _is_entered(block: Block) -> bool:
    """Tell whether a line ends at a block's upper edge: at bars it goes on to the first of them."""
    return block.shape != "bars"


def _places(middle: int, columns: list[Block]) -> list[tuple[int, Block]]:
    """Return the middles of columns that stand side by side around one."""
    x = middle - beside(columns) // 2
    found = []
    for column in columns:
        found.append((x + column.width // 2, column))
        x += column.width + BETWEEN
    return found


def lay_out(root: Step, say: Say, folds: frozenset[str] | None = None) -> Picture:
    """Return the diagram of steps in order; folds are those of `folded` unless given."""
    blocks = Blocks(say, folded(root) if folds is None else folds, counts(root))
    whole = blocks.add(root, is_whole=True)
    width, height = measure(blocks, whole)
    places = Places(blocks)
    places.put(whole, MARGIN + width // 2, MARGIN)
    return Picture(
        width + 2 * MARGIN,
        height + 2 * MARGIN,
        tuple(places.boxes),
        tuple(places.frames),
        tuple(places.bars),
        tuple(places.edges),
    )
