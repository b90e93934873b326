"""Running a method and writing into the ledger what it really changed, however it was called."""

from typing import Any

from sandbox.methods.registry import Caller, Method, Params, PartlyDone, Written
from sandbox.recording import shortened
from sandbox.state.portal import Portal


def run(portal: Portal, caller: Caller, found: Method, params: Params) -> Any:
    """Return what the method returns; a write that was half refused is noted before it is told."""
    try:
        result = found.function(portal, caller, params)
    except PartlyDone as refusal:
        told = {"applied": refusal.applied, "error": refusal.code}
        _note(portal, caller, found, params, result=None, more=told)
        raise
    if not found.changes:
        return result
    told = {"applied": result.applied} if isinstance(result, Written) else {}
    result = result.result if isinstance(result, Written) else result
    _note(portal, caller, found, params, result=result, more=told)
    return result


def _note(
    portal: Portal,
    caller: Caller,
    found: Method,
    params: Params,
    *,
    result: Any,
    more: dict[str, Any],
) -> None:
    sent = shortened(params.values)
    portal.applied(found.name, caller=caller.id, params=sent, result=result, more=more)
    portal.commit()
