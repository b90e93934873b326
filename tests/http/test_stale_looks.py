"""Two jobs at one command at the same time: what one of them read too early decides nothing."""

import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import TerminateWorkflow
from bizproc_admin.actions.workflows import EndWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands import issuing
from bizproc_admin.models import Command, CommandState, EndCause
from bizproc_admin.wording.command_errors import command_error

METHOD = "bizproc.workflow.terminate"


@pytest.fixture
def command(workflow, administrator):
    return commands.issue(
        TerminateWorkflow(workflow=workflow, reason="Contract cancelled"),
        by=By(account=administrator),
        key=uuid.uuid4(),
    )


@pytest.fixture
def meanwhile(monkeypatch):
    """Let something happen while a job reads the target: before its request or after its answer."""
    look = EndWorkflow.look

    def plan(*, before=None, after=None):
        def slow_look(self, reader):
            monkeypatch.setattr(EndWorkflow, "look", look)
            if before:
                before()
            seen = self.look(reader)
            if after:
                after()
            return seen

        monkeypatch.setattr(EndWorkflow, "look", slow_look)

    return plan


def carry_out(command):
    commands.carry_out(command.pk, worker="test")


def let_pass(command, seconds):
    command.refresh_from_db()
    Command.objects.filter(pk=command.pk).update(
        sent_at=command.sent_at - timedelta(seconds=seconds)
    )


def test_a_job_overtaken_by_a_lost_answer_does_not_say_that_nothing_was_stopped_from_here(
    command, sandbox, meanwhile, workflow, settings
):
    send = TerminateWorkflow.send

    def lost(self, writer):
        try:
            return send(self, writer)
        finally:
            sandbox.fail_next("timeout_before_apply", method="bizproc.workflow.instances", times=2)

    def other():
        sandbox.fail_next("timeout_after_apply", method=METHOD)
        TerminateWorkflow.send = lost
        try:
            carry_out(command)
        finally:
            TerminateWorkflow.send = send
        sandbox.clear_faults()
        command.refresh_from_db()
        assert command.state == CommandState.UNKNOWN

    meanwhile(before=other)
    carry_out(command)
    command.refresh_from_db()
    assert command.error_code != "already_ended"
    assert command.state == CommandState.UNKNOWN
    commands.settle(command.pk)
    command.refresh_from_db()
    workflow.refresh_from_db()
    assert (command.state, workflow.end_cause) == (CommandState.GONE, EndCause.UNCERTAIN)


def test_a_job_that_read_before_a_busy_answer_does_not_send_too_soon(command, sandbox, meanwhile):
    def other():
        sandbox.fail_next("QUERY_LIMIT_EXCEEDED", method=METHOD)
        carry_out(command)

    meanwhile(after=other)
    carry_out(command)
    command.refresh_from_db()
    assert (command.state, command.epoch) == (CommandState.INTENT, 1)
    assert command.next_check_at > timezone.now()
    assert len(sandbox.calls(METHOD)) == 1


def test_a_check_that_read_before_the_second_send_does_not_bring_a_third(
    command, sandbox, meanwhile, settings, committing
):
    sandbox.fail_next("timeout_before_apply", method=METHOD, times=2)
    carry_out(command)
    let_pass(command, settings.SETTLE_TIME + 1)

    def other():
        with committing():
            commands.settle(command.pk)  # proves that nothing happened, and sends again
        command.refresh_from_db()
        assert (command.state, command.epoch) == (CommandState.UNKNOWN, 2)

    meanwhile(after=other)
    with committing():
        commands.settle(command.pk)
    command.refresh_from_db()
    assert (command.state, command.epoch) == (CommandState.UNKNOWN, 2)
    assert len(sandbox.calls(METHOD)) == 2


def test_a_reading_asked_for_before_the_settle_time_proves_nothing_however_late_it_comes(
    command, sandbox, meanwhile, settings
):
    sandbox.fail_next("timeout_before_apply", method=METHOD)
    carry_out(command)
    nearly = timezone.now() - timedelta(seconds=settings.SETTLE_TIME - 1)
    Command.objects.update(sent_at=nearly)
    meanwhile(after=lambda: time.sleep(1.1))
    commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.UNKNOWN


def test_a_write_the_portal_never_takes_is_tried_less_and_less_and_then_given_up(
    command, sandbox, settings
):
    sandbox.fail_next("expired_token", method=METHOD, times=9)
    for _ in range(4):
        Command.objects.update(next_check_at=None)
        carry_out(command)
    command.refresh_from_db()
    assert (command.state, command.epoch) == (CommandState.INTENT, 4)
    assert command.next_check_at - timezone.now() > timedelta(seconds=10)
    Command.objects.update(
        next_check_at=None,
        requested_at=timezone.now() - timedelta(seconds=settings.GIVE_UP_TIME + 1),
    )
    carry_out(command)
    command.refresh_from_db()
    sandbox.clear_faults()
    assert command.state == CommandState.CANCELLED
    assert command.settled_at is not None
    assert command_error(command).endswith("Nothing was sent.")


def test_giving_up_after_a_send_does_not_say_that_nothing_was_sent(command, sandbox, settings):
    sandbox.fail_next("timeout_before_apply", method=METHOD)
    carry_out(command)
    let_pass(command, settings.SETTLE_TIME + 1)
    commands.settle(command.pk)
    Command.objects.update(
        requested_at=timezone.now() - timedelta(seconds=settings.GIVE_UP_TIME + 1)
    )
    sandbox.fail_next("timeout_before_apply", method="bizproc.workflow.instances", times=2)
    carry_out(command)
    sandbox.clear_faults()
    command.refresh_from_db()
    assert command.state == CommandState.NOT_APPLIED
    assert "Nothing was sent" not in command_error(command)


def test_what_waits_for_a_person_is_settled_once_its_workflow_has_ended(
    command, sandbox, workflow, committing
):
    Command.objects.update(state=CommandState.NEEDS_HUMAN, sends=2, epoch=2)
    with committing():
        commands.sweep()
    command.refresh_from_db()
    assert command.state == CommandState.NEEDS_HUMAN
    sandbox.end_workflow(workflow.remote_id)
    commands.settle(command.pk)
    command.refresh_from_db()
    workflow.refresh_from_db()
    assert (command.state, workflow.end_cause) == (CommandState.GONE, EndCause.UNCERTAIN)


def test_a_pass_that_finds_the_end_settles_what_waited_for_a_person(
    command, sandbox, workflow, committing, sync
):
    Command.objects.update(state=CommandState.NEEDS_HUMAN, sends=2, epoch=2)
    sandbox.end_workflow(workflow.remote_id)
    sync()
    with committing():
        commands.sweep()
    command.refresh_from_db()
    workflow.refresh_from_db()
    assert (command.state, workflow.end_cause) == (CommandState.GONE, EndCause.UNCERTAIN)


def test_a_command_in_the_way_that_is_settled_meanwhile_is_no_error(
    command, workflow, administrator, monkeypatch
):
    def settled_meanwhile(action):
        Command.objects.filter(pk=command.pk).update(state=CommandState.CANCELLED)

    monkeypatch.setattr(issuing, "open_beside", settled_meanwhile)
    second = commands.issue(
        TerminateWorkflow(workflow=workflow, reason="Contract cancelled"),
        by=By(account=administrator),
        key=uuid.uuid4(),
    )
    assert second.state == CommandState.INTENT
    assert second != command
