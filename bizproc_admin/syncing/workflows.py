"""The feed of workflows: rows into the mirror, and disappearances."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from bizproc_admin import bitrix
from bizproc_admin.models import (
    ApplicationStep,
    Command,
    CommandState,
    EndCause,
    Portal,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.syncing.merging import Merged, portions
from bizproc_admin.syncing.names import Names
from bizproc_admin.syncing.summaries import fill, summarise

FACTS = ("started_at", "modified_at", "owned_until")
WRITTEN = (
    *FACTS, "is_running", "ended_after", "ended_before", "end_cause", "observed_at", "wants_name",
)  # fmt: skip
CREATED_AT_ONCE = 200


def merge(
    names: Names,
    rows: Sequence[bitrix.WorkflowRow],
    *,
    observed_at: datetime,
    asked_by_id: bool = False,
) -> Merged:
    """Merge rows observed at one moment; a newer observation is never overwritten.

    A row that the mirror holds as ended comes back to life only when it was asked for by id after
    it was found to have ended; otherwise its id is given back in `again`.
    """
    merged = Merged(read=len(rows))
    for part in portions(rows):
        here = Workflow.objects.filter(portal=names.portal, remote_id__in=[row.id for row in part])
        known = set(here.values_list("remote_id", flat=True))
        merged.created += create(
            names, [row for row in part if row.id not in known], observed_at=observed_at
        )
        if known:
            rows_known = [row for row in part if row.id in known]
            with transaction.atomic():
                merged += update(names, rows_known, observed_at=observed_at, by_id=asked_by_id)
    return merged


def update(
    names: Names, rows: Sequence[bitrix.WorkflowRow], *, observed_at: datetime, by_id: bool
) -> Merged:
    """Bring workflows up to date that the mirror holds; checked and written in one transaction.

    Their rows are locked: a command that is settled in between must not be overwritten.
    """
    known = {
        workflow.remote_id: workflow
        for workflow in Workflow.objects.select_for_update()
        .filter(portal=names.portal, remote_id__in=[row.id for row in rows])
        .order_by("pk")
        .only("remote_id", "is_running", "ended_before", "observed_at", "document_copy", *FACTS)
    }
    merged = Merged()
    changed, unchanged, other_names = [], [], []
    for row in rows:
        workflow = known.get(row.id)
        if workflow is None or workflow.observed_at >= observed_at:
            continue
        if not workflow.is_running and not (
            by_id and workflow.ended_before and workflow.ended_before < observed_at
        ):
            merged.again.add(row.id)
            continue
        facts = (row.started or workflow.started_at, row.modified, row.owned_until)
        if workflow.is_running and facts == tuple(getattr(workflow, name) for name in FACTS):
            unchanged.append(workflow.pk)
            continue
        if not workflow.is_running:
            other_names.append(workflow.pk)
        workflow.is_running = True
        workflow.ended_after = workflow.ended_before = None
        workflow.end_cause = ""
        workflow.observed_at = observed_at
        workflow.started_at, workflow.modified_at, workflow.owned_until = facts
        # another step may have a task, which tells the document's name
        workflow.wants_name = not workflow.document_copy
        changed.append(workflow)
    Workflow.objects.filter(pk__in=unchanged).update(observed_at=observed_at)
    Workflow.objects.bulk_update(changed, WRITTEN, batch_size=100)
    summarise(other_names)
    merged.changed = len(changed)
    return merged


def create(names: Names, rows: Sequence[bitrix.WorkflowRow], *, observed_at: datetime) -> int:
    """Add workflows nobody has seen before; give how many.

    Everything is made ready before the one statement that writes them, and that writes few at a
    time: a row has many indexes, and a click waits as long as the statement lasts.
    """
    names.find_people(row.started_by for row in rows if row.started_by)
    names.find_templates(row.template_id or 0 for row in rows)
    documents = names.documents((row.module, row.entity, row.document_id) for row in rows)
    workflows = []
    for row in rows:
        workflow = Workflow(
            portal=names.portal,
            remote_id=row.id,
            template=names.templates[row.template_id or 0],
            document=documents[row.module, row.entity, row.document_id],
            started_at=row.started or row.modified,
            started_by=names.people[row.started_by] if row.started_by else None,
            modified_at=row.modified,
            owned_until=row.owned_until,
            observed_at=observed_at,
        )
        fill(workflow)
        workflows.append(workflow)
    for part in portions(workflows, CREATED_AT_ONCE):
        Workflow.objects.bulk_create(part, ignore_conflicts=True)
    ApplicationStep.objects.link(names.portal, [row.id for row in rows])
    return len(workflows)


def unseen_since(portal: Portal, moment: datetime) -> list[str]:
    """Return the ids of running workflows that no read since the moment has shown."""
    rows = Workflow.objects.filter(portal=portal, is_running=True, observed_at__lt=moment)
    return list(rows.order_by("pk").values_list("remote_id", flat=True))


def ask_by_id(names: Names, reader: bitrix.Reader, ids: Iterable[str]) -> Merged:
    """Ask for workflows by their ids: those that are proven to be absent have ended."""
    wanted = sorted(set(ids))
    if not wanted:
        return Merged()
    chunk = reader.workflows.by_ids(wanted)
    merged = merge(names, chunk.rows, observed_at=chunk.sent_at, asked_by_id=True)
    merged.odd += chunk.odd
    merged.ended += end(names.portal, chunk.absent(wanted), observed_at=chunk.sent_at)
    return merged


def end(portal: Portal, ids: Iterable[str], *, observed_at: datetime) -> int:
    """Mark workflows as ended between when they were last seen and this observation."""
    count = 0
    for part in portions(sorted(ids)):
        with transaction.atomic():
            gone = Workflow.objects.filter(
                portal=portal, remote_id__in=part, is_running=True, observed_at__lt=observed_at
            )
            pks = list(gone.values_list("pk", flat=True))
            count += gone.update(
                is_running=False,
                ended_after=F("observed_at"),
                ended_before=observed_at,
                end_cause=EndCause.UNKNOWN,
            )
            WorkflowTask.objects.filter(workflow__in=pks, is_open=True).update(
                is_open=False, gone_at=observed_at
            )
            # what was to end them and waits for a day perhaps can be settled now
            waiting = Command.objects.filter(workflow__in=pks, state=CommandState.ACCEPTED)
            waiting.filter(next_check_at__gt=observed_at).update(next_check_at=observed_at)
    return count
