"""Workers over Redis: a click arrives, and a broker that forgets everything loses nothing."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import current_app
from django.conf import settings

from bizproc_admin import doorbell
from bizproc_admin.models import Account, Command, CommandState, Portal, Workflow
from sandbox import Sandbox
from tests.workers.conftest import Workers, begin
from tests.workers.test_lookouts import Web, seconds_of


class OwnRedis:
    """A Redis of this test's own, which can be killed and comes back empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                redis.from_url(self.url).ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def waiting(self) -> int:
        """Count the messages that nobody has taken."""
        return int(redis.from_url(self.url).llen("interactive"))

    def consumers(self) -> int:
        """Count the workers that wait for a message."""
        clients = redis.from_url(self.url).client_list()
        return sum(client["cmd"] == "brpop" for client in clients)


@pytest.fixture
def own_redis(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[OwnRedis]:
    if shutil.which("redis-server") is None:
        pytest.skip("needs the program redis-server")
    made = OwnRedis(tmp_path)
    made.start()
    environment["BROKER_URL"] = made.url
    with current_app.connection_for_write() as usual:
        usual_url = usual.as_uri(include_password=True)
    current_app.conf.broker_url = current_app.conf.broker_write_url = made.url
    doorbell._bells.clear()
    yield made
    current_app.conf.broker_url = current_app.conf.broker_write_url = usual_url
    doorbell._bells.clear()
    made.stop()


pytestmark = [pytest.mark.services, pytest.mark.worker]


def test_a_redis_that_forgets_everything_loses_no_click(
    installation: Workers,
    portal: Portal,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
) -> None:
    server = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    forget_everything(server)  # what other tests' clicks have left
    workflows = [workflow, *(begin(portal, sandbox) for _ in range(5))]

    asked = [ask(one) for one in workflows[:2]]
    doorbell.flush()
    assert server.llen("interactive") >= 2
    forget_everything(server)
    installation.start()
    asked += [ask(one) for one in workflows[2:4]]
    forget_everything(server)
    asked += [ask(one, "kill") for one in workflows[4:]]

    def all_confirmed() -> bool:
        return not Command.objects.exclude(state=CommandState.CONFIRMED).exists()

    eventually(all_confirmed)
    assert sorted(line["target"] for line in sandbox.ledger()) == sorted(
        command.target_id for command in asked
    )

    forget_everything(server)
    last = ask(begin(portal, sandbox))
    eventually(all_confirmed)
    assert sandbox.ledger()[-1]["target"] == last.target_id
    server.close()


@pytest.mark.parametrize("turn", range(int(os.environ.get("REDIS_RESTARTS", "3"))))
def test_a_redis_that_restarts_under_work_leaves_no_worker_idle(
    turn: int,
    own_redis: OwnRedis,
    installation: Workers,
    portal: Portal,
    workflow: Workflow,
    the_sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four slow jobs are under way as the broker goes; it comes back empty."""
    workflows = [workflow, *(begin(portal, the_sandbox) for _ in range(11))]
    monkeypatch.setattr(the_sandbox._server, "latency", 0.5)
    installation.start()
    for one in workflows[:6]:
        ask(one)
    eventually(lambda: len(the_sandbox.calls()) >= 3)
    own_redis.stop()
    for one in workflows[6:8]:
        ask(one)
    time.sleep(2)
    own_redis.start()
    for one in workflows[8:]:
        ask(one)

    def all_confirmed() -> bool:
        return not Command.objects.exclude(state=CommandState.CONFIRMED).exists()

    eventually(all_confirmed)
    assert len(the_sandbox.ledger()) == len(workflows)
    # what the broker brings arrives again, and at once
    monkeypatch.setattr(the_sandbox._server, "latency", 0)
    eventually(lambda: own_redis.consumers() >= 2)
    began = time.monotonic()
    ask(begin(portal, the_sandbox))
    eventually(all_confirmed)
    assert time.monotonic() - began < 3
    eventually(lambda: own_redis.waiting() == 0)


@pytest.mark.parametrize("how", ["frozen", "killed"])
def test_no_page_waits_for_a_redis_that_goes_away_meanwhile(
    how: str,
    own_redis: OwnRedis,
    environment: dict[str, str],
    workflow: Workflow,
    administrator: Account,
    eventually: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """REDIS_AWAY makes it longer, for a measurement."""
    web = Web(environment, tmp_path)
    took = []
    try:
        eventually(web.is_up)
        browser = web.signed_in(administrator)
        number = 0
        for away in (False, True, False):
            if away and how == "frozen":
                own_redis.signal(signal.SIGSTOP)
            elif away:
                own_redis.stop()
            until = time.monotonic() + (float(os.environ.get("REDIS_AWAY", "3")) if away else 1)
            while time.monotonic() < until:
                number += 1
                key = f"00000000-0000-0000-0000-{number:012d}"
                form = {"reason": "It hangs.", "key": key, "regardless": "on"}
                url = f"/workflows/{workflow.pk}/termination/"
                took.append(seconds_of(browser, "GET", "/workflows/"))
                took.append(seconds_of(browser, "POST", url, data=form))
            if away and how == "frozen":
                own_redis.signal(signal.SIGCONT)
            elif away:
                own_redis.start()
        assert max(took[2:]) < 1, sorted(took)[-5:]
    finally:
        own_redis.signal(signal.SIGCONT)
        web.stop()


def forget_everything(server: redis.Redis) -> None:
    """Empty the database as a restart without a dump does, but for the note that it is taken."""
    for key in server.scan_iter():
        if key != b"bizproc-services":
            server.delete(key)
