"""Reading an HTTP request the way the portal does: address, encodings, merging, reserved names."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from multipart import MultipartError, MultipartParser, parse_options_header

from sandbox import php

_RESERVED = ("start", "state", "auth", "access_token", "auth_connector", "aplogin", "ap")
_FORMATS = ("json", "xml")


@dataclass(frozen=True)
class Incoming:
    """One REST request: what is called, with which credentials and parameters."""

    method: str
    format: str
    params: dict[str, Any]
    query: dict[str, Any]
    start: int | None = None
    login: str = ""
    code: str = ""
    token: str = ""
    signed: bool = False
    source: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def read(
    *, http_method: str, target: str, headers: dict[str, str], body: bytes, source: str
) -> Incoming | None:
    """Read a request below /rest/; None when the address is no REST address."""
    path, _, query_text = target.partition("?")
    parts = [unquote(part) for part in path.split("/") if part]
    if not parts or parts[0] != "rest" or len(parts) not in (2, 4):
        return None
    name, suffix = _split_format(parts[-1])
    query = php.parse_query(query_text)
    params = dict(query)
    if http_method == "POST":
        params.update(_body(headers.get("content-type", ""), body))
    login, code = (parts[1], parts[2]) if len(parts) == 4 else ("", "")
    token = bearer(headers)
    return Incoming(
        method=name,
        format=suffix,
        params={key: value for key, value in params.items() if key not in _RESERVED},
        query=query,
        start=php.intval(params["start"]) if "start" in params else None,
        login=login or php.text(params.get("aplogin")),
        code=code or php.text(params.get("ap")),
        token=token or php.text(params.get("auth")) or php.text(params.get("access_token")),
        signed="token" in params,
        source=source,
        headers=headers,
    )


def form(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """Read a posted body in whatever encoding it says it has."""
    return _body(headers.get("content-type", ""), body)


def bearer(headers: dict[str, str]) -> str:
    """Return the token of an Authorization header, or an empty text."""
    value = headers.get("authorization", "")
    return value[7:].strip() if value[:7].lower() == "bearer " else ""


def command(text: str) -> tuple[str, dict[str, Any]]:
    """Split a command of a batch into the method and its parameters."""
    name, _, query = text.partition("?")
    return name, php.parse_query(query)


def without_reserved(params: dict[str, Any]) -> dict[str, Any]:
    """Take out the names the server keeps for itself."""
    return {key: value for key, value in params.items() if key not in _RESERVED}


def _split_format(name: str) -> tuple[str, str]:
    head, dot, last = name.rpartition(".")
    if dot and last in _FORMATS:
        return head, last
    return name, "json"


def _body(content_type: str, body: bytes) -> dict[str, Any]:
    kind, options = parse_options_header(content_type)
    kind = kind.lower()
    if "json" in kind:
        return _json(body)
    if kind == "multipart/form-data":
        return _multipart(body, options.get("boundary", ""))
    return php.parse_query(body.decode("utf-8", "replace"))


def _json(body: bytes) -> dict[str, Any]:
    # A body that cannot be read is dropped without a word; so is one that is no array.
    try:
        values = json.loads(body.decode(), parse_constant=_no_constant)
        if b"\\ud" in body.lower():
            # Half a character, which PHP refuses, could not be written into any page.
            json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return {} if php.is_too_deep(values) else dict(php.items(values))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON.")


def _multipart(body: bytes, boundary: str) -> dict[str, Any]:
    pairs = []
    try:
        for part in MultipartParser(BytesIO(body), boundary, len(body)):
            if not part.filename and part.name:
                pairs.append((part.name, part.value))
            part.close()
    except (MultipartError, ValueError):
        return {}
    return php.nest(pairs)
