"""Recipes: which workflows count as stale, saved to be looked for again."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.accounts import Account
from bizproc_admin.models.bulk_operations import BulkOperation
from bizproc_admin.models.portals import Portal


class RecipeQuerySet(models.QuerySet["Recipe"]):
    def at(self, portal: Portal | None) -> Self:
        """Narrow to one portal; no portal has no recipes."""
        return self.filter(portal=portal) if portal else self.none()

    def visible_to(self, account: Account) -> Self:
        """Narrow to the portals an account may look at."""
        return self.filter(portal=account.home_id) if account.home_id else self

    def due(self, now: datetime) -> Self:
        """Narrow to those whose list is to be prepared now."""
        return self.filter(next_at__lte=now, portal__is_connected=True)

    def lists_for(self, account: Account) -> models.QuerySet["Recipe", int | None]:
        """Return the keys of the lists that were prepared by themselves for an account."""
        own = self.filter(made_by=account, operation__actor=account)
        return own.exclude(every="").values_list("operation", flat=True)


class Recipe(models.Model):
    """Filters of the list of workflows under a name, and how what they find is to be ended.

    query is the filters' part of an address, so that ages are counted from when it is used. every
    is how often the list is prepared by itself, next_at when that is next; nothing is ever sent by
    itself: made_by is asked. run_at is when a list was made last, found how many were on it,
    operation the last list that was prepared by itself. problem is the code of why the last one
    was not prepared.
    """

    class Every(models.TextChoices):
        NEVER = "", _("Only when it is asked for")
        DAY = "day", _("Every day")
        WEEK = "week", _("Every week")
        MONTH = "month", _("Every 30 days")

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="recipes")
    name = models.CharField(max_length=100)
    action = models.CharField(max_length=50)
    query = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="recipes")
    made_at = models.DateTimeField(auto_now_add=True)
    every = models.CharField(max_length=10, choices=Every, blank=True)
    next_at = models.DateTimeField(null=True, db_index=True)
    run_at = models.DateTimeField(null=True)
    found = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=100, blank=True)
    operation = models.ForeignKey(BulkOperation, models.SET_NULL, null=True, related_name="+")

    objects = RecipeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "name"], name="one_recipe_per_name")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def period(self) -> timedelta | None:
        """Return how often its list is prepared; None where that is only when asked for."""
        days = {self.Every.DAY: 1, self.Every.WEEK: 7, self.Every.MONTH: 30}
        found = days.get(self.Every(self.every))
        return timedelta(days=found) if found else None
