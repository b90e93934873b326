"""A graph of nodes keeps the places its author gave, as far as its cards have room."""

import random

from bizproc_admin.diagrams.nodes import lay_out_nodes
from bizproc_admin.diagrams.pictures import overlaps
from bizproc_admin.diagrams.reading import read
from tests.unit.diagrams.making import message, say, step


def node(name, x=None, y=None, title=""):
    place = {"Node": {"position": {"x": x, "y": y}}} if x is not None else {}
    return {**message(title or name), "Name": name, **place}


def graph(*nodes, links=()):
    made = [[f"{start}:o0", f"{end}:i0", 1] for start, end in links]
    return read([step("NodeWorkflowActivity", *nodes, Links=made)])


def test_nodes_stand_where_their_author_put_them():
    picture = lay_out_nodes(
        graph(node("a", 40, 200), node("b", 640, 200), node("c", 640, 500)), say
    )
    assert [(box.x, box.y) for box in picture.boxes] == [(16, 16), (616, 16), (616, 316)]


def test_nodes_that_are_nearer_than_cards_are_drawn_apart():
    picture = lay_out_nodes(graph(node("a", 0, 0), node("b", 100, 0), node("c", 100, 10)), say)
    a, b, c = picture.boxes
    assert b.x - a.x == 288
    assert c.y == b.y + b.height + 32


def test_nodes_without_a_place_stand_in_layers():
    root = graph(node("a"), node("b"), node("c"), links=[("a", "b"), ("a", "c"), ("c", "a")])
    picture = lay_out_nodes(root, say)
    assert [box.x for box in picture.boxes] == [32, 332, 332]
    assert picture.boxes[1].y < picture.boxes[2].y


def test_a_cycle_leads_back_below_and_a_link_to_nothing_is_left_out():
    root = graph(node("a", 0, 0), node("b", 400, 0), links=[("a", "b"), ("b", "a"), ("b", "gone")])
    forward, back = sorted(lay_out_nodes(root, say).edges, key=lambda one: len(one.points))
    assert forward.points[0][0] < forward.points[-1][0]
    assert max(y for _, y in back.points) > 54 + 16
    assert back.points[-1][0] > back.points[-2][0]  # entered from the left


def test_no_graph_made_by_chance_has_cards_that_meet():
    for seed in range(40):
        chance = random.Random(seed)
        names = [f"n{number}" for number in range(chance.randint(0, 30))]
        nodes = [
            node(
                one,
                chance.randint(-900, 900),
                chance.randint(0, 900),
                "Word " * chance.randint(1, 9),
            )
            if chance.random() < 0.9
            else node(one)
            for one in names
        ]
        links = [(chance.choice(names), chance.choice(names)) for _ in names for _ in range(2)]
        picture = lay_out_nodes(graph(*nodes, links=links), say)
        assert overlaps(picture) == []
        assert len(picture.boxes) == len(names)
        points = [point for edge in picture.edges for point in edge.points]
        assert all(0 < x < picture.width and 0 < y < picture.height for x, y in points)
