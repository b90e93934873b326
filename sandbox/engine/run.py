"""One spell of work on a workflow: from where it was called to where it must wait, or to its end.

Nothing is kept on a stack between requests: a workflow remembers only where it waits, and what to
do next follows from the place in the tree. Within a spell the steps to come are a list.
"""

from typing import Any

from sandbox import php
from sandbox.engine import application_steps, asking, durations, flow, kinds, tree
from sandbox.engine.assignments import Verdict
from sandbox.engine.ending import end, remove, terminate
from sandbox.engine.expressions import evaluate
from sandbox.engine.kinds import EngineError
from sandbox.engine.tree import Node
from sandbox.refusals import Refusal, nameless
from sandbox.state import documents
from sandbox.state.portal import Portal
from sandbox.state.records import DocumentId, Task, Template, Workflow

_MAX_STEPS = 5_000
_MAX_STARTS = 20
_ENTER, _LEAVE = "enter", "leave"


class Run:
    """One spell of work on one workflow."""

    def __init__(self, portal: Portal, workflow: Workflow) -> None:
        """Work on this workflow."""
        self.portal = portal
        self.workflow = workflow
        self.root = portal.structure_of(workflow)
        self._steps = 0
        #: What is to be done, the next step last: what, where, with which outcome.
        self._planned: list[tuple[str, str, int | None]] = []
        self._noted: set[str] = set()

    def node(self, path: str) -> Node:
        """Return the activity at a path."""
        return tree.at(self.root, path)

    def save(self) -> None:
        """Note the workflow's new state; a run counts as a save even when little changed."""
        if self.workflow.ended is None and self.workflow.id in self.portal.workflows:
            self.workflow.modified = int(self.portal.now())
            self.portal.workflows.put(self.workflow.id, self.workflow)

    def begin(self) -> None:
        """Work from the root on; EngineError when the workflow cannot."""
        self.enter("")
        self._work()

    def go_on(self, path: str) -> None:
        """Leave an activity; a workflow that cannot go on is aborted."""
        self.leave(path)
        self._work_or_abort()

    def after_task(self, task: Task, verdict: Verdict) -> None:
        """Run the branch that follows an answered task."""
        self.workflow.waits.pop(task.path, None)
        branches = tree.children(self.node(task.path))
        if verdict.branch is not None and verdict.branch < len(branches):
            self.enter(tree.child(task.path, verdict.branch))
        else:
            self.leave(task.path, verdict.branch)
        self._work_or_abort()

    # -- steps --------------------------------------------------------------------------------

    def enter(self, path: str) -> None:
        """Plan to start an activity, before everything that was planned already."""
        self._planned.append((_ENTER, path, None))

    def leave(self, path: str, outcome: int | None = None) -> None:
        """Plan to close an activity and let the one around it go on."""
        self._planned.append((_LEAVE, path, outcome))

    def cancel(self, path: str) -> None:
        """Forget an activity and all below it: waits, tasks, planned steps."""
        waits = self.workflow.waits
        for place in [place for place in waits if _is_within(place, path)]:
            wait = waits.pop(place)
            if wait["kind"] == "task":
                self.portal.tasks.drop(wait["task"])
        for remembered in (self.workflow.open_branches, self.workflow.progress):
            for place in [place for place in remembered if _is_within(place, path)]:
                del remembered[place]
        self._planned = [step for step in self._planned if not _is_within(step[1], path)]

    def _work_or_abort(self) -> None:
        try:
            self._work()
        except EngineError as error:
            terminate(self.portal, self.workflow, title=str(error))

    def _work(self) -> None:
        while self._planned and self.workflow.ended is None:
            what, path, outcome = self._planned.pop()
            if what == _ENTER:
                self._enter(path)
            elif path == "":
                end(self.portal, self.workflow)
            else:
                above, index = tree.parent(path)
                flow.after_child(self, above, index=index, outcome=outcome)

    def _enter(self, path: str) -> None:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise EngineError(self.portal.say("too many steps"))
        node = self.node(path)
        kind = node.get("Type", "")
        if not tree.is_active(node):
            self.leave(path)
        elif kind in flow.ENTERING:
            flow.ENTERING[kind](self, path, node)
        elif kind in kinds.KINDS or (kind == kinds.EXTERNAL and self._has_people(node)):
            self._ask(path, node)
        else:
            self._act(path, node, kind)

    # -- single activities --------------------------------------------------------------------

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
        elif kind == "StartWorkflowActivity":
            self._start(options)
        elif kind == flow.DELAY and self._delayed(path, options):
            return
        elif kind == kinds.EXTERNAL and self._is_event(path):
            self._wait(path, {"kind": "event"}, None)
            return
        elif kind.startswith(application_steps.PREFIX):
            waiting = application_steps.call(self.portal, self.workflow, node)
            if waiting is not None:
                self._wait(path, waiting.wait, waiting.due)
                return
        elif not kinds.passes_through(kind) and kind not in self._noted:
            self._noted.add(kind)
            self.portal.complain("activity passed through", kind, workflow=self.workflow.id)
        # Everything else (messages, fields) passes through.
        self.leave(path)

    def _is_event(self, path: str) -> bool:
        return bool(path) and self.node(tree.parent(path)[0]).get("Type") == flow.EVENT_DRIVEN

    def _stop(self, options: dict[str, Any]) -> None:
        title = php.text(evaluate(self.portal, self.workflow, options.get("StateTitle")))
        terminate(self.portal, self.workflow, title=title)
        if kinds.is_yes(options.get("KillWorkflow")):
            remove(self.portal, self.workflow)

    def _start(self, options: dict[str, Any]) -> None:
        """Start a workflow of another template; its end is not waited for."""
        portal = self.portal
        number, given, values = (
            evaluate(portal, self.workflow, options.get(name))
            for name in ("TemplateId", "DocumentId", "TemplateParameters")
        )
        template = portal.templates.get(php.intval(number))
        document = documents.read_id(given) if php.is_array(given) else None
        if document is None and php.text(given):
            document = (*self.workflow.document[:2], php.text(given))
        document = document or self.workflow.document
        if template is None or not documents.exists(portal, document):
            portal.complain("nothing to start", php.text(number), workflow=self.workflow.id)
            return
        if template.id in portal.starting or template.id == self.workflow.template_id:
            raise EngineError(portal.say("run recursively"))
        documents.remember(portal, document, template.document_type)
        try:
            start(
                portal,
                template,
                document,
                started_by=self.workflow.started_by,
                parameters=dict(php.items(values)),
            )
        except Refusal as refusal:
            if refusal.text == portal.say("run recursively"):
                raise EngineError(refusal.text) from refusal
            portal.complain("not started", refusal.text, workflow=self.workflow.id)

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


