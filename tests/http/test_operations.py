"""The pages of bulk operations: what became of each target, and what may be done about it."""

import csv
import io
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import DelegateTask, Item, KillWorkflow, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Assignment,
    AuditEntry,
    BulkOperation,
    Command,
    CommandState,
    Document,
    MethodBudget,
    Person,
    Portal,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.views import news, operation_acts, operations
from tests.language import plain

HTMX = {"HX-Request": "true"}
METHOD = "bizproc.workflow.terminate"
LIST = reverse("operation_list")


@pytest.fixture
def workflows(portal):
    """Twelve workflows that the mirror believes to run."""
    now = timezone.now()
    template = WorkflowTemplate.objects.create(portal=portal, remote_id=90, name="Approval")
    for number in range(12):
        document = Document.objects.create(
            portal=portal, module="crm", entity="CCrmDocumentDeal", document_id=f"DEAL_{number}",
            kind="deal", name=f"Deal {number}",
        )  # fmt: skip
        Workflow.objects.create(
            portal=portal, remote_id=f"many.{number:06}", template=template, document=document,
            started_at=now, modified_at=now, observed_at=now,
        )  # fmt: skip
    return list(Workflow.objects.filter(remote_id__startswith="many.").order_by("pk"))


@pytest.fixture
def ask(workflows):
    """Ask for an operation on the workflows; prepared unless told otherwise."""

    def asking(actor, *, kind=TerminateWorkflow, count=12, prepares=True, inputs=None):
        by = By(account=actor)
        operation = commands.freeze(
            kind, portal=Portal.objects.get(), items=[Item(pk=one.pk) for one in workflows[:count]],
            by=by, key=uuid.uuid4(), source={},
        )  # fmt: skip
        commands.confirm(operation, by=by, reason="They hang.", inputs=inputs)
        if prepares:
            commands.prepare(operation.pk, worker="test")
        return BulkOperation.objects.get(pk=operation.pk)

    return asking


def page_of(operation):
    return reverse("operation_detail", args=[operation.pk])


def act(name, operation):
    return reverse(f"operation_{name}", args=[operation.pk])


def settle(operation, *states, ago=0):
    """Let the first commands that are not settled come to these states and codes."""
    at = timezone.now() - timedelta(seconds=ago)
    for command, state in zip(operation.commands.open().order_by("pk"), states, strict=False):
        state, code = state if isinstance(state, tuple) else (state, "")
        Command.objects.filter(pk=command.pk).update(
            state=state, error_code=code, sends=1, settled_at=at
        )


def finished(operation):
    commands.operations.look_after(timezone.now())
    operation.refresh_from_db()
    return operation


def text(answer):
    return " ".join(answer.content.decode().split())


MIX = (
    CommandState.CONFIRMED, CommandState.EVIDENT, CommandState.DELIVERED,
    (CommandState.REJECTED, "access_denied"), (CommandState.REJECTED, "access_denied"),
    (CommandState.CANCELLED, "already_ended"), (CommandState.CANCELLED, "changed_since_view"),
    CommandState.GONE, CommandState.NEEDS_HUMAN, CommandState.SENDING,
)  # fmt: skip


def test_the_numbers_add_up_to_all_targets_and_lead_to_them(as_, administrator, ask, workflows):
    Workflow.objects.filter(pk=workflows[11].pk).update(is_running=False)
    operation = ask(administrator)
    settle(operation, *MIX)
    client = as_(administrator)
    answer = client.get(page_of(operation))
    numbers = {one.key: one.count for one in answer.context["standing"].numbers}
    assert numbers == {
        "confirmed": 2, "delivered": 1, "refused": 4, "changed": 1, "gone": 1, "unknown": 1,
        "under_way": 1, "not_sent": 1,
    }  # fmt: skip
    assert sum(numbers.values()) == operation.total == 12
    said = text(answer)
    assert "2 no rights on the portal · 1 had already ended · 1 left out before" in said
    assert "This workflow has already ended" in said
    assert operation.digest in said
    for key, count in numbers.items():
        shown = client.get(page_of(operation), {"outcome": key}).context["list"].lines
        # what was left out has no command
        assert len(shown) == (count - 1 if key == "refused" else count), key
    shown = client.get(page_of(operation), {"outcome": "refused", "code": "access_denied"})
    assert len(shown.context["list"].lines) == 2
    line = client.get(LIST).context["list"].lines[0]
    assert (line.title, line.progress.done) == ("Terminate 12 workflows", 9)


