"""What comes from outside to a step that waits: an application's answer, or a line for the log.

Every such event ends in a save, so that MODIFIED moves whether it had an effect or not.
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox import php
from sandbox.engine import application_steps
from sandbox.engine.ending import terminate
from sandbox.engine.event_tokens import Event
from sandbox.engine.run import Run
from sandbox.refusals import Refusal
from sandbox.state import documents
from sandbox.state.portal import Portal
from sandbox.state.records import Workflow

CLOSED, NONE, TERMINATED = "closed", "none", "terminated"


@dataclass(frozen=True)
class Told:
    """What an answer did, the values it left, and the names of those that were dropped."""

    effect: str
    values: dict[str, Any] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


def send(portal: Portal, event: Event, given: Any) -> Told:
    """Answer a step; one that was closed before is not closed again.

    A workflow whose document is gone is terminated, whatever was answered.
    """
    workflow = find(portal, event)
    if not documents.exists(portal, workflow.document):
        terminate(portal, workflow)
        return Told(TERMINATED)
    run = Run(portal, workflow)
    path = _place(workflow, event)
    told = Told(NONE)
    if path is not None:
        values, dropped = _values(portal, workflow.waits[path]["action"], given)
        application_steps.close(workflow, path, values=values, timed_out=False)
        run.go_on(path)
        told = Told(CLOSED, values, dropped)
    run.save()
    return told


def log(portal: Portal, event: Event) -> bool:
    """Tell whether a line is written, which is so while the step waits."""
    workflow = find(portal, event)
    Run(portal, workflow).save()
    return _place(workflow, event) is not None


def find(portal: Portal, event: Event) -> Workflow:
    """Return the workflow of an event; refuse when it has ended, or is being executed."""
    workflow = portal.workflows.get(event.workflow_id)
    if workflow is None or workflow.ended is not None:
        raise Refusal("404", portal.say("not found"))
    if workflow.owned_until is not None:
        raise Refusal("423", portal.say("busy"))
    return workflow


def _place(workflow: Workflow, event: Event) -> str | None:
    waits = workflow.waits.items()
    return next((path for path, wait in waits if wait.get("event") == event.id), None)


def _values(portal: Portal, key: str, given: Any) -> tuple[dict[str, Any], list[str]]:
    """Sort out what is declared, in any case of letters; of a deleted action nothing is."""
    action = portal.actions.get(key)
    declared = {name.lower(): name for name in action.return_properties} if action else {}
    values, dropped = {}, []
    for name, value in php.items(given):
        if name.lower() in declared:
            values[declared[name.lower()]] = value
        else:
            dropped.append(name)
    return values, dropped
