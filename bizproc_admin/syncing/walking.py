"""The pass over a portal that is reached through the gateway: its list moves while it is read."""

from datetime import datetime

from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.bitrix.gateway import Walks
from bizproc_admin.models import Portal, Workflow
from bizproc_admin.syncing import workflows


class NeverRests(bitrix.BitrixError):
    """The list changed so fast that three walks in a row met something new."""

    code = "list_never_rests"


def front_of(rows: tuple[bitrix.WorkflowRow, ...]) -> datetime | None:
    """Return when what stood first on a pass's first page was changed: nothing was later then."""
    return max((row.modified for row in rows), default=None)


def count_new(
    portal: Portal,
    rows: tuple[bitrix.WorkflowRow, ...],
    *,
    since: datetime,
    front: datetime | None,
) -> int:
    """Count the rows that nothing has shown since a moment, and that ran when the pass began.

    One that has started since only pushes others to where they are still to be read: meeting it
    says nothing of what a walk may have missed.
    """
    ids = [row.id for row in rows if not (front and row.started and row.started > front)]
    seen = Workflow.objects.filter(portal=portal, remote_id__in=ids, observed_at__gte=since)
    return len(ids) - seen.count()


def end_missing(portal: Portal, walks: Walks, *, before: datetime | None) -> int:
    """End what two complete passes that began one after the other did not show; give how many.

    before is when the pass before this one began, None without one. Raises NeverRests where this
    one saw too little to tell.
    """
    if not walks.is_complete:
        raise NeverRests("", method="gateway.workflows")
    if before is None:
        return 0
    return workflows.end(portal, workflows.unseen_since(portal, before), observed_at=timezone.now())
