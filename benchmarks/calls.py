"""10,000 calls in a minute against a real web process, beside real workers and a person's clicks.

Each call is due at its moment whatever became of the one before, and its time is counted from
then. A tenth of them are repeats; a tenth ask for their workflow to be read again. Each is a
connection of its own, as a proxy makes them. The calls are written beforehand, so that making
them costs little beside what is measured; what it costs is said.
"""

import json
import os
import random
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.measuring import Line, percentile
from benchmarks.portals import administrator, connected, running_sandbox
from bizproc_admin import syncing
from bizproc_admin.models import ApplicationStep, CallReceiver, Feed, FeedName, Portal, Workflow
from bizproc_admin.receiving import tell_console
from bizproc_admin.secrets.fields import Secret
from scripts.processes import Processes, workers

CALLS = int(os.environ.get("CALLS", "10000"))
SECONDS = CALLS * 60 / 10_000
FEEDS = (
    FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES, FeedName.WORKFLOWS, FeedName.WORKFLOW_TASKS,
)  # fmt: skip
PORT, CALLERS = 8499, 48
MOST, MOST_OF_A_CLICK = 0.1, 0.5
CLICK_EVERY = 1.0
LONGEST_START, REST = 120.0, 15.0
TOKEN = "the-portals-own-application-token"
BIN = Path(sys.executable).parent


@dataclass
class Run:
    """What became of the calls: the answers' times and statuses, and how long clicks took."""

    taken: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    clicks: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def measured() -> list[Line]:
    with running_sandbox(workflows=2000, limits="real") as sandbox:
        portal = connected(sandbox.webhook_url)
        for name in FEEDS:
            syncing.sync(Feed.objects.get(portal=portal, name=name).pk, worker="benchmark")
        CallReceiver.objects.create(portal=portal, token=Secret(TOKEN), learnt_at=timezone.now())
        processes = Processes(env=environment(), logs=Path(settings.VAR_DIR) / "logs")
        cookie = signed_in()
        connection.close()
        try:
            for name, command in workers(str(BIN / "celery")).items():
                processes.start(name, command)
            processes.start(
                "web",
                [str(BIN / "gunicorn"), "config.wsgi", "--bind", f"127.0.0.1:{PORT}",
                 "--config", "config/gunicorn.py"],
            )  # fmt: skip
            wait_until_they_work()
            alone = Run()
            for _click in range(10):
                click(alone, cookie)
            before = computed(processes, sandbox.pid)
            run, tokens = call(portal, cookie)
            after = computed(processes, sandbox.pid)
            time.sleep(8)
        finally:
            processes.stop()
    rows = ApplicationStep.objects.filter(portal=portal)
    kept, due = rows.count(), rows.filter(is_due=True).count()
    p95 = percentile(run.taken, 0.95)
    lost = CALLS - run.statuses.get(200, 0)
    slow = percentile(run.clicks, 0.95)
    computing = {name: (after[name] - before[name]) / CALLS * 1000 for name in after}
    return [
        Line(
            what=f"{CALLS} calls in {SECONDS:g} s, p95 of the answers",
            figure=f"{p95 * 1000:.0f} ms (median {percentile(run.taken, 0.5) * 1000:.0f} ms,"
            f" most {max(run.taken) * 1000:.0f} ms)",
            target=f"< {MOST * 1000:g} ms",
            is_met=p95 < MOST,
        ),
        Line(what="calls not kept", figure=f"{lost} {run.statuses}", target="0", is_met=lost == 0),
        Line(
            what=f"rows for {tokens} distinct tokens",
            figure=str(kept),
            target=str(tokens),
            is_met=kept == tokens,
        ),
        Line(
            what=f"{len(run.clicks)} clicks meanwhile, p95",
            figure=f"{slow * 1000:.0f} ms (median {percentile(run.clicks, 0.5) * 1000:.0f} ms;"
            f" without calls {percentile(alone.clicks, 0.5) * 1000:.0f} ms)",
            target=f"< {MOST_OF_A_CLICK * 1000:g} ms",
            is_met=slow < MOST_OF_A_CLICK,
        ),
        Line(
            what="computing a call",
            figure=", ".join(f"{name} {one:.2f} ms" for name, one in computing.items()),
        ),
        Line(what="calls nobody has looked at", figure=str(due), target="0", is_met=due == 0),
    ]


def wait_until_they_work() -> None:
    """Wait for the processes to have started, and for the passes that are due at the beginning."""
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        time.sleep(1)
        _, body = asked(b"GET /healthz HTTP/1.0\r\n\r\n")
        states = json.loads(body or b"{}").get("workers", {}).values()
        if states and set(states) == {"ok"}:
            time.sleep(REST)
            return
    raise RuntimeError("the processes did not start")