def test_an_open_page_is_told_what_changed_and_nothing_else(as_, administrator, ask):
    operation, client = ask(administrator), as_(administrator)
    answer = client.get(page_of(operation))
    live = {"digest": answer.context["digest"]}
    shown = answer.context["list"]
    rows = {"digest": shown.digest, "rows": shown.keys}
    assert client.get(act("progress", operation), live, headers=HTMX).status_code == 204
    assert client.get(act("rows", operation), rows, headers=HTMX).status_code == 204
    settle(operation, CommandState.CONFIRMED)
    changed = client.get(act("progress", operation), live, headers=HTMX)
    assert changed.status_code == 200
    assert "every 2s" in text(changed)
    anew = text(client.get(act("rows", operation), rows, headers=HTMX))
    assert anew.startswith('<tbody id="operation-item-rows"')
    settle(operation, *[CommandState.CONFIRMED] * 12)
    finished(operation)
    over = text(client.get(act("progress", operation), live, headers=HTMX))
    assert "every 2s" not in over
    assert "Finished: 12 of 12 done" in over
    assert "hx-get" not in text(client.get(act("rows", operation), rows, headers=HTMX))


def test_pace_time_left_and_throttling_are_told(as_, administrator, ask, portal):
    operation = ask(administrator)
    settle(operation, *[CommandState.CONFIRMED] * 6, ago=3)
    until = (timezone.now() + timedelta(minutes=7)).timestamp()
    MethodBudget.objects.create(portal=portal, method=METHOD, blocked_until=until)
    said = text(as_(administrator).get(page_of(operation)))
    assert "2 a second" in said
    assert "about 5 s left" in said
    assert "Throttled by Bitrix24 until" in said
    assert "Single clicks go first." in said


def test_it_is_paused_resumed_and_cancelled_from_its_page(
    as_, administrator, ask, sandbox, committing
):
    operation, client = ask(administrator), as_(administrator)
    settle(operation, CommandState.CONFIRMED, CommandState.SENDING)
    answer = client.post(act("pausing", operation), headers=HTMX)
    assert "operation-changed" in answer["HX-Trigger"]
    said = text(client.get(page_of(operation)))
    assert "Paused by Anna Weber" in said or "Paused by" in said
    assert 'id="pause-or-resume" type="submit"' in said
    # who comes too late is told where it stands
    late = client.post(act("pausing", operation), headers=HTMX)
    assert "Too late" in late["HX-Trigger"]
    late = client.post(act("pausing", operation), follow=True)
    assert "Too late: the operation stands at “Paused” by now." in text(late)
    client.post(act("resuming", operation))
    operation.refresh_from_db()
    assert operation.state == "ready"
    asked = text(client.get(act("cancellation", operation), headers=HTMX))
    assert "1 is done, and stays as it is" in asked
    assert "1 were sent and are followed to their end." in asked
    assert "10 will not be sent." in asked
    with committing():
        client.post(act("cancellation", operation))
    settle(operation, CommandState.CONFIRMED)
    finished(operation)
    answer = client.get(page_of(operation))
    said = text(answer)
    assert "Cancelled by" in said
    assert answer.context["standing"].word == "cancelled"
    assert {one.key: one.count for one in answer.context["standing"].numbers if one.count} == {
        "confirmed": 2, "not_sent": 10,
    }  # fmt: skip
    late = text(client.post(act("cancellation", operation), follow=True))
    assert "Too late: the operation stands at “Cancelled” by now." in late
    assert sandbox.ledger() == []


