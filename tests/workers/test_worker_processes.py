"""Celery workers as processes of their own: killed, deaf, doubled; every click is still settled."""

from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.test import Client

from bizproc_admin import heartbeats
from bizproc_admin.models import AuditEntry, Command, CommandState, Portal, Worker, Workflow
from sandbox import Sandbox

from .conftest import PATIENCE, Workers, begin, empty_the_broker

pytestmark = pytest.mark.worker

TERMINATE = "bizproc.workflow.terminate"


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_click_is_carried_out_by_a_worker_and_its_death_is_told(
    pool: str,
    installation: Workers,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
    settings: Any,
) -> None:
    settings.HEARTBEAT_LIMIT = 1.5
    installation.start(pool=pool)
    assert health()["workers"] == {"interactive": "ok", "background": "ok"}
    assert heartbeats.notice() is None

    command = ask(workflow)
    eventually(lambda: state_of(command) == CommandState.CONFIRMED)
    assert [line["target"] for line in sandbox.ledger()] == [workflow.remote_id]
    assert Worker.objects.get(name=command.worker).queue == "interactive"

    installation.kill("interactive")
    eventually(lambda: health()["workers"]["interactive"] == "down")
    assert Client().get("/healthz").status_code == 503
    assert "Actions wait" in str(heartbeats.notice())

    assert installation.end("background") == 0
    assert not Worker.objects.filter(queue="background").exists()


def test_a_worker_killed_while_it_sends_is_missed_and_its_command_settled_by_the_next(
    installation: Workers,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
) -> None:
    sandbox.fail_next("timeout_after_apply", method=TERMINATE, hold=30)
    installation.start()
    command = ask(workflow)
    eventually(sandbox.ledger)
    assert state_of(command) == CommandState.SENDING

    installation.kill("interactive")
    sandbox.clear_faults()
    installation.start("interactive")

    eventually(lambda: state_of(command) != CommandState.SENDING)
    lost = AuditEntry.objects.get(command=command, error_code="worker_lost")
    assert lost.outcome == CommandState.UNKNOWN
    eventually(lambda: state_of(command) == CommandState.GONE)
    assert len(sandbox.ledger()) == len(sandbox.calls(TERMINATE)) == 1


def test_a_worker_told_to_stop_finishes_what_it_sends_and_is_not_taken_for_dead(
    installation: Workers,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
) -> None:
    sandbox.fail_next("timeout_after_apply", method=TERMINATE, hold=3)
    installation.start()
    command = ask(workflow)
    eventually(sandbox.ledger)
    stopping = installation.alive.pop("interactive")
    stopping.terminate()
    installation.start("interactive")

    assert stopping.wait(PATIENCE) == 0
    assert not Worker.objects.filter(name=Command.objects.get().worker).exists()
    eventually(lambda: state_of(command) == CommandState.GONE)
    assert not AuditEntry.objects.filter(command=command, error_code="worker_lost").exists()


def test_lost_and_doubled_messages_and_two_workers_make_one_call_for_each_click(
    installation: Workers,
    portal: Portal,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
) -> None:
    lost = ask(workflow)
    empty_the_broker()
    doubled = ask(begin(portal, sandbox), "kill")
    for _ in range(8):
        current_app.tasks["bizproc_admin.jobs.serve_portal"].apply_async(
            [portal.pk], queue="interactive"
        )

    installation.start()
    installation.start("interactive", node="second@%h")

    for command in (lost, doubled):
        eventually(lambda one=command: state_of(one) == CommandState.CONFIRMED)
    writes = [
        call["method"]
        for call in sandbox.calls()
        if call["method"].endswith((".terminate", ".kill"))
    ]
    assert sorted(writes) == ["bizproc.workflow.kill", TERMINATE]
    assert len(sandbox.ledger()) == 2
    for command in (lost, doubled):
        assert AuditEntry.objects.filter(command=command, kind="attempt").count() == 1


def state_of(command: Command) -> str:
    command.refresh_from_db()
    return command.state


def health() -> dict[str, Any]:
    return Client().get("/healthz").json()
