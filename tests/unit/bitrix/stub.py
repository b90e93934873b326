"""A raw little portal that answers exactly as scripted, for the faults no portal has on purpose."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from bizproc_admin import bitrix

SECRET = "q7tophushsecret9"
TOKEN = "tk0hush/access+token8"

Script = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # one packet an answer, else the delayed acknowledgement costs 40 ms
    server: "Stub"

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        is_form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        body = dict(parse_qsl(raw.decode(), strict_parsing=True)) if is_form else json.loads(raw)
        self.server.seen.append((self.path, body, dict(self.headers)))
        self.server.connections.add(self.client_address)
        script = self.server.scripts.pop(0) if self.server.scripts else self.server.fallback
        script(self)

    def reply(
        self,
        body: bytes | str | dict,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        claim: int | None = None,
    ) -> None:
        if isinstance(body, dict):
            body = json.dumps(body)
        raw = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw) if claim is None else claim))
        self.end_headers()
        self.wfile.write(raw)
        if claim is not None:
            self.close_connection = True


class Stub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict, dict]] = []
        self.connections: set[object] = set()
        self.scripts: list[Script] = []
        self.fallback: Script = lambda handler: handler.reply({"result": True})
        self.released = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: half of these conversations end in the middle."""

    @property
    def webhook(self) -> bitrix.WebhookUrl:
        return bitrix.WebhookUrl(f"http://127.0.0.1:{self.server_port}/rest/1/{SECRET}/")

    @property
    def token(self) -> bitrix.AccessToken:
        return bitrix.AccessToken(f"http://127.0.0.1:{self.server_port}/rest/", TOKEN)

    def then(self, *scripts: Script) -> None:
        self.scripts += scripts

    def says(self, body: bytes | str | dict, **how) -> None:
        self.then(lambda handler: handler.reply(body, **how))


@contextmanager
def running() -> Iterator[Stub]:
    stub = Stub()
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        stub.released.set()
        stub.shutdown()
        stub.server_close()
        thread.join()


class FreePacer:
    """Let everything go, and remember what was told."""

    def __init__(self) -> None:
        self.acquired: list[tuple[str, bitrix.Purpose]] = []
        self.times: list[tuple[str, bitrix.AnswerTime]] = []
        self.limited = 0
        self.exhausted: list[tuple[str, object]] = []

    def acquire(self, method: str, *, purpose: bitrix.Purpose, deadline: float) -> bitrix.Release:
        self.acquired.append((method, purpose))
        return lambda: None

    def told(self, method: str, time: bitrix.AnswerTime) -> None:
        self.times.append((method, time))

    def rate_limited(self) -> None:
        self.limited += 1

    def method_exhausted(self, method: str, resets_at: object) -> None:
        self.exhausted.append((method, resets_at))
