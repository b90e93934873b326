"""Adding, changing and deleting workflow templates: what an application may do to its own."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Self

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability
from bizproc_admin.actions.base import (
    NotPossible,
    Observation,
    Seen,
    SeenTemplate,
    Target,
    Verdict,
    send_window,
)
from bizproc_admin.actions.own_hands import WithOwnHands
from bizproc_admin.diagrams.template_files import structure_digest
from bizproc_admin.models import (
    Command,
    CommandFile,
    Portal,
    WorkflowTemplate,
)
from bizproc_admin.models.documents import Triple
from bizproc_admin.syncing import clocks, workflow_templates

FILE_NAME = "template.bpt"


@dataclass(frozen=True, kw_only=True)
class TemplateAction(WithOwnHands):
    """What all of them share.

    sent_at is when it was sent last, None before, and sends how often; result the number that the
    portal answered; hands the number of the person whose token was used. evidence is that of the
    command: before, the numbers of templates that had the name already, or modified, when it was
    changed before.
    """

    sent_at: datetime | None = field(default=None, compare=False)
    sends: int = field(default=0, compare=False)
    result: str = field(default="", compare=False)
    hands: int | None = field(default=None, compare=False)
    evidence: Mapping[str, Any] = field(default_factory=dict, compare=False)

    capability = Capability.MANAGE_TEMPLATES
    handless = "token_needed_for_templates"

    @property
    def effect(self) -> str:
        return "template"

    @classmethod
    def sent_of(cls, command: Command) -> dict[str, Any]:
        """Return what a command tells of how it was sent."""
        return {
            "sent_at": command.sent_at if command.sends else None,
            "sends": command.sends,
            "result": command.result,
            "hands": command.as_person.remote_id if command.as_person else None,
            "evidence": command.evidence,
            "reason": command.reason,
        }

    @classmethod
    def look_many(cls, reader: bitrix.Reader, targets: Sequence[str]) -> dict[str, Seen]:
        numbers = [bitrix.TemplateId(int(target)) for target in targets]
        listed = bitrix.Chunk.joined(reader.workflow_templates.everything())
        ahead = clocks.offset_of(listed.time)
        rows = {row.id: row for row in listed.rows}
        there = [number for number in numbers if number in rows]
        made_of, too_long = reader.template_structures.by_ids(there)
        structures = {row.id: row for row in made_of.rows}
        return {
            target: Seen(
                asked_at=listed.sent_at,
                templates=(SeenTemplate(row=rows[number], structure=structures.get(number)),)
                if number in rows
                else (),
                ahead=ahead,
                error=doubt(listed, number, is_unread=number in made_of.doubtful or bool(too_long)),
            )
            for target, number in zip(targets, numbers, strict=True)
        }

    def by_us(self, row: bitrix.TemplateRow) -> bool:
        """Tell whether a template was changed by our person, and since we looked and sent."""
        if self.sent_at is None or row.modified is None:
            return False
        ahead = self.evidence.get("ahead", self.portal.clock_offset)
        since, until = send_window(self.sent_at, ahead=ahead)
        is_other = row.modified.isoformat() != self.evidence.get("modified")
        return is_other and since <= row.modified <= until and row.user_id == self.hands

    def ahead_by(self, seen: Seen) -> float:
        """Return how many seconds the portal's clock is ahead of ours, as last told."""
        return self.portal.clock_offset if seen.ahead is None else seen.ahead

    def brought_forth(self, written: bitrix.Written) -> str:
        return str(written.result or "")[:64]

    def outcome(self, seen: Observation) -> dict[str, Any]:
        return {} if seen.evidence is None else {"evidence": seen.evidence}

    def apply(self, command: Command, seen: Observation) -> None:
        workflow_templates.ask_again(self.portal)


def doubt(
    listed: bitrix.Chunk[bitrix.TemplateRow], number: bitrix.TemplateId, *, is_unread: bool
) -> bitrix.BitrixError | None:
    """Return why a template could not be looked at whole."""
    there = number in {row.id for row in listed.rows}
    if (not there and number not in listed.absent([number])) or (there and is_unread):
        return bitrix.BadAnswer("the template cannot be read")
    return None


