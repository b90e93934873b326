"""Merging what contradicts itself or what somebody else is changing at the same moment."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.models import (
    Document,
    EndCause,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.portals import clients
from bizproc_admin.syncing import workflow_tasks, workflows
from bizproc_admin.syncing.names import Names
from tests.conftest import connected


def test_a_task_that_names_a_person_twice_is_merged_with_the_later_row(portal, workflow):
    task = workflow.tasks.get()
    reader = clients.reader(portal)
    rows = reader.workflow_tasks.by_ids([task.remote_id]).rows
    people = task.assignments.count()
    workflow_tasks.merge(Names(portal), reader, [*rows, *rows], observed_at=timezone.now())
    assert task.assignments.count() == people > 0


@pytest.mark.django_db(transaction=True)
def test_a_command_settled_while_its_workflow_is_merged_is_not_undone(
    live_db, sandbox, monkeypatch
):
    portal = connected(sandbox.webhook_url, name="Northwind")
    now = timezone.now()
    workflow = Workflow.objects.create(
        portal=portal,
        remote_id="5f0000000000f1.00000001",
        template=WorkflowTemplate.objects.create(portal=portal, remote_id=1),
        document=Document.objects.create(
            portal=portal, module="crm", entity="CCrmDocumentDeal", document_id="DEAL_777"
        ),
        started_at=now,
        modified_at=now,
        observed_at=now - timedelta(minutes=5),
    )
    row = bitrix.WorkflowRow(
        id=bitrix.WorkflowId(workflow.remote_id),
        modified=now + timedelta(seconds=1),
        owned_until=None,
        module="crm",
        entity="CCrmDocumentDeal",
        document_id="DEAL_777",
        started=now,
        started_by=None,
        template_id=1,
    )

    def settle():
        Workflow.objects.get(pk=workflow.pk).mark_ended(
            cause=EndCause.TERMINATED, after=now, before=timezone.now()
        )
        connection.close()

    settling = threading.Thread(target=settle)
    rows_of = type(Workflow.objects.all())
    write = rows_of.bulk_update

    def slow_write(self, *args, **kwargs):
        if not settling.ident:
            settling.start()
            settling.join(0.5)
        return write(self, *args, **kwargs)

    monkeypatch.setattr(rows_of, "bulk_update", slow_write)
    workflows.merge(Names(portal), [row], observed_at=now)
    settling.join()
    workflow.refresh_from_db()
    assert (workflow.is_running, workflow.end_cause) == (False, EndCause.TERMINATED)
