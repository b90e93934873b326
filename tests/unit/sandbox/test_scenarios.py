"""The demo is the believable company it is meant to be."""

import json
import re

import pytest

from sandbox import scenarios
from sandbox.engine import runner
from sandbox.scenarios import structures, versions
from sandbox.scenarios.people import LEAVER
from sandbox.scenarios.showcase import SHOWN
from sandbox.side_actors import SideActors
from sandbox.state.portal import Portal
from sandbox.state.records import AUTOMATION


@pytest.fixture(scope="module")
def demo():
    made = Portal()
    scenarios.load(made, "demo")
    return made


def test_the_demo_has_the_promised_numbers(demo):
    running = [w for w in demo.workflows if w.ended is None]
    open_tasks = demo.open_tasks()
    of_leaver = [t for t in open_tasks for part in t.assignments if part.user_id == LEAVER]
    assert len(running) == demo.workflows.running == 3_000
    assert len(open_tasks) == 1_200
    assert sum(w.owned_until is not None for w in running) == 40
    assert len(of_leaver) == 150
    assert (len(demo.users), len(demo.departments)) == (60, 10)
    assert len(demo.templates) == 14 + len(SHOWN) + 3
    assert sum(not user.active for user in demo.users) == 2
    assert sum(t.auto_execute >= AUTOMATION for t in demo.templates) == 4


def test_the_demo_shows_every_form_of_template_and_where_workflows_stand_in_it(demo):
    listed = [t for t in demo.templates if t.auto_execute < AUTOMATION]
    assert [t.id for t in listed] == [*range(1, 12), *range(15, 26)]
    roots = {t.id: demo.structure_of(t) for t in listed}
    sizes = {number: structures.size(root) for number, root in roots.items()}
    assert sizes[20] == 200
    depth, node = 0, roots[21]["Children"][0]
    while node["Type"] == "IfElseActivity":
        depth, node = depth + 1, node["Children"][1]["Children"][0]
    assert depth == 60
    assert len(roots[22]["Children"][0]["Children"]) == 12
    shown = {w.template_id for w in demo.workflows if w.ended is None and w.template_id > 14}
    assert shown == {15, *range(17, 27)}
    assert len({w.state_title for w in demo.workflows if w.template_id == 17}) >= 4
    held = {t.id: json.dumps([roots[t.id], t.parameters, t.constants]) for t in listed}
    assert {number for number, text in held.items() if f"user_{LEAVER}" in text} == {*range(17, 24)}
    kinds = {definition["Type"] for definition in demo.templates[15].parameters.values()}
    assert kinds == {"string", "text", "bool", "int", "double", "select", "date", "datetime",
                     "user", "file", "E:ECrm", "UF:address", "S:Money"}  # fmt: skip
    assert list(demo.complaints) == []


def test_huge_has_five_hundred_templates_some_of_them_very_long():
    portal = Portal()
    scenarios.load(portal, "huge", workflows=100)
    assert sum(t.auto_execute < AUTOMATION for t in portal.templates) == 500
    sizes = [len(json.dumps(structure)) for structure in portal.structures]
    assert sum(size > 200_000 for size in sizes) >= 5


def test_a_template_of_the_demo_is_changed_twice_and_its_workflows_keep_their_copy():
    portal = Portal()
    scenarios.load(portal, "demo", workflows=60)
    template = portal.templates[versions.TEMPLATE]
    document = scenarios.new_document(portal, template.document_type)
    workflow = runner.start(portal, template, document)
    actors, before, seen = SideActors(portal), portal.structure_of(workflow), []
    for _ in range(125):
        portal.clock.advance(5)
        actors.beat()
        seen.append((portal.structure_of(template), template.modified))
    assert len({json.dumps(structure) for structure, _ in seen}) == 3
    assert len({modified for _, modified in seen}) == 3
    assert portal.structure_of(workflow) is before
    assert versions.make_next(portal) is False


def test_the_demo_spans_eighteen_months_and_every_kind_of_deadline(demo):
    now = demo.now()
    ages = [(now - w.started) / 86400 for w in demo.workflows]
    assert 500 < max(ages) <= 541
    assert min(ages) >= 0
    kinds = {(t.overdue is not None) + (t.overdue is not None and t.overdue < now)
             for t in demo.open_tasks()}  # fmt: skip
    assert kinds == {0, 1, 2}
    assert all(w.started <= w.modified <= now for w in demo.workflows)


def test_the_demo_runs_over_every_kind_of_document(demo):
    kinds = {t.document_type[:2] for t in demo.templates}
    assert {module for module, _ in kinds} == {"crm", "lists", "disk"}
    assert any(len(d.name) > 150 for d in demo.documents)
    assert any(re.search("[а-я]", d.name) for d in demo.documents)


def test_workflow_ids_look_like_phps_and_are_distinct(demo):
    ids = [w.id for w in demo.workflows]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{13}\d\.\d{8}", key) for key in ids)


def test_the_same_seed_makes_the_same_company(demo):
    again = Portal()
    scenarios.load(again, "demo")
    assert [w.template_id for w in again.workflows] == [w.template_id for w in demo.workflows]
    assert [w.code for w in again.webhooks] == [w.code for w in demo.webhooks]


def test_another_seed_makes_another_history_with_the_same_secrets():
    first, second = Portal(), Portal()
    scenarios.load(first, "demo", workflows=60)
    scenarios.load(second, "demo", workflows=60, seed=9)
    assert [d.name for d in first.documents] != [d.name for d in second.documents]
    assert [w.code for w in first.webhooks] == [w.code for w in second.webhooks]


def test_side_actors_keep_starting_and_ending_workflows():
    portal = Portal()
    scenarios.load(portal, "demo", workflows=200)
    before = {w.id for w in portal.workflows if w.ended is None}
    actors = SideActors(portal)
    for _ in range(120):
        portal.clock.advance(5)
        actors.beat()
    after = {w.id for w in portal.workflows if w.ended is None}
    assert after - before
    assert before - after
    assert abs(len(after) - 200) < 40
    assert portal.ledger == []


def test_an_unknown_scenario_is_refused():
    with pytest.raises(ValueError, match="There is no scenario 'big'"):
        scenarios.load(Portal(), "big")
