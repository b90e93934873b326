"""Making workflow tasks: whom an activity asks, what about, and what the task shows."""

import re
from typing import Any

from sandbox import php
from sandbox.engine import durations
from sandbox.engine.expressions import evaluate, people
from sandbox.engine.kinds import APPROVE, EXTERNAL, OPTIONAL, REQUEST, REVIEW, EngineError, is_yes
from sandbox.engine.tree import Node, properties
from sandbox.state.portal import Portal
from sandbox.state.records import ANSWER_WAITING, Assignment, Task, Workflow


def asked_of(portal: Portal, workflow: Workflow, node: Node) -> list[int]:
    """Return the people an activity asks; a command names them under another property."""
    holder = "Permission" if node["Type"] == EXTERNAL else "Users"
    return people(portal, workflow, properties(node).get(holder))


def ask(portal: Portal, workflow: Workflow, path: str, node: Node) -> tuple[Task, float | None]:
    """Make the task of an activity; also return when it times out."""
    options = properties(node)
    users = asked_of(portal, workflow, node)
    if not users:
        raise EngineError(portal.say("no users"))
    now = portal.now()
    timeout = durations.seconds(
        evaluate(portal, workflow, options.get("TimeoutDuration")),
        options.get("TimeoutDurationType"),
    )
    deadline = evaluate(portal, workflow, options.get("OverdueDate"))
    overdue = durations.moment(deadline, now=now, zone=portal.clock.zone)
    if timeout > 0:
        overdue = overdue or now + timeout
    title = php.text(evaluate(portal, workflow, options.get("Name"))) or options.get("Title", "")
    task = Task(
        id=portal.next_number("task"),
        workflow_id=workflow.id,
        path=path,
        activity=node["Type"],
        activity_name=node.get("Name", ""),
        name=title,
        description=php.text(evaluate(portal, workflow, options.get("Description"))),
        created=now,
        modified=int(now),
        overdue=overdue,
        delegation=php.intval(options.get("DelegationType")),
        parameters=_shown_parameters(portal, workflow, node),
        assignments=[Assignment(user, original_user_id=user) for user in users],
    )
    portal.tasks.put(task.id, task)
    show_progress(portal, workflow, node, task)
    return task, now + timeout if timeout > 0 else None


def show_progress(portal: Portal, workflow: Workflow, node: Node, task: Task) -> None:
    """Write into the workflow's state how many have answered."""
    options = properties(node)
    if task.activity not in (APPROVE, REVIEW) or (options.get("SetStatusMessage") or "Y") != "Y":
        return
    asked = len(task.assignments)
    voted = sum(part.status != ANSWER_WAITING for part in task.assignments)
    usual = portal.say("approving" if task.activity == APPROVE else "reviewing")
    message = options.get("StatusMessage") or usual
    values = {"PERC": voted * 100 // max(asked, 1), "REV": voted, "TOT": asked}
    workflow.state_title = re.sub(r"#(PERC|REV|TOT)#", lambda match: str(values[match[1]]), message)


def _shown_parameters(portal: Portal, workflow: Workflow, node: Node) -> dict[str, Any]:
    kind, options = node["Type"], properties(node)
    if kind == EXTERNAL:
        return {}
    shown = {
        "CommentLabel": options.get("CommentLabelMessage") or portal.say("comment"),
        "CommentRequired": options.get("CommentRequired") or "N",
        "ShowComment": options.get("ShowComment") or "Y",
    }
    if kind == APPROVE:
        shown["StatusYesLabel"] = options.get("TaskButton1Message") or portal.say("yes")
        shown["StatusNoLabel"] = options.get("TaskButton2Message") or portal.say("no")
        return shown
    usual = portal.say("done" if kind == REVIEW else "save")
    shown["StatusOkLabel"] = options.get("TaskButtonMessage") or usual
    if kind == OPTIONAL:
        shown["StatusCancelLabel"] = options.get("TaskButtonCancelMessage") or portal.say("cancel")
    if kind in (REQUEST, OPTIONAL):
        asked = _requested(node)
        shown["Fields"] = [_field(portal, evaluate(portal, workflow, field)) for field in asked]
    return shown


def _requested(node: Node) -> list[dict[str, Any]]:
    found = php.values(properties(node).get("RequestedInformation"))
    return [field for field in found if isinstance(field, dict)]


def _field(portal: Portal, definition: dict[str, Any]) -> dict[str, Any]:
    kind = definition.get("Type", "string")
    return {
        "Id": definition.get("Name", ""),
        "Type": kind,
        "BaseType": kind if ":" not in kind else "string",
        "Name": definition.get("Title", ""),
        "Description": definition.get("Description", ""),
        "Multiple": is_yes(definition.get("Multiple")),
        "Required": is_yes(definition.get("Required")),
        "Options": definition.get("Options") or None,
        "Settings": definition.get("Settings") or None,
        "Default": _external(portal, kind, definition.get("Default")),
    }


def _external(portal: Portal, kind: str, default: Any) -> Any:
    # A default is shown so that a client can send it back as it is.
    if kind in ("user", "S:UserID") and default:
        return default if isinstance(default, list) else [default]
    if isinstance(default, list):
        return [_external(portal, kind, item) for item in default]
    if kind in ("date", "datetime") and default not in (None, ""):
        if isinstance(default, int | float):
            return portal.clock.iso(default)
        moment = portal.clock.read(default)
        return default if moment is None else portal.clock.iso(moment)
    return default
