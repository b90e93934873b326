"""Answering a workflow task with one's own hands, and giving one's part of it to somebody else."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin import bitrix
from bizproc_admin.actions.base import (
    Action,
    NotPossible,
    Observation,
    Target,
    Verdict,
    administrators_hands,
    own_hands,
    plain,
)
from bizproc_admin.models import (
    Account,
    Assignment,
    Command,
    CommandFile,
    Person,
    Portal,
    WorkflowTask,
)
from bizproc_admin.permissions import Capability, may

WAITING, REJECTING = Assignment.Status.WAITING, Assignment.Status.NO


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
class TaskAction(Action):
    """What acts on one person's part of a workflow task; no two of them at the same time."""

    task: WorkflowTask

    @property
    def portal(self) -> Portal:
        return self.task.portal

    @property
    def part_of(self) -> Person:
        """Give whose part of the task it is."""
        raise NotImplementedError

    @property
    def effect(self) -> str:
        return f"part:{self.part_of.remote_id}"

    def target(self) -> Target:
        return Target(
            kind="workflow_task",
            id=str(self.task.remote_id),
            label=f"{self.task} · {self.task.workflow.document_name}",
            workflow=self.task.workflow,
            task=self.task,
        )

    def check(self) -> None:
        part = self.task.assignments.filter(person=self.part_of).first()
        if not self.task.is_open:
            raise NotPossible(closed_text(self.task))
        if part is None or part.gone_at is not None:
            raise NotPossible(_("This task no longer waits for %(who)s.") % {"who": self.part_of})
        if part.status != WAITING:
            raise NotPossible(
                _("Already answered by %(who)s: %(answer)s.")
                % {"who": self.part_of, "answer": part.get_status_display()}
            )

    def look(self, reader: bitrix.Reader) -> Observation:
        chunk = reader.workflow_tasks.by_ids([bitrix.TaskId(self.task.remote_id)])
        rows = [row for row in chunk.rows if row.id == self.task.remote_id]
        verdict, code, text = self.judge(rows)
        return Observation(
            verdict=verdict,
            asked_at=chunk.sent_at,
            modified=rows[0].modified if rows else None,
            snapshot=plain({"tasks": [row.raw for row in rows]}) if rows else None,
            code=code,
            text=text,
        )

    def judge(self, rows: Sequence[bitrix.TaskRow]) -> tuple[Verdict, str, str]:
        """Say what the rows of the task mean for this action, with a code and words for people."""
        raise NotImplementedError

    def apply(self, command: Command, seen: Observation) -> None:
        """Take over who has which part now; what follows on the portal is read by a job."""
        rows = (seen.snapshot or {}).get("tasks", [])
        if not rows:
            closed = WorkflowTask.objects.filter(pk=self.task.pk, is_open=True)
            closed.update(is_open=False, gone_at=seen.asked_at)
            return
        people = {
            person.remote_id: person
            for person in Person.objects.filter(
                portal=self.portal, remote_id__in=[int(row["USER_ID"]) for row in rows]
            )
        }
        kept = set()
        for row in rows:
            if (person := people.get(int(row["USER_ID"]))) is not None:
                kept.add(person.pk)
                Assignment.objects.update_or_create(
                    task=self.task,
                    person=person,
                    defaults={"status": int(row["USER_STATUS"]), "gone_at": None},
                )
        gone = Assignment.objects.filter(task=self.task, gone_at=None).exclude(person__in=kept)
        gone.update(gone_at=seen.asked_at)
        status = int(rows[0]["STATUS"])
        WorkflowTask.objects.filter(pk=self.task.pk).update(status=status, is_open=status == 0)


