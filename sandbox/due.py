"""Everything that became due by now: timers of workflows, and writes that were to apply late."""

from typing import Any

from sandbox import ledger
from sandbox.engine import timers
from sandbox.methods import events
from sandbox.methods.registry import METHODS, Caller, Method, Params
from sandbox.oauth import token_server
from sandbox.refusals import Refusal
from sandbox.state.faults import Fault
from sandbox.state.portal import Portal


def apply_later(
    portal: Portal, fault: Fault, found: Method, caller: Caller, params: Params
) -> None:
    """Plan a write for after the fault's delay; its client gets no answer."""
    portal.late.append(
        {
            "due": portal.now() + fault.delay,
            "method": found.name,
            "user_id": caller.id,
            "code": caller.code,
            "client_id": caller.application.client_id if caller.application else "",
            "scopes": list(caller.scopes),
            "params": params.values,
        }
    )
    portal.touched = True
    portal.commit()


def bring_up_to_date(portal: Portal) -> None:
    """Do what was due by now: timers of workflows, and writes that were to be applied late."""
    timers.catch_up(portal)
    for late in [late for late in portal.late if late["due"] <= portal.now()]:
        portal.late.remove(late)
        portal.touched = True
        with portal.at(late["due"]):
            if late["method"] == token_server.NAME:
                token_server.apply_late(portal, late["params"])
            elif late["method"] == events.JOB:
                events.apply_late(portal, late)
            else:
                _apply_now(portal, late)
    portal.commit()


def _apply_now(portal: Portal, late: dict[str, Any]) -> None:
    user = portal.users.get(late["user_id"])
    if user is None:
        return
    found = METHODS[late["method"]]
    application = portal.applications.get(late.get("client_id", ""))
    caller = Caller(user, tuple(late["scopes"]), late["code"], application)
    try:
        ledger.run(portal, caller, found, Params(late["params"]))
    except Refusal:
        return
