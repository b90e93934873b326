"""The feed of workflow tasks: one row per task and person into tasks and assignments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import QuerySet

from bizproc_admin import bitrix
from bizproc_admin.models import (
    Assignment,
    Document,
    EndCause,
    Portal,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.syncing import workflows
from bizproc_admin.syncing.merging import Merged, portions
from bizproc_admin.syncing.names import Names
from bizproc_admin.syncing.summaries import fill, summarise, words_of

Rows = Sequence[bitrix.TaskRow]
FACTS = (
    "name",
    "description",
    "activity",
    "activity_name",
    "parameters",
    "modified_at",
    "overdue_at",
    "status",
    "state_text",
    "is_open",
    "gone_at",
    "observed_at",
    "waiting_since",
)
# what waits for a transaction of more waits for longer than a tenth of a second
AT_ONCE = 50


def merge(names: Names, reader: bitrix.Reader, rows: Rows, *, observed_at: datetime) -> Merged:
    """Merge the complete rows of whole workflow tasks; their sets of assignments are replaced.

    The caller makes sure that no task is torn: all its rows were read together.
    """
    merged = Merged(read=len(rows))
    ordered = sorted(rows, key=lambda row: row.id)
    tasks = [list(group) for _, group in groupby(ordered, key=lambda row: row.id)]
    for part in portions(tasks, AT_ONCE):
        adopt_workflows(names, reader, [task[0] for task in part])
        with transaction.atomic():
            merged += merge_part(names, part, observed_at=observed_at)
    return merged


def merge_part(names: Names, tasks: Sequence[Rows], *, observed_at: datetime) -> Merged:
    heads = {rows[0].id: rows[0] for rows in tasks}
    names.find_people(row.user_id for rows in tasks for row in rows)
    # locked first and in order, so that a pass over workflows at the same time only waits
    found = workflows_of(names.portal, heads.values(), lock=True)
    learn_documents(names, heads.values())
    known = {
        task.remote_id: task
        for task in WorkflowTask.objects.filter(portal=names.portal, remote_id__in=heads)
    }
    created: list[WorkflowTask] = []
    changed: list[WorkflowTask] = []
    unchanged: list[WorkflowTask] = []
    for remote_id, row in heads.items():
        task = known.get(remote_id)
        if task is not None and task.observed_at >= observed_at:
            continue
        if row.workflow_id not in found:
            continue
        is_new = task is None
        task = task or WorkflowTask(portal=names.portal, remote_id=remote_id)
        was = facts_of(task)
        task.workflow = found[row.workflow_id]
        set_facts(task, row, observed_at=observed_at)
        group = created if is_new else unchanged if was == facts_of(task) else changed
        group.append(task)
    WorkflowTask.objects.bulk_create(created, ignore_conflicts=True)
    WorkflowTask.objects.bulk_update(changed, FACTS, batch_size=100)
    WorkflowTask.objects.filter(pk__in=[task.pk for task in unchanged]).update(
        observed_at=observed_at
    )
    touched = {
        task.remote_id: task
        for task in WorkflowTask.objects.filter(
            portal=names.portal,
            remote_id__in=[task.remote_id for task in [*created, *changed, *unchanged]],
        )
    }
    replace_assignments(names, touched, tasks, observed_at=observed_at)
    summarise(task.workflow_id for task in touched.values())
    return Merged(created=len(created), changed=len(changed) + len(unchanged))


def facts_of(task: WorkflowTask) -> list[object]:
    """Return what is known of a task, but for when it was observed."""
    return [getattr(task, name) for name in FACTS if name != "observed_at"]


def set_facts(task: WorkflowTask, row: bitrix.TaskRow, *, observed_at: datetime) -> None:
    task.name = row.name
    task.description = row.description
    task.activity = row.activity[:128]
    task.activity_name = row.activity_name[:128]
    task.parameters = dict(row.parameters)
    task.modified_at = row.modified
    task.overdue_at = row.overdue
    task.status = row.status
    task.state_text = row.workflow_state[:500]
    task.is_open = row.status == WorkflowTask.Status.RUNNING
    task.gone_at = None
    task.observed_at = observed_at
    task.waiting_since = min(task.waiting_since or row.modified, row.modified)
    task.search_text = task.search_text or words_of(task)


def replace_assignments(
    names: Names,
    touched: dict[int, WorkflowTask],
    tasks: Sequence[Rows],
    *,
    observed_at: datetime,
) -> None:
    """Make each task's assignments what was read; those no longer listed stay, marked gone."""
    # a long task read page by page may name a person twice; the later row counts
    listed = {
        (row.id, row.user_id): Assignment(
            task=touched[row.id], person=names.people[row.user_id], status=row.user_status
        )
        for rows in tasks
        for row in rows
        if row.id in touched
    }
    Assignment.objects.bulk_create(
        listed.values(),
        update_conflicts=True,
        unique_fields=["task", "person"],
        update_fields=["status", "gone_at"],
        batch_size=200,
    )
    pairs = {(one.task_id, one.person_id) for one in listed.values()}
    left = [
        one.pk
        for one in Assignment.objects.filter(task__in=touched.values(), gone_at=None)
        if (one.task_id, one.person_id) not in pairs
    ]
    Assignment.objects.filter(pk__in=left).update(gone_at=observed_at)


