"""Commands: each row is one intended remote write and what became of it.

The moves between its states, and why each exists, are commands.transitions.TRANSITIONS.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Min, Q
from django.db.models.functions import Coalesce

from bizproc_admin.models.accounts import Account, Role
from bizproc_admin.models.bulk_operations import BulkOperation, BulkState
from bizproc_admin.models.people import Person
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.searching import searchable
from bizproc_admin.models.targets import Target
from bizproc_admin.models.workflow_tasks import WorkflowTask
from bizproc_admin.models.workflows import Workflow
from bizproc_admin.secrets.fields import EncryptedBytesField


class CommandState(StrEnum):
    INTENT = "intent"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"
    NEEDS_HUMAN = "needs_human"
    EVIDENT = "evident"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"
    GONE = "gone"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    NOT_APPLIED = "not_applied"

    @property
    def word(self) -> str:
        """Return the kind of state a screen shows; how it is said and looks: wording.looks."""
        return WORDS[self]

    @classmethod
    def of_words(cls, *words: str) -> list[Self]:
        """Return the states that a screen shows as one of these words."""
        return [state for state in cls if state.word in words]


TERMINAL = (
    CommandState.CONFIRMED,
    CommandState.GONE,
    CommandState.REJECTED,
    CommandState.CANCELLED,
    CommandState.NOT_APPLIED,
)
# nothing is under way any more; what is only evident may still be contested by a person, and of
# what was delivered it may still be seen that it had an effect
SETTLED = (CommandState.EVIDENT, CommandState.DELIVERED, *TERMINAL)
# for how long it may be
CONTESTABLE = timedelta(hours=24)
# what waits for a person's word for longer is told: what the portal can show of it goes in a day
LEFT_AFTER = timedelta(hours=4)
# the code of a command that a person wanted back before anything was sent: cancelled, not refused
TAKEN_BACK = "taken_back"
# what is settled by reading its target
CHECKING = (
    CommandState.ACCEPTED,
    CommandState.DECLINED,
    CommandState.DISPUTED,
    CommandState.UNKNOWN,
)
WORDS = {
    CommandState.INTENT: "requested",
    CommandState.SENDING: "requested",
    CommandState.ACCEPTED: "requested",
    CommandState.DELIVERED: "delivered",
    CommandState.EVIDENT: "confirmed",
    CommandState.CONFIRMED: "confirmed",
    CommandState.REJECTED: "refused",
    CommandState.CANCELLED: "refused",
    CommandState.NOT_APPLIED: "refused",
    CommandState.UNKNOWN: "unknown",
    CommandState.DECLINED: "unknown",
    CommandState.DISPUTED: "unknown",
    CommandState.NEEDS_HUMAN: "unknown",
    CommandState.GONE: "gone",
}


# how many commands are looked through for the last reasons, of which so many are offered
LOOKED_THROUGH, MOST_REASONS = 200, 4
# so many workflows that a search finds are named one by one
MOST_FEW = 1000
# the origin of commands that are a part of a mass action: people's single ones come first
BULK = "bulk"


def having_words(text: str) -> Q:
    """Return what asks a command whether its target or its reason contains a text."""
    words = searchable(text)
    found = Workflow.objects.filter(search_text__contains=words).values_list("pk", flat=True)
    few = list(found[: MOST_FEW + 1])
    # few are looked up by an index; where many have it, row by row, a page is full soon
    is_few = len(few) <= MOST_FEW
    workflow = Q(workflow__in=few) if is_few else Q(workflow__search_text__contains=words)
    return Q(reason__folds=text) | Q(target_id=text) | workflow


class CommandQuerySet(models.QuerySet["Command"]):
    def open(self) -> Self:
        """Narrow to commands that are not settled."""
        return self.exclude(state__in=SETTLED)

    def due_to_send(self, now: datetime) -> Self:
        return self.filter(state=CommandState.INTENT).filter(
            Q(bulk=None) | Q(bulk__state=BulkState.READY),
            Q(bulk=None) | Q(bulk__waits_until=None) | Q(bulk__waits_until__lte=now),
            Q(next_check_at=None) | Q(next_check_at__lte=now),
            Q(not_before=None) | Q(not_before__lte=now),
        )

    def due_to_settle(self, now: datetime) -> Self:
        return self.filter(state__in=CHECKING, next_check_at__lte=now)

    def oldest_due(self, now: datetime) -> datetime | None:
        """Return since when the command is due that has been due the longest.

        What somebody is at, and what waits for a portal that is left alone, is no worker's debt.
        """
        since = Coalesce("next_check_at", "not_before", "requested_at")
        due = self.due_to_send(now) | self.due_to_settle(now)
        due = due.filter(
            Q(taken_until=None) | Q(taken_until__lte=now),
            Q(portal__retry_at=None) | Q(portal__retry_at__lte=now),
        )
        oldest: datetime | None = due.aggregate(oldest=Min(since))["oldest"]
        return oldest

    def left_to_people(self, now: datetime) -> Self:
        """Narrow to what has waited so long for a person's word that somebody should know."""
        return self.filter(state=CommandState.NEEDS_HUMAN, sent_at__lt=now - LEFT_AFTER)

    def judged(self, now: datetime) -> Self:
        """Narrow to what waits for a person's judgement, and may need none any more.

        That is when its target has ended; a part of a task may be answered while the task goes on,
        which only a reading of the portal shows. What is to come of a start may still show within
        a day.
        """
        ended = Q(workflow__is_running=False) | Q(task__isnull=False)
        ended |= Q(workflow=None, sent_at__gt=now - CONTESTABLE)
        # a portal may bring an answer to its step very late
        ended |= Q(target_kind="application_step", sent_at__gt=now - CONTESTABLE)
        due = Q(next_check_at=None) | Q(next_check_at__lte=now)
        return self.filter(ended, due, state=CommandState.NEEDS_HUMAN)

    def due(self, now: datetime) -> Self:
        """Narrow to what has something to be done now that nobody is at."""
        kinds = self.due_to_send(now) | self.due_to_settle(now) | self.judged(now)
        return kinds.filter(Q(taken_until=None) | Q(taken_until__lte=now))

    def on_workflows(self) -> Self:
        """Narrow to commands on workflows themselves, not on their workflow tasks."""
        return self.filter(target_kind="workflow")

    def to_take_back_by(self, account: Account, now: datetime) -> Self:
        """Narrow to what an account asked for a moment ago and may still take back."""
        return self.filter(
            actor=account, state=CommandState.INTENT, sends=0, not_before__gt=now
        ).exclude(task=None)

    def visible_to(self, account: Account) -> Self:
        """Narrow to what was done to workflows an account may see."""
        if account.role is not None and account.sees_all:
            return self.filter(portal=account.home_id) if account.home_id else self
        own = Q(actor=account, workflow=None)
        return self.filter(own | Q(workflow__in=Workflow.objects.visible_to(account)))

    def contestable(self, now: datetime) -> Self:
        """Narrow to what was settled by evidence alone, and may still be contested."""
        return self.filter(state=CommandState.EVIDENT, settled_at__gt=now - CONTESTABLE)

    def latest_first(self) -> Self:
        return self.order_by("-pk")

    def last_reasons(self, account: Account) -> list[str]:
        """Return the reasons that an account gave last for what it asked for alone, each once."""
        lately = self.filter(actor=account, bulk=None).latest_first()
        reasons = lately.values_list("reason", flat=True)[:LOOKED_THROUGH]
        return [one for one in dict.fromkeys(reasons) if one][:MOST_REASONS]


