"""Open lists that ask by themselves: what a poll costs, what comes over the wire, how many at once.

Over 100,000 workflows. A poll to which nothing happened is held against the cheapest request of
somebody signed in. Lists at once are asked for of a real web process, served as in production,
while readings of the portal come in and rows change.
"""

import gzip
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks import rows
from benchmarks.measuring import Line, medians_ms, percentile
from benchmarks.portals import administrator, connected
from bizproc_admin import heartbeats
from bizproc_admin.models import Account, Feed, Portal, Role, Worker, Workflow

MOST_OF_CHEAPEST = 1.3
MOST_BYTES = 50_000
LISTS, ACCOUNTS, EVERY = 400, 40, 10.0
SECONDS = float(os.environ.get("SECONDS", "60"))
MOST_MS = 300
READ_EVERY = 30.0
ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r'<tr id="[\w-]*-(\d+)"[^>]*? data-reads="(\w+)"')
# what a signed-in person can ask for that is next to nothing
CHEAP = ("frame", "news_list", "workflow_counts", "own_account", "portal_list")


@dataclass
class OpenList:
    """A list as a browser holds it open: what it shows, and the revision it was answered with."""

    session: str
    url: str = "/workflows/"
    revision: str = ""
    shape: str = ""
    rows: dict[str, str] = field(default_factory=dict)
    query: str = ""

    @property
    def headers(self) -> dict[str, str]:
        told = [self.shape, *(f"{key}={reads}" for key, reads in self.rows.items())]
        return {
            "Host": "testserver",
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={self.session}",
            "HX-Request": "true",
            "HX-Current-URL": f"http://testserver{self.url}",
            "X-Poll": "1",
            "X-Revision": self.revision,
            "X-Rows": " ".join(told),
            "Accept-Encoding": "gzip",
        }

    def opened(self, text: str) -> None:
        self.take(text)
        found = re.search(r'name="upto" value="(\d+)"', text)
        self.query = f"?upto={found[1]}" if found else ""

    def take(self, text: str) -> None:
        if found := re.search(r'data-shape="(\w+)"', text):
            self.shape, self.rows = found[1], {}
        self.rows |= dict(ROW.findall(text))

    def ask(self, port: int) -> tuple[int, int]:
        """Ask a web process once; give the status and the bytes of both ways."""
        address = f"{self.url}pulse/{self.query}" if self.shape else self.url
        headers = self.headers if self.shape else {**self.headers, "HX-Request": ""}
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as http:
            http.request("GET", address, headers=headers)
            answer = http.getresponse()
            body = answer.read()
        sent = sum(len(name) + len(value) + 4 for name, value in headers.items())
        came = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
        size = sent + came + len(body) + len(address) + 30
        if answer.status == 200:
            packed = answer.getheader("Content-Encoding") == "gzip"
            text = (gzip.decompress(body) if packed else body).decode()
            (self.take if self.shape else self.opened)(text)
        self.revision = answer.getheader("X-Revision") or ""
        return answer.status, size


def measured() -> list[Line]:
    portal = connected("https://northwind.example/rest/1/abcdefghijklmnop/")
    rows.fill(portal)
    own = administrator()
    alive()
    lines = [*costs(own)]
    sessions = [session_of(account) for account in others(own)]
    with web_process() as port:
        lines.append(idle(portal, sessions[0], port))
        lines += crowd(portal, sessions, port)
    return lines


def costs(own: Account) -> Iterator[Line]:
    """Hold a poll to which nothing happened against what is cheapest, in one run."""
    client = Client()
    client.force_login(own)
    page = OpenList(session="")
    page.opened(client.get(page.url).content.decode())

    def ask(revision: str) -> str:
        headers = {name: page.headers[name] for name in ("HX-Request", "X-Rows")}
        address = f"{page.url}pulse/{page.query}"
        answer = client.get(address, headers={**headers, "X-Revision": revision})
        return str(answer["X-Revision"])

    def poll() -> None:
        page.revision = ask(page.revision)

    def look() -> None:
        ask("none")

    def asking(name: str) -> Callable[[], object]:
        return lambda: client.get(reverse(name))

    poll()
    for _time in range(3):
        poll()
    medians = medians_ms(poll, look, *map(asking, CHEAP), times=45)
    times = dict(zip(("poll", "look", *CHEAP), medians, strict=True))
    cheapest = min(CHEAP, key=lambda name: times[name])
    ratio = times["poll"] / times[cheapest]
    yield Line(
        what=f"unchanged poll / {cheapest}",
        figure=f"{times['poll']:.1f} ms / {times[cheapest]:.1f} ms = {ratio:.2f}",
        target=f"<= {MOST_OF_CHEAPEST:.1f}",
        is_met=ratio <= MOST_OF_CHEAPEST,
    )
    yield Line(
        what=f"poll after something changed / {cheapest}",
        figure=f"{times['look']:.1f} ms = {times['look'] / times[cheapest]:.2f}",
    )


