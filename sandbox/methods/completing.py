"""bizproc.task.complete: answering one's own workflow task.

https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-task/bizproc-task-complete
"""

from typing import Any

from sandbox import php
from sandbox.engine import kinds, runner
from sandbox.methods.registry import Caller, Params, Written, method
from sandbox.refusals import Refusal
from sandbox.state.portal import Portal
from sandbox.state.records import ANSWER_CANCEL, ANSWER_NO, ANSWER_OK, ANSWER_WAITING, ANSWER_YES

# The word for 0 is known although 0 itself counts as empty.
_STATUSES = {
    "1": ANSWER_YES, "yes": ANSWER_YES,
    "2": ANSWER_NO, "no": ANSWER_NO,
    "3": ANSWER_OK, "ok": ANSWER_OK,
    "4": ANSWER_CANCEL, "cancel": ANSWER_CANCEL,
    "waiting": ANSWER_WAITING,
}  # fmt: skip


@method("bizproc.task.complete", scopes=("bizproc",), changes=True)
def task_complete(portal: Portal, caller: Caller, params: Params) -> Written:
    """Answer a task of the caller; even an administrator has no other."""
    if php.is_empty(params.get("TASK_ID")):
        raise Refusal("ERROR_TASK_VALIDATION", "empty TASK_ID")
    status = _STATUSES.get(php.text(params.get("STATUS")).lower())
    if status is None:
        raise Refusal("ERROR_TASK_VALIDATION", "incorrect STATUS")
    given = params.get("TASK_ID")
    task_id = 0 if php.is_array(given) else php.intval(given)
    task, part = runner.find_assignment(portal, task_id, caller.id)
    if task.activity not in kinds.KINDS:
        raise Refusal("ERROR_TASK_TYPE", "Incorrect task type")
    original = part.original_user_id
    comment, fields = params.get("COMMENT"), params.get("FIELDS")
    task, answer = runner.complete_task(
        portal,
        task_id,
        user_id=caller.id,
        status=status,
        comment=comment if isinstance(comment, str) else "",
        fields=_given(fields),
    )
    applied = {
        "task_id": task.id,
        "workflow_id": task.workflow_id,
        "user_id": caller.id,
        "original_user_id": original,
        "status": answer.status,
        "comment": answer.comment,
        "fields": answer.fields,
        "task_status": task.status,
    }
    return Written(result=True, applied=applied)


def _given(fields: Any) -> dict[str, Any]:
    return dict(php.items(fields)) if php.is_array(fields) else {}
