"""Workflow tasks: work waiting for people, and each person's part of it."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.people import Person
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.workflows import Workflow


class WorkflowTaskQuerySet(models.QuerySet["WorkflowTask"]):
    def open(self) -> Self:
        """Narrow to workflow tasks that run on the portal as far as we know."""
        return self.filter(is_open=True)

    def with_assignments(self) -> Self:
        """Fetch each task's assignments and their people along."""
        return self.prefetch_related(
            models.Prefetch(
                "assignments",
                Assignment.objects.select_related("person").order_by("gone_at", "pk"),
            )
        )


class WorkflowTask(models.Model):
    """A workflow task as last read; it stays after the portal has forgotten it.

    status and a person's status are the portal's (bitrix24-api 11.1). is_open is status 0 and
    still on the portal. state_text is WORKFLOW_STATE, the only words the portal has for where a
    workflow stands.
    """

    class Status(models.IntegerChoices):
        RUNNING = 0, _("Running")
        APPROVED = 1, _("Approved")
        REJECTED = 2, _("Rejected")
        DONE = 3, _("Done")
        TIMED_OUT = 4, _("Timed out")
        DECLINED = 5, _("Declined")

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="workflow_tasks")
    remote_id = models.BigIntegerField()
    workflow = models.ForeignKey(Workflow, models.PROTECT, related_name="tasks")
    activity = models.CharField(max_length=128, blank=True)
    activity_name = models.CharField(max_length=128, blank=True)
    name = models.TextField(blank=True)
    description = models.TextField(blank=True)
    parameters = models.JSONField(default=dict)
    modified_at = models.DateTimeField()
    overdue_at = models.DateTimeField(null=True)
    status = models.IntegerField(choices=Status, default=Status.RUNNING)
    state_text = models.CharField(max_length=500, blank=True)
    is_open = models.BooleanField(default=True)
    observed_at = models.DateTimeField()
    first_seen_at = models.DateTimeField(auto_now_add=True)
    gone_at = models.DateTimeField(null=True)

    objects = WorkflowTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "remote_id"], name="workflow_task_remote")
        ]
        indexes = [
            models.Index(fields=["portal", "is_open", "overdue_at"], name="workflow_task_overdue"),
            models.Index(fields=["workflow", "is_open"], name="workflow_task_open"),
        ]

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """One person's part of a workflow task; gone_at is when the portal stopped listing it."""

    class Status(models.IntegerChoices):
        WAITING = 0, _("Waiting")
        YES = 1, _("Approved")
        NO = 2, _("Rejected")
        OK = 3, _("Done")
        CANCEL = 4, _("Declined")

    task = models.ForeignKey(WorkflowTask, models.CASCADE, related_name="assignments")
    person = models.ForeignKey(Person, models.PROTECT, related_name="assignments")
    status = models.IntegerField(choices=Status, default=Status.WAITING)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "person"], name="assignment_person")]
        indexes = [models.Index(fields=["person", "status", "gone_at"], name="assignment_waiting")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_status_display()}"
