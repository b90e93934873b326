"""What is said of an audit entry, made when it is read: as a row of the history, or by itself.

A row stands for a command with all its steps, told by the entry that asked for it, or for an entry
without a command.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from bizproc_admin.models import AuditEntry
from bizproc_admin.wording import actors
from bizproc_admin.wording.audit_entries import said_of, say, say_rows
from bizproc_admin.wording.meanings import step_of
from bizproc_admin.wording.times import elapsed


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """An audit entry, fetched with its details, in words; said is what the portal said of it."""

    entry: AuditEntry
    sentence: str
    said: str

    @property
    def actor(self) -> str:
        return actors.actor_of(self.entry)

    @property
    def role(self) -> str:
        return actors.role_of(self.entry.actor_role)

    @property
    def origin(self) -> str:
        return actors.origin_of(self.entry)

    @property
    def target_kind(self) -> str:
        return actors.kind_of(self.entry)

    @property
    def is_of_person(self) -> bool:
        """Tell whether somebody with an account did it, not a machine."""
        return self.entry.actor_id is not None

    @property
    def step(self) -> str:
        """Return what the entry says as a step of its command, which the reader knows."""
        return step_of(self.entry)

    @property
    def pk(self) -> int:
        return self.entry.pk

    @property
    def operation_pk(self) -> int | None:
        """Return the operation that the line tells of itself, not of one of its commands."""
        is_of_one = self.entry.target_kind == "operation" and self.entry.target_id.isdecimal()
        return int(self.entry.target_id) if is_of_one else None

    @property
    def note(self) -> str:
        """Return what stands below the sentence: the reason, the text, or what else tells most."""
        entry, kind = self.entry, AuditEntry.Kind
        if entry.detail.reason or self.said:
            return entry.detail.reason or self.said
        if entry.kind in (kind.ACCOUNT, kind.CONNECTION):
            return str(kind(entry.kind).label)
        return entry.target_id if entry.target_kind == "workflow" else ""

    @property
    def reads(self) -> object:
        return self.pk


@dataclass(frozen=True, kw_only=True)
class AuditRow(AuditLine):
    """A row of the history; steps is how many entries its command has."""

    steps: int = 0

    @property
    def took(self) -> str:
        """Return how long it took until the command was settled; nothing while it is not."""
        command = self.entry.command
        if command is None or command.settled_at is None:
            return ""
        return elapsed(command.settled_at - command.requested_at)

    @property
    def place(self) -> str:
        """Return from where an entry without a command came, unless that is who did it."""
        if self.entry.command or self.origin == self.actor:
            return ""
        return self.entry.ip or self.origin


def audit_rows(entries: Sequence[AuditEntry]) -> list[AuditRow]:
    """Return what rows say, in one query for the names in them and one for the steps."""
    commands = [entry.command_id for entry in entries if entry.command_id]
    steps = AuditEntry.objects.filter(command__in=commands).order_by().values_list("command")
    counts = dict(steps.annotate(n=Count("pk"))) if commands else {}
    return [
        AuditRow(
            entry=entry,
            sentence=sentence,
            said=said_of(entry),
            steps=counts.get(entry.command_id, 0),
        )
        for entry, sentence in zip(entries, say_rows(entries), strict=True)
    ]


def audit_lines(entries: Sequence[AuditEntry]) -> list[AuditLine]:
    """Return what entries say, in one query for the names in them."""
    return [
        AuditLine(entry=entry, sentence=sentence, said=said_of(entry))
        for entry, sentence in zip(entries, say(entries), strict=True)
    ]
