"""What workers do by themselves: without a broker, deaf, frozen, and when they end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import requests
from celery import current_app
from django.conf import settings as configured
from django.test import Client

from bizproc_admin import heartbeats
from bizproc_admin.models import (
    Account,
    Chore,
    Command,
    CommandState,
    Feed,
    SyncRun,
    Worker,
    Workflow,
)
from sandbox import Sandbox
from scripts.processes import Processes

from .conftest import ROOT, Workers, empty_the_broker, messages_travel

pytestmark = pytest.mark.worker

NOBODY = "redis://127.0.0.1:1/0"
BEATS = """
import sys, time, django
django.setup()
from bizproc_admin import lookout
one = lookout.Lookout("interactive", node="interactive@here", threads=4)
if sys.argv[1] == "busy":
    one.begun("1", ("tidy", ()))
until = time.monotonic() + 2.5
while time.monotonic() < until:
    one.beat()
    time.sleep(0.1)
"""


def state_of(command: Command) -> str:
    command.refresh_from_db()
    return command.state


@pytest.fixture
def broker_away(environment: dict[str, str]) -> None:
    """For the processes that are started, nobody listens at the broker's address."""
    environment["BROKER_URL"] = NOBODY


def test_work_goes_on_without_a_broker_from_the_start(
    broker_away: None,
    installation: Workers,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
    settings: Any,
) -> None:
    settings.HEARTBEAT_LIMIT = 1.5
    Feed.objects.update(next_at=None)
    installation.start()
    command = ask(workflow)
    eventually(lambda: state_of(command) == CommandState.CONFIRMED)
    eventually(lambda: SyncRun.objects.filter(state="complete").count() >= 4)
    eventually(lambda: Chore.objects.count() == 5)
    assert [line["target"] for line in sandbox.ledger()] == [workflow.remote_id]
    eventually(lambda: health()["broker"] == "away")
    assert health()["workers"] == {"interactive": "ok", "background": "ok"}
    assert "cannot be reached" in str(heartbeats.notice())
    assert installation.end("interactive") == installation.end("background") == 0
    assert "INFO bizproc_admin" in installation.told()