@dataclass(frozen=True, kw_only=True)
class FromFile(TemplateAction):
    """What brings a file to the portal: its bytes, written anew from what was read of it.

    content is empty once the command is kept: from then on it lies encrypted in CommandFile.
    digest is that of the structure (diagrams.template_files), file that of the bytes.
    """

    name_of: str
    description: str
    auto_execute: int
    digest: str
    file: str
    content: bytes = field(default=b"", repr=False, compare=False)
    command_pk: int | None = field(default=None, compare=False)

    @property
    def contents(self) -> tuple[tuple[str, bytes], ...]:
        return ((FILE_NAME, self.content),)

    def inputs(self) -> dict[str, Any]:
        return {
            "name": self.name_of,
            "description": self.description,
            "auto_execute": self.auto_execute,
            "digest": self.digest,
            "file": self.file,
        }

    @classmethod
    def file_of(cls, command: Command) -> dict[str, Any]:
        inputs = command.inputs
        return {
            "name_of": inputs["name"],
            "description": inputs["description"],
            "auto_execute": inputs["auto_execute"],
            "digest": inputs["digest"],
            "file": inputs["file"],
            "command_pk": command.pk,
        }

    def loaded(self) -> Self:
        kept = CommandFile.objects.get(command=self.command_pk, place=0)
        return replace(self, content=kept.content)

    def is_as_asked(self, one: SeenTemplate) -> bool:
        """Tell whether a template is called and made as it is wanted to be."""
        return one.structure is not None and (
            structure_digest(one.structure.template) == self.digest
            and one.row.name == self.name_of
            and one.row.auto_execute == self.auto_execute
        )

    @classmethod
    def of_bytes(cls, content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, kw_only=True)
class AddTemplate(FromFile):
    """Add a template from a file; it is active at once.

    Calls bizproc.workflow.template.add, which may leave a second one when its answer is lost:
    settled by name, application and structure, and sent again once at most.
    """

    to_portal: Portal
    document_type: Triple

    name = "workflow_template.add"
    label = _("Add a template")
    method = "bizproc.workflow.template.add"
    most_sends: ClassVar[int] = 2

    @property
    def portal(self) -> Portal:
        return self.to_portal

    @property
    def target_id(self) -> str:
        """Return what stands for a template that has no number yet: its type and its name."""
        asked = "\0".join([*self.document_type, self.name_of])
        return f"new-{hashlib.sha256(asked.encode()).hexdigest()[:32]}"

    def target(self) -> Target:
        labels = {"template": self.name_of, "template_number": 0}
        return Target(kind="workflow_template", id=self.target_id, labels=labels)

    def inputs(self) -> dict[str, Any]:
        return {**super().inputs(), "document_type": list(self.document_type)}

    @classmethod
    def from_command(cls, command: Command) -> Self:
        module, entity, kind = command.inputs["document_type"]
        return cls(
            to_portal=command.portal,
            document_type=(module, entity, kind),
            **cls.file_of(command),
            **cls.sent_of(command),
        )

    @classmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        return {}

    def look(self, reader: bitrix.Reader) -> Observation:
        """Read the templates of this name, which are all that it could be."""
        listed = bitrix.Chunk.joined(reader.workflow_templates.everything())
        if listed.odd or not (listed.complete and listed.proven):
            raise bitrix.BadAnswer("not all templates can be read")
        named = [row for row in listed.rows if row.name == self.name_of]
        made_of, _too_long = reader.template_structures.by_ids([row.id for row in named])
        structures = {row.id: row for row in made_of.rows}
        found = tuple(SeenTemplate(row=row, structure=structures.get(row.id)) for row in named)
        return self.judge(Seen(asked_at=listed.sent_at, templates=found))

    def judge(self, seen: Seen) -> Observation:
        before = set(self.evidence.get("before", ()))
        if self.sent_at is None:
            known = {"before": sorted(one.row.id for one in seen.templates)}
            return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at, evidence=known)
        ours = [
            one
            for one in seen.templates
            if one.row.id not in before and one.row.system_code.startswith("rest_app_")
        ]
        told = [one for one in ours if str(one.row.id) == self.result]
        same = [one for one in ours if self.is_as_asked(one)]
        if self.sends > 1 and len(same) > 1:
            # the first was applied after all, later than anybody waits
            found, verdict = same, Verdict.UNCLEAR
        elif self.result:
            found, verdict = told, Verdict.DONE
        elif len(same) == 1:
            found, verdict = same, Verdict.DONE
        else:
            found, verdict = same or ours, Verdict.UNCLEAR
        if not found:
            return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at)
        candidates = [one.row.id for one in found]
        return Observation(
            verdict=verdict,
            asked_at=seen.asked_at,
            snapshot={"templates": candidates},
            evidence={**self.evidence, "candidates": candidates},
        )

    def outcome(self, seen: Observation) -> dict[str, Any]:
        fields = super().outcome(seen)
        candidates = (seen.evidence or {}).get("candidates", ())
        if seen.verdict is Verdict.DONE and candidates:
            fields["result"] = str(candidates[0])
        return fields

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.workflow_templates.add(
            document_type=self.document_type,
            name=self.name_of,
            description=self.description,
            auto_execute=self.auto_execute,
            file=self.content,
            file_name=FILE_NAME,
        )