def signed_in() -> str:
    """Give the cookie of somebody who works with the console meanwhile."""
    client = Client()
    client.force_login(administrator())
    return f"session={client.cookies['session'].value}"


def computed(processes: Processes, sandbox: int) -> dict[str, float]:
    """Give the seconds that each process has computed until now, with its own processes."""
    pids = {process.pid: name for name, process in processes.running}
    pids |= {sandbox: "the portal's stand-in", os.getpid(): "making it"}
    seconds = dict.fromkeys(pids.values(), 0.0)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        own, parent = int(path.parent.name), int(fields[1])
        name = pids.get(own) or (pids.get(parent) if parent != os.getpid() else None)
        if name is not None:
            ticks = int(fields[11]) + int(fields[12])
            seconds[name] += ticks / os.sysconf("SC_CLK_TCK")
    return seconds


def environment() -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "BENCHMARK_DATABASE_URL": database_url(),
    }


def database_url() -> str:
    """Give the address of this run's database: of PostgreSQL, the one that was made for it."""
    if connection.vendor != "postgresql":
        return ""
    base, _, _ = os.environ["BENCHMARK_DATABASE_URL"].rpartition("/")
    return f"{base}/{connection.settings_dict['NAME']}"


def call(portal: Portal, cookie: str) -> tuple[Run, int]:
    """Make the calls, each at its moment; give what became of them, and the number of tokens."""
    rng = random.Random(7)
    ids = list(Workflow.objects.filter(portal=portal).values_list("remote_id", flat=True))
    connection.close()
    bodies = [body(rng, number, rng.choice(ids)) for number in range(CALLS * 9 // 10)]
    tokens = len(bodies)
    bodies += rng.choices(bodies, k=CALLS - tokens)
    rng.shuffle(bodies)
    head = (
        f"POST {reverse('receive_calls', args=[portal.calls_id])} HTTP/1.0\r\nHost: testserver\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
    )
    requests = [f"{head}{len(one)}\r\n\r\n".encode() + one for one in bodies]
    run, began = Run(), time.monotonic() + 0.5
    threads = [
        threading.Thread(target=caller, args=(run, requests, place, began))
        for place in range(CALLERS)
    ]
    threads.append(threading.Thread(target=clicker, args=(run, cookie, began)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return run, tokens


def caller(run: Run, requests: list[bytes], place: int, began: float) -> None:
    for number in range(place, len(requests), CALLERS):
        due = began + number * SECONDS / len(requests)
        time.sleep(max(0.0, due - time.monotonic()))
        status, _ = asked(requests[number])
        with run.lock:
            run.taken.append(time.monotonic() - due)
            run.statuses[status] = run.statuses.get(status, 0) + 1


def clicker(run: Run, cookie: str, began: float) -> None:
    """Be somebody who opens the list of workflows now and then."""
    while (now := time.monotonic()) < began + SECONDS:
        click(run, cookie)
        time.sleep(max(0.0, now + CLICK_EVERY - time.monotonic()))


def click(run: Run, cookie: str) -> None:
    began = time.monotonic()
    request = f"GET {reverse('workflow_list')} HTTP/1.0\r\nHost: testserver\r\nCookie: {cookie}"
    status, _ = asked(f"{request}\r\n\r\n".encode())
    if status != 200:
        raise RuntimeError(f"a click was answered with {status}")
    run.clicks.append(time.monotonic() - began)


def asked(request: bytes) -> tuple[int, bytes]:
    """Make a request; give its answer's status and body once all is there, 0 without an answer."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", PORT), timeout=30) as way:
            way.sendall(request)
            while piece := way.recv(65536):
                answer += piece
    except OSError:
        return 0, b""
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split(b" ", 2)[1]) if head else 0), body


def body(rng: random.Random, number: int, workflow: str) -> bytes:
    token = f"{workflow}|A{number % 90}_1_2_3|{number:032d}.{'0f' * 32}"
    fields = {
        "workflow_id": workflow,
        "code": tell_console.CODE if rng.random() < 0.1 else "check_stock",
        "document_id[0]": "crm", "document_id[1]": "CCrmDocumentDeal", "document_id[2]": "DEAL_7",
        "document_type[0]": "crm", "document_type[1]": "CCrmDocumentDeal",
        "document_type[2]": "DEAL", "event_token": token, "properties[item]": "Насосы",
        "use_subscription": rng.choice("YN"), "timeout_duration": "0", "ts": str(int(time.time())),
        "auth[access_token]": "x" * 70, "auth[member_id]": "m", "auth[application_token]": TOKEN,
    }  # fmt: skip
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in fields.items()).encode()
