"""A thousand commands asked for at once: kept in portions, sent when the last is there."""

import statistics
import time
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import CompleteTask, KillWorkflow, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands import bulk
from bizproc_admin.models import (
    AuditEntry,
    AuditSequence,
    BulkOperation,
    BulkState,
    Command,
    CommandState,
    Document,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.wording.command_errors import command_error, said

MANY = 1_000
METHOD = "bizproc.workflow.terminate"


@pytest.fixture
def workflows(portal):
    """So many workflows that the mirror believes to run."""
    now = timezone.now()
    template = WorkflowTemplate.objects.create(portal=portal, remote_id=90, name="Approval")
    documents = Document.objects.bulk_create(
        Document(
            portal=portal, module="crm", entity="CCrmDocumentDeal", document_id=f"DEAL_{number}",
            kind="deal",
        )
        for number in range(MANY)
    )  # fmt: skip
    Workflow.objects.bulk_create(
        Workflow(
            portal=portal, remote_id=f"many.{number:06}", template=template, document=document,
            started_at=now, modified_at=now, observed_at=now,
        )
        for number, document in enumerate(documents)
    )  # fmt: skip
    return Workflow.objects.filter(remote_id__startswith="many.").select_related(
        "portal", "template", "document"
    )


def ending(workflows):
    return [TerminateWorkflow(workflow=one, reason="They hang.") for one in workflows]


def ask(actions, actor, key=None):
    return commands.issue_many(actions, by=By(account=actor), key=key or uuid.uuid4())


def test_a_thousand_terminations_take_a_bounded_number_of_statements(
    workflows, administrator, monkeypatch
):
    keep, took = bulk.keep, []

    def timed(*args, **kwargs):
        began = time.process_time()
        left_out = keep(*args, **kwargs)
        took.append(time.process_time() - began)
        return left_out

    monkeypatch.setattr(bulk, "keep", timed)
    actions = ending(workflows)
    with CaptureQueriesContext(connection) as queries:
        operation = ask(actions, administrator)
    made = Command.objects.filter(bulk=operation)
    assert (operation.state, operation.total, operation.left_out) == (BulkState.READY, MANY, [])
    assert made.count() == made.filter(state=CommandState.INTENT, origin="bulk").count() == MANY
    # a portion takes some twenty, and a portion of one takes as many
    assert len(queries) < 25 * MANY / bulk.AT_ONCE
    assert AuditEntry.objects.filter(command__bulk=operation, kind="intent").count() == MANY
    # so much of the processor's time a click waits for while one portion is kept
    assert statistics.median(took) < 0.1


def test_every_intent_is_on_record_as_a_single_one_would_be(workflows, administrator, portal):
    single = commands.issue(
        TerminateWorkflow(workflow=workflows[0], reason="They hang."),
        by=By(account=administrator), key=uuid.uuid4(),
    )  # fmt: skip
    operation = ask(ending(workflows[1:4]), administrator)
    entries = AuditEntry.objects.filter(portal=portal).order_by("seq")
    assert [entry.seq for entry in entries] == list(range(1, 5))
    assert AuditSequence.objects.get(scope=f"portal:{portal.pk}").last == 4
    first, *others = entries
    assert (first.command, first.origin) == (single, "screen")
    for entry, command in zip(others, operation.commands.order_by("pk"), strict=True):
        assert (entry.command, entry.origin, entry.kind) == (command, "bulk", "intent")
        assert entry.detail.digest() == entry.detail_hash
        assert entry.detail.reason == first.detail.reason
        assert entry.detail.inputs.keys() == first.detail.inputs.keys()


def test_nothing_is_due_before_the_last_portion_is_there(
    workflows, administrator, sandbox, portal, monkeypatch
):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    due = []
    keep = bulk.keep

    def looking(*args, **kwargs):
        left_out = keep(*args, **kwargs)
        due.append(Command.objects.due(timezone.now()).count())
        commands.serve(portal.pk, worker="test")
        for command in Command.objects.all():
            commands.carry_out(command.pk, worker="test")
        return left_out

    monkeypatch.setattr(bulk, "keep", looking)
    ask(ending(workflows[:5]), administrator)
    assert due == [0, 0, 0]
    assert sandbox.calls(METHOD) == []
    assert set(Command.objects.values_list("state", flat=True)) == {CommandState.INTENT}
    assert Command.objects.due(timezone.now()).count() == 5


def test_a_busy_target_and_one_that_has_ended_are_left_out_by_name(
    workflows, administrator, other_administrator
):
    busy, ended, *others = list(workflows[:4])
    commands.issue(
        KillWorkflow(workflow=busy, reason="x"),
        by=By(account=other_administrator), key=uuid.uuid4(),
    )  # fmt: skip
    Workflow.objects.filter(pk=ended.pk).update(is_running=False)
    operation = ask(ending([busy, ended, *others]), administrator)
    assert {one.target_id for one in operation.commands.all()} == {o.remote_id for o in others}
    told = {one["target"]: said(one["code"], one["values"]) for one in operation.left_out}
    assert told == {
        busy.remote_id: "Boris Ivanov already asked for something here that is not settled yet.",
        ended.remote_id: "This workflow has already ended: there is nothing to stop.",
    }
    assert operation.left_out[0]["labels"]["template"] == "Approval"


class Killed(BaseException):
    """The process ended here."""


def breaking_off(monkeypatch, *, after):
    keep, kept = bulk.keep, []

    def dying(*args, **kwargs):
        if len(kept) == after:
            raise Killed
        kept.append(args)
        return keep(*args, **kwargs)

    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    monkeypatch.setattr(bulk, "keep", dying)
    return keep


def test_what_broke_off_goes_on_with_the_same_key(workflows, administrator, monkeypatch):
    key, actions = uuid.uuid4(), ending(workflows[:8])
    keep = breaking_off(monkeypatch, after=2)
    with pytest.raises(Killed):
        ask(actions, administrator, key)
    assert Command.objects.count() == 6
    assert Command.objects.due(timezone.now()).count() == 0
    monkeypatch.setattr(bulk, "keep", keep)
    operation = ask(actions, administrator, key)
    assert (operation.state, operation.commands.count(), operation.left_out) == ("ready", 8, [])
    assert AuditEntry.objects.filter(kind="intent").count() == 8
    assert ask(actions, administrator, key) == operation
    assert Command.objects.count() == 8
    with pytest.raises(commands.KeyReused):
        ask(actions[:7], administrator, key)


def test_what_broke_off_and_is_not_taken_up_again_is_dropped(
    workflows, administrator, monkeypatch, sandbox
):
    key, actions = uuid.uuid4(), ending(workflows[:8])
    keep = breaking_off(monkeypatch, after=2)
    with pytest.raises(Killed):
        ask(actions, administrator, key)
    monkeypatch.setattr(bulk, "keep", keep)
    commands.sweep()
    assert BulkOperation.objects.get().state == BulkState.PREPARING
    BulkOperation.objects.update(touched_at=timezone.now() - timedelta(minutes=11))
    commands.sweep()
    assert BulkOperation.objects.get().state == BulkState.DROPPED
    for command in Command.objects.all():
        assert command.state == CommandState.CANCELLED
        assert command_error(command).endswith(
            "broke off before all of it was kept. Nothing was sent."
        )
    assert sandbox.calls(METHOD) == []
    with pytest.raises(commands.OperationClosed):
        ask(actions, administrator, key)
    assert ask(actions, administrator).commands.count() == 8


def test_who_may_not_is_refused_once_and_on_record(workflows, auditor):
    with pytest.raises(PermissionDenied):
        ask(ending(workflows[:3]), auditor)
    assert not BulkOperation.objects.exists()
    assert AuditEntry.objects.get().kind == AuditEntry.Kind.DENIED


def test_an_operation_is_one_kind_of_action_on_one_portal(workflows, administrator):
    one, other = workflows[:2]
    mixed = [TerminateWorkflow(workflow=one, reason="x"), KillWorkflow(workflow=other, reason="x")]
    with pytest.raises(ValueError, match="one kind"):
        ask(mixed, administrator)
    with pytest.raises(ValueError, match="acts on something"):
        ask([], administrator)
    assert not BulkOperation.objects.exists()


def test_answers_are_kept_with_whose_token_they_use(task, approver):
    person = task.assignments.get().person
    operation = ask([CompleteTask(task=task, person=person, answer=1, reason="")], approver)
    command = operation.commands.get()
    assert (command.as_person, command.origin) == (person, "bulk")
