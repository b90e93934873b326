"""Portals: the Bitrix24 accounts that are managed, each with one connection."""

import uuid
from datetime import datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin import zones
from bizproc_admin.models.targets import Target
from bizproc_admin.secrets.fields import EncryptedTextField

if TYPE_CHECKING:
    from bizproc_admin.models.accounts import Account


# an outage is told of after so many failures in a row, or when one has lasted so long
TOLD_FROM = 2
TOLD_AFTER = timedelta(seconds=15)


class Outage(models.TextChoices):
    """Why nothing comes from a portal: each concerns everything that is asked of it."""

    SILENT = "silent", _("does not answer")
    CLOSED = "closed", _("closed for maintenance")
    PLAN = "plan", _("subscription ended")
    OVERLOADED = "overloaded", _("blocked because of overload")
    CREDENTIALS = "credentials", _("webhook not accepted")
    MOVED = "moved", _("has another address")
    SESSION = "session", _("somebody has to sign in")


class PortalQuerySet(models.QuerySet["Portal"]):
    def reached_by(self, account: "Account") -> Self:
        """Narrow to the portals an account may look at: all, or the one it belongs to."""
        return self.filter(pk=account.home_id) if account.home_id else self


class Portal(models.Model):
    """One Bitrix24 account and how it is reached.

    webhook is the whole secret address; webhook_hint is what a page may show. client_id,
    client_secret and token_url are of the local application people sign in through; member_id is
    the portal's own identity, pinned at the first sign-in of one of its administrators.
    application_number is the portal's own for the application: what it adds is marked with it.
    actions_listed_at is when it last told what it has registered.
    findings is what the probe learnt: a list of {"name", "ok", "needed", "code", "values"},
    problem_code and problem_values the first of them that keeps the connection from being used.
    clock_offset is the
    portal's clock minus ours, in seconds. retry_at is until when a portal that does not answer is
    left alone. answered_at is when the portal last answered, to a few seconds; failures counts the
    calls in a row that brought nothing, failing_since is when the first of them was made, and
    failure an Outage. probe_at is when the look that was
    asked for is due (null: none is), probe_failure the code of the error that kept it from being
    made so far, after probe_tries tries. moved_to is the address the portal itself last sent us on
    to, not to be trusted before it was compared. utc_offset is how far east of UTC the portal's
    clock was lately, in seconds. time_zone is the IANA name that somebody set, proposed_zone the
    one that fits zone_evidence best, which `zones.evidence_of` gathers; both may be empty.
    is_by_gateway tells that it is reached through the VibeCode gateway (models.gateways), or was
    until it was disconnected, and has no webhook. date_format is how the portal writes dates, a
    name of portals.date_formats. calls_id is what the address names it by to which its calls come.
    Kills of more than approval_above workflows at once need another administrator; null: none do.
    """

    name = models.CharField(_("name"), max_length=100)
    address = models.CharField(max_length=200, unique=True)
    webhook = EncryptedTextField(null=True)
    webhook_hint = models.CharField(max_length=100, blank=True)
    client_id = models.CharField(max_length=100, blank=True)
    client_secret = EncryptedTextField(null=True)
    application_number = models.BigIntegerField(null=True)
    actions_listed_at = models.DateTimeField(null=True)
    token_url = models.CharField(max_length=200, blank=True)
    member_id = models.CharField(max_length=64, blank=True)
    admits_everybody = models.BooleanField(default=False)
    findings = models.JSONField(default=list)
    probed_at = models.DateTimeField(null=True)
    problem_code = models.CharField(max_length=100, blank=True, default="", db_default="")
    problem_values = models.JSONField(default=dict, db_default={})
    is_connected = models.BooleanField(default=False)
    probe_at = models.DateTimeField(null=True)
    probe_failure = models.CharField(max_length=100, blank=True, default="", db_default="")
    probe_tries = models.PositiveIntegerField(default=0, db_default=0)
    answered_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failure = models.CharField(max_length=20, choices=Outage, blank=True, default="")
    moved_to = models.CharField(max_length=200, blank=True, default="", db_default="")
    clock_offset = models.FloatField(default=0.0)
    utc_offset = models.IntegerField(default=0)
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    proposed_zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    zone_evidence = models.JSONField(default=dict, db_default={})
    is_by_gateway = models.BooleanField(default=False, db_default=False)
    approval_above = models.PositiveIntegerField(null=True)
    date_format = models.CharField(max_length=10, default="d.m.Y", db_default="d.m.Y")
    # null: an older version that is still running makes portals without one
    calls_id = models.UUIDField(null=True, unique=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PortalQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def as_target(self) -> Target:
        return Target(kind="portal", id=str(self.pk), label=self.name, portal_id=self.pk)

    @property
    def host(self) -> str:
        """Return host[:port] of the portal's address."""
        return self.address.split("://", 1)[-1].rstrip("/")

    @property
    def has_connection(self) -> bool:
        """Return whether there is anything to reach the portal by, working or not."""
        return bool(self.webhook) or (self.is_by_gateway and hasattr(self, "gateway"))

    @property
    def has_application(self) -> bool:
        """Return whether people can sign in through this portal."""
        return bool(self.client_id and self.client_secret and self.token_url)

    @property
    def outage(self) -> Outage | None:
        """Return why nothing comes from the portal at present; a moment's hiccup is none."""
        if self.failing_since is None or not self.is_connected:
            return None
        is_certain = self.failure != Outage.SILENT or self.failures >= TOLD_FROM
        if is_certain or timezone.now() - self.failing_since > TOLD_AFTER:
            return Outage(self.failure)
        return None

    @property
    def zone(self) -> tzinfo:
        """Return the portal's time zone: as set, else as proposed, else its present offset."""
        zone = zones.named(self.time_zone) or zones.named(self.proposed_zone)
        return zone or fixed_zone(timedelta(seconds=self.utc_offset))

    @property
    def zone_name(self) -> str:
        """Return the name of the portal's time zone, empty where only an offset is known."""
        return self.time_zone or self.proposed_zone

    @property
    def zone_fits(self) -> bool:
        """Return whether what the portal sends agrees with the zone that was set for it."""
        return not self.time_zone or zones.fits(self.time_zone, self.zone_evidence)

    def now(self) -> datetime:
        """Return the present moment on the portal's clock."""
        return timezone.now() + timedelta(seconds=self.clock_offset)

    def link(self, path: str) -> str:
        """Return an absolute link into the portal for one of its relative paths."""
        return f"{self.address.rstrip('/')}{path}" if path.startswith("/") else ""
