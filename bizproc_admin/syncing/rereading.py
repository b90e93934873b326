"""Reading again what people look at: workflows and their tasks, many in one request."""

import logging
from collections.abc import Collection, Iterable

from bizproc_admin import bitrix
from bizproc_admin.models import Portal, Workflow, WorkflowTask
from bizproc_admin.portals import clients, screens
from bizproc_admin.syncing import application_steps, workflow_tasks, workflows
from bizproc_admin.syncing.names import Names
from bizproc_admin.syncing.summaries import summarise

log = logging.getLogger(__name__)


def read_screens(portal_pk: int) -> None:
    """Read all that is open on a screen of one portal, unless somebody is at it."""
    wanted = screens.begin(portal_pk)
    if wanted is None:
        return
    try:
        if wanted:
            read_again(Portal.objects.get(pk=portal_pk), wanted)
    finally:
        screens.end(portal_pk, wanted)


def read_again(portal: Portal, pks: Iterable[int]) -> None:
    """Read just these workflows and their tasks; a portal that cannot be asked changes nothing.

    The pages keep showing what is known, with its age.
    """
    here = dict(
        Workflow.objects.filter(portal=portal, pk__in=list(pks)).values_list("remote_id", "pk")
    )
    read_whole(portal, here, purpose=bitrix.Purpose.SCREEN)
    summarise(here.values())
    application_steps.settle_of(portal, here.values())


def read_called(portal: Portal, remote_ids: list[str]) -> None:
    """Read workflows by their ids on the portal, known here or not, behind whatever people do."""
    read_whole(portal, remote_ids, purpose=bitrix.Purpose.BULK)
    here = Workflow.objects.filter(portal=portal, remote_id__in=remote_ids)
    keys = list(here.values_list("pk", flat=True))
    summarise(keys)
    application_steps.settle_of(portal, keys)


def read_whole(portal: Portal, here: Collection[str], *, purpose: bitrix.Purpose) -> set[str]:
    """Read workflows and their tasks into the mirror; give those whose tasks were all told."""
    names = Names(portal)
    told: set[str] = set()
    try:
        reader = clients.reader(portal, purpose=purpose)
        for whole in reader.whole_workflows.read(here):
            read = [one for one in whole.asked if one not in whole.unread]
            take(names, reader, whole, read)
            told.update(read if is_told(whole.tasks) else ())
            for remote_id in sorted(whole.unread):
                listed = bitrix.Chunk.joined(reader.workflow_tasks.of_workflow(remote_id))
                take_tasks(names, reader, listed, [remote_id])
                told.update([remote_id] if is_told(listed) else ())
    except bitrix.BitrixError as error:
        log.info("reading_postponed portal=%s %s", portal.pk, error.for_logs)
    return told


def is_told(listed: bitrix.Chunk[bitrix.TaskRow]) -> bool:
    """Tell whether all tasks that were asked for are in an answer: what is not, there is not."""
    return listed.complete and listed.proven and not listed.is_blind


def take(names: Names, reader: bitrix.Reader, whole: bitrix.Whole, remote_ids: list[str]) -> None:
    """Merge one look: what it proves to be absent has ended."""
    found = whole.workflows
    workflows.merge(names, found.rows, observed_at=found.sent_at, asked_by_id=True)
    absent = found.absent([*remote_ids, *whole.unread])
    workflows.end(names.portal, absent, observed_at=found.sent_at)
    take_tasks(names, reader, whole.tasks, remote_ids)


def take_tasks(
    names: Names,
    reader: bitrix.Reader,
    listed: bitrix.Chunk[bitrix.TaskRow],
    remote_ids: list[str],
) -> None:
    """Merge the tasks of whole workflows; open ones that are proven to be absent are gone."""
    if listed.is_blind:
        return
    rows = [row for row in listed.rows if row.id not in listed.doubtful]
    workflow_tasks.merge(names, reader, rows, observed_at=listed.sent_at)
    known = WorkflowTask.objects.filter(
        portal=names.portal, workflow__remote_id__in=remote_ids, is_open=True
    )
    gone = listed.absent(known.values_list("remote_id", flat=True))
    workflow_tasks.forget(known.filter(remote_id__in=gone), observed_at=listed.sent_at)
