"""The pass over a portal that is reached through the gateway: its list moves while it is read."""

from datetime import datetime

from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.bitrix.gateway import Walks
from bizproc_admin.models import Feed, Portal, SyncRun, Workflow
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


def end_missing(feed: Feed, run: SyncRun, walks: Walks) -> int:
    """End what two complete passes that began one after the other did not show; give how many.

    A row that was listed and could not be read was shown. Raises NeverRests where this pass saw too
    little to tell.
    """
    if not walks.is_complete:
        raise NeverRests("", method="gateway.workflows")
    # full_at is when the pass before this one began
    unread = unread_ids(feed, run)
    if feed.full_at is None or unread is None:
        return 0
    missing = set(workflows.unseen_since(feed.portal, feed.full_at)) - unread
    return workflows.end(feed.portal, missing, observed_at=timezone.now())


def unread_ids(*passes: Feed | SyncRun) -> set[str] | None:
    """Return whose rows some passes could not read; None where nobody knows whose all of them are.

    A feed stands for its last complete pass.
    """
    odd = [entry for one in passes for entry in one.odd]
    are_all_here = all(one.odd_count == len(one.odd) for one in passes)
    is_known = are_all_here and all(entry[1] and entry[2] != "ID" for entry in odd)
    return {entry[1] for entry in odd} if is_known else None
