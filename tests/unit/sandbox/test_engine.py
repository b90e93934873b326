"""Running templates: what waits, what moves on, what ends."""

import pytest

from sandbox import scenarios
from sandbox.engine import runner, timers
from sandbox.refusals import Refusal
from sandbox.scenarios.templates import (
    activity,
    approve,
    branch,
    choice,
    delay,
    parallel,
    parameter,
    request,
    review,
    sequence,
    state,
    steps,
)
from sandbox.state import documents
from sandbox.state.clock import Clock
from sandbox.state.portal import Portal
from sandbox.state.records import (
    ANSWER_CANCEL,
    ANSWER_NO,
    ANSWER_OK,
    ANSWER_YES,
    COMPLETED,
    TERMINATED,
)

BOTH = ["user_1", "user_2"]


@pytest.fixture
def portal():
    made = Portal(clock=Clock(source=lambda: 1_800_000_000.0))
    scenarios.load(made, "empty")
    return made


def start(portal, *children, parameters=None, values=None, variables=None):
    template = scenarios.add_template(
        portal,
        name="T",
        document_type=scenarios.DEAL,
        structure=sequence(*children),
        parameters=parameters,
        variables=variables or {},
    )
    document = scenarios.new_document(portal, scenarios.DEAL)
    return runner.start(portal, template, document, started_by=1, parameters=values)


def tasks(portal, workflow):
    return portal.tasks.of_workflow(workflow.id)


def answer(portal, task, user, status, **more):
    runner.complete_task(portal, task.id, user_id=user, status=status, **more)


def test_a_template_without_waiting_steps_has_already_ended(portal):
    workflow = start(portal, state("One"), activity("MailActivity"), state("Two"))
    assert (workflow.status, workflow.state_title) == (COMPLETED, "Two")
    assert not portal.workflows.is_running(workflow.id)


def test_switched_off_activities_are_skipped(portal):
    off = state("Never")
    off["Activated"] = "N"
    assert start(portal, state("Seen"), off).state_title == "Seen"


def test_approving_runs_the_first_branch_and_rejecting_the_second(portal):
    for status, title in ((ANSWER_YES, "Good"), (ANSWER_NO, "Bad")):
        workflow = start(portal, approve("Ask", ["user_2"], [state("Good")], [state("Bad")]))
        (task,) = tasks(portal, workflow)
        answer(portal, task, 2, status)
        assert workflow.state_title == title
        assert task.status == status
        assert workflow.status == COMPLETED


def test_progress_is_shown_while_people_vote(portal):
    workflow = start(portal, approve("Ask", BOTH, [], []))
    assert workflow.state_title == "Participated 0% (0 of 2)"
    answer(portal, tasks(portal, workflow)[0], 1, ANSWER_YES)
    assert workflow.state_title == "Participated 50% (1 of 2)"


def test_those_who_had_not_answered_lose_the_task(portal):
    workflow = start(portal, approve("Ask", BOTH, [], [], ApproveType="any"), delay(amount=1))
    (task,) = tasks(portal, workflow)
    answer(portal, task, 1, ANSWER_YES)
    assert [part.user_id for part in task.assignments] == [1]
    with pytest.raises(Refusal, match="ERROR_TASK_NOT_FOUND"):
        answer(portal, task, 2, ANSWER_YES)
    with pytest.raises(Refusal, match="ERROR_TASK_COMPLETED"):
        answer(portal, task, 1, ANSWER_YES)


def test_a_review_takes_only_done_and_ends_when_all_have_read(portal):
    workflow = start(portal, review("Read", BOTH))
    (task,) = tasks(portal, workflow)
    with pytest.raises(Refusal, match="Invalid action selected"):
        answer(portal, task, 1, ANSWER_YES)
    answer(portal, task, 1, ANSWER_OK)
    assert workflow.ended is None
    answer(portal, task, 2, ANSWER_OK)
    assert (task.status, workflow.status) == (3, COMPLETED)


