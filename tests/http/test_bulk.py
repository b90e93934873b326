"""A list is frozen and confirmed, and made commands in portions: sent when the last is there."""

import statistics
import time
import uuid
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import CompleteTask, Item, KillWorkflow, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands import freezing, preparing
from bizproc_admin.commands.preparing import Preparation
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
from bizproc_admin.wording.audit_entries import say
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


def items_of(workflows):
    return [Item(pk=one.pk) for one in workflows]


def frozen(workflows, actor, key=None, kind=TerminateWorkflow):
    return commands.freeze(
        kind, portal=workflows[0].portal, items=items_of(workflows), by=By(account=actor),
        key=key or uuid.uuid4(), source={},
    )  # fmt: skip


def asked(workflows, actor, **how):
    operation = frozen(workflows, actor)
    commands.confirm(operation, by=By(account=actor), reason="They hang.", **how)
    return operation


def prepared(operation):
    commands.prepare(operation.pk, worker="test")
    return BulkOperation.objects.get(pk=operation.pk)


def ask(workflows, actor):
    return prepared(asked(workflows, actor))


def test_a_thousand_terminations_take_a_bounded_number_of_statements(
    workflows, administrator, monkeypatch
):
    keep, took = Preparation.keep, []

    def timed(*args, **kwargs):
        began = time.process_time()
        left_out = keep(*args, **kwargs)
        took.append(time.process_time() - began)
        return left_out

    monkeypatch.setattr(Preparation, "keep", timed)
    operation = asked(list(workflows), administrator)
    with CaptureQueriesContext(connection) as queries:
        operation = prepared(operation)
    made = Command.objects.filter(bulk=operation)
    assert (operation.state, operation.total, operation.left_out) == (BulkState.READY, MANY, [])
    assert made.count() == made.filter(state=CommandState.INTENT, origin="bulk").count() == MANY
    # a portion takes some twenty, and a portion of one takes as many
    assert len(queries) < 25 * MANY / preparing.AT_ONCE
    assert AuditEntry.objects.filter(command__bulk=operation, kind="intent").count() == MANY
    # so much of the processor's time a click waits for while one portion is kept
    assert statistics.median(took) < 0.1


def test_every_intent_is_on_record_as_a_single_one_would_be(workflows, administrator, portal):
    single = commands.issue(
        TerminateWorkflow(workflow=workflows[0], reason="They hang."),
        by=By(account=administrator), key=uuid.uuid4(),
    )  # fmt: skip
    operation = ask(workflows[1:4], administrator)
    entries = AuditEntry.objects.filter(portal=portal).order_by("seq")
    assert [entry.seq for entry in entries] == list(range(1, 6))
    assert AuditSequence.objects.get(scope=f"portal:{portal.pk}").last == 5
    first, _asked, *others = entries
    assert (first.command, first.origin) == (single, "screen")
    for entry, command in zip(others, operation.commands.order_by("pk"), strict=True):
        assert (entry.command, entry.origin, entry.kind) == (command, "bulk", "intent")
        assert entry.detail.digest() == entry.detail_hash
        assert entry.detail.reason == first.detail.reason
        assert entry.detail.inputs.keys() == first.detail.inputs.keys()


def test_nothing_is_due_before_the_last_portion_is_there(
    workflows, administrator, sandbox, portal, monkeypatch
):
    monkeypatch.setattr(preparing, "AT_ONCE", 2)
    due = []
    keep = Preparation.keep

    def looking(*args, **kwargs):
        left_out = keep(*args, **kwargs)
        due.append(Command.objects.due(timezone.now()).count())
        commands.serve(portal.pk, worker="test")
        for command in Command.objects.all():
            commands.carry_out(command.pk, worker="test")
        return left_out

    monkeypatch.setattr(Preparation, "keep", looking)
    ask(workflows[:5], administrator)
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
    operation = ask([busy, ended, *others], administrator)
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
    keep, kept = Preparation.keep, []

    def dying(*args, **kwargs):
        if len(kept) == after:
            raise Killed
        kept.append(args)
        return keep(*args, **kwargs)

    monkeypatch.setattr(preparing, "AT_ONCE", 3)
    monkeypatch.setattr(Preparation, "keep", dying)
    return keep


def test_what_broke_off_is_gone_on_with_by_whoever_looks_next(
    workflows, administrator, monkeypatch, committing
):
    operation = asked(workflows[:8], administrator)
    keep = breaking_off(monkeypatch, after=2)
    with pytest.raises(Killed):
        commands.prepare(operation.pk, worker="killed")
    assert Command.objects.count() == 6
    assert Command.objects.due(timezone.now()).count() == 0
    monkeypatch.setattr(Preparation, "keep", keep)
    with committing():
        commands.sweep()
    operation = BulkOperation.objects.get()
    assert (operation.state, operation.commands.count(), operation.left_out) == ("ready", 8, [])
    assert AuditEntry.objects.filter(kind="intent").count() == 8


