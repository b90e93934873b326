"""The demo asks its named approvers every kind of question, and leaves them to its visitors."""

from collections import Counter
from datetime import datetime

import pytest

from sandbox import scenarios
from sandbox.scenarios.approvers import APPROVERS, is_of_inbox
from sandbox.side_actors import SideActors
from sandbox.state.portal import Portal


@pytest.fixture(scope="module")
def demo():
    made = Portal()
    # in the middle of a day: just before midnight nothing more is due today
    now = datetime.fromtimestamp(made.now(), made.clock.zone)
    made.clock.offset += (now.replace(hour=12, minute=0) - now).total_seconds()
    scenarios.load(made, "demo")
    return made


def questions(portal, person):
    return [
        task
        for task in portal.open_tasks()
        if is_of_inbox(portal.workflows[task.workflow_id])
        and any(part.user_id == person and part.status == 0 for part in task.assignments)
    ]


@pytest.mark.parametrize("person", APPROVERS)
def test_each_approver_is_asked_in_every_way(demo, person):
    asked = questions(demo, person)
    assert {task.activity for task in asked} == {
        "ApproveActivity",
        "ReviewActivity",
        "RequestInformationActivity",
        "RequestInformationOptionalActivity",
        "HandleExternalEventActivity",
    }
    shown = [task.parameters for task in asked]
    assert {p.get("CommentRequired") for p in shown} >= {"N", "Y", "YA", "YR"}
    assert {"Утвердить", "Sign off", "Genehmigen"} <= {p.get("StatusYesLabel") for p in shown}
    assert {task.delegation for task in asked} == {0, 1, 2, 3}
    types = {field["Type"] for p in shown for field in p.get("Fields", [])}
    assert types == {
        "bool", "date", "datetime", "double", "int", "select", "string", "text", "user", "file",
        "E:ECrm", "UF:address",
    }  # fmt: skip
    texts = " ".join(task.description for task in asked)
    for part in ("[b]", "[list]", "[user=21]", "<ul>", "<script>", "javascript:", "onerror"):
        assert part in texts
    assert max(len(task.description) for task in asked) > 3_000
    assert any(len(task.assignments) == 5 for task in asked)


@pytest.mark.parametrize("person", APPROVERS)
def test_deadlines_are_past_today_later_and_none(demo, person):
    now = demo.now()
    kinds = Counter(
        "none"
        if task.overdue is None
        else "past"
        if task.overdue < now
        else "today"
        if task.overdue < now + 86_400
        else "later"
        for task in questions(demo, person)
    )
    assert set(kinds) == {"none", "past", "today", "later"}


def test_some_have_answered_already(demo):
    parts = [part for task in questions(demo, 4) for part in task.assignments]
    assert {part.status for part in parts} == {0, 1, 2, 3, 4}


def test_the_approvers_are_who_they_are_said_to_be(demo):
    assert [demo.users[number].full_name for number in APPROVERS] == [
        "Марина Лебедева",
        "Ольга Петрова",
        "Pavel Orlov",
        "Галина Романова",
        "Anna Koroleva",
    ]
    assert demo.is_head_of(4, 6)
    assert demo.is_head_of(4, 2)
    assert not demo.is_head_of(4, 21)


def test_side_actors_leave_the_questions_alone():
    portal = Portal()
    scenarios.load(portal, "demo", workflows=300)
    before = {person: len(questions(portal, person)) for person in APPROVERS}
    assert min(before.values()) >= 8
    actors = SideActors(portal)
    for _ in range(400):
        portal.clock.advance(5)
        actors.beat()
    assert {person: len(questions(portal, person)) for person in APPROVERS} == before


@pytest.mark.parametrize("workflows", [1, 7, 60])
def test_a_small_demo_has_as_many_workflows_as_asked_for(workflows):
    portal = Portal()
    scenarios.load(portal, "demo", workflows=workflows)
    assert portal.workflows.running == workflows