def test_a_request_stores_answers_and_insists_on_required_ones(portal):
    fields = [{"Name": "Sum", "Title": "Total", "Type": "double", "Required": "1"}]
    workflow = start(portal, request("Say", BOTH, fields), state("Got {=Variable:Sum}"))
    (task,) = tasks(portal, workflow)
    with pytest.raises(Refusal, match=r"The required value \('Total'\) is missing"):
        answer(portal, task, 1, ANSWER_OK)
    answer(portal, task, 1, ANSWER_OK, fields={"Sum": "15", "Unknown": "x"})
    assert workflow.state_title == "Got 15"
    assert "Unknown" not in workflow.variables


def test_declining_an_optional_request_runs_its_second_branch(portal):
    optional = activity(
        "RequestInformationOptionalActivity",
        steps(state("Told")),
        steps(state("Declined")),
        Users=["user_2"],
        Name="Say",
    )
    workflow = start(portal, optional)
    (task,) = tasks(portal, workflow)
    answer(portal, task, 2, ANSWER_CANCEL)
    assert (workflow.state_title, task.status) == ("Declined", 5)


@pytest.mark.parametrize(
    ("required", "status", "refused"),
    [("Y", ANSWER_YES, True), ("YA", ANSWER_YES, True), ("YA", ANSWER_NO, False),
     ("YR", ANSWER_NO, True), ("YR", ANSWER_YES, False), ("N", ANSWER_NO, False)],
)  # fmt: skip
def test_a_comment_may_be_required_for_one_answer_only(portal, required, status, refused):
    workflow = start(portal, approve("Ask", ["user_2"], [], [], CommentRequired=required))
    (task,) = tasks(portal, workflow)
    if refused:
        with pytest.raises(Refusal, match="The 'Notes' field is required"):
            answer(portal, task, 2, status, comment="  ")
        answer(portal, task, 2, status, comment="because")
    else:
        answer(portal, task, 2, status)
    assert workflow.status == COMPLETED


def test_parallel_branches_wait_for_each_other(portal):
    workflow = start(
        portal,
        parallel(steps(review("A", ["user_1"])), steps(review("B", ["user_2"]))),
        state("Both"),
    )
    first, second = tasks(portal, workflow)
    answer(portal, second, 2, ANSWER_OK)
    assert workflow.ended is None
    answer(portal, first, 1, ANSWER_OK)
    assert workflow.state_title == "Both"


@pytest.mark.parametrize(("amount", "title"), [("1500", "Big"), ("900", "Small"), ("", "Small")])
def test_the_first_branch_whose_condition_holds_is_taken(portal, amount, title):
    workflow = start(
        portal,
        choice(
            branch(state("Big"), when=["Amount", ">", "1000", 0]),
            branch(state("Small")),
        ),
        parameters={"Amount": parameter("Amount", "double")},
        values={"Amount": amount},
    )
    assert workflow.state_title == title


def test_fields_and_mixed_conditions_look_where_they_say(portal):
    by_document = activity(
        "IfElseBranchActivity", state("Deal"), fieldcondition=[["NAME", "contain", "deal", 0]]
    )
    mixed = activity(
        "IfElseBranchActivity",
        state("Never"),
        mixedcondition=[
            {"object": "Template", "field": "X", "operator": "=", "value": "1", "joiner": 0},
            {"object": "Variable", "field": "Y", "operator": "!empty", "value": "", "joiner": 0},
        ],
    )
    document = scenarios.new_document(portal, scenarios.DEAL)
    template = scenarios.add_template(
        portal,
        name="T",
        document_type=scenarios.DEAL,
        structure=sequence(choice(mixed, by_document)),
        parameters={"X": parameter("X", "string", "1")},
    )
    documents.remember(portal, document, scenarios.DEAL, name="The Deal")
    assert runner.start(portal, template, document).state_title == "Deal"