def test_why_it_paused_itself_is_said_with_what_to_do(as_, administrator, ask):
    operation, client = ask(administrator), as_(administrator)
    told = {
        "refused_alike": "refused 5 in a row for the same reason",
        "invalid_credentials": "It paused itself",
        "resting": "The portal does not answer",
        "no_longer_allowed": "may no longer do this",
        "something_new": "It paused itself",
    }
    for code, words in told.items():
        values = {"number": 5, "reason": {"code": "access_denied"}}
        commands.pause(operation, by=None, code=code, values=values)
        said = text(client.get(page_of(operation)))
        assert words in said, code
        assert "Look at the connection" in said
        commands.resume(operation, by=By(account=administrator))
    assert AuditEntry.objects.filter(action="bulk.paused").count() == len(told)
    client.get(reverse("audit_entry_list"), {"kind": "operation"})


def test_only_whoever_asked_and_administrators_steer_it(
    as_, administrator, other_administrator, auditor, manager, participant, ask
):
    operation = ask(administrator)
    for name in ("pausing", "resuming", "cancellation", "retry"):
        assert as_(auditor).post(act(name, operation)).status_code == 403
        # others' operations do not exist for them
        for account in (manager, participant):
            assert as_(account).post(act(name, operation)).status_code == 404
    assert as_(auditor).get(page_of(operation)).status_code == 200
    assert b'id="pause-or-resume"' not in as_(auditor).get(page_of(operation)).content
    assert as_(manager).get(page_of(operation)).status_code == 404
    assert as_(manager).get(LIST).context["list"].lines == []
    own = BulkOperation.objects.get(pk=operation.pk)
    BulkOperation.objects.filter(pk=own.pk).update(actor=manager, action=DelegateTask.name)
    assert len(as_(manager).get(LIST).context["list"].lines) == 1
    assert as_(manager).post(act("pausing", operation)).status_code == 302
    assert as_(other_administrator).post(act("resuming", operation)).status_code == 302
    operation.refresh_from_db()
    assert operation.state == "ready"
    # a list that nobody has confirmed is nobody's page
    BulkOperation.objects.filter(pk=own.pk).update(confirmed_at=None, state="draft")
    assert as_(administrator).get(page_of(operation)).status_code == 404


def test_a_second_administrator_approves_or_declines_with_a_reason(
    as_, administrator, other_administrator, ask, portal
):
    portal.approval_above = 5
    portal.save()
    first, second = (
        ask(administrator, kind=KillWorkflow, count=count, prepares=False) for count in (6, 7)
    )
    asker, other = as_(administrator), as_(other_administrator)
    said = text(asker.get(page_of(first)))
    assert "Another administrator must approve it" in said
    assert 'id="approve"' not in said
    assert asker.post(act("approval", first)).status_code == 403
    answer = other.get(page_of(first))
    assert 'id="approve"' in text(answer)
    # what is to be approved can be looked at
    assert len(answer.context["standing"].frozen) == 6
    assert "Approval · Deal 5" in text(answer)
    other.post(act("approval", first))
    first.refresh_from_db()
    assert (first.state, first.approved_by) == ("preparing", other_administrator)
    late = text(other.post(act("approval", first), follow=True))
    assert "Too late: the operation stands at “Preparing” by now." in late
    assert other.post(act("declining", second), {"reason": ""}).status_code == 422
    other.post(act("declining", second), {"reason": "Ask Olga first."})
    second.refresh_from_db()
    assert second.state == "dropped"
    said = text(asker.get(page_of(second)))
    assert "Boris Ivanov did not approve it." in said
    assert "Ask Olga first." in said


