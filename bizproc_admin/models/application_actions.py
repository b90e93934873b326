"""What an application has registered on a portal: actions of the designer, automation rules."""

import hashlib
from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.accounts import Account
from bizproc_admin.models.application_definitions import ActionDefinition
from bizproc_admin.models.ordered_json import OrderedJSONField
from bizproc_admin.models.portals import Portal

# the type of a template's step that an application answers: this and the action's digest
STEP_TYPE = "rest_"


class ApplicationActionQuerySet(models.QuerySet["ApplicationAction"]):
    """Narrowing actions and rules."""

    def visible_to(self, account: Account) -> Self:
        """Narrow to portals that an account may look at."""
        return self.filter(portal=account.home_id) if account.home_id else self

    def at(self, portal: Portal | None) -> Self:
        """Narrow to one portal; no portal has none."""
        return self.filter(portal=portal) if portal else self.none()

    def of_application(self, portal: Portal) -> Self:
        """Narrow to what the application has registered by which the portal is reached now."""
        return self.filter(portal=portal, client_id=portal.client_id)

    def names_of(self, types: Iterable[str], language: str) -> dict[str, str]:
        """Return what steps of some types are called, by the type: by name, else by code."""
        known = self.filter(step_type__in=set(types)) if types else self.none()
        return {
            one.step_type: ActionDefinition.from_api(one.definition).named_in(language) or one.code
            for one in known
        }

    def in_order(self) -> Self:
        return self.order_by("code")


class ApplicationAction(models.Model):
    """An action or automation rule of one application, as far as it is known here.

    The portal tells its application codes alone: definition is what was registered from here, with
    the portal's names of its parts (HANDLER, NAME, PROPERTIES ...), None where it was registered by
    other means. timeout is advice, kept here alone: after how many seconds one of its steps should
    go on without an answer. listed_at is when the portal was last seen to have it, missing_since
    from when on it was seen to lack it; both are empty before the first look. step_type is what
    steps made of it are of in templates, in small letters.
    """

    class Kind(models.TextChoices):
        ACTIVITY = "activity", _("Action")
        ROBOT = "robot", _("Automation rule")

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="application_actions")
    client_id = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    code = models.CharField(max_length=128)
    step_type = models.CharField(max_length=64)
    timeout = models.PositiveIntegerField(null=True)
    definition = OrderedJSONField(null=True)
    listed_at = models.DateTimeField(null=True)
    missing_since = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = ApplicationActionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "client_id", "code"], name="one_application_action"
            )
        ]
        indexes = [models.Index(fields=["portal", "step_type"], name="application_action_type")]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.step_type = step_type(self.client_id, self.code)
        super().save(*args, **kwargs)

    @property
    def is_there(self) -> bool:
        """Return whether the portal has it, as far as is known."""
        return self.listed_at is not None and self.missing_since is None


def step_type(client_id: str, code: str) -> str:
    """Return the type of a template's steps that are an application's action (docs/portal.md)."""
    digest = hashlib.md5(f"{client_id}@{code}".encode(), usedforsecurity=False)
    return STEP_TYPE + digest.hexdigest()
