"""A diagram can be read: nothing covers anything, nothing is left out, and its numbers stay."""

import random

import pytest

from bizproc_admin.diagrams.folding import folded
from bizproc_admin.diagrams.layout import lay_out
from bizproc_admin.diagrams.outline import Entry, outline
from bizproc_admin.diagrams.pictures import Edge, Role, overlaps, path_of, tip_of
from bizproc_admin.diagrams.reading import read
from bizproc_admin.diagrams.steps import Kind
from tests.unit.diagrams.making import (
    approve,
    branch,
    choice,
    loop,
    message,
    off,
    parallel,
    say,
    step,
    stop,
    workflow,
)

NOTHING_FOLDED = frozenset()
STRUCTURE = (Kind.BRANCH, Kind.ROOT)


def some_steps(chance, count, depth=0):
    """Make steps by chance: every block within every other, empty ones, long and short titles."""
    made = []
    while count > 0:
        if depth > chance.randint(2, 9) or chance.random() < 0.5:
            made.append(message("Step " * chance.randint(1, 9)))
            count -= 1
            continue
        within = min(count, chance.randint(1, max(1, count // 2)))
        count -= within + 1
        sides = [some_steps(chance, within // 3, depth + 1) for _ in range(chance.randint(1, 7))]
        kind = chance.choice(["choice", "parallel", "loop", "listen", "approval", "group"])
        made.append(
            choice(*[branch(*one, when=[["A", ">", 1]], title="when " * 9) for one in sides])
            if kind == "choice"
            else parallel(*sides)
            if kind == "parallel"
            else loop(*sides[0])
            if kind == "loop"
            else step("ListenActivity", *[step("EventDrivenActivity", *one) for one in sides])
            if kind == "listen"
            else approve("Ask " * chance.randint(1, 9), yes=sides[0], no=sides[-1])
            if kind == "approval"
            else step("EmptyBlockActivity", *sides[0], title="Group")
        )
        if chance.random() < 0.1:
            made[-1] = off(made[-1])
        if chance.random() < 0.05:
            made.append(stop())
    return made


def crossed(picture):
    """Return the boxes that a line runs through: it may only touch their edges."""
    found = []
    for edge in picture.edges:
        for (x1, y1), (x2, y2) in zip(edge.points, edge.points[1:], strict=False):
            left, right, upper, lower = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
            found += [
                (edge, box)
                for box in picture.boxes
                if (box.x < right and left < box.x + box.width
                and box.y < lower and upper < box.y + box.height)
                or (left == right and box.x < left < box.x + box.width
                and upper < box.y + box.height and box.y < lower)
            ]  # fmt: skip
    return found


@pytest.mark.parametrize("seed", range(40))
def test_nothing_covers_anything_and_every_step_is_drawn(seed):
    chance = random.Random(seed)
    root = read(workflow(*some_steps(chance, chance.randint(1, 120))))
    for folds in (NOTHING_FOLDED, None):
        picture = lay_out(root, say, folds)
        assert overlaps(picture) == []
        assert crossed(picture) == []
        for box in picture.boxes:
            assert 16 <= box.x <= box.x + box.width <= picture.width - 16
            assert 16 <= box.y <= box.y + box.height <= picture.height - 16
    whole = lay_out(root, say, NOTHING_FOLDED)
    shown = {one.step.key for one in whole.boxes}
    assert {s.key for s in root.walk() if s.kind not in STRUCTURE} <= shown
    entries = {one.step.key for one in outline(root, say)}
    assert {s.key for s in root.walk() if s.kind not in STRUCTURE} <= entries


def test_the_numbers_of_a_small_diagram():
    picture = lay_out(
        read(
            workflow(
                message("First"),
                choice(
                    branch(approve("Long enough a title to be broken"), when=[["A", ">", 1]]),
                    branch(stop()),
                ),
                parallel([message("a")], [message("b")], [message("c")]),
                loop(message("again")),
            )
        ),
        say,
        NOTHING_FOLDED,
    )
    assert [(b.role.value, b.x, b.y, b.width, b.height, b.lines.title) for b in picture.boxes] == [
        ("start", 328, 16, 104, 28, "Start"),
        ("step", 264, 72, 232, 54, "First"),
        ("question", 264, 154, 232, 36, "Which way?"),
        ("branch", 208, 218, 96, 28, "Branch"),
        ("step", 140, 266, 232, 100, "Long enough a title to be broken"),
        ("branch", 456, 218, 96, 28, "Branch"),
        ("step", 388, 266, 232, 54, "Stop"),
        ("end", 452, 348, 104, 28, "End"),
        ("title", 16, 432, 344, 18, "At once"),
        ("after", 16, 568, 344, 18, "after"),
        ("step", 16, 482, 232, 54, "a"),
        ("step", 264, 482, 232, 54, "b"),
        ("step", 512, 482, 232, 54, "c"),
        ("title", 224, 615, 312, 34, "While open"),
        ("step", 264, 680, 232, 54, "again"),
        ("end", 328, 790, 104, 28, "End"),
    ]
    assert (picture.width, picture.height) == (760, 834)
    assert [path_of(edge) for edge in picture.edges][:3] == [
        "M380 44L380 67",
        "M380 126L380 149",
        "M380 404L380 432",
    ]


def test_a_branch_that_ends_the_workflow_does_not_join():
    picture = lay_out(read(workflow(choice(branch(stop()), branch()), message("on"))), say)
    assert [box.role for box in picture.boxes].count(Role.END) == 2
    everything = lay_out(read(workflow(choice(branch(stop()), branch(stop())))), say)
    assert [box.role for box in everything.boxes].count(Role.END) == 2


def test_a_choice_without_a_last_resort_can_be_passed_by():
    tests = [["A", ">", 1]]
    roles = [b.role for b in lay_out(read(workflow(choice(branch(when=tests)))), say).boxes]
    assert Role.OTHERWISE in roles
    roles = [b.role for b in lay_out(read(workflow(choice(branch()))), say).boxes]
    assert Role.OTHERWISE not in roles


def test_twelve_branches_show_four_and_one_card_until_unfolded():
    root = read(workflow(choice(*[branch(message(str(n))) for n in range(12)])))
    picture = lay_out(root, say)
    more = next(box for box in picture.boxes if box.role is Role.MORE)
    assert more.lines.title == "8 branches"
    assert more.lines.note == "8 steps folded"
    assert picture.width == 5 * 232 + 4 * 16 + 32
    unfolded = lay_out(root, say, folded(root) - {more.fold})
    assert [b.lines.title for b in unfolded.boxes if b.role is Role.STEP][-1] == "11"


def test_sixty_conditions_within_each_other_unfold_one_after_the_other():
    node = message("innermost")
    for _ in range(60):
        node = choice(branch(node, when=[["A", ">", 1]]), branch())
    root = read(workflow(node))
    folds = folded(root)
    seen = 0
    while fold := next(
        (b.fold for b in lay_out(root, say, folds).boxes if b.role is Role.FOLD), ""
    ):
        folds -= {fold}
        seen += 1
    assert seen == 60 - 4
    assert "innermost" in [box.lines.title for box in lay_out(root, say, folds).boxes]


def test_many_steps_fold_until_they_can_be_looked_over():
    root = read(workflow(*[choice(branch(*[message("m")] * 20)) for _ in range(100)]))
    assert len(lay_out(root, say, NOTHING_FOLDED).boxes) > 2000
    assert len(lay_out(root, say).boxes) < 500


def test_five_hundred_levels_are_drawn_and_outlined():
    node = message("deep")
    for _ in range(250):
        node = choice(branch(node), branch())
    root = read(workflow(node))
    assert lay_out(root, say, NOTHING_FOLDED).width > 20_000
    lines = list(outline(root, say))
    opened = [line.entry for line in lines]
    assert opened.count(Entry.OPEN) == opened.count(Entry.CLOSE)
    assert lines[-1].entry is Entry.CLOSE
    assert "deep" in [line.lines.title for line in lines if line.entry is Entry.STEP]


def test_a_line_turns_with_round_corners_and_ends_in_a_tip():
    edge = Edge(((0, 0), (0, 20), (50, 20), (50, 60)))
    assert path_of(edge) == "M0 0L0 12Q0 20 8 20L42 20Q50 20 50 28L50 55"
    assert tip_of(edge) == "M50 60l-4 -6h8z"
    assert tip_of(Edge(((9, 5), (0, 5)))) == "M0 5l6 -4v8z"
