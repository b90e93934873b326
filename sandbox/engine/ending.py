"""Everything that ends a workflow."""

from sandbox.state.portal import DAY, Portal
from sandbox.state.records import COMPLETED, TASK_RUNNING, TERMINATED, Workflow

#: Stands for a path in timers: the day after a workflow's end is over.
ARCHIVE = "archive"


def terminate(portal: Portal, workflow: Workflow, *, title: str = "") -> None:
    """Abort a workflow: its running tasks disappear, the answered ones stay."""
    _end(portal, workflow, status=TERMINATED, title=title or portal.say("aborted"))


def end(portal: Portal, workflow: Workflow) -> None:
    """End a workflow as if its last activity had just closed."""
    _end(portal, workflow, status=COMPLETED, title=workflow.state_title)


def remove(portal: Portal, workflow: Workflow) -> None:
    """Delete a workflow with all its tasks and its state."""
    for task in portal.tasks.of_workflow(workflow.id):
        portal.tasks.drop(task.id)
    portal.workflows.drop(workflow.id)


def _end(portal: Portal, workflow: Workflow, *, status: int, title: str) -> None:
    now = portal.now()
    for task in portal.tasks.of_workflow(workflow.id):
        if task.status == TASK_RUNNING:
            portal.tasks.drop(task.id)
    workflow.status, workflow.state_title = status, title
    workflow.ended, workflow.modified = now, int(now)
    workflow.owned_until = None
    workflow.waits.clear()
    portal.workflows.put(workflow.id, workflow)
    portal.wake_at(now + DAY, workflow.id, ARCHIVE)