def _is_within(path: str, above: str) -> bool:
    return path == above or path.startswith(f"{above}/")


def start(
    portal: Portal,
    template: Template,
    document: DocumentId,
    *,
    started_by: int = 0,
    parameters: dict[str, Any] | None = None,
) -> Workflow:
    """Start a workflow and run it up to where it must wait, or to its end.

    What the engine refuses is refused without a code, and nothing is left of the workflow.
    """
    if len(portal.starting) >= _MAX_STARTS:
        raise nameless(portal.say("run recursively"))
    _check_limit(portal, document)
    now = portal.now()
    values = _defaults(template.parameters)
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
        variables=_defaults(template.variables),
    )
    portal.workflows.put(workflow.id, workflow)
    portal.starting.append(template.id)
    try:
        Run(portal, workflow).begin()
    except EngineError as error:
        remove(portal, workflow)
        raise nameless(str(error)) from error
    finally:
        portal.starting.pop()
    return workflow


def _defaults(definitions: dict[str, Any]) -> dict[str, Any]:
    return {
        name: definition.get("Default") if isinstance(definition, dict) else None
        for name, definition in php.items(definitions)
    }


def _check_limit(portal: Portal, document: DocumentId) -> None:
    most = portal.most_workflows_of_document
    if most and sum(w.document == document and w.ended is None for w in portal.workflows) >= most:
        raise nameless(portal.say("too many processes", number=str(most)))
