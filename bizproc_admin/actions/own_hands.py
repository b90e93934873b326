"""What an administrator does with their own token: the portal takes it for the application's."""

from dataclasses import dataclass
from typing import ClassVar

from bizproc_admin.actions.base import Action, NotPossible, administers, own_hands
from bizproc_admin.models import Account, Person, Portal


@dataclass(frozen=True, kw_only=True)
class WithOwnHands(Action):
    """An action that nobody's connection but an administrator's own token carries out.

    Without a token that works it is not possible; handless is the reason that is then told.
    """

    handless: ClassVar[str]

    def permits(self, actor: Account) -> bool:
        return actor.reaches(self.portal) and administers(actor)

    def may_use(self, actor: Account, person: Person | None) -> bool:
        return person is not None and super().may_use(actor, person)

    def acts_as(self, actor: Account) -> Person | None:
        person = own_hands(actor, self.portal)
        if person is None:
            raise NotPossible(self.handless)
        return person


@dataclass(frozen=True, kw_only=True)
class OfApplication(WithOwnHands):
    """One that concerns the portal's application itself.

    client_id is the application that was meant when it was asked for: with another one nothing is
    sent.
    """

    to_portal: Portal
    client_id: str

    @property
    def portal(self) -> Portal:
        return self.to_portal

    def may_use(self, actor: Account, person: Person | None) -> bool:
        return self.portal.client_id == self.client_id and super().may_use(actor, person)
