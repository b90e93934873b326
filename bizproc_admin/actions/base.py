"""What a kind of remote write is: who may, how to look, how to send, how to say it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from django.utils.functional import Promise

from bizproc_admin import bitrix
from bizproc_admin.models import Command, Portal, Workflow
from bizproc_admin.permissions import Capability


class NotPossible(Exception):
    """The action makes no sense on its target any more; the text says why, for people."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What an action acts on, as text that stays readable for ever."""

    kind: str
    id: str
    label: str
    workflow: Workflow | None = None


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A target as one read of the portal showed it.

    asked_at is when the read was sent (UTC). snapshot is JSON-ready and complete enough to be all
    that remains after the target is destroyed.
    """

    is_present: bool
    asked_at: datetime
    modified: datetime | None
    snapshot: dict[str, Any] | None


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
    effect: ClassVar[str]
    method: ClassVar[str]
    irreversible: ClassVar[bool] = False

    @property
    @abstractmethod
    def portal(self) -> Portal:
        """Give the portal that is written to."""

    @abstractmethod
    def target(self) -> Target:
        """Give what is acted on."""

    @abstractmethod
    def inputs(self) -> dict[str, Any]:
        """Give what is needed to make the action again from its command, JSON-ready."""

    @classmethod
    @abstractmethod
    def from_command(cls, command: Command) -> Self:
        """Make the action again from its command."""

    @abstractmethod
    def check(self) -> None:
        """Raise NotPossible when the mirror already knows that nothing is left to do."""

    @abstractmethod
    def look(self, reader: bitrix.Reader) -> Observation:
        """Read the target from the portal."""

    @abstractmethod
    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        """Make the one remote write."""

    @abstractmethod
    def apply(self, command: Command, seen: Observation) -> None:
        """Change the mirror once a re-read has settled the command."""

    @abstractmethod
    def sentence(self, *, target: str) -> str:
        """Say in words what is done, in the infinitive: 'Terminate Contract approval'."""