def test_what_failed_is_asked_for_anew_once(as_, administrator, ask):
    operation, client = ask(administrator, inputs={"status": "Cleaned up"}), as_(administrator)
    assert b'id="retry"' not in client.get(page_of(operation)).content
    settle(operation, *MIX[:-1], CommandState.CONFIRMED, CommandState.CONFIRMED)
    settle(operation, CommandState.NEEDS_HUMAN, CommandState.CONFIRMED)
    finished(operation)
    form = {"key": str(uuid.uuid4())}
    for _ in range(2):
        answer = client.post(act("retry", operation), form, headers=HTMX)
    anew = BulkOperation.objects.exclude(pk=operation.pk).get()
    assert (anew.total, anew.state) == (4, "draft")
    assert answer.url == reverse("operation_confirmation", args=[anew.pk])
    assert "Terminate 4 workflows" in text(client.get(answer.url, headers=HTMX))
    client.post(answer.url, {"reason": "Once more.", "status": "Moved"})
    anew.refresh_from_db()
    assert anew.state == "preparing"
    # what is asked for now is what all of them get, whatever they were asked with before
    commands.prepare(anew.pk, worker="test")
    assert [one.inputs["status"] for one in anew.commands.all()] == ["Moved"] * 4
    assert f"what operation {operation.pk} did not reach" in text(client.get(page_of(anew)))


def test_where_no_list_leads_to_it_a_retry_asks_for_its_reason(
    as_, administrator, ask, monkeypatch
):
    for place in (operations, operation_acts):
        monkeypatch.setattr(place, "verb_of", lambda operation: None)
    operation, client = ask(administrator), as_(administrator)
    settle(operation, *[(CommandState.REJECTED, "access_denied")] * 4)
    settle(operation, *[CommandState.CONFIRMED] * 8)
    finished(operation)
    dialog = client.get(act("retry", operation), headers=HTMX)
    assert "4 targets that surely nothing was done to" in text(dialog)
    form = {"key": dialog.context["form"].initial["key"], "reason": "Once more."}
    assert client.post(act("retry", operation), {**form, "reason": ""}).status_code == 422
    for _ in range(2):
        answer = client.post(act("retry", operation), form)
    anew = BulkOperation.objects.exclude(pk=operation.pk).get()
    assert answer.url == page_of(anew)
    assert (anew.total, anew.state, anew.reason) == (4, "preparing", "Once more.")


def test_the_results_hold_every_target_and_no_formula(as_, administrator, ask, workflows):
    Workflow.objects.filter(pk=workflows[11].pk).update(is_running=False)
    operation = ask(administrator)
    first = Command.objects.filter(pk=operation.commands.earliest("pk").pk)
    first.update(labels={"target": {"action": '=HYPERLINK("http://x","y")'}})
    settle(operation, *MIX)
    client = as_(administrator)
    assert client.get(act("download", operation)).status_code == 405
    answer = client.post(act("download", operation))
    content = b"".join(answer.streaming_content).decode()
    assert content.startswith("\ufeff")
    head, *rows = csv.reader(io.StringIO(content[1:]))
    assert len(rows) == operation.total
    assert rows[0][2] == '\'=HYPERLINK("http://x","y")'
    outcomes = [row[head.index("Outcome")] for row in rows]
    assert sorted(set(outcomes)) == sorted({
        "Confirmed", "Delivered", "Refused", "Changed meanwhile", "Ended, not known whether by us",
        "Unknown, checking", "Under way", "Not sent",
    })  # fmt: skip
    assert "access_denied" in rows[3]
    entry = AuditEntry.objects.get(kind=AuditEntry.Kind.DISCLOSURE)
    assert (entry.action, entry.target_id) == ("bulk.results_taken", str(operation.pk))
    # cancelled before it was prepared, it names what it never began
    unbegun = ask(administrator, count=3, prepares=False)
    content = b"".join(client.post(act("download", unbegun)).streaming_content).decode()
    rows = list(csv.reader(io.StringIO(content[1:])))[1:]
    assert [row[3] for row in rows] == ["Not sent"] * 3