@dataclass(frozen=True, kw_only=True)
class OwnTemplate(TemplateAction):
    """What is done to a template that is there; seen_at_portal is its MODIFIED as it was shown."""

    template: WorkflowTemplate
    seen_at_portal: datetime | None = None

    @property
    def portal(self) -> Portal:
        return self.template.portal

    @property
    def target_id(self) -> str:
        return str(self.template.remote_id)

    def target(self) -> Target:
        labels = {"template": self.template.name, "template_number": self.template.remote_id}
        return Target(kind="workflow_template", id=self.target_id, labels=labels)

    def inputs(self) -> dict[str, Any]:
        seen = self.seen_at_portal
        return {"template": self.template.remote_id, "seen": seen.isoformat() if seen else None}

    @classmethod
    def template_of(cls, command: Command) -> dict[str, Any]:
        inputs = command.inputs
        return {
            "template": WorkflowTemplate.objects.select_related("portal").get(
                portal=command.portal, remote_id=inputs["template"]
            ),
            "seen_at_portal": parse_datetime(inputs["seen"]) if inputs["seen"] else None,
        }

    @classmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        keys = [action.template.pk for action in actions]
        there = set(
            WorkflowTemplate.objects.listed().filter(pk__in=keys).values_list("pk", flat=True)
        )
        return {
            place: NotPossible("template_gone")
            for place, action in enumerate(actions)
            if action.template.pk not in there
        }

    def is_moved_on(self, one: SeenTemplate) -> bool:
        """Tell whether somebody changed it since it was shown."""
        return self.seen_at_portal is not None and one.row.modified != self.seen_at_portal


@dataclass(frozen=True, kw_only=True)
class UpdateTemplate(FromFile, OwnTemplate):
    """Change a template by a file; running workflows keep the copy they have.

    Calls bizproc.workflow.template.update. Doing it twice does no harm.
    """

    name = "workflow_template.update"
    label = _("Change a template")
    method = "bizproc.workflow.template.update"

    def inputs(self) -> dict[str, Any]:
        return {**OwnTemplate.inputs(self), **FromFile.inputs(self)}

    @classmethod
    def from_command(cls, command: Command) -> Self:
        return cls(**cls.template_of(command), **cls.file_of(command), **cls.sent_of(command))

    def judge(self, seen: Seen) -> Observation:
        if not seen.templates:
            return Observation(
                verdict=Verdict.OVERTAKEN, asked_at=seen.asked_at, code="template_gone"
            )
        (one,) = seen.templates
        snapshot = {"modified": one.row.raw.get("MODIFIED"), "name": one.row.name}
        if self.is_as_asked(one) or self.by_us(one.row):
            verdict, code = Verdict.DONE, "template_is_so"
        elif self.sent_at is None and self.is_moved_on(one):
            verdict, code = Verdict.OVERTAKEN, "template_changed"
        else:
            verdict, code = Verdict.UNTOUCHED, ""
        modified = one.row.modified.isoformat() if one.row.modified else None
        return Observation(
            verdict=verdict,
            asked_at=seen.asked_at,
            snapshot=snapshot,
            code=code,
            evidence={"modified": modified, "ahead": self.ahead_by(seen)}
            if self.sent_at is None
            else None,
        )

    def apply(self, command: Command, seen: Observation) -> None:
        # its MODIFIED, of whole seconds, may look as before
        WorkflowTemplate.objects.filter(pk=self.template.pk).update(is_structure_due=True)
        super().apply(command, seen)

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.workflow_templates.update(
            self.template.remote_id,
            name=self.name_of,
            description=self.description,
            auto_execute=self.auto_execute,
            file=self.content,
            file_name=FILE_NAME,
        )


@dataclass(frozen=True, kw_only=True)
class DeleteTemplate(OwnTemplate):
    """Delete a template by which no workflow runs.

    Calls bizproc.workflow.template.delete. What is absent is deleted.
    """

    name = "workflow_template.delete"
    label = _("Delete a template")
    method = "bizproc.workflow.template.delete"
    ends_target = True

    @classmethod
    def from_command(cls, command: Command) -> Self:
        return cls(**cls.template_of(command), **cls.sent_of(command))

    def judge(self, seen: Seen) -> Observation:
        if not seen.templates:
            verdict = Verdict.ENDED if self.sent_at is None else Verdict.DONE
            return Observation(verdict=verdict, asked_at=seen.asked_at, code="template_gone")
        (one,) = seen.templates
        if self.sent_at is None and self.is_moved_on(one):
            return Observation(
                verdict=Verdict.OVERTAKEN, asked_at=seen.asked_at, code="template_changed"
            )
        row = one.row
        snapshot = {"name": row.name, "system_code": row.system_code}
        return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at, snapshot=snapshot)

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.workflow_templates.delete(self.template.remote_id)

    def apply(self, command: Command, seen: Observation) -> None:
        WorkflowTemplate.objects.filter(pk=self.template.pk, gone_at=None).update(
            gone_at=seen.asked_at
        )
        super().apply(command, seen)
