"""Saving and coming back."""

import pytest

from sandbox import Sandbox
from sandbox.state.state_file import StateFileError


def everything(sandbox):
    return (sandbox.workflows(), sandbox.tasks(), sandbox.ledger())


def test_a_sandbox_continues_where_its_state_file_left_off(tmp_path):
    path = tmp_path / "portal.state"
    with Sandbox(state=path) as sandbox:
        kept = sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_5"])
        ended = sandbox.start_workflow()
        sandbox.end_workflow(ended)
        killed = sandbox.start_workflow()
        sandbox.kill_workflow(killed)
        sandbox.advance(hours=2)
        before, now = everything(sandbox), sandbox.now()
        path_of_webhook = sandbox.webhook_url.removeprefix(sandbox.portal_url)
    with Sandbox(state=path, scenario="demo") as sandbox:
        assert everything(sandbox) == before
        assert now <= sandbox.now() < now + 60
        assert sandbox.webhook_url.removeprefix(sandbox.portal_url) == path_of_webhook
        assert sandbox.portal.workflows.is_running(kept)
        assert not sandbox.portal.workflows.is_running(ended)
        sandbox.reset()
        assert sandbox.workflows() == []
    with Sandbox(state=path) as sandbox:
        assert sandbox.workflows() == []


def test_timers_go_on_after_a_restart(tmp_path):
    path = tmp_path / "portal.state"
    with Sandbox(state=path, scenario="demo", workflows=60) as sandbox:
        waiting = next(w for w in sandbox.workflows() if not sandbox.tasks(w["id"]))
    with Sandbox(state=path) as sandbox:
        sandbox.unlock_workflow(waiting["id"])
        sandbox.advance(days=151)
        found = sandbox.workflow(waiting["id"])
        assert found is None or found["ended"] is not None


def test_ids_are_not_given_twice_after_a_restart(tmp_path):
    path = tmp_path / "portal.state"
    with Sandbox(state=path) as sandbox:
        first = sandbox.start_workflow()
        task = sandbox.tasks(first)[0]["id"]
    with Sandbox(state=path) as sandbox:
        second = sandbox.start_workflow()
        assert second != first
        assert sandbox.tasks(second)[0]["id"] == task + 1


def test_a_state_file_in_use_or_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "portal.state"
    with Sandbox(state=path), pytest.raises(StateFileError, match="cannot be used"):
        Sandbox(state=path)
    other = tmp_path / "letter.txt"
    other.write_text("Dear portal, " * 100)
    with pytest.raises(StateFileError, match="cannot be used"):
        Sandbox(state=other)