def test_nobody_prepares_what_another_is_at_and_what_he_lost_he_leaves_alone(
    workflows, administrator, monkeypatch
):
    operation = asked(workflows[:8], administrator)
    keep = Preparation.keep

    def losing(self, portion):
        commands.prepare(operation.pk, worker="second")
        assert BulkOperation.objects.get().taken_by == "test"
        BulkOperation.objects.update(taken_by="third")
        return keep(self, portion)

    monkeypatch.setattr(Preparation, "keep", losing)
    operation = prepared(operation)
    assert (operation.state, operation.taken_by, operation.commands.count()) == (
        BulkState.PREPARING, "third", 0,
    )  # fmt: skip


def test_a_list_is_the_same_however_often_it_is_frozen_and_confirmed(workflows, administrator):
    key, by = uuid.uuid4(), By(account=administrator)
    operation = frozen(workflows[:5], administrator, key)
    # a key gives what was frozen under it, whatever matches by now
    assert frozen(workflows[2:9], administrator, key) == operation
    assert [item[0] for item in operation.parts.get().items] == [o.pk for o in workflows[:5]]
    commands.confirm(operation, by=by, reason="They hang.")
    commands.confirm(operation, by=by, reason="They hang.")
    entry = AuditEntry.objects.get(kind=AuditEntry.Kind.OPERATION)
    assert (entry.action, entry.target_kind, entry.target_id) == (
        "bulk.asked", "operation", str(operation.pk),
    )  # fmt: skip
    assert entry.detail.inputs["digest"] == operation.digest
    assert say([entry]) == ["Asked for a bulk operation: Terminate 5 workflows"]
    assert prepared(operation).commands.count() == 5
    assert set(AuditEntry.objects.filter(kind="intent").values_list("operation", flat=True)) == {
        operation.pk
    }


def test_freezing_that_broke_off_begins_anew(workflows, administrator):
    key = uuid.uuid4()

    def breaking():
        yield from items_of(workflows[:3])
        raise Killed

    with pytest.raises(Killed):
        commands.freeze(
            TerminateWorkflow, portal=workflows[0].portal, items=breaking(),
            by=By(account=administrator), key=key, source={},
        )  # fmt: skip
    BulkOperation.objects.update(touched_at=timezone.now() - timedelta(minutes=1))
    operation = frozen(workflows[:3], administrator, key)
    assert (operation.total, operation.parts.count()) == (3, 1)


def test_a_list_that_another_is_freezing_is_waited_for(workflows, administrator, monkeypatch):
    key, naps = uuid.uuid4(), []
    first = BulkOperation.objects.create(
        key=key, portal=workflows[0].portal, action="workflow.terminate", actor=administrator
    )

    def meanwhile(_seconds):
        naps.append(1)
        if len(naps) == 3:
            BulkOperation.objects.filter(pk=first.pk).update(digest="d", total=7)

    monkeypatch.setattr(freezing.time, "sleep", meanwhile)
    operation = frozen(workflows[:3], administrator, key)
    assert (operation, operation.total, operation.parts.count()) == (first, 7, 0)


def test_what_was_seen_is_kept_unless_it_shall_not_count(workflows, administrator):
    for regardless in (False, True):
        operation = commands.freeze(
            TerminateWorkflow, portal=workflows[0].portal, key=uuid.uuid4(), source={},
            items=[Item(pk=workflows[regardless].pk, seen=workflows[0].modified_at)],
            by=By(account=administrator),
        )  # fmt: skip
        commands.confirm(
            operation, by=By(account=administrator), reason="x", regardless=regardless,
            inputs={"status": "Cleaned up"},
        )  # fmt: skip
        command = prepared(operation).commands.get()
        assert command.seen_modified == (None if regardless else workflows[0].modified_at)
        assert command.inputs == {"status": "Cleaned up"}


def test_paused_it_sends_nothing_resumed_it_goes_on_and_cancelled_it_gives_up(
    workflows, administrator, sandbox, portal, committing
):
    by = By(account=administrator)
    operation = ask(workflows[:3], administrator)
    assert commands.pause(operation, by=by)
    assert not commands.pause(operation, by=by)
    commands.serve(portal.pk, worker="test")
    assert (Command.objects.due(timezone.now()).count(), sandbox.calls(METHOD)) == (0, [])
    assert commands.progress(operation).not_sent == 3
    assert commands.resume(operation, by=by)
    assert Command.objects.due(timezone.now()).count() == 3
    assert commands.stop(operation, by=by)
    assert not commands.resume(operation, by=by)
    with committing():
        commands.sweep()
    operation.refresh_from_db()
    assert (operation.state, operation.stopped_by) == (BulkState.FINISHED, administrator)
    for command in Command.objects.all():
        assert command.state == CommandState.CANCELLED
        assert "was cancelled before" in command_error(command)
    assert sandbox.calls(METHOD) == []
    assert commands.progress(operation) == commands.Progress(total=3, not_sent=3)
    lines = AuditEntry.objects.filter(kind=AuditEntry.Kind.OPERATION).order_by("pk")
    assert list(lines.values_list("action", flat=True)) == [
        "bulk.asked", "bulk.paused", "bulk.resumed", "bulk.stopped", "bulk.finished",
    ]  # fmt: skip


