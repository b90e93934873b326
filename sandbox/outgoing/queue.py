"""The queue of calls to applications; planned faults lose, repeat or delay one as it is put in."""

from typing import Any

from sandbox.state.clock import utc_text
from sandbox.state.faults import CALL_DELAYED, CALL_LOST, CALL_REPEATED
from sandbox.state.portal import Portal
from sandbox.state.records import Application, OutgoingCall


def put(
    portal: Portal,
    application: Application,
    *,
    name: str,
    address: str,
    form: dict[str, Any],
    user_id: int = 0,
) -> None:
    """Let a form be posted to an application; `name` is what faults know the call by."""
    call = OutgoingCall(
        portal.next_number("call"),
        application.client_id,
        name,
        address,
        form,
        portal.now(),
        user_id,
    )
    fault = portal.faults.take_call(name)
    kind = fault.kind if fault is not None else ""
    if kind == CALL_LOST:
        note(portal, call, error=CALL_LOST)
        return
    if fault is not None and kind == CALL_DELAYED:
        call.due += fault.delay
    portal.outgoing.put(call.id, call)
    if kind == CALL_REPEATED:
        number = portal.next_number("call")
        again = OutgoingCall(number, call.client_id, name, address, form, call.due, user_id)
        portal.outgoing.put(number, again)


def note(portal: Portal, call: OutgoingCall, *, status: int = 0, error: str = "") -> None:
    """Remember what became of a call: the status of the answer, or why there is none."""
    portal.deliveries.append(
        {
            "id": call.id,
            "name": call.name,
            "address": call.address,
            "status": status,
            "error": error,
            "at": utc_text(portal.now()),
        }
    )
