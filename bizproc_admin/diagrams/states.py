"""Laying out a state machine: its states in one column, and the ways between them beside it.

A state is a card with a head and a row for each way out. The way leaves at its row, to the right
where it leads forward and to the left where it leads back, and enters its target at the head. Each
target has a lane of its own on either side, so no two lines to different targets run on each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bizproc_admin.diagrams.blocks import Blocks
from bizproc_admin.diagrams.folding import counts, folded
from bizproc_admin.diagrams.layout import Places
from bizproc_admin.diagrams.measuring import MARGIN, NOTE_SIZE, TITLE_SIZE, measure
from bizproc_admin.diagrams.pictures import Box, Edge, Lines, Picture, Rect, Role, Say, Saying
from bizproc_admin.diagrams.steps import Kind, Step
from bizproc_admin.diagrams.texts import line_count, width_of

CARD, HEAD, ROW, GAP = 440, 40, 30, 36
INSET = 12
LANE, NEXT_LANE = 24, 20


@dataclass(frozen=True, slots=True)
class Way:
    """A change of state within a handler, and the branch it stands in; None where there is none."""

    handler: Step
    jump: Step | None = None
    branch: Step | None = None


@dataclass(slots=True)
class _Row:
    way: Way
    lines: Lines
    y: int = 0
    height: int = ROW


@dataclass(slots=True)
class _Part:
    """What a state does on one occasion: its rows, and its steps where they are unfolded."""

    rows: list[_Row]
    tree: int | None = None
    tree_height: int = 0


@dataclass(slots=True)
class _Card:
    state: Step
    lines: Lines
    parts: list[_Part] = field(default_factory=list)
    y: int = 0
    head: int = HEAD
    height: int = 0


def ways_of(handler: Step) -> Iterator[Way]:
    """Yield the changes of state found anywhere within a handler; one without any yields itself."""
    branches: dict[int, Step | None] = {handler.key: None}
    found = False
    for step in handler.walk():
        branch = step if step.kind is Kind.BRANCH else branches[step.key]
        for child in step.children:
            branches[child.key] = branch
        if step.kind is Kind.JUMP and step.is_active:
            found = True
            yield Way(handler, step, branch)
    if not found:
        yield Way(handler)


def lay_out_states(root: Step, say: Say, folds: frozenset[str] | None = None) -> Picture:
    """Return the diagram of a state machine; folds are those of `folded` unless given."""
    folds = folded(root) if folds is None else folds
    within = counts(root)
    blocks = Blocks(say, folds, within)
    cards = [_card(state, blocks) for state in root.children]
    trees = [part.tree for card in cards for part in card.parts if part.tree is not None]
    sizes = {tree: measure(blocks, tree) for tree in trees}
    width = max([CARD, *(size[0] + 2 * INSET for size in sizes.values())])
    y = MARGIN
    for card in cards:
        y = _measure(card, y, width, sizes) + GAP
    edges, left, right = _lanes(cards, width)
    x = MARGIN + left
    boxes, places = list[Box](), Places(blocks)
    for card in cards:
        _put(card, x, width, places, boxes)
    return Picture(
        x + width + right + MARGIN,
        max(y - GAP, MARGIN) + MARGIN,
        tuple(boxes + places.boxes),
        tuple(places.frames),
        tuple(places.bars),
        tuple(edges + places.edges),
        tuple(Rect(x, card.y, width, card.height) for card in cards),
    )


def _card(state: Step, blocks: Blocks) -> _Card:
    say, within = blocks.say, blocks.within
    card = _Card(state, say(Saying(Role.STATE, state, steps=within[state.key].steps)))
    for handler in state.children:
        steps = within[handler.key].steps
        part = _Part(
            [
                _Row(
                    way,
                    say(Saying(Role.WAY, handler, steps=steps, jump=way.jump, branch=way.branch)),
                )
                for way in ways_of(handler)
            ]
        )
        if handler.children and str(handler.key) not in blocks.folds:
            part.tree = blocks.add(handler, is_whole=False)
        card.parts.append(part)
    return card


def _measure(card: _Card, y: int, width: int, sizes: dict[int, tuple[int, int]]) -> int:
    """Give a card and its rows their places; return where it ends."""
    card.y = y
    titles = line_count(card.lines.title, width - 200, TITLE_SIZE, is_bold=True)
    card.head = HEAD + 18 * (max(1, titles) - 1)
    y += card.head
    for part in card.parts:
        for row in part.rows:
            most = 0.44 * width - 20
            end = min(most, width_of(row.lines.note, NOTE_SIZE, is_bold=True))
            lines = max(
                line_count(row.lines.title, width - 80 - end, NOTE_SIZE),
                line_count(row.lines.note, most, NOTE_SIZE, is_bold=True),
            )
            row.y, row.height = y, ROW + 15 * (max(1, lines) - 1)
            y += row.height
        if part.tree is not None:
            part.tree_height = sizes[part.tree][1] + 2 * INSET
            y += part.tree_height
    card.height = y - card.y
    return y


def _put(card: _Card, x: int, width: int, places: Places, boxes: list[Box]) -> None:
    boxes.append(Box(x, card.y, width, card.head, Role.STATE, card.state, card.lines))
    for part in card.parts:
        for row in part.rows:
            handler = row.way.handler
            fold = str(handler.key) if handler.children else ""
            boxes.append(Box(x, row.y, width, row.height, Role.WAY, handler, row.lines, fold))
        if part.tree is not None:
            last = part.rows[-1]
            places.put(part.tree, x + width // 2, last.y + last.height + INSET)


def _lanes(cards: list[_Card], width: int) -> tuple[list[Edge], int, int]:
    """Return the ways between states, and the room they take at the left and at the right."""
    places = {card.state.name: number for number, card in enumerate(cards) if card.state.name}
    forward: dict[int, list[_Row]] = {}
    back: dict[int, list[_Row]] = {}
    for number, card in enumerate(cards):
        for row in (row for part in card.parts for row in part.rows):
            target = places.get(row.way.jump.target) if row.way.jump else None
            if target is not None:
                (forward if target > number else back).setdefault(target, []).append(row)
    rooms, edges = [], list[Edge]()
    for ways in (back, forward):
        rooms.append(LANE + NEXT_LANE * (len(ways) - 1) + MARGIN if ways else 0)
    start = MARGIN + rooms[0]
    for ways, side, sign in ((back, start, -1), (forward, start + width, 1)):
        spans = {
            target: max(abs(row.y - cards[target].y) for row in rows)
            for target, rows in ways.items()
        }
        for place, target in enumerate(sorted(spans, key=lambda one: (spans[one], one))):
            lane = side + sign * (LANE + NEXT_LANE * place)
            entry = cards[target].y + HEAD / 2
            for row in ways[target]:
                y = row.y + row.height / 2
                edges.append(Edge(((side, y), (lane, y), (lane, entry), (side, entry))))
    return edges, rooms[0], rooms[1]
