"""Real processes against a real database: what only they can show about lost work."""

import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as configured
from django.db import connection
from django.db.models import F

from bizproc_admin import bitrix, commands, doorbell, syncing
from bizproc_admin.actions import CompleteTask, DelegateTask, KillWorkflow, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Account,
    Command,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    Portal,
    Role,
    Worker,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.portals import tokens
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from scripts.processes import Processes, workers
from tests import canary, language
from tests.conftest import account

ROOT = Path(__file__).resolve().parent.parent.parent
ACTIONS = {"terminate": TerminateWorkflow, "kill": KillWorkflow}
#: How long a test waits for what must come; a busy machine takes 20 s to start one worker.
PATIENCE = 90.0
EMPLOYEE, RECEIVER = 2, 40


class Dying:
    """A process that has loaded the program, and whose copies die at named points."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.workers.dying"],
                env=environment,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
            )

    def run(self, point: str, command: Command) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command.pk} {point}\n")
        self.process.stdin.flush()
        assert select.select([self.process.stdout], [], [], PATIENCE)[0], self.told()
        assert self.process.stdout.readline().strip() == str(-signal.SIGKILL), self.told()

    def told(self) -> str:
        return self.log.read_text()[-3000:]

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


@pytest.fixture(autouse=True)
def nothing_translated_is_stored(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every process speaks the language of the tests; no row holds a message of it afterwards."""
    if "live_db" not in request.fixturenames:
        yield
        return
    # asked for first, so that it is still there when this looks
    request.getfixturevalue("live_db")
    language.install()
    with language.spoken():
        yield
    language.uninstall()
    assert language.stored() == []


@pytest.fixture
def workflow(live_db: None, portal: Portal, sandbox: Sandbox) -> Workflow:
    """One running workflow with an open workflow task, known on both sides."""
    return begin(portal, sandbox)


def begin(portal: Portal, sandbox: Sandbox) -> Workflow:
    """Start a workflow on the portal and copy it into the mirror."""
    remote_id = sandbox.start_workflow(started_by=1)
    feed = Feed.objects.get(portal=portal, name=FeedName.WORKFLOWS)
    Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=None)
    syncing.sync(feed.pk, worker="test")
    return Workflow.objects.get(remote_id=remote_id)


@pytest.fixture
def ask(administrator: Account) -> Callable[..., Command]:
    """Ask for a workflow to be ended, as a click does: the message goes to the broker."""

    def issue(workflow: Workflow, kind: str = "terminate") -> Command:
        action = ACTIONS[kind](workflow=workflow, reason="It hangs since spring.")
        with messages_travel():
            return commands.issue(action, by=By(account=administrator), key=uuid.uuid4())

    return issue


@pytest.fixture
def task(live_db: None, portal: Portal, sandbox: Sandbox) -> WorkflowTask:
    """An open approval that waits for the employee, whose tokens are here, known on both sides."""
    number = sandbox.ask([EMPLOYEE])
    sandbox.add_user("Boris", "Titov", id=RECEIVER)
    told = sandbox.oauth
    portal.client_id, portal.token_url = told["client_id"], told["token_url"]
    portal.client_secret, portal.member_id = Secret(told["client_secret"]), told["member_id"]
    portal.save()
    for name in (FeedName.PEOPLE, FeedName.WORKFLOWS, FeedName.WORKFLOW_TASKS):
        feed = Feed.objects.get(portal=portal, name=name)
        Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=None)
        syncing.sync(feed.pk, worker="test")
    person = Person.objects.get(portal=portal, remote_id=EMPLOYEE)
    tokens.keep(person, bitrix.TokenPair.from_api(sandbox.tokens_for(EMPLOYEE)))
    return WorkflowTask.objects.get(remote_id=number)


@pytest.fixture
def ask_about(task: WorkflowTask, administrator: Account) -> Callable[[str], Command]:
    """Ask for the task to be answered by its person, or given to somebody by an administrator."""
    employee = task.assignments.get().person
    approver = account("olga", "Olga Petrova", Role.PARTICIPANT)
    LinkedPerson.objects.create(user=approver, portal=task.portal, person=employee)
    receiver = Person.objects.get(portal=task.portal, remote_id=RECEIVER)

    def issue(kind: str) -> Command:
        action: CompleteTask | DelegateTask
        if kind == "complete":
            action, who = CompleteTask(task=task, person=employee, answer=1, reason=""), approver
        else:
            action = DelegateTask(
                task=task, from_person=employee, to_person=receiver, reason="On leave"
            )
            who = administrator
        with messages_travel():
            return commands.issue(action, by=By(account=who), key=uuid.uuid4())

    return issue


