"""A state machine is read by its rows: each leads to its state on a lane that is its target's."""

import random

from bizproc_admin.diagrams.folding import folded
from bizproc_admin.diagrams.pictures import Lines, Role, overlaps
from bizproc_admin.diagrams.reading import read
from bizproc_admin.diagrams.states import lay_out_states, ways_of
from bizproc_admin.diagrams.steps import Kind
from tests.unit.diagrams.making import approve, message, say, step


def jump(target):
    return step("SetStateActivity", title=f"To {target}", TargetStateName=target)


def event(*children, title="Event"):
    return step("EventDrivenActivity", *children, title=title)


def state(name, *handlers, title=""):
    return {**step("StateActivity", *handlers, title=title or name), "Name": name}


def machine(*states):
    return read([step("StateMachineWorkflowActivity", *states, InitialStateName="a")])


def words(saying):
    if saying.role in (Role.STATE, Role.WAY):
        return Lines(saying.step.title, saying.jump.target if saying.jump else "2 steps")
    return say(saying)


def lanes_of(picture):
    """Return each lane's x with the heads its lines enter."""
    found = {}
    for edge in picture.edges:
        if len(edge.points) == 4 and edge.points[1][0] == edge.points[2][0]:
            found.setdefault(edge.points[1][0], set()).add(edge.points[-1])
    return found


def test_every_change_of_state_is_found_wherever_it_stands():
    node = event(approve("Ask", yes=[message("m"), jump("b")], no=[jump("c")]), jump("a"))
    ways = list(ways_of(machine(state("a", node)).children[0].children[0]))
    assert [(way.jump.target, way.branch and way.branch.outcome) for way in ways] == [
        ("b", "yes"), ("c", "no"), ("a", None),
    ]  # fmt: skip


def test_a_state_that_leads_nowhere_still_shows_what_it_does():
    handler = step("StateInitializationActivity", message("m"))
    picture = lay_out_states(machine(state("a", handler)), words)
    assert [box.role for box in picture.boxes] == [Role.STATE, Role.WAY]
    assert picture.edges == ()


def test_forward_ways_go_right_and_backward_ways_left_each_target_on_its_lane():
    root = machine(
        state("a", event(jump("b")), event(jump("c"))),
        state("b", event(jump("c")), event(jump("a")), event(jump("nowhere"))),
        state("c", event(jump("c"))),
    )
    picture = lay_out_states(root, words)
    left, width = picture.cards[0].x, picture.cards[0].width
    lanes = lanes_of(picture)
    assert width == 440
    assert sorted(x - left - width for x in lanes if x > left) == [24, 44]
    assert sorted(left - x for x in lanes if x < left) == [24, 44]
    assert all(len(heads) == 1 for heads in lanes.values())
    assert len(picture.edges) == 5  # the state that is missing has no line
    assert [box.height for box in picture.boxes[:3]] == [40, 30, 30]
    assert picture.cards[1].y - picture.cards[0].y - picture.cards[0].height == 36


def test_a_click_unfolds_the_steps_of_a_way_under_its_row():
    root = machine(state("a", event(message("Tell"), jump("b"))), state("b"))
    folds = folded(root)
    assert "Tell" not in [box.lines.title for box in lay_out_states(root, words, folds).boxes]
    row = next(b for b in lay_out_states(root, words, folds).boxes if b.role is Role.WAY)
    picture = lay_out_states(root, words, folds - {row.fold})
    shown = [box.lines.title for box in picture.boxes]
    assert shown == ["a", "Event", "b", "Tell", "To b"]
    assert overlaps(picture) == []


def test_no_machine_made_by_chance_has_boxes_or_lanes_that_meet():
    for seed in range(40):
        chance = random.Random(seed)
        names = [f"s{n}" for n in range(chance.randint(1, 12))]
        states = [
            state(
                name,
                *[
                    event(
                        *[message("Step " * chance.randint(1, 9))] * chance.randint(0, 3),
                        approve("Ask", yes=[jump(chance.choice(names))], no=[jump("gone")]),
                        title="Long " * chance.randint(1, 20),
                    )
                    for _ in range(chance.randint(0, 4))
                ],
                title="State " * chance.randint(1, 20),
            )
            for name in names
        ]
        root = machine(*states)
        for folds in (frozenset(), None):
            picture = lay_out_states(root, words, folds)
            assert overlaps(picture) == []
            assert all(len(heads) == 1 for heads in lanes_of(picture).values())
            points = [point for edge in picture.edges for point in edge.points]
            assert all(0 < x < picture.width and 0 < y < picture.height for x, y in points)
        drawn = {box.step.key for box in lay_out_states(root, words, frozenset()).boxes}
        hidden = (Kind.BRANCH, Kind.STATES)
        assert {one.key for one in root.walk() if one.kind not in hidden} <= drawn
