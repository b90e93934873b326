"""The addresses below /oauth/: signing in, signing out, tokens, and what is said of a token."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from bizproc_admin.sandbox import incoming, php
from bizproc_admin.sandbox.due import bring_up_to_date
from bizproc_admin.sandbox.faults import Fault
from bizproc_admin.sandbox.oauth import pages, signing_in, token_server
from bizproc_admin.sandbox.portal import Portal

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
    """Answer one request; `place` is the path below /oauth/ without slashes around it."""
    with portal.lock:
        bring_up_to_date(portal)
    address = _address(portal, headers)
    query = php.parse_query(target.partition("?")[2])
    posted = incoming.form(headers, body) if http_method == "POST" else None
    cookies = headers.get("cookie", "")
    if place == "authorize":
        reply = signing_in.authorize(
            portal, query=query, form=posted, cookies=cookies, address=address
        )
        return Answer(reply.status, reply.content, _HTML, [*reply.headers, _NEVER_KEPT])
    if place == "logout":
        reply = signing_in.sign_out(portal, cookies=cookies)
        return Answer(reply.status, reply.content, _HTML, [*reply.headers, _NEVER_KEPT])
    params = {**query, **(posted or {})}
    if place == "token":
        return _json(token_server.give_token(portal, params, address=address, source=source))
    if _INFO.fullmatch(place):
        token = incoming.bearer(headers) or _token(params)
        return _json(token_server.tell_about(portal, token, address=address, source=source))
    text = pages.trouble(company="Portal", title="Not found", text="There is no such page.")
    return Answer(404, text, _HTML)


_NEVER_KEPT = ("Cache-Control", "no-store")


def _json(told: token_server.Told) -> Answer:
    content = json.dumps(told.body, separators=(",", ":"))
    return Answer(told.status, content, _JSON, [_NEVER_KEPT], told.fault)


def _token(params: dict[str, Any]) -> str:
    return php.text(params.get("auth")) or php.text(params.get("access_token"))


def _address(portal: Portal, headers: dict[str, str]) -> str:
    # The portal is reached under several names here (localhost, a container's host).
    host = headers.get("host", "")
    if re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?", host):
        return f"http://{host}"
    return portal.address
