"""What acts on one person's part of a workflow task, and what a reading of the task means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from bizproc_admin import bitrix
from bizproc_admin.actions.base import (
    Action,
    Item,
    NotPossible,
    Observation,
    Seen,
    Target,
    Verdict,
    document_labels,
    named,
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
# what a reading means for an action, and why: a code and values
Judgement = tuple[Verdict, str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class TaskAction(Action):
    """What acts on one person's part of a workflow task; no two of them at the same time."""

    task: WorkflowTask

    most_at_once = 10
    # the inputs that are people's numbers
    PEOPLE: ClassVar[tuple[str, ...]]

    @property
    def portal(self) -> Portal:
        return self.task.portal

    @property
    def part_of(self) -> Person:
        """Return whose part of the task it is."""
        raise NotImplementedError

    @property
    def effect(self) -> str:
        return f"part:{self.part_of.remote_id}"

    @property
    def target_id(self) -> str:
        return str(self.task.remote_id)

    def target(self) -> Target:
        return Target(
            kind="workflow_task",
            id=self.target_id,
            labels={
                "task": self.task.name,
                "task_number": self.task.remote_id,
                **document_labels(self.task.workflow),
            },
            workflow=self.task.workflow,
            task=self.task,
        )

    @classmethod
    def of_items(
        cls, portal: Portal, items: Sequence[Item], *, inputs: Mapping[str, Any], reason: str
    ) -> list[Self]:
        """Make the action on parts of tasks: inputs and own together are those of a command."""
        given = [{**inputs, **item.own} for item in items]
        tasks = WorkflowTask.objects.filter(portal=portal).with_assignments()
        tasks = tasks.select_related("portal", "workflow__template", "workflow__document")
        rows = tasks.in_bulk([item.pk for item in items])
        numbers = {number for one in given for name in cls.PEOPLE if (number := one.get(name))}
        people = Person.objects.filter(portal=portal, remote_id__in=numbers)
        known = {person.remote_id: person for person in people}
        return [
            cls.with_inputs(rows[item.pk], one, people=known, reason=reason)
            for item, one in zip(items, given, strict=True)
        ]

    @classmethod
    def with_inputs(
        cls,
        task: WorkflowTask,
        inputs: Mapping[str, Any],
        *,
        people: Mapping[int, Person],
        reason: str,
    ) -> Self:
        """Make the action from a command's inputs and the people that they name, by number."""
        raise NotImplementedError

    @classmethod
    def from_command(cls, command: Command) -> Self:
        numbers = [command.inputs[name] for name in cls.PEOPLE]
        people = Person.objects.filter(portal=command.portal, remote_id__in=numbers)
        known = {person.remote_id: person for person in people}
        return cls.with_inputs(
            task_of(command), command.inputs, people=known, reason=command.reason
        )

    @classmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        tasks = WorkflowTask.objects.with_assignments().in_bulk(
            [action.task.pk for action in actions]
        )
        obstacles = (action.obstacle(tasks[action.task.pk]) for action in actions)
        return {place: one for place, one in enumerate(obstacles) if one is not None}

    def obstacle(self, task: WorkflowTask) -> NotPossible | None:
        """Return what stands in the way, as the task and its parts are known now."""
        part = next((one for one in task.assignments.all() if one.person == self.part_of), None)
        if not (self.task.is_open and task.is_open):
            code, values = closed(task)
            return NotPossible(code, **values)
        if part is None or part.gone_at is not None:
            return NotPossible("part_gone", who=[named(self.part_of)])
        if part.status != WAITING:
            return NotPossible("already_answered", who=[named(self.part_of)], answer=part.status)
        return None

    @classmethod
    def look_many(cls, reader: bitrix.Reader, targets: Sequence[str]) -> dict[str, Seen]:
        chunk = reader.workflow_tasks.by_ids([bitrix.TaskId(int(target)) for target in targets])
        rows: dict[int, list[bitrix.TaskRow]] = {}
        for row in chunk.rows:
            rows.setdefault(row.id, []).append(row)
        return {
            target: Seen(
                asked_at=chunk.sent_at,
                tasks=tuple(rows.get(int(target), ())),
                error=chunk.doubt(int(target)),
            )
            for target in targets
        }

    def judge(self, seen: Seen) -> Observation:
        rows = seen.tasks
        verdict, code, values = self.judgement(rows)
        return Observation(
            verdict=verdict,
            asked_at=seen.asked_at,
            modified=rows[0].modified if rows else None,
            snapshot=plain({"tasks": [row.raw for row in rows]}) if rows else None,
            code=code,
            values=values,
        )

    def judgement(self, rows: Sequence[bitrix.TaskRow]) -> Judgement:
        """Return what the rows of the task mean for this action."""
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


def task_of(command: Command) -> WorkflowTask:
    if command.task is None:
        raise ValueError(f"command {command.pk} has no workflow task")
    return command.task


def moved_on(task: WorkflowTask, rows: Sequence[bitrix.TaskRow]) -> tuple[str, dict[str, Any]]:
    """Return why somebody's part of a task is gone while the task is there: a code and values."""
    names = dict(
        Person.objects.filter(
            portal=task.portal, remote_id__in=[row.user_id for row in rows]
        ).values_list("remote_id", "name")
    )

    def who(chosen: list[bitrix.TaskRow]) -> list[dict[str, Any]]:
        return [{"number": row.user_id, "name": names.get(row.user_id, "")} for row in chosen]

    status = rows[0].status
    if status == WorkflowTask.Status.RUNNING:
        return "delegated_away", {"who": who([row for row in rows if row.user_status == WAITING])}
    answered = [row for row in rows if row.user_status != WAITING]
    return "already_answered", {"who": who(answered), "outcome": status}


def closed(task: WorkflowTask) -> tuple[str, dict[str, Any]]:
    """Return why a task the mirror knows to be closed takes no answer: a code and values."""
    if task.status == WorkflowTask.Status.RUNNING:
        return "workflow_ended", {}
    who = [named(part.person) for part in task.assignments.all() if part.status != WAITING]
    return "already_answered", {"who": who, "outcome": task.status}
