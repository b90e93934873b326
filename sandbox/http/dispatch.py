"""From a request to an answer: the order of checks, planned faults, envelopes, and the record of
calls and applied writes."""

import time
from dataclasses import dataclass
from typing import Any

from sandbox import ledger, methods, php
from sandbox.due import apply_later, bring_up_to_date
from sandbox.http import batch
from sandbox.http.authorising import authorise
from sandbox.incoming import Incoming, without_reserved
from sandbox.lists.listing import Page
from sandbox.methods import foreign
from sandbox.methods.registry import METHODS, Caller, Method, Params, PartlyDone, method
from sandbox.recording import masked
from sandbox.refusals import STATUSES_OF_2026, Refusal, insufficient_scope, named, plan_ended
from sandbox.state.clock import utc_text
from sandbox.state.faults import AFTER, BEFORE, LIE, PLAN, REPLACED, Broken, Fault
from sandbox.state.portal import Portal

__all__ = ["Answer", "answer", "methods"]


@dataclass
class Answer:
    """What goes back over HTTP; a fault says how the answer is damaged on its way."""

    status: int
    body: dict[str, Any]
    fault: Fault | None = None
    client_id: str = ""


@dataclass
class _Conversation:
    """One HTTP request while it is being answered."""

    portal: Portal
    incoming: Incoming
    began: float
    damage: Fault | None = None
    caller: Caller | None = None


@method("batch")
def _batch(portal: Portal, caller: Caller, params: Params) -> Any:
    """Stand for batch in the table of methods; `answer` runs it, as it needs the conversation."""
    raise named("ERROR_BATCH_METHOD_NOT_ALLOWED")


def answer(portal: Portal, incoming: Incoming) -> Answer:
    """Answer one REST request."""
    talk = _Conversation(portal, incoming, portal.now())
    call_name = incoming.method.lower()
    fault: Fault | None = None
    try:
        try:
            with portal.lock:
                bring_up_to_date(portal)
                fault = portal.faults.take(call_name, in_batch=False)
            if fault is not None and fault.kind == "QUERY_LIMIT_EXCEEDED":
                raise named(fault.kind)
            body = _checked(talk, fault)
            result = Answer(200, body, talk.damage)
        except Refusal as refusal:
            status = refusal.status
            if portal.newer_statuses:
                status = STATUSES_OF_2026.get(refusal.code, status)
            result = Answer(status, refusal.envelope(), talk.damage)
    except Broken as broken:
        result = Answer(200, {}, broken.fault)
    except Exception as error:  # noqa: BLE001 - a mistake of ours must be seen, not lost
        portal.complain("the sandbox failed", repr(error), method=call_name)
        failed = named("INTERNAL_SERVER_ERROR")
        result = Answer(failed.status, failed.envelope())
    _remember(talk, call_name, incoming.params, result, start=incoming.start)
    if talk.caller is not None and talk.caller.application is not None:
        result.client_id = talk.caller.application.client_id
    return result


def _checked(talk: _Conversation, fault: Fault | None) -> dict[str, Any]:
    portal, incoming = talk.portal, talk.incoming
    with portal.lock:
        if not portal.limits.admit(incoming.source):
            raise named("QUERY_LIMIT_EXCEEDED")
        if incoming.signed:
            raise named("ACCESS_DENIED")
        found = foreign.named(incoming.method)
        if found is None:
            raise named("ERROR_METHOD_NOT_FOUND")
        caller = talk.caller = authorise(portal, incoming, found)
    if found.name == "batch":
        return _run_batch(talk, caller, fault)
    params = Params(incoming.params, incoming.start, php.upper_names(incoming.query))
    return _suffer(talk, caller, found, params, fault, in_batch=False)


def _run_batch(talk: _Conversation, caller: Caller, fault: Fault | None) -> dict[str, Any]:
    _before(talk, fault, METHODS["batch"], caller, Params({}))

    def perform(name: str, params: dict[str, Any]) -> dict[str, Any]:
        portal = talk.portal
        found = foreign.named(name)
        plain = without_reserved(params)
        start = php.intval(params["start"]) if "start" in params else None

        def note(told: Answer) -> None:
            _remember(talk, name.lower(), plain, told, start=start, inner=True)

        try:
            if found is None:
                raise named("ERROR_METHOD_NOT_FOUND")
            if not found.allowed_by(caller.scopes):
                raise Refusal("insufficient_scope", "", 401)
            with portal.lock:
                inner = portal.faults.take(found.name, in_batch=True)
            wanted = Params(plain, start, {})
            body = _suffer(talk, caller, found, wanted, inner, in_batch=True)
        except Refusal as refusal:
            note(Answer(refusal.status, refusal.envelope()))
            raise
        except Broken as broken:
            note(Answer(200, {}, broken.fault))
            raise
        note(Answer(200, body))
        return body

    began, clock = talk.portal.now(), time.perf_counter()
    result = batch.run(php.upper_names(talk.incoming.params), perform)
    _after(talk, fault)
    seconds = time.perf_counter() - clock
    return {"result": result, "time": _time(talk, "", "batch", began=began, seconds=seconds)}


