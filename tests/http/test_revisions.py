"""Whether anything changed that an open list shows: told without reading what it shows."""

import uuid
from datetime import timedelta
from time import time

import pytest
from django.contrib.auth.models import Group
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import heartbeats
from bizproc_admin.lists import polling, repainting
from bizproc_admin.models import (
    Assignment,
    Command,
    CommandState,
    Document,
    Feed,
    LinkedPerson,
    Outage,
    Participation,
    Person,
    Portal,
    Revision,
    Role,
    Worker,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.models.revisions import KEPT, MOST, unwatched
from tests.http.open_lists import OpenList

# each change is committed, as it is in life: PostgreSQL counts transactions
pytestmark = pytest.mark.usefixtures("live_db")
LIST, TASKS = "/workflows/", "/workflow-tasks/"
# the tables that no open list shows
NOT_SHOWN = {
    "AddressChange", "AuditDetail", "AuditEntry", "AuditRepeat", "AuditSequence", "CallReceiver",
    "CalledWorkflow", "Chore", "CommandFile", "Draft", "FrozenPart", "MethodBudget", "PaceBucket",
    "PersonFigures", "Place", "Revision", "ScreenReading", "SyncRun", "TemplateFigures",
    "TemplateFile", "TemplateMention", "TemplateStructure", "TemplateVersion", "Watched", "Worker",
    "Account_user_permissions",
}  # fmt: skip


@pytest.fixture
def still(monkeypatch):
    """The clock of what is painted anew by time alone stands."""
    began = time()
    monkeypatch.setattr(repainting, "time", lambda: began)


@pytest.fixture
def opened(as_, administrator, workflow, still):
    return OpenList(as_(administrator), LIST).settle()


@pytest.fixture
def ended(workflow, administrator):
    """Make a command that ends the workflow."""
    return Command.objects.create(
        key=uuid.uuid4(), digest="", portal=workflow.portal, action="workflow.terminate",
        effect="end", target_kind="workflow", target_id=workflow.remote_id, workflow=workflow,
        target_label=str(workflow), actor=administrator, actor_name="Anna", actor_role="",
        state=CommandState.INTENT,
    )  # fmt: skip


def told(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_every_table_is_watched_or_known_to_be_shown_by_no_list(db):
    assert set(unwatched()) == NOT_SHOWN


def test_what_was_merged_is_told(opened, sandbox, sync):
    sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_900"])
    sync()
    assert "1 newer" in told(opened.ask())
    assert opened.ask().status_code == 204


def test_what_becomes_of_a_command_is_told(opened, ended):
    assert "Requested" in told(opened.ask())
    assert opened.ask().status_code == 204
    Command.objects.filter(pk=ended.pk).update(state=CommandState.UNKNOWN)
    assert "Unknown, checking" in told(opened.ask())


def test_who_has_asked_for_nothing_is_told_nothing_without_looking(opened, workflow, ended):
    Command.objects.filter(pk=ended.pk).update(
        state=CommandState.REJECTED, error_text="It is locked.", settled_at=timezone.now()
    )
    assert "It is locked." in told(opened.ask())
    opened.client.post(reverse("dismissal_creation"), {"command": ended.pk})
    assert "It is locked." not in told(opened.ask())
    Workflow.objects.filter(pk=workflow.pk).update(state_text="Elsewhere")
    with CaptureQueriesContext(connection) as asked:
        opened.ask()
    assert not [one for one in asked if '"bizproc_admin_bulkoperation"."key"' in one["sql"]]
    ended.pk, ended.key, ended.state = None, uuid.uuid4(), CommandState.REJECTED
    ended.error_text, ended.settled_at = "It is locked again.", timezone.now()
    ended.save()
    assert "It is locked again." in told(opened.ask())


def test_what_nobody_waits_for_is_not_counted(opened, workflow):
    """Whether anything is newer is told by the newest key alone."""
    Workflow.objects.filter(pk=workflow.pk).update(state_text="Elsewhere")
    with CaptureQueriesContext(connection) as asked:
        opened.ask()
    newer = [one for one in asked if '"bizproc_admin_workflow"."id" > ' in one["sql"]]
    assert not newer


def test_a_name_that_was_learnt_is_told(opened, workflow):
    Document.objects.filter(pk=workflow.document_id).update(name="Contract 7")
    Workflow.objects.filter(pk=workflow.pk).update(document_copy="Contract 7")
    said = told(opened.ask())
    assert "Contract 7" in said
    # nothing but its row: the navigation reads as it did
    assert said.startswith("<table>")


def test_a_row_that_is_gone_goes(opened, workflow):
    WorkflowTask.objects.filter(workflow=workflow).delete()
    Participation.objects.filter(workflow=workflow).delete()
    Workflow.objects.filter(pk=workflow.pk).delete()
    said = told(opened.ask())
    assert '<tbody id="workflow-rows"' in said
    assert f"workflow-row-{workflow.pk}" not in said


def test_rights_that_are_lost_take_the_rows_along(as_, participant, workflow, still):
    person = Person.objects.filter(assignments__task__workflow=workflow).first()
    LinkedPerson.objects.create(user=participant, portal=workflow.portal, person=person)
    opened = OpenList(as_(participant), LIST).settle()
    assert opened.rows
    other = Person.objects.exclude(pk=person.pk).first()
    Participation.objects.filter(workflow=workflow, person=other).delete()
    LinkedPerson.objects.filter(user=participant).update(person=other)
    opened.ask()
    assert opened.rows == {}
    LinkedPerson.objects.filter(user=participant).update(person=person)
    participant.groups.clear()
    refused = opened.client.get(f"{LIST}pulse/", headers={"X-Revision": opened.revision})
    assert refused.status_code == 403


def test_another_role_is_answered_anew(opened, administrator):
    administrator.groups.set([Group.objects.get(name=Role.AUDITOR)])
    assert "<nav" in told(opened.ask())


def test_an_answer_to_a_task_is_told_in_the_inbox(as_, approver, task, still):
    opened = OpenList(as_(approver), TASKS).settle()
    Assignment.objects.filter(task=task).update(status=1)
    assert f"workflow-task-row-{task.pk}" in told(opened.ask())


def test_other_filters_are_another_question(opened):
    before = opened.revision
    opened.ask(q="nothing has this")
    assert opened.revision.split("-")[0] != before.split("-")[0]


def test_a_reading_and_an_outage_are_told_and_no_row_is_read_for_them(opened, portal):
    Feed.objects.filter(portal=portal).update(fresh_at=timezone.now() + timedelta(seconds=1))
    with CaptureQueriesContext(connection) as asked:
        said = told(opened.ask())
    assert "data-aged" in said and "<tbody" not in said and "<nav" not in said
    assert not [one for one in asked if '"bizproc_admin_document"' in one["sql"]]
    assert opened.ask().status_code == 204
    Portal.objects.filter(pk=portal.pk).update(
        failure=Outage.CLOSED, failures=9, failing_since=timezone.now()
    )
    assert "closed for maintenance" in told(opened.ask())


def test_a_worker_that_ends_is_told(opened):
    for queue in heartbeats.QUEUES:
        now = timezone.now()
        Worker.objects.create(name=queue, queue=queue, started_at=now, seen_at=now)
    opened.ask()
    assert opened.ask().status_code == 204
    Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert "worker is not running" in told(opened.ask())


def test_what_time_alone_changes_is_told_after_a_minute(opened, administrator, monkeypatch):
    now = int(time())
    # the rows have just been painted
    began = now - (now + 37 * administrator.pk) % repainting.PAINTED_FOR
    monkeypatch.setattr(repainting, "time", lambda: began)
    opened.settle()
    monkeypatch.setattr(repainting, "time", lambda: began + polling.COUNTED_FOR)
    with CaptureQueriesContext(connection) as asked:
        assert opened.ask().status_code == 204
    assert [one for one in asked if "COUNT(" in one["sql"] and "workflow" in one["sql"]]


def test_an_open_list_to_which_nothing_happened_reads_no_row(opened, workflow, portal, ended):
    opened.settle()
    # what is no news: readings that found nothing, leases, heartbeats, what changes nothing
    Workflow.objects.update(observed_at=timezone.now())
    Workflow.objects.update(state_text=workflow.state_text)
    Command.objects.update(lease_until=timezone.now(), worker="one")
    Portal.objects.update(answered_at=timezone.now(), clock_offset=0.4)
    Feed.objects.update(next_at=timezone.now(), leased_by="one")
    with CaptureQueriesContext(connection) as asked:
        answer = opened.ask()
    assert (answer.status_code, answer.content) == (204, b"")
    # session, account, portals with role and zone; then the sign and the workers
    assert len(asked) <= 5


def test_old_rows_of_many_transactions_are_removed(db):
    Revision.objects.filter(source="many").delete()
    rows = [Revision(source="many", number=number) for number in range(MOST + 1)]
    Revision.objects.bulk_create(rows)
    Revision.objects.trim()
    kept = Revision.objects.filter(source="many").values_list("number", flat=True)
    assert sorted(kept) == list(range(MOST + 1 - KEPT, MOST + 1))


def test_a_page_that_an_earlier_version_painted_keeps_its_rows(as_, administrator, workflow):
    client, url = as_(administrator), reverse("workflow_pulse")
    assert client.get(url, {"digest": "x", "rows": workflow.pk}).status_code == 204
    assert told(client.get(url)).startswith('<div class="page-head__pulse" id="workflow-pulse"')


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite writes one after another")
def test_a_transaction_that_commits_after_later_ones_is_told(opened, workflow, ended):
    opened.settle()
    other = connections.create_connection("default")
    other.settings_dict = connection.settings_dict
    other.set_autocommit(False)
    table = Workflow._meta.db_table
    with other.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET document_name = 'Late' WHERE id = %s", [workflow.pk])
    Command.objects.filter(pk=ended.pk).update(state=CommandState.UNKNOWN)
    assert "Unknown, checking" in told(opened.ask())
    assert opened.ask().status_code == 204
    other.commit()
    other.close()
    assert f"workflow-row-{workflow.pk}" in told(opened.ask())
