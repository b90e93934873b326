"""A diagram as a page shows it: what is folded and chosen stands in the address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from bizproc_admin.diagrams.folding import HANDLERS, MOST_BRANCHES, can_fold, folded
from bizproc_admin.diagrams.layout import lay_out
from bizproc_admin.diagrams.nodes import lay_out_nodes
from bizproc_admin.diagrams.outline import Entry, Line, outline
from bizproc_admin.diagrams.pictures import Box, Edge, Picture, path_of, tip_of
from bizproc_admin.diagrams.states import lay_out_states
from bizproc_admin.diagrams.steps import Kind, Step
from bizproc_admin.wording.template_steps import StepWords

LAYOUTS = {Kind.STATES: lay_out_states, Kind.NODES: lay_out_nodes}
ALL = "all"
FOLD = re.compile(r"\d{1,6}m?")
MOST_FOLDS = 400
# a picture of more boxes takes a browser longer than anybody waits: the outline says it all
MOST_BOXES = 1500


@dataclass(frozen=True, slots=True)
class Shown:
    """A box with where a click on it leads, and whether its step is the chosen one.

    anchor is its id on the page: that of a step has the first of its boxes.
    """

    box: Box
    url: str
    anchor: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Diagram:
    """A template's steps as a picture and as an outline.

    picture is None where it would be too large; is_centred tells that it begins in its middle.
    edges and tips are the paths of all lines of one look: plain, of what is switched off. lines are
    those of the outline, each with where a click on it leads.
    """

    picture: Picture | None
    is_centred: bool
    boxes: list[Shown]
    edges: str
    edges_off: str
    tips: str
    lines: list[tuple[Line, str]]
    chosen: Step | None
    chosen_fold: str
    close_url: str
    fold_all_url: str
    unfold_all_url: str
    steps: int


class Address:
    """What the address of a page says of its diagram: the folds changed, and the chosen step."""

    def __init__(self, given: Mapping[str, str], root: Step, path: str) -> None:
        self.path = path
        self.usual = folded(root)
        told = given.get("folds", "")[: 8 * MOST_FOLDS]
        changed = frozenset(FOLD.findall(told))
        step = given.get("step", "")
        self.step = step if step.isdecimal() and len(step) < 7 else ""
        self.around = around(root, int(self.step)) if self.step else frozenset[str]()
        # what is chosen is never hidden
        self.folds = frozenset() if told == ALL else (self.usual ^ changed) - self.around

    def url(self, *, folds: frozenset[str] | None = None, step: str | None = None) -> str:
        """Return the query string with other folds, or another step chosen."""
        folds = self.folds if folds is None else folds
        step = self.step if step is None else step
        pairs = {}
        if not folds and self.usual:
            pairs["folds"] = ALL
        elif folds != self.usual:
            pairs["folds"] = ".".join(sorted(folds ^ self.usual, key=_order))
        if step:
            pairs["step"] = step
        return f"{self.path}?{urlencode(pairs)}"

    def turned(self, fold: str) -> str:
        """Return the query string with one fold opened or closed; its steps are chosen no more."""
        step = "" if fold in self.around else None
        return self.url(folds=self.folds ^ {fold}, step=step)


def around(root: Step, key: int) -> frozenset[str]:
    """Return the folds that would hide a step."""
    above: dict[int, tuple[Step, int]] = {}
    for step in root.walk():
        for place, child in enumerate(step.children):
            above[child.key] = (step, place)
    found = set()
    while key in above:
        parent, place = above[key]
        found.add(str(parent.key))
        if place >= MOST_BRANCHES:
            found.add(f"{parent.key}m")
        key = parent.key
    return frozenset(found)


def may_fold(step: Step) -> bool:
    """Tell whether what a step holds may be folded."""
    return can_fold(step) or (step.kind in HANDLERS and bool(step.children))


def _order(fold: str) -> tuple[int, str]:
    return int(fold.rstrip("m")), fold


def diagram_of(
    root: Step,
    words: StepWords,
    given: Mapping[str, str],
    *,
    path: str = "",
    links: Mapping[str, str] | None = None,
) -> Diagram:
    """Return the diagram of a template; given is the query of the page's address, path its path.

    A click on a step chooses it, or leads to what links name by the step's name.
    """
    address = Address(given, root, path)
    draw = LAYOUTS.get(root.kind, lay_out)
    picture: Picture | None = draw(root, replace(words, shortens=True), address.folds)
    if picture is not None and len(picture.boxes) > MOST_BOXES:
        picture = None
    steps = {str(step.key): step for step in root.walk()}
    chosen = steps.get(address.step)

    def url_of(step: Step, anchor: str) -> str:
        if links is not None:
            return links.get(step.name, "") if step.name else ""
        return f"{address.url(step=str(step.key))}#{anchor}"

    def fold_url_of(box: Box) -> str:
        return f"{address.turned(box.fold)}#s{box.step.key}"

    boxes, anchors = list[Shown](), set[str]()
    for box in picture.boxes if picture else ():
        anchor = f"s{box.step.key}"
        url = fold_url_of(box) if box.fold else url_of(box.step, anchor)
        is_chosen = not box.fold and chosen is box.step
        boxes.append(Shown(box, url, "" if anchor in anchors else anchor, is_chosen))
        anchors.add(anchor)
    edges = picture.edges if picture else ()
    return Diagram(
        picture=picture,
        is_centred=root.kind is not Kind.NODES,
        boxes=boxes,
        edges=_paths(edges, is_off=False),
        edges_off=_paths(edges, is_off=True),
        tips="".join(tip_of(edge) for edge in edges if edge.has_tip),
        lines=[
            (line, url_of(line.step, "step") if line.entry is Entry.STEP else "")
            for line in outline(root, words, address.folds)
        ],
        chosen=chosen,
        chosen_fold=address.turned(address.step) if chosen and may_fold(chosen) else "",
        close_url=address.url(step=""),
        fold_all_url=address.url(folds=address.usual) if address.folds != address.usual else "",
        unfold_all_url=address.url(folds=frozenset()) if address.folds else "",
        steps=len(steps) - 1,
    )


def _paths(edges: tuple[Edge, ...], *, is_off: bool) -> str:
    return "".join(path_of(edge) for edge in edges if edge.is_off == is_off)
