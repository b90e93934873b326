"""Workflows: every one ever seen, running or ended."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.accounts import Account
from bizproc_admin.models.documents import Document, DocumentKind
from bizproc_admin.models.participations import Participation
from bizproc_admin.models.people import Person
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.searching import words_of
from bizproc_admin.models.workflow_templates import WorkflowTemplate

# OWNED_UNTIL further in the past than this means a hung workflow (docs/portal.md: Locks)
LOCK_GRACE = timedelta(minutes=5)
DOCUMENT_KINDS = dict(DocumentKind.choices)

# opening a workflow's page reads it again unless it was read within this span
FRESH_FOR = timedelta(seconds=10)


class EndCause(models.TextChoices):
    """How a workflow ended, as far as it is known; the portal never tells."""

    TERMINATED = "terminated", _("Terminated from here")
    KILLED = "killed", _("Killed from here")
    UNCERTAIN = "uncertain", _("Ended, not known whether by us")
    UNKNOWN = "unknown", _("Ended, cause unknown")


def assignments() -> "models.QuerySet[models.Model]":
    """Return all assignments; their model lives above this one, so it is asked for by name."""
    return apps.get_model("bizproc_admin", "Assignment")._default_manager.all()


class WorkflowQuerySet(models.QuerySet["Workflow"]):
    def at(self, portal: Portal | None) -> Self:
        """Narrow to one portal; no portal has no workflows."""
        return self.filter(portal=portal) if portal else self.none()

    def running(self) -> Self:
        # "in" writes a comparison: SQLite uses no index for the bare column that "=" writes
        return self.filter(is_running__in=[True])

    def ended(self) -> Self:
        return self.filter(is_running__in=[False])

    def locked(self, now: datetime) -> Self:
        """Narrow to hung workflows; now is the portal's clock."""
        return self.running().filter(owned_until__lt=now - LOCK_GRACE)

    def waiting(self) -> Self:
        """Narrow to running workflows with an open workflow task."""
        return self.running().filter(open_tasks__gt=0)

    def overdue(self, now: datetime) -> Self:
        """Narrow to running workflows with an open workflow task past its deadline."""
        return self.running().filter(overdue_at__lt=now)

    def waiting_for(self, people: "models.QuerySet[Person] | list[Person] | list[int]") -> Self:
        """Narrow to workflows with an unanswered open assignment of one of these people."""
        return self.filter(
            pk__in=assignments()
            .filter(person__in=people, status=0, gone_at=None, task__is_open=True)
            .values("task__workflow_id")
        )

    def involving(self, people: Iterable[int]) -> Self:
        """Narrow to workflows that people, named by key, take part in."""
        parts = Participation.objects.filter(person__in=list(people))
        return self.filter(pk__in=parts.values("workflow"))

    def visible_to(self, account: Account) -> Self:
        """Narrow to what an account may see: everything, or what its own people take part in."""
        if account.role is None:
            return self.none()
        if account.sees_all:
            return self.filter(portal=account.home_id) if account.home_id else self
        return self.involving(account.circle)

    def bulk_create(
        self, objs: Iterable["Workflow"], *args: Any, **kwargs: Any
    ) -> "list[Workflow]":
        """Add workflows, and that whoever started one takes part in it."""
        rows = list(objs)
        with transaction.atomic(using=self.db, savepoint=False):
            made = super().bulk_create(rows, *args, **kwargs)
            self.keep_starters(rows)
        return made

    def keep_starters(self, rows: Sequence["Workflow"]) -> None:
        """Keep who takes part as a starter; rows that were there already are not what was given."""
        started = [row for row in rows if row.started_by_id is not None]
        written = self.model._default_manager.filter(
            portal__in={row.portal_id for row in started},
            remote_id__in={row.remote_id for row in started},
        ).exclude(started_by=None)
        Participation.objects.keep(written.values_list("started_by", "pk"))

    def with_names(self) -> Self:
        """Fetch with each workflow what a list row shows besides its own columns."""
        return self.select_related("template", "document__portal", "started_by", "portal")

    def for_rows(self) -> Self:
        """Fetch what most rows show; the portal is at hand, names are copies that few rows lack."""
        return self.select_related("document")

    def wanting_names(self) -> Self:
        """Narrow to those whose tasks are still to be asked for the name of their document."""
        return self.filter(wants_name=True)

    def latest_first(self) -> Self:
        return self.order_by("-started_at", "-pk")

    def matching(self, text: str) -> Self:
        """Narrow to workflows whose searchable words contain every word of the text."""
        found = self
        for word in words_of(text):
            found = found.filter(search_text__contains=word)
        return found


