"""A crowd before one portal: 200 open tabs, one who posts without end, a mass action, and clicks.

Real workers, the portal's real limits. What is measured is how long a click takes until a reading
of the portal has confirmed it, alternately by itself and beside a portal that never answers: what
grows with time, and what else the machine does, falls on both.
"""

import os
import random
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.measuring import Line, percentile
from benchmarks.portals import administrator, connected, running_sandbox
from bizproc_admin import commands, syncing
from bizproc_admin.actions import TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Account,
    Command,
    CommandState,
    Feed,
    FeedName,
    LinkedPerson,
    Portal,
    Role,
    Worker,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.models.commands import BULK
from scripts.processes import Processes, workers

SECONDS = float(os.environ.get("SECONDS", "180"))
ROUNDS = 2
TABS, CLICKS, INTENTS = 200, 20, int(os.environ.get("INTENTS", "10000"))
MOST = 3.0
BESIDE_A_DEAD_ONE = 1.5
TAB_EVERY = 20.0
FEEDS = (FeedName.WORKFLOWS, FeedName.WORKFLOW_TASKS)


@dataclass
class Crowd:
    """What a run saw: seconds until each click was confirmed, and how much was asked."""

    clicks: list[float] = field(default_factory=list)
    open_clicks: int = 0
    posts: int = 0
    done_of_bulk: int = 0
    requests: int = 0
    oldest: float = 0.0
    failing: int = 0

    def add(self, other: "Crowd") -> None:
        """Take in what another run of the same kind saw."""
        self.clicks += other.clicks
        self.open_clicks += other.open_clicks
        self.posts += other.posts
        self.done_of_bulk += other.done_of_bulk
        self.requests += other.requests
        self.oldest = max(self.oldest, other.oldest)
        self.failing += other.failing


def measured() -> list[Line]:
    with running_sandbox(
        workflows=INTENTS + TABS + CLICKS * 2 * ROUNDS + 100, limits="real"
    ) as sandbox:
        portal = connected(sandbox.webhook_url)
        who = administrator()
        for name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES, *FEEDS):
            syncing.sync(Feed.objects.get(portal=portal, name=name).pk, worker="benchmark")
        rows = list(Workflow.objects.filter(portal=portal).order_by("?"))
        intend(portal, who, rows[:INTENTS])
        others = rows[INTENTS:]
        alone, beside = Crowd(), Crowd()
        for _ in range(ROUNDS):
            time.sleep(30)  # the portal's bucket is empty again
            sandbox.control("clear-calls")
            one = run(portal, who, still_running(others)[: TABS + CLICKS])
            one.requests = sandbox.http_requests()
            alone.add(one)
            time.sleep(30)
            with a_dead_portal(who):
                beside.add(run(portal, who, still_running(others)[: TABS + CLICKS]))
    p95, worse = percentile(alone.clicks, 0.95), percentile(beside.clicks, 0.95)
    # what the portal itself would have admitted: 2 a second and its bucket of 50
    allowed = 2 * SECONDS + 50 * ROUNDS
    late_after = 3 * settings.SYNC_INCREMENTAL
    return [
        Line(
            what=f"{len(alone.clicks)} clicks confirmed, p95",
            figure=f"{p95:.2f} s (median {percentile(alone.clicks, 0.5):.2f} s)",
            target=f"< {MOST:g} s",
            is_met=not alone.open_clicks and p95 < MOST,
        ),
        Line(
            what="feeds: oldest reading, failing",
            figure=f"{alone.oldest:.0f} s, {alone.failing}",
            target=f"< {late_after:.0f} s, 0",
            is_met=alone.oldest < late_after and not alone.failing,
        ),
        Line(
            what=f"requests of {allowed:.0f} the portal admits",
            figure=f"{alone.requests}, {alone.done_of_bulk} of the mass action done, "
            f"{alone.posts} posts",
        ),
        Line(
            what="the same beside a dead portal, p95",
            figure=f"{worse:.2f} s ({worse / p95:.2f}x)",
            target=f"<= {BESIDE_A_DEAD_ONE}x",
            is_met=not beside.open_clicks and worse <= BESIDE_A_DEAD_ONE * p95,
        ),
    ]


def still_running(rows: list[Workflow]) -> list[Workflow]:
    """Give those of the workflows that no run has ended meanwhile."""
    return list(Workflow.objects.running().filter(pk__in=[row.pk for row in rows]))


def intend(portal: Portal, who: Account, rows: list[Workflow]) -> None:
    """Let a mass action wait: intents that nobody has taken up yet."""
    Command.objects.bulk_create(
        [
            Command(
                key=uuid.uuid4(),
                digest="",
                portal=portal,
                action=TerminateWorkflow.name,
                effect="end",
                target_kind="workflow",
                target_id=row.remote_id,
                target_label=str(row.pk),
                workflow=row,
                inputs={"status": ""},
                reason="All of them.",
                actor=who,
                actor_name=who.username,
                actor_role=Role.PORTAL_ADMINISTRATOR.value,
                origin=BULK,
            )
            for row in rows
        ],
        batch_size=500,
    )


