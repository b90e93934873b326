"""Workflow tasks: work waiting for people, and each person's part of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.db import models, transaction
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bizproc_admin.bitrix.texts import line
from bizproc_admin.models.accounts import Account
from bizproc_admin.models.participations import Participation
from bizproc_admin.models.people import Person
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.searching import words_of
from bizproc_admin.models.workflow_templates import WorkflowTemplate
from bizproc_admin.models.workflows import FRESH_FOR, Workflow

# a name may be longer than what an index holds
BY_NAME = Left("name", 200)
APPROVAL, REVIEW = "ApproveActivity", "ReviewActivity"
REQUEST, OPTIONAL = "RequestInformationActivity", "RequestInformationOptionalActivity"


# by activity and answer: where its parameters keep the caption, and what is said without one
CAPTIONS: dict[str, dict[int, tuple[str, Promise]]] = {
    APPROVAL: {1: ("StatusYesLabel", _("Approve")), 2: ("StatusNoLabel", _("Reject"))},
    REVIEW: {3: ("StatusOkLabel", _("Acknowledge"))},
    REQUEST: {3: ("StatusOkLabel", _("Submit"))},
    OPTIONAL: {3: ("StatusOkLabel", _("Submit")), 4: ("StatusCancelLabel", _("Decline"))},
}
DISAGREEING = ("StatusNoLabel", "StatusCancelLabel")


def caption_of(activity: str, status: int) -> str:
    """Return what an answer is called where the portal has no caption for it."""
    _key, otherwise = CAPTIONS.get(activity, {}).get(status, ("", str(status)))
    return str(otherwise)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One way to answer a task: the portal's number for it, its caption there, what it means."""

    status: int
    caption: str
    agrees: bool


class WorkflowTaskQuerySet(models.QuerySet["WorkflowTask"]):
    def bulk_create(
        self, objs: Iterable["WorkflowTask"], *args: Any, **kwargs: Any
    ) -> "list[WorkflowTask]":
        """Add tasks, each with the template of its workflow."""
        rows = list(objs)
        for row in rows:
            row.template_id = row.workflow.template_id
        return super().bulk_create(rows, *args, **kwargs)

    def open(self) -> Self:
        """Narrow to workflow tasks that run on the portal as far as we know."""
        # "in" writes a comparison: SQLite uses no index for the bare column that "=" writes
        return self.filter(is_open__in=[True])

    def at(self, portal: Portal | None) -> Self:
        """Narrow to one portal; no portal has no workflow tasks."""
        return self.filter(portal=portal) if portal else self.none()

    def waiting_for(self, people: "Iterable[int]") -> Self:
        """Narrow to open tasks that people, named by key, have not answered."""
        # that a task is open is asked of itself: once more of each assignment's would cost a join
        waiting = Assignment.objects.filter(person__in=list(people), status=0, gone_at=None)
        return self.open().filter(pk__in=waiting.values("task"))

    def involving(self, people: "Iterable[int]") -> Self:
        """Narrow to tasks that people, named by key, have or once had a part in."""
        return self.filter(pk__in=Assignment.objects.filter(person__in=list(people)).values("task"))

    def visible_to(self, account: Account) -> Self:
        """Narrow to what an account may see: everything, or what its own people are asked."""
        if account.role is None:
            return self.none()
        if account.sees_all:
            return self.filter(portal=account.home_id) if account.home_id else self
        return self.involving(account.circle)

    def matching(self, text: str) -> Self:
        """Narrow to tasks that contain every word of the text, or whose workflow does."""
        found = self
        for word in words_of(text):
            found = found.filter(search_text__contains=word)
        return found

    def with_assignments(self) -> Self:
        """Fetch each task's assignments and their people along."""
        return self.prefetch_related(
            models.Prefetch(
                "assignments",
                Assignment.objects.select_related("person").order_by("gone_at", "pk"),
            )
        )

    def for_rows(self) -> Self:
        """Fetch with each task what most rows say of its workflow; few lack copies of names."""
        return self.select_related("workflow__document")


