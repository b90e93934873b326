"""Reading one workflow and its workflow tasks again, because somebody looks at it."""

from django.utils import timezone

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
        chunks = list(reader.workflow_tasks.of_workflow(workflow.remote_id))
    except bitrix.BitrixError:
        return  # the page keeps showing what is known, with its age
    rows = [row for chunk in chunks for row in chunk.rows]
    sent_at = min((chunk.sent_at for chunk in chunks), default=timezone.now())
    workflow_tasks.merge(names, reader, rows, observed_at=sent_at)
    listed = {row.id for row in rows}
    workflow_tasks.forget(
        WorkflowTask.objects.filter(workflow=workflow).exclude(remote_id__in=listed),
        observed_at=sent_at,
    )
    summarise([pk])
