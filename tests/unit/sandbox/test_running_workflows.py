"""Finding running workflows: the fast ways must find what a plain search finds."""

import random

import pytest

from sandbox import scenarios
from sandbox.engine import runner
from sandbox.lists import running_workflows
from sandbox.lists.filters import orm_predicate, read
from sandbox.lists.listing import sort_rows
from sandbox.state.clock import iso
from sandbox.state.portal import Portal


@pytest.fixture(scope="module")
def portal():
    made = Portal()
    scenarios.load(made, "demo", workflows=300)
    rng = random.Random(3)
    for workflow in rng.sample(list(made.workflows), 40):
        if rng.random() < 0.5:
            runner.remove(made, workflow)
        else:
            runner.terminate(made, workflow)
    for workflow in rng.sample([w for w in made.workflows if w.ended is None], 40):
        workflow.modified += 5
        made.workflows.put(workflow.id, workflow)
    return made


def plainly(portal, conditions, ordering):
    rows = [row for row in portal.workflows if row.ended is None]
    for condition in conditions:
        holds = orm_predicate(condition, running_workflows.FIELDS[condition.field])
        rows = [row for row in rows if holds(running_workflows.value_of(row, condition.field))]
    sort_rows(rows, {**ordering, "ID": ordering.get("ID", False)}, running_workflows.value_of)
    return [row.id for row in rows]


def _columns(portal, key, ordering):
    return [running_workflows.value_of(portal.workflows[key], name) for name in ordering]


def a_moment(portal, share):
    moments = sorted(w.modified for w in portal.workflows if w.ended is None)
    return iso(moments[int(len(moments) * share)])


@pytest.mark.parametrize(
    "ordering",
    [
        {"ID": False},
        {"ID": True},
        {"MODIFIED": False},
        {"STARTED": True, "ID": False},
        {"TEMPLATE_ID": True},
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("more", [{}, {"TEMPLATE_ID": [1, 3]}, {"!OWNED_UNTIL": ""}])
def test_ranges_of_sorted_columns_find_what_a_plain_search_finds(portal, ordering, share, more):
    moment = a_moment(portal, share)
    for name in (">=MODIFIED", "<MODIFIED", ">STARTED", "<=STARTED"):
        conditions = read(
            {name: moment, **more}, running_workflows.FIELDS, now=portal.now()
        ).conditions
        found = list(running_workflows.find(portal, conditions, ordering))
        expected = plainly(portal, conditions, ordering)
        assert sorted(found) == sorted(expected)
        columns = [_columns(portal, key, ordering) for key in found]
        wanted = [_columns(portal, key, ordering) for key in expected]
        assert columns == wanted


def test_pages_after_the_last_seen_id_walk_through_everything(portal):
    seen, last = [], ""
    while True:
        conditions = read({">ID": last}, running_workflows.FIELDS, now=portal.now()).conditions
        page = running_workflows.find(portal, conditions, {"ID": False})[:50]
        if not page:
            break
        seen += page
        last = page[-1]
    assert seen == plainly(portal, (), {"ID": False})


def test_ids_are_found_by_name_and_ended_ones_are_not(portal):
    ended = next(row.id for row in portal.workflows if row.ended is not None)
    alive = next(row.id for row in portal.workflows if row.ended is None)
    conditions = read(
        {"ID": [alive, ended, "none"]}, running_workflows.FIELDS, now=portal.now()
    ).conditions
    assert list(running_workflows.find(portal, conditions, {"ID": False})) == [alive]


def test_a_wildcard_in_an_id_is_a_pattern(portal):
    conditions = read({"ID": "%"}, running_workflows.FIELDS, now=portal.now()).conditions
    assert (
        len(running_workflows.find(portal, conditions, {"ID": False})) == portal.workflows.running
    )


def test_a_stretch_reads_the_same_forwards_and_backwards(portal):
    entries = portal.workflows.sorted["ID"].entries
    forwards = running_workflows.Ids(entries, 10, 80, backwards=False)
    backwards = running_workflows.Ids(entries, 10, 80, backwards=True)
    assert list(forwards) == list(reversed(backwards))
    assert backwards[0:5] == list(reversed(forwards[65:70]))
    assert forwards[69] == backwards[0]
    assert backwards[200:250] == []


def test_what_was_found_is_kept_until_a_change_and_never_without_end(portal):
    searches = []
    for key in [1, 1, *range(1000), 1]:
        assert portal.found(("test", key), lambda key=key: searches.append(key) or key) == key
    assert searches == [1, 0, *range(2, 1000), 1]
    portal.touched = True
    portal.commit()
    portal.found(("test", 1), lambda: searches.append("again"))
    assert searches[-1] == "again"
