"""What is due: pauses that are over, tasks that time out, ended workflows that are archived."""

from sandbox.engine import application_steps, assignments, runner
from sandbox.state.portal import Portal

_LOCKED_RETRY = 600.0


def catch_up(portal: Portal) -> None:
    """Do everything that was due by now: timeouts, delays, archiving."""
    timers = portal.timers
    while timers and timers[0][0] <= portal.now():
        due, workflow_id, path = timers[0]
        portal.pop_timer()
        with portal.at(due):
            _fire(portal, workflow_id, path)


def _fire(portal: Portal, workflow_id: str, path: str) -> None:
    workflow = portal.workflows.get(workflow_id)
    if workflow is None:
        return
    if path == runner.ARCHIVE:
        runner.remove(portal, workflow)
        return
    wait = workflow.waits.get(path)
    if wait is None or workflow.ended is not None or wait.get("due") != portal.now():
        return
    if workflow.owned_until is not None:
        wait["due"] = portal.now() + _LOCKED_RETRY
        portal.wake_at(wait["due"], workflow_id, path)
        portal.workflows.put(workflow.id, workflow)
        return
    run = runner.Run(portal, workflow)
    if wait["kind"] == application_steps.WAIT:
        application_steps.close(workflow, path, values={}, timed_out=True)
        run.go_on(path)
    elif wait["kind"] != "task":
        del workflow.waits[path]
        run.go_on(path)
    else:
        task = portal.tasks[wait["task"]]
        verdict = assignments.timed_out(task)
        assignments.settle(portal, task, verdict)
        workflow.outputs.setdefault(task.activity_name, {})["IsTimeout"] = 1
        run.after_task(task, verdict)
    run.save()