@dataclass(frozen=True, kw_only=True)
class CompleteTask(TaskAction):
    """Answer a workflow task as the person it waits for, with that person's own token.

    Calls bizproc.task.complete. answer is the portal's STATUS: 1 yes, 2 no, 3 done, 4 declined.
    fields maps the ids of what was asked to values as the portal takes them (bitrix24-api 11.2).
    on_behalf is whose part it was before it was given to the person.
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
    label = gettext_lazy("Answer")
    capability = Capability.COMPLETE_WORKFLOW_TASKS
    method = "bizproc.task.complete"

    @property
    def part_of(self) -> Person:
        return self.person

    @property
    def on_behalf_of(self) -> str:
        return self.on_behalf

    @property
    def contents(self) -> tuple[tuple[str, bytes], ...]:
        return tuple((one.name, one.content) for one in self.files)

    @property
    def caption(self) -> str:
        """Give the portal's own caption of the answer."""
        found = (way.caption for way in self.task.answers if way.status == self.answer)
        return next(found, str(Assignment.Status(self.answer).label))

    def permits(self, actor: Account) -> bool:
        return actor.reaches(self.portal) and actor.person_at(self.portal) == self.person

    def may_use(self, actor: Account, person: Person | None) -> bool:
        return person is not None and super().may_use(actor, person)

    def acts_as(self, actor: Account) -> Person | None:
        if own_hands(actor, self.portal) is None:
            raise NotPossible(
                _(
                    "The portal lets a task be answered only by the person it waits for. Sign in "
                    "with Bitrix24 once, so that this console may act as you."
                )
            )
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

    @classmethod
    def from_command(cls, command: Command) -> Self:
        task, inputs = task_of(command), command.inputs
        return cls(
            task=task,
            person=Person.objects.get(portal=command.portal, remote_id=inputs["person"]),
            answer=inputs["answer"],
            comment=inputs["comment"],
            fields=inputs["fields"],
            files=tuple(SentFile(**one) for one in inputs["files"]),
            multiple=tuple(inputs["multiple"]),
            on_behalf=inputs["on_behalf"],
            reason=command.reason,
            command_pk=command.pk,
        )

    def judge(self, rows: Sequence[bitrix.TaskRow]) -> tuple[Verdict, str, str]:
        if not rows:
            return ended_meanwhile()
        own = next((row for row in rows if row.user_id == self.person.remote_id), None)
        if own is None:
            return Verdict.OVERTAKEN, *moved_on(self.task, rows)
        if own.user_status == WAITING and own.status == WorkflowTask.Status.RUNNING:
            return Verdict.UNTOUCHED, "", ""
        if own.status == WorkflowTask.Status.TIMED_OUT and own.user_status == REJECTING:
            # the portal says No for whoever had not answered: it looks like a No of one's own
            text = _("The time for an answer had run out.")
            is_unclear = self.answer == REJECTING
            return Verdict.ENDED if is_unclear else Verdict.OVERTAKEN, "timed_out", text
        text = _("Already answered by %(who)s: %(answer)s.") % {
            "who": self.person,
            "answer": label_of(own.user_status),
        }
        done = own.user_status == self.answer
        return Verdict.DONE if done else Verdict.OVERTAKEN, "already_answered", text

    def check(self) -> None:
        super().check()
        if self.answer not in [way.status for way in self.task.answers]:
            raise NotPossible(_("This task cannot be answered like that. Open it anew."))

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

    def sentence(self, *, target: str) -> str:
        return _("Answer “%(answer)s”: %(target)s") % {"answer": self.caption, "target": target}


