"""What an answered task leaves for later steps: who answered what, and how many."""

from typing import Any

from sandbox.state.portal import Portal
from sandbox.state.records import ANSWER_NO, ANSWER_OK, ANSWER_YES, Assignment, Task, Workflow


def note(
    portal: Portal,
    workflow: Workflow,
    task: Task,
    part: Assignment,
    *,
    comment: str,
    changes: dict[str, Any],
) -> None:
    """Write the outputs of a task's activity after one answer.

    The vote is the original assignee's; its actor is whoever holds the assignment now.
    """
    found = workflow.outputs.setdefault(task.activity_name, {})
    asked = max(len(task.assignments), 1)
    yes = [p for p in task.assignments if p.status == ANSWER_YES]
    no = [p for p in task.assignments if p.status == ANSWER_NO]
    read = [p for p in task.assignments if p.status == ANSWER_OK]
    actor = portal.users.get(part.user_id)
    line = f"{actor.full_name if actor else part.user_id}: {comment}" if comment else ""
    voted = len(yes) + len(no)
    found.update(
        TaskId=task.id,
        Comments="\n".join(text for text in (found.get("Comments", ""), line) if text),
        VotedCount=voted,
        TotalCount=asked,
        VotedPercent=voted * 100 // asked,
        ApprovedCount=len(yes),
        NotApprovedCount=len(no),
        ApprovedPercent=len(yes) * 100 // asked,
        NotApprovedPercent=len(no) * 100 // asked,
        ReviewedCount=len(read),
        LastApprover=f"user_{part.user_id}",
        LastApproverComment=comment,
        LastReviewer=f"user_{part.user_id}",
        LastReviewerComment=comment,
        UserApprovers=_people(yes),
        UserRejecters=_people(no),
        Approvers=_names(portal, yes),
        Rejecters=_names(portal, no),
        InfoUser=f"user_{part.user_id}",
        Changes=", ".join(changes),
        IsTimeout=0,
    )


def _people(parts: list[Assignment]) -> list[str]:
    return [f"user_{part.original_user_id}" for part in parts]


def _names(portal: Portal, parts: list[Assignment]) -> str:
    users = (portal.users.get(part.original_user_id) for part in parts)
    return ", ".join(user.full_name for user in users if user is not None)
