"""A worker is killed while it writes through the gateway: done once, and told truly."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from bizproc_admin import commands, syncing
from bizproc_admin.actions import Action, KillWorkflow, StartWorkflow, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.bitrix.gateway import GatewayKey
from bizproc_admin.models import (
    Account,
    AuditEntry,
    Command,
    CommandState,
    Feed,
    FeedName,
    Portal,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.portals import gateways
from sandbox import Sandbox
from sandbox.scenarios.templates import delay, sequence
from tests.workers.conftest import messages_travel

# the kill points of both databases are those of test_dying_workers
pytestmark = [pytest.mark.worker, pytest.mark.portable]

State = CommandState
CLAIMED, OPEN = "claimed, nothing sent", "connected, nothing sent"
WHOLE, RECEIVED = "the whole request sent", "the answer received, not recorded"
# an end has no body: its first piece is all of it
WHOLE_END = "half of the request sent"
SAID = "accepted, not verified"
METHODS = {
    "start": "bizproc.workflow.start",
    "soft": "bizproc.workflow.terminate",
    "force": "bizproc.workflow.terminate",
}
# what is done, where the worker dies, done by then, the state it leaves, the state found at last
DEATHS = [
    ("start", CLAIMED, 0, State.SENDING, State.NEEDS_HUMAN),
    ("start", WHOLE, 1, State.SENDING, State.NEEDS_HUMAN),
    ("start", RECEIVED, 1, State.SENDING, State.NEEDS_HUMAN),
    ("start", SAID, 1, State.ACCEPTED, State.CONFIRMED),
    ("soft", CLAIMED, 0, State.SENDING, State.NEEDS_HUMAN),
    ("soft", WHOLE_END, 1, State.SENDING, State.GONE),
    ("soft", RECEIVED, 1, State.SENDING, State.GONE),
    ("soft", SAID, 1, State.ACCEPTED, State.CONFIRMED),
    ("force", OPEN, 0, State.SENDING, State.CONFIRMED),  # seen to run, and sent again
    ("force", WHOLE_END, 1, State.SENDING, State.GONE),
    ("force", RECEIVED, 1, State.SENDING, State.GONE),
    ("force", SAID, 1, State.ACCEPTED, State.CONFIRMED),
]


@pytest.fixture
def gateway(live_db: None, sandbox: Sandbox, administrator: Account) -> Portal:
    """A portal that is reached through the gateway, with its templates."""
    key = GatewayKey(sandbox.gateway_url, sandbox.gateway_key)
    sandbox.change_gateway_key(sandbox.gateway_key, portal="northwind.bitrix24.com")
    portal = gateways.connect("https://northwind.bitrix24.com", key, by=By(account=administrator))
    syncing.probe_portal(portal.pk)
    sandbox.add_template("Waits", structure=sequence(delay(amount=9)))
    sandbox.set_gateway_soft_delay(90)
    passed(portal, FeedName.WORKFLOW_TEMPLATES)
    return portal


@pytest.fixture
def ask(gateway: Portal, sandbox: Sandbox, administrator: Account) -> Callable[[str], Command]:
    """Ask for one of the three writes, as a click does."""

    def issue(write: str) -> Command:
        template = WorkflowTemplate.objects.get(portal=gateway, name="Waits")
        document = sandbox.create_document(["crm", "CCrmDocumentDeal", "DEAL"])["document_id"]
        action: Action
        if write == "start":
            action = StartWorkflow(
                template=template, document=tuple(document), parameters={}, reason=""
            )
        else:
            sandbox.start_workflow(template.remote_id, document, started_by=1)
            passed(gateway, FeedName.WORKFLOWS)
            kind = TerminateWorkflow if write == "soft" else KillWorkflow
            action = kind(workflow=Workflow.objects.get(), reason="It hangs since spring.")
        with messages_travel():
            return commands.issue(action, by=By(account=administrator), key=uuid.uuid4())

    return issue


def passed(portal: Portal, name: FeedName) -> None:
    feed = Feed.objects.get(portal=portal, name=name)
    Feed.objects.filter(pk=feed.pk).update(next_at=None)
    syncing.sync(feed.pk, worker="test")


def asked(sandbox: Sandbox, write: str) -> list[dict[str, Any]]:
    """Return what the gateway was asked to write and has taken."""
    name = "gateway.start" if write == "start" else "gateway.end"
    return [call for call in sandbox.calls(name) if call["status"] in (200, 204)]


def done(sandbox: Sandbox, write: str) -> list[dict[str, Any]]:
    return [line for line in sandbox.ledger() if line["method"] == METHODS[write]]


@pytest.mark.parametrize(
    ("write", "point", "taken", "left", "found"),
    DEATHS,
    ids=[f"{death[0]}: {death[1]}" for death in DEATHS],
)
def test_a_worker_killed_at_any_point_writes_once_and_never_lies(
    write: str,
    point: str,
    taken: int,
    left: CommandState,
    found: CommandState,
    sandbox: Sandbox,
    ask: Callable[[str], Command],
    run_and_die: Callable[[str, Command], None],
    pass_time: Callable[[float], None],
    eventually: Callable[..., Any],
) -> None:
    command = ask(write)
    run_and_die(point, command)
    command.refresh_from_db()
    assert command.state == left
    if taken:
        eventually(lambda: asked(sandbox, write))
    assert len(asked(sandbox, write)) == taken
    for _ in range(8):
        pass_time(100)
        commands.sweep()
    if found == State.CONFIRMED and write == "soft":
        pass_time(4_000)
        commands.sweep()
    command.refresh_from_db()
    assert command.state == found
    is_again = (taken, found) == (0, State.CONFIRMED)
    assert len(asked(sandbox, write)) == taken + is_again
    assert len(done(sandbox, write)) == taken + is_again
    attempts = AuditEntry.objects.filter(command=command, kind=AuditEntry.Kind.ATTEMPT)
    assert attempts.count() == command.epoch == 1 + is_again
    if write == "start" and found == State.NEEDS_HUMAN:
        assert command.workflow is None
        assert len(command.evidence.get("candidates", ())) == taken
    if write != "start":
        assert Workflow.objects.get().is_running is (found == State.NEEDS_HUMAN)
