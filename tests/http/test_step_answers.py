"""Answers to steps as commands: every outcome, against the portal's ledger."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import AnswerStep, CheckToken, NotPossible, WriteLogLine
from bizproc_admin.actions.answers import SentFile
from bizproc_admin.audit import By
from bizproc_admin.commands import TargetBusy
from bizproc_admin.models import ApplicationStep, Command, CommandFile, CommandState, StepState
from bizproc_admin.secrets.fields import Secret
from bizproc_admin.wording import acts
from bizproc_admin.wording.command_errors import command_error
from bizproc_admin.wording.looks import look_of
from bizproc_admin.wording.meanings import meaning, step_of
from tests.http import waiting

SEND, LOG = "bizproc.event.send", "bizproc.activity.log"
State = CommandState


@pytest.fixture(autouse=True)
def newer_build(sandbox):
    sandbox.set_build("26")


def issue(action, who, committing):
    with committing():
        made = commands.issue(action, by=By(account=who), key=uuid.uuid4())
    return fresh(made)


def answer(step, who, committing, **more):
    given = {"values": {"result": "clean", "score": "82"}, "reason": "Connector down", **more}
    return issue(AnswerStep(step=step, **given), who, committing)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def settle(command, committing, seconds=0):
    """Let so many seconds pass for a command, and have it looked into."""
    span = timedelta(seconds=seconds)
    Command.objects.open().filter(pk=command.pk).update(
        sent_at=fresh(command).sent_at - span, next_check_at=timezone.now() - timedelta(seconds=1)
    )
    with committing():
        commands.settle(command.pk)
    return fresh(command)


def serve(command, committing):
    """Have what is due of the portal done, as if its time had come."""
    past = timezone.now() - timedelta(seconds=1)
    Command.objects.open().filter(pk=command.pk).update(next_check_at=past)
    with committing():
        commands.serve(command.portal_id, worker="test")
    return fresh(command)


def effects(sandbox):
    return [one["applied"]["effect"] for one in sandbox.ledger() if one["method"] == SEND]


def sent_values(sandbox):
    return [one["applied"]["values"] for one in sandbox.ledger() if one["method"] == SEND]


def outcomes(command):
    return [entry.outcome for entry in command.audit_entries.order_by("pk")]


# --- what the portal took -----------------------------------------------------------------------


@pytest.mark.parametrize("build", ["25", "26"])
def test_it_is_confirmed_by_the_task_that_comes_after_it(
    step, administrator, committing, sandbox, build
):
    sandbox.set_build(build)
    command = answer(step, administrator, committing, message="Checked by hand")
    assert outcomes(command) == ["intent", "sending", "accepted", "confirmed"]
    assert effects(sandbox) == ["closed"]
    (line,) = [one for one in sandbox.ledger() if one["method"] == SEND]
    assert line["applied"]["values"] == {"result": "clean", "score": "82"}
    assert line["applied"]["message"] == "Checked by hand"
    step = fresh(step)
    assert (step.state, step.answer_id) == (StepState.CONFIRMED, command.pk)
    assert step.settled_at is not None
    task = sandbox.tasks(step.workflow_remote_id)[0]
    entry = command.audit_entries.get(outcome="confirmed")
    assert entry.detail.after["by"] == {"task": "Утвердить счёт", "number": task["id"]}
    assert "gone on" in step_of(entry)
    facts = dict(acts.facts(command))
    assert (facts["Result"], facts["Score"]) == ("clean", "82")
    assert acts.whole(command) == "Answer Check the counterparty · Deal 777, name not known"


def test_where_no_next_step_shows_it_is_delivered_and_confirmed_once_one_does(
    door, administrator, committing, sandbox, app, sync
):
    kind, given = waiting.register(sandbox, app)
    wait = waiting.activity(
        "DelayActivity", name="D", TimeoutDuration="600", TimeoutDurationType="s"
    )
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind, wait))
    step_call = app.next()
    sync()
    sandbox.advance(60)
    step = waiting.kept(door, step_call, definition=given)
    command = answer(step, administrator, committing)
    assert (command.state, command.word) == (State.DELIVERED, "delivered")
    assert "Whether the answer had an effect is not known" in meaning(command)
    assert str(look_of(command.state).text) == "Delivered"
    assert fresh(step).state == StepState.DELIVERED
    with pytest.raises(NotPossible, match="step_is_over"):
        answer(step, administrator, committing)
    commands.sweep()
    assert fresh(command).state == State.DELIVERED
    sandbox.advance(700)
    sync()
    commands.sweep()
    command = fresh(command)
    assert (command.state, fresh(step).state) == (State.CONFIRMED, StepState.CONFIRMED)
    assert outcomes(command)[-2:] == ["delivered", "confirmed"]
    assert effects(sandbox) == ["closed"]


def test_it_is_confirmed_by_the_call_of_the_next_step(
    door, administrator, committing, sandbox, app, sync
):
    kind, given = waiting.register(sandbox, app)
    second = waiting.activity(kind, name="Second", Title="Score the supplier")
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind, second))
    step_call = app.next()
    sync()
    sandbox.advance(60)
    step = waiting.kept(door, step_call, definition=given)
    command = answer(step, administrator, committing)
    assert command.state == State.DELIVERED
    waiting.kept(door, app.next())
    commands.sweep()
    assert fresh(command).state == State.CONFIRMED
    entry = command.audit_entries.order_by("-pk").first()
    assert entry.detail.after["by"]["step"] == "Score the supplier"


def test_a_late_delivery_is_waited_for_and_one_that_never_comes_is_sent_once_more(
    step, administrator, committing, sandbox, settings
):
    sandbox.set_build("26", event_delay=400)
    command = answer(step, administrator, committing)
    assert command.state == State.DISPUTED
    assert "brings answers to their steps later" in meaning(command)
    assert fresh(step).state == StepState.WAITING
    command = settle(command, committing, settings.SETTLE_TIME + 1)
    command = serve(command, committing)
    assert (command.sends, command.state) == (2, State.DISPUTED)
    sandbox.advance(500)
    command = serve(command, committing)
    assert command.state in (State.DELIVERED, State.CONFIRMED)
    assert sorted(effects(sandbox)) == ["closed", "none"]
    assert fresh(step).state in (StepState.DELIVERED, StepState.CONFIRMED)


# --- an answer that was lost --------------------------------------------------------------------


@pytest.mark.parametrize("build", ["25", "26"])
@pytest.mark.parametrize(
    "fault",
    ["timeout_before_apply", "timeout_after_apply", "reset_mid_response", "html_page"],
)
def test_a_lost_answer_is_sent_again_with_the_same_values_and_counts_once(
    step, administrator, committing, sandbox, fault, build
):
    sandbox.set_build(build)
    sandbox.fail_next(fault, method=SEND)
    command = answer(step, administrator, committing)
    assert "unknown" in outcomes(command)
    for _ in range(3):
        if not command.is_settled:
            command = serve(command, committing)
    assert command.state in (State.CONFIRMED, State.DELIVERED)
    assert effects(sandbox).count("closed") == 1
    assert all(
        values in ({"result": "clean", "score": "82"}, {}) for values in sent_values(sandbox)
    )
    assert len(sandbox.calls(SEND)) == 2
    assert fresh(step).answer_id == command.pk


def test_a_lost_answer_is_confirmed_by_what_came_before_it_was_sent_again(
    door, administrator, committing, sandbox, app, sync
):
    kind, given = waiting.register(sandbox, app)
    second = waiting.activity(kind, name="Second", Title="Score the supplier")
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind, second))
    step_call = app.next()
    sync()
    sandbox.advance(60)
    step = waiting.kept(door, step_call, definition=given)
    sandbox.fail_next("timeout_after_apply", method=SEND)
    command = answer(step, administrator, committing)
    following = waiting.kept(door, app.next())
    # a minute passes before the same is sent again
    Command.objects.update(sent_at=fresh(command).sent_at - timedelta(seconds=60))
    ApplicationStep.objects.filter(pk=following.pk).update(
        called_at=fresh(following).called_at - timedelta(seconds=50)
    )
    for _ in range(3):
        command = serve(command, committing)
    assert len(sandbox.calls(SEND)) == 2
    commands.sweep()
    assert (fresh(command).state, fresh(step).state) == (State.CONFIRMED, StepState.CONFIRMED)


def test_one_that_is_never_answered_is_sent_three_times_and_then_a_person_looks(
    step, administrator, committing, sandbox
):
    for _ in range(3):
        sandbox.fail_next("timeout_after_apply", method=SEND)
    command = answer(step, administrator, committing)
    for _ in range(4):
        command = serve(command, committing)
    assert command.state == State.NEEDS_HUMAN
    assert (len(sandbox.calls(SEND)), effects(sandbox).count("closed")) == (3, 1)
    assert fresh(step).state == StepState.WAITING


def test_one_that_never_reached_the_portal_is_said_not_to_be_done(
    step, administrator, committing, sandbox, settings
):
    for _ in range(3):
        sandbox.fail_next("timeout_before_apply", method=SEND)
    command = answer(step, administrator, committing)
    for _ in range(4):
        command = serve(command, committing)
    assert (command.state, command.sends) == (State.UNKNOWN, 3)
    command = settle(command, committing, settings.SETTLE_TIME + 1)
    assert (command.state, effects(sandbox)) == (State.NOT_APPLIED, [])
    assert "had not worked on the workflow" in meaning(command)
    assert fresh(step).state == StepState.WAITING


def test_one_whose_last_send_is_done_late_is_not_said_to_have_done_nothing(
    step, administrator, committing, sandbox
):
    for _ in range(2):
        sandbox.fail_next("timeout_before_apply", method=SEND)
    sandbox.fail_next("late_apply", method=SEND, delay=30)
    command = answer(step, administrator, committing)
    for _ in range(3):
        command = serve(command, committing)
    assert (command.sends, effects(sandbox)) == (3, [])
    sandbox.advance(31)
    command = serve(command, committing)
    assert effects(sandbox) == ["closed"]
    assert command.state == State.NEEDS_HUMAN


# --- what ended, and what is refused ------------------------------------------------------------


def test_a_workflow_that_ended_with_it_is_not_claimed(step, administrator, committing, sandbox):
    sandbox.delete_document(waiting.DEAL)
    command = answer(step, administrator, committing)
    assert (command.state, command.error_code) == (State.GONE, "ended_after_answer")
    assert "by it, or because its document was deleted" in command_error(command)
    assert effects(sandbox) == ["terminated"]
    assert fresh(step).state == StepState.ENDED


def test_nothing_is_sent_where_the_workflow_has_ended_before(
    step, administrator, committing, sandbox
):
    sandbox.kill_workflow(step.workflow_remote_id)
    command = answer(step, administrator, committing)
    assert (command.state, command.error_code) == (State.CANCELLED, "workflow_ended")
    assert (sandbox.calls(SEND), fresh(step).state) == ([], StepState.ENDED)


def test_an_older_build_says_that_it_had_ended(
    step, administrator, committing, sandbox, monkeypatch
):
    sandbox.set_build("25")
    look = AnswerStep.look

    def then_ends(self, reader):
        seen = look(self, reader)
        if self.sent is None:
            sandbox.kill_workflow(step.workflow_remote_id)
        return seen

    monkeypatch.setattr(AnswerStep, "look", then_ends)
    command = answer(step, administrator, committing)
    assert (command.state, command.error_code) == (State.NOT_APPLIED, "workflow_ended")
    assert fresh(step).state == StepState.ENDED


def test_a_busy_workflow_is_answered_later(step, administrator, committing, sandbox):
    sandbox.set_build("25")
    sandbox.lock_workflow(step.workflow_remote_id)
    command = answer(step, administrator, committing)
    assert (command.state, command.error_code, command.sends) == (State.INTENT, "423", 0)
    assert command_error(command)
    sandbox.unlock_workflow(step.workflow_remote_id)
    command = serve(command, committing)
    assert command.state == State.CONFIRMED


def test_a_forged_token_is_refused_and_said_to_be(step, administrator, committing, sandbox):
    forged = Secret(step.token.reveal().rpartition(".")[0] + "." + "0" * 64)
    ApplicationStep.objects.filter(pk=step.pk).update(token=forged)
    command = answer(fresh(step), administrator, committing)
    assert (command.state, effects(sandbox)) == (State.REJECTED, [])
    assert "not genuine" in command_error(command)
    assert fresh(step).state == StepState.WAITING


def test_a_second_answer_is_shown_the_first(step, administrator, other_administrator, committing):
    first = commands.issue(
        AnswerStep(step=step, values={}, reason=""), by=By(account=administrator), key=uuid.uuid4()
    )
    with pytest.raises(TargetBusy) as caught:
        answer(step, other_administrator, committing, values={"result": "remarks"})
    assert caught.value.command.pk == first.pk
    assert "has answered this step" in acts.under_way(first)


def test_what_was_settled_elsewhere_is_not_answered(step, administrator, committing, sandbox):
    command = commands.issue(
        AnswerStep(step=step, values={}, reason=""), by=By(account=administrator), key=uuid.uuid4()
    )
    ApplicationStep.objects.filter(pk=step.pk).update(state=StepState.TIMED_OUT)
    command = serve(command, committing)
    assert (command.state, command.error_code) == (State.CANCELLED, "step_is_over")
    assert sandbox.calls(SEND) == []


def test_who_may_not_answer_is_denied(step, auditor, manager, committing, sandbox):
    for who in (auditor, manager):
        with pytest.raises(PermissionDenied):
            answer(step, who, committing)
    assert sandbox.calls(SEND) == []


def test_files_are_sent_and_then_forgotten(step, administrator, committing, sandbox):
    file = SentFile.of("note", "Акт.pdf", b"%PDF secret contents")
    command = answer(step, administrator, committing, files=(file,))
    assert command.state == State.CONFIRMED
    assert sent_values(sandbox)[0]["note"][0] == "Акт.pdf"
    assert not CommandFile.objects.exists()


# --- lines for the log, and checks of tokens ----------------------------------------------------


def test_a_line_for_the_log_leaves_the_step_waiting(step, administrator, committing, sandbox):
    action = WriteLogLine(step=step, message="Half done", reason="")
    command = issue(action, administrator, committing)
    assert command.state == State.DELIVERED
    (line,) = [one for one in sandbox.ledger() if one["method"] == LOG]
    assert (line["applied"]["written"], line["applied"]["message"]) == (True, "Half done")
    assert fresh(step).state == StepState.WAITING


def test_a_genuine_token_is_told_without_effect(step, administrator, committing, sandbox):
    ApplicationStep.objects.filter(pk=step.pk).update(state=StepState.UNVERIFIED, is_pasted=True)
    before = sandbox.workflow(step.workflow_remote_id)["modified"]
    command = issue(CheckToken(step=fresh(step), reason=""), administrator, committing)
    assert (command.state, fresh(step).state) == (State.CONFIRMED, StepState.WAITING)
    assert "genuine" in meaning(command)
    said = [step_of(entry) for entry in command.audit_entries.order_by("pk")]
    assert "The portal knows the token" in said
    assert not any("gone on" in one for one in said)
    assert sandbox.workflow(step.workflow_remote_id)["modified"] == before
    assert [one["method"] for one in sandbox.ledger()].count(LOG) == 0


def test_a_forged_token_stays_unverified(step, administrator, committing, sandbox):
    ApplicationStep.objects.filter(pk=step.pk).update(
        state=StepState.UNVERIFIED, is_pasted=True, token=Secret(step.token.reveal()[:-1] + "x")
    )
    command = issue(CheckToken(step=fresh(step), reason=""), administrator, committing)
    assert (command.state, fresh(step).state) == (State.REJECTED, StepState.UNVERIFIED)
    assert "not genuine" in command_error(command)


def test_a_lost_check_is_made_again(step, administrator, committing, sandbox):
    ApplicationStep.objects.filter(pk=step.pk).update(state=StepState.UNVERIFIED)
    sandbox.fail_next("timeout_before_apply", method=LOG)
    command = issue(CheckToken(step=fresh(step), reason=""), administrator, committing)
    assert command.state in (State.UNKNOWN, State.INTENT)
    command = serve(command, committing)
    assert command.state == State.CONFIRMED
