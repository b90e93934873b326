"""A worker is killed while it answers a step: it counts once, and nothing false is claimed."""

import queue
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bizproc_admin import commands, syncing
from bizproc_admin.actions import AnswerStep
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Account,
    ApplicationStep,
    AuditEntry,
    Command,
    CommandState,
    Feed,
    FeedName,
    Portal,
    StepState,
)
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from tests.http import waiting
from tests.http.waiting import Application
from tests.workers.conftest import messages_travel

# the kill points of both databases are those of test_dying_workers
pytestmark = [pytest.mark.worker, pytest.mark.portable]

SEND = "bizproc.event.send"
VALUES = {"result": "clean", "score": "82"}
# where the worker dies: answers that had an effect by then, the state that it leaves
DEATHS = [
    ("before the claim", 0, CommandState.INTENT),
    ("claimed, nothing sent", 0, CommandState.SENDING),
    ("half of the request sent", 0, CommandState.SENDING),
    ("the whole request sent", 1, CommandState.SENDING),
    ("the answer on its way", 1, CommandState.SENDING),
    ("the answer received, not recorded", 1, CommandState.SENDING),
    ("accepted, not verified", 1, CommandState.ACCEPTED),
    ("verified, not concluded", 1, CommandState.ACCEPTED),
    ("concluding, not committed", 1, CommandState.ACCEPTED),
    ("concluded", 1, CommandState.CONFIRMED),
]
# what the portal does to the answer
FAULTS = [
    ("timeout_before_apply", {"hold": 3}),
    ("timeout_after_apply", {"hold": 3}),
    ("reset_mid_response", {}),
    ("truncated_json", {}),
    ("html_page", {}),
    ("bad_gateway", {}),
    ("QUERY_LIMIT_EXCEEDED", {}),
    ("lie", {}),
    ("late_apply", {"hold": 3, "delay": 100}),
]


@pytest.fixture
def app() -> Iterator[Application]:
    with Application() as made:
        made.calls = queue.Queue()
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def step(live_db: None, portal: Portal, sandbox: Sandbox, app: Application) -> ApplicationStep:
    told = sandbox.oauth
    portal.client_id, portal.token_url = told["client_id"], told["token_url"]
    portal.client_secret, portal.member_id = Secret(told["client_secret"]), told["member_id"]
    portal.save()
    kind, given = waiting.register(sandbox, app)
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind))
    call = app.next()
    for name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES, FeedName.WORKFLOWS):
        feed = Feed.objects.get(portal=portal, name=name)
        syncing.sync(feed.pk, worker="test")
    sandbox.advance(60)
    return waiting.kept(portal, call, definition=given)


@pytest.fixture
def ask(step: ApplicationStep, administrator: Account) -> Callable[[], Command]:
    def issue() -> Command:
        action = AnswerStep(step=step, values=VALUES, reason="Connector down")
        with messages_travel():
            return commands.issue(action, by=By(account=administrator), key=uuid.uuid4())

    return issue


def answers(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [line["applied"] for line in sandbox.ledger() if line["method"] == SEND]


def closed(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Give the answers that let the step go on."""
    return [one for one in answers(sandbox) if one["effect"] == "closed"]


def told_truly(command: Command, sandbox: Sandbox) -> None:
    """One answer had an effect, with these values; what is claimed is so."""
    those = closed(sandbox)
    assert len(those) <= 1
    assert all(one["values"] == VALUES for one in those)
    step = ApplicationStep.objects.get()
    if command.state in (CommandState.CONFIRMED, CommandState.DELIVERED):
        assert len(those) == 1
        assert step.answer_id == command.pk
        assert step.state in (StepState.CONFIRMED, StepState.DELIVERED)
    else:
        assert step.state == StepState.WAITING
    attempts = AuditEntry.objects.filter(command=command, kind=AuditEntry.Kind.ATTEMPT)
    assert attempts.count() == command.epoch


@pytest.mark.parametrize(("point", "applied", "left"), DEATHS, ids=[death[0] for death in DEATHS])
def test_a_worker_killed_at_any_point_answers_once_and_never_lies(
    ask: Callable[..., Command],
    run_and_die: Callable[[str, Command], None],
    recover: Callable[[Command], Command],
    eventually: Callable[..., Any],
    sandbox: Sandbox,
    point: str,
    applied: int,
    left: CommandState,
) -> None:
    sandbox.set_build("26")
    command = ask()
    run_and_die(point, command)
    command.refresh_from_db()
    assert command.state == left
    if applied:
        eventually(lambda: closed(sandbox))
    assert len(closed(sandbox)) == applied
    command = recover(command)
    assert command.state == CommandState.CONFIRMED
    told_truly(command, sandbox)


@pytest.mark.parametrize("build", ["25", "26"])
@pytest.mark.parametrize(("fault", "how"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_whatever_becomes_of_its_answer_it_counts_once(
    ask: Callable[..., Command],
    recover: Callable[[Command], Command],
    sandbox: Sandbox,
    fault: str,
    how: dict[str, Any],
    build: str,
) -> None:
    sandbox.set_build(build)
    sandbox.fail_next(fault, method=SEND, **how)
    command = ask()
    commands.carry_out(command.pk, worker="test")
    command = recover(command)
    assert command.state in (CommandState.CONFIRMED, CommandState.DELIVERED)
    told_truly(command, sandbox)
