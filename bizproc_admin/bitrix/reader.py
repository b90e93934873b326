"""Everything that may be asked of a portal without changing it, noun by noun.

A reader refuses any method the catalogue does not call a read, also inside a batch. It repeats
failed reads (`proof.decide`), because reading twice harms nobody, and holds every returned row
against the filter that was sent.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from . import catalogue
from .envelopes import Call, Reply
from .errors import BadAnswer, BitrixError, NotARead
from .fields import Fields
from .identity import AppInfo, Profile
from .objects import RegisteredActions
from .pacing import Purpose
from .proof import ATTEMPTS, GiveUp, decide
from .refusals import RateLimited
from .resources import (
    Departments,
    TemplateStructures,
    Users,
    Workflows,
    WorkflowTasks,
    WorkflowTemplates,
)
from .transport import Transport
from .whole import WholeWorkflows

T = TypeVar("T")

#: Seconds to wait for a permit: background work may wait, a person may not.
PATIENCE: Final = 20.0
PATIENCE_INTERACTIVE: Final = 2.0


class Reader:
    """Ask one portal. `tells_tasks` says whether workflow tasks can be asked for."""

    tells_tasks = True

    def __init__(
        self,
        transport: Transport,
        *,
        purpose: Purpose = Purpose.PASSES,
        patience: float | None = None,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.transport = transport
        self._purpose = purpose
        default = PATIENCE_INTERACTIVE if purpose.is_for_people else PATIENCE
        self._patience = default if patience is None else patience
        self._attempts = attempts
        self._sleep = sleep
        self._draw = draw
        self.workflows = Workflows(self)
        self.workflow_tasks = WorkflowTasks(self)
        self.workflow_templates = WorkflowTemplates(self)
        self.template_structures = TemplateStructures(self)
        self.users = Users(self)
        self.departments = Departments(self)
        self.whole_workflows = WholeWorkflows(self)
        self.application_actions = ApplicationActions(self)
        self.system = System(self)
        self.events = Events(self)

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Reply:
        """Call one read method, repeating it when that can help."""
        self._refuse_writes([method])
        return self._repeating(
            lambda: self.transport.call(
                method,
                params or {},
                is_write=False,
                purpose=self._purpose,
                patience=self._patience,
            )
        )

    def ask_many(self, calls: Sequence[Call]) -> list[Reply]:
        """Call up to 50 read methods in one request; one that fails fails them all."""
        self._refuse_writes([call.method for call in calls])
        if len(calls) == 1:
            return [self.ask(calls[0].method, calls[0].params)]
        # Keys that are not numbers: PHP would answer with lists for those.
        keyed = {f"c{number}": call for number, call in enumerate(calls)}

        def send() -> list[Reply]:
            reply = self.transport.batch(
                keyed, is_write=False, purpose=self._purpose, patience=self._patience
            )
            for key in keyed:
                if key in reply.errors:
                    raise reply.errors[key]
                if key in reply.missing:
                    raise BadAnswer(f"call {key} was not answered", method="batch", transient=True)
            return [reply.replies[key] for key in keyed]

        return self._repeating(send)

    def _refuse_writes(self, methods: Iterable[str]) -> None:
        for method in methods:
            if not catalogue.is_read(method):
                raise NotARead(f"{method} is not known to be a read")

    def _repeating(self, send: Callable[[], T]) -> T:
        attempt = 1
        while True:
            try:
                return send()
            except BitrixError as error:
                verdict = decide(attempt, error, draw=self._draw())
                if isinstance(verdict, GiveUp) or attempt >= self._attempts:
                    raise
                told = error.retry_after if isinstance(error, RateLimited) else 0.0
            # whoever has less patience than that is told so by the pacer
            self._sleep(max(verdict.after, told if told <= self._patience else 0.0))
            attempt += 1


class ApplicationActions:
    """Actions and automation rules that the calling application has registered."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def registered(self) -> RegisteredActions:
        """Read the codes of both kinds: all or nothing.

        Calls bizproc.activity.list and bizproc.robot.list, which tell codes alone, and those of the
        calling application alone: by a webhook, and to whoever does not administer the portal, they
        are refused (AccessDenied).
        """
        methods = {kind: f"bizproc.{kind}.list" for kind in ("activity", "robot")}
        replies = self._reader.ask_many([Call(method=one, params={}) for one in methods.values()])
        kinds: dict[str, str] = {}
        for (kind, method), reply in zip(methods.items(), replies, strict=True):
            told = reply.result
            codes = list(told.values()) if isinstance(told, Mapping) else told
            if not isinstance(codes, list) or not all(isinstance(one, str) for one in codes):
                raise BadAnswer("the answer is no list of codes", method=method)
            kinds |= dict.fromkeys(codes, kind)
        return RegisteredActions(kinds=kinds, sent_at=replies[0].sent_at)


class System:
    """The portal itself and our access to it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def profile(self) -> Profile:
        """Read who we are. Calls profile."""
        return Profile.from_api(self._reader.ask("profile").result)

    def user_admin(self) -> bool:
        """Return whether we are an administrator. Calls user.admin."""
        result = self._reader.ask("user.admin").result
        if not isinstance(result, bool):
            raise BadAnswer("the answer is neither true nor false", method="user.admin")
        return result

    def scope(self) -> tuple[str, ...]:
        """Read the permissions we have. Calls scope."""
        return self._names("scope")

    def app_info(self) -> AppInfo:
        """Read the licence, and what our webhook or application is told. Calls app.info."""
        return AppInfo.from_api(self._reader.ask("app.info").result)

    def server_time(self) -> datetime:
        """Read the portal's clock, with its offset. Calls server.time."""
        result = self._reader.ask("server.time").result
        try:
            moment = datetime.fromisoformat(result)
        except (TypeError, ValueError):
            raise BadAnswer("the answer is no moment", method="server.time") from None
        if moment.tzinfo is None:
            raise BadAnswer("the moment has no offset", method="server.time")
        return moment

    def _names(self, method: str) -> tuple[str, ...]:
        result = self._reader.ask(method).result
        if not isinstance(result, list) or not all(isinstance(one, str) for one in result):
            raise BadAnswer("the answer is no list of names", method=method)
        return tuple(result)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundEvent:
    """An address that the portal calls when an event happens; event is in capital letters."""

    event: str
    handler: str


class Events:
    """What our application has the portal call it for; needs a token of the application."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def bound(self) -> tuple[BoundEvent, ...]:
        """Read which events call which address. Calls event.get."""
        result = self._reader.ask("event.get").result
        if not isinstance(result, list):
            raise BadAnswer("the answer is no list of handlers", method="event.get")
        rows = [Fields(raw, kind="handler") for raw in result]
        return tuple(
            BoundEvent(event=row.required_text("event").upper(), handler=row.text("handler"))
            for row in rows
        )
