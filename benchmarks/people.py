"""Fifty people at work: signed in with all roles, two seconds between clicks, two web workers.

Real workers copy a living portal meanwhile, served as in production. A click is anything that a
person sets off: a list with filters, a page, a poll of an open list, a command. What failed is told
with its cause: the status and the address, and what the web process wrote into its log.
"""

import logging
import os
import random
import re
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import requests
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection

from benchmarks.crowd import environment
from benchmarks.measuring import Line, percentile
from benchmarks.polls import OpenList, database_url, session_of, web_process
from benchmarks.portals import administrator, connected, running_sandbox
from bizproc_admin import syncing
from bizproc_admin.models import (
    Account,
    Assignment,
    Command,
    Feed,
    FeedName,
    LinkedPerson,
    Portal,
    Role,
    SyncRun,
    Worker,
)
from scripts.processes import Processes, workers

PEOPLE, THINK, COME_WITHIN, WORKFLOWS = 50, 2.0, 10.0, 3_000
SECONDS = float(os.environ.get("SECONDS", "60"))
MOST = 1.0
ROLES = (Role.PORTAL_ADMINISTRATOR, Role.MANAGER, Role.AUDITOR, Role.PARTICIPANT, Role.PARTICIPANT)
FILTERS = ("q=contract", "sort=started", "page=2", "state=stuck", "q=zzz", "age=7")
TOKEN = re.compile(r'"x-csrftoken": "(\w+)"')
KEY = re.compile(r'name="key" value="([\w-]+)"')
SEEN = re.compile(r'name="seen" value="([^"]*)"')
# what may be said of a click without anything being wrong: gone, not allowed, busy, to be corrected
ANSWERS = {403, 404, 409, 422}
log = logging.getLogger(__name__)


@dataclass
class Told:
    """What all of them met."""

    taken: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)


class Person:
    """Somebody with a browser, who looks at what was shown and clicks on a part of it."""

    def __init__(self, account: Account, role: Role, port: int, told: Told, seed: int) -> None:
        self.role, self.told = role, told
        self.base = f"http://127.0.0.1:{port}"
        self.port = port
        self.draw = random.Random(seed)
        self.page = ""
        self.browser = requests.Session()
        self.session = session_of(account)
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={self.session}"
        self.browser.headers.update(
            {"Host": "testserver", "Referer": "http://testserver/", "Cookie": self.cookie}
        )
        self.list = OpenList(session=self.session, url=self.first)

    @property
    def first(self) -> str:
        return "/workflow-tasks/" if self.role == Role.PARTICIPANT else "/workflows/"

    def work(self, *, until: float) -> None:
        """Come within ten seconds; then click, and think, until the time is over."""
        time.sleep(self.draw.uniform(0, COME_WITHIN))
        while time.monotonic() < until:
            kind = self.draw.choices(list(KINDS), weights=[share for share, _ in KINDS.values()])[0]
            began = time.monotonic()
            try:
                KINDS[kind][1](self)
            except (requests.RequestException, OSError) as error:
                self.told.failed.append(f"{kind}: {type(error).__name__}: {error}")
            self.told.taken[kind].append(time.monotonic() - began)
            time.sleep(self.draw.uniform(0.5 * THINK, 1.5 * THINK))

    def get(self, path: str, *, htmx: bool = False) -> str:
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"} if htmx else {}
        answer = self.browser.get(f"{self.base}{path}", headers=headers, timeout=60)
        return self.judged("GET", path, answer)

    def judged(self, verb: str, path: str, answer: requests.Response) -> str:
        what = f"{verb} {re.sub('[0-9]+', 'N', path.partition('?')[0])} {answer.status_code}"
        if answer.status_code in ANSWERS:
            self.told.refused[what] += 1
        elif not answer.ok:
            self.told.failed.append(f"{what}: {answer.text[:200]!r}")
        return answer.text

    def look(self) -> None:
        self.page = self.get(self.first)

    def narrow(self) -> None:
        self.page = self.get(f"{self.first}?{self.draw.choice(FILTERS)}", htmx=True)

    def open(self) -> None:
        links = re.findall(r'href="(/(?:workflows|workflow-tasks)/\d+/)[^"]*"', self.page)
        self.get(self.draw.choice(links) if links else self.first)

    def poll(self) -> None:
        status, _size = self.list.ask(self.port)
        if status >= 500:
            self.told.failed.append(f"poll of {self.first} {status}")

    def elsewhere(self) -> None:
        self.get(self.draw.choice(("/", "/people/", "/commands/", "/templates/")))

    def act(self) -> None:
        """End a workflow, where the role may: the dialog, and then what it asks for."""
        found = re.findall(r'href="/workflows/(\d+)/', self.page or self.get("/workflows/"))
        if not found:
            self.look()
            return
        path = f"/workflows/{self.draw.choice(found)}/termination/"
        dialog = self.get(path)
        token = TOKEN.search(dialog)
        if token is None or KEY.search(dialog) is None:
            return
        seen = SEEN.search(dialog)
        form = {"key": str(uuid.uuid4()), "reason": "It hangs.", "seen": seen[1] if seen else ""}
        answer = self.browser.post(
            f"{self.base}{path}",
            data={**form, "csrfmiddlewaretoken": token[1]},
            headers={"Cookie": f"{self.cookie}; {settings.CSRF_COOKIE_NAME}={token[1]}"},
            timeout=60,
            allow_redirects=False,
        )
        self.judged("POST", path, answer)


