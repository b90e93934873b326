"""10,000 calls in a minute against a real web process, beside real workers and people's pages.

Each call is due at its moment whatever became of the one before, and its time is counted from
then. A tenth of them are repeats; a tenth ask for their workflow to be read again.
"""

import http.client
import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from benchmarks.measuring import Line, percentile
from benchmarks.portals import connected, running_sandbox
from bizproc_admin import syncing
from bizproc_admin.models import ApplicationStep, CallReceiver, Feed, FeedName, Portal, Workflow
from bizproc_admin.receiving import tell_console
from bizproc_admin.secrets.fields import Secret
from scripts.processes import Processes, workers

CALLS, SECONDS = int(os.environ.get("CALLS", "10000")), 60.0
PORT, CALLERS = 8499, 48
MOST = 0.1
TOKEN = "the-portals-own-application-token"
BIN = Path(sys.executable).parent


@dataclass
class Run:
    """What became of the calls: the answers' times and statuses."""

    taken: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    late: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def measured() -> list[Line]:
    with running_sandbox(workflows=2000, limits="real") as sandbox:
        portal = connected(sandbox.webhook_url)
        for name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES, FeedName.WORKFLOWS):
            syncing.sync(Feed.objects.get(portal=portal, name=name).pk, worker="benchmark")
        CallReceiver.objects.create(portal=portal, token=Secret(TOKEN), learnt_at=timezone.now())
        processes = Processes(env=environment(), logs=Path(settings.VAR_DIR) / "logs")
        connection.close()
        try:
            for name, command in workers(str(BIN / "celery")).items():
                processes.start(name, command)
            web = processes.start(
                "web",
                [str(BIN / "gunicorn"), "config.wsgi", "--bind", f"127.0.0.1:{PORT}",
                 "--config", "config/gunicorn.py"],
            )  # fmt: skip
            time.sleep(12)
            run, tokens = call(portal)
            computing = computed_by(web)
            time.sleep(8)
        finally:
            processes.stop()
    rows = ApplicationStep.objects.filter(portal=portal)
    kept, due = rows.count(), rows.filter(is_due=True).count()
    p95 = percentile(run.taken, 0.95)
    lost = CALLS - run.statuses.get(200, 0)
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
            what="computing of the web process a call", figure=f"{computing / CALLS * 1000:.1f} ms"
        ),
        Line(what="calls nobody has looked at", figure=str(due), target="0", is_met=due == 0),
    ]


def computed_by(web: "subprocess.Popen[str]") -> float:
    """Give the seconds that a web process and its workers have computed."""
    seconds = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if str(web.pid) in (fields[1], path.parent.name):
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
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


def call(portal: Portal) -> tuple[Run, int]:
    """Make the calls, each at its moment; give what became of them, and the number of tokens."""
    rng = random.Random(7)
    ids = list(Workflow.objects.filter(portal=portal).values_list("remote_id", flat=True))
    connection.close()
    bodies = [body(rng, number, rng.choice(ids)) for number in range(CALLS * 9 // 10)]
    tokens = len(bodies)
    bodies += rng.choices(bodies, k=CALLS - tokens)
    rng.shuffle(bodies)
    path = reverse("receive_calls", args=[portal.calls_id])
    run, began = Run(), time.monotonic() + 0.5
    threads = [
        threading.Thread(target=caller, args=(run, path, bodies, place, began))
        for place in range(CALLERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return run, tokens


def caller(run: Run, path: str, bodies: list[bytes], place: int, began: float) -> None:
    for number in range(place, len(bodies), CALLERS):
        due = began + number * SECONDS / len(bodies)
        time.sleep(max(0.0, due - time.monotonic()))
        status = 0
        try:
            way = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
            way.request(
                "POST", path, bodies[number],
                {"Host": "testserver", "Content-Type": "application/x-www-form-urlencoded"},
            )  # fmt: skip
            status = way.getresponse().status
            way.close()
        except OSError:
            pass
        with run.lock:
            run.taken.append(time.monotonic() - due)
            run.statuses[status] = run.statuses.get(status, 0) + 1


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
