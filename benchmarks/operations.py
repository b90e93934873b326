"""Thousands of terminations at a portal's real limits, 230 ms each: ours, and how others do it.

What binds is the portal's operating time: 480 s of a method in ten minutes, so 0.8 s in a second.
What is measured is how much of that rate an operation uses while somebody clicks and somebody
reads. COUNT, and OTHERS for the two references, are read from the environment.
"""

import logging
import os
import sys
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import fast_bitrix24
from django.conf import settings
from django.db.models import Max, Min

from benchmarks.measuring import Line, percentile
from benchmarks.portals import administrator, connected, running_sandbox
from bizproc_admin import bitrix, commands, syncing
from bizproc_admin.actions import Item, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Account,
    BulkOperation,
    BulkState,
    Command,
    CommandState,
    Feed,
    FeedName,
    Portal,
    Worker,
    Workflow,
)
from bizproc_admin.portals import clients
from scripts.processes import Processes, workers

COUNT = int(os.environ.get("COUNT", "5000"))
OTHERS = int(os.environ.get("OTHERS", "200"))
METHOD = TerminateWorkflow.method
WRITE_MS = 230
ALLOWED = 480 / 600
CLICK_EVERY, READ_EVERY = 10.0, 4.0


@dataclass
class Run:
    """What was seen of an operation: its time, and how long people waited meanwhile (seconds)."""

    seconds: float = 0.0
    requests: int = 0
    ended: int = 0
    clicked: list[Command] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)


def measured() -> list[Line]:
    run = ours()
    clicks = [
        (one.settled_at - one.requested_at).total_seconds()
        for one in Command.objects.filter(
            pk__in=[one.pk for one in run.clicked], state=CommandState.CONFIRMED
        )
        if one.settled_at
    ]
    worked = COUNT * WRITE_MS / 1000
    share = worked / run.seconds / ALLOWED
    per_25 = 25 * run.requests / COUNT
    alone, batches = one_by_one(), fast()
    return [
        Line(
            what=f"{COUNT:,} terminations, {run.ended:,} confirmed",
            figure=f"{run.seconds:.0f} s, {1000 * run.seconds / COUNT:.0f} ms each",
            target="all",
            is_met=run.ended == COUNT,
        ),
        Line(
            what="requests for 25, all included",
            figure=f"{per_25:.2f}",
            target="<= 1.3",
            is_met=per_25 <= 1.3,
        ),
        Line(
            what=f"share of the rate that can be kept up, {worked:.0f} s of {METHOD}",
            figure=f"{share:.0%}",
            target=">= 75 %",
            is_met=share >= 0.75,
        ),
        below("a click to confirmed meanwhile", clicks, 3.0, lost=len(run.clicked) - len(clicks)),
        below("a reading that somebody waits for", run.reads, 1.0),
        told("one by one, neither looked at nor verified", *alone),
        told("fast-bitrix24, neither looked at nor verified", *batches),
    ]


def below(what: str, seconds: list[float], limit: float, *, lost: int = 0) -> Line:
    p95 = percentile(seconds, 0.95)
    return Line(
        what=f"{what}, p95 of {len(seconds)}",
        figure=f"{p95:.2f} s (median {percentile(seconds, 0.5):.2f} s, not: {lost})",
        target=f"< {limit:g} s",
        is_met=p95 < limit and not lost,
    )


def told(what: str, seconds: float, requests: int) -> Line:
    each = 1000 * seconds / OTHERS
    return Line(
        what=f"{what}, {OTHERS}",
        figure=f"{each:.0f} ms each, {25 * requests / OTHERS:.1f} requests for 25",
    )