def test_the_results_hold_each_persons_part_of_one_task(as_, administrator, task):
    people = [
        Person.objects.create(
            portal=task.portal, remote_id=900 + number, name=f"Person {number}",
            user_type="employee", observed_at=timezone.now(),
        )
        for number in range(4)
    ]  # fmt: skip
    *parts, receiver = people
    Assignment.objects.create(task=task, person=parts[0])
    by = By(account=administrator)
    operation = commands.freeze(
        DelegateTask, portal=task.portal, by=by, key=uuid.uuid4(), source={},
        items=[Item(pk=task.pk, own={"from": one.remote_id}) for one in parts],
        inputs={"to": receiver.remote_id},
    )  # fmt: skip
    commands.confirm(operation, by=by, reason="They left.")
    commands.prepare(operation.pk, worker="test")
    client = as_(administrator)

    def outcomes():
        answer = client.post(act("download", operation))
        content = b"".join(answer.streaming_content).decode()
        return [row[3] for row in csv.reader(io.StringIO(content[1:]))][1:]

    assert outcomes() == ["Not sent", "Refused", "Refused"]
    # as if the worker had died when it had kept the first
    operation.parts.update(left_out=[])
    BulkOperation.objects.update(prepared=0, state="cancelled")
    assert outcomes() == ["Not sent"] * 3


@pytest.mark.usefixtures("live_db")
def test_the_list_of_operations_costs_the_same_for_one_and_for_many(as_, administrator, ask):
    client, counts = as_(administrator), []
    for _ in range(2):
        ask(administrator, count=2, prepares=False)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
        for _ in range(4):
            ask(administrator, count=2, prepares=False)
    assert counts[0] == counts[1]
    answer = client.get(LIST, {"state": "going"})
    assert len(answer.context["list"].lines) == 10
    assert client.get(LIST, {"state": "paused"}).context["list"].lines == []
    assert client.get(LIST, {"q": "nobody wrote this"}).context["list"].lines == []


def test_an_operation_is_one_in_the_history_and_opens(as_, administrator, auditor, ask):
    operation, client = ask(administrator), as_(auditor)
    history = reverse("audit_entry_list")

    def kinds(**filters):
        lines = client.get(history, filters).context["list"].lines
        return sorted(line.entry.kind for line in lines if line.entry.portal_id)

    assert kinds() == ["operation"]
    said = text(client.get(history))
    assert '<span class="badge__text">Preparing</span>' in plain(said)
    assert f'href="{page_of(operation)}"' in said
    assert f'href="{history}?operation={operation.pk}"' in said
    assert kinds(operation=operation.pk) == ["intent"] * 12 + ["operation"]
    assert kinds(operation="each") == ["intent"] * 12 + ["operation"]
    assert kinds(operation=operation.pk, kind="intent") == ["intent"] * 12
    assert kinds(operation=operation.pk + 1) == []
    # what was done to one target is all there, whoever did it
    command = operation.commands.earliest("pk")
    assert kinds(target=command.target_id) == ["intent"]
    assert client.get(history, {"operation": "x"}).context["list"].lines == []
    entry = command.audit_entries.get()
    for address in (
        reverse("audit_entry_detail", args=[entry.pk]),
        reverse("command_detail", args=[command.pk]),
        reverse("workflow_detail", args=[command.workflow_id]),
    ):
        assert f'href="{page_of(operation)}"' in text(client.get(address)), address