class Workflow(models.Model):
    """A workflow of a portal; the row outlives the workflow.

    Times are UTC. What ends in copy is a name, empty while it is not known, and document_order is
    `Document.order`: with state_text, open_tasks, overdue_at and search_text they are copies
    written by the merge, so that a list of 100,000 sorts by an index. An ended workflow ended
    between ended_after (last seen running) and ended_before (first known to be gone). wants_name
    is false where the document's name is known, or was asked for in vain since the workflow
    changed; an older version that is still running makes rows without it.
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="workflows", db_index=False)
    remote_id = models.CharField(max_length=64)
    template = models.ForeignKey(
        WorkflowTemplate, models.PROTECT, related_name="workflows", db_index=False
    )
    document = models.ForeignKey(Document, models.PROTECT, related_name="workflows")
    document_kind = models.CharField(
        max_length=20, choices=DocumentKind, default=DocumentKind.OTHER
    )
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="started_workflows"
    )
    modified_at = models.DateTimeField()
    owned_until = models.DateTimeField(null=True)
    is_running = models.BooleanField(default=True)
    ended_after = models.DateTimeField(null=True)
    ended_before = models.DateTimeField(null=True)
    end_cause = models.CharField(max_length=20, choices=EndCause, blank=True)

    template_copy = models.CharField(max_length=500, blank=True, db_column="template_name")
    document_copy = models.CharField(max_length=500, blank=True, db_column="document_name")
    document_order = models.CharField(max_length=520, blank=True, default="", db_default="")
    starter_copy = models.CharField(max_length=511, blank=True, db_column="started_by_name")
    waiting_copy = models.CharField(max_length=511, blank=True, db_column="waiting_name")
    state_text = models.CharField(max_length=500, blank=True)
    open_tasks = models.PositiveIntegerField(default=0)
    overdue_at = models.DateTimeField(null=True)
    search_text = models.TextField(blank=True)
    wants_name = models.BooleanField(default=True, db_default=False)

    observed_at = models.DateTimeField()
    first_seen_at = models.DateTimeField(auto_now_add=True)

    objects = WorkflowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "remote_id"], name="workflow_remote")
        ]
        indexes = [
            models.Index(
                fields=["portal", "is_running", "started_at", "id"], name="workflow_started"
            ),
            models.Index(
                fields=["portal", "is_running", "modified_at", "id"], name="workflow_idle"
            ),
            models.Index(
                fields=["portal", "is_running", "template_copy", "id"], name="workflow_template"
            ),
            models.Index(
                fields=["portal", "is_running", "template", "started_at", "id"],
                name="workflow_of_template",
            ),
            models.Index(
                fields=["portal", "is_running", "document_order", "id"], name="workflow_by_document"
            ),
            models.Index(
                fields=["portal", "is_running", "starter_copy", "id"], name="workflow_starter"
            ),
            models.Index(
                fields=["portal", "is_running", "waiting_copy", "id"], name="workflow_waiting"
            ),
            models.Index(
                fields=["portal", "is_running", "state_text", "id"], name="workflow_state"
            ),
            models.Index(
                fields=["portal", "is_running", "overdue_at"],
                condition=Q(overdue_at__isnull=False),
                name="workflow_overdue",
            ),
            models.Index(fields=["portal", "wants_name", "id"], name="workflow_wants_name"),
            # running and ended ones together
            models.Index(fields=["portal", "started_at", "id"], name="workflow_all"),
            # no part of the table: PostgreSQL would not know that what has ended is in it
            models.Index(
                fields=["portal", "is_running", "ended_before", "id"],
                name="workflow_ended",
            ),
            models.Index(
                fields=["portal", "is_running", "owned_until"],
                condition=Q(owned_until__isnull=False),
                name="workflow_locked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_name} · {self.document_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row, and that whoever started it takes part in it."""
        names = kwargs.get("update_fields")
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            if self.started_by_id is not None and (names is None or "started_by" in names):
                Participation.objects.keep([(self.started_by_id, self.pk)])

    def get_document_kind_display(self) -> str:  # type: ignore[no-redef]  # Django leaves it to us
        """Say what the document is, for many rows: Django's own reads all choices anew for each."""
        return str(DOCUMENT_KINDS.get(self.document_kind, self.document_kind))

    @property
    def template_name(self) -> str:
        """Return the name of the template, or what is said while it is not known."""
        return self.template_copy or str(self.template)

    @property
    def document_name(self) -> str:
        """Return the name of the document, or what is said while it is not known."""
        return self.document_copy or str(self.document)

    @property
    def started_by_name(self) -> str:
        """Return the name of whoever started it, or what is said of them; empty: the portal."""
        return self.starter_copy or (str(self.started_by) if self.started_by else "")

    @property
    def is_locked(self) -> bool:
        return self.is_locked_at(self.portal.now())

    def is_locked_at(self, now: datetime) -> bool:
        """Return whether the portal holds the workflow for longer than a lock lasts."""
        return (
            self.is_running and self.owned_until is not None and self.owned_until < now - LOCK_GRACE
        )

    @property
    def is_fresh(self) -> bool:
        """Return whether the workflow was read too short ago to be read again."""
        return timezone.now() - self.observed_at < FRESH_FOR

    def is_busy_at(self, now: datetime) -> bool:
        """Return whether the portal is executing a step of the workflow at a moment."""
        return self.is_running and self.owned_until is not None and self.owned_until > now

    def mark_ended(self, *, cause: EndCause, after: datetime, before: datetime) -> None:
        """Record that the workflow ended between two moments, and how as far as known; saves."""
        self.is_running = False
        self.end_cause = cause
        self.ended_after = min(after, before)
        self.ended_before = before
        self.save(update_fields=["is_running", "end_cause", "ended_after", "ended_before"])
        self.tasks.filter(is_open=True).update(is_open=False, gone_at=before)
