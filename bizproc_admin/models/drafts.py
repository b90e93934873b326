"""What people have typed into the forms of workflow tasks and not sent yet."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from bizproc_admin.models.workflow_tasks import WorkflowTask

KEPT = timedelta(days=30)


class DraftQuerySet(models.QuerySet["Draft"]):
    """Narrowing drafts."""

    def outdated(self) -> Self:
        """Narrow to those nobody can send any more, or has left lying."""
        return self.filter(Q(task__is_open=False) | Q(saved_at__lt=timezone.now() - KEPT))


class Draft(models.Model):
    """The unsent answer of one account to one workflow task; nobody else reads it.

    values are what the controls of the form hold, by their names: {"comment": ["..."]}.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    task = models.ForeignKey(WorkflowTask, models.CASCADE, related_name="drafts")
    values = models.JSONField()
    saved_at = models.DateTimeField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "task"], name="one_draft_per_task")
        ]

    def __str__(self) -> str:
        return f"draft of {self.account_id} for {self.task_id}"
