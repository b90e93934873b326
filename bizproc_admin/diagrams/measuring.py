"""How large blocks are: reckoned from the innermost, in pixels."""

from collections.abc import Iterable

from bizproc_admin.diagrams.blocks import Block, Blocks
from bizproc_admin.diagrams.pictures import Lines, Role
from bizproc_admin.diagrams.steps import LOOPS, Kind
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


def measure(blocks: Blocks, root: int) -> tuple[int, int]:
    """Reckon the sizes of a block and of all within it; return its own width and height."""
    for block in reversed(blocks.before_inner(root)):
        MEASURES[block.shape](block, blocks.inner(block))
    return blocks.blocks[root].width, blocks.blocks[root].height


def _leaf(block: Block, _inner: list[Block]) -> None:
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


def _column(block: Block, inner: list[Block]) -> None:
    if block.inner and block.step.kind in WHOLE and len(inner) > 1 and inner[-2].ends:
        block.inner.pop()  # the end was said before
        inner.pop()
    if block.lines.title:
        block.width = label_width(block.lines.title)
        lines = _lines_of(block.lines.title, block.width - 22, NOTE_SIZE)
        block.label = LABEL + 15 * (lines - 1)
    block.width = max([block.width, *(one.width for one in inner)])
    block.height = sum(one.height for one in inner) + GAP * max(0, len(inner) - 1)
    block.ends = any(one.ends for one in inner)


def _fork(block: Block, inner: list[Block]) -> None:
    head, columns = inner[0], inner[1:]
    block.width = max(head.width, beside(columns))
    block.label = max(one.label for one in columns)
    longest = max(LEAD * bool(one.inner) + one.height for one in columns)
    block.height = head.height + 2 * FALL + block.label + longest
    block.ends = all(one.ends for one in columns)
    block.height += 0 if block.ends else 2 * FALL


def _bars(block: Block, columns: list[Block]) -> None:
    assert block.after is not None  # noqa: S101 - _bars() has set it
    block.width = max(2 * STEP + BETWEEN, beside(columns))
    half = block.width // 2 - 20
    above = 16 * _lines_of(block.lines.title, half - 24, NOTE_SIZE) + 2
    below = 16 * _lines_of(block.after.title, half, NOTE_SIZE) + 2
    longest = max((one.height for one in columns), default=0)
    block.label = above
    block.height = above + BAR + BAR + LEAD + BAR + longest + LEAD + BAR + BAR + BAR + below


def _frame(block: Block, inner: list[Block]) -> None:
    is_loop = block.step.kind in LOOPS
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


MEASURES = {"leaf": _leaf, "column": _column, "fork": _fork, "bars": _bars, "frame": _frame}


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


def label_width(text: str) -> int:
    """Return the width of the words above a branch."""
    return _even(max(96, min(STEP, width_of(text, NOTE_SIZE, is_bold=True) + 24)))


def beside(columns: Iterable[Block]) -> int:
    """Return the width of columns that stand side by side."""
    widths = [one.width for one in columns]
    return sum(widths) + BETWEEN * max(0, len(widths) - 1)
