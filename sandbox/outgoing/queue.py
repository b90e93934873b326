"""The queue of calls to applications; planned faults lose, repeat or delay one as it is put in."""

from dataclasses import replace
from typing import Any

from sandbox.state.clock import utc_text
from sandbox.state.faults import CALL_DELAYED, CALL_LOST, CALL_REORDERED, CALL_REPEATED
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
    auth: dict[str, Any] | None = None,
) -> None:
    """Let a form be posted to an application; `name` is what faults know the call by.

    `auth` is sent along as it is; without it, what the application is known by by then.
    """

    def made() -> OutgoingCall:
        number, client_id = portal.next_number("call"), application.client_id
        due = portal.now()
        told = {**form, "ts": int(due)}
        return OutgoingCall(number, client_id, name, address, told, due, user_id, auth or {})

    call = made()
    fault = portal.faults.take_call(name)
    kind = fault.kind if fault is not None else ""
    if kind == CALL_LOST:
        note(portal, call, error=CALL_LOST)
        return
    if fault is not None and kind == CALL_DELAYED:
        call.due += fault.delay
    elif kind == CALL_REORDERED and fault is not None:
        call.is_overtaken, call.due = True, call.due + fault.delay
    portal.outgoing.put(call.id, call)
    if not call.is_overtaken:
        _let_go(portal, number=call.id)
    if kind == CALL_REPEATED:
        again = made()
        portal.outgoing.put(again.id, again)


def _let_go(portal: Portal, *, number: int) -> None:
    """Queue what this call was to overtake anew, behind it."""
    before = number - 1
    while (held := portal.outgoing.get(before)) is not None and held.is_overtaken:
        portal.outgoing.drop(before)
        fresh = replace(held, id=portal.next_number("call"), due=portal.now(), is_overtaken=False)
        portal.outgoing.put(fresh.id, fresh)
        before -= 1


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
