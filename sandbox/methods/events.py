"""bizproc.event.send and bizproc.activity.log: how applications answer steps that called them.

https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/bizproc-event-send
https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-activity/bizproc-activity-log
"""

from typing import Any

from sandbox import php
from sandbox.engine import event_tokens, external_events
from sandbox.engine.event_tokens import Event
from sandbox.methods.registry import Caller, Params, Written, method
from sandbox.recording import shortened
from sandbox.refusals import Refusal, access_denied
from sandbox.state.portal import Portal

_SCOPE = ("bizproc",)
#: Stands for a method in the list of what is done later.
JOB = "an answer to a step"
_USUAL_MESSAGE = "Received application response"


# What it changes is written into the ledger when the answer reaches the step.
@method("bizproc.event.send", scopes=_SCOPE)
def send(portal: Portal, caller: Caller, params: Params) -> bool:
    """Answer a step. Newer builds do it after this call was answered, and so always say true."""
    _event(portal, params.get("EVENT_TOKEN"))
    job = {
        "due": portal.now() + portal.event_delay,
        "method": JOB,
        "user_id": caller.id,
        "params": params.values,
    }
    if portal.answers_at_once:
        apply(portal, job)
    else:
        portal.late.append(job)
        portal.touched = True
    portal.commit()
    return True


def apply_late(portal: Portal, job: dict[str, Any]) -> None:
    """Bring an answer to its step; that the workflow is gone or locked is told to nobody."""
    try:
        apply(portal, job)
    except Refusal:
        return


def apply(portal: Portal, job: dict[str, Any]) -> None:
    """Bring an answer to its step and write down what it did."""
    params = job["params"]
    event = _event(portal, params["EVENT_TOKEN"])
    told = external_events.send(portal, event, params.get("RETURN_VALUES"))
    message = php.text(params.get("LOG_MESSAGE")) or _USUAL_MESSAGE
    applied = {
        "workflow_id": event.workflow_id,
        "activity": event.activity,
        "effect": told.effect,
        "values": shortened(told.values),
        "dropped": told.dropped,
        "message": shortened(message),
    }
    portal.applied(
        "bizproc.event.send",
        caller=job["user_id"],
        params=shortened(params),
        result=True,
        more={"applied": applied},
    )


@method("bizproc.activity.log", scopes=_SCOPE, changes=True)
def log(portal: Portal, caller: Caller, params: Params) -> Written:
    """Write a line into the log of a step that waits; the token is looked at first."""
    event = _event(portal, params.get("EVENT_TOKEN"))
    message = params.get("LOG_MESSAGE")
    if php.is_empty(message):
        raise Refusal("ERROR_EMPTY_LOG_MESSAGE", "Empty log message!")
    applied = {
        "workflow_id": event.workflow_id,
        "activity": event.activity,
        "written": external_events.log(portal, event),
        "message": shortened(php.text(message)),
    }
    return Written(result=True, applied=applied)


def _event(portal: Portal, given: Any) -> Event:
    event = event_tokens.read(portal, given) if isinstance(given, str) else None
    if event is None:
        raise access_denied()
    return event
