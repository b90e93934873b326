"""Templates that loop, listen, have states or links: what waits, what follows, what ends."""

import pytest

from sandbox import scenarios
from sandbox.engine import conditions, runner, timers
from sandbox.refusals import Refusal
from sandbox.scenarios.templates import activity, approve, delay, parameter, sequence, state, steps
from sandbox.state.clock import Clock
from sandbox.state.portal import Portal
from sandbox.state.records import (
    ANSWER_NO,
    ANSWER_OK,
    ANSWER_YES,
    COMPLETED,
    TASK_RUNNING,
    TERMINATED,
)

ANNA = ["user_1"]


@pytest.fixture
def portal():
    made = Portal(clock=Clock(source=lambda: 1_800_000_000.0))
    scenarios.load(made, "empty")
    return made


def start(portal, root, *, document=None, **more):
    template = scenarios.add_template(
        portal, name="T", document_type=scenarios.DEAL, structure=root, **more
    )
    place = document or scenarios.new_document(portal, scenarios.DEAL)
    return runner.start(portal, template, place, started_by=1)


def waiting(portal, workflow):
    return [t for t in portal.tasks.of_workflow(workflow.id) if t.status == TASK_RUNNING]


def answer(portal, task, status=ANSWER_YES):
    runner.complete_task(portal, task.id, user_id=1, status=status)


def ask(name, yes=(), no=(), **properties):
    return approve(name, ANNA, list(yes), list(no), **properties)


def assign(**values):
    return activity("SetVariableActivity", VariableValue=values)


def command(name, *then):
    wait = activity("HandleExternalEventActivity", title=name, Permission=ANNA)
    return activity("EventDrivenActivity", wait, *then)


def test_a_loop_goes_round_while_its_condition_holds(portal):
    again = {"propertyvariablecondition": [["Done", "!=", "Y", 0]]}
    body = steps(ask("Again?", yes=[assign(Done="Y")]))
    workflow = start(
        portal, sequence(activity("WhileActivity", body, **again), state("After")),
        variables={"Done": parameter("Done", "bool", "N")},
    )  # fmt: skip
    answer(portal, waiting(portal, workflow)[0], ANSWER_NO)
    (second,) = waiting(portal, workflow)
    assert workflow.ended is None
    answer(portal, second)
    assert (workflow.status, workflow.state_title) == (COMPLETED, "After")


def test_a_loop_that_never_waits_is_refused_and_leaves_nothing(portal):
    with pytest.raises(Refusal, match="Too many steps"):
        start(portal, sequence(activity("WhileActivity", steps(assign(x=1)), truecondition="1")))
    assert len(portal.workflows) == 0
    empty = start(portal, sequence(activity("WhileActivity", truecondition="1")))
    assert empty.status == COMPLETED


def test_values_are_gone_through_one_by_one(portal):
    each = activity(
        "ForEachActivity", steps(ask("{=A_each:Key}: {=A_each:Value}")),
        Object="Variable", Variable="Names",
    )  # fmt: skip
    each["Name"] = "A_each"
    workflow = start(
        portal, sequence(each), variables={"Names": parameter("N", "string", ["a", "b"])}
    )
    told = []
    while tasks := waiting(portal, workflow):
        told.append(tasks[0].name)
        answer(portal, tasks[0])
    assert told == ["0: a", "1: b"]
    assert workflow.progress == {}
    assert workflow.status == COMPLETED


def test_the_first_event_ends_the_waits_of_the_others(portal):
    late = activity("EventDrivenActivity", delay(amount=2), state("Too late"))
    decided = activity("EventDrivenActivity", ask("Decide"), delay(amount=9))
    workflow = start(portal, sequence(activity("ListenActivity", late, decided), state("After")))
    assert set(workflow.waits) == {"0/0/0", "0/1/0"}
    answer(portal, waiting(portal, workflow)[0])
    assert set(workflow.waits) == {"0/1/1"}
    other = start(portal, sequence(activity("ListenActivity", late, decided), ask("After")))
    portal.clock.advance(2 * 86400)
    timers.catch_up(portal)
    assert other.state_title == "Participated 0% (0 of 1)"
    assert [task.name for task in waiting(portal, other)] == ["After"]


def machine(*states, initial):
    return activity("StateMachineWorkflowActivity", *states, InitialStateName=initial)


def named(name, *parts):
    return {**activity("StateActivity", *parts, title=f"State {name}"), "Name": name}


def go(name, **more):
    return activity("SetStateActivity", TargetStateName=name, **more)


def test_states_follow_each_other_and_one_without_events_is_the_last(portal):
    first = named(
        "one",
        activity("StateInitializationActivity", assign(Seen="one")),
        command("Send on", go("two")),
        activity("EventDrivenActivity", delay(amount=5), go("three")),
        activity("StateFinalizationActivity", assign(Left="one")),
    )
    root = machine(named("three"), first, named("two", command("Close", go("three"))),
                   initial="one")  # fmt: skip
    workflow = start(portal, root)
    assert workflow.state_title == "State one"
    assert len(workflow.waits) == 2
    answer(portal, waiting(portal, workflow)[0], ANSWER_OK)
    assert (workflow.state_title, workflow.variables["Left"]) == ("State two", "one")
    assert [task.name for task in waiting(portal, workflow)] == ["Close"]
    answer(portal, waiting(portal, workflow)[0], ANSWER_OK)
    assert (workflow.state_title, workflow.status) == ("State three", COMPLETED)
    timed = start(portal, root)
    portal.clock.advance(5 * 86400)
    timers.catch_up(portal)
    assert (timed.state_title, timed.status) == ("State three", COMPLETED)


