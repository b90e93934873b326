"""The demo is the believable company it is meant to be."""

import re

import pytest

from sandbox import scenarios
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
    assert len(demo.templates) == 14 + len(SHOWN)
    assert sum(not user.active for user in demo.users) == 2
    assert sum(t.auto_execute >= AUTOMATION for t in demo.templates) == 3


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
