"""What a kind of remote write is: who may, how to look, how to send."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self

from django.conf import settings
from django.utils.functional import Promise

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability
from bizproc_admin.models import Account, Command, Person, Portal, Role, Workflow, WorkflowTask

# what the portal's clock may be off from what we know of it
CLOCKS_APART = timedelta(seconds=5)


class NotPossible(Exception):
    """The action makes no sense on its target any more; code and values say why."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, kw_only=True)
class Target:
    """What an action acts on.

    labels are the portal's own names of it, JSON-ready, which stay readable for ever; where it has
    none there are the kind and number by which wording.acts says it.
    """

    kind: str
    id: str
    labels: dict[str, Any]
    workflow: Workflow | None = None
    task: WorkflowTask | None = None

    @property
    def label(self) -> str:
        """Return the names and the number by which it is searched for."""
        labels = self.labels
        first = labels.get("task") or labels.get("template") or labels.get("action")
        first = first or labels.get("portal")
        return " · ".join(filter(None, (first, labels.get("document") or labels.get("number"))))


class Verdict(StrEnum):
    """What one read of a target says of an action on it.

    UNTOUCHED: it is as it was, nothing has happened. DONE: it is as the action wants it. DELIVERED:
    the portal has taken it, and whether it had an effect is not to be seen. ENDED: it
    is gone or has moved on, and whether by us cannot be told. OVERTAKEN: somebody else did
    something else to it, so the action surely did not happen. EVIDENT: no answer came, but one
    thing is there that the action alone explains. UNCLEAR: what is there may be of the action or of
    somebody else, which a person must say.
    """

    UNTOUCHED = "untouched"
    DONE = "done"
    DELIVERED = "delivered"
    ENDED = "ended"
    OVERTAKEN = "overtaken"
    EVIDENT = "evident"
    UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True)
class SeenTemplate:
    """A workflow template as a reading showed it; structure is None where it could not be read."""

    row: bitrix.TemplateRow
    structure: bitrix.StructureRow | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A target as a reading of the portal showed it, not judged yet.

    workflow is None where it does not run; beside are those that run on a document. registered is
    what the application has registered, kinds by code. ahead is how
    many seconds the portal's clock was ahead of ours, where it told. error is set where this target
    could not be read whole, whatever there is to say of the others that were read with it.
    """

    asked_at: datetime
    workflow: bitrix.WorkflowRow | None = None
    beside: tuple[bitrix.WorkflowRow, ...] = ()
    tasks: tuple[bitrix.TaskRow, ...] = ()
    registered: Mapping[str, str] = field(default_factory=dict)
    templates: tuple[SeenTemplate, ...] = ()
    ahead: float | None = None
    error: bitrix.BitrixError | None = None

    def clear(self) -> Self:
        """Return this where the target was read whole, else raise why it was not."""
        if self.error is not None:
            self.error.is_of_target = True
            raise self.error
        return self


@dataclass(frozen=True, kw_only=True)
class Item:
    """One target of many in a list that was frozen: its key in the mirror, and as it was seen.

    seen is the MODIFIED that was shown, None where that does not count. own is what it alone is
    acted on with, JSON-ready.
    """

    pk: int
    seen: datetime | None = None
    own: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What a reading of its target means for an action.

    asked_at is when the read was sent (UTC). snapshot is JSON-ready and complete enough to be all
    that remains after the target is destroyed. code and values, JSON-ready, say what became of a
    target that is no longer untouched. evidence is what Command.evidence is to hold from now on.
    """

    verdict: Verdict
    asked_at: datetime
    modified: datetime | None = None
    snapshot: dict[str, Any] | None = None
    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Action(ABC):
    """One kind of remote write with its inputs; subclasses are registered by name.

    reason is why the person asks for it: kept here, never sent. seen_modified is the target's
    MODIFIED as the asking page showed it, None to act regardless.
    """

    reason: str
    seen_modified: datetime | None = None

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    capability: ClassVar[Capability]
    method: ClassVar[str]
    # whether the portal itself lets a person do it with their own part alone
    is_own_alone: ClassVar[bool] = False
    # whether its target is read as the application, by an administrator's token
    looks_as_application: ClassVar[bool] = False
    # whether its form can be corrected and sent again where the portal refused
    has_form: ClassVar[bool] = False
    # whether a target that is gone is what was asked for, once the portal has said true
    ends_target: ClassVar[bool] = False
    # whether the portal takes it once: sent again it does nothing, and says no more of the first
    is_one_time: ClassVar[bool] = False
    # how long after it was sent that nothing is seen of it means nothing, beyond SETTLE_TIME
    awaited_for: ClassVar[timedelta] = timedelta()
    # sends of one command: the first, and those after proof that nothing happened
    most_sends: ClassVar[int] = 3
    # how many of an operation go in one request at most; a lost answer leaves all of them unknown
    most_at_once: ClassVar[int] = 1

    @property
    @abstractmethod
    def portal(self) -> Portal:
        """Return the portal that is written to."""

    @property
    @abstractmethod
    def effect(self) -> str:
        """Return the class of what it does to its target: one open command each."""

    @property
    def is_repeatable(self) -> bool:
        """Return whether a reading can prove that nothing happened, so that it is sent again."""
        return True

    @property
    def takes_its_time(self) -> bool:
        """Return whether what was accepted may be done much later: it is waited for, unasked."""
        return False

    @property
    def on_behalf_of(self) -> str:
        """Return the name of whoever's part is done by somebody else, else an empty text."""
        return ""

    @property
    def contents(self) -> tuple[tuple[str, bytes], ...]:
        """Return the files that are kept with the command until it is settled: name and content."""
        return ()

    def permits(self, actor: Account) -> bool:
        """Tell whether the capability reaches this target for this actor, now."""
        return actor.reaches(self.portal)

    def may_use(self, actor: Account, person: Person | None) -> bool:
        """Tell whether the actor may still act with these hands, None for the portal's connection.

        Whose role is the portal's to give never acts with more than their own.
        """
        if person is None:
            return not actor.follows_portal
        return actor.person_at(self.portal) == person

    def loaded(self) -> Self:
        """Return the action with all it sends at hand; nothing is looked up once it is claimed.

        Raises UnreadableSecret when a file cannot be opened.
        """
        return self

    @abstractmethod
    def acts_as(self, actor: Account) -> Person | None:
        """Return the person whose token is used, None for the portal's connection.

        Raises NotPossible when neither will do.
        """

    @property
    @abstractmethod
    def target_id(self) -> str:
        """Return the target's id on the portal."""

    @abstractmethod
    def target(self) -> Target:
        """Return what is acted on."""

    @abstractmethod
    def inputs(self) -> dict[str, Any]:
        """Return what is needed to make the action again from its command, JSON-ready."""

    def labels(self) -> dict[str, Any]:
        """Return what the portal calls what is done, JSON-ready: kept with the command."""
        return {}

    @classmethod
    @abstractmethod
    def from_command(cls, command: Command) -> Self:
        """Make the action again from its command."""

    @classmethod
    def of_items(
        cls, portal: Portal, items: Sequence[Item], *, inputs: Mapping[str, Any], reason: str
    ) -> list[Self]:
        """Make the action on each of many targets, in their order, in a few queries.

        inputs are what all of them are acted on with. NotImplementedError where it acts on one
        target alone.
        """
        raise NotImplementedError(cls.name)

    @classmethod
    @abstractmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        """Return in whose way something stands, by their place, as the mirror knows it now."""

    def check(self) -> None:
        """Raise NotPossible when the mirror, as it is now, knows that nothing is left to do."""
        for obstacle in self.check_many([self]).values():
            raise obstacle

    @classmethod
    @abstractmethod
    def look_many(cls, reader: bitrix.Reader, targets: Sequence[str]) -> dict[str, Seen]:
        """Read targets, named by their ids on the portal, in as few requests as may be."""

    @abstractmethod
    def judge(self, seen: Seen) -> Observation:
        """Return what a reading of the target means for this action."""

    @property
    def looked_at(self) -> str:
        """Return the id of what look_many reads of it."""
        return self.target_id

    def look(self, reader: bitrix.Reader) -> Observation:
        """Read the target alone, and judge it."""
        target = self.looked_at
        return self.judge(self.look_many(reader, [target])[target].clear())

    @classmethod
    def method_of(cls, inputs: Mapping[str, Any]) -> str:
        """Return the portal's method that a command with these inputs calls."""
        return cls.method

    @abstractmethod
    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        """Make the one remote write."""

    def brought_forth(self, written: bitrix.Written) -> str:
        """Return the id on the portal of what the answer says has come of it, else nothing."""
        return ""

    def outcome(self, seen: Observation) -> dict[str, Any]:
        """Bring the mirror to what came of it; return the command's fields that tell of it."""
        return {}

    @abstractmethod
    def apply(self, command: Command, seen: Observation) -> None:
        """Change the mirror once a re-read has settled the command."""


