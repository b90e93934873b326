"""Naming: the ring for the job that learns names of documents.

A name is told by workflow tasks alone. Those of open tasks come with the passes; the others are
asked for slowly, of what people look at first, and once until their workflow changes.
"""

from collections import defaultdict
from collections.abc import Iterable

from bizproc_admin import doorbell
from bizproc_admin.models import Workflow

# a ring that nobody has taken by then is dropped: the next pass rings again
RUNG_FOR = 30.0
# of those on a screen, as many as are asked for at once
MOST_SEEN = 100


def ask(portal_pk: int) -> None:
    """Ring for some names to be learnt, where any are to be."""
    if Workflow.objects.filter(portal=portal_pk).wanting_names().exists():
        doorbell.ring("learn_names", portal_pk, expires=RUNG_FOR)


def look(workflows: Iterable[Workflow]) -> None:
    """Tell that somebody looks at workflows: names that are to be asked for come sooner."""
    seen: dict[int, list[int]] = defaultdict(list)
    for one in workflows:
        if one.wants_name:
            seen[one.portal_id].append(one.pk)
    for portal_pk, keys in seen.items():
        doorbell.ring("learn_names", portal_pk, *keys[:MOST_SEEN], expires=RUNG_FOR)
