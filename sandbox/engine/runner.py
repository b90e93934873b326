"""What is done to workflows: they are started, their tasks answered, and they are ended."""

from typing import Any

from sandbox.engine import assignments
from sandbox.engine.assignments import Answer
from sandbox.engine.ending import ARCHIVE, end, remove, terminate
from sandbox.engine.run import Run, start
from sandbox.refusals import Refusal
from sandbox.state.portal import Portal
from sandbox.state.records import ANSWER_WAITING, TASK_RUNNING, Assignment, Task

__all__ = [
    "ARCHIVE", "Run", "complete_task", "end", "find_assignment", "remove", "start", "terminate",
]  # fmt: skip


def complete_task(
    portal: Portal,
    task_id: int,
    *,
    user_id: int,
    status: int,
    comment: str = "",
    fields: dict[str, Any] | None = None,
) -> tuple[Task, Answer]:
    """Answer a task for a person and let the workflow go on; also return what was accepted."""
    task, part = find_assignment(portal, task_id, user_id)
    answer = assignments.accept(portal, task, status=status, comment=comment, fields=fields or {})
    workflow = portal.workflows.get(task.workflow_id)
    if workflow is None or workflow.ended is not None:
        raise assignments.refused(portal.say("not found"))
    if workflow.owned_until is not None:
        raise assignments.refused(portal.say("busy"))
    run = Run(portal, workflow)
    verdict = assignments.count(portal, workflow, task, part, run.node(task.path), answer)
    if verdict is not None:
        run.after_task(task, verdict)
    run.save()
    return task, answer


def find_assignment(portal: Portal, task_id: int, user_id: int) -> tuple[Task, Assignment]:
    """Return a task and this person's open part in it."""
    task = portal.tasks.get(task_id)
    part = task.assignment_of(user_id) if task else None
    if task is None or part is None:
        raise Refusal("ERROR_TASK_NOT_FOUND", "Task not found")
    if part.status != ANSWER_WAITING or task.status != TASK_RUNNING:
        raise Refusal("ERROR_TASK_COMPLETED", "Task already completed")
    return task, part