def learn_documents(names: Names, rows: Iterable[bitrix.TaskRow]) -> None:
    """Keep the names and paths of documents, which only workflow tasks tell."""
    heads = [row for row in rows if row.document_name or row.document_url]
    documents = names.documents((row.module, row.entity, row.document_id) for row in heads)
    renamed = {}
    for row in heads:
        document = documents[row.module, row.entity, row.document_id]
        told = (row.document_name or document.name, row.document_url or document.path)
        if told != (document.name, document.path):
            document.name, document.path = told
            renamed[document.pk] = document
    if renamed:
        Document.objects.bulk_update(renamed.values(), ["name", "path"], batch_size=100)
        summarise(Workflow.objects.filter(document__in=renamed).values_list("pk", flat=True))


def adopt_workflows(names: Names, reader: bitrix.Reader, rows: Iterable[bitrix.TaskRow]) -> None:
    """Make sure that the workflows of tasks are in the mirror: read them, or keep what tasks tell.

    A workflow the portal no longer lists has ended; its row is made from the task.
    """
    heads = {row.workflow_id: row for row in rows}
    missing = heads.keys() - workflows_of(names.portal, heads.values()).keys()
    if not missing:
        return
    chunk = reader.workflows.by_ids(sorted(missing))
    workflows.merge(names, chunk.rows, observed_at=chunk.sent_at, asked_by_id=True)
    for workflow_id in chunk.absent(missing):
        adopt_ended(names, heads[workflow_id], observed_at=chunk.sent_at)


def adopt_ended(names: Names, row: bitrix.TaskRow, *, observed_at: datetime) -> None:
    triple = (row.module, row.entity, row.document_id)
    names.find_templates([row.template_id or 0])
    names.find_people([row.workflow_started_by] if row.workflow_started_by else [])
    workflow = Workflow(
        portal=names.portal,
        remote_id=row.workflow_id,
        template=names.templates[row.template_id or 0],
        document=names.documents([triple])[triple],
        started_at=row.workflow_started or row.modified,
        started_by=(names.people[row.workflow_started_by] if row.workflow_started_by else None),
        modified_at=row.modified,
        is_running=False,
        ended_after=row.workflow_started or row.modified,
        ended_before=observed_at,
        end_cause=EndCause.UNKNOWN,
        observed_at=observed_at,
    )
    fill(workflow)
    Workflow.objects.bulk_create([workflow], ignore_conflicts=True)


def unseen_since(portal: Portal, moment: datetime) -> list[int]:
    """Return the ids of open workflow tasks that no read since the moment has shown."""
    rows = WorkflowTask.objects.filter(portal=portal, is_open=True, observed_at__lt=moment)
    return list(rows.order_by("pk").values_list("remote_id", flat=True))


def ask_by_id(names: Names, reader: bitrix.Reader, ids: Iterable[int]) -> Merged:
    """Ask for workflow tasks by their ids: those proven to be absent are gone from the portal."""
    wanted = sorted(set(ids))
    merged = Merged()
    for part in portions(wanted, 1000):
        chunk = reader.workflow_tasks.by_ids(part)
        merged += merge(names, reader, whole(chunk), observed_at=chunk.sent_at)
        merged.odd += chunk.odd
        absent = chunk.absent(part)
        merged.ended += forget(
            WorkflowTask.objects.filter(portal=names.portal, remote_id__in=absent),
            observed_at=chunk.sent_at,
        )
    return merged


def whole(chunk: bitrix.Chunk[bitrix.TaskRow]) -> list[bitrix.TaskRow]:
    """Return the rows of the tasks that were read whole: none at a page's edge, none set aside."""
    torn = chunk.edge_task_ids | chunk.doubtful
    return [row for row in chunk.rows if row.id not in torn]


def forget(tasks: QuerySet[WorkflowTask], *, observed_at: datetime) -> int:
    """Mark open tasks that the portal does not list any more; they stay readable."""
    gone = tasks.filter(is_open=True, observed_at__lt=observed_at)
    pairs = list(gone.values_list("pk", "workflow_id"))
    WorkflowTask.objects.filter(pk__in=[pk for pk, _ in pairs]).update(
        is_open=False, gone_at=observed_at
    )
    summarise(workflow for _, workflow in pairs)
    return len(pairs)


def workflows_of(
    portal: Portal, rows: Iterable[bitrix.TaskRow], *, lock: bool = False
) -> dict[str, Workflow]:
    ids = {row.workflow_id for row in rows}
    found = Workflow.objects.filter(portal=portal, remote_id__in=ids).order_by("pk")
    if lock:
        found = found.select_for_update()
    return {workflow.remote_id: workflow for workflow in found}