def test_set_variables_may_use_other_values(portal):
    workflow = start(
        portal,
        activity("SetVariableActivity", VariableValue={"Who": "{=Template:TargetUser}"}),
        review("Read", ["{=Variable:Who}"]),
    )
    assert [part.user_id for part in tasks(portal, workflow)[0].assignments] == [1]


def test_a_delay_waits_on_the_portals_clock(portal):
    workflow = start(portal, delay(amount=2, unit="h"), state("Later"))
    portal.clock.advance(7_199)
    timers.catch_up(portal)
    assert workflow.ended is None
    portal.clock.advance(1)
    timers.catch_up(portal)
    assert (workflow.state_title, workflow.ended) == ("Later", portal.now())


def test_a_timeout_counts_as_rejection_and_keeps_the_rows(portal):
    workflow = start(
        portal,
        approve("Ask", BOTH, [state("Yes")], [state("No")], TimeoutDuration="3",
                TimeoutDurationType="d"),
    )  # fmt: skip
    (task,) = tasks(portal, workflow)
    assert task.overdue == portal.now() + 3 * 86400
    portal.clock.advance(3 * 86400)
    timers.catch_up(portal)
    assert (workflow.state_title, task.status) == ("No", 4)
    assert [part.status for part in task.assignments] == [ANSWER_NO, ANSWER_NO]


def test_the_terminate_activity_ends_everything_at_once(portal):
    workflow = start(
        portal,
        parallel(
            steps(review("Read", ["user_1"])),
            steps(activity("TerminateActivity", StateTitle="Enough")),
        ),
        state("Never"),
    )
    assert (workflow.status, workflow.state_title) == (TERMINATED, "Enough")
    assert tasks(portal, workflow) == []


def test_terminating_deletes_running_tasks_and_keeps_answered_ones(portal):
    workflow = start(portal, review("One", ["user_1"]), review("Two", ["user_2"]))
    answer(portal, tasks(portal, workflow)[0], 1, ANSWER_OK)
    runner.terminate(portal, workflow)
    assert [task.name for task in tasks(portal, workflow)] == ["One"]
    assert workflow.state_title == "Execution aborted"
    assert not portal.workflows.is_running(workflow.id)


def test_tasks_stay_for_one_day_after_the_end(portal):
    workflow = start(portal, review("One", ["user_1"]))
    answer(portal, tasks(portal, workflow)[0], 1, ANSWER_OK)
    portal.clock.advance(86_399)
    timers.catch_up(portal)
    assert len(tasks(portal, workflow)) == 1
    portal.clock.advance(1)
    timers.catch_up(portal)
    assert tasks(portal, workflow) == []
    assert workflow.id not in portal.workflows


def test_a_step_without_people_fails_the_start_and_leaves_nothing(portal):
    before = len(portal.workflows)
    with pytest.raises(Refusal, match="Users"):
        start(portal, review("Read", ["user_99", "{=Template:Nobody}"]))
    assert len(portal.workflows) == before
    assert len(portal.tasks) == 0


def test_a_step_without_people_later_on_aborts_the_workflow(portal):
    workflow = start(portal, review("Read", ["user_1"]), review("Read", ["user_99"]))
    answer(portal, tasks(portal, workflow)[0], 1, ANSWER_OK)
    assert workflow.status == TERMINATED


def test_people_are_found_in_groups_roles_and_old_style_references(portal):
    users = ["group_1", "author", ["Template", "Boss"], "user_2"]
    workflow = start(
        portal,
        review("Read", users),
        parameters={"Boss": parameter("Boss", "user", "user_2")},
    )
    assert [part.user_id for part in tasks(portal, workflow)[0].assignments] == [1, 2]


def test_a_locked_workflow_refuses_answers(portal):
    workflow = start(portal, review("Read", ["user_1"]))
    workflow.owned_until = portal.now() - 600
    with pytest.raises(Refusal, match="hung or being executed"):
        answer(portal, tasks(portal, workflow)[0], 1, ANSWER_OK)


