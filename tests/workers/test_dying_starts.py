"""A worker is killed while it starts a workflow: nothing is started twice, and nothing claimed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from bizproc_admin import bitrix, commands, syncing
from bizproc_admin.actions import StartWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Account,
    AuditEntry,
    Command,
    CommandState,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    WorkflowTask,
)
from bizproc_admin.portals import tokens
from sandbox import Sandbox
from tests.workers.conftest import messages_travel

pytestmark = pytest.mark.worker

START = "bizproc.workflow.start"
OWNER = 1
# where the worker dies: starts made by then, the state it leaves, the state found at last
DEATHS = [
    ("before the claim", 0, CommandState.INTENT, CommandState.CONFIRMED),
    ("claimed, nothing sent", 0, CommandState.SENDING, CommandState.NEEDS_HUMAN),
    ("half of the request sent", 0, CommandState.SENDING, CommandState.NEEDS_HUMAN),
    ("the whole request sent", 1, CommandState.SENDING, CommandState.EVIDENT),
    ("the answer on its way", 1, CommandState.SENDING, CommandState.EVIDENT),
    ("the answer received, not recorded", 1, CommandState.SENDING, CommandState.EVIDENT),
    ("accepted, not verified", 1, CommandState.ACCEPTED, CommandState.CONFIRMED),
    ("verified, not concluded", 1, CommandState.ACCEPTED, CommandState.CONFIRMED),
    ("concluding, not committed", 1, CommandState.ACCEPTED, CommandState.CONFIRMED),
    ("concluded", 1, CommandState.CONFIRMED, CommandState.CONFIRMED),
]
# what the portal does to the start: the fault, and the state found at last
FAULTS = [
    ("timeout_before_apply", {"hold": 3}, CommandState.NEEDS_HUMAN),
    ("timeout_after_apply", {"hold": 3}, CommandState.EVIDENT),
    ("reset_mid_response", {}, CommandState.EVIDENT),
    ("truncated_json", {}, CommandState.EVIDENT),
    ("empty_body", {"applied": True}, CommandState.EVIDENT),
    ("html_page", {"applied": True}, CommandState.EVIDENT),
    ("bad_gateway", {}, CommandState.NEEDS_HUMAN),
    ("QUERY_LIMIT_EXCEEDED", {}, CommandState.CONFIRMED),
    ("lie", {}, CommandState.GONE),
    ("late_apply", {"hold": 3, "delay": 100}, CommandState.EVIDENT),
    ("late_apply", {"hold": 3, "delay": 500}, CommandState.NEEDS_HUMAN),
]


@pytest.fixture
def ask_for_start(
    task: WorkflowTask, sandbox: Sandbox, administrator: Account
) -> Callable[..., Command]:
    """Ask for a start by an administrator's own token, or by the portal's webhook."""
    feed = Feed.objects.get(portal=task.portal, name=FeedName.WORKFLOW_TEMPLATES)
    Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=None)
    syncing.sync(feed.pk, worker="test")

    def issue(*, is_own: bool = True) -> Command:
        if is_own:
            person = Person.objects.get(portal=task.portal, remote_id=OWNER)
            LinkedPerson.objects.create(user=administrator, portal=task.portal, person=person)
            tokens.keep(person, bitrix.TokenPair.from_api(sandbox.tokens_for(OWNER)))
        action = StartWorkflow(
            template=task.workflow.template,
            document=("crm", "CCrmDocumentDeal", "DEAL_901"),
            parameters={},
            reason="",
        )
        with messages_travel():
            return commands.issue(action, by=By(account=administrator), key=uuid.uuid4())

    return issue


@pytest.fixture
def look_into(pass_time: Callable[[float], None]) -> Callable[[Command], None]:
    """Sweep as a living worker does, until nothing more is to come by itself."""

    def run(command: Command) -> None:
        for _ in range(8):
            pass_time(100)
            commands.sweep()
            command.refresh_from_db()

    return run


def starts(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [entry for entry in sandbox.ledger() if entry["method"] == START]


def told_truly(command: Command, sandbox: Sandbox) -> None:
    """What is claimed is in the portal's ledger, and nothing was started twice."""
    made = starts(sandbox)
    assert len(made) <= 1
    assert len(sandbox.calls(START)) <= 1 or command.state == CommandState.CONFIRMED
    if command.word == "confirmed":
        assert command.workflow is not None
        assert command.workflow.remote_id == command.result == made[0]["result"]
    else:
        assert command.workflow is None
    attempts = AuditEntry.objects.filter(command=command, kind=AuditEntry.Kind.ATTEMPT)
    assert attempts.count() == command.epoch


@pytest.mark.parametrize(
    ("point", "applied", "left", "found"), DEATHS, ids=[death[0] for death in DEATHS]
)
def test_a_worker_killed_at_any_point_neither_starts_twice_nor_lies(
    point: str,
    applied: int,
    left: CommandState,
    found: CommandState,
    sandbox: Sandbox,
    ask_for_start: Callable[..., Command],
    run_and_die: Callable[[str, Command], None],
    look_into: Callable[[Command], None],
    eventually: Callable[..., Any],
) -> None:
    command = ask_for_start()
    run_and_die(point, command)
    command.refresh_from_db()
    assert command.state == left
    if applied:
        eventually(lambda: starts(sandbox))
    assert len(starts(sandbox)) == applied
    look_into(command)
    assert command.state == found
    told_truly(command, sandbox)


@pytest.mark.parametrize(
    ("fault", "more", "found"),
    FAULTS,
    ids=["-".join([one[0], *map(str, one[1].values())]) for one in FAULTS],
)
def test_a_start_whose_answer_goes_wrong_is_settled_by_what_came_of_it(
    fault: str,
    more: dict[str, Any],
    found: CommandState,
    sandbox: Sandbox,
    ask_for_start: Callable[..., Command],
    try_once: Callable[[Command], None],
    look_into: Callable[[Command], None],
) -> None:
    sandbox.fail_next(fault, method=START, **more)
    command = ask_for_start()
    try_once(command)
    look_into(command)
    assert command.state == found
    told_truly(command, sandbox)


def test_by_the_webhook_a_person_says_what_came_of_it(
    sandbox: Sandbox,
    ask_for_start: Callable[..., Command],
    run_and_die: Callable[[str, Command], None],
    look_into: Callable[[Command], None],
) -> None:
    command = ask_for_start(is_own=False)
    run_and_die("the answer received, not recorded", command)
    look_into(command)
    assert command.state == CommandState.NEEDS_HUMAN
    assert [one["id"] for one in command.evidence["candidates"]] == [starts(sandbox)[0]["result"]]
    told_truly(command, sandbox)
