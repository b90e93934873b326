"""An operation whose workers are killed again and again, held against the portal's own ledger.

Real processes: both workers and the web process. Meanwhile the broker's folder is emptied twice,
the web process is started anew, and the worker that sends is frozen once, so that it wakes up to
claims that were taken from it. COUNT and KILLS are read from the environment.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from benchmarks.measuring import Line
from benchmarks.portals import RunningSandbox, administrator, connected, running_sandbox
from bizproc_admin import commands, syncing
from bizproc_admin.actions import Item, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import (
    AuditEntry,
    BulkOperation,
    BulkState,
    Command,
    CommandState,
    Feed,
    FeedName,
    Portal,
    Workflow,
)
from scripts.processes import Processes, workers

COUNT = int(os.environ.get("COUNT", "1000"))
KILLS = int(os.environ.get("KILLS", "10"))
SEED = int(os.environ.get("SEED", "1"))
WRITE_MS = 30
# seconds: a batch of fifty is over at the portal long before the settle time
SETTLE_TIME, FROZEN_FOR, MOST = 6, 5.0, 900.0
DONE = (CommandState.CONFIRMED, CommandState.GONE)
NOT_DONE = (CommandState.REJECTED, CommandState.NOT_APPLIED, CommandState.CANCELLED)


def measured() -> list[Line]:
    with running_sandbox(workflows=COUNT, limits="off") as sandbox:
        portal = connected(sandbox.webhook_url)
        for name in (FeedName.WORKFLOW_TEMPLATES, FeedName.WORKFLOWS):
            syncing.sync(Feed.objects.get(portal=portal, name=name).pk, worker="benchmark")
        sandbox.control(f"set-write-time?milliseconds={WRITE_MS}")
        began = time.monotonic()
        with installation() as trouble:
            operation = asked_for(portal)
            trouble.befall(operation)
            trouble.wait_for(lambda: state_of(operation) == BulkState.FINISHED)
        return lines_of(operation, sandbox, trouble, seconds=time.monotonic() - began)


def asked_for(portal: Portal) -> BulkOperation:
    """Ask for all that runs to be ended."""
    by = By(account=administrator())
    pks = Workflow.objects.running().filter(portal=portal).order_by("pk")[:COUNT]
    items = [Item(pk=pk) for pk in pks.values_list("pk", flat=True)]
    operation = commands.freeze(
        TerminateWorkflow, portal=portal, items=items, by=by, key=uuid.uuid4(), source={}
    )
    commands.confirm(operation, by=by, reason="They hang.")
    return operation


def state_of(operation: BulkOperation) -> str:
    return BulkOperation.objects.values_list("state", flat=True).get(pk=operation.pk)


@dataclass
class Trouble:
    """An installation, and what befalls it while an operation is carried out."""

    processes: Processes
    commands_of: dict[str, list[str]]
    alive: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)
    kills: int = 0
    frozen: int = 0
    emptied: int = 0
    restarts: int = 0

    def start(self, name: str) -> None:
        self.alive[name] = self.processes.start(name, self.commands_of[name])

    def kill(self, name: str) -> None:
        """End a process with its children as kill -9 does."""
        process = self.alive.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def befall(self, operation: BulkOperation) -> None:
        """Kill the worker that sends so many times, evenly over the operation; the rest between."""
        dice = random.Random(SEED)
        for number in range(KILLS):
            until = COUNT * (number + dice.random()) / (KILLS + 1)
            self.wait_for(lambda until=until: touched(operation) > until)
            time.sleep(dice.random())
            if number == KILLS // 2:
                self.freeze()
            if number in (KILLS // 3, 2 * KILLS // 3):
                empty_the_broker()
                self.emptied += 1
            if number == KILLS // 2 + 1:
                self.kill("web")
                self.start("web")
                self.restarts += 1
            self.kill("interactive")
            self.kills += 1
            self.start("interactive")

    def freeze(self) -> None:
        """Stop the worker that sends until it is taken for dead, and let it go on."""
        group = self.alive["interactive"].pid
        os.killpg(group, signal.SIGSTOP)
        time.sleep(FROZEN_FOR)
        os.killpg(group, signal.SIGCONT)
        self.frozen += 1
        time.sleep(1)

    def wait_for(self, question: Callable[[], bool]) -> None:
        until = time.monotonic() + MOST
        while not question() and time.monotonic() < until:
            time.sleep(0.05)


def touched(operation: BulkOperation) -> int:
    """Count what was sent at least once."""
    return operation.commands.exclude(state=CommandState.INTENT, sends=0).count()


def empty_the_broker() -> None:
    """Throw away every message that waits."""
    folder = Path(settings.VAR_DIR) / "queue"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def installation() -> Iterator[Trouble]:
    root = Path(__file__).resolve().parent.parent
    env = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONPATH": str(root),
        "PACE_PER_SECOND": "1000",
        "PACE_BURST": "1000",
        "HEARTBEAT_INTERVAL": "0.5",
        "HEARTBEAT_LIMIT": "2.5",
        "SWEEP_INTERVAL": "1",
        "SETTLE_TIME": str(SETTLE_TIME),
    }
    folder = Path(sys.executable).parent
    web = [str(folder / "gunicorn"), "-c", "config/gunicorn.py", "-b", "127.0.0.1:0"]
    told = {**workers(str(folder / "celery")), "web": [*web, "config.wsgi"]}
    processes = Processes(env=env, logs=Path(settings.VAR_DIR) / "logs")
    trouble = Trouble(processes, told)
    try:
        for name in told:
            trouble.start(name)
        yield trouble
    finally:
        processes.stop()


def lines_of(
    operation: BulkOperation, sandbox: RunningSandbox, trouble: Trouble, *, seconds: float
) -> list[Line]:
    """Hold what is said of each target against what the portal did."""
    operation.refresh_from_db()
    ended = [line["target"] for line in sandbox.control("ledger")]
    told = dict(operation.commands.values_list("target_id", "state"))
    twice = [one for one in set(ended) if ended.count(one) > 1]
    lies = [one for one, state in told.items() if (state in DONE) != (one in set(ended))]
    lies += [one for one, state in told.items() if state in NOT_DONE and one in set(ended)]
    settled = Q(state__in=DONE) | Q(state__in=NOT_DONE)
    left = operation.commands.exclude(settled).count() + operation.total - len(told)
    unasked = set(ended) - set(told)
    lost = AuditEntry.objects.filter(error_code="worker_lost").count()
    late = AuditEntry.objects.filter(outcome__startswith="late_").count()
    sent_again = Command.objects.filter(sends__gt=1).count()
    ours = sum(state == CommandState.CONFIRMED for state in told.values())
    return [
        Line(
            what=f"{operation.total} terminations, {trouble.kills} kills, {trouble.frozen} freeze, "
            f"broker emptied {trouble.emptied}x, web restarted {trouble.restarts}x",
            figure=f"{operation.state} in {seconds:.0f} s; {ours} ours, "
            f"{len(told) - ours} ended and not told by whom",
            target="finished",
            is_met=operation.state == BulkState.FINISHED,
        ),
        nothing("applied twice", len(twice)),
        nothing("lost, or left open", left + len(set(told) - set(ended))),
        nothing("said otherwise than the ledger", len(lies)),
        nothing("ended without being asked for", len(unasked)),
        Line(
            what="in doubt because a worker died, answers that came late, sent again",
            figure=f"{lost}, {late}, {sent_again}",
        ),
    ]


def nothing(what: str, count: int) -> Line:
    return Line(what=what, figure=str(count), target="0", is_met=not count)