def test_a_command_without_another_state_can_be_given_again_and_a_state_may_return(portal):
    root = machine(
        named("one", command("Note", assign(Noted="Y")),
              command("Back", go("one", CancelCurrentState="Y"), state("Never"))),
        initial="missing",
    )  # fmt: skip
    workflow = start(portal, root)
    note, _ = waiting(portal, workflow)
    answer(portal, note, ANSWER_OK)
    assert workflow.variables == {"Noted": "Y"}
    _, back = sorted(waiting(portal, workflow), key=lambda task: task.path)
    answer(portal, back, ANSWER_OK)
    assert workflow.state_title == "State one"
    assert len(waiting(portal, workflow)) == 2


def block(kind, name, **more):
    return {**activity(kind, title=name, **more), "Name": name}


def test_a_node_template_is_run_along_its_links_round_and_round(portal):
    question = {"Users": ANNA, "Name": "Good?"}
    root = activity(
        "NodeWorkflowActivity",
        block("SetVariableActivity", "A1", VariableValue={"x": 1}),
        block("ApproveActivity", "A2", **question),
        block("SetStateTitleActivity", "A3", TargetStateTitle="Good"),
        block("SetStateTitleActivity", "A4", TargetStateTitle="Once more"),
        Links=[["A1:o0", "A2:i0", True], ["A2:o0", "A3:i0", True], ["A2:o1", "A4:i0", True],
               ["A4:o0", "A2:i0", True]],
    )  # fmt: skip
    workflow = start(portal, root)
    answer(portal, waiting(portal, workflow)[0], ANSWER_NO)
    assert workflow.ended is None
    answer(portal, waiting(portal, workflow)[0])
    assert (workflow.state_title, workflow.status) == ("Good", COMPLETED)


def test_a_template_that_starts_itself_is_refused_and_another_is_started(portal):
    other = activity("StartWorkflowActivity", TemplateId="1", TemplateParameters={"Amount": "7"})
    workflow = start(portal, sequence(other))
    (child,) = [w for w in portal.workflows if w.template_id == 1]
    assert (child.document, child.parameters["Amount"]) == (workflow.document, "7")
    number = portal.numbers["template"] + 1
    with pytest.raises(Refusal, match="Template cannot be run recursively"):
        start(portal, sequence(activity("StartWorkflowActivity", TemplateId=str(number))))
    assert len(portal.workflows) == 2
    again = activity("StartWorkflowActivity", TemplateId=str(portal.numbers["template"] + 1))
    late = start(portal, sequence(ask("Once more?", yes=[again])))
    answer(portal, waiting(portal, late)[0])
    assert (late.status, late.state_title) == (TERMINATED, "Template cannot be run recursively")


def test_a_document_has_as_many_workflows_as_the_portal_allows(portal):
    portal.most_workflows_of_document = 1
    first = start(portal, sequence(ask("Wait")))
    with pytest.raises(Refusal, match="An element can be handled by 1 processes at most"):
        start(portal, sequence(), document=first.document)
    runner.end(portal, first)
    assert start(portal, sequence(), document=first.document).status == COMPLETED


def test_what_the_engine_does_not_know_is_passed_through_and_noted_once(portal):
    unknown = [activity("FutureActivity"), activity("LaterActivity")]
    workflow = start(portal, sequence(*unknown, *unknown, activity("CodeActivity")))
    assert workflow.status == COMPLETED
    noted = [(note["kind"], note["detail"]) for note in portal.complaints]
    assert noted == [
        ("activity passed through", name) for name in ("FutureActivity", "LaterActivity")
    ]


def test_two_thousand_activities_and_deep_nesting_need_no_deep_stack(portal):
    inner = sequence()
    for _ in range(400):
        inner = steps(inner)
    many = sequence(*[{"Type": "LogActivity", "Properties": []} for _ in range(2_000)], inner)
    assert start(portal, many).status == COMPLETED


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (["Sum", ">", "5"], True),
        (["Sum", "!empty"], True),
        (["Sum", "empty"], False),
        ({"object": "Variable", "field": "Sum", "operator": "=", "value": "7"}, True),
        ({"object": "Template", "field": "Sum", "operator": "!empty"}, False),
    ],
)
def test_conditions_have_two_three_or_four_parts(portal, row, holds):
    workflow = start(
        portal, sequence(ask("Wait")), variables={"Sum": parameter("Sum", "int", "7", Options="")}
    )
    kind = "mixedcondition" if isinstance(row, dict) else "propertyvariablecondition"
    assert conditions.holds(portal, workflow, {"Properties": {kind: [row]}}) is holds
