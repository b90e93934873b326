"""Laying out a graph of nodes: where its author put them, moved apart where cards would overlap.

Links leave at the right and enter at the left. One that leads back goes round below both cards.
"""

from collections import deque
from itertools import pairwise

from bizproc_admin.diagrams.measuring import MARGIN, STEP, step_height
from bizproc_admin.diagrams.pictures import Box, Edge, Lines, Picture, Point, Role, Say, Saying
from bizproc_admin.diagrams.steps import Kind, Step

BESIDE, BELOW = 56, 32  # least room between cards
LAYER, LINE = 300, 140  # for nodes nobody has put anywhere
STUB = 20  # how far a line goes straight before it turns
MOST_STRETCHED = 4.0


def lay_out_nodes(root: Step, say: Say, _folds: frozenset[str] | None = None) -> Picture:
    """Return the diagram of a graph; nothing of it folds."""
    nodes = list(root.children)
    words = [say(Saying(Role.STEP, node)) for node in nodes]
    places = _apart(_wanted(root, nodes), words)
    boxes = [
        Box(x, y, STEP, step_height(lines), Role.STEP, node, lines)
        for node, lines, (x, y) in zip(nodes, words, places, strict=True)
    ]
    edges = _edges(root, boxes)
    left = min([box.x for box in boxes] + [_x(edge) for edge in edges], default=0)
    top = min((box.y for box in boxes), default=0)
    moved = [
        Box(b.x - left + MARGIN, b.y - top + MARGIN, b.width, b.height, b.role, b.step, b.lines)
        for b in boxes
    ]
    lines_ = [
        Edge(tuple((x - left + MARGIN, y - top + MARGIN) for x, y in edge.points), edge.has_tip)
        for edge in edges
    ]
    corners = [point for edge in lines_ for point in edge.points]
    corners += [(box.x + box.width, box.y + box.height) for box in moved]
    return Picture(
        int(max((x for x, _ in corners), default=0)) + MARGIN,
        int(max((y for _, y in corners), default=0)) + MARGIN,
        tuple(moved),
        edges=tuple(lines_),
    )


def _x(edge: Edge) -> int:
    return int(min(x for x, _ in edge.points))


def _wanted(root: Step, nodes: list[Step]) -> list[Point]:
    """Return where the nodes shall stand: as told, else in layers after what leads to them."""
    placed = [node.place for node in nodes if node.place is not None]
    if not placed:
        return _layered(root, nodes)
    lowest = max(y for _, y in placed)
    found, missing = list[Point](), 0
    for node in nodes:
        if node.place is None:
            missing += 1
        found.append(node.place or (placed[0][0] + LAYER * (missing - 1), lowest + 2 * LINE))
    return _stretched(found, [node.kind is not Kind.GROUP for node in nodes])


def _stretched(places: list[Point], counts: list[bool]) -> list[Point]:
    """Draw neighbours apart, so that their cards fit beside each other; frames do not count."""
    columns = sorted({x for (x, _), one in zip(places, counts, strict=True) if one})
    gaps = [b - a for a, b in pairwise(columns) if b - a > STEP / 4]
    factor = min(MOST_STRETCHED, max(1.0, (STEP + BESIDE) / min(gaps, default=STEP + BESIDE)))
    return [(x * factor, y) for x, y in places]


def _layered(root: Step, nodes: list[Step]) -> list[Point]:
    """Put each node one layer after the first that leads to it."""
    after: dict[str, list[str]] = {}
    for link in root.links:
        after.setdefault(link.start, []).append(link.end)
    entered = {link.end for link in root.links}
    names = [node.name for node in nodes]
    first = [name for name in names if name not in entered] or names[:1]
    layers = dict.fromkeys(first, 0)
    waiting = deque(first)
    while waiting:
        name = waiting.popleft()
        for end in after.get(name, []):
            if end not in layers:
                layers[end] = layers[name] + 1
                waiting.append(end)
    lines: dict[int, int] = {}
    found = []
    for name in names:
        layer = layers.get(name, 0)
        lines[layer] = lines.get(layer, -1) + 1
        found.append((float(layer * LAYER), float(lines[layer] * LINE)))
    return found


def _apart(wanted: list[Point], words: list[Lines]) -> list[tuple[int, int]]:
    """Move nodes down until no card comes too near another; the upper ones stay."""
    order = sorted(range(len(wanted)), key=lambda one: (wanted[one][1], wanted[one][0]))
    taken: list[tuple[int, int, int]] = []
    found = [(0, 0)] * len(wanted)
    for number in order:
        x, y = round(wanted[number][0]), round(wanted[number][1])
        height = step_height(words[number])
        while below := [
            upper + tall + BELOW
            for left, upper, tall in taken
            if abs(left - x) < STEP + STUB and upper - height - BELOW < y < upper + tall + BELOW
        ]:
            y = max(below)
        taken.append((x, y, height))
        found[number] = (x, y)
    return found


def _edges(root: Step, boxes: list[Box]) -> list[Edge]:
    by_name = {box.step.name: box for box in reversed(boxes) if box.step.name}
    leaving: dict[str, int] = {}
    total: dict[str, int] = {}
    links = [one for one in root.links if one.start in by_name and one.end in by_name]
    for link in links:
        total[link.start] = total.get(link.start, 0) + 1
    edges, back = list[Edge](), 0
    for link in sorted(links, key=lambda one: (by_name[one.end].y, by_name[one.end].x)):
        start, end = by_name[link.start], by_name[link.end]
        leaving[link.start] = leaving.get(link.start, 0) + 1
        share = leaving[link.start] / (total[link.start] + 1)
        out: Point = (start.x + start.width, round(start.y + start.height * share))
        into: Point = (end.x, end.y + end.height // 2)
        if into[0] >= out[0] + 2 * STUB:
            turn = into[0] - STUB - (leaving[link.start] - 1) * 6 % STUB
            points: tuple[Point, ...] = (out, (turn, out[1]), (turn, into[1]), into)
        else:
            back += 1
            below = max(start.y + start.height, end.y + end.height) + 8 + (back % 3) * 8
            right, left = out[0] + STUB - back % 3 * 6, into[0] - STUB + back % 3 * 4
            points = (out, (right, out[1]), (right, below), (left, below), (left, into[1]), into)
        edges.append(Edge(points))
    return edges
