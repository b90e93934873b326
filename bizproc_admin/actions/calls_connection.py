"""Testing that the portal's calls reach the console, and learning what proves them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Self

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix, receiving
from bizproc_admin.access.permissions import Capability
from bizproc_admin.actions.base import (
    NotPossible,
    Observation,
    Seen,
    Target,
    Verdict,
)
from bizproc_admin.actions.own_hands import OfApplication
from bizproc_admin.models import CallReceiver, Command
from bizproc_admin.models.call_receivers import NONCE_LIVES


@dataclass(frozen=True, kw_only=True)
class CallsTest(OfApplication):
    """Have the portal call the console with something that only this test knows.

    Calls event.unbind for each event that calls the console under an earlier PUBLIC_URL, event.bind
    for each event of the application, and then event.test, as an administrator.
    Confirmed by the call that brings the nonce back, and by nothing else; each send makes a nonce
    of its own, which is kept nowhere. Doing it twice does no harm. handler is the address that is
    called.
    """

    handler: str
    sent_at: datetime | None = field(default=None, compare=False)
    nonce: str = field(default="", repr=False, compare=False)

    name = "portal.test_calls"
    label = _("Test the calls")
    capability = Capability.MANAGE_PORTALS
    method = "event.test"
    most_sends: ClassVar[int] = 2
    awaited_for = NONCE_LIVES
    handless = "token_needed_for_calls"

    @property
    def effect(self) -> str:
        return "calls"

    @property
    def target_id(self) -> str:
        return str(self.portal.pk)

    def target(self) -> Target:
        return Target(kind="portal", id=self.target_id, labels={"portal": self.portal.name})

    def inputs(self) -> dict[str, Any]:
        return {"client_id": self.client_id, "handler": self.handler}

    @classmethod
    def from_command(cls, command: Command) -> Self:
        return cls(
            to_portal=command.portal,
            client_id=command.inputs["client_id"],
            handler=command.inputs["handler"],
            sent_at=command.sent_at if command.sends else None,
            reason=command.reason,
        )

    @classmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        problem = receiving.problem_of_public_url()
        return {place: NotPossible(problem) for place, _ in enumerate(actions) if problem}

    def loaded(self) -> Self:
        """Return the test with a new nonce, of which the console remembers a digest."""
        nonce = secrets.token_hex(16)
        receiving.expect(self.portal, nonce)
        return replace(self, nonce=nonce)

    @classmethod
    def look_many(cls, reader: bitrix.Reader, targets: Sequence[str]) -> dict[str, Seen]:
        return dict.fromkeys(targets, Seen(asked_at=timezone.now()))

    def judge(self, seen: Seen) -> Observation:
        """Judge by whether the call came; nothing on the portal would tell."""
        if self.sent_at is None:
            return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at)
        learnt = CallReceiver.objects.filter(
            portal=self.portal, client_id=self.client_id, learnt_at__gte=self.sent_at
        )
        if learnt.exists():
            return Observation(verdict=Verdict.DONE, asked_at=seen.asked_at)
        if seen.asked_at < self.sent_at + NONCE_LIVES:
            return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at)
        return Observation(verdict=Verdict.OVERTAKEN, asked_at=seen.asked_at, code="no_call_came")

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        # somebody waits for it: it takes its turn as the writes do, not as background work
        reader = bitrix.Reader(writer.transport, purpose=bitrix.Purpose.WRITE)
        bound = {(one.event, one.handler) for one in reader.events.bound()}
        for event, handler in sorted(bound):
            # before the nonce is sent: an earlier address may be anybody's by now
            if handler != self.handler and receiving.is_former_handler(handler, self.portal):
                writer.events.unbind(event, handler)
        for event in (receiving.TEST_EVENT, *receiving.APPLICATION_EVENTS):
            if (event, self.handler) not in bound:
                writer.events.bind(event, self.handler)
        return writer.events.test({receiving.NONCE: self.nonce})

    def apply(self, command: Command, seen: Observation) -> None:
        """Change nothing: the call itself has brought all there is to know."""