KINDS: dict[str, tuple[int, Callable[[Person], None]]] = {
    "list": (25, Person.look),
    "filter": (15, Person.narrow),
    "page": (25, Person.open),
    "poll": (20, Person.poll),
    "elsewhere": (10, Person.elsewhere),
    "command": (5, Person.act),
}


def measured() -> list[Line]:
    told = Told()
    with (
        running_sandbox(scenario="demo", workflows=WORKFLOWS, limits="real") as sandbox,
        ExitStack() as stack,
    ):
        portal = connected(sandbox.webhook_url)
        own = administrator()
        for name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES, *FeedName):
            syncing.sync(Feed.objects.get(portal=portal, name=name).pk, worker="benchmark")
        staff = hired(portal, own)
        folder = Path(settings.VAR_DIR) / "logs"
        env = {**environment(), "BENCHMARK_DATABASE_URL": database_url()}
        processes = Processes(env=env, logs=folder)
        stack.callback(processes.stop)
        for name, command in workers(str(Path(sys.executable).parent / "celery")).items():
            processes.start(name, command)
        port = stack.enter_context(web_process(log=folder / "web.log"))
        until = time.monotonic() + 60
        while Worker.objects.alive().count() < 2 and time.monotonic() < until:
            time.sleep(0.5)
        over = time.monotonic() + SECONDS
        at_work = [
            Person(account, role, port, told, seed) for seed, (account, role) in enumerate(staff)
        ]
        threads = [threading.Thread(target=one.work, kwargs={"until": over}) for one in at_work]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        tell(told, folder)
        runs = SyncRun.objects.filter(feed__portal=portal).count()
    taken = [one for kind in told.taken.values() for one in kind]
    p95 = percentile(taken, 0.95)
    return [
        Line(
            what=f"{PEOPLE} people, {len(taken)} clicks in {SECONDS:.0f} s, p95",
            figure=f"{p95:.2f} s (median {percentile(taken, 0.5):.2f} s)",
            target=f"< {MOST:g} s" if connection.vendor == "postgresql" else "",
            is_met=p95 < MOST if connection.vendor == "postgresql" else None,
        ),
        Line(
            what="failed, commands, readings of the portal",
            figure=f"{len(told.failed)}, {Command.objects.count()}, {runs}; "
            f"load {os.getloadavg()[0]:.1f}",
            target="0 failed",
            is_met=not told.failed,
        ),
    ]


def hired(portal: Portal, own: Account) -> list[tuple[Account, Role]]:
    """Return fifty accounts of all roles; each participant stands for somebody with tasks."""
    groups = {group.name: group for group in Group.objects.all()}
    with_tasks = iter(
        Assignment.objects.filter(task__portal=portal, task__is_open=True)
        .order_by("person")
        .values_list("person", flat=True)
        .distinct()
    )
    staff = []
    for number in range(PEOPLE):
        role = ROLES[number % len(ROLES)]
        account = Account.objects.create(username=f"person-{number}")
        account.groups.add(groups[role.value])
        if role == Role.PARTICIPANT:
            LinkedPerson.objects.create(user=account, portal=portal, person_id=next(with_tasks))
        staff.append((account, role))
    return staff


def tell(told: Told, folder: Path) -> None:
    """Print what was clicked, what was refused, and what failed with its causes."""
    print()
    for kind, taken in told.taken.items():
        median, p95 = percentile(taken, 0.5), percentile(taken, 0.95)
        print(f"  {len(taken):4} x {kind:<10} median {median:.2f} s, p95 {p95:.2f} s")
    print(f"  refused: {dict(told.refused)}")
    for one in told.failed:
        print(f"  FAILED {one}")
    for path in sorted(folder.glob("*.log")):
        lines = path.read_text().splitlines()
        causes = Counter(
            re.sub(r"^[\d:, -]+|\d+", "", line)[:160] for line in lines if is_cause(line)
        )
        for line, count in causes.most_common(12):
            print(f"  {path.name}: {count} x {line}")


def is_cause(line: str) -> bool:
    return bool(re.match(r"\S*(?:Error|Exception)\b|.* (?:ERROR|CRITICAL) ", line))
