"""What a row says of an audit entry: its sentence, made when it is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from bizproc_admin.models import AuditEntry
from bizproc_admin.wording import actors
from bizproc_admin.wording.audit_entries import said_of, say


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


def audit_lines(entries: Sequence[AuditEntry]) -> list[AuditLine]:
    """Return what rows of entries say, in one query for the names in them."""
    return [
        AuditLine(entry=entry, sentence=sentence, said=said_of(entry))
        for entry, sentence in zip(entries, say(entries), strict=True)
    ]
