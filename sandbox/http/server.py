"""HTTP and nothing else: sockets, threads, headers, and what faults do to a connection.

The standard library's threading server is used because faults need the bare socket: answers cut in
the middle, connections reset or held without a word.
"""

import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.sax.saxutils import escape

from sandbox import incoming
from sandbox.gateway import answering
from sandbox.http import broken_pages, control, dispatch
from sandbox.oauth import addresses, authorisation
from sandbox.state.faults import Fault
from sandbox.state.portal import Portal

_CORS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "origin, content-type, accept"),
    ("X-Content-Type-Options", "nosniff"),
)
_MAX_BODY = 128 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Serves one portal; every connection has its own thread."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(
        self, address: tuple[str, int], portal: Portal, *, latency: float, with_control: bool
    ) -> None:
        """Listen at an address; latency is added to every REST answer, in milliseconds."""
        self.portal = portal
        self.latency = latency / 1000
        self.with_control = with_control
        self.closing = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._sockets_lock = threading.Lock()
        super().__init__(address, Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection and remember its socket, so that closing can end it."""
        with self._sockets_lock:
            self._sockets.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._sockets_lock:
                self._sockets.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet when a client goes away, which clients do."""

    def stop(self) -> None:
        """Stop listening and end every open connection."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        with self._sockets_lock:
            for open_socket in self._sockets:
                _shut(open_socket)
        deadline = time.monotonic() + 2
        while self._sockets and time.monotonic() < deadline:
            time.sleep(0.005)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, has it answered, writes the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def version_string(self) -> str:
        """Name the front end as the cloud does."""
        return "nginx"

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log: the control plane tells what was called."""

    def do_GET(self) -> None:
        """Answer any HTTP method but OPTIONS and HEAD; only POST has a body that counts."""
        body = self._read_body()
        if body is None:
            return
        path = self.path.partition("?")[0].lstrip("/")
        headers = {name.lower(): value for name, value in self.headers.items()}
        if path == "_sandbox" or path.startswith("_sandbox/"):
            self._control(body)
        elif answering.is_here(path):
            self._gateway(headers, body)
        elif (location := addresses.moved(self.server.portal, self.path, headers)) is not None:
            self._write(302, b"", "text/html; charset=utf-8", extra=[("Location", location)])
        elif (place := addresses.own_place(self.server.portal, path, headers)) is not None:
            self._oauth(place, headers, body)
        else:
            self._rest(headers, body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def do_OPTIONS(self) -> None:
        """Answer a browser's question before a cross-origin call."""
        if self._read_body() is not None:
            self._write(200, b"", "text/html; charset=utf-8")

    def do_HEAD(self) -> None:
        """Answer with headers only."""
        if self._read_body() is not None:
            self._write(200, b"", "application/json; charset=utf-8")

    # -- reading ------------------------------------------------------------------------------

    def _read_body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = _size(self.headers.get("Content-Length") or "0", 10)
        if not 0 <= length <= _MAX_BODY:
            self._refuse_body(length)
            return None
        return self.rfile.read(length) if length else b""

    def _read_chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            size = _size(self.rfile.readline(64).split(b";")[0].decode("latin-1"), 16)
            if size < 0 or len(body) + size > _MAX_BODY:
                self._refuse_body(size)
                return None
            if size == 0:
                while self.rfile.readline(1024).strip():
                    pass
                return bytes(body)
            body += self.rfile.read(size)
            self.rfile.readline(8)

    def _refuse_body(self, size: int) -> None:
        self.close_connection = True
        self._write(413 if size > 0 else 400, b"", "text/html; charset=utf-8")

    # -- answering ----------------------------------------------------------------------------

    def _rest(self, headers: dict[str, str], body: bytes) -> None:
        request = incoming.read(
            http_method=self.command,
            target=self.path,
            headers=headers,
            body=body,
            source=self.client_address[0],
        )
        if request is None:
            self._write(404, b"<h1>404 Not Found</h1>", "text/html; charset=utf-8")
            return
        if self.server.latency:
            self.server.closing.wait(self.server.latency)
        began = time.perf_counter()
        answer = dispatch.answer(self.server.portal, request)
        content, kind = _encoded(answer.body, request.format)
        if answer.fault is not None:
            self._break(answer.fault, answer.status, content, kind)
            return
        seconds = time.perf_counter() - began
        told = [
            (f"X-Bitrix-Rest-{name}", f"{seconds:.10f}")
            for name in ("Time", "User-Time", "System-Time")
        ]
        if answer.client_id:
            told.append(("X-Bitrix-Rest-Application", answer.client_id))
        self._write(answer.status, content, kind, extra=told)

    def _oauth(self, place: str, headers: dict[str, str], body: bytes) -> None:
        reply = authorisation.answer(
            self.server.portal,
            place,
            http_method=self.command,
            target=self.path,
            headers=headers,
            body=body,
            source=self.client_address[0],
        )
        content = reply.content.encode()
        if reply.fault is not None:
            self._break(reply.fault, reply.status, content, reply.kind)
            return
        self._write(reply.status, content, reply.kind, extra=reply.headers)

    def _gateway(self, headers: dict[str, str], body: bytes) -> None:
        if self.server.latency:
            self.server.closing.wait(self.server.latency)
        reply = answering.answer(
            self.server.portal,
            http_method=self.command,
            target=self.path,
            headers=headers,
            body=body,
            source=self.client_address[0],
        )
        content = reply.content.encode()
        if reply.fault is not None:
            self._break(reply.fault, reply.status, content, reply.kind)
            return
        self._write(reply.status, content, reply.kind, extra=reply.headers)

    def _control(self, body: bytes) -> None:
        if not self.server.with_control:
            self._write(404, b'{"error":"The control plane is off"}', "application/json")
            return
        status, answer = control.answer(self.server.portal, self.command, self.path, body)
        self._write(status, json.dumps(answer).encode(), "application/json; charset=utf-8")

    def _write(
        self, status: int, content: bytes, kind: str, *, extra: list[tuple[str, str]] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (*_CORS, *(extra or [])):
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    # -- breaking -----------------------------------------------------------------------------

    def _break(self, fault: Fault, status: int, content: bytes, kind: str) -> None:
        match fault.kind:
            case "html_page" | "bad_gateway" | "unavailable_page" | "closed_page":
                page = broken_pages.PAGES[fault.kind]
                self._write(page.status, page.text.encode(), page.kind)
            case "empty_body":
                self._write(200, b"", kind)
            case "truncated_json":
                self._write(status, content[: max(1, len(content) // 2)], kind)
            case "reset_mid_response":
                self._reset(status, content, kind)
            case _:
                self.close_connection = True
                self.server.closing.wait(fault.hold)
                _shut(self.connection)

    def _reset(self, status: int, content: bytes, kind: str) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        # Lingering for zero seconds makes the close a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _shut(open_socket: socket.socket) -> None:
    try:
        open_socket.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _size(text: str, base: int) -> int:
    try:
        return int(text.strip(), base)
    except ValueError:
        return -1


def _encoded(body: dict[str, Any], form: str) -> tuple[bytes, str]:
    if form == "xml":
        text = f'<?xml version="1.0" encoding="utf-8"?>\n<response>{_xml(body)}</response>'
        return text.encode(), "text/xml; charset=utf-8"
    return json.dumps(body, separators=(",", ":")).encode(), "application/json; charset=utf-8"


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(_element(str(key), item) for key, item in value.items())
    if isinstance(value, list):
        return "".join(_element("item", item) for item in value)
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else escape(str(value))


def _element(name: str, value: Any) -> str:
    tag = name if name.replace("_", "").isalnum() and not name[0].isdigit() else "item"
    return f"<{tag}>{_xml(value)}</{tag}>"
