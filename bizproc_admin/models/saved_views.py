"""Saved views: filters, order and columns of a list under a name, one's own or shared."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from bizproc_admin.models.accounts import Account, Role
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.targets import Target


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def at(self, portal: Portal | None, noun: str) -> Self:
        """Narrow to the views of one list of a portal; no portal has none."""
        return self.filter(portal=portal, noun=noun) if portal else self.none()

    def of(self, account: Account) -> Self:
        """Narrow to an account's own."""
        return self.filter(account=account)

    def visible_to(self, account: Account) -> Self:
        """Narrow to an account's own and those shared with its role; an administrator sees all
        that are shared."""
        reached = self.filter(portal=account.home_id) if account.home_id else self
        if account.role is None:
            return reached.of(account)
        if account.role == Role.PORTAL_ADMINISTRATOR:
            return reached.filter(Q(account=account) | Q(shared_role__gt=""))
        return reached.filter(Q(account=account) | Q(shared_role=account.role))


class SavedView(models.Model):
    """A list as it is asked for by an address, kept under a name.

    noun names the list (ListPage.noun). query is the filters, the order, the rows a page and the
    columns that are hidden, in the order of their names: no more than an address says, so that
    whoever opens a view sees what they may see anyway. shared_role is the role it is shared with,
    empty for nobody. is_home says that its owner lands there after signing in; one of an account.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_views"
    )
    portal = models.ForeignKey(Portal, models.PROTECT, related_name="saved_views")
    noun = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    shared_role = models.CharField(max_length=30, choices=Role, blank=True)
    is_home = models.BooleanField(default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "portal", "noun", "name"], name="one_saved_view_per_name"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_home=True), name="one_home_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["portal", "noun", "shared_role"], name="saved_view_shared"),
        ]

    @property
    def as_target(self) -> Target:
        return Target(kind="saved_view", id=str(self.pk), label=self.name, portal_id=self.portal_id)

    def __str__(self) -> str:
        return self.name
