"""Answering workflow tasks: what is accepted, how answers count, and when the task is settled."""

from dataclasses import dataclass
from typing import Any

from sandbox import php
from sandbox.engine import outputs, values, voting
from sandbox.engine.asking import show_progress
from sandbox.engine.kinds import APPROVE, EXTERNAL, OPTIONAL, REQUEST, REVIEW, is_yes
from sandbox.engine.tree import Node, properties
from sandbox.refusals import Refusal
from sandbox.state.portal import Portal
from sandbox.state.records import (
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

FIRST_BRANCH, SECOND_BRANCH = 0, 1


@dataclass(frozen=True)
class Verdict:
    """A task is settled: its status, and the branch of children to run (none for a review)."""

    status: int
    branch: int | None


@dataclass(frozen=True)
class Answer:
    """What somebody answers, as the activity has accepted it."""

    status: int
    comment: str
    fields: dict[str, Any]


def refused(text: str) -> Refusal:
    """Build the refusal that carries the engine's text."""
    return Refusal("ERROR_TASK_EXECUTION", text)


def accept(
    portal: Portal, task: Task, *, status: int, comment: str, fields: dict[str, Any]
) -> Answer:
    """Check an answer against what the task asks; nothing is changed yet."""
    if task.activity == APPROVE:
        if status not in (ANSWER_YES, ANSWER_NO):
            raise refused(portal.say("no action"))
    elif task.activity == REVIEW:
        if status != ANSWER_OK:
            raise refused(portal.say("invalid action"))
    else:
        declined = task.activity == OPTIONAL and status == ANSWER_CANCEL
        status = ANSWER_CANCEL if declined else ANSWER_OK
    comment = comment.strip()
    _check_comment(portal, task, status, comment)
    return Answer(status, comment, _read_fields(portal, task, status, fields))


def _check_comment(portal: Portal, task: Task, status: int, comment: str) -> None:
    shown = task.parameters
    if shown.get("ShowComment") != "Y" or comment:
        return
    required = shown.get("CommentRequired")
    # A review and a plain request know no answer that could be the other one.
    needed = ["Y"]
    if task.activity in (APPROVE, OPTIONAL):
        needed.append("YA" if status in (ANSWER_YES, ANSWER_OK) else "YR")
    if required in needed:
        raise refused(portal.say("comment required", label=shown.get("CommentLabel", "")))


def _read_fields(portal: Portal, task: Task, status: int, given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for definition in task.parameters.get("Fields") or []:
        key = definition["Id"]
        value = values.read(portal, definition, given[key]) if key in given else None
        if value is not None:
            found[key] = value
        if definition["Required"] and status == ANSWER_OK and values.is_missing(value):
            title = definition["Name"] or key
            shown = f"('{title}')" if task.activity == REQUEST else f"'{title}'"
            raise refused(portal.say("value required", name=shown))
    return found


def count(
    portal: Portal,
    workflow: Workflow,
    task: Task,
    part: Assignment,
    node: Node,
    answer: Answer,
) -> Verdict | None:
    """Count an accepted answer for its assignment; the verdict when it settles the task."""
    if answer.status == ANSWER_OK or is_yes(properties(node).get("SaveVariables")):
        workflow.variables.update(answer.fields)
    part.status, part.answered = answer.status, portal.now()
    task.modified = int(portal.now())
    verdict = _verdict(task, node, answer.status)
    outputs.note(portal, workflow, task, part, comment=answer.comment, changes=answer.fields)
    if verdict is not None:
        settle(portal, task, verdict)
    else:
        show_progress(portal, workflow, node, task)
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
    kind = options.get("ApproveType") or "all"
    if task.activity == EXTERNAL:
        return Verdict(TASK_OK, None)
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
        finished = voting.review(asked=len(parts), read=read, kind=kind)
        return Verdict(TASK_OK, None) if finished else None
    if status == ANSWER_OK:
        return Verdict(TASK_OK, FIRST_BRANCH if task.activity == OPTIONAL else None)
    cancelled = sum(part.status == ANSWER_CANCEL for part in parts)
    cancel_kind = options.get("CancelType") or "any"
    if voting.declined(asked=len(parts), cancelled=cancelled, kind=cancel_kind):
        return Verdict(TASK_CANCELLED, SECOND_BRANCH)
    return None
