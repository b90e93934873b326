"""Naming: which documents' names are to be learnt, and the ring for the job that learns some.

A name is told by workflow tasks alone. Those of open tasks come with the passes; the others are
asked for slowly, of what people look at first, and once until their workflow changes.
"""

from collections.abc import Iterable

from bizproc_admin import doorbell
from bizproc_admin.models import Workflow
from bizproc_admin.models.workflows import Wants

# a ring that nobody has taken by then is dropped: the next pass rings again
RUNG_FOR = 30.0


def ask(portal_pk: int) -> None:
    """Ring for some names to be learnt, where any are to be."""
    if Workflow.objects.filter(portal=portal_pk).wanting_names().exists():
        doorbell.ring("learn_names", portal_pk, expires=RUNG_FOR)


def look(workflows: Iterable[Workflow]) -> None:
    """Note that somebody looks at workflows: names that are to be asked for come sooner."""
    nameless = {one.pk: one.portal_id for one in workflows if one.wants_name == Wants.NAME}
    if not nameless:
        return
    waiting = Workflow.objects.filter(pk__in=nameless, wants_name=Wants.NAME)
    if waiting.update(wants_name=Wants.NAME_SOON):
        for portal_pk in set(nameless.values()):
            doorbell.ring("learn_names", portal_pk, expires=RUNG_FOR)
