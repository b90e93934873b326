"""What follows from calls in time: workflows are read again, values are erased."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bizproc_admin import receiving
from bizproc_admin.models import ApplicationStep, CalledWorkflow, StepState, Workflow
from bizproc_admin.receiving import following, keeping, tell_console
from tests.http.calling import call_of, calls, proven_by


@pytest.fixture(autouse=True)
def rings_each_time():
    keeping._looks.clear()
    keeping._known.clear()


def tells(portal, workflow_id):
    return calls(portal, call_of(workflow_id, code=tell_console.CODE, use_subscription="N"))


def readings(sandbox):
    """Count the requests that asked for workflows."""
    asked = [one for one in sandbox.calls() if one["method"] == "bizproc.workflow.instances"]
    return len(asked)


def test_a_template_that_tells_the_console_is_seen_at_once(portal, workflow, sandbox, committing):
    proven_by(portal)
    sandbox.terminate_workflow(workflow.remote_id)
    with committing():
        assert tells(portal, workflow.remote_id).status_code == 200
    workflow.refresh_from_db()
    assert not workflow.is_running
    assert ApplicationStep.objects.get().state == StepState.PASSED


def test_calls_of_one_workflow_within_seconds_are_one_reading(
    portal, workflow, sandbox, monkeypatch
):
    monkeypatch.setattr(following, "start_readings", lambda *_, **__: None)
    proven_by(portal)
    for _ in range(5):
        tells(portal, workflow.remote_id)
        receiving.take_calls(portal.pk)
        receiving.read_called(portal.pk)
    assert readings(sandbox) == 1
    row = CalledWorkflow.objects.get()
    assert row.due_at == row.read_at + following.READ_EVERY
    CalledWorkflow.objects.update(due_at=timezone.now())
    receiving.read_called(portal.pk)
    assert readings(sandbox) == 2
    assert CalledWorkflow.objects.get().due_at is None


def test_another_actions_call_of_a_known_workflow_asks_for_no_reading(
    portal, workflow, sandbox, committing
):
    proven_by(portal)
    with committing():
        calls(portal, call_of(workflow.remote_id))
    assert (readings(sandbox), CalledWorkflow.objects.count()) == (0, 0)


def test_many_workflows_are_read_in_portions_so_that_people_come_in_between(
    portal, sandbox, monkeypatch
):
    monkeypatch.setattr(following, "READ_AT_ONCE", 2)
    started = []
    monkeypatch.setattr(following, "start_readings", lambda pk, **_: started.append(pk))
    following.ask_for_reading(portal, ["w.1", "w.2", "w.3"])
    receiving.read_called(portal.pk)
    assert CalledWorkflow.objects.exclude(due_at=None).count() == 1
    assert started == [portal.pk]


def test_what_a_step_was_given_is_erased_after_its_time_and_the_fact_stays(
    portal, workflow, settings
):
    proven_by(portal)
    for code in ("over", "lately", "waiting"):
        calls(portal, call_of(workflow.remote_id, code=code))
    steps = ApplicationStep.objects
    ended = timezone.now() - timedelta(days=91)
    steps.filter(code="over").update(state=StepState.CONFIRMED, settled_at=ended)
    steps.filter(code="lately").update(state=StepState.CONFIRMED, settled_at=timezone.now())
    steps.filter(code="waiting").update(since=ended, called_at=ended)
    receiving.forget_old()
    kept = {one.code: one.properties is not None for one in steps.all()}
    assert kept == {"over": False, "lately": True, "waiting": True}
    assert steps.get(code="over").token_digest
    settings.CALL_VALUES_DAYS = 0
    receiving.forget_old()
    assert steps.get(code="lately").properties is None


def test_a_lost_message_is_made_up_for_by_the_workers_own_look(portal, sandbox):
    proven_by(portal)
    remote_id = sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_778"])
    calls(portal, call_of(remote_id))
    started = []

    def start(job, *keys, **_):
        started.append((job, *keys))
        getattr(receiving, job)(*keys)

    receiving.start_due(start=start)
    assert started == [("take_calls", portal.pk), ("read_called", portal.pk)]
    assert Workflow.objects.filter(remote_id=remote_id).exists()


def test_one_reading_of_a_portal_is_under_way_at_a_time(portal, sandbox, monkeypatch):
    following.ask_for_reading(portal, ["w.1"])
    inner = []

    def meanwhile(_portal, ids):
        inner.append(ids)
        following.ask_for_reading(portal, ["w.2"])
        receiving.read_called(portal.pk)

    monkeypatch.setattr(following.rereading, "read_called", meanwhile)
    monkeypatch.setattr(following, "start_readings", lambda *_, **__: None)
    receiving.read_called(portal.pk)
    assert inner == [["w.1"]]
    assert CalledWorkflow.objects.exclude(due_at=None).get().remote_id == "w.2"
    monkeypatch.setattr(following.rereading, "read_called", lambda _portal, ids: inner.append(ids))
    receiving.read_called(portal.pk)
    assert inner == [["w.1"], ["w.2"]]
