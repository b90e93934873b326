"""A worker is killed at each point of carrying out a command; the truth is found again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bizproc_admin import commands
from bizproc_admin.models import AuditEntry, Command, CommandState, EndCause, Workflow
from sandbox import Sandbox

pytestmark = pytest.mark.worker

Kind = AuditEntry.Kind
OURS = {"terminate": EndCause.TERMINATED, "kill": EndCause.KILLED}

# where the worker dies: writes applied by then, the state it leaves, the state found at last
DEATHS = [
    ("before the claim", 0, CommandState.INTENT, CommandState.CONFIRMED),
    ("claimed, nothing sent", 0, CommandState.SENDING, CommandState.CONFIRMED),
    ("connected, nothing sent", 0, CommandState.SENDING, CommandState.CONFIRMED),
    ("half of the request sent", 0, CommandState.SENDING, CommandState.CONFIRMED),
    ("the whole request sent", 1, CommandState.SENDING, CommandState.GONE),
    ("the answer on its way", 1, CommandState.SENDING, CommandState.GONE),
    ("the answer received, not recorded", 1, CommandState.SENDING, CommandState.GONE),
    ("accepted, not verified", 1, CommandState.ACCEPTED, CommandState.CONFIRMED),
    ("verified, not concluded", 1, CommandState.ACCEPTED, CommandState.CONFIRMED),
    ("concluding, not committed", 1, CommandState.ACCEPTED, CommandState.CONFIRMED),
    ("concluded", 1, CommandState.CONFIRMED, CommandState.CONFIRMED),
]

# what the portal does to the write: the fault, and the state found at last
FAULTS = [
    ("timeout_before_apply", {"hold": 3}, CommandState.CONFIRMED),
    ("timeout_after_apply", {"hold": 3}, CommandState.GONE),
    ("reset_mid_response", {}, CommandState.GONE),
    ("truncated_json", {}, CommandState.GONE),
    ("empty_body", {"applied": True}, CommandState.GONE),
    ("html_page", {"applied": True}, CommandState.GONE),
    ("html_page", {}, CommandState.CONFIRMED),
    ("bad_gateway", {}, CommandState.CONFIRMED),
    ("INTERNAL_SERVER_ERROR", {}, CommandState.CONFIRMED),
    ("QUERY_LIMIT_EXCEEDED", {}, CommandState.CONFIRMED),
    ("lie", {}, CommandState.CONFIRMED),
    ("late_apply", {"hold": 3, "delay": 100}, CommandState.GONE),
    ("late_apply", {"hold": 3, "delay": 500}, CommandState.CONFIRMED),
]


@pytest.mark.parametrize("kind", ["terminate", "kill"])
@pytest.mark.parametrize(
    ("point", "applied", "left", "found"), DEATHS, ids=[death[0] for death in DEATHS]
)
def test_a_worker_killed_at_any_point_neither_repeats_the_write_nor_lies(
    kind: str,
    point: str,
    applied: int,
    left: CommandState,
    found: CommandState,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    run_and_die: Callable[[str, Command], None],
    recover: Callable[[Command], Command],
    eventually: Callable[..., Any],
) -> None:
    command = ask(workflow, kind)

    run_and_die(point, command)

    command.refresh_from_db()
    assert command.state == left
    if applied:
        eventually(sandbox.ledger)
    assert len(sandbox.ledger()) == applied

    recover(command)

    assert command.state == found
    told_truly(command, sandbox)
    ended_in_the_mirror(command, workflow, kind)
    steps = kinds(command)
    assert steps[0] == Kind.INTENT
    assert steps.count(Kind.ATTEMPT) == command.epoch
    lost = AuditEntry.objects.filter(command=command, error_code="worker_lost")
    assert lost.count() == (left == CommandState.SENDING)


@pytest.mark.parametrize("kind", ["terminate", "kill"])
@pytest.mark.parametrize(
    ("fault", "more", "found"),
    FAULTS,
    ids=["-".join([one[0], *map(str, one[1])]) + f"-{one[2]}" for one in FAULTS],
)
def test_a_write_whose_answer_goes_wrong_is_settled_by_reading_the_portal(
    kind: str,
    fault: str,
    more: dict[str, Any],
    found: CommandState,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    try_once: Callable[[Command], None],
    recover: Callable[[Command], Command],
) -> None:
    sandbox.fail_next(fault, method=f"bizproc.workflow.{kind}", **more)
    command = ask(workflow, kind)

    try_once(command)
    assert command.state != CommandState.CONFIRMED
    recover(command)

    assert command.state == found
    told_truly(command, sandbox)
    ended_in_the_mirror(command, workflow, kind)


@pytest.mark.parametrize("kind", ["terminate", "kill"])
def test_a_portal_that_never_does_it_is_asked_thrice_and_said_not_to_have_done_it(
    kind: str,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    recover: Callable[[Command], Command],
    settings: Any,
) -> None:
    settings.READ_TIMEOUT = 0.2
    method = f"bizproc.workflow.{kind}"
    sandbox.fail_next("timeout_before_apply", method=method, times=9, hold=1)
    command = ask(workflow, kind)

    commands.carry_out(command.pk, worker="a worker")
    recover(command)

    assert command.state == CommandState.NOT_APPLIED
    assert len(sandbox.calls(method)) == 3
    assert sandbox.ledger() == []
    workflow.refresh_from_db()
    assert workflow.is_running


def test_a_portal_that_says_yes_and_never_does_it_is_handed_to_a_person(
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    pass_time: Callable[[float], None],
) -> None:
    sandbox.fail_next("lie", method="bizproc.workflow.terminate", times=9)
    command = ask(workflow)

    commands.carry_out(command.pk, worker="a worker")
    for _ in range(6):
        pass_time(200)
        commands.sweep()

    command.refresh_from_db()
    assert command.state == CommandState.NEEDS_HUMAN
    assert len(sandbox.calls("bizproc.workflow.terminate")) == 2
    assert sandbox.ledger() == []


def test_a_workflow_that_ends_between_two_sends_is_not_said_to_have_ended_by_itself(
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    try_once: Callable[[Command], None],
    recover: Callable[[Command], Command],
) -> None:
    """The first send may have been applied late: nobody can know."""
    sandbox.fail_next("timeout_before_apply", method="bizproc.workflow.terminate", hold=1)
    command = ask(workflow)
    try_once(command)
    Command.objects.filter(pk=command.pk).update(state=CommandState.INTENT, next_check_at=None)
    sandbox.end_workflow(workflow.remote_id)

    recover(command)

    assert command.state == CommandState.GONE
    assert command.error_code != "already_ended"
    workflow.refresh_from_db()
    assert workflow.end_cause == EndCause.UNCERTAIN


def told_truly(command: Command, sandbox: Sandbox) -> None:
    """Hold a settled command against the portal's own ledger."""
    writes = [line for line in sandbox.ledger() if line["target"] == command.target_id]
    assert len(sandbox.ledger()) == len(writes) <= 1
    match command.state:
        case CommandState.CONFIRMED:
            assert len(writes) == 1
        case CommandState.REJECTED | CommandState.NOT_APPLIED | CommandState.CANCELLED:
            assert writes == []
    if writes:
        written = datetime.fromisoformat(writes[0]["at"])
        intent = AuditEntry.objects.get(command=command, kind=Kind.INTENT)
        assert intent.recorded_at.replace(microsecond=0) <= written
    assert kinds(command)[-1] in (Kind.OUTCOME, Kind.RECONCILE)
    last = AuditEntry.objects.filter(command=command).order_by("seq").last()
    assert last is not None
    assert last.outcome == command.state


def ended_in_the_mirror(command: Command, workflow: Workflow, kind: str) -> None:
    """The mirror says that the workflow ended, and by whom only when that is proven."""
    workflow.refresh_from_db()
    assert not workflow.is_running
    confirmed = command.state == CommandState.CONFIRMED
    assert workflow.end_cause == (OURS[kind] if confirmed else EndCause.UNCERTAIN)


def kinds(command: Command) -> list[str]:
    return [entry.kind for entry in AuditEntry.objects.filter(command=command).order_by("seq")]