def test_a_frozen_worker_is_missed_and_what_it_sent_is_unknown_soon(
    installation: Workers,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
) -> None:
    """The background worker looks for claims of dead workers, too."""
    sandbox.fail_next("timeout_after_apply", method="bizproc.workflow.terminate", hold=30)
    installation.start()
    command = ask(workflow)
    eventually(sandbox.ledger)
    frozen = installation.alive["interactive"]
    os.killpg(frozen.pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        eventually(lambda: state_of(command) == CommandState.UNKNOWN)
        assert time.monotonic() - began < 15
    finally:
        os.killpg(frozen.pid, signal.SIGCONT)
    assert len(sandbox.ledger()) == 1


def test_a_killed_worker_leaves_nothing_behind_and_heeds_the_level_of_the_logs(
    installation: Workers, eventually: Callable[..., Any]
) -> None:
    installation.processes.env["LOG_LEVEL"] = "ERROR"
    installation.start()
    leader = installation.alive["background"].pid
    assert members_of(leader) == {leader}
    os.kill(leader, signal.SIGKILL)
    installation.alive["background"].wait()
    eventually(lambda: not members_of(leader))
    assert "INFO" not in installation.told()


@pytest.mark.parametrize(
    ("case", "code"),
    [("deaf", 70), ("due", 70), ("busy", 0), ("nothing waits", 0), ("broker away", 0)],
)
def test_a_worker_ends_itself_only_when_there_is_work_and_none_begins(
    case: str,
    code: int,
    workflow: Workflow,
    ask: Callable[..., Command],
    environment: dict[str, str],
) -> None:
    if case in ("due", "busy", "broker away"):
        ask(workflow)
    empty_the_broker()
    if case not in ("nothing waits", "due"):
        with messages_travel():
            current_app.tasks["bizproc_admin.jobs.tidy"].apply_async(queue="interactive")
    more = {"DEAF_TIME": "1", "HEARTBEAT_INTERVAL": "1"}
    if case == "broker away":
        more["BROKER_URL"] = NOBODY
    ended = subprocess.run(
        [sys.executable, "-c", BEATS, case],
        env={**environment, **more}, cwd=ROOT, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    empty_the_broker()
    assert ended.returncode == code, ended.stderr
    assert ("worker_deaf" in ended.stderr) == (code == 70)
    assert Worker.objects.exists() == (code == 0)


def test_what_a_short_command_has_rung_for_is_in_the_broker_when_it_ends(
    environment: dict[str, str],
) -> None:
    empty_the_broker()
    rings = (
        "import django; django.setup(); from bizproc_admin import doorbell; "
        "[doorbell.ring('tidy', queue='interactive') for _ in range(5)]"
    )
    subprocess.run([sys.executable, "-c", rings], env=environment, cwd=ROOT, check=True)
    with current_app.connection_for_write() as broker:
        waiting = broker.default_channel.queue_declare("interactive", passive=True).message_count
    empty_the_broker()
    assert waiting == 5


def test_an_ended_worker_is_started_again_and_another_process_is_not(tmp_path: Path) -> None:
    counted = tmp_path / "starts"
    ends = [sys.executable, "-c", f"open({str(counted)!r}, 'a').write('x'); exit(70)"]
    stays = [sys.executable, "-c", "import time; time.sleep(4)"]
    processes = Processes(env={}, logs=tmp_path)
    processes.start("web", stays)
    processes.start("worker", ends)
    assert processes.wait(restarts=["worker"]) == "web"
    assert len(counted.read_text()) >= 2
    assert [name for name, _process in processes.running] == ["web", "worker"]
    processes.stop()


def test_the_web_process_works_without_a_broker_and_no_page_waits_for_it(
    live_db: None,
    broker_away: None,
    environment: dict[str, str],
    workflow: Workflow,
    administrator: Account,
    eventually: Callable[..., Any],
    tmp_path: Path,
) -> None:
    web = Web(environment, tmp_path)
    try:
        eventually(web.is_up)
        browser = web.signed_in(administrator)
        took = [seconds_of(browser, "GET", "/workflows/") for _ in range(8)]
        for number in range(4):
            form = {"reason": "It hangs.", "key": f"00000000-0000-0000-0000-00000000000{number}"}
            url = f"/workflows/{workflow.pk}/termination/"
            took.append(seconds_of(browser, "POST", url, data={**form, "regardless": "on"}))
        assert max(took[1:]) < 0.5, took
    finally:
        web.stop()
    assert Command.objects.get().state == CommandState.INTENT
    assert "broker_away" in web.told()


def test_a_connection_outlives_the_time_between_two_clicks(
    environment: dict[str, str], eventually: Callable[..., Any], tmp_path: Path
) -> None:
    """Were it closed while the next request comes, that would fail."""
    web = Web(environment, tmp_path)
    try:
        eventually(web.is_up)
        with closing(HTTPConnection("127.0.0.1", web.port, timeout=10)) as kept:
            kept.connect()
            kept.auto_open = 0
            for _ in range(2):
                kept.request("GET", "/healthz")
                kept.getresponse().read()
                # longer than servers usually keep one
                time.sleep(4)
    finally:
        web.stop()


class Browser(requests.Session):
    """A session that knows whose pages it opens."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base


class Web:
    """The web process as it is served."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.folder = folder
        env = {**environment, "INSECURE_COOKIES": "on", "STATIC_ROOT": str(folder / "static")}
        # a unit names no settings module: the program knows its own
        del env["DJANGO_SETTINGS_MODULE"]
        gather = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(gather, env=env, cwd=ROOT, check=True)
        self.processes = Processes(env=env, logs=folder)
        del self.processes.env["DJANGO_SETTINGS_MODULE"]
        self.port = free_port()
        gunicorn = str(Path(sys.executable).parent / "gunicorn")
        address = f"127.0.0.1:{self.port}"
        self.processes.start(
            "web", [gunicorn, "config.wsgi", "--bind", address, "--config", "config/gunicorn.py"]
        )

    def is_up(self) -> bool:
        try:
            return bool(self.get("/healthz").json()["web"] == "ok")
        except (requests.ConnectionError, requests.Timeout):
            return False

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=10, **more)

    def signed_in(self, who: Account) -> Browser:
        client = Client()
        client.force_login(who)
        browser = Browser(f"http://127.0.0.1:{self.port}")
        name = configured.SESSION_COOKIE_NAME
        browser.cookies.set(name, client.cookies[name].value)
        browser.get(f"{browser.base}/workflows/", timeout=10)
        token = browser.cookies["csrf"]
        browser.headers.update({"X-CSRFToken": token, "HX-Request": "true"})
        return browser

    def told(self) -> str:
        return (self.folder / "web.log").read_text()

    def stop(self) -> None:
        self.processes.stop()


def seconds_of(browser: Any, method: str, path: str, **more: Any) -> float:
    began = time.monotonic()
    answer = browser.request(method, f"{browser.base}{path}", timeout=20, **more)
    assert answer.status_code in (200, 409), answer.text[:500]
    return time.monotonic() - began


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def members_of(group: int) -> set[int]:
    """Give the processes that live in a process group."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.add(int(entry.name))
    return found


def health() -> dict[str, Any]:
    return Client().get("/healthz").json()
