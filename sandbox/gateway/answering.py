"""From a request to the gateway to its answer: limit, key, planned faults, envelope."""

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from sandbox import incoming, php
from sandbox.due import bring_up_to_date
from sandbox.gateway import keys, sessions
from sandbox.gateway.endpoints import ENDPOINTS, Endpoint, Reply, Request
from sandbox.gateway.refusals import GatewayRefusal, is_known, translated
from sandbox.recording import masked
from sandbox.refusals import Refusal
from sandbox.state.clock import utc_text
from sandbox.state.faults import AFTER, BEFORE, LIE, REPLACED, Broken, Fault
from sandbox.state.portal import Portal

PLACE = "gateway"
_PREFIX = ["v1"]
_JSON = "application/json; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_DAMAGING = ("reset_mid_response", "truncated_json")


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP; a fault says how it is damaged on its way."""

    status: int
    content: str = ""
    kind: str = _JSON
    headers: list[tuple[str, str]] = field(default_factory=list)
    fault: Fault | None = None


def is_here(path: str) -> bool:
    """Tell whether a path without its first slash is the gateway's."""
    return path == PLACE or path.startswith(f"{PLACE}/")


def answer(
    portal: Portal,
    *,
    http_method: str,
    target: str,
    headers: dict[str, str],
    body: bytes,
    source: str,
) -> Answer:
    """Answer one request below /gateway/."""
    path, _, query_text = target.partition("?")
    parts = [unquote(part) for part in path.split("/") if part][1:]
    if parts[:1] != _PREFIX:
        return _refused(GatewayRefusal("ENTITY_NOT_FOUND", "Addresses begin with /v1/"))
    while parts[:1] == _PREFIX:
        parts = parts[1:]
    place, query = "/".join(parts), php.parse_query(query_text)
    with portal.lock:
        bring_up_to_date(portal)
        admitted, told = portal.gateway_limit.admit(source)
        is_strict = portal.limits.on
    if is_strict and not admitted:
        refusal = GatewayRefusal("RATE_LIMITED", retry_after=int(told["X-RateLimit-Reset-After"]))
        result = _refused(refusal)
        found, _ = _endpoint(http_method, place)
        name = found.name if found is not None else f"{PLACE}.{place}"
        _remember(portal, name, None, query, result, source=source)
    elif place == "oauth/authorize":
        return _authorize(portal, http_method, path, query, headers, body)
    else:
        result = _call(portal, http_method, place, query, headers, body, source)
    return Answer(
        result.status,
        result.content,
        result.kind,
        [*told.items(), *result.headers],
        result.fault,
    )


def _authorize(
    portal: Portal,
    http_method: str,
    path: str,
    query: dict[str, Any],
    headers: dict[str, str],
    body: bytes,
) -> Answer:
    form = incoming.form(headers, body) if http_method == "POST" else None
    try:
        with portal.lock:
            reply = sessions.authorize(
                portal, query=query, form=form, cookies=headers.get("cookie", ""), place=path
            )
    except GatewayRefusal as refusal:
        return _refused(refusal)
    return Answer(reply.status, reply.content, _HTML, reply.headers)


def _call(
    portal: Portal,
    http_method: str,
    place: str,
    query: dict[str, Any],
    headers: dict[str, str],
    body: bytes,
    source: str,
) -> Answer:
    given = _read(body)
    name, holder, fault = f"gateway.{place}", None, None
    result = _refused(GatewayRefusal("INTERNAL_ERROR"))
    try:
        if place == "oauth/token" and http_method == "POST":
            with portal.lock:
                return _json(200, sessions.give_token(portal, given))
        found, id_ = _endpoint(http_method, place)
        name = found.name if found is not None else name
        with portal.lock:
            fault = portal.faults.take(name, in_batch=False)
            _refuse_by(fault)
            holder = keys.keyholder(portal, headers)
            if found is None:
                raise GatewayRefusal("ENTITY_NOT_FOUND")
            if found.scopes and not set(found.scopes) & set(holder.key.scopes):
                raise GatewayRefusal("SCOPE_DENIED")
            if found.writes and holder.key.read_only:
                raise GatewayRefusal("WRITE_BLOCKED_READONLY_KEY")
            result = _perform(found, Request(portal, holder, query, given, id_), fault)
    except GatewayRefusal as refusal:
        result = _refused(refusal)
    except Refusal as refusal:
        result = _refused(translated(refusal))
    _remember(portal, name, holder, {**query, **given}, result, source=source)
    return result


def _perform(found: Endpoint, request: Request, fault: Fault | None) -> Answer:
    kind = fault.kind if fault is not None else ""
    if kind == "late_apply":
        with suppress(Broken):
            found.function(replace(request, late=fault))
        return Answer(200, fault=fault)
    if fault is not None and (kind in BEFORE or (kind in REPLACED and not fault.applied)):
        return Answer(200, fault=fault)
    if kind == LIE:
        untrue = {"workflowId": request.portal.uniqid()} if found.name.endswith("start") else True
        return _enveloped(Reply(status=204) if found.http_method == "DELETE" else Reply(untrue))
    done = _enveloped(found.function(request))
    if fault is None:
        return done
    if is_known(kind):
        raise GatewayRefusal(kind)
    if kind in _DAMAGING and not done.content:
        # There is no body to be cut: the connection ends without an answer.
        return Answer(done.status, fault=replace(fault, kind="timeout_after_apply", hold=0.0))
    if kind in AFTER or kind in REPLACED:
        return Answer(done.status, done.content, fault=fault)
    return done


def _refuse_by(fault: Fault | None) -> None:
    """Refuse as a planned fault says, unless the call is to be carried out first."""
    if fault is not None and is_known(fault.kind) and not fault.applied:
        wait = int(fault.delay) if fault.kind == "RATE_LIMITED" else None
        raise GatewayRefusal(fault.kind, retry_after=wait)


def _endpoint(http_method: str, place: str) -> tuple[Endpoint | None, str]:
    for one in ENDPOINTS:
        match = one.pattern.fullmatch(place)
        if match is not None and one.http_method == http_method:
            return one, match.groupdict().get("id", "")
    return None, ""


def _read(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body.decode()) if body else {}
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) and not php.is_too_deep(given) else {}


def _enveloped(reply: Reply) -> Answer:
    if reply.status == 204:
        return Answer(204)
    told = {"success": True, "data": reply.data}
    return _json(reply.status, told if reply.meta is None else {**told, "meta": reply.meta})


def _refused(refusal: GatewayRefusal) -> Answer:
    headers = [] if refusal.retry_after is None else [("Retry-After", str(refusal.retry_after))]
    return _json(refusal.status, refusal.envelope(), headers)


def _json(status: int, told: Any, headers: list[tuple[str, str]] | None = None) -> Answer:
    content = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    return Answer(status, content, _JSON, headers or [])


def _remember(
    portal: Portal,
    name: str,
    holder: keys.Keyholder | None,
    params: dict[str, Any],
    told: Answer,
    *,
    source: str,
) -> None:
    error = json.loads(told.content).get("error") if told.content.startswith("{") else None
    with portal.lock:
        portal.calls.append(
            {
                "method": name,
                "params": masked(params),
                "start": None,
                "user_id": str(holder.caller.id) if holder else "",
                "client_id": "",
                "status": told.status,
                "error": error["code"] if isinstance(error, dict) else None,
                "fault": told.fault.kind if told.fault else None,
                "at": utc_text(portal.now()),
                "in_batch": False,
                "source": source,
            }
        )