def test_what_is_cancelled_while_it_is_prepared_is_never_sent(workflows, administrator):
    operation = asked(workflows[:4], administrator)
    commands.stop(operation, by=By(account=administrator))
    assert prepared(operation).state == BulkState.CANCELLED
    assert not Command.objects.exists()
    commands.sweep()
    operation.refresh_from_db()
    assert operation.state == BulkState.FINISHED
    assert commands.progress(operation) == commands.Progress(total=4, not_sent=4)


def test_many_kills_wait_for_a_second_administrator(
    workflows, administrator, other_administrator, auditor, portal
):
    portal.approval_above = 2
    portal.save()
    by, other = By(account=administrator), By(account=other_administrator)
    few = frozen(workflows[:2], administrator, kind=KillWorkflow)
    commands.confirm(few, by=by, reason="x")
    assert few.state == BulkState.PREPARING
    first, second, third = (
        frozen(workflows[n : n + 3], administrator, kind=KillWorkflow) for n in (2, 5, 8)
    )
    for one in (first, second, third):
        commands.confirm(one, by=by, reason="They hang.")
        assert one.state == BulkState.AWAITING
    assert prepared(first).state == BulkState.AWAITING
    for nobody in (by, By(account=auditor)):
        with pytest.raises(PermissionDenied):
            commands.approve(first, by=nobody)
    assert commands.approve(first, by=other)
    assert not commands.decline(first, by=other, reason="too late")
    assert (first.approved_by, prepared(first).commands.count()) == (other_administrator, 3)
    assert commands.decline(second, by=other, reason="Not these.")
    assert (second.state, second.approved_by) == (BulkState.DROPPED, other_administrator)
    BulkOperation.objects.update(confirmed_at=timezone.now() - timedelta(hours=25))
    commands.sweep()
    third.refresh_from_db()
    assert (third.state, third.pause_code) == (BulkState.DROPPED, "nobody_approved")
    assert not second.commands.exists() and not third.commands.exists()


def test_what_was_refused_is_frozen_anew_and_what_may_have_been_done_never(
    workflows, administrator
):
    operation = ask(workflows[:6], administrator)
    states = ["rejected", "cancelled", "not_applied", "unknown", "confirmed", "gone"]
    made = list(operation.commands.order_by("pk"))
    for command, state in zip(made, states, strict=True):
        code = "changed_since_view" if state == "cancelled" else ""
        Command.objects.filter(pk=command.pk).update(state=state, error_code=code)
    assert commands.progress(operation) == commands.Progress(
        total=6, refused=2, changed=1, unknown=1, confirmed=1, gone=1, reasons={"": 2}
    )
    again = commands.retry(operation, by=By(account=administrator), key=uuid.uuid4())
    assert [item[0] for item in again.parts.get().items] == [c.workflow_id for c in made[:3]]
    # whatever moves on after that is left as it is, unless it shall not count
    seen = [datetime.fromisoformat(item[1]) for item in again.parts.get().items]
    assert seen == [command.workflow.modified_at for command in made[:3]]


def test_a_list_that_nobody_confirms_is_thrown_away(workflows, administrator):
    operation = frozen(workflows[:3], administrator)
    BulkOperation.objects.update(requested_at=timezone.now() - timedelta(hours=25))
    commands.sweep()
    assert not BulkOperation.objects.exists()
    with pytest.raises(commands.Moved):
        commands.confirm(operation, by=By(account=administrator), reason="x")


def test_who_may_not_is_refused(workflows, administrator, auditor, other_administrator):
    with pytest.raises(PermissionDenied):
        frozen(workflows[:3], auditor)
    assert not BulkOperation.objects.exists()
    operation = frozen(workflows[:3], administrator)
    with pytest.raises(PermissionDenied):
        commands.confirm(operation, by=By(account=other_administrator), reason="x")


def test_who_may_no_more_stops_the_operation(workflows, administrator):
    operation = asked(workflows[:3], administrator)
    administrator.groups.set([])
    operation = prepared(operation)
    assert (operation.state, operation.pause_code) == (BulkState.CANCELLED, "no_longer_allowed")
    assert not Command.objects.exists()


def test_answers_are_kept_with_whose_token_they_use(task, approver):
    person, by = task.assignments.get().person, By(account=approver)
    operation = commands.freeze(
        CompleteTask, portal=task.portal, by=by, key=uuid.uuid4(), source={},
        items=[Item(pk=task.pk, own={"person": person.remote_id, "answer": 1})],
    )  # fmt: skip
    commands.confirm(operation, by=by, reason="")
    operation = prepared(operation)
    command = operation.commands.get()
    assert (command.as_person, command.origin) == (person, "bulk")
