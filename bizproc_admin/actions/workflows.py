"""Ending workflows: terminate keeps the portal's record, kill destroys it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability
from bizproc_admin.actions.base import (
    Action,
    Item,
    NotPossible,
    Observation,
    Seen,
    Target,
    Verdict,
    administrators_hands,
    document_labels,
    plain,
)
from bizproc_admin.models import (
    Account,
    Command,
    CommandState,
    EndCause,
    Person,
    Portal,
    Workflow,
)
from bizproc_admin.syncing import clocks


@dataclass(frozen=True, kw_only=True)
class EndWorkflow(Action):
    """What terminate and kill share: the target, the look and the mirror's change.

    Both end the same workflow, so both have one effect: one may not overtake the other.
    """

    workflow: Workflow

    ends_target = True
    most_at_once = bitrix.BATCH_LIMIT
    end_cause: ClassVar[EndCause]

    @property
    def effect(self) -> str:
        return "end"

    def acts_as(self, actor: Account) -> Person | None:
        return administrators_hands(actor, self.portal)

    @property
    def portal(self) -> Portal:
        return self.workflow.portal

    @property
    def target_id(self) -> str:
        return self.workflow.remote_id

    def target(self) -> Target:
        template = self.workflow.template
        return Target(
            kind="workflow",
            id=self.target_id,
            labels={
                "template": template.name,
                "template_number": template.remote_id,
                **document_labels(self.workflow),
            },
            workflow=self.workflow,
        )

    def inputs(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_command(cls, command: Command) -> Self:
        if command.workflow is None:
            raise ValueError(f"command {command.pk} has no workflow")
        return cls(
            workflow=command.workflow,
            reason=command.reason,
            seen_modified=command.seen_modified,
            **command.inputs,
        )

    @classmethod
    def of_items(
        cls, portal: Portal, items: Sequence[Item], *, inputs: Mapping[str, Any], reason: str
    ) -> list[Self]:
        rows = Workflow.objects.filter(portal=portal).with_names().in_bulk([i.pk for i in items])
        return [
            cls(
                workflow=rows[item.pk],
                reason=reason,
                seen_modified=item.seen,
                **{**inputs, **item.own},
            )
            for item in items
        ]

    @classmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        keys = [action.workflow.pk for action in actions]
        running = set(
            Workflow.objects.filter(pk__in=keys, is_running=True).values_list("pk", flat=True)
        )
        return {
            place: NotPossible("workflow_has_ended")
            for place, action in enumerate(actions)
            if not (action.workflow.is_running and action.workflow.pk in running)
        }

    @classmethod
    def look_many(cls, reader: bitrix.Reader, targets: Sequence[str]) -> dict[str, Seen]:
        seen: dict[str, Seen] = {}
        for whole in reader.whole_workflows.read(targets):
            workflows: dict[str, bitrix.WorkflowRow] = {row.id: row for row in whole.workflows.rows}
            tasks: dict[str, list[bitrix.TaskRow]] = {}
            for task in whole.tasks.rows:
                tasks.setdefault(task.workflow_id, []).append(task)
            for row in workflows.values():
                if row.id in whole.unread:
                    parts = reader.workflow_tasks.of_workflow(row.id)
                    tasks[row.id] = [task for part in parts for task in part.rows]
            absent = whole.workflows.absent(whole.asked)
            for target in whole.asked:
                error = whole.workflows.doubt(target)
                if error is None and target not in workflows and target not in absent:
                    error = bitrix.BadAnswer("its absence proves nothing", transient=True)
                seen[target] = Seen(
                    asked_at=whole.workflows.sent_at,
                    workflow=workflows.get(target),
                    tasks=tuple(tasks.get(target, ())),
                    ahead=clocks.offset_of(whole.workflows.time),
                    error=error,
                )
        return seen

    def judge(self, seen: Seen) -> Observation:
        row = seen.workflow
        if row is None:
            return Observation(verdict=Verdict.ENDED, asked_at=seen.asked_at, code="already_ended")
        return Observation(
            verdict=Verdict.UNTOUCHED,
            asked_at=seen.asked_at,
            modified=row.modified,
            snapshot=plain({"workflow": row.raw, "tasks": [task.raw for task in seen.tasks]}),
        )

    def apply(self, command: Command, seen: Observation) -> None:
        cause = EndCause.UNCERTAIN
        if command.state == CommandState.CONFIRMED:
            cause = self.end_cause
        elif command.sends == 0 or command.error_code == "already_ended":
            cause = EndCause.UNKNOWN
        workflow = Workflow.objects.get(pk=self.workflow.pk)
        if workflow.is_running:
            workflow.mark_ended(
                cause=cause,
                after=max(filter(None, (workflow.observed_at, command.sent_at))),
                before=seen.asked_at,
            )
        elif workflow.end_cause == EndCause.UNKNOWN and cause != EndCause.UNKNOWN:
            # a pass saw the end before this command was settled
            workflow.end_cause = cause
            workflow.save(update_fields=["end_cause"])


@dataclass(frozen=True, kw_only=True)
class TerminateWorkflow(EndWorkflow):
    """End a running workflow; the portal keeps its record and shows the status text.

    Calls bizproc.workflow.terminate.
    """

    status: str = ""

    name = "workflow.terminate"
    label = _("Terminate")
    capability = Capability.TERMINATE_WORKFLOWS
    method = "bizproc.workflow.terminate"
    end_cause = EndCause.TERMINATED

    @property
    def is_repeatable(self) -> bool:
        return not self.portal.is_by_gateway

    @property
    def takes_its_time(self) -> bool:
        """Through the gateway it ends once its current step is done, whenever that is."""
        return self.portal.is_by_gateway

    def inputs(self) -> dict[str, Any]:
        return {"status": self.status}

    def labels(self) -> dict[str, Any]:
        return {"after_step": True} if self.portal.is_by_gateway else {}

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.workflows.terminate(
            bitrix.WorkflowId(self.workflow.remote_id), status=self.status or None
        )


@dataclass(frozen=True, kw_only=True)
class KillWorkflow(EndWorkflow):
    """End a running workflow and destroy everything the portal knows of it.

    Calls bizproc.workflow.kill.
    """

    name = "workflow.kill"
    label = _("Kill")
    capability = Capability.KILL_WORKFLOWS
    method = "bizproc.workflow.kill"
    end_cause = EndCause.KILLED

    def labels(self) -> dict[str, Any]:
        return {"by_force": True} if self.portal.is_by_gateway else {}

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.workflows.kill(bitrix.WorkflowId(self.workflow.remote_id))