def _suffer(
    talk: _Conversation,
    caller: Caller,
    found: Method,
    params: Params,
    fault: Fault | None,
    *,
    in_batch: bool,
) -> dict[str, Any]:
    params = Params(
        php.upper_names(params.values) if found.upper else params.values,
        params.start,
        params.query,
    )
    if "START" in params.values:
        talk.portal.complain("START ignored", "Only lower-case start pages.", method=found.name)
    told = _before(talk, fault, found, caller, params)
    try:
        body = told if told is not None else _perform(talk, caller, found, params)
    except PartlyDone:
        _after(talk, fault)
        raise
    _after(talk, fault)
    return body


def _before(
    talk: _Conversation, fault: Fault | None, found: Method, caller: Caller, params: Params
) -> dict[str, Any] | None:
    if fault is None:
        return None
    if fault.kind == "insufficient_scope":
        raise insufficient_scope(by_token=caller.application is not None)
    if fault.kind == PLAN:
        raise plan_ended(by_token=caller.application is not None)
    if fault.is_vendor_error:
        raise named(fault.kind)
    if fault.kind in BEFORE or (fault.kind in REPLACED and not fault.applied):
        if fault.kind == "late_apply":
            with talk.portal.lock:
                apply_later(talk.portal, fault, found, caller, params)
        raise Broken(fault)
    if fault.kind == LIE:
        with talk.portal.lock:
            untrue = _untrue(talk.portal, found.name)
        return {"result": untrue, "time": _time(talk, caller.code, found.name)}
    return None


def _untrue(portal: Portal, name: str) -> Any:
    """Return what a write answers that has not happened."""
    if name.endswith(".start"):
        return portal.uniqid()
    if name.endswith((".template.add", ".template.update")):
        return portal.numbers.get("template", 0) + 1
    return None if name.endswith(".template.delete") else True


def _after(talk: _Conversation, fault: Fault | None) -> None:
    if fault is None:
        return
    if fault.kind in ("reset_mid_response", "truncated_json"):
        talk.damage = fault
    elif fault.kind in AFTER or fault.kind in REPLACED:
        raise Broken(fault)


def _perform(talk: _Conversation, caller: Caller, found: Method, params: Params) -> dict[str, Any]:
    portal = talk.portal
    began, clock = portal.now(), time.perf_counter()
    with portal.lock:
        if portal.limits.exhausted(caller.code, found.name):
            raise named("OPERATION_TIME_LIMIT")
    if found.changes and portal.write_seconds:
        # others are served meanwhile, and it is time spent in the method
        time.sleep(portal.write_seconds)
    with portal.lock:
        result = ledger.run(portal, caller, found, params)
        seconds = time.perf_counter() - clock
        portal.limits.spend(caller.code, found.name, seconds, began=began)
    body: dict[str, Any] = {"result": result.rows if isinstance(result, Page) else result}
    if isinstance(result, Page):
        if result.next is not None:
            body["next"] = result.next
        if result.total is not None:
            body["total"] = result.total
    body["time"] = _time(talk, caller.code, found.name, began=began, seconds=seconds)
    return body


def _time(
    talk: _Conversation,
    code: str,
    name: str,
    *,
    began: float | None = None,
    seconds: float = 0.0,
) -> dict[str, Any]:
    portal = talk.portal
    began = portal.now() if began is None else began
    finish = portal.now()
    shown = {
        "start": began,
        "finish": finish,
        "duration": finish - began,
        "processing": seconds,
        "date_start": portal.clock.iso(began),
        "date_finish": portal.clock.iso(finish),
    }
    with portal.lock:
        shown["operating_reset_at"] = portal.limits.reset_at(code, name, began=began)
        shown["operating"] = portal.limits.operating(code, name)
    return shown


def _remember(
    talk: _Conversation,
    name: str,
    params: dict[str, Any],
    told: Answer,
    *,
    start: int | None,
    inner: bool = False,
) -> None:
    incoming, caller = talk.incoming, talk.caller
    application = caller.application if caller is not None else None
    with talk.portal.lock:
        talk.portal.calls.append(
            {
                "method": name,
                "params": masked(params),
                "start": start,
                "user_id": str(caller.id) if application and caller else incoming.login,
                "client_id": application.client_id if application else "",
                "status": told.status,
                "error": told.body.get("error"),
                "fault": told.fault.kind if told.fault else None,
                "at": utc_text(talk.began),
                "in_batch": inner,
                "source": incoming.source,
            }
        )
