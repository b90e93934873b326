"""Accounts of this installation, their role, and which person of a portal each stands for."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.people import Person
from bizproc_admin.models.portals import Portal


class Role(models.TextChoices):
    """A role is a Django group of this name; an account has at most one."""

    PORTAL_ADMINISTRATOR = "portal administrator", _("Portal administrator")
    MANAGER = "manager", _("Manager")
    AUDITOR = "auditor", _("Auditor")


class Account(AbstractUser):
    """Somebody who signs in here; deactivated, never deleted."""

    @cached_property
    def role(self) -> Role | None:
        """Give the account's role, None for an account that has none."""
        names = {group.name for group in self.groups.all()}
        return next((role for role in Role if role.value in names), None)

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def sees_all(self) -> bool:
        """Tell whether the account reads everything of every portal."""
        return self.role in (Role.PORTAL_ADMINISTRATOR, Role.AUDITOR)

    @cached_property
    def circle(self) -> set[int]:
        """Give the keys of the people whose work a manager sees: its own person and those below."""
        keys: set[int] = set()
        for link in self.linked_people.select_related("person"):
            keys.add(link.person_id)
            keys.update(
                Person.objects.at(link.person.portal)
                .subordinates_of(link.person)
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
