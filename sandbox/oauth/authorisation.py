"""The addresses below /oauth/: signing in, signing out, tokens, and what is said of a token."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from sandbox import incoming, php
from sandbox.due import bring_up_to_date
from sandbox.oauth import addresses, pages, signing_in, token_server
from sandbox.refusals import named
from sandbox.state.faults import Fault
from sandbox.state.portal import Portal

_HTML = "text/html; charset=utf-8"
_JSON = "application/json; charset=utf-8"
_INFO = re.compile(r"rest/+app\.info(?:\.json)?", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP; a fault says how it is damaged on its way."""

    status: int
    content: str
    kind: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    fault: Fault | None = None


def answer(
    portal: Portal,
    place: str,
    *,
    http_method: str,
    target: str,
    headers: dict[str, str],
    body: bytes,
    source: str,
) -> Answer:
    """Answer one request; `place` is what `addresses.own_place` made of its path."""
    with portal.lock:
        bring_up_to_date(portal)
    known = addresses.known(portal, headers)
    query = php.parse_query(target.partition("?")[2])
    posted = incoming.form(headers, body) if http_method == "POST" else None
    cookies = headers.get("cookie", "")
    if place == "authorize":
        reply = signing_in.authorize(
            portal, query=query, form=posted, cookies=cookies, addresses=known
        )
        return Answer(reply.status, reply.content, _HTML, [*reply.headers, _NEVER_KEPT])
    if place == "logout":
        reply = signing_in.sign_out(portal, cookies=cookies)
        return Answer(reply.status, reply.content, _HTML, [*reply.headers, _NEVER_KEPT])
    params = {**query, **(posted or {})}
    if place == "token":
        return _json(token_server.give_token(portal, params, addresses=known, source=source))
    if _INFO.fullmatch(place):
        token = incoming.bearer(headers) or _token(params)
        return _json(token_server.tell_about(portal, token, addresses=known, source=source))
    if place.startswith("rest/"):
        unknown = named("ERROR_METHOD_NOT_FOUND")
        return _json(token_server.Told(unknown.status, unknown.envelope()))
    text = pages.trouble(company="Portal", title="Not found", text="There is no such page.")
    return Answer(404, text, _HTML)


_NEVER_KEPT = ("Cache-Control", "no-store")


def _json(told: token_server.Told) -> Answer:
    content = json.dumps(told.body, separators=(",", ":"))
    return Answer(told.status, content, _JSON, [_NEVER_KEPT], told.fault)


def _token(params: dict[str, Any]) -> str:
    return php.text(params.get("auth")) or php.text(params.get("access_token"))
