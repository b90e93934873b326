"""Workflow tasks: asking people, counting their answers, and when the question is settled."""

import re
from dataclasses import dataclass
from typing import Any

from bizproc_admin.sandbox import php
from bizproc_admin.sandbox.clock import iso
from bizproc_admin.sandbox.engine import durations, voting
from bizproc_admin.sandbox.engine.expressions import evaluate, people
from bizproc_admin.sandbox.engine.tree import Node, properties
from bizproc_admin.sandbox.portal import Portal
from bizproc_admin.sandbox.records import (
    ANSWER_CANCEL,
    ANSWER_NO,
    ANSWER_OK,
    ANSWER_WAITING,
    ANSWER_YES,
    TASK_CANCELLED,
    TASK_NO,
    TASK_OK,
    TASK_TIMEOUT,
    TASK_YES,
    Assignment,
    Task,
    Workflow,
)
from bizproc_admin.sandbox.refusals import Refusal

APPROVE, REVIEW = "ApproveActivity", "ReviewActivity"
REQUEST, OPTIONAL = "RequestInformationActivity", "RequestInformationOptionalActivity"
KINDS = (APPROVE, REVIEW, REQUEST, OPTIONAL)
FIRST_BRANCH, SECOND_BRANCH = 0, 1


class EngineError(Exception):
    """An activity cannot run; the workflow faults."""


@dataclass(frozen=True)
class Verdict:
    """A task is settled: its status, and the branch of children to run (none for a review)."""

    status: int
    branch: int | None


def ask(portal: Portal, workflow: Workflow, path: str, node: Node) -> tuple[Task, float | None]:
    """Make the task of an activity; also return when it times out."""
    options = properties(node)
    users = people(portal, workflow, options.get("Users"))
    if not users:
        raise EngineError("The 'Users' property is not specified.")
    now = portal.now()
    timeout = durations.seconds(
        evaluate(portal, workflow, options.get("TimeoutDuration")),
        options.get("TimeoutDurationType"),
    )
    overdue = durations.moment(evaluate(portal, workflow, options.get("OverdueDate")), now=now)
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
    _show_progress(workflow, node, task)
    return task, now + timeout if timeout > 0 else None


def _shown_parameters(portal: Portal, workflow: Workflow, node: Node) -> dict[str, Any]:
    options = properties(node)
    shown = {
        "CommentLabel": options.get("CommentLabelMessage") or "Notes",
        "CommentRequired": options.get("CommentRequired") or "N",
        "ShowComment": options.get("ShowComment") or "Y",
    }
    if node["Type"] == APPROVE:
        shown["StatusYesLabel"] = options.get("TaskButton1Message") or "Accept"
        shown["StatusNoLabel"] = options.get("TaskButton2Message") or "Decline"
        return shown
    default = "Done" if node["Type"] == REVIEW else "Save"
    shown["StatusOkLabel"] = options.get("TaskButtonMessage") or default
    if node["Type"] == OPTIONAL:
        shown["StatusCancelLabel"] = options.get("TaskButtonCancelMessage") or "Decline"
    if node["Type"] != REVIEW:
        shown["Fields"] = [_field(evaluate(portal, workflow, field)) for field in requested(node)]
    return shown


def requested(node: Node) -> list[dict[str, Any]]:
    """Return the definitions of what a request asks for."""
    found = php.values(properties(node).get("RequestedInformation"))
    return [field for field in found if isinstance(field, dict)]


def is_yes(value: Any) -> bool:
    """Read the portal's many ways to write a boolean."""
    return value in (True, 1, "1", "Y", "y")


def _field(definition: dict[str, Any]) -> dict[str, Any]:
    kind = definition.get("Type", "string")
    default = definition.get("Default")
    if kind in ("date", "datetime") and isinstance(default, int | float):
        default = iso(default)
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
        "Default": default,
    }


def answer(
    portal: Portal,
    workflow: Workflow,
    task: Task,
    node: Node,
    *,
    user_id: int,
    status: int,
    comment: str = "",
    fields: dict[str, Any] | None = None,
) -> Verdict | None:
    """Take one person's answer; the verdict when it settles the task."""
    if task.activity == APPROVE:
        if status not in (ANSWER_YES, ANSWER_NO):
            raise _refused("No action specified.")
    elif task.activity == REVIEW:
        if status != ANSWER_OK:
            raise _refused("Invalid action selected.")
    else:
        is_declined = task.activity == OPTIONAL and status == ANSWER_CANCEL
        status = ANSWER_CANCEL if is_declined else ANSWER_OK
    _check_comment(task, node, status, comment)
    if task.activity in (REQUEST, OPTIONAL):
        keep = status == ANSWER_OK or is_yes(properties(node).get("SaveVariables"))
        if keep:
            _store_fields(workflow, node, fields or {}, check=status == ANSWER_OK)
    part = task.assignment_of(user_id)
    if part is None:
        raise Refusal("ERROR_TASK_NOT_FOUND", "Task not found")
    part.status, part.answered = status, portal.now()
    task.modified = int(portal.now())
    verdict = _verdict(task, node, status)
    _note_outputs(portal, workflow, node, task, comment=comment, user_id=user_id)
    if verdict is not None:
        settle(portal, task, verdict)
    else:
        _show_progress(workflow, node, task)
        portal.tasks.put(task.id, task)
    return verdict