def ours() -> Run:
    """Carry out an operation with real workers, and click and read all the while."""
    run = Run()
    beside = 60 + COUNT // 20
    with running_sandbox(workflows=COUNT + beside, limits="real") as sandbox:
        portal, who = connected(sandbox.webhook_url), administrator()
        for name in (FeedName.WORKFLOW_TEMPLATES, FeedName.WORKFLOWS):
            syncing.sync(Feed.objects.get(portal=portal, name=name).pk, worker="benchmark")
        time.sleep(30)  # the portal's bucket is empty again
        sandbox.control(f"set-write-time?milliseconds={WRITE_MS}")
        sandbox.control("clear-calls")
        Feed.objects.update(next_at="2100-01-01T00:00:00Z")
        rows = list(Workflow.objects.running().select_related("portal").order_by("pk"))
        with installation():
            operation = asked_for(portal, who, rows[:COUNT])
            follow(operation, who, rows[COUNT:], run)
        times = operation.commands.aggregate(first=Min("sent_at"), last=Max("settled_at"))
        run.seconds = (times["last"] - times["first"]).total_seconds()
        run.ended = operation.commands.filter(state=CommandState.CONFIRMED).count()
        # a click is three requests, a reading one
        others = 3 * len(run.clicked) + len(run.reads)
        run.requests = sandbox.http_requests() - others
    return run


def asked_for(portal: Portal, who: Account, rows: list[Workflow]) -> BulkOperation:
    by = By(account=who)
    operation = commands.freeze(
        TerminateWorkflow,
        portal=portal,
        items=[Item(pk=row.pk) for row in rows],
        by=by,
        key=uuid.uuid4(),
        source={},
    )
    commands.confirm(operation, by=by, reason="They hang.")
    return operation


def follow(operation: BulkOperation, who: Account, rows: list[Workflow], run: Run) -> None:
    """Click and read until the operation is finished."""
    last_click = last_read = time.monotonic()
    while BulkOperation.objects.get(pk=operation.pk).state != BulkState.FINISHED:
        now = time.monotonic()
        if not operation.commands.exclude(sent_at=None).exists():
            last_click = last_read = now  # it has not begun
        if now - last_click > CLICK_EVERY and len(rows) > 1:
            last_click = now
            action = TerminateWorkflow(workflow=rows.pop(), reason="It hangs.")
            run.clicked.append(commands.issue(action, by=By(account=who), key=uuid.uuid4()))
        if now - last_read > READ_EVERY:
            last_read = now
            reader = clients.reader(operation.portal, purpose=bitrix.Purpose.SCREEN, patience=5)
            began = time.perf_counter()
            reader.workflows.by_ids([bitrix.WorkflowId(rows[0].remote_id)])
            run.reads.append(time.perf_counter() - began)
        time.sleep(0.2)
    time.sleep(5)  # the last click is settled, too


@contextmanager
def installation() -> Iterator[None]:
    env = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    }
    processes = Processes(env=env, logs=Path(settings.VAR_DIR) / "logs")
    try:
        for name, command in workers(str(Path(sys.executable).parent / "celery")).items():
            processes.start(name, command)
        until = time.monotonic() + 60
        while Worker.objects.alive().count() < 2 and time.monotonic() < until:
            time.sleep(0.5)
        yield
    finally:
        processes.stop()


# --- how others do it ----------------------------------------------------------------------------


def ids_at(portal: Portal) -> list[bitrix.WorkflowId]:
    chunks = clients.reader(portal).workflows.everything()
    return [row.id for chunk in chunks for row in chunk.rows][:OTHERS]


def one_by_one() -> tuple[float, int]:
    """End one after another, as fast as the pace admits; give seconds and requests."""
    with running_sandbox(workflows=OTHERS, limits="real") as sandbox:
        portal = connected(sandbox.webhook_url)
        ids = ids_at(portal)
        time.sleep(30)
        sandbox.control(f"set-write-time?milliseconds={WRITE_MS}")
        sandbox.control("clear-calls")
        began = time.perf_counter()
        for one in ids:
            writer = clients.writer(portal, method=METHOD, patience=60)
            writer.workflows.terminate(one)
        return time.perf_counter() - began, sandbox.http_requests()


def fast() -> tuple[float, int]:
    """End them by fast-bitrix24's batches; give seconds and requests."""
    with running_sandbox(workflows=OTHERS, limits="real") as sandbox:
        ids = ids_at(connected(sandbox.webhook_url))
        time.sleep(30)
        sandbox.control(f"set-write-time?milliseconds={WRITE_MS}")
        sandbox.control("clear-calls")
        logging.getLogger("fast_bitrix24").setLevel(logging.ERROR)
        client = fast_bitrix24.Bitrix(sandbox.webhook_url, verbose=False)
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client.call(METHOD, [{"ID": one} for one in ids])
        return time.perf_counter() - began, sandbox.http_requests()
