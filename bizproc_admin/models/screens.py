"""What people look at: workflows that are open on a screen, and when they were last read."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models

from bizproc_admin.models.portals import Portal
from bizproc_admin.models.workflows import Workflow


class WatchedQuerySet(models.QuerySet["Watched"]):
    def live(self, now: datetime) -> Self:
        """Narrow to what somebody still looks at."""
        return self.filter(until__gt=now)


class Watched(models.Model):
    """A workflow that is open on a screen, by itself or by one of its tasks, until a moment.

    account is who looked last; null where a command asked for a reading.
    """

    workflow = models.OneToOneField(Workflow, models.CASCADE, primary_key=True)
    portal = models.ForeignKey(Portal, models.CASCADE, related_name="watched")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    until = models.DateTimeField()

    objects = WatchedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["portal", "until"], name="watched_portal")]

    def __str__(self) -> str:
        return f"workflow {self.workflow_id} until {self.until:%H:%M:%S}"


class ScreenReading(models.Model):
    """The reading of all that is open on screens of one portal: one at a time.

    rung_at is when it was asked for and not begun yet; lease_until while somebody is at it;
    read_at is when the last one was sent.
    """

    portal = models.OneToOneField(Portal, models.CASCADE, primary_key=True)
    rung_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"screens of {self.portal_id}"