def run(portal: Portal, who: Account, rows: list[Workflow]) -> Crowd:
    """Let the crowd at the portal for a while, and click now and then."""
    crowd, over = Crowd(), threading.Event()
    before = Command.objects.filter(origin=BULK, state=CommandState.CONFIRMED).count()
    with ExitStack() as stack:
        processes = Processes(env=environment(), logs=Path(settings.VAR_DIR) / "logs")
        stack.callback(processes.stop)
        for name, command in workers(str(Path(sys.executable).parent / "celery")).items():
            processes.start(name, command)
        until = time.monotonic() + 60
        while Worker.objects.alive().count() < 2 and time.monotonic() < until:
            time.sleep(0.5)
        time.sleep(5)
        tabs = [threading.Thread(target=look, args=[who, rows[CLICKS:], over, crowd])]
        tabs.append(threading.Thread(target=harass, args=[portal, over, crowd]))
        for one in tabs:
            one.start()
        for one in tabs:
            stack.callback(one.join)
        stack.callback(over.set)
        click(who, rows[:CLICKS], crowd)
        feeds = Feed.objects.filter(portal=portal, name__in=FEEDS)
        ages = [timezone.now() - feed.fresh_at for feed in feeds if feed.fresh_at]
        crowd.oldest = max(age.total_seconds() for age in ages)
        crowd.failing = feeds.exclude(failing_since=None).count()
    done = Command.objects.filter(origin=BULK, state=CommandState.CONFIRMED).count()
    crowd.done_of_bulk = done - before
    return crowd


def click(who: Account, rows: list[Workflow], crowd: Crowd) -> None:
    """Ask for one thing every few seconds, and wait until each is confirmed.

    How long that took is what the database says: this process has a hundred other things to do.
    """
    waiting: set[int] = set()
    seconds = SECONDS / ROUNDS
    began = time.monotonic()
    todo = list(rows)
    while time.monotonic() - began < seconds:
        if todo and time.monotonic() - began > (CLICKS - len(todo)) * (seconds - 15) / CLICKS:
            action = TerminateWorkflow(workflow=todo.pop(), reason="It hangs.")
            made = commands.issue(action, by=By(account=who), key=uuid.uuid4())
            waiting.add(made.pk)
        confirmed = Command.objects.filter(pk__in=waiting, state=CommandState.CONFIRMED)
        for pk, asked, settled in confirmed.values_list("pk", "requested_at", "settled_at"):
            if settled is not None:
                crowd.clicks.append((settled - asked).total_seconds())
                waiting.remove(pk)
        time.sleep(0.2)
    crowd.open_clicks = len(waiting)


def look(who: Account, rows: list[Workflow], over: threading.Event, crowd: Crowd) -> None:
    """Be 200 open tabs of many people: each says every 20 s that it is open."""
    clients = []
    for number in range(20):
        one, _ = Account.objects.get_or_create(username=f"tab-{number}")
        one.groups.set(who.groups.all())
        client = Client()
        client.force_login(one)
        clients.append(client)
    open_pages = [(clients[place % 20], row.pk) for place, row in enumerate(rows[:TABS])]
    while not over.is_set():
        for client, pk in open_pages:
            client.post(reverse("workflow_reading", args=[pk]), headers={"HX-Request": "true"})
            crowd.posts += 1
            if over.wait(TAB_EVERY / len(open_pages)):
                break
    close_old_connections()


def harass(portal: Portal, over: threading.Event, crowd: Crowd) -> None:
    """Be one participant who posts for readings without end."""
    person = WorkflowTask.objects.open().filter(portal=portal).first()
    one, _ = Account.objects.get_or_create(username="hostile")
    one.groups.set(Group.objects.filter(name=Role.PARTICIPANT.value))
    if person is not None:
        part = person.assignments.first()
        if part is not None:
            LinkedPerson.objects.get_or_create(
                user=one, portal=portal, defaults={"person": part.person}
            )
    client = Client()
    client.force_login(one)
    mine = list(Workflow.objects.visible_to(one).values_list("pk", flat=True)[:200]) or [0]
    while not over.is_set():
        pk = random.choice(mine)  # no secret
        client.post(reverse("workflow_reading", args=[pk]), headers={"HX-Request": "true"})
        crowd.posts += 1
        over.wait(0.01)
    close_old_connections()


@contextmanager
def a_dead_portal(who: Account) -> Iterator[None]:
    """Be a portal that takes every call and never answers, with feeds and commands due."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as silent:
        port = silent.getsockname()[1]
        dead = connected(f"http://127.0.0.1:{port}/rest/1/abcdefgh12345678/")
        template = Workflow.objects.exclude(portal=dead).first()
        assert template is not None
        copies = [
            Workflow(
                portal=dead,
                remote_id=f"dead.{number}",
                template=template.template,
                document=template.document,
                started_at=timezone.now(),
                modified_at=timezone.now(),
                observed_at=timezone.now(),
            )
            for number in range(100)
        ]
        Workflow.objects.bulk_create(copies)
        intend(dead, who, list(Workflow.objects.filter(portal=dead)))
        Command.objects.filter(portal=dead).update(origin="screen")
        yield
    # nothing of it is due any more
    later = timezone.now() + timedelta(days=1)
    Portal.objects.filter(pk=dead.pk).update(is_connected=False)
    Feed.objects.filter(portal=dead).update(next_at=later)
    Command.objects.open().filter(portal=dead).update(next_check_at=later)


def environment() -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    }