def test_a_workflow_keeps_its_copy_of_the_template(portal):
    workflow = start(portal, review("Read", ["user_1"]), state("Old"))
    template = portal.templates[workflow.template_id]
    portal.structures.put("other", [sequence(state("New"))])
    template.structure_key = "other"
    answer(portal, tasks(portal, workflow)[0], 1, ANSWER_OK)
    assert workflow.state_title == "Old"


def test_a_command_waits_for_those_who_may_give_it(portal):
    command = activity("HandleExternalEventActivity", Permission=["user_2"], Name="Go")
    workflow = start(portal, command, state("Gone"))
    (task,) = tasks(portal, workflow)
    assert (task.name, task.parameters, workflow.ended) == ("Go", {}, None)
    answer(portal, task, 2, ANSWER_OK)
    assert (task.status, workflow.state_title) == (3, "Gone")


def test_a_command_without_anybody_to_give_it_passes_through(portal):
    assert start(portal, activity("HandleExternalEventActivity")).status == COMPLETED


def test_a_workflow_that_is_gone_takes_no_answer(portal):
    workflow = start(portal, review("Read", ["user_1"]))
    (task,) = tasks(portal, workflow)
    portal.workflows.drop(workflow.id)
    with pytest.raises(Refusal, match="The business process is not found"):
        answer(portal, task, 1, ANSWER_OK)


def test_later_steps_see_who_answered_what(portal):
    workflow = start(
        portal,
        approve("Ask", BOTH, [], [], ApproveType="vote", ApproveWaitForAll="Y"),
        delay(amount=1),
    )
    (task,) = tasks(portal, workflow)
    answer(portal, task, 1, ANSWER_NO, comment="too dear")
    answer(portal, task, 2, ANSWER_YES)
    (outputs,) = workflow.outputs.values()
    assert (outputs["UserApprovers"], outputs["UserRejecters"]) == (["user_2"], ["user_1"])
    assert (outputs["Approvers"], outputs["Rejecters"]) == ("Pavel Orlov", "Anna Koroleva")
    assert (outputs["VotedPercent"], outputs["ApprovedPercent"]) == (100, 50)
    assert outputs["Comments"] == "Anna Koroleva: too dear"
    assert task.status == 2


def test_a_review_times_out_and_the_workflow_goes_on(portal):
    workflow = start(portal, review("Read", ["user_1"], TimeoutDuration="5"), state("After"))
    portal.clock.advance(5)
    timers.catch_up(portal)
    assert (tasks(portal, workflow)[0].status, workflow.state_title) == (4, "After")


def test_defaults_are_shown_so_that_they_can_be_sent_back(portal):
    fields = [
        {"Name": "Day", "Title": "Day", "Type": "date", "Default": "01.03.2026"},
        {"Name": "Who", "Title": "Who", "Type": "user", "Default": "user_2"},
        {"Name": "What", "Title": "What", "Type": "string", "Default": "{=Document:NAME}"},
    ]
    (task,) = tasks(portal, start(portal, request("Say", ["user_1"], fields)))
    defaults = [field["Default"] for field in task.parameters["Fields"]]
    assert defaults == ["2026-03-01T00:00:00+03:00", ["user_2"], None]


def test_a_default_that_is_not_sent_back_is_no_answer(portal):
    fields = [{"Name": "Sum", "Title": "Sum", "Type": "int", "Required": "1", "Default": "7"}]
    workflow = start(portal, request("Say", ["user_1"], fields), delay(amount=1))
    (task,) = tasks(portal, workflow)
    with pytest.raises(Refusal, match="missing"):
        answer(portal, task, 1, ANSWER_OK)
    answer(portal, task, 1, ANSWER_OK, fields={"Sum": "7"})
    assert workflow.variables == {"Sum": 7}
