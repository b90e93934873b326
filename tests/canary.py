"""Looking for secrets where none may be: in answers, logs, the database, the broker's folder.

What is searched for are the secrets of the very test: the webhook's code, the application's key,
every token the portal has given, passwords and keys; as they are, and in every usual encoding.
"""

import base64
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse

from sandbox import Sandbox
from sandbox.outgoing.credentials import application_token
from tests import tables

# shorter ones would be found in innocent texts
SHORTEST = 8

answers: list[bytes] = []
# secrets of the present test that the portal does not know of by itself
also: set[str] = set()


class Recorder:
    """Middleware of the tests: keep every answer with its headers until the test is over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming:
            heads = "\n".join(f"{name}: {value}" for name, value in response.items())
            answers.append(heads.encode() + b"\n\n" + response.content)
        return response


class Log(logging.Handler):
    """Keep every log line of every logger, whatever its level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def secrets_of(sandbox: Sandbox) -> set[str]:
    """Give everything that must not be seen of a portal and of this installation."""
    portal = sandbox.portal
    found = {
        sandbox.oauth["client_secret"],
        settings.SECRET_KEY,
        *settings.FIELD_KEYS,
        *(webhook.code for webhook in portal.webhooks),
        *(application_token(portal, one) for one in portal.applications),
        *(key.key for key in portal.gateway_keys if key.user_id),
        *(session.token for session in portal.gateway_sessions),
    }
    for grant in portal.grants:
        found |= {grant.access_token, grant.refresh_token}
    found |= also
    return {one for one in found if len(one) >= SHORTEST}


def forms_of(secret: str) -> Iterator[bytes]:
    """Give a secret in every encoding it could hide in."""
    plain = secret.encode()
    yield plain
    yield quote(secret, safe="").encode()
    yield plain.hex().encode()
    yield plain[::-1]
    for shift in range(3):
        # whatever stands before it in a longer text moves it by up to two characters
        coded = base64.b64encode(b"\0" * shift + plain).rstrip(b"=")
        yield coded[4 if shift else 0 : -2]
    yield json.dumps(secret)[1:-1].encode()


def found(secrets: Iterable[str], places: Mapping[str, bytes]) -> list[str]:
    """Give where secrets stand, without the secrets."""
    hits = []
    for secret in secrets:
        for form in set(forms_of(secret)):
            hits += [f"{name}: {secret[:3]}…" for name, text in places.items() if form in text]
    return hits


def database(filled: Iterable[tables.Filled] | None = None) -> bytes:
    """Give everything in the database as one text, sessions opened; filled is what was read."""
    parts: list[bytes] = []
    for _table, _columns, rows in tables.filled() if filled is None else filled:
        for row in rows:
            for value in row:
                is_bytes = isinstance(value, (bytes, memoryview))
                parts.append(bytes(value) if is_bytes else str(value).encode())
    for one in Session.objects.all():
        parts.append(json.dumps(SessionStore().decode(one.session_data)).encode())
    return b"\n".join(parts)


def folder(path: Path) -> bytes:
    """Give the contents and names of all files below a folder."""
    parts = []
    for one in path.rglob("*"):
        if one.is_file() and not one.name.endswith((".sqlite3", "-wal", "-shm", "-journal")):
            parts += [one.name.encode(), one.read_bytes()]
    return b"\n".join(parts)
