"""Workers are killed all along an operation: it ends, nothing is done twice, nothing is untrue."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from bizproc_admin import commands, syncing
from bizproc_admin.actions import Item, KillWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands import settling
from bizproc_admin.models import (
    Account,
    BulkOperation,
    BulkState,
    Command,
    CommandState,
    Feed,
    FeedName,
    Portal,
    Workflow,
)
from bizproc_admin.portals import pacing
from sandbox import Sandbox

from .conftest import empty_the_broker, messages_travel

pytestmark = pytest.mark.worker

MANY = 200
DEATHS = [
    "a batch claimed",
    "half of the request sent",
    "the whole request sent",
    "the answer on its way",
    "a batch answered",
    "a batch recorded",
    "one of a batch concluded",
]


@pytest.fixture
def operation(
    live_db: None, portal: Portal, sandbox: Sandbox, administrator: Account
) -> BulkOperation:
    """So many workflows to be killed, fifty at a time."""
    for _ in range(MANY):
        sandbox.start_workflow(started_by=1)
    syncing.sync(Feed.objects.get(portal=portal, name=FeedName.WORKFLOWS).pk, worker="test")
    pacing.learn_seconds_of_one(portal.pk, KillWorkflow.method, 0.01, is_certain=True)
    by = By(account=administrator)
    items = [Item(pk=pk) for pk in Workflow.objects.running().values_list("pk", flat=True)]
    made = commands.freeze(
        KillWorkflow, portal=portal, items=items, by=by, key=uuid.uuid4(), source={}
    )
    with messages_travel():
        commands.confirm(made, by=by, reason="They hang.")
        commands.prepare(made.pk, worker="test")
    empty_the_broker()
    return BulkOperation.objects.get(pk=made.pk)


def test_an_operation_outlives_its_workers(
    operation: BulkOperation,
    sandbox: Sandbox,
    run_and_die: Callable[[str, Command], None],
    pass_time: Callable[[float], None],
    eventually: Callable[[Callable[[], Any]], Any],
) -> None:
    first = operation.commands.order_by("-pk")[0]
    for point in DEATHS:
        run_and_die(point, first)
        # a request that is at the portal is carried out, whether anybody waits for it or not
        eventually(lambda: len(sandbox.calls(KillWorkflow.method)) % 50 == 0)
        pass_time(200)
        settling.free_the_dead()
    dead = operation.commands.exclude(worker="").values_list("worker", flat=True).distinct()
    assert len(dead) >= 2
    for _ in range(6):
        commands.sweep()
        pass_time(200)
    operation.refresh_from_db()
    assert (operation.state, operation.pause_code) == (BulkState.FINISHED, "")
    ended = [line["target"] for line in sandbox.ledger()]
    told = dict(operation.commands.values_list("target_id", "state"))
    assert len(ended) == len(set(ended)) == len(told) == MANY
    # whose end no answer told is not counted as ours
    assert set(told) == set(ended)
    assert set(told.values()) == {CommandState.CONFIRMED, CommandState.GONE}
    assert len(sandbox.calls(KillWorkflow.method)) == MANY
