"""Steps of applications (`rest_<md5>`): the call to the application, and what is waited for."""

from dataclasses import dataclass
from typing import Any

from sandbox import php
from sandbox.engine import durations, event_tokens
from sandbox.engine.expressions import evaluate, people
from sandbox.engine.kinds import EngineError
from sandbox.engine.tree import Node, properties
from sandbox.outgoing import queue
from sandbox.state import documents
from sandbox.state.portal import DAY, Portal
from sandbox.state.records import Action, Application, Workflow

PREFIX = "rest_"
WAIT = "application"
_LONGEST = 5 * 365 * DAY


@dataclass(frozen=True)
class Waiting:
    """What a workflow remembers of a step that waits, and when it stops waiting."""

    wait: dict[str, Any]
    due: float | None


def call(portal: Portal, workflow: Workflow, node: Node) -> Waiting | None:
    """Queue the call of a step; None when the step does not wait for an answer."""
    action = portal.actions.get(node["Type"].removeprefix(PREFIX))
    if action is None:
        raise EngineError(portal.say("no such activity", type=node["Type"]))
    # An action without an address stands for another application's, served elsewhere at once.
    if not action.handler or not portal.has_queue:
        return None
    application = portal.applications.get(action.client_id)
    if application is None or not application.installed:
        raise EngineError("Rest application not found.")
    options = properties(node)
    # What the template has saved wins over what was registered since.
    subscribed = (options.get("UseSubscription") or action.use_subscription) == "Y"
    timeout = _timeout(portal, workflow, options)
    event = event_tokens.new(workflow.id, node.get("Name", ""))
    form = _form(portal, workflow, action, options)
    form["event_token"] = event_tokens.write(portal, event)
    form["use_subscription"] = "Y" if subscribed else "N"
    form["timeout_duration"] = timeout
    _queue(portal, workflow, application, action, options, form)
    if not subscribed:
        return None
    if options.get("SetStatusMessage") != "N":
        title = php.text(evaluate(portal, workflow, options.get("StatusMessage")))
        workflow.state_title = title or portal.say("waiting for application")
    wait = {"kind": WAIT, "event": event.id, "activity": event.activity, "action": action.key}
    return Waiting(wait, portal.now() + timeout if timeout else None)


def close(workflow: Workflow, path: str, *, values: dict[str, Any], timed_out: bool) -> None:
    """Write the outputs of a step that stops waiting."""
    wait = workflow.waits.pop(path)
    workflow.outputs[wait["activity"]] = {**values, "IsTimeout": int(timed_out)}


def _queue(
    portal: Portal,
    workflow: Workflow,
    application: Application,
    action: Action,
    options: dict[str, Any],
    form: dict[str, Any],
) -> None:
    wanted = people(portal, workflow, options.get("AuthUserId")) or [action.auth_user_id]
    queue.put(
        portal, application, name=action.code, address=action.handler, form=form, user_id=wanted[0]
    )


def _timeout(portal: Portal, workflow: Workflow, options: dict[str, Any]) -> int:
    seconds = durations.seconds(
        evaluate(portal, workflow, options.get("TimeoutDuration")),
        options.get("TimeoutDurationType"),
    )
    return int(max(0.0, min(seconds, _LONGEST)))


def _form(
    portal: Portal, workflow: Workflow, action: Action, options: dict[str, Any]
) -> dict[str, Any]:
    template = portal.templates.get(workflow.template_id)
    hint = template.document_type if template is not None else workflow.document
    kind = documents.type_of(portal, workflow.document, hint=hint) or hint
    given = {name: evaluate(portal, workflow, options.get(name)) for name in action.properties}
    return {
        "workflow_id": workflow.id,
        "code": action.code,
        "document_id": list(workflow.document),
        "document_type": list(kind),
        "properties": {name: "" if value is None else value for name, value in given.items()},
    }
