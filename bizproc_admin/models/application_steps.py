"""Steps of workflows that an application answers: each execution that called, or may wait."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db import connections, models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.accounts import Account
from bizproc_admin.models.commands import Command
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.searching import words_of
from bizproc_admin.models.workflows import Workflow
from bizproc_admin.secrets.fields import EncryptedTextField


class StepState(models.TextChoices):
    """What is known of one execution of a step.

    UNVERIFIED: a call that may be anybody's; nothing is done on it. PRESUMED: the template holds
    the step and nothing else explains what the workflow waits for; no call came. PASSED: it called
    and did not wait. DELIVERED: the portal took an answer from here. CONFIRMED: and went on.
    ELSEWHERE: it goes on, and not by an answer from here. ENDED: its workflow has.
    """

    UNVERIFIED = "unverified", _("Not verified")
    PRESUMED = "presumed", _("May wait")
    WAITING = "waiting", _("Waiting")
    PASSED = "passed", _("Did not wait")
    DELIVERED = "delivered", _("Delivered")
    CONFIRMED = "confirmed", _("Confirmed")
    TIMED_OUT = "timed_out", _("Timed out")
    ELSEWHERE = "elsewhere", _("Went on without us")
    ENDED = "ended", _("Workflow ended")


# something is still expected of these
OPEN = (StepState.WAITING, StepState.PRESUMED, StepState.UNVERIFIED)
# nothing is expected of these any more
OVER = (
    StepState.PASSED,
    StepState.DELIVERED,
    StepState.CONFIRMED,
    StepState.TIMED_OUT,
    StepState.ELSEWHERE,
    StepState.ENDED,
)


class ApplicationStepQuerySet(models.QuerySet["ApplicationStep"]):
    """Narrowing executions of steps."""

    def at(self, portal: Portal | None) -> Self:
        """Narrow to one portal; no portal has none."""
        return self.filter(portal=portal) if portal else self.none()

    def visible_to(self, account: Account) -> Self:
        """Narrow to steps of workflows that an account may see; who sees all sees every call."""
        if account.role is None:
            return self.none()
        if account.sees_all:
            return self.filter(portal=account.home_id) if account.home_id else self
        return self.filter(workflow__in=Workflow.objects.visible_to(account))

    def for_rows(self) -> Self:
        """Fetch with each step what rows say of its workflow."""
        return self.select_related("portal", "workflow__document").defer(
            "token", "properties", "workflow__search_text"
        )

    def matching(self, text: str) -> Self:
        """Narrow to steps that contain every word of the text, or whose workflow does."""
        found = self
        for word in words_of(text):
            here = Q(search_text__contains=word) | Q(workflow__search_text__contains=word)
            # what is presumed, or was brought by a person, has no text of a call
            found = found.filter(here | Q(workflow_remote_id=word) | Q(code__folds=word))
        return found

    def waiting(self) -> Self:
        """Narrow to steps that called and wait, as far as is known."""
        return self.filter(state=StepState.WAITING)

    def verified(self) -> Self:
        """Narrow to what is surely of the portal."""
        return self.exclude(state=StepState.UNVERIFIED)

    def link(self, portal: Portal, remote_ids: Iterable[str]) -> int:
        """Bring calls to the workflows that the mirror has of these ids; return how many."""
        calls = self.verified().filter(
            portal=portal, workflow=None, workflow_remote_id__in=list(remote_ids)
        )
        workflow = Workflow.objects.filter(
            portal=portal, remote_id=OuterRef("workflow_remote_id")
        ).values("pk")[:1]
        return calls.update(workflow=Subquery(workflow))

    def insert_new(self, step: "ApplicationStep") -> bool:
        """Write a row that called, in one statement; False where its token has one already.

        What save() does besides takes longer than the statement itself, and 10,000 calls a minute
        wait for it. Outside a transaction it is one by itself.
        """
        meta, connection = self.model._meta, connections[self.db]
        quoted = connection.ops.quote_name
        values = {
            quoted(field.column or field.name): field.get_db_prep_save(
                getattr(step, field.attname), connection
            )
            for field in meta.concrete_fields
            if not field.primary_key
        }
        places = ", ".join(["%s"] * len(values))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {quoted(meta.db_table)} ({', '.join(values)}) VALUES ({places})"  # noqa: S608 - names of columns
                " ON CONFLICT DO NOTHING",
                list(values.values()),
            )
            return bool(cursor.rowcount == 1)


class ApplicationStep(models.Model):
    """One execution of a step that an application answers.

    client_id and code name the action, as ApplicationAction does; name is the step's on the portal
    (ACTIVITY_NAME), empty where it could not be told. workflow is missing until the mirror has
    it, by workflow_remote_id. token is the one-time event token, found by its digest; neither
    is there where no call came. document and document_type are triples as sent. properties are the
    values the step was given, None once they were erased, or never told. called_at is the moment
    of the call on the portal's clock, in UTC, received_at when it came here, both empty where none
    came; since is from when on it waits as far as is known, until_at when it goes on without an
    answer, None for never or not known. user_number is who the call was made for. repeats counts
    the calls beyond the first. is_pasted says that the token was brought here by a person. answer
    is the command by which it was answered last. is_subscribed is whether the call said that the
    step waits, is_due whether what follows from the call is still to be done; sender is what the
    application_token of a call that is not verified is known by (call_receivers.sender_digest).
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="application_steps")
    client_id = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=128, blank=True)
    name = models.CharField(max_length=255, blank=True)
    workflow = models.ForeignKey(
        Workflow, models.PROTECT, null=True, related_name="application_steps"
    )
    workflow_remote_id = models.CharField(max_length=64)
    token = EncryptedTextField(null=True)
    token_digest = models.CharField(max_length=64, blank=True)
    document = models.JSONField(default=list)
    document_type = models.JSONField(default=list)
    properties: "models.JSONField[dict[str, Any] | None]" = models.JSONField(null=True)
    user_number = models.BigIntegerField(null=True)
    called_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    since = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    is_too_large = models.BooleanField(default=False)
    is_pasted = models.BooleanField(default=False)
    repeats = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=20, choices=StepState)
    settled_at = models.DateTimeField(null=True)
    answer = models.ForeignKey(Command, models.PROTECT, null=True, related_name="+")
    search_text = models.TextField(blank=True)
    is_subscribed = models.BooleanField(default=False, db_default=False)
    is_due = models.BooleanField(default=False, db_default=False)
    sender = models.CharField(max_length=64, blank=True, default="", db_default="")

    objects = ApplicationStepQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "token_digest"],
                condition=~Q(token_digest=""),
                name="one_application_step_per_token",
            ),
            models.UniqueConstraint(
                fields=["workflow", "name", "code"],
                condition=Q(token_digest=""),
                name="one_presumed_step",
            ),
        ]
        indexes = [
            models.Index(fields=["portal", "state", "since", "id"], name="application_step_since"),
            models.Index(fields=["portal", "workflow_remote_id"], name="application_step_workflow"),
            models.Index(fields=["portal", "code"], name="application_step_code"),
            models.Index(
                fields=["portal", "id"], condition=Q(is_due=True), name="application_step_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.workflow_remote_id}"

    @property
    def has_called(self) -> bool:
        """Return whether there is a token to answer it by."""
        return bool(self.token_digest)

    def is_over_time_at(self, now: datetime) -> bool:
        """Return whether its time was over at a moment of the portal's clock."""
        return self.until_at is not None and self.until_at <= now


def token_digest(token: str) -> str:
    """Return what an event token is found by."""
    return hashlib.sha256(token.encode()).hexdigest()
