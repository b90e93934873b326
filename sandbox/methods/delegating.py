"""bizproc.task.delegate: handing workflow tasks over to somebody else.

https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-task/bizproc-task-delegate
"""

from typing import Any

from sandbox import php
from sandbox.engine import delegation
from sandbox.methods.registry import Caller, Params, PartlyDone, Written, method
from sandbox.refusals import Refusal
from sandbox.state.portal import Portal

_NOT_ALLOWED = "ERROR_DELEGATION_NOT_ALLOWED"


@method("bizproc.task.delegate", scopes=("bizproc",), changes=True)
def task_delegate(portal: Portal, caller: Caller, params: Params) -> Written:
    """Move what may be moved, and refuse if anything may not."""
    given = params.get("TASK_IDS")
    if not php.is_array(given) or not all(php.is_numeric(item) for item in php.values(given)):
        raise Refusal("ERROR_TASK_VALIDATION", "Invalid TASK_IDS")
    from_user_id = _person(params, "FROM_USER_ID")
    to_user_id = _person(params, "TO_USER_ID")
    parties = {"from_user_id": from_user_id, "to_user_id": to_user_id}
    try:
        moved = delegation.delegate(
            portal, caller.user, [php.intval(item) for item in php.values(given)], **parties
        )
    except delegation.NotAllowed as error:
        if error.moved:
            applied = {"task_ids": error.moved, **parties}
            raise PartlyDone(_NOT_ALLOWED, str(error), applied=applied) from error
        raise Refusal(_NOT_ALLOWED, str(error)) from error
    return Written(result=True, applied={"task_ids": moved, **parties})


def _person(params: Params, name: str) -> int:
    given: Any = params.get(name)
    number = 0 if php.is_array(given) else php.intval(given)
    if number < 1:
        raise Refusal("ERROR_INVALID_USER_ID", f"Invalid {name}")
    return number
