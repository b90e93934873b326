"""What a frozen list shows before it is confirmed: what it is made of, and what is foreseen."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from bizproc_admin.actions import KillWorkflow
from bizproc_admin.commands.freezing import A_PART
from bizproc_admin.lists.verbs import SAMPLES, Sample, Verb
from bizproc_admin.models import BulkOperation, BulkState, Person
from bizproc_admin.portals import pacing
from bizproc_admin.wording import choosing, operations
from bizproc_admin.wording.command_errors import said

# their lists are not commands yet, so that none of those is in anybody's way
UNPREPARED = (BulkState.AWAITING, BulkState.PREPARING)


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """How a list divides by one kind of fact: values with counts, and how many more there are."""

    label: str
    values: list[tuple[str, int]]
    more: int
    rest: int


class FrozenList:
    """A draft as the asking page shows it; everything is as of now, its list as it was frozen."""

    def __init__(self, operation: BulkOperation, verb: Verb) -> None:
        self.operation = operation
        self.verb = verb
        self.portal = operation.portal

    @property
    def title(self) -> str:
        return operations.title_of(self.operation)

    @property
    def digest(self) -> str:
        return choosing.short_digest(self.operation.digest)

    @property
    def duration(self) -> str:
        """Return how long it takes, as the portal lets us work now."""
        requests = self.operation.total * self.verb.per_item
        return choosing.duration(requests / pacing.rate_of(self.portal))

    @property
    def is_to_be_approved(self) -> bool:
        """Return whether another administrator has to approve it, once it is asked for."""
        above = self.portal.approval_above
        is_kill = self.operation.action == KillWorkflow.name
        return is_kill and above is not None and self.operation.total > above

    @cached_property
    def breakdowns(self) -> list[Breakdown]:
        kinds = self.operation.facts.get("kinds", {})
        known = [self.breakdown(kind, kinds[kind]) for kind in self.verb.kinds if kind in kinds]
        return [*known, *self.receivers()]

    def receivers(self) -> list[Breakdown]:
        """Return who gets how many, where the list says of each target who gets it."""
        counts: Counter[int] = Counter()
        # what was chosen on a page all goes to one, who is asked for
        for items in () if self.operation.source.get("list") else self.items():
            counts.update(own["to"] for _pk, _seen, own in items if "to" in own)
        if not counts:
            return []
        people = Person.objects.filter(portal=self.portal, remote_id__in=counts)
        names = {person.remote_id: str(person) for person in people}
        values = [(names.get(number, str(number)), n) for number, n in counts.most_common()]
        return [Breakdown(label=_("To whom"), values=values, more=0, rest=0)]

    def items(self) -> Iterator[list[Any]]:
        """Yield the list part by part, so that it is never there as a whole."""
        parts = self.operation.parts.order_by("place").values_list("items", flat=True)
        return parts.iterator(chunk_size=1)

    def breakdown(self, kind: str, facts: dict[str, Any]) -> Breakdown:
        top = facts["top"]
        if kind in choosing.IN_ORDER:
            order = list(choosing.IN_ORDER[kind])
            top = sorted(top, key=lambda one: order.index(one[0]))
        names = self.verb.names(kind, [value for value, _count in top])
        return Breakdown(
            label=str(choosing.KINDS[kind]),
            values=[(names.get(value, str(value)), count) for value, count in top],
            more=facts["more"],
            rest=facts["rest"],
        )

    @cached_property
    def samples(self) -> list[Sample]:
        """Return targets from all over the list."""
        total = self.operation.total
        wanted: dict[int, list[int]] = {}
        for n in range(min(SAMPLES, total)):
            part, place = divmod(n * total // min(SAMPLES, total), A_PART)
            wanted.setdefault(part, []).append(place)
        parts = self.operation.parts.filter(place__in=wanted).order_by("place")
        return self.verb.sampled([part.items[n] for part in parts for n in wanted[part.place]])

    @property
    def aside(self) -> int:
        """Return how many rows that were chosen need somebody's input, and are not in the list."""
        count: int = self.operation.facts.get("aside", {}).get("count", 0)
        return count

    @cached_property
    def samples_aside(self) -> list[Sample]:
        """Return those rows, as far as they are kept."""
        return self.verb.samples(self.operation.facts.get("aside", {}).get("keys", []))

    @cached_property
    def problem(self) -> str:
        """Return why nothing of it can be done, an empty text where it can."""
        if not self.portal.is_connected:
            return _("The portal is not connected: nothing can be done from here.")
        obstacle = self.verb.obstacle(self.operation)
        return said(obstacle.code, obstacle.values) if obstacle else ""

    @cached_property
    def foreseen(self) -> list[str]:
        """Return what will be left out, and what others do with the same targets, in words."""
        counts: Counter[tuple[str, tuple[tuple[str, Any], ...]]] = Counter()
        beside = self.beside()
        shared: Counter[int] = Counter()
        for items in self.items():
            for one in self.verb.foresee(self.operation, items):
                counts[one.code, tuple(one.values.items())] += one.count
            for other, keys in beside.items():
                shared[other.pk] += sum(item[0] in keys for item in items)
        told = [
            choosing.foreseen(code, count, dict(values))
            for (code, values), count in counts.items()
            if count
        ]
        return told + [
            _("%(count)s are part of “%(title)s”, which %(by)s has asked for")
            % {
                "count": f"{shared[other.pk]:,}",
                "title": operations.title_of(other),
                "by": other.actor_name,
            }
            for other in beside
            if shared[other.pk]
        ]

    def beside(self) -> dict[BulkOperation, set[int]]:
        """Return the lists of others that are asked for and not commands yet, by operation."""
        others = (
            BulkOperation.objects.filter(
                portal=self.portal, action__in=self.verb.rivals, state__in=UNPREPARED
            )
            .select_related("portal")
            .exclude(pk=self.operation.pk)
        )
        return {
            other: {
                item[0]
                for items in other.parts.filter(place__gte=other.prepared).values_list(
                    "items", flat=True
                )
                for item in items
            }
            for other in others
        }
