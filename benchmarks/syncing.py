"""Copying 100,000 workflows: requests, time, memory, and how long a click waits meanwhile."""

import itertools
import logging
import os
import statistics
import subprocess
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fast_bitrix24
from django.conf import settings
from django.db import connection

from benchmarks.measuring import Line, percentile
from benchmarks.portals import administrator, connected, running_sandbox
from bizproc_admin import commands, doorbell
from bizproc_admin.actions import TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.bitrix import WorkflowRow
from bizproc_admin.models import Account, Feed, FeedName, Portal, SyncRun, Workflow
from bizproc_admin.portals import clients

WORKFLOWS = 100_000
FEW_WORKFLOWS = 10_000
# so many readings fit into the portal's bucket
TURNS = 3
MOST_REQUESTS = 5
METHOD = "bizproc.workflow.instances"
PATIENCE = 150.0


def full_pass() -> list[Line]:
    """Copy everything twice with a real background worker while somebody clicks."""
    lines = []
    with running_sandbox(workflows=WORKFLOWS, limits="off") as sandbox:
        portal, account = connected(sandbox.webhook_url), administrator()
        with background_worker() as worker:
            for name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES):
                one_pass(portal, name, worker)
            for title in ("first full pass", "full pass again"):
                clicks = Clicks(portal, account)
                with clicks:
                    run = one_pass(portal, FeedName.WORKFLOWS, worker)
                lines += lines_of(title, run, clicks)
            peak = peak_mb(worker.pid)
    lines.append(
        Line(
            what="background worker, peak resident memory",
            figure=f"{peak:.0f} MB",
            target="< 400 MB",
            is_met=peak < 400,
        )
    )
    return lines


def lines_of(title: str, run: SyncRun, clicks: "Clicks") -> list[Line]:
    assert run.finished_at is not None
    seconds = (run.finished_at - run.started_at).total_seconds()
    whole = run.state == SyncRun.State.COMPLETE and run.read >= WORKFLOWS
    p95 = percentile(clicks.ms, 0.95)
    return [
        Line(
            what=f"{title}, HTTP requests for {run.read:,} rows",
            figure=str(run.requests),
            target="<= 42",
            is_met=whole and run.requests <= 42,
        ),
        Line(
            what=f"{title}, wall time",
            figure=f"{seconds:.1f} s",
            target="< 60 s",
            is_met=whole and seconds < 60,
        ),
        Line(
            what=f"{title}, a click meanwhile, p95 of {len(clicks.ms)}",
            figure=f"{p95:.0f} ms (median {percentile(clicks.ms, 0.5):.0f})",
            target="< 100 ms",
            is_met=p95 < 100,
        ),
    ]


def against_fast_bitrix24() -> list[Line]:
    """Read the same list from the same sandbox with its limits on, with our client and theirs.

    They take turns, each after a reading that is not counted.
    """
    logging.getLogger("fast_bitrix24").setLevel(logging.ERROR)
    ours: list[float] = []
    theirs: list[float] = []
    with running_sandbox(workflows=FEW_WORKFLOWS, limits="real") as sandbox:
        portal = connected(sandbox.webhook_url)
        for _turn in range(1 + TURNS):
            sandbox.control("clear-calls")
            began = time.perf_counter()
            rows = sum(len(c.rows) for c in clients.reader(portal).workflows.everything())
            ours.append(time.perf_counter() - began)
            our_requests = sandbox.http_requests()
            assert rows >= FEW_WORKFLOWS * 0.99, rows
            sandbox.control("clear-calls")
            client = fast_bitrix24.Bitrix(sandbox.webhook_url, verbose=False)
            began = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it wants a name that ends in .list
                found = client.get_all(METHOD, {"select": list(WorkflowRow.SELECT)})
            theirs.append(time.perf_counter() - began)
            their_requests = sandbox.http_requests()
    distinct = len({row["ID"] for row in found})
    our_time, their_time = statistics.median(ours[1:]), statistics.median(theirs[1:])
    return [
        Line(
            what=f"HTTP requests for {rows:,} rows, ours / fast-bitrix24",
            figure=f"{our_requests} / {their_requests} = {our_requests / their_requests:.2f}",
            target=f"<= {MOST_REQUESTS}",
            is_met=our_requests <= MOST_REQUESTS,
        ),
        Line(
            what="wall time, ours / fast-bitrix24",
            figure=f"{our_time:.2f} s / {their_time:.2f} s = {our_time / their_time:.2f}",
        ),
        Line(what="distinct workflows found by fast-bitrix24", figure=f"{distinct:,}"),
    ]


class Clicks:
    """Somebody who clicks on workflow after workflow; ms holds how long each click took."""

    def __init__(self, portal: Portal, account: Account) -> None:
        self.portal = portal
        self.account = account
        self.ms: list[float] = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def run(self) -> None:
        for workflow in self.targets():
            action = TerminateWorkflow(workflow=workflow, reason="A benchmark.")
            began = time.perf_counter()
            commands.issue(action, by=By(account=self.account), key=uuid.uuid4())
            self.ms.append((time.perf_counter() - began) * 1000)
            if self.over.wait(0.1):
                break
        connection.close()

    def targets(self) -> Iterator[Workflow]:
        last = (
            self.portal.commands.order_by("-workflow_id").values_list("workflow_id", flat=True)
        ).first() or 0
        while not self.over.is_set():
            workflow = Workflow.objects.filter(portal=self.portal, pk__gt=last).first()
            if workflow is None:
                self.over.wait(0.05)
                continue
            last = workflow.pk
            yield workflow


def one_pass(portal: Portal, name: FeedName, worker: subprocess.Popen[bytes]) -> SyncRun:
    """Ring for one full pass and wait until the worker has done it."""
    feed = Feed.objects.get(portal=portal, name=name)
    before = SyncRun.objects.filter(feed=feed).count()
    Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=None)
    doorbell.ring("sync_feed", feed.pk)
    until = time.monotonic() + PATIENCE
    for _ in itertools.repeat(None):
        run = SyncRun.objects.filter(feed=feed).order_by("pk").last()
        now = SyncRun.objects.filter(feed=feed).count()
        if run and now > before and run.state != SyncRun.State.RUNNING:
            if run.state == SyncRun.State.FAILED:
                raise RuntimeError(f"the pass failed: {run.error_code} {run.error_values}")
            return run
        if time.monotonic() > until or worker.poll() is not None:
            raise TimeoutError(f"the pass over {name} did not end, or its worker did")
        time.sleep(0.2)
    raise AssertionError


@contextmanager
def background_worker() -> Iterator[subprocess.Popen[bytes]]:
    """Run the background worker of an installation, without its beat."""
    celery = Path(sys.executable).parent / "celery"
    process = subprocess.Popen(
        [str(celery), "-A", "config", "worker", "-P", "threads", "-c", "2", "-Q", "background",
         "--without-gossip", "--without-mingle", "-l", "WARNING"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=settings.BASE_DIR,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def peak_mb(pid: int) -> float:
    """Give the highest resident memory a process ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