class Command(models.Model):
    """One intended remote write.

    key is the one-time key of the form that asked for it; digest is of what was asked, so that a
    reused key with other inputs is noticed. effect is the class of what it does to its target:
    two open commands with the same portal, target and effect cannot be. epoch counts claims: an
    answer that comes back under an older epoch is evidence, not an outcome. proof is what the last
    answer proved (bitrix.Classification). error_code and error_values say why it waits or ended as
    it did (wording.command_errors); error_text is what an earlier version said of it. labels are
    the portal's names for what is done and acted on, kept so that it reads the same for ever
    (wording.acts); null in a row of an earlier version. seen_modified is the MODIFIED the asking
    page showed, null to act regardless. as_person is whose token is used, null for the portal's
    connection. on_behalf_of names whose part is done by somebody else. not_before is when the time
    for taking it back is over: nothing is sent earlier. due_since is from when on an intent counts
    as waiting for the portal, where that is later than it was asked for; queued is for how many
    seconds it has waited for its turn alone. origin is screen, or bulk for a part of a mass action;
    bulk is the operation it was asked for with. workflow is the one it acts on or, once that is
    known, the one it has started; result is the id that the portal answered. evidence is what tells
    which workflow a start has brought forth: {"before": [id], "ahead": seconds, "not_ours": [id],
    "candidates": [{"id", "started", "started_by", "is_running"}]}. taken_by is the worker that is
    at it, until taken_until at most.
    """

    key = models.UUIDField(unique=True)
    digest = models.CharField(max_length=64)
    portal = models.ForeignKey(Portal, models.PROTECT, related_name="commands", db_index=False)
    action = models.CharField(max_length=50)
    effect = models.CharField(max_length=50)
    target_kind = models.CharField(max_length=30)
    target_id = models.CharField(max_length=64)
    target_label = models.TextField()
    workflow = models.ForeignKey(
        Workflow, models.PROTECT, null=True, related_name="commands", db_index=False
    )
    task = models.ForeignKey(
        WorkflowTask, models.PROTECT, null=True, related_name="commands", db_index=False
    )
    as_person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="commands")
    on_behalf_of = models.CharField(max_length=255, blank=True)
    inputs = models.JSONField(default=dict)
    labels = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    seen_modified = models.DateTimeField(null=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="commands", db_index=False
    )
    actor_name = models.CharField(max_length=255)
    actor_role = models.CharField(max_length=50)
    origin = models.CharField(max_length=20, default="screen")
    bulk = models.ForeignKey(BulkOperation, models.PROTECT, null=True, related_name="commands")

    state = models.CharField(max_length=20, default=CommandState.INTENT.value)
    epoch = models.PositiveIntegerField(default=0)
    sends = models.PositiveIntegerField(default=0)
    checks = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    due_since = models.DateTimeField(null=True)
    queued = models.FloatField(default=0.0, db_default=0.0)
    taken_by = models.CharField(max_length=100, blank=True, default="", db_default="")
    taken_until = models.DateTimeField(null=True)
    proof = models.CharField(max_length=20, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_text = models.TextField(blank=True)
    error_values = models.JSONField(null=True)
    result = models.CharField(max_length=64, blank=True, default="", db_default="")
    evidence = models.JSONField(default=dict, db_default={})
    requested_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = CommandQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "target_kind", "target_id", "effect"],
                condition=~Q(state__in=[str(state) for state in SETTLED]),
                name="one_open_command_per_target",
            )
        ]
        indexes = [
            models.Index(fields=["state", "next_check_at"], name="command_due"),
            models.Index(fields=["portal", "state", "origin"], name="command_turn"),
            models.Index(fields=["workflow", "-id"], name="command_workflow"),
            models.Index(fields=["task", "-id"], name="command_task"),
            models.Index(fields=["portal", "requested_at", "id"], name="command_requested"),
            models.Index(fields=["target_id"], name="command_target"),
            models.Index(fields=["actor", "action", "-id"], name="command_actor"),
            # what somebody asked for alone: looked for on every page of theirs
            models.Index(fields=["actor", "-id"], condition=Q(bulk=None), name="command_own"),
            models.Index(
                fields=["bulk", "state", "error_code"],
                condition=Q(bulk__isnull=False),
                name="command_bulk",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_id}"

    @property
    def as_target(self) -> Target:
        """Return what the command acts on."""
        return Target(
            kind=self.target_kind,
            id=self.target_id,
            label=self.target_label,
            portal_id=self.portal_id,
        )

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED

    @property
    def word(self) -> str:
        """Return what a screen shows: requested, delivered, confirmed, refused, unknown or gone."""
        return CommandState(self.state).word

    @property
    def can_be_taken_back(self) -> bool:
        """Return whether nothing has been sent yet, so that it can still be taken back."""
        return self.state == CommandState.INTENT and self.sends == 0

    def may_be_taken_back_by(self, account: Account) -> bool:
        """Return whether it still can be, and by this account: whoever asked, or administrators."""
        is_theirs = self.actor_id == account.pk or account.role == Role.PORTAL_ADMINISTRATOR
        return self.can_be_taken_back and is_theirs


def receivers(commands: Iterable[Command]) -> dict[tuple[int, int], str]:
    """Return the names of those whom commands without labels delegate to, by portal and number."""
    keys = {
        (command.portal_id, command.inputs["to"])
        for command in commands
        if command.labels is None and command.inputs.get("to")
    }
    if not keys:
        return {}
    people = Person.objects.filter(
        portal__in={portal for portal, _number in keys},
        remote_id__in={number for _portal, number in keys},
    )
    return {(person.portal_id, person.remote_id): str(person) for person in people}


class CommandFile(models.Model):
    """A file that a command sends: kept encrypted until the command is settled, then deleted.

    place is its position among the command's files, as the command's inputs name it.
    """

    command = models.ForeignKey(Command, models.CASCADE, related_name="files")
    place = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=255)
    content = EncryptedBytesField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["command", "place"], name="one_file_per_place")
        ]

    def __str__(self) -> str:
        return self.name
