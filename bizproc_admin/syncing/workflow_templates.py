"""The feed of workflow templates: which there are, and what those that changed are made of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from bizproc_admin import bitrix, doorbell
from bizproc_admin.diagrams.mentions import Mention, Where, mentions
from bizproc_admin.diagrams.reading import Unreadable, definitions, read
from bizproc_admin.models import (
    Feed,
    FeedName,
    Portal,
    TemplateVersion,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.models.documents import kind_of
from bizproc_admin.models.searching import searchable
from bizproc_admin.models.template_mentions import index
from bizproc_admin.models.template_versions import Structure, keep_structure
from bizproc_admin.syncing.merging import Merged
from bizproc_admin.syncing.names import Names
from bizproc_admin.syncing.summaries import summarise

# what was changed so shortly before it was read may have been changed again, unseen
BLURRED = timedelta(seconds=2)
# so many structures are asked for in one request
AT_ONCE = 25


def merge(names: Names, listed: bitrix.Chunk[bitrix.TemplateRow]) -> Merged:
    """Merge a list of templates; one that is proven to be absent from it is marked gone."""
    rows, observed_at = listed.rows, listed.sent_at
    names.find_people(row.user_id for row in rows if row.user_id)
    merged = Merged(read=len(rows))
    known = {one.remote_id: one for one in WorkflowTemplate.objects.filter(portal=names.portal)}
    unchanged = []
    for row in rows:
        before, told = known.get(row.id), told_by(names, row)
        if before is not None and told == {name: getattr(before, name) for name in told}:
            unchanged.append(before.pk)
            continue
        is_edited = before is None or (before.modified_at, before.changed_by_id) != (
            told["modified_at"],
            told["changed_by_id"],
        )
        template, is_new = WorkflowTemplate.objects.update_or_create(
            portal=names.portal,
            remote_id=row.id,
            defaults={
                **told,
                "observed_at": observed_at,
                "is_structure_due": is_edited or (before is not None and before.is_structure_due),
            },
        )
        merged.created += is_new
        if before is not None and before.name != template.name:
            merged.changed += 1
            summarise(Workflow.objects.filter(template=template).values_list("pk", flat=True))
    WorkflowTemplate.objects.filter(pk__in=unchanged).update(observed_at=observed_at)
    shown = WorkflowTemplate.objects.filter(portal=names.portal, is_hidden=False, gone_at=None)
    gone = listed.absent(shown.values_list("remote_id", flat=True))
    merged.ended = shown.filter(remote_id__in=gone).update(gone_at=observed_at)
    see_again(names, moment=at_portal(names, observed_at))
    return merged


def told_by(names: Names, row: bitrix.TemplateRow) -> dict[str, object]:
    """Return the columns of a template that its row in the list tells."""
    return {
        "name": row.name[:500],
        "description": row.description,
        "module": row.module[:50],
        "entity": row.entity[:255],
        "document_type": row.document_type[:255],
        "kind": kind_of(row.entity),
        "auto_execute": row.auto_execute,
        "parameters": dict(row.parameters),
        "system_code": row.system_code[:255],
        "changed_by_id": names.people[row.user_id].pk if row.user_id else None,
        "modified_at": row.modified,
        "search_text": searchable(f"{row.name[:500]} {row.id}"),
        "is_hidden": False,
        "gone_at": None,
    }


def ask_again(portal: Portal) -> None:
    """Have the portal's templates listed again soon: one of them was written to."""
    feeds = Feed.objects.filter(portal=portal, name=FeedName.WORKFLOW_TEMPLATES)
    feeds.update(next_at=None)
    for pk in feeds.values_list("pk", flat=True):
        doorbell.ring("sync_feed", pk)


def see_again(names: Names, *, moment: datetime) -> None:
    """Note that what was not changed is still made of what was read before."""
    unchanged = WorkflowTemplate.objects.filter(
        portal=names.portal, is_hidden=False, gone_at=None, is_structure_due=False
    )
    latest = (
        TemplateVersion.objects.filter(template__in=unchanged)
        .values("template")
        .annotate(latest=Max("pk"))
    )
    keys = [row["latest"] for row in latest]
    TemplateVersion.objects.filter(pk__in=keys).update(last_seen_at=moment)


def expected(names: Names) -> int:
    """Return how many templates the next list should hold."""
    return WorkflowTemplate.objects.filter(
        portal=names.portal, is_hidden=False, gone_at=None
    ).count()


def due_structures(names: Names) -> Iterator[list[int]]:
    """Yield the portal's numbers of templates whose structures are to be read, a request's worth.

    What could not be read before is asked for once in each pass.
    """
    due = WorkflowTemplate.objects.filter(
        portal=names.portal, is_hidden=False, gone_at=None, is_structure_due=True
    )
    numbers = list(due.order_by("remote_id").values_list("remote_id", flat=True))
    for start in range(0, len(numbers), AT_ONCE):
        yield numbers[start : start + AT_ONCE]


def merge_structures(
    names: Names, reader: bitrix.Reader, numbers: list[int]
) -> bitrix.Chunk[bitrix.StructureRow]:
    """Read and keep the structures of some templates; what no answer can hold is kept as such."""
    read, too_long = reader.template_structures.by_ids(numbers)
    names.find_people(row.user_id for row in read.rows if row.user_id)
    templates = WorkflowTemplate.objects.filter(portal=names.portal, remote_id__in=numbers)
    by_number = {one.remote_id: one for one in templates}
    moment = at_portal(names, read.sent_at)
    for row in read.rows:
        template = by_number[row.id]
        template.modified_at = row.modified
        template.changed_by = names.people[row.user_id] if row.user_id else None
        structure = Structure(
            template=row.template,
            parameters=row.parameters,
            variables=row.variables,
            constants=row.constants,
        )
        keep(template, structure, moment=moment)
    for number in too_long:
        keep(by_number[number], None, moment=moment)
    return read


def keep(template: WorkflowTemplate, structure: Structure | None, *, moment: datetime) -> None:
    """Keep what a template was read to be made of at a moment of the portal's clock."""
    with transaction.atomic():
        _version, is_new = keep_structure(
            template,
            structure,
            modified_at=template.modified_at,
            changed_by=template.changed_by,
            seen_at=moment,
        )
        if is_new:
            index(template, named_in(structure))
        # moments of the portal are whole seconds: in this one it may be changed once more
        is_fresh = template.modified_at is not None and template.modified_at > moment - BLURRED
        template.is_structure_due = is_fresh
        template.save(update_fields=["modified_at", "changed_by", "is_structure_due"])


def named_in(structure: Structure | None) -> list[Mention]:
    """Return what a structure names; nothing of one that cannot be read."""
    if structure is None:
        return []
    try:
        root = read(structure.template)
    except Unreadable:
        return []
    defined = {
        Where.PARAMETER: definitions(structure.parameters),
        Where.VARIABLE: definitions(structure.variables),
        Where.CONSTANT: definitions(structure.constants),
    }
    return list(mentions(root, defined))


def at_portal(names: Names, moment: datetime) -> datetime:
    """Return a moment of our clock on the portal's."""
    return moment + timedelta(seconds=names.portal.clock_offset)