def idle(portal: Portal, session: str, port: int) -> Line:
    """Count the bytes of one list over a minute of readings that found nothing."""
    page = OpenList(session=session)
    page.ask(port)
    page.ask(port)
    total, statuses = 0, []
    for turn in range(int(60 / EVERY)):
        if turn % (READ_EVERY / EVERY) == 0:
            Feed.objects.filter(portal=portal).update(fresh_at=timezone.now())
        status, size = page.ask(port)
        total += size
        statuses.append(status)
        time.sleep(EVERY)
    # once in five minutes all rows are painted anew: their fifth belongs to each minute
    page.rows = dict.fromkeys(page.rows, "other")
    page.revision = ""
    _status, painted = page.ask(port)
    return Line(
        what=f"idle list a minute, {statuses.count(204)} of {len(statuses)} answered with nothing",
        figure=f"{total / 1000:.1f} KB + {painted / 5000:.1f} KB of rows painted anew",
        target=f"<= {MOST_BYTES // 1000} KB",
        is_met=total + painted / 5 <= MOST_BYTES,
    )


def crowd(portal: Portal, sessions: list[str], port: int) -> list[Line]:
    """Hold 400 lists open for a while, and count how long their polls take."""
    pages = [OpenList(session=sessions[number % ACCOUNTS]) for number in range(LISTS)]
    hands = [threading.Thread(target=open_all, args=[pages[n::8], port]) for n in range(8)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    taken: list[float] = []
    statuses: list[int] = []
    over = threading.Event()
    began = time.monotonic()
    hands = [
        threading.Thread(target=hold, args=[page, port, began + EVERY * n / LISTS, taken, statuses])
        for n, page in enumerate(pages)
    ]
    reading = threading.Thread(target=read, args=[portal, over])
    for one in [*hands, reading]:
        one.start()
    for one in hands:
        one.join()
    over.set()
    reading.join()
    p95 = percentile(taken, 0.95) * 1000
    failed = [status for status in statuses if status not in (200, 204)]
    return [
        Line(
            what=f"{LISTS} lists on two web workers, {len(taken)} polls, p95",
            figure=f"{p95:.0f} ms (median {percentile(taken, 0.5) * 1000:.0f} ms)",
            target=f"< {MOST_MS} ms",
            is_met=p95 < MOST_MS,
        ),
        Line(
            what="of them answered with nothing, failed",
            figure=f"{statuses.count(204)}, {len(failed)}; load {os.getloadavg()[0]:.1f}",
            target="0 failed",
            is_met=not failed,
        ),
    ]


def open_all(pages: list[OpenList], port: int) -> None:
    for page in pages:
        page.ask(port)
        page.ask(port)


def hold(page: OpenList, port: int, first: float, taken: list[float], statuses: list[int]) -> None:
    """Ask every ten seconds, as long as the measurement lasts."""
    for turn in count():
        due = first + turn * EVERY
        if due > first + SECONDS:
            return
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        status, _size = page.ask(port)
        taken.append(time.monotonic() - began)
        statuses.append(status)


def read(portal: Portal, over: threading.Event) -> None:
    """Be the readings of a portal: every half minute they come, and a few rows have changed."""
    keys = list(Workflow.objects.running().latest_first().values_list("pk", flat=True)[:20])
    for turn in count():
        Feed.objects.filter(portal=portal).update(fresh_at=timezone.now())
        Workflow.objects.filter(pk__in=keys[turn % 10 :: 10]).update(modified_at=timezone.now())
        alive()
        if over.wait(READ_EVERY):
            break
    connection.close()


# --- what is measured on -------------------------------------------------------------------------


def alive() -> None:
    now = timezone.now()
    for queue in heartbeats.QUEUES:
        # it lives for longer than the measurement lasts: nothing beats here
        told = {"queue": queue, "seen_at": now, "started_at": now}
        Worker.objects.update_or_create(name=queue, defaults=told)


def others(own: Account) -> list[Account]:
    """Return administrators, each of whom has ten lists open."""
    made = [Account.objects.create(username=f"open-{number}") for number in range(ACCOUNTS)]
    group = Group.objects.get(name=Role.PORTAL_ADMINISTRATOR.value)
    for account in made:
        account.groups.add(group)
    return made


def session_of(account: Account) -> str:
    client = Client()
    client.force_login(account)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@contextmanager
def web_process(*, log: Path | None = None, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """Serve the program as in production, on the database of the benchmark; give the port."""
    out = log.open("w") if log is not None else None
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "gunicorn"), "config.wsgi", "--bind",
         f"127.0.0.1:{port}", "--config", "config/gunicorn.py", "--log-level", "warning"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
             "PYTHONPATH": str(ROOT), "HEARTBEAT_LIMIT": "600",
             "BENCHMARK_DATABASE_URL": database_url(), **(env or {})},
        stdout=out,
        stderr=out,
    )  # fmt: skip
    if out is not None:
        out.close()
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


def database_url() -> str:
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    who = f"{told['USER']}:{told['PASSWORD']}" if told["PASSWORD"] else told["USER"]
    return f"postgres://{who}@{told['HOST']}:{told['PORT'] or 5432}/{told['NAME']}"
