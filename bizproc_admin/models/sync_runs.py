"""Feeds and the passes that copy them into the mirror."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.portals import Portal

KEPT_FOR = timedelta(days=30)
# what a pass failed of where it was no error of the portal
CUT_OFF = "cut_off"
OWN_ERROR = "own_error"


class FeedName(models.TextChoices):
    WORKFLOWS = "workflows", _("Workflows")
    WORKFLOW_TASKS = "workflow_tasks", _("Workflow tasks")
    WORKFLOW_TEMPLATES = "workflow_templates", _("Workflow templates")
    PEOPLE = "people", _("People")


class Feed(models.Model):
    """One feed of one portal: where the next pass goes on, and who is at it now.

    next_at is when the next pass of any kind is due, next_full_at when it is a full one;
    newest_modified is the newest MODIFIED seen, in the portal's timestamps. A pass holds the
    lease; a lease that ran out may be taken over. fresh_at is when the request of the last
    successful pass (full or incremental) was sent. position carries a full pass from one slice of
    work to the next. failure_code and failure_values are of the error that a failing feed failed
    of last, its words are in `wording`. odd names the rows that are set aside because they cannot
    be read, each as [kind, id, field, code]; odd_count counts them all.
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="feeds")
    name = models.CharField(max_length=30, choices=FeedName)
    newest_modified = models.DateTimeField(null=True)
    position = models.JSONField(null=True)
    leased_by = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    fresh_at = models.DateTimeField(null=True)
    full_at = models.DateTimeField(null=True)
    full_requests = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    next_full_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=100, blank=True)
    failure_values = models.JSONField(default=dict, db_default={})
    odd = models.JSONField(default=list, db_default=[])
    odd_count = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "name"], name="feed_name")]

    def __str__(self) -> str:
        return f"{self.name} of {self.portal_id}"


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def latest_first(self) -> Self:
        return self.order_by("-pk")

    def outdated(self) -> Self:
        """Narrow to the runs older than the 30 days they are kept."""
        return self.filter(started_at__lt=timezone.now() - KEPT_FOR)


class SyncRun(models.Model):
    """One pass over one feed: running -> complete | failed.

    error_code and error_values say what it failed of, as on Feed. requests counts HTTP requests;
    read, created, changed and ended count rows. odd and odd_count are of the rows this pass set
    aside.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        COMPLETE = "complete", _("Complete")
        FAILED = "failed", _("Failed")

    feed = models.ForeignKey(Feed, models.PROTECT, related_name="runs")
    is_full = models.BooleanField()
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    requests = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    ended = models.PositiveIntegerField(default=0)
    odd = models.JSONField(default=list, db_default=[])
    odd_count = models.PositiveIntegerField(default=0, db_default=0)
    error_code = models.CharField(max_length=100, blank=True)
    error_values = models.JSONField(default=dict, db_default={})

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["feed", "-started_at"], name="sync_run_feed")]

    def __str__(self) -> str:
        return f"{self.feed} {self.started_at:%Y-%m-%d %H:%M:%S}"
