"""A worker is killed while it answers or delegates a task; who has the task tells the truth."""

from collections.abc import Callable
from typing import Any

import pytest

from bizproc_admin import commands
from bizproc_admin.models import AuditEntry, Command, CommandState, WorkflowTask
from sandbox import Sandbox
from tests.workers.conftest import EMPLOYEE, RECEIVER
from tests.workers.test_dying_workers import DEATHS, FAULTS

# the kill points of both databases are those of test_dying_workers
pytestmark = [pytest.mark.worker, pytest.mark.portable]

METHODS = {"complete": "bizproc.task.complete", "delegate": "bizproc.task.delegate"}
KINDS = pytest.mark.parametrize("kind", ["complete", "delegate"])


@KINDS
@pytest.mark.parametrize(
    ("point", "applied", "left"), [death[:3] for death in DEATHS], ids=[one[0] for one in DEATHS]
)
def test_a_worker_killed_at_any_point_neither_repeats_the_write_nor_lies(
    kind: str,
    point: str,
    applied: int,
    left: CommandState,
    task: WorkflowTask,
    sandbox: Sandbox,
    ask_about: Callable[[str], Command],
    run_and_die: Callable[[str, Command], None],
    recover: Callable[[Command], Command],
    eventually: Callable[..., Any],
) -> None:
    command = ask_about(kind)

    run_and_die(point, command)

    command.refresh_from_db()
    assert command.state == left
    if applied:
        eventually(sandbox.ledger)
    assert len(sandbox.ledger()) == applied

    recover(command)

    # unlike an ended workflow, a task shows who did what: what was lost is found again
    assert command.state == CommandState.CONFIRMED
    done_once(kind, task, sandbox)
    attempts = AuditEntry.objects.filter(command=command, kind=AuditEntry.Kind.ATTEMPT)
    assert attempts.count() == command.epoch


@KINDS
@pytest.mark.parametrize(
    ("fault", "more"),
    [one[:2] for one in FAULTS],
    ids=["-".join([one[0], *map(str, one[1].values())]) for one in FAULTS],
)
def test_a_write_whose_answer_goes_wrong_is_settled_by_reading_the_portal(
    kind: str,
    fault: str,
    more: dict[str, Any],
    task: WorkflowTask,
    sandbox: Sandbox,
    ask_about: Callable[[str], Command],
    try_once: Callable[[Command], None],
    recover: Callable[[Command], Command],
) -> None:
    sandbox.fail_next(fault, method=METHODS[kind], **more)
    command = ask_about(kind)

    try_once(command)
    recover(command)

    assert command.state == CommandState.CONFIRMED
    done_once(kind, task, sandbox)


@KINDS
def test_a_portal_that_never_does_it_is_asked_thrice_and_said_not_to_have_done_it(
    kind: str,
    task: WorkflowTask,
    sandbox: Sandbox,
    ask_about: Callable[[str], Command],
    recover: Callable[[Command], Command],
    settings: Any,
) -> None:
    settings.READ_TIMEOUT = 0.2
    sandbox.fail_next("timeout_before_apply", method=METHODS[kind], times=9, hold=1)
    command = ask_about(kind)

    commands.carry_out(command.pk, worker="a worker")
    recover(command)

    assert command.state == CommandState.NOT_APPLIED
    assert len(sandbox.calls(METHODS[kind])) == 3
    assert sandbox.ledger() == []
    task.refresh_from_db()
    assert task.is_open


@KINDS
def test_a_portal_that_says_yes_and_never_does_it_is_handed_to_a_person(
    kind: str,
    sandbox: Sandbox,
    ask_about: Callable[[str], Command],
    pass_time: Callable[[float], None],
) -> None:
    sandbox.fail_next("lie", method=METHODS[kind], times=9)
    command = ask_about(kind)

    commands.carry_out(command.pk, worker="a worker")
    for _ in range(6):
        pass_time(200)
        commands.sweep()

    command.refresh_from_db()
    assert command.state == CommandState.NEEDS_HUMAN
    assert len(sandbox.calls(METHODS[kind])) == 2
    assert sandbox.ledger() == []


def test_an_answer_somebody_gave_on_the_portal_while_ours_was_lost_is_not_counted_as_ours(
    task: WorkflowTask,
    sandbox: Sandbox,
    ask_about: Callable[[str], Command],
    run_and_die: Callable[[str, Command], None],
    recover: Callable[[Command], Command],
) -> None:
    command = ask_about("complete")
    run_and_die("claimed, nothing sent", command)
    sandbox.complete_task(task.remote_id, EMPLOYEE, answer="no")

    recover(command)

    assert command.state == CommandState.NOT_APPLIED
    assert command.error_code == "already_answered"


def done_once(kind: str, task: WorkflowTask, sandbox: Sandbox) -> None:
    """Hold the mirror against the portal's own ledger: done, and done once."""
    assert [entry["method"] for entry in sandbox.ledger()] == [METHODS[kind]]
    task.refresh_from_db()
    parts = dict(task.assignments.filter(gone_at=None).values_list("person__remote_id", "status"))
    if kind == "complete":
        assert (parts, task.is_open) == ({EMPLOYEE: 1}, False)
    else:
        assert (parts, task.is_open) == ({RECEIVER: 0}, True)
