"""Portals: the Bitrix24 accounts that are managed, each with one connection."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.secrets import EncryptedTextField


class Portal(models.Model):
    """One Bitrix24 account and how it is reached.

    webhook is the whole secret address; webhook_hint is what a page may show. findings is what the
    probe learnt: a list of {"name", "ok", "text"}. clock_offset is the portal's clock minus ours,
    in seconds. utc_offset is the portal's own time zone, in seconds east of UTC.
    """

    name = models.CharField(_("name"), max_length=100)
    address = models.CharField(max_length=200, unique=True)
    webhook = EncryptedTextField(null=True)
    webhook_hint = models.CharField(max_length=100, blank=True)
    webhook_person_id = models.BigIntegerField(null=True)
    findings = models.JSONField(default=list)
    probed_at = models.DateTimeField(null=True)
    probe_error = models.TextField(blank=True)
    is_connected = models.BooleanField(default=False)
    failing_since = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    clock_offset = models.FloatField(default=0.0)
    utc_offset = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """Give host[:port] of the portal's address."""
        return self.address.split("://", 1)[-1].rstrip("/")

    def now(self) -> datetime:
        """Give the present moment on the portal's clock."""
        return timezone.now() + timedelta(seconds=self.clock_offset)

    def link(self, path: str) -> str:
        """Give an absolute link into the portal for one of its relative paths."""
        return f"{self.address.rstrip('/')}{path}" if path.startswith("/") else ""

    def finding(self, name: str) -> dict[str, Any] | None:
        """Give one of the probe's findings by its name."""
        return next((f for f in self.findings if f.get("name") == name), None)
