"""What the mirror tells of steps that wait for an application: over, timed out, or presumed."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import AnswerStep, WriteLogLine
from bizproc_admin.audit import By
from bizproc_admin.commands import confirming
from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    Command,
    CommandState,
    StepState,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.syncing import application_steps
from tests.http import waiting

LIST = reverse("application_step_list")


def states():
    return list(ApplicationStep.objects.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def silent(door, sandbox, app, sync):
    """A workflow whose step called nobody who told us: the call was lost."""
    kind, _given = waiting.register(sandbox, app)
    sandbox.fail_next("call_lost")
    number = waiting.template(sandbox, kind)
    remote_id = waiting.workflow_of(sandbox, number)
    sandbox.advance(180)
    sync()
    return Workflow.objects.get(remote_id=remote_id)


def test_a_workflow_without_a_task_may_wait_for_the_step_of_its_template(
    silent, sync, as_, administrator
):
    (step,) = ApplicationStep.objects.all()
    assert (step.state, step.workflow, step.name) == (StepState.PRESUMED, silent, "Check")
    assert (step.since, step.token, step.until_at) == (silent.modified_at, None, None)
    client = as_(administrator)
    (line,) = client.get(LIST, {"state": "presumed"}).context["list"].lines
    assert (line.title, line.is_presumed) == ("Check the counterparty", True)
    page = client.get(line.url).content.decode()
    assert "No call was received" in page
    assert "What remains" in page
    assert client.get(line.url).context["form"] is None
    course = client.get(reverse("workflow_course", args=[silent.pk])).content.decode()
    assert "May wait here" in course
    sync()
    assert ApplicationStep.objects.get().pk == step.pk


def test_of_which_action_it_is_is_said_once_that_is_known(silent, sync, door, as_, administrator):
    step = ApplicationStep.objects.get()
    assert (step.code, step.client_id) == ("", "")
    ApplicationAction.objects.create(
        portal=door, client_id=door.client_id, kind="activity", code="check"
    )
    sync()
    assert ApplicationStep.objects.get().code == "check"
    listed = as_(administrator).get(LIST, {"q": "Check", "state": "presumed"}).context["list"]
    assert [line.pk for line in listed.lines] == [step.pk]


def test_one_that_never_waits_is_not_presumed(silent, sync, door):
    ApplicationAction.objects.create(
        portal=door,
        client_id=door.client_id,
        kind="robot",
        code="check",
        definition={"USE_SUBSCRIPTION": "N"},
    )
    ApplicationStep.objects.all().delete()
    sync()
    assert states() == []


@pytest.mark.parametrize("what", ["call", "task", "end", "moved"])
def test_it_is_forgotten_once_something_else_explains_it(silent, sync, sandbox, door, what):
    assert states() == [StepState.PRESUMED]
    match what:
        case "call":
            ApplicationStep.objects.create(
                portal=door, workflow=silent, workflow_remote_id=silent.remote_id, name="Check",
                code="check", token_digest="d" * 64, since=timezone.now(), state=StepState.WAITING,
            )  # fmt: skip
            sync()
            assert states() == [StepState.WAITING]
        case "task":
            Workflow.objects.filter(pk=silent.pk).update(open_tasks=1)
            application_steps.reconcile(door)
            assert states() == []
        case "end":
            sandbox.kill_workflow(silent.remote_id)
            sync()
            assert states() == []
        case _:
            Workflow.objects.filter(pk=silent.pk).update(
                modified_at=silent.modified_at + timedelta(seconds=10)
            )
            door.refresh_from_db()
            application_steps.reconcile(door)
            (step,) = ApplicationStep.objects.all()
            assert step.since == silent.modified_at + timedelta(seconds=10)


def test_one_whose_call_may_still_come_is_not_presumed(door, sandbox, app, sync):
    kind, _given = waiting.register(sandbox, app)
    sandbox.fail_next("call_lost")
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind))
    sync()
    assert states() == []


def test_nothing_is_presumed_before_the_tasks_are_known(silent, sync, door):
    ApplicationStep.objects.all().delete()
    door.feeds.filter(name="workflow_tasks").update(full_at=None)
    application_steps.reconcile(door)
    assert states() == []


def test_a_token_nobody_has_proven_is_forgotten_after_a_day(step):
    here = ApplicationStep.objects.filter(pk=step.pk)
    here.update(state=StepState.UNVERIFIED, is_pasted=True, received_at=None)
    application_steps.forget_tokens()
    assert here.exists()
    here.update(since=timezone.now() - timedelta(hours=25))
    application_steps.forget_tokens()
    assert not here.exists()


# --- steps that called --------------------------------------------------------------------------


def test_its_workflow_s_end_ends_it(step, sync, sandbox):
    sandbox.kill_workflow(step.workflow_remote_id)
    sync()
    assert states() == [StepState.ENDED]


def test_its_time_is_over_once_the_portal_has_gone_on(door, sandbox, app, sync):
    kind, given = waiting.register(sandbox, app)
    number = waiting.template(sandbox, kind, TimeoutDuration="10", TimeoutDurationType="m")
    waiting.workflow_of(sandbox, number)
    call = app.next()
    sync()
    step = waiting.kept(door, call, definition=given)
    ApplicationStep.objects.update(until_at=step.since + timedelta(minutes=10))
    sync()
    assert states() == [StepState.WAITING]
    sandbox.advance(700)
    sync()
    assert states() == [StepState.TIMED_OUT]


def test_a_task_after_it_shows_that_somebody_else_answered(step, sync, sandbox, app):
    answered = waiting.call(sandbox, "event.send", EVENT_TOKEN=step.token.reveal())
    assert answered["result"] is True
    sync()
    assert states() == [StepState.ELSEWHERE]


def parallel(sandbox, kind):
    """Add a template that goes on to a task while its step waits."""
    later = waiting.activity(
        "DelayActivity", name="D", TimeoutDuration="60", TimeoutDurationType="s"
    )
    review = waiting.activity(
        "ReviewActivity", name="R", Users=["user_1"], Name="Beside", ApproveType="any"
    )
    branches = [
        waiting.activity("SequenceActivity", *inner, name=f"S{place}")
        for place, inner in enumerate(
            ([waiting.activity(kind, name="Check", Title="Check")], [later, review])
        )
    ]
    root = waiting.activity(
        "SequentialWorkflowActivity",
        waiting.activity("ParallelActivity", *branches, name="P"),
        name="Template",
    )
    return sandbox.add_template("Parallel", structure=[root])


def test_where_things_happen_at_once_a_task_tells_nothing(door, sandbox, app, sync, monkeypatch):
    monkeypatch.setattr(application_steps, "AT_ONCE", 1)
    kind, given = waiting.register(sandbox, app)
    number = parallel(sandbox, kind)
    sandbox.advance(5)
    waiting.workflow_of(sandbox, number)
    call = app.next()
    sandbox.advance(120)
    sync()
    waiting.kept(door, call, definition=given)
    assert Workflow.objects.get(remote_id=call["workflow_id"]).open_tasks == 1
    sync()
    assert states() == [StepState.WAITING]
    # and such steps keep none of other templates from being settled
    number = waiting.template(sandbox, kind)
    sandbox.advance(5)
    waiting.workflow_of(sandbox, number)
    call = app.next()
    sync()
    other = waiting.kept(door, call, definition=given)
    sandbox.advance(60)
    waiting.call(sandbox, "event.send", EVENT_TOKEN=other.token.reveal())
    sync()
    assert states() == [StepState.WAITING, StepState.ELSEWHERE]


def test_one_that_is_being_answered_is_left_to_its_answer(step, sync, sandbox, administrator):
    commands.issue(
        AnswerStep(step=step, values={}, reason=""), by=By(account=administrator), key=uuid.uuid4()
    )
    sandbox.kill_workflow(step.workflow_remote_id)
    sync()
    assert states() == [StepState.WAITING]


# --- what becomes of it ---------------------------------------------------------------------------


def test_one_after_which_nothing_shows_keeps_none_from_being_confirmed(
    door, administrator, committing, sandbox, app, sync, monkeypatch
):
    monkeypatch.setattr(confirming, "AT_ONCE", 1)
    kind, given = waiting.register(sandbox, app)
    wait = waiting.activity(
        "DelayActivity", name="D", TimeoutDuration="600", TimeoutDurationType="s"
    )
    number = waiting.template(sandbox, kind, wait)
    made = []
    for document in ("DEAL_777", "DEAL_778"):
        waiting.workflow_of(sandbox, number, document=[*waiting.DEAL[:2], document])
        call = app.next()
        sync()
        sandbox.advance(60)
        action = AnswerStep(
            step=waiting.kept(door, call, definition=given), values={"result": "clean"}, reason="r"
        )
        with committing():
            made.append(commands.issue(action, by=By(account=administrator), key=uuid.uuid4()))
    assert states() == [StepState.DELIVERED] * 2
    sandbox.advance(700)
    sync()
    WorkflowTask.objects.filter(workflow=made[0].workflow).update(waiting_since=None)
    for _ in range(50):
        confirming.confirm_delivered()
    assert states() == [StepState.DELIVERED, StepState.CONFIRMED]


@pytest.mark.parametrize(
    ("before", "after"), [(StepState.WAITING, StepState.ENDED), (StepState.CONFIRMED,) * 2]
)
def test_a_line_answers_no_step_and_settles_none_that_is_over(
    step, administrator, committing, sandbox, before, after
):
    sandbox.fail_next("timeout_after_apply", method="bizproc.activity.log")
    action = WriteLogLine(step=step, message="Half done", reason="")
    with committing():
        command = commands.issue(action, by=By(account=administrator), key=uuid.uuid4())
    ApplicationStep.objects.update(state=before)
    sandbox.kill_workflow(step.workflow_remote_id)
    Command.objects.update(next_check_at=timezone.now() - timedelta(seconds=1))
    with committing():
        commands.serve(step.portal_id, worker="test")
    command.refresh_from_db()
    assert (command.state, command.error_code) == (CommandState.GONE, "ended_after_answer")
    step.refresh_from_db()
    assert (step.state, step.answer_id) == (after, None)
