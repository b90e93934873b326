"""The feed of workflow templates."""

from bizproc_admin import bitrix
from bizproc_admin.models import Workflow, WorkflowTemplate
from bizproc_admin.models.documents import kind_of
from bizproc_admin.syncing.merging import Merged
from bizproc_admin.syncing.names import Names
from bizproc_admin.syncing.summaries import summarise


def merge(names: Names, listed: bitrix.Chunk[bitrix.TemplateRow]) -> Merged:
    """Merge a list of templates; one that is proven to be absent from it is marked gone."""
    rows, observed_at = listed.rows, listed.sent_at
    names.find_people(row.user_id for row in rows if row.user_id)
    merged = Merged(read=len(rows))
    for row in rows:
        before = WorkflowTemplate.objects.filter(portal=names.portal, remote_id=row.id).first()
        template, is_new = WorkflowTemplate.objects.update_or_create(
            portal=names.portal,
            remote_id=row.id,
            defaults={
                "name": row.name[:500],
                "description": row.description,
                "module": row.module[:50],
                "entity": row.entity[:255],
                "document_type": row.document_type[:255],
                "kind": kind_of(row.entity),
                "auto_execute": row.auto_execute,
                "parameters": dict(row.parameters),
                "system_code": row.system_code[:255],
                "changed_by": names.people[row.user_id] if row.user_id else None,
                "modified_at": row.modified,
                "is_hidden": False,
                "observed_at": observed_at,
                "gone_at": None,
            },
        )
        merged.created += is_new
        if before is not None and before.name != template.name:
            merged.changed += 1
            summarise(Workflow.objects.filter(template=template).values_list("pk", flat=True))
    shown = WorkflowTemplate.objects.filter(portal=names.portal, is_hidden=False, gone_at=None)
    gone = listed.absent(shown.values_list("remote_id", flat=True))
    merged.ended = shown.filter(remote_id__in=gone).update(gone_at=observed_at)
    return merged
