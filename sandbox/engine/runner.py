"""Running a workflow: entering activities, leaving them, and everything that ends it.

Nothing is kept on a stack between requests: a workflow remembers only where it waits, and what to
do next follows from the place in the tree.
"""

from typing import Any

from sandbox import php
from sandbox.engine import asking, assignments, conditions, durations, kinds, tree
from sandbox.engine.assignments import Answer, Verdict
from sandbox.engine.expressions import evaluate
from sandbox.engine.kinds import EngineError
from sandbox.engine.tree import Node
from sandbox.refusals import Refusal, nameless
from sandbox.state.portal import DAY, Portal
from sandbox.state.records import (
    ANSWER_WAITING,
    COMPLETED,
    TASK_RUNNING,
    TERMINATED,
    Assignment,
    DocumentId,
    Task,
    Template,
    Workflow,
)

ARCHIVE = "archive"
_SEQUENCES = {
    "SequentialWorkflowActivity",
    "SequenceActivity",
    "EmptyBlockActivity",
    "IfElseBranchActivity",
}
_MAX_STEPS = 5_000


def start(
    portal: Portal,
    template: Template,
    document: DocumentId,
    *,
    started_by: int = 0,
    parameters: dict[str, Any] | None = None,
) -> Workflow:
    """Start a workflow and run it up to where it must wait, or to its end."""
    now = portal.now()
    values = {name: item.get("Default") for name, item in php.items(template.parameters)}
    values.update(parameters or {})
    values["TargetUser"] = f"user_{started_by}"
    workflow = Workflow(
        id=portal.uniqid(),
        template_id=template.id,
        structure_key=template.structure_key,
        document=document,
        started=int(now),
        started_by=started_by,
        modified=int(now),
        parameters=values,
        variables={name: item.get("Default") for name, item in php.items(template.variables)},
    )
    portal.workflows.put(workflow.id, workflow)
    try:
        Run(portal, workflow).enter("")
    except EngineError as error:
        remove(portal, workflow)
        raise nameless(str(error)) from error
    return workflow


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


class Run:
    """One spell of work on one workflow."""

    def __init__(self, portal: Portal, workflow: Workflow) -> None:
        """Work on this workflow."""
        self.portal = portal
        self.workflow = workflow
        self.root = portal.structure_of(workflow)
        self.steps = 0

    def node(self, path: str) -> Node:
        """Return the activity at a path."""
        return tree.at(self.root, path)

    def save(self) -> None:
        """Note the workflow's new state; a run counts as a save even when little changed."""
        if self.workflow.ended is None and self.workflow.id in self.portal.workflows:
            self.workflow.modified = int(self.portal.now())
            self.portal.workflows.put(self.workflow.id, self.workflow)

    def go_on(self, path: str) -> None:
        """Leave an activity; a workflow that cannot go on is aborted."""
        try:
            self.leave(path)
        except EngineError as error:
            terminate(self.portal, self.workflow, title=str(error))

    def after_task(self, task: Task, verdict: Verdict) -> None:
        """Run the branch that follows an answered task."""
        self.workflow.waits.pop(task.path, None)
        branches = tree.children(self.node(task.path))
        try:
            if verdict.branch is not None and verdict.branch < len(branches):
                self.enter(tree.child(task.path, verdict.branch))
            else:
                self.leave(task.path)
        except EngineError as error:
            terminate(self.portal, self.workflow, title=str(error))

    def enter(self, path: str) -> None:
        """Start an activity."""
        if self.workflow.ended is not None:
            return
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise EngineError(self.portal.say("too many steps"))
        node = self.node(path)
        kind = node.get("Type", "")
        if not tree.is_active(node):
            self.leave(path)
        elif kind in _SEQUENCES:
            self._enter_next(path, node, after=-1)
        elif kind == "IfElseActivity":
            self._choose(path, node)
        elif kind == "ParallelActivity":
            self._fork(path, node)
        elif kind in kinds.KINDS or (kind == kinds.EXTERNAL and self._has_people(node)):
            self._ask(path, node)
        else:
            self._act(path, node, kind)

    def leave(self, path: str) -> None:
        """Close an activity and let its parent go on."""
        if self.workflow.ended is not None:
            return
        if path == "":
            end(self.portal, self.workflow)
            return
        above, index = tree.parent(path)
        node = self.node(above)
        if node.get("Type") in _SEQUENCES:
            self._enter_next(above, node, after=index)
        elif node.get("Type") == "ParallelActivity":
            self.workflow.open_branches[above] = self.workflow.open_branches.get(above, 1) - 1
            if self.workflow.open_branches[above] <= 0:
                self.workflow.open_branches.pop(above, None)
                self.leave(above)
        else:
            self.leave(above)

    def _enter_next(self, path: str, node: Node, *, after: int) -> None:
        for index in range(after + 1, len(tree.children(node))):
            if tree.is_active(tree.children(node)[index]):
                self.enter(tree.child(path, index))
                return
        self.leave(path)

    def _choose(self, path: str, node: Node) -> None:
        for index, branch in enumerate(tree.children(node)):
            if tree.is_active(branch) and conditions.holds(self.portal, self.workflow, branch):
                self.enter(tree.child(path, index))
                return
        self.leave(path)

    def _fork(self, path: str, node: Node) -> None:
        branches = [i for i, branch in enumerate(tree.children(node)) if tree.is_active(branch)]
        if not branches:
            self.leave(path)
            return
        self.workflow.open_branches[path] = len(branches)
        for index in branches:
            self.enter(tree.child(path, index))

    def _has_people(self, node: Node) -> bool:
        return bool(asking.asked_of(self.portal, self.workflow, node))

    def _ask(self, path: str, node: Node) -> None:
        task, due = asking.ask(self.portal, self.workflow, path, node)
        self._wait(path, {"kind": "task", "task": task.id}, due)

    def _wait(self, path: str, wait: dict[str, Any], due: float | None) -> None:
        if due is not None:
            wait["due"] = due
            self.portal.wake_at(due, self.workflow.id, path)
        self.workflow.waits[path] = wait
        self.save()

    def _act(self, path: str, node: Node, kind: str) -> None:
        options = tree.properties(node)
        if kind == "SetVariableActivity":
            values = evaluate(self.portal, self.workflow, options.get("VariableValue") or {})
            self.workflow.variables.update(dict(php.items(values)))
        elif kind == "SetStateTitleActivity":
            title = evaluate(self.portal, self.workflow, options.get("TargetStateTitle"))
            self.workflow.state_title = php.text(title)
        elif kind == "TerminateActivity":
            self._stop(options)
            return
        elif kind == "DelayActivity" and self._delayed(path, options):
            return
        # Everything else (messages, fields, activities of applications) passes through.
        self.leave(path)

    def _stop(self, options: dict[str, Any]) -> None:
        title = php.text(evaluate(self.portal, self.workflow, options.get("StateTitle")))
        terminate(self.portal, self.workflow, title=title)
        if kinds.is_yes(options.get("KillWorkflow")):
            remove(self.portal, self.workflow)

    def _delayed(self, path: str, options: dict[str, Any]) -> bool:
        now = self.portal.now()
        until = evaluate(self.portal, self.workflow, options.get("TimeoutTime"))
        pause = durations.seconds(
            evaluate(self.portal, self.workflow, options.get("TimeoutDuration")),
            options.get("TimeoutDurationType"),
        )
        due = durations.moment(until, now=now, zone=self.portal.clock.zone) or now + pause
        if due <= now:
            return False
        self._wait(path, {"kind": "delay"}, due)
        return True
