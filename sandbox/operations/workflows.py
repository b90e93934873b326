"""Operations on workflows and their tasks, as people of the portal do them without REST."""

from typing import Any

from sandbox import php, scenarios
from sandbox.due import bring_up_to_date
from sandbox.engine import delegation, kinds, runner
from sandbox.scenarios.templates import activity, sequence, state, steps
from sandbox.state import documents
from sandbox.state.clock import bounded
from sandbox.state.field_types import checked
from sandbox.state.portal import Portal
from sandbox.state.records import (
    ANSWER_CANCEL,
    ANSWER_NO,
    ANSWER_OK,
    ANSWER_YES,
    TASK_RUNNING,
    Workflow,
)

_ANSWERS = {
    "yes": ANSWER_YES,
    "no": ANSWER_NO,
    "ok": ANSWER_OK,
    "cancel": ANSWER_CANCEL,
    "1": ANSWER_YES,
    "2": ANSWER_NO,
    "3": ANSWER_OK,
    "4": ANSWER_CANCEL,
}


class WorkflowOperations:
    """Side actors: what happens to workflows behind the client's back."""

    def __init__(self, portal: Portal) -> None:
        """Act on this portal."""
        self._portal = portal

    def start_workflow(
        self,
        template_id: int = 1,
        document_id: list[str] | None = None,
        started_by: int = 0,
        parameters: dict[str, Any] | None = None,
        locked_minutes: float | None = None,
        started: float | None = None,
        document_name: str = "",
    ) -> str:
        """Start a workflow as the portal itself or a person does.

        `locked_minutes=30` leaves it locked, with OWNED_UNTIL 30 minutes in the past; a negative
        number means a lock that still holds. `started` is Unix seconds.
        """
        portal = self._portal
        values = {} if parameters is None else parameters
        given = checked(Workflow, {"started_by": started_by, "parameters": values})
        moment = None if started is None else bounded(float(started))
        locked = None if locked_minutes is None else float(locked_minutes)
        with portal.lock:
            template = portal.templates[int(template_id)]
            document = documents.read_id(document_id) if document_id else None
            if document is None:
                document = scenarios.new_document(portal, template.document_type)
            kind = documents.type_of(portal, document, hint=template.document_type)
            documents.remember(portal, document, kind or template.document_type, name=document_name)
            with portal.at(portal.clock.moment if moment is None else moment):
                workflow = runner.start(portal, template, document, **given)
            if locked is not None:
                self.lock_workflow(workflow.id, locked)
            portal.commit()
            return workflow.id

    def ask(
        self,
        users: int | list[int],
        kind: str = kinds.APPROVE,
        document: list[str] | None = None,
        started_by: int = 0,
        **properties: Any,
    ) -> int:
        """Start a workflow that asks these people one thing and ends; returns the task's id.

        Properties are the activity's own; an approval ends as "Approved" or "Rejected".
        """
        portal = self._portal
        with portal.lock:
            checked(Workflow, {"started_by": started_by})
            asked = users if isinstance(users, list) else [users]
            if kind not in (*kinds.KINDS, kinds.EXTERNAL) or not asked:
                raise ValueError(f"The activity {kind!r} asks nobody anything.")
            holder = "Permission" if kind == kinds.EXTERNAL else "Users"
            properties = {
                "Name": "Question",
                **properties,
                holder: [f"user_{portal.users[int(number)].id}" for number in asked],
            }
            question = activity(
                kind,
                steps(state("Approved")),
                steps(state("Rejected")),
                title=properties["Name"],
                **properties,
            )
            template = scenarios.add_template(
                portal, name="Question", document_type=scenarios.DEAL, structure=sequence(question)
            )
            workflow_id = self.start_workflow(template.id, document, started_by)
            return portal.tasks.of_workflow(workflow_id)[0].id

    def lock_workflow(self, workflow_id: str, locked_minutes: float = 0) -> None:
        """Lock a workflow so that OWNED_UNTIL lies this many minutes in the past."""
        portal = self._portal
        with portal.lock:
            workflow = portal.workflows[workflow_id]
            workflow.owned_until = int(bounded(portal.now() - 60 * float(locked_minutes)))
            portal.workflows.put(workflow_id, workflow)
            portal.commit()

    def unlock_workflow(self, workflow_id: str) -> None:
        """Take a workflow's lock away."""
        portal = self._portal
        with portal.lock:
            workflow = portal.workflows[workflow_id]
            workflow.owned_until = None
            portal.workflows.put(workflow_id, workflow)
            portal.commit()

    def end_workflow(self, workflow_id: str) -> None:
        """Let a workflow come to its end by itself."""
        portal = self._portal
        with portal.lock:
            runner.end(portal, self._unfinished(workflow_id))
            portal.commit()

    def terminate_workflow(self, workflow_id: str, status: str = "") -> None:
        """Abort a workflow as somebody on the portal does."""
        portal = self._portal
        with portal.lock:
            runner.terminate(portal, self._unfinished(workflow_id), title=status)
            portal.commit()

    def kill_workflow(self, workflow_id: str) -> None:
        """Delete a workflow as somebody on the portal does."""
        portal = self._portal
        with portal.lock:
            runner.remove(portal, self._unfinished(workflow_id))
            portal.commit()

    def touch_workflow(self, workflow_id: str) -> None:
        """Save a workflow without changing it, so that its MODIFIED moves."""
        portal = self._portal
        with portal.lock:
            workflow = self._unfinished(workflow_id)
            workflow.modified = int(portal.now())
            portal.workflows.put(workflow_id, workflow)
            portal.commit()

    def complete_task(
        self,
        task_id: int,
        user_id: int,
        answer: str | int = "yes",
        comment: str = "",
        fields: dict[str, Any] | None = None,
    ) -> None:
        """Answer a task for a person: yes, no, ok or cancel."""
        portal = self._portal
        with portal.lock:
            bring_up_to_date(portal)
            runner.complete_task(
                portal,
                int(task_id),
                user_id=int(user_id),
                status=_ANSWERS[php.text(answer).lower()],
                comment=comment,
                fields=fields,
            )
            portal.commit()

    def delegate(self, task_id: int, from_user_id: int, to_user_id: int) -> None:
        """Hand a waiting assignment over to somebody else."""
        portal = self._portal
        with portal.lock:
            task = portal.tasks[int(task_id)]
            part = task.assignment_of(int(from_user_id))
            if part is None or part.status or task.status != TASK_RUNNING:
                raise ValueError("The user is not responsible for this assignment.")
            if task.assignment_of(int(to_user_id)) is not None:
                raise ValueError("The selected employee is already a participant.")
            delegation.hand_over(
                portal, task, from_user_id=int(from_user_id), to_user_id=int(to_user_id)
            )
            portal.commit()

    def _unfinished(self, workflow_id: str) -> Workflow:
        workflow = self._portal.workflows.get(workflow_id)
        if workflow is None or workflow.ended is not None:
            raise ValueError(f"No workflow {workflow_id} is running.")
        return workflow