def settle(portal: Portal, task: Task, verdict: Verdict) -> None:
    """Close a task; the rows of those who had not answered disappear, except after a timeout."""
    task.status, task.modified = verdict.status, int(portal.now())
    if verdict.status == TASK_TIMEOUT:
        for part in task.assignments:
            if part.status == ANSWER_WAITING:
                part.status = ANSWER_NO
    else:
        task.assignments = [part for part in task.assignments if part.status != ANSWER_WAITING]
    portal.tasks.put(task.id, task)


def timed_out(task: Task) -> Verdict:
    """Return the verdict of a task that nobody answered in time."""
    branch = SECOND_BRANCH if task.activity in (APPROVE, OPTIONAL) else None
    return Verdict(TASK_TIMEOUT, branch)


def _verdict(task: Task, node: Node, status: int) -> Verdict | None:
    options, parts = properties(node), task.assignments
    kind = options.get("ApproveType", "all")
    if task.activity == APPROVE:
        votes = voting.Votes(
            asked=len(parts),
            yes=sum(part.status == ANSWER_YES for part in parts),
            no=sum(part.status == ANSWER_NO for part in parts),
        )
        minimum = options.get("ApproveMinPercent")
        decided = voting.approval(
            votes,
            kind=kind,
            wait_for_all=is_yes(options.get("ApproveWaitForAll")),
            minimum=50 if minimum in (None, "") else php.intval(minimum),
        )
        if decided is None:
            return None
        return Verdict(TASK_YES, FIRST_BRANCH) if decided else Verdict(TASK_NO, SECOND_BRANCH)
    if task.activity == REVIEW:
        read = sum(part.status == ANSWER_OK for part in parts)
        return (
            Verdict(TASK_OK, None)
            if voting.review(asked=len(parts), read=read, kind=kind)
            else None
        )
    if status == ANSWER_OK:
        return Verdict(TASK_OK, FIRST_BRANCH if task.activity == OPTIONAL else None)
    cancelled = sum(part.status == ANSWER_CANCEL for part in parts)
    cancel_kind = options.get("CancelType", "any")
    if voting.declined(asked=len(parts), cancelled=cancelled, kind=cancel_kind):
        return Verdict(TASK_CANCELLED, SECOND_BRANCH)
    return None


def _refused(text: str) -> Refusal:
    return Refusal("ERROR_TASK_EXECUTION", text)


def _check_comment(task: Task, node: Node, status: int, comment: str) -> None:
    options = properties(node)
    if (options.get("ShowComment") or "Y") != "Y" or comment.strip():
        return
    required = options.get("CommentRequired") or "N"
    if task.activity in (REVIEW, REQUEST):
        needed = required == "Y"
    else:
        agreed = status in (ANSWER_YES, ANSWER_OK)
        needed = required == "Y" or required == ("YA" if agreed else "YR")
    if needed:
        label = options.get("CommentLabelMessage") or "Notes"
        raise _refused(f"The '{label}' field is required.")


def _store_fields(workflow: Workflow, node: Node, fields: dict[str, Any], *, check: bool) -> None:
    values: dict[str, Any] = {}
    for definition in requested(node):
        name = definition.get("Name", "")
        value = fields.get(name)
        if value is None:
            value = workflow.variables.get(name) or definition.get("Default")
        if check and is_yes(definition.get("Required")) and php.is_empty(value):
            title = definition.get("Title", name)
            brackets = node["Type"] == REQUEST
            shown = f"('{title}')" if brackets else f"'{title}'"
            raise _refused(f"The required value {shown} is missing.")
        values[name] = value
    workflow.variables.update(values)


def _show_progress(workflow: Workflow, node: Node, task: Task) -> None:
    options = properties(node)
    if (options.get("SetStatusMessage") or "Y") != "Y" or task.activity in (REQUEST, OPTIONAL):
        return
    asked = len(task.assignments)
    voted = sum(part.status != ANSWER_WAITING for part in task.assignments)
    message = options.get("StatusMessage") or "Participated #PERC#% (#REV# of #TOT#)"
    values = {"PERC": voted * 100 // max(asked, 1), "REV": voted, "TOT": asked}
    workflow.state_title = re.sub(r"#(PERC|REV|TOT)#", lambda match: str(values[match[1]]), message)


def _note_outputs(
    portal: Portal, workflow: Workflow, node: Node, task: Task, *, comment: str, user_id: int
) -> None:
    name = node.get("Name", "")
    outputs = workflow.outputs.setdefault(name, {})
    asked = max(len(task.assignments), 1)
    yes = sum(part.status == ANSWER_YES for part in task.assignments)
    no = sum(part.status == ANSWER_NO for part in task.assignments)
    user = portal.users.get(user_id)
    earlier = outputs.get("Comments", "")
    line = f"{user.full_name if user else user_id}: {comment}" if comment else ""
    outputs.update(
        TaskId=task.id,
        Comments="\n".join(part for part in (earlier, line) if part),
        VotedCount=yes + no,
        TotalCount=asked,
        VotedPercent=(yes + no) * 100 // asked,
        ApprovedCount=yes,
        NotApprovedCount=no,
        ApprovedPercent=yes * 100 // asked,
        NotApprovedPercent=no * 100 // asked,
        LastApprover=f"user_{user_id}",
        LastApproverComment=comment,
        InfoUser=f"user_{user_id}",
        IsTimeout=0,
    )
