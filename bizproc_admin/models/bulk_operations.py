"""Bulk operations: what an account asked for at once, and made many commands."""

from enum import StrEnum

from django.conf import settings
from django.db import models

from bizproc_admin.models.portals import Portal


class BulkState(StrEnum):
    """PREPARING until the last of its commands is there; DROPPED when they will never all be."""

    PREPARING = "preparing"
    READY = "ready"
    DROPPED = "dropped"


class BulkOperation(models.Model):
    """A request for the same action on many targets.

    key is the one-time key of what asked for it, digest is of what was asked. Its commands are
    committed in portions, and none of them is due before it is ready. total counts the targets
    asked for; left_out names those without a command, each with a code and values that say why.
    touched_at is when the last portion was committed.
    """

    key = models.UUIDField(unique=True)
    digest = models.CharField(max_length=64)
    portal = models.ForeignKey(Portal, models.PROTECT, related_name="bulk_operations")
    action = models.CharField(max_length=50)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="bulk_operations"
    )
    total = models.PositiveIntegerField()
    left_out = models.JSONField(default=list)
    state = models.CharField(max_length=20, default=BulkState.PREPARING.value, db_index=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.action} of {self.total}"
