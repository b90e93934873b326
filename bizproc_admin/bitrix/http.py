"""The HTTP library tamed: sessions, the moment a connection is open, bodies with a limit.

`Watch` does two things for one request. It notes whether a connection was open, because before
that moment certainly nothing was sent. And it ends the exchange when its total time is over,
which no timeout of the library does: those count from byte to byte, and a portal that drips one
byte a second would hold a worker for ever.
"""

import contextlib
import json
import logging
import math
import re
import socket
import threading
import zlib
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from .errors import BitrixError, Interrupted, NoAnswer, NotSent

#: What reading a body may raise besides the library's own errors.
LIBRARY_ERRORS: Final = (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)
NOT_JSON: Final = object()
TOO_DEEP: Final = object()
_PIECE: Final = 64 * 1024
#: What no database stores, and the controls that let a name be read as another one's.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
#: How these look in a body: escaped, or as bytes the parser lets pass. Whole pairs look so, too.
_SUSPECT: Final = re.compile(
    rb"\\u0000|\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]"
    rb"|\\u20(2[a-eA-E]|6[6-9])|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
)

_watched: ContextVar["Watch | None"] = ContextVar("bitrix_watch", default=None)


class Unreadable(Exception):
    """The body is packed in a way we did not ask for, or has no end."""


class Oversized(Unreadable):
    """The body is bigger than we are willing to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A status and a whole body, and when their request left.

    date is what the answer is dated, retry_after the seconds it asks to be left alone for.
    """

    status: int
    location: str
    body: bytes
    sent_at: datetime
    duration_ms: int
    date: str = ""
    retry_after: str = ""


class Watch:
    """Follow one request: is its connection open, and is its time over?"""

    def __init__(self, *, total: float) -> None:
        self.total = total
        self.expired = False
        self.opened = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(total, self._end)
        self._timer.daemon = True
        self._token: Token[Watch | None] | None = None

    def __enter__(self) -> "Watch":
        self._token = _watched.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None
        if self._token is not None:
            _watched.reset(self._token)

    def note_open(self, connection: HTTPConnection) -> None:
        """Take note that a request is about to travel over an open connection."""
        self.opened = True
        with self._lock:
            self._socket = connection.sock
            overdue = self.expired
        if overdue:
            self._end()

    def failure(self, error: Exception, *, method: str) -> BitrixError:
        """Say what an error of the library means; its text is dropped, for it holds the address."""
        if not self.opened:
            return NotSent(f"no connection ({_cause(error)})", method=method)
        if self.expired:
            return NoAnswer(f"no whole answer within {self.total:g} s", method=method)
        return interrupted(error, method=method)

    def _end(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is None:
                return
            # The base class's own shutdown: the TLS one would first tear down what the reading
            # thread is still using.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def interrupted(error: Exception, *, method: str) -> NoAnswer:
    """Tell a connection that broke from one on which nothing came for too long."""
    cause = _cause(error)
    if "Timeout" in cause or cause == "timeout":
        return NoAnswer(f"nothing came for too long ({cause})", method=method)
    return Interrupted(f"the connection broke ({cause})", method=method)


class _WatchedConnection(HTTPConnection):
    """A plain connection that tells the current watch when a request begins to travel."""

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        """Connect first, take note, then let the first bytes go."""
        _open_and_note(self)
        super().endheaders(*args, **kwargs)


class _WatchedTlsConnection(HTTPSConnection):
    """A TLS connection that tells the current watch when a request begins to travel."""

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        """Connect first, take note, then let the first bytes go."""
        _open_and_note(self)
        super().endheaders(*args, **kwargs)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsConnection


class _Adapter(HTTPAdapter):
    """An adapter without retries whose connections are watched."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools hold watched connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def session(user_agent: str) -> requests.Session:
    """Open a session without retries, redirects or settings from the environment."""
    made = requests.Session()
    made.trust_env = False
    made.headers.clear()
    made.headers.update(
        {
            "User-Agent": user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Content-Type": "application/json",
        }
    )
    for scheme in ("http://", "https://"):
        made.mount(scheme, _Adapter(max_retries=0))
    return made


def read_body(response: requests.Response, *, limit: int) -> bytes:
    """Read the whole body, unpacked, and refuse to hold more than `limit` bytes."""
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip"):
        raise Unreadable(f"the body is packed as {packing[:20]!r}")
    inflate = zlib.decompressobj(wbits=31) if packing == "gzip" else None
    raw: HTTPResponse = response.raw
    body = bytearray()
    for piece in raw.stream(_PIECE, decode_content=False):
        left = limit + 1 - len(body)
        try:
            body += piece[:left] if inflate is None else inflate.decompress(piece, left)
        except zlib.error:
            raise Unreadable("the body is not packed as it says") from None
        if len(body) > limit:
            raise Oversized(f"the body is longer than {limit} bytes")
    if inflate is not None and not inflate.eof:
        raise Unreadable("the packed body has no end")
    return bytes(body)


def parse(body: bytes) -> object:
    """Parse JSON, or give NOT_JSON; TOO_DEEP for what is nested deeper than can be read.

    No database stores half a surrogate pair, and PostgreSQL no NUL; a single text of a portal must
    not stop a whole pass, so each of them becomes the sign for an unreadable character.
    """
    try:
        value = json.loads(
            body, parse_int=_whole, parse_float=_finite, parse_constant=lambda _: None
        )
        return storable(value) if _SUSPECT.search(body) else value
    except ValueError:
        return NOT_JSON
    except RecursionError:
        return TOO_DEEP


def _whole(digits: str) -> int:
    """Return a whole number; one of any length is no reason to lose the answer it stands in."""
    return int(digits[:40])


def _finite(digits: str) -> float | None:
    """Return a number with a point, or None where it is too large for one."""
    number = float(digits)
    return number if math.isfinite(number) else None


def storable(value: Any) -> Any:
    """Replace what cannot be stored in every text of a parsed value."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    return value


def plain(value: object) -> str:
    """Return a text of the other side, on one line's worth of printable characters."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)


def _open_and_note(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    if (watch := _watched.get()) is not None:
        watch.note_open(connection)


def _cause(error: Exception) -> str:
    """Name the innermost cause by its class alone: texts carry the secret address."""
    seen: set[int] = set()
    cause: BaseException = error
    while id(cause) not in seen:
        seen.add(id(cause))
        inner = getattr(cause, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((one for one in cause.args if isinstance(one, BaseException)), None)
        cause = inner or cause.__cause__ or cause.__context__ or cause
    return type(cause).__name__


class _NoPaths(logging.Filter):
    """Drop what the HTTP library logs: its lines carry paths, and the path is the secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep nothing."""
        return False


for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_NoPaths())
