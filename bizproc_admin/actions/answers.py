"""Answering a workflow task with one's own hands."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability
from bizproc_admin.actions.base import (
    NotPossible,
    Verdict,
    named,
    own_hands,
)
from bizproc_admin.actions.workflow_tasks import (
    REJECTING,
    WAITING,
    Judgement,
    TaskAction,
    moved_on,
)
from bizproc_admin.models import (
    Account,
    Command,
    CommandFile,
    Person,
    WorkflowTask,
)


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file chosen in a form: the question it answers, its name and content.

    content is empty once the command is kept: from then on it lies encrypted in CommandFile.
    """

    question: str
    name: str
    sha256: str
    content: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, question: str, name: str, content: bytes) -> Self:
        """Make one from an uploaded file."""
        digest = hashlib.sha256(content).hexdigest()
        return cls(question=question, name=name[-255:], sha256=digest, content=content)


@dataclass(frozen=True, kw_only=True)
class CompleteTask(TaskAction):
    """Answer a workflow task as the person it waits for, with that person's own token.

    Calls bizproc.task.complete. answer is the portal's STATUS: 1 yes, 2 no, 3 done, 4 declined.
    fields maps the ids of what was asked to values as the portal takes them (docs/portal.md:
    Answering). on_behalf is whose part it was before it was given to the person.
    """

    person: Person
    answer: int
    comment: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[SentFile, ...] = ()
    multiple: tuple[str, ...] = ()
    on_behalf: str = ""
    command_pk: int | None = None

    name = "workflow_task.complete"
    label = _("Answer")
    capability = Capability.COMPLETE_WORKFLOW_TASKS
    method = "bizproc.task.complete"
    PEOPLE = ("person",)
    is_own_alone = True
    has_form = True

    @property
    def part_of(self) -> Person:
        return self.person

    @property
    def on_behalf_of(self) -> str:
        return self.on_behalf

    @property
    def contents(self) -> tuple[tuple[str, bytes], ...]:
        return tuple((one.name, one.content) for one in self.files)

    def permits(self, actor: Account) -> bool:
        return actor.reaches(self.portal) and actor.person_at(self.portal) == self.person

    def may_use(self, actor: Account, person: Person | None) -> bool:
        return person is not None and super().may_use(actor, person)

    def acts_as(self, actor: Account) -> Person | None:
        if own_hands(actor, self.portal) is None:
            raise NotPossible("token_needed_to_answer")
        return self.person

    def inputs(self) -> dict[str, Any]:
        return {
            "person": self.person.remote_id,
            "answer": self.answer,
            "comment": self.comment,
            "fields": dict(self.fields),
            "files": [
                {"question": one.question, "name": one.name, "sha256": one.sha256}
                for one in self.files
            ],
            "multiple": list(self.multiple),
            "on_behalf": self.on_behalf,
        }

    def labels(self) -> dict[str, Any]:
        return {
            "activity": self.task.activity,
            "caption": self.task.own_caption(self.answer),
        }

    @classmethod
    def with_inputs(
        cls,
        task: WorkflowTask,
        inputs: Mapping[str, Any],
        *,
        people: Mapping[int, Person],
        reason: str,
    ) -> Self:
        return cls(
            task=task,
            person=people[inputs["person"]],
            answer=inputs["answer"],
            comment=inputs.get("comment", ""),
            fields=inputs.get("fields", {}),
            files=tuple(SentFile(**one) for one in inputs.get("files", ())),
            multiple=tuple(inputs.get("multiple", ())),
            on_behalf=inputs.get("on_behalf", ""),
            reason=reason,
        )

    @classmethod
    def from_command(cls, command: Command) -> Self:
        return replace(super().from_command(command), command_pk=command.pk)

    def judgement(self, rows: Sequence[bitrix.TaskRow]) -> Judgement:
        if not rows:
            return Verdict.ENDED, "workflow_ended", {}
        own = next((row for row in rows if row.user_id == self.person.remote_id), None)
        if own is None:
            return Verdict.OVERTAKEN, *moved_on(self.task, rows)
        if own.user_status == WAITING and own.status == WorkflowTask.Status.RUNNING:
            return Verdict.UNTOUCHED, "", {}
        if own.status == WorkflowTask.Status.TIMED_OUT and own.user_status == REJECTING:
            # the portal says No for whoever had not answered: it looks like a No of one's own
            is_unclear = self.answer == REJECTING
            return Verdict.ENDED if is_unclear else Verdict.OVERTAKEN, "timed_out", {}
        done = own.user_status == self.answer
        values = {"who": [named(self.person)], "answer": own.user_status}
        return Verdict.DONE if done else Verdict.OVERTAKEN, "already_answered", values

    def obstacle(self, task: WorkflowTask) -> NotPossible | None:
        if obstacle := super().obstacle(task):
            return obstacle
        is_there = self.answer in [way.status for way in self.task.answers]
        return None if is_there else NotPossible("no_such_answer")

    def loaded(self) -> Self:
        kept = CommandFile.objects.filter(command=self.command_pk).order_by("place")
        contents = [one.content for one in kept]
        files = [
            replace(one, content=content) for one, content in zip(self.files, contents, strict=True)
        ]
        return replace(self, files=tuple(files))

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        values: dict[str, Any] = dict(self.fields)
        for one in self.files:
            value = [one.name, base64.b64encode(one.content).decode()]
            if one.question in self.multiple:
                values.setdefault(one.question, []).append(value)
            else:
                values[one.question] = value
        return writer.workflow_tasks.complete(
            self.task.remote_id,
            status=self.answer,
            comment=self.comment or None,
            fields=values or None,
        )