def own_hands(actor: Account, portal: Portal) -> Person | None:
    """Return the actor's person where it has a token that works: the portal knows who acts then."""
    person = actor.person_at(portal)
    if person is None or portal.is_by_gateway:
        return None
    return Person.objects.filter(pk=person.pk, token__isnull=False, token__lost_at=None).first()


def administrators_hands(actor: Account, portal: Portal) -> Person | None:
    """Return the actor's person, or None for the portal's connection that an operator may use.

    Whose role is the portal's to give acts by their own token alone: it is what tells that they
    still have the role.
    """
    person = own_hands(actor, portal)
    if person is None and actor.follows_portal:
        raise NotPossible("key_is_of_another" if portal.is_by_gateway else "token_lost")
    return person


def document_labels(workflow: Workflow) -> dict[str, Any]:
    """Return the portal's name of a workflow's document, and by what it is known without one."""
    document = workflow.document
    return {"document": document.name, "kind": document.kind, "number": document.number}


def administers(actor: Account) -> bool:
    """Tell whether an account is a portal administrator's."""
    return actor.role == Role.PORTAL_ADMINISTRATOR


def send_window(sent_at: datetime, *, ahead: float) -> tuple[datetime, datetime]:
    """Return from when to when, on the portal's clock, something sent may have been done there.

    ahead is how many seconds that clock was ahead of ours.
    """
    at_portal = sent_at + timedelta(seconds=ahead)
    longest = timedelta(seconds=settings.COMMAND_LEASE + settings.SETTLE_TIME)
    return at_portal - CLOCKS_APART, at_portal + longest


def named(person: Person) -> dict[str, Any]:
    """Return a person as values name one: by number, and by name where that is known."""
    return {"number": person.remote_id, "name": person.name}


def plain(value: Any) -> Any:
    """Make a snapshot JSON-ready: moments become ISO 8601 texts."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