def test_the_list_of_commands_holds_all_and_narrows_to_an_operation(
    as_, administrator, ask, workflow
):
    operation, other = ask(administrator, count=3), ask(administrator, count=0, prepares=False)
    single = commands.issue(
        TerminateWorkflow(workflow=workflow, reason="x"), by=By(account=administrator),
        key=uuid.uuid4(),
    )  # fmt: skip
    client, address = as_(administrator), reverse("command_list")
    # the newest of what was asked for alone is not buried under those of operations
    assert [one for one, _label in client.get("/").context["commands"]] == [single]

    def shown(*chosen):
        answer = client.get(address, {"operation": chosen})
        return [line.command for line in answer.context["list"].lines]

    parts = list(operation.commands.order_by("-pk"))
    assert shown() == [single, *parts]
    assert shown("none") == [single]
    assert shown(operation.pk) == parts
    assert shown(operation.pk, "none") == [single, *parts]
    assert shown(other.pk) == shown(4_711) == []
    said = text(client.get(reverse("command_choices", args=["operation"])))
    assert f"Terminate 3 workflows ({operation.pk})" in said


def test_an_operation_is_told_once_wherever_its_asker_is(
    as_, administrator, other_administrator, manager, ask, portal, monkeypatch
):
    # on PostgreSQL the whole test is one transaction, which is one act
    monkeypatch.setattr(news, "SILENT_FOR", 0)
    operation, asker = ask(administrator), as_(administrator)

    def told(client, page="/portals/"):
        items = client.get(page).context["news"]
        assert items.items == []
        return [plain(item.title) for item in items.operations]

    settle(operation, (CommandState.REJECTED, "access_denied"), CommandState.NEEDS_HUMAN)
    assert told(asker) == []
    commands.pause(operation, by=None, code="resting")
    assert told(asker) == ["Terminate 12 workflows: paused"]
    assert "The portal does not answer" in text(asker.get("/portals/"))
    asker.post(reverse("dismissal_creation"), {"operation": operation.pk})
    assert told(asker) == []
    # what somebody did with their own hands is no news to them
    commands.resume(operation, by=By(account=administrator))
    commands.pause(operation, by=By(account=administrator))
    assert told(asker) == []
    commands.resume(operation, by=By(account=administrator))
    settle(operation, CommandState.NEEDS_HUMAN, *[CommandState.CONFIRMED] * 10)
    finished(operation)
    assert told(asker) == told(asker, "/workflow-tasks/") == ["Terminate 12 workflows: finished"]
    assert "confirmed: 10, refused: 1, unknown, checking: 1" in text(asker.get("/portals/"))
    # of others' operations only what needs them is told
    other = as_(other_administrator)
    assert told(other) == []
    portal.approval_above = 1
    portal.save()
    kill = ask(administrator, kind=KillWorkflow, count=2, prepares=False)
    assert told(other) == ["Anna Koroleva asks for your approval: Kill 2 workflows"]
    assert told(as_(manager), "/workflows/") == []
    commands.decline(kill, by=By(account=other_administrator), reason="No.")
    assert told(other) == []
    assert told(asker)[0] == "Kill 2 workflows: not approved"
    everything = {"operation": [kill.pk, operation.pk]}
    assert asker.post(reverse("dismissal_creation"), everything, headers=HTMX).status_code == 204
    assert told(asker) == []


def test_a_portal_says_above_how_many_kills_a_second_administrator_is_needed(
    as_, administrator, portal
):
    client, address = as_(administrator), reverse("portal_approval", args=[portal.pk])
    detail = reverse("portal_detail", args=[portal.pk])
    assert "one administrator is enough" in text(client.get(detail))
    for wrong in ("-1", "many"):
        answer = client.post(address, {"above": wrong})
        assert (answer.status_code, f'value="{wrong}"' in text(answer)) == (422, True)
    for given, kept in (("25", 25), ("25", 25), ("0", 0), ("", None)):
        client.post(address, {"above": given})
        portal.refresh_from_db()
        assert portal.approval_above == kept
        if given == "25":
            assert "more than 25 at once need a second administrator" in text(client.get(detail))
    entries = AuditEntry.objects.filter(action="portal.approval").order_by("pk")
    assert [entry.detail.inputs for entry in entries] == [
        {"before": None, "after": 25}, {"before": 25, "after": 0}, {"before": 0, "after": None},
    ]  # fmt: skip
