"""Accounts of this installation, their role, and which person of a portal each stands for."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.people import Person
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.targets import Target


class Role(models.TextChoices):
    """A role is a Django group of this name; an account has at most one."""

    PORTAL_ADMINISTRATOR = "portal administrator", _("Portal administrator")
    MANAGER = "manager", _("Manager")
    AUDITOR = "auditor", _("Auditor")
    PARTICIPANT = "participant", _("Participant")


class Account(AbstractUser):
    """Somebody who signs in here; deactivated, never deleted.

    home is the portal whose people made the account by signing in: it sees that portal alone. An
    account without a home is an operator's and sees every portal. follows_portal says that the
    role is the portal's to give, from the first sign-in through it on. dismissed_at is when the
    portal said that the person is gone: the account was deactivated then, and comes back with them.
    """

    home = models.ForeignKey(Portal, models.PROTECT, null=True, blank=True, related_name="accounts")
    follows_portal = models.BooleanField(default=False)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    @cached_property
    def role(self) -> Role | None:
        """Return the account's role, None for an account that has none."""
        names = {group.name for group in self.groups.all()}
        return next((role for role in Role if role.value in names), None)

    @property
    def display_name(self) -> str:
        """Return the account's name; the person's own, or their number, where it stands for one."""
        if name := self.get_full_name():
            return name
        person = self.people.get(self.home_id) if self.follows_portal and self.home_id else None
        return str(person) if person else self.username

    @property
    def name_or_login(self) -> str:
        """Return the account's name as a value that can be kept: no word of a language is in it."""
        person = self.people.get(self.home_id) if self.follows_portal and self.home_id else None
        return self.get_full_name() or (person.name if person else "") or self.username

    @property
    def as_target(self) -> Target:
        return Target(kind="account", id=str(self.pk), label=self.known_as)

    @property
    def known_as(self) -> str:
        """Return what the history calls the account: a portal person's has no telling login."""
        return (self.get_full_name() if self.follows_portal else "") or self.username

    @property
    def sees_all(self) -> bool:
        """Return whether the account reads everything of every portal."""
        return self.role in (Role.PORTAL_ADMINISTRATOR, Role.AUDITOR)

    @cached_property
    def people(self) -> dict[int, Person]:
        """Return the persons the account stands for, by the key of their portal."""
        links = self.linked_people.select_related("person__portal")
        return {link.portal_id: link.person for link in links}

    def person_at(self, portal: Portal | None) -> Person | None:
        """Return the person the account stands for on a portal."""
        return self.people.get(portal.pk) if portal else None

    def reaches(self, portal: Portal) -> bool:
        """Return whether the account may look at a portal at all."""
        return self.home_id is None or self.home_id == portal.pk

    @cached_property
    def circle(self) -> set[int]:
        """Return the keys of whose work is seen: one's own, for a manager those below too."""
        keys = {person.pk for person in self.people.values()}
        if self.role != Role.MANAGER:
            return keys
        for person in self.people.values():
            keys.update(
                Person.objects.at(person.portal)
                .subordinates_of(person)
                .values_list("pk", flat=True)
            )
        return keys


class LinkedPerson(models.Model):
    """An account is at most one person of a portal, a person belongs to at most one account."""

    user = models.ForeignKey(Account, models.PROTECT, related_name="linked_people")
    portal = models.ForeignKey(Portal, models.PROTECT, related_name="linked_people")
    person = models.OneToOneField(Person, models.PROTECT, related_name="linked_account")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "portal"], name="one_person_per_portal")
        ]

    def __str__(self) -> str:
        return f"{self.user} = {self.person}"
