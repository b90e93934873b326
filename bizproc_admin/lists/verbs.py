"""What may be done to many rows of a list at once, and the list that is frozen for it."""

from abc import ABC, abstractmethod
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bizproc_admin import commands
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import Action, Item, NotPossible
from bizproc_admin.audit import By
from bizproc_admin.forms.confirmations import ConfirmationForm
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Account, BulkOperation, Portal, WorkflowTemplate

# rows that are read at once
AT_ONCE = 5_000
# of each kind of fact so many values are kept, the most frequent ones
MOST_VALUES = 6
SAMPLES = 10
# requests of a target that is looked at, written to and looked at alone; of a batch with its looks
ONE_BY_ONE, IN_BATCHES = 4.0, 1.3
USUAL_BATCH = 25
MOST_ASIDE = 50
AGES = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "quarter": timedelta(days=90),
    "year": timedelta(days=365),
}
NOTHING = _("No row is chosen that this can be done to, and that you see.")
# keys of which more than one in so many are wanted are read as a range
DENSE = 4


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who chooses, at which portal, by which filters, and when on the portal's clock."""

    account: Account
    portal: Portal
    filters: FilterForm[Any]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Some targets, and what they count as: of each kind of fact one value a target.

    aside are the keys of rows that need somebody's input first: they are none of the list.
    """

    items: list[Item]
    facts: Mapping[str, Sequence[object]]
    aside: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One target of a frozen list, as it is shown beforehand."""

    text: str
    note: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """How many targets would be left out, and why: a code and values of the reason."""

    code: str
    count: int
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Verb(ABC):
    """Something that is done to many rows of a list, with what all of them are.

    action is what each of them is acted on with; label is its button's, icon and tone are those of
    the button that confirms it; nothing says why a list is empty. noun names the list
    whose rows they are. kinds are the facts that a list is broken down by, in the order they are
    shown. rivals names the actions that are in each other's way.
    """

    action: type[Action]
    label: str | Promise
    icon: str
    tone: str = "primary"
    is_last_resort: bool = False
    nothing: str | Promise = NOTHING

    noun: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    rivals: ClassVar[tuple[str, ...]]

    @property
    def per_item(self) -> float:
        """Return how many requests to the portal one target costs: few where many go in one."""
        most = self.action.most_at_once
        return ONE_BY_ONE if most == 1 else IN_BATCHES / min(most, USUAL_BATCH)

    @property
    def name(self) -> str:
        return self.action.name

    @abstractmethod
    def read(self, keys: Sequence[int], asker: Asker) -> Portion:
        """Read what is to be frozen of some rows, by ascending keys and in their order."""

    def refuses(self, rows: QuerySet[Any]) -> str:
        """Return why rows cannot be chosen together, an empty text where they can."""
        return ""

    @abstractmethod
    def names(self, kind: str, keys: Sequence[Any]) -> Mapping[Any, str]:
        """Return the names of values of a kind of fact, by key."""

    @abstractmethod
    def samples(self, keys: Sequence[int]) -> list[Sample]:
        """Return some targets as they are shown beforehand."""

    def sampled(self, items: Sequence[Sequence[Any]]) -> list[Sample]:
        """Return some targets of a frozen list as they are shown beforehand, a row once."""
        return self.samples(list(dict.fromkeys(pk for pk, _seen, _own in items)))

    @abstractmethod
    def foresee(self, operation: BulkOperation, items: Sequence[Sequence[Any]]) -> list[Foreseen]:
        """Return which of a part of a frozen list would be left out, as the mirror knows it now."""

    def probing(self, own: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return inputs to try with whose hands a target with its own inputs would be acted on."""
        return {}

    def obstacle(self, operation: BulkOperation) -> NotPossible | None:
        """Return why the actor's hands will not do, None where they will."""
        part = operation.parts.order_by("place").first()
        if part is None:
            return None
        pk, _modified, own = part.items[0]
        (action,) = self.action.of_items(
            operation.portal, [Item(pk=pk, own=own)], inputs=self.probing(own), reason=""
        )
        try:
            action.acts_as(operation.actor)
        except NotPossible as why:
            return why
        return None

    @abstractmethod
    def form(self, data: Any, operation: BulkOperation) -> ConfirmationForm:
        """Return the form that confirms an operation."""


class Facts:
    """What a list is made of, counted on its way into the freezer."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[object]] = {}
        self.aside: list[int] = []

    def counting(self, portions: Iterable[Portion]) -> Iterator[Item]:
        for portion in portions:
            for kind, values in portion.facts.items():
                self.counts.setdefault(kind, Counter()).update(values)
            self.aside += portion.aside
            yield from portion.items

    def written(self) -> dict[str, Any]:
        """Return the facts JSON-ready: {kind: {"top": [[value, count]], "more", "rest"}}.

        more is how many further values there are, rest how many targets have one of those.
        """
        written: dict[str, Any] = {}
        for kind, counter in self.counts.items():
            top = counter.most_common(MOST_VALUES)
            written[kind] = {
                "top": [[value, count] for value, count in top],
                "more": len(counter) - len(top),
                "rest": counter.total() - sum(count for _value, count in top),
            }
        return written


def freeze(
    verb: Verb,
    rows: QuerySet[Any],
    *,
    asker: Asker,
    by: By,
    key: UUID,
    source: Mapping[str, Any],
) -> BulkOperation | None:
    """Freeze the list of rows for a verb, as a draft; None where there is nothing to act on.

    The keys are read first and at once, so that no reading is open while parts of the list are
    committed: on SQLite that would be refused once somebody else has written.
    """
    keys = array("q", rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=AT_ONCE))
    facts = Facts()
    portions = (
        verb.read(keys[start : start + AT_ONCE].tolist(), asker)
        for start in range(0, len(keys), AT_ONCE)
    )
    operation = commands.freeze(
        verb.action,
        portal=asker.portal,
        items=facts.counting(portions),
        by=by,
        key=key,
        source=source,
    )
    if operation.total == 0:
        operation.delete()
        return None
    if facts.counts:
        aside = {"count": len(facts.aside), "keys": facts.aside[:MOST_ASIDE]}
        operation.facts = {"kinds": facts.written(), "aside": aside}
        operation.save(update_fields=["facts"])
    return operation


def keyed(keys: Sequence[int], column: str = "pk") -> Q:
    """Return the condition for rows by ascending keys; others between them may come along.

    A range costs nothing to ask for, a thousand keys cost more than reading their rows.
    """
    if keys[-1] - keys[0] < DENSE * len(keys):
        return Q(**{f"{column}__range": (keys[0], keys[-1])})
    return Q(**{f"{column}__in": keys})


def template_names(keys: Sequence[Any]) -> dict[Any, str]:
    return {row.pk: str(row) for row in WorkflowTemplate.objects.filter(pk__in=keys)}


def age_of(column: str, now: datetime) -> Case:
    """Return the expression for which of AGES a column's moment is of, "older" beyond the last."""
    spans = (When(**{f"{column}__gt": now - span}, then=Value(key)) for key, span in AGES.items())
    return Case(*spans, default=Value("older"))


def moment_of(text: str) -> datetime:
    """Return the moment that a database writes as a text: without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def allowed(verbs: Iterable[Verb], account: Account) -> list[Verb]:
    """Return those of the verbs that an account may do, on whatever it sees."""
    return [verb for verb in verbs if may(account, verb.action.capability)]