@pytest.fixture
def environment(settings: Any) -> dict[str, str]:
    """The variables of a process that shares this test's database and broker, and no setting."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        host = database["HOST"] or "127.0.0.1"
        user = (
            f"{database['USER']}:{database['PASSWORD']}"
            if database["PASSWORD"]
            else (database["USER"])
        )
        url = f"postgres://{user}@{host}:{database['PORT'] or 5432}/{database['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.workers.settings",
        "PYTHONPATH": str(ROOT),
        "ENV_FILE": "/nonexistent",
        "SECRET_KEY": configured.SECRET_KEY,
        "FIELD_KEYS": ",".join(configured.FIELD_KEYS),
        "DATABASE_URL": url,
        "BROKER_URL": configured.CELERY_BROKER_URL,
        "VAR_DIR": str(configured.VAR_DIR),
        "PACE_PER_SECOND": "1000",
        "PACE_BURST": "1000",
        "READ_TIMEOUT": "30",
        "TOTAL_TIMEOUT": "30",
        "HEARTBEAT_INTERVAL": "0.3",
        "HEARTBEAT_LIMIT": "1.5",
        "SWEEP_INTERVAL": "0.5",
        "SETTLE_TIME": "2",
    }


@pytest.fixture(scope="session")
def dying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Dying]]:
    """Give the process whose copies die, in an environment; it is started once."""
    log = tmp_path_factory.mktemp("dying") / "stderr"
    started: dict[str, Dying] = {}

    def give(environment: dict[str, str]) -> Dying:
        same = {name: value for name, value in environment.items() if name != "PYTEST_CURRENT_TEST"}
        key = repr(sorted(same.items()))
        if key not in started:
            started[key] = Dying(environment, log)
        return started[key]

    yield give
    for one in started.values():
        one.stop()


@pytest.fixture
def run_and_die(
    environment: dict[str, str], dying: Callable[..., Dying]
) -> Callable[[str, Command], None]:
    """Carry out a command in a process that is killed at a named point of `dying`."""

    def run(point: str, command: Command) -> None:
        dying(environment).run(point, command)

    return run


@pytest.fixture
def pass_time(sandbox: Sandbox) -> Callable[[float], None]:
    """Let seconds pass on the portal and, by ageing what is stamped, in the database."""

    def age(seconds: float) -> None:
        sandbox.advance(seconds)
        span = timedelta(seconds=seconds)
        Worker.objects.update(seen_at=F("seen_at") - span)
        # a settled command never changes again: its stamps are history
        Command.objects.open().update(
            lease_until=F("lease_until") - span,
            next_check_at=F("next_check_at") - span,
            sent_at=F("sent_at") - span,
            requested_at=F("requested_at") - span,
        )

    return age


@pytest.fixture
def try_once(settings: Any) -> Callable[[Command], None]:
    """Carry a command out by a worker that gives the portal little time, and give it time after."""

    def run(command: Command) -> None:
        settings.READ_TIMEOUT = 0.2
        commands.carry_out(command.pk, worker="a worker")
        settings.READ_TIMEOUT = settings.TOTAL_TIMEOUT = PATIENCE
        command.refresh_from_db()

    return run


@pytest.fixture
def recover(pass_time: Callable[[float], None]) -> Callable[[Command], Command]:
    """Sweep as a living worker does, every few minutes, until the command is settled."""

    def run(command: Command) -> Command:
        for _ in range(12):
            command.refresh_from_db()
            if command.is_settled:
                return command
            pass_time(200)
            commands.sweep()
        raise AssertionError(f"command is still {command.state} after 40 minutes")

    return run


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Wait until a question gets a true answer."""

    def wait(question: Callable[[], Any]) -> Any:
        until = time.monotonic() + PATIENCE
        while not (answer := question()):
            if time.monotonic() > until:
                raise AssertionError(f"still {answer!r} after {PATIENCE:g} s")
            time.sleep(0.05)
        return answer

    return wait


class Workers:
    """The workers of an installation as the real processes that they are."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.folder = folder
        self.processes = Processes(env=environment, logs=folder)
        self.alive: dict[str, subprocess.Popen[str]] = {}

    def start(self, *kinds: str, pool: str = "threads", node: str = "") -> None:
        """Start workers and wait until each has told that it lives."""
        celery = str(Path(sys.executable).parent / "celery")
        commands_of = workers(celery)
        before = set(Worker.objects.values_list("name", flat=True))
        for kind in kinds or tuple(commands_of):
            command = [pool if word == "threads" else word for word in commands_of[kind]]
            command = [node if node and word == f"{kind}@%h" else word for word in command]
            self.alive[kind] = self.processes.start(kind, command)
        until = time.monotonic() + PATIENCE
        while Worker.objects.exclude(name__in=before).count() < len(kinds or commands_of):
            assert time.monotonic() < until, self.told()
            time.sleep(0.05)

    def kill(self, kind: str) -> None:
        """End one as kill -9 does."""
        kill_all_of(self.alive.pop(kind))

    def end(self, kind: str) -> int:
        """End one as an operator does; give its exit code."""
        process = self.alive.pop(kind)
        process.terminate()
        return process.wait(PATIENCE)

    def told(self) -> str:
        return "\n".join(log.read_text()[-3000:] for log in self.folder.glob("*.log"))

    def stop(self) -> None:
        for _name, process in self.processes.running:
            kill_all_of(process)


def kill_all_of(process: subprocess.Popen[str]) -> None:
    """Kill a process with the children of its pool; it leads a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def installation(
    live_db: None, environment: dict[str, str], tmp_path: Path, sandbox: Sandbox
) -> Iterator[Workers]:
    """Workers to be started, with an empty broker; no secret is left where they wrote."""
    empty_the_broker()
    made = Workers(environment, tmp_path)
    with messages_travel():
        yield made
    made.stop()
    places = {
        "the workers' logs": canary.folder(tmp_path),
        "the broker's folder": canary.folder(Path(configured.VAR_DIR)),
        "the database": canary.database(),
    }
    assert canary.found(canary.secrets_of(sandbox), places) == []
    empty_the_broker()


@contextmanager
def messages_travel() -> Iterator[None]:
    """Let jobs go to the broker instead of being run in place."""
    was = current_app.conf.task_always_eager
    current_app.conf.task_always_eager = False
    try:
        yield
        # what is still to be published would be run in place afterwards
        assert doorbell.flush()
    finally:
        current_app.conf.task_always_eager = was


def empty_the_broker() -> None:
    with current_app.connection_for_write() as broker:
        for queue in ("interactive", "background"):
            broker.default_channel.queue_purge(queue)