@dataclass(frozen=True, kw_only=True)
class DelegateTask(TaskAction):
    """Give one person's part of a workflow task to another person.

    Calls bizproc.task.delegate with one task. An administrator without a token of their own acts
    through the portal's connection; everybody else needs their own.
    """

    from_person: Person
    to_person: Person

    name = "workflow_task.delegate"
    label = gettext_lazy("Delegate")
    capability = Capability.DELEGATE_WORKFLOW_TASKS
    method = "bizproc.task.delegate"

    @property
    def part_of(self) -> Person:
        return self.from_person

    @property
    def on_behalf_of(self) -> str:
        return str(self.from_person)

    def permits(self, actor: Account) -> bool:
        if not actor.reaches(self.portal):
            return False
        return self.from_person.pk in actor.circle or may(actor, Capability.ACT_FOR_OTHERS)

    def may_use(self, actor: Account, person: Person | None) -> bool:
        if person is None and not may(actor, Capability.ACT_FOR_OTHERS):
            return False
        return super().may_use(actor, person)

    def acts_as(self, actor: Account) -> Person | None:
        if may(actor, Capability.ACT_FOR_OTHERS):
            return administrators_hands(actor, self.portal)
        person = own_hands(actor, self.portal)
        if person is None:
            raise NotPossible(
                _("Sign in with Bitrix24 once, so that this console may delegate as you.")
            )
        return person

    def check(self) -> None:
        super().check()
        if not self.to_person.is_active or self.to_person.user_type not in ("employee", ""):
            raise NotPossible(
                _("Tasks can be given to working employees only: %(who)s is none.")
                % {"who": self.to_person}
            )
        if self.task.assignments.filter(person=self.to_person, gone_at=None).exists():
            raise NotPossible(_("%(who)s already takes part in it.") % {"who": self.to_person})

    def inputs(self) -> dict[str, Any]:
        return {"from": self.from_person.remote_id, "to": self.to_person.remote_id}

    @classmethod
    def from_command(cls, command: Command) -> Self:
        people = {
            person.remote_id: person
            for person in Person.objects.filter(
                portal=command.portal, remote_id__in=list(command.inputs.values())
            )
        }
        return cls(
            task=task_of(command),
            from_person=people[command.inputs["from"]],
            to_person=people[command.inputs["to"]],
            reason=command.reason,
        )

    def judge(self, rows: Sequence[bitrix.TaskRow]) -> tuple[Verdict, str, str]:
        if not rows:
            return ended_meanwhile()
        own = next((row for row in rows if row.user_id == self.from_person.remote_id), None)
        if own is not None and own.user_status == WAITING and own.status == 0:
            return Verdict.UNTOUCHED, "", ""
        if own is not None:
            text = _("Already answered by %(who)s: %(answer)s.") % {
                "who": self.from_person,
                "answer": label_of(own.user_status),
            }
            return Verdict.OVERTAKEN, "already_answered", text
        if any(row.user_id == self.to_person.remote_id for row in rows):
            text = _("The task is with %(who)s already.") % {"who": self.to_person}
            return Verdict.DONE, "already_delegated", text
        # the receiver may have passed it on, or another's vote has settled it: not to be told
        return Verdict.ENDED, *moved_on(self.task, rows)

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.workflow_tasks.delegate(
            self.task.remote_id,
            from_user_id=self.from_person.remote_id,
            to_user_id=self.to_person.remote_id,
        )

    def sentence(self, *, target: str) -> str:
        return _("Delegate from %(from)s to %(to)s: %(target)s") % {
            "from": self.from_person,
            "to": self.to_person,
            "target": target,
        }


# --- words --------------------------------------------------------------------------------------


def task_of(command: Command) -> WorkflowTask:
    if command.task is None:
        raise ValueError(f"command {command.pk} has no workflow task")
    return command.task


def label_of(status: int) -> str:
    """Give the words of a person's status; a number nobody knows stays a number."""
    known = dict(Assignment.Status.choices)
    return str(known.get(status, status)).lower()


def ended_meanwhile() -> tuple[Verdict, str, str]:
    text = _("The workflow ended meanwhile, or its task was withdrawn: nobody is asked any more.")
    return Verdict.ENDED, "workflow_ended", text


def moved_on(task: WorkflowTask, rows: Sequence[bitrix.TaskRow]) -> tuple[str, str]:
    """Say why somebody's part of a task is gone while the task is there: a code and words."""
    status = rows[0].status
    names = dict(
        Person.objects.filter(
            portal=task.portal, remote_id__in=[row.user_id for row in rows]
        ).values_list("remote_id", "name")
    )
    if status == WorkflowTask.Status.RUNNING:
        waiting = [row.user_id for row in rows if row.user_status == WAITING]
        who = ", ".join(names.get(one) or str(one) for one in waiting)
        return "delegated_away", _("Delegated away: it waits for %(who)s now.") % {"who": who}
    answered = [row.user_id for row in rows if row.user_status != WAITING]
    who = ", ".join(names.get(one) or str(one) for one in answered)
    outcome = str(dict(WorkflowTask.Status.choices).get(status, status)).lower()
    if not who:
        return "already_answered", _("Already settled: %(outcome)s.") % {"outcome": outcome}
    return "already_answered", _("Already answered by %(who)s: %(outcome)s.") % {
        "who": who,
        "outcome": outcome,
    }


def closed_text(task: WorkflowTask) -> str:
    """Say why a task the mirror knows to be closed takes no answer."""
    if task.status == WorkflowTask.Status.RUNNING:
        return ended_meanwhile()[2]
    answered = task.assignments.exclude(status=WAITING).select_related("person")
    who = ", ".join(str(part.person) for part in answered)
    outcome = task.get_status_display().lower()
    if not who:
        return _("Already settled: %(outcome)s.") % {"outcome": outcome}
    return _("Already answered by %(who)s: %(outcome)s.") % {"who": who, "outcome": outcome}
