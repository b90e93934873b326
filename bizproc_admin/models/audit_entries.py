"""The audit history: insert-only here and by triggers in the database."""

import hashlib
import json
import uuid
from typing import Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.accounts import Account
from bizproc_admin.models.bulk_operations import BulkOperation
from bizproc_admin.models.commands import Command
from bizproc_admin.models.portals import Portal

# what the entries that are written now hold: keys and values; see audit.first_version for earlier
SCHEMA_VERSION = 2


class InsertOnly(TypeError):
    """Somebody tried to change or delete a line of the audit history."""

    def __init__(self) -> None:
        super().__init__("the audit history is insert-only")


class InsertOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise InsertOnly

    def delete(self) -> NoReturn:
        raise InsertOnly

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise InsertOnly

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise InsertOnly


class InsertOnlyModel(models.Model):
    """A row that can be added and read."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise InsertOnly
        super().save(*args, force_insert=True)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise InsertOnly


class AuditSequence(models.Model):
    """The last number given out in a scope; its row lock puts the entries of a scope in order.

    scope is "installation" or "portal:<pk>".
    """

    scope = models.CharField(max_length=50, primary_key=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.scope


# an entry that stands for itself or for a whole command, whose first it is
BEGINS = Q(command=None) | Q(kind="intent")


class AuditEntryQuerySet(InsertOnlyQuerySet):
    def latest_first(self) -> Self:
        return self.order_by("-pk")

    def visible_to(self, account: Account) -> Self:
        """Narrow to what an account may read: everything, or that of its portal and its people."""
        if account.home_id is None:
            return self
        # what somebody did at another portal before this one became theirs stays there
        own = Q(portal=None, actor__home=account.home_id)
        return self.filter(Q(portal=account.home_id) | own)

    def beginning(self) -> Self:
        """Narrow to one entry a command, the one that asked for it, and to all without a command.

        Those are the rows of the history: the further entries of a command are its steps.
        """
        return self.filter(BEGINS)

    def with_details(self) -> Self:
        return self.select_related("detail", "portal", "command__task")


class AuditEntry(InsertOnlyModel):
    """An append-only line about a command, a sign-in, an account or a connection.

    seq is gapless per scope (a portal, or the installation where portal is null). detail_hash
    binds the detail row: SHA-256 over its salt and its canonical text. action is a key
    (audit.AuditAction) and outcome and error_code are codes: the sentence is made when the line is
    read. Actor and target are kept by name too, so that the line reads the same for ever. operation
    is what a line's command was asked for with: an operation itself is one line, and its target.
    """

    class Kind(models.TextChoices):
        INTENT = "intent", _("Requested")
        ATTEMPT = "attempt", _("Sent")
        OUTCOME = "outcome", _("Outcome")
        RECONCILE = "reconcile", _("Checked again")
        HUMAN_DECISION = "human_decision", _("Decided by a person")
        TAKEN_BACK = "taken_back", _("Taken back")
        SIGN_IN = "sign_in", _("Signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
        SIGN_OUT = "sign_out", _("Signed out")
        DENIED = "denied", _("Denied")
        ACCOUNT = "account", _("Account changed")
        CONNECTION = "connection", _("Connection changed")
        DISCLOSURE = "disclosure", _("Shown")
        OPERATION = "operation", _("Bulk operation")
        VIEW = "view", _("Shared view changed")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    # the writer says it: another default would have the table remade on SQLite
    schema_version = models.PositiveSmallIntegerField(default=1)
    portal = models.ForeignKey(Portal, models.PROTECT, null=True, related_name="audit_entries")
    scope = models.CharField(max_length=50)
    seq = models.BigIntegerField()
    recorded_at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind)
    action = models.CharField(max_length=50, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    command = models.ForeignKey(Command, models.PROTECT, null=True, related_name="audit_entries")
    operation = models.ForeignKey(
        BulkOperation, models.PROTECT, null=True, related_name="audit_entries"
    )
    attempt = models.PositiveIntegerField(null=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="audit_entries"
    )
    actor_name = models.CharField(max_length=255, blank=True)
    actor_role = models.CharField(max_length=50, blank=True)
    on_behalf_of = models.CharField(max_length=255, blank=True)
    origin = models.CharField(max_length=20, blank=True)
    ip = models.GenericIPAddressField(null=True)
    target_kind = models.CharField(max_length=30, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_label = models.TextField(blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    duration_ms = models.PositiveIntegerField(null=True)
    detail_hash = models.CharField(max_length=64)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "seq"], name="audit_entry_seq")]
        indexes = [
            models.Index(fields=["target_id", "target_kind"], name="audit_entry_of_target"),
            models.Index(fields=["kind", "command"], name="audit_entry_kind"),
            models.Index(fields=["action", "kind"], name="audit_entry_action"),
            models.Index(fields=["recorded_at"], name="audit_entry_time"),
            # the history as it is opened: a command's steps and an operation's lines are folded
            models.Index(
                fields=["id"], condition=Q(operation=None) & BEGINS, name="audit_entry_rows"
            ),
            models.Index(fields=["outcome", "command"], name="audit_entry_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.seq}: {self.kind} {self.action}"


class AuditDetail(InsertOnlyModel):
    """The erasable part of an entry: texts and snapshots, which may hold personal data.

    reason is what a person wrote, text what the portal said, both in their own words. before is
    what was known of the target, after what a re-read showed; both are JSON objects.
    """

    entry = models.OneToOneField(
        AuditEntry, models.PROTECT, primary_key=True, related_name="detail"
    )
    salt = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    text = models.TextField(blank=True)
    inputs = models.JSONField(default=dict)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = InsertOnlyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"detail of {self.entry_id}"

    def digest(self) -> str:
        """Return the hash an entry carries for this: hex SHA-256 over salt and canonical JSON."""
        canonical = json.dumps(
            {
                "after": self.after,
                "before": self.before,
                "inputs": self.inputs,
                "reason": self.reason,
                "text": self.text,
            },
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )
        return hashlib.sha256(f"{self.salt}\n{canonical}".encode()).hexdigest()
