"""What acts on one person's part of a workflow task, and how it is said what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bizproc_admin import bitrix
from bizproc_admin.actions.base import (
    Action,
    NotPossible,
    Observation,
    Target,
    Verdict,
    plain,
)
from bizproc_admin.models import (
    Assignment,
    Command,
    Person,
    Portal,
    WorkflowTask,
)

WAITING, REJECTING = Assignment.Status.WAITING, Assignment.Status.NO


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
        task = WorkflowTask.objects.get(pk=self.task.pk)
        part = task.assignments.filter(person=self.part_of).first()
        if not (self.task.is_open and task.is_open):
            raise NotPossible(closed_text(task))
        if part is None or part.gone_at is not None:
            raise NotPossible(_("This task no longer waits for %(who)s.") % {"who": self.part_of})
        if part.status != WAITING:
            raise NotPossible(
                _("Already answered by %(who)s: %(answer)s.")
                % {"who": self.part_of, "answer": part.get_status_display()}
            )

    def look(self, reader: bitrix.Reader) -> Observation:
        chunk = reader.workflow_tasks.by_ids([bitrix.TaskId(self.task.remote_id)]).clear()
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
        """Take over who has which part now; what follows on the portal is read by a job.

        A newer reading is left alone, and an older one of a pass under way changes nothing back.
        """
        rows = (seen.snapshot or {}).get("tasks", [])
        older = WorkflowTask.objects.filter(pk=self.task.pk, observed_at__lt=seen.asked_at)
        if not rows:
            older.filter(is_open=True).update(
                is_open=False, gone_at=seen.asked_at, observed_at=seen.asked_at
            )
            return
        status = int(rows[0]["STATUS"])
        if not older.update(status=status, is_open=status == 0, observed_at=seen.asked_at):
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
