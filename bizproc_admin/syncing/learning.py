"""Learning the names of documents, which only workflow tasks tell, from tasks of any status."""

from collections.abc import Sequence

from bizproc_admin import bitrix
from bizproc_admin.models import Portal, Workflow
from bizproc_admin.syncing.rereading import read_whole
from bizproc_admin.syncing.summaries import summarise

# in a request; the next ones are asked for after the next pass
AT_ONCE = 100


def learn_names(portal_pk: int, seen: Sequence[int] = ()) -> None:
    """Read workflows whose documents have no name yet, with their tasks: those seen, or the newest.

    Those that have no task are asked for again only once they have changed; those of which the
    portal does not tell all stay due.
    """
    portal = Portal.objects.get(pk=portal_pk)
    if portal.is_by_gateway or not portal.is_connected:
        return
    due = Workflow.objects.filter(portal=portal).wanting_names()
    if seen:
        due = due.filter(pk__in=seen)
    wanted = dict(due.order_by("-pk").values_list("remote_id", "pk")[:AT_ONCE])
    if not wanted:
        return
    told = read_whole(portal, wanted, purpose=bitrix.Purpose.LEARNING)
    keys = [wanted[remote_id] for remote_id in told]
    summarise(keys)
    Workflow.objects.filter(pk__in=keys).update(wants_name=False)
