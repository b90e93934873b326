"""Portals: the Bitrix24 accounts that are managed, each with one connection."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.secrets import EncryptedTextField

if TYPE_CHECKING:
    from bizproc_admin.models.accounts import Account


class PortalQuerySet(models.QuerySet["Portal"]):
    def reached_by(self, account: "Account") -> Self:
        """Narrow to the portals an account may look at: all, or the one it belongs to."""
        return self.filter(pk=account.home_id) if account.home_id else self


class Portal(models.Model):
    """One Bitrix24 account and how it is reached.

    webhook is the whole secret address; webhook_hint is what a page may show. client_id,
    client_secret and token_url are of the local application people sign in through; member_id is
    the portal's own identity, pinned at the first sign-in of one of its administrators. findings is
    what the probe learnt: a list of {"name", "ok", "text"}. clock_offset is the portal's clock
    minus ours, in seconds. utc_offset is the portal's own time zone, in seconds east of UTC.
    """

    name = models.CharField(_("name"), max_length=100)
    address = models.CharField(max_length=200, unique=True)
    webhook = EncryptedTextField(null=True)
    webhook_hint = models.CharField(max_length=100, blank=True)
    webhook_person_id = models.BigIntegerField(null=True)
    client_id = models.CharField(max_length=100, blank=True)
    client_secret = EncryptedTextField(null=True)
    token_url = models.CharField(max_length=200, blank=True)
    member_id = models.CharField(max_length=64, blank=True)
    admits_everybody = models.BooleanField(default=False)
    findings = models.JSONField(default=list)
    probed_at = models.DateTimeField(null=True)
    probe_error = models.TextField(blank=True)
    is_connected = models.BooleanField(default=False)
    failing_since = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    clock_offset = models.FloatField(default=0.0)
    utc_offset = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PortalQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """Give host[:port] of the portal's address."""
        return self.address.split("://", 1)[-1].rstrip("/")

    @property
    def has_application(self) -> bool:
        """Tell whether people can sign in through this portal."""
        return bool(self.client_id and self.client_secret and self.token_url)

    def now(self) -> datetime:
        """Give the present moment on the portal's clock."""
        return timezone.now() + timedelta(seconds=self.clock_offset)

    def link(self, path: str) -> str:
        """Give an absolute link into the portal for one of its relative paths."""
        return f"{self.address.rstrip('/')}{path}" if path.startswith("/") else ""

    def finding(self, name: str) -> dict[str, Any] | None:
        """Give one of the probe's findings by its name."""
        return next((f for f in self.findings if f.get("name") == name), None)
