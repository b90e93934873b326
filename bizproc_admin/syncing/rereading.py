"""Reading one workflow and its workflow tasks again, because somebody looks at it."""

from bizproc_admin import bitrix, connecting
from bizproc_admin.models import Workflow, WorkflowTask
from bizproc_admin.syncing import workflow_tasks, workflows
from bizproc_admin.syncing.names import Names
from bizproc_admin.syncing.summaries import summarise


def reread_workflow(pk: int) -> None:
    """Read just one workflow and its tasks again; a portal that cannot be asked changes nothing."""
    workflow = Workflow.objects.select_related("portal").get(pk=pk)
    names = Names(workflow.portal)
    reader = connecting.reader(workflow.portal, interactive=True)
    try:
        workflows.ask_by_id(names, reader, [workflow.remote_id])
        listed = bitrix.Chunk.joined(reader.workflow_tasks.of_workflow(workflow.remote_id))
    except bitrix.BitrixError:
        return  # the page keeps showing what is known, with its age
    rows = [row for row in listed.rows if row.id not in listed.doubtful]
    if not listed.is_blind:
        workflow_tasks.merge(names, reader, rows, observed_at=listed.sent_at)
    known = WorkflowTask.objects.filter(workflow=workflow)
    gone = listed.absent(known.values_list("remote_id", flat=True))
    workflow_tasks.forget(known.filter(remote_id__in=gone), observed_at=listed.sent_at)
    summarise([pk])