class WorkflowTask(models.Model):
    """A workflow task as last read; it stays after the portal has forgotten it.

    status and a person's status are the portal's (docs/portal.md: Workflow tasks). is_open is
    status 0 and still on the portal. state_text is WORKFLOW_STATE, the only words the portal has
    for where a workflow stands. waiting_since is the earliest MODIFIED seen: the portal does not
    tell when a task was made. While it is open, template, template_copy and starter_copy are copies
    of its workflow's, and search_text holds what the workflow is found by besides its own words:
    written by the merge, so that a list of 100,000 is narrowed, sorted and searched by an index.
    """

    class Status(models.IntegerChoices):
        RUNNING = 0, _("Running")
        APPROVED = 1, _("Approved")
        REJECTED = 2, _("Rejected")
        DONE = 3, _("Done")
        TIMED_OUT = 4, _("Timed out")
        DECLINED = 5, _("Declined")

    portal = models.ForeignKey(
        Portal, models.PROTECT, related_name="workflow_tasks", db_index=False
    )
    remote_id = models.BigIntegerField()
    workflow = models.ForeignKey(Workflow, models.PROTECT, related_name="tasks", db_index=False)
    template = models.ForeignKey(
        WorkflowTemplate, models.PROTECT, null=True, related_name="+", db_index=False
    )
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
    waiting_since = models.DateTimeField(null=True)
    template_copy = models.CharField(max_length=500, blank=True, default="", db_default="")
    starter_copy = models.CharField(max_length=511, blank=True, default="", db_default="")
    search_text = models.TextField(blank=True)

    objects = WorkflowTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "remote_id"], name="workflow_task_remote")
        ]
        indexes = [
            models.Index(
                fields=["portal", "is_open", "overdue_at", "id"], name="workflow_task_overdue"
            ),
            models.Index(
                fields=["portal", "is_open", "waiting_since", "id"], name="workflow_task_waiting"
            ),
            models.Index("portal", "is_open", BY_NAME, "id", name="workflow_task_name"),
            models.Index(
                fields=["portal", "is_open", "template_copy", "id"], name="workflow_task_template"
            ),
            models.Index(
                fields=["portal", "is_open", "starter_copy", "id"], name="workflow_task_starter"
            ),
            models.Index(
                fields=["portal", "is_open", "template", "overdue_at", "id"],
                name="workflow_task_of_template",
            ),
            models.Index(
                fields=["portal", "is_open", "activity", "overdue_at", "id"],
                name="workflow_task_kind",
            ),
            models.Index(fields=["workflow", "is_open"], name="workflow_task_open"),
        ]

    def __str__(self) -> str:
        return self.name or _("Workflow task %(number)s") % {"number": self.remote_id}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; a new one with the template of its workflow."""
        if self._state.adding:
            self.template_id = self.workflow.template_id
        super().save(*args, **kwargs)

    @property
    def is_fresh(self) -> bool:
        """Return whether the task was read too short ago to be read again."""
        return timezone.now() - self.observed_at < FRESH_FOR

    @property
    def answers(self) -> list[Answer]:
        """Return the ways to answer with the portal's own captions; none for what REST refuses."""
        return [
            Answer(
                status=status,
                caption=self.own_caption(status) or caption_of(self.activity, status),
                agrees=key not in DISAGREEING,
            )
            for status, (key, _otherwise) in CAPTIONS.get(self.activity, {}).items()
        ]

    def own_caption(self, status: int) -> str:
        """Return the portal's own caption of an answer, empty where it has none."""
        key, _otherwise = CAPTIONS.get(self.activity, {}).get(status, ("", ""))
        return line(str(self.parameters.get(key) or ""))

    def needs_comment(self, status: int) -> bool:
        """Return whether an answer must come with a comment (docs/portal.md: Answering)."""
        if str(self.parameters.get("ShowComment") or "Y") != "Y":
            return False
        rule = str(self.parameters.get("CommentRequired") or "N")
        if self.activity in (REVIEW, REQUEST):
            return rule == "Y"
        return rule == "Y" or rule == ("YA" if status in (1, 3) else "YR")

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.overdue_at is not None and self.overdue_at < self.portal.now()


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def waiting(self) -> Self:
        """Narrow to unanswered parts of open workflow tasks."""
        return self.filter(status=0, gone_at=None, task__is_open=True)

    def bulk_create(
        self, objs: Iterable["Assignment"], *args: Any, **kwargs: Any
    ) -> "list[Assignment]":
        """Add assignments, and that their people take part in the workflows of their tasks."""
        rows = list(objs)
        with transaction.atomic(using=self.db, savepoint=False):
            made = super().bulk_create(rows, *args, **kwargs)
            Participation.objects.keep((row.person_id, row.task.workflow_id) for row in rows)
        return made


class Assignment(models.Model):
    """One person's part of a workflow task; gone_at is when the portal stopped listing it."""

    class Status(models.IntegerChoices):
        WAITING = 0, _("Waiting")
        YES = 1, _("Approved")
        NO = 2, _("Rejected")
        OK = 3, _("Done")
        CANCEL = 4, _("Declined")

    task = models.ForeignKey(
        WorkflowTask, models.CASCADE, related_name="assignments", db_index=False
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="assignments", db_index=False)
    status = models.IntegerField(choices=Status, default=Status.WAITING)
    gone_at = models.DateTimeField(null=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "person"], name="assignment_person")]
        # with the task, so that whose tasks are whose is told by it alone
        indexes = [
            models.Index(
                fields=["person", "status", "gone_at", "task"], name="assignment_of_person"
            )
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; with a new one, that the person takes part in the task's workflow."""
        is_new = self._state.adding
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            if is_new:
                Participation.objects.keep([(self.person_id, self.task.workflow_id)])

    def __str__(self) -> str:
        return f"{self.person}: {self.get_status_display()}"
