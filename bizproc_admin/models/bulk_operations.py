"""Bulk operations: what an account asked for at once, and made many commands."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from bizproc_admin.models.accounts import Account, Role
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.targets import Target


class BulkState(StrEnum):
    """What an operation is at.

    DRAFT: a frozen list that nobody has confirmed. AWAITING: another administrator must approve it.
    PREPARING: its commands are kept one portion after another, and none is sent. READY: they are
    carried out. PAUSED: nothing more of it is sent until somebody says so. CANCELLED: nothing more
    of it is sent, and what was not sent is given up one after another. FINISHED: nothing is left
    to do. DROPPED: it never began.
    """

    DRAFT = "draft"
    AWAITING = "awaiting"
    PREPARING = "preparing"
    READY = "ready"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    DROPPED = "dropped"


# somebody may still do something about it, or it goes on by itself
LIVING = (
    BulkState.AWAITING,
    BulkState.PREPARING,
    BulkState.READY,
    BulkState.PAUSED,
    BulkState.CANCELLED,
)
# how long another administrator may think about it
APPROVAL_LASTS = timedelta(hours=24)
# how long a list that was frozen may be confirmed: what it shows grows old
DRAFT_LASTS = timedelta(hours=24)


class BulkOperationQuerySet(models.QuerySet["BulkOperation"]):
    def asked_for(self) -> Self:
        """Narrow to operations that somebody has confirmed, whatever became of them."""
        return self.exclude(confirmed_at=None)

    def living(self) -> Self:
        return self.filter(state__in=LIVING)

    def visible_to(self, account: Account) -> Self:
        """Narrow to what an account may see: its own, and all where it sees everything."""
        if account.role is not None and account.sees_all:
            return self.filter(portal=account.home_id) if account.home_id else self
        return self.filter(actor=account)

    def to_prepare(self, now: datetime) -> Self:
        """Narrow to those whose commands are to be kept, and that nobody is at."""
        return self.filter(Q(taken_until=None) | Q(taken_until__lte=now), state=BulkState.PREPARING)

    def to_approve_by(self, account: Account) -> Self:
        """Narrow to those that wait for an administrator who has not asked for them."""
        return self.filter(state=BulkState.AWAITING).exclude(actor=account)

    def matching(self, text: str) -> Self:
        """Narrow to operations whose number, reason or asker contains a text."""
        number = Q(pk=int(text)) if text.isdecimal() and len(text) < 18 else Q()
        words = Q(reason__folds=text) | Q(actor_name__folds=text)
        return self.filter(words | number if number else words)

    def latest_first(self) -> Self:
        return self.order_by("-pk")


class BulkOperation(models.Model):
    """A request for the same action on many targets.

    key is the one-time key of what asked for it; digest is of the frozen list, of which total are
    there, in parts (FrozenPart). source says where the list came from: {"list": noun, "query":
    filters, "whole": whether all that match were meant}, or {"recipe": name, ...}. facts are what
    was shown of the list when it was confirmed. inputs is what all of its commands are asked with;
    regardless, that they act on what has moved on since, too. prepared parts of it have become
    commands; whoever is at that holds it until taken_until. pause_code and pause_values say why it
    is paused, paused_at when it was last, paused_by is null where it paused itself. stopped_by has
    cancelled it, approved_by has approved it or refused to. Nothing more of it is sent before
    waits_until; waits_code is what it waits for then. touched_at is when its list was
    last frozen or made commands of, and later since when it has waited for the same.
    """

    key = models.UUIDField(unique=True)
    digest = models.CharField(max_length=64)
    portal = models.ForeignKey(Portal, models.PROTECT, related_name="bulk_operations")
    action = models.CharField(max_length=50)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="bulk_operations"
    )
    actor_name = models.CharField(max_length=255, blank=True, default="", db_default="")
    total = models.PositiveIntegerField(default=0)
    inputs = models.JSONField(default=dict, db_default={})
    reason = models.TextField(blank=True, default="", db_default="")
    regardless = models.BooleanField(default=False, db_default=False)
    source = models.JSONField(default=dict, db_default={})
    facts = models.JSONField(default=dict, db_default={})

    state = models.CharField(max_length=20, default=BulkState.DRAFT.value, db_index=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    prepared = models.PositiveIntegerField(default=0, db_default=0)
    left_out_count = models.PositiveIntegerField(default=0, db_default=0)
    taken_by = models.CharField(max_length=100, blank=True, default="", db_default="")
    taken_until = models.DateTimeField(null=True)
    pause_code = models.CharField(max_length=100, blank=True, default="", db_default="")
    pause_values = models.JSONField(default=dict, db_default={})
    paused_at = models.DateTimeField(null=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    waits_until = models.DateTimeField(null=True)
    waits_code = models.CharField(max_length=100, blank=True, default="", db_default="")

    objects = BulkOperationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.action} of {self.total}"

    @property
    def as_target(self) -> Target:
        return Target(kind="operation", id=str(self.pk), portal_id=self.portal_id)

    def is_carried_out(self, now: datetime) -> bool:
        """Tell whether anything more of it may be sent at a moment."""
        is_free = self.waits_until is None or self.waits_until <= now
        return self.state == BulkState.READY and is_free

    @property
    def is_living(self) -> bool:
        """Return whether anything of it may still change by itself or by somebody's word."""
        return self.state in LIVING

    def may_be_steered_by(self, account: Account) -> bool:
        """Return whether an account may stop it and go on with it: its asker, or administrators."""
        is_theirs = self.actor_id == account.pk or account.role == Role.PORTAL_ADMINISTRATOR
        return is_theirs and account.reaches(self.portal)

    @property
    def left_out(self) -> list[dict[str, Any]]:
        """Return the targets without a command: each with its labels, a code and values."""
        parts = self.parts.order_by("place").values_list("left_out", flat=True)
        return [one for part in parts for one in part]


class FrozenPart(models.Model):
    """A part of an operation's frozen list, in order.

    items are lists [key in the mirror, seen MODIFIED (ISO 8601) or null, own inputs]; left_out
    names those of them without a command: {"target", "labels", "code", "values"} each.
    """

    operation = models.ForeignKey(BulkOperation, models.CASCADE, related_name="parts")
    place = models.PositiveIntegerField()
    items = models.JSONField()
    left_out = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operation", "place"], name="one_part_per_place")
        ]

    def __str__(self) -> str:
        return f"part {self.place} of operation {self.operation_id}"
