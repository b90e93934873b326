"""Every page of every role over a million workflows, against itself over 100,000.

PostgreSQL alone, and on this machine: what counts is the time that both processes work, which
others beside them do not change. SQLite is for fewer. An auditor's pages are among the
administrator's.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import reverse

from benchmarks import million_rows
from benchmarks.measuring import Line
from benchmarks.portals import connected
from bizproc_admin.lists.operation_filters import OperationFilterForm
from bizproc_admin.models import Account, Portal, Role, WorkflowTask
from bizproc_admin.syncing import count_figures

SMALL, LARGE = 100_000, 1_000_000
MOST = 1.5
# a page is asked for so many times, and no more than the least once that took long in all (ms)
LEAST, TIMES, ENOUGH = 2, 5, 1000
# what each row of a page, and each choice of a filter, begins with
ROWS = (b"<tr", b'class="choice"')
# filling both takes minutes: leave them for the next run, which migrates them
KEEP = bool(os.environ.get("BENCHMARK_KEEP"))
# only pages of which "role: address" holds this
ONLY = os.environ.get("BENCHMARK_ONLY", "")

OVERVIEW = [("overview", "")]
WORKFLOWS = [
    ("workflow_list", ""),
    ("workflow_list", "?page=10"),
    ("workflow_list", "?show=ended"),
    ("workflow_list", "?show=all"),
    *(("workflow_list", f"?sort={sort}") for sort in
      ("template", "-document", "state", "waiting", "starter", "started", "idle")),
    *(("workflow_list", f"?condition={condition}") for condition in
      ("waiting", "overdue", "locked", "no-task")),
    ("workflow_list", "?age=365d"),
    ("workflow_list", "?idle=30d"),
    ("workflow_list", "?template=7"),
    ("workflow_list", "?template=7&condition=overdue&sort=idle"),
    ("workflow_list", "?starter=150"),
    ("workflow_list", "?waiting=150"),
    ("workflow_list", "?q=deal_77777"),
    ("workflow_list", "?q=koroleva"),
    ("workflow_list", "?q=nothing-has-this"),
    ("workflow_list", "?q=deal_77777&show=all"),
    ("workflow_list", "?starter=system"),
    ("workflow_list", "?kind=deal"),
    ("workflow_list", "?page=30"),
    ("workflow_list", "?since=2025-01-01"),
    ("workflow_counts", ""),
    ("workflow_counts", "?show=all"),
    ("workflow_pulse", ""),
    ("workflow_pulse", "?upto=90000"),
    ("workflow_row", "WORKFLOW"),
    ("workflow_menu", "WORKFLOW"),
    ("workflow_course", "WORKFLOW"),
    ("workflow_choices", "template?find=order"),
    ("workflow_choices", "starter?find=koroleva"),
    ("workflow_choices", "waiting?find=koroleva"),
    ("workflow_choices", "template?show=all"),
    *(("workflow_choices", chip) for chip in
      ("template", "kind", "starter", "waiting", "condition", "age", "idle")),
    ("workflow_detail", "WORKFLOW"),
]  # fmt: skip
TASKS = [
    *(("workflow_task_list", f"?whose={{whose}}{more}") for more in (
        "", "&page=10", "&sort=-deadline", "&sort=waiting", "&sort=name", "&sort=template",
        "&sort=-starter", "&condition=overdue", "&condition=none", "&template=7", "&starter=150",
        "&assignee=150", "&kind=review", "&waits=7d", "&template=7&step=A7", "&q=77777",
        "&q=koroleva", "&q=nothing-has-this",
    )),
    ("workflow_task_counts", "?whose={whose}"),
    ("workflow_task_pulse", "?whose={whose}"),
    ("workflow_task_pulse", "?whose={whose}&upto=90000"),
    ("workflow_task_row", "TASK"),
    ("workflow_task_completion", "TASK"),
    ("workflow_task_delegation", "TASK"),
    ("person_search", "?purpose=delegation&for={task}&q=koroleva"),
    ("person_search", "?purpose=delegation&for={task}"),
    *(("workflow_task_choices", chip + "?whose={whose}") for chip in
      ("template", "assignee", "kind", "condition", "starter", "waits", "step")),
    ("workflow_task_choices", "assignee?whose={whose}&find=koroleva"),
    ("workflow_task_detail", "TASK"),
]  # fmt: skip
TEMPLATES = [
    ("workflow_template_list", ""),
    ("workflow_template_list", "?sort=-running"),
    ("workflow_template_list", "?q=order"),
    *(("workflow_template_choices", chip) for chip in ("kind", "start", "person")),
    ("workflow_template_detail", "7"),
    ("workflow_start", "?template=7"),
]
PEOPLE = [
    ("person_list", ""),
    *(("person_list", f"?sort=-{sort}") for sort in ("open", "overdue", "running", "seen")),
    ("person_list", "?load=overdue"),
    ("person_list", "?state=dismissed"),
    ("person_list", "?q=koroleva"),
    ("person_list", "?sort=name"),
    ("person_counts", ""),
    ("person_detail", "150"),
]
OTHERS = [
    ("operation_list", ""),
    ("operation_counts", ""),
    ("operation_pulse", ""),
    *(("operation_choices", chip) for chip in OperationFilterForm.CHIPS[:1]),
    ("saved_view_list", "workflow"),
    ("news_list", ""),
    ("frame", ""),
    ("own_account", ""),
]
OF_ALL = [
    ("command_list", ""),
    ("command_list", "?state=refused"),
    ("command_list", "?template=7"),
    ("command_list", "?q=deal_77777"),
    ("command_list", "?time=30d"),
    ("command_list", "?state=confirmed&time=1d"),
    ("command_list", "?page=100"),
    ("command_counts", ""),
    ("command_pulse", ""),
    *(("command_choices", chip) for chip in ("action", "person", "template", "operation", "time")),
    ("command_detail", "50"),
    ("operation_detail", "5"),
    ("operation_progress", "5"),
    ("operation_rows", "5"),
    ("audit_entry_list", ""),
    ("audit_entry_list", "?page=100"),
    ("audit_entry_list", "?person=anna"),
    ("audit_entry_list", "?person=nobody"),
    ("audit_entry_list", "?kind=sign_in"),
    ("audit_entry_list", "?action=workflow.kill"),
    ("audit_entry_list", "?outcome=refused"),
    ("audit_entry_list", "?outcome=requested"),
    ("audit_entry_list", "?operation=5"),
    ("audit_entry_counts", ""),
    ("audit_entry_steps", "50"),
    ("audit_entry_list", "?kind=outcome&outcome=confirmed"),
    ("audit_entry_list", "?since=2020-01-01"),
    ("audit_entry_list", "?target=77775"),
    ("audit_entry_list", "?operation=each"),
    ("audit_entry_detail", "50"),
    ("application_step_list", ""),
    ("workflow_termination", "WORKFLOW"),
    ("workflow_template_versions", "7"),
    ("hand_over_list", ""),
    ("hand_over", "150"),
    ("recipe_list", ""),
    ("recipe_creation", ""),
    ("application_action_list", ""),
    ("account_list", ""),
    ("account_detail", "1"),
    ("portal_list", ""),
    ("portal_detail", "1"),
    ("template_mention_list", "?q=step"),
]
ALL_PAGES = OVERVIEW + WORKFLOWS + TASKS + TEMPLATES + OTHERS
PAGES = {
    Role.PORTAL_ADMINISTRATOR: (ALL_PAGES + PEOPLE + OF_ALL, "everybody"),
    Role.MANAGER: (ALL_PAGES + PEOPLE, "team"),
    Role.PARTICIPANT: (ALL_PAGES[len(OVERVIEW) :], "mine"),
}


@dataclass(frozen=True, kw_only=True)
class Size:
    """One of the two databases: its connection, and a browser of each role."""

    database: BaseDatabaseWrapper
    browsers: dict[Role, Client] = field(default_factory=dict)

    def use(self) -> None:
        """Let the program work on this database from now on."""
        connections["default"] = self.database


class Unanswered(Exception):
    """A page is not shown: there is nothing to measure."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Milliseconds of a page: of the first request, and of one that finds what is kept of it."""

    first: float
    again: float
    rows: int


def measured() -> list[Line]:
    """Give each page's time over both sizes, and their ratio."""
    portal, accounts = small()
    name = f"{connection.settings_dict['NAME']}_large"
    sizes = [Size(database=connections["default"]), Size(database=connected_to(name))]
    try:
        large(sizes, portal, accounts[Role.PORTAL_ADMINISTRATOR])
        return list(lines_of(sizes, portal, accounts))
    finally:
        sizes[0].use()
        sizes[1].database.close()
        if not KEEP:
            drop(name)


def small() -> tuple[Portal, dict[Role, Account]]:
    """Fill the smaller database, or find what an earlier run has left in it."""
    if KEEP and (portal := Portal.objects.first()):
        count_figures()
        return portal, million_rows.accounts()
    portal = connected("https://northwind.example/rest/1/abcdefghijklmnop/")
    accounts = million_rows.people(portal)
    million_rows.fill(portal, accounts[Role.PORTAL_ADMINISTRATOR], first=1, last=SMALL)
    return portal, accounts


def large(sizes: list[Size], portal: Portal, actor: Account) -> None:
    """Copy the smaller database and add to it, or find what an earlier run has left."""
    name = sizes[1].database.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        is_there = cursor.fetchone() is not None
    if not (KEEP and is_there):
        connection.close()
        drop(name)
        with connection._nodb_cursor() as cursor:
            small = connection.settings_dict["NAME"]
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{small}"')
    sizes[1].use()
    if KEEP and is_there:
        call_command("migrate", verbosity=0)
        count_figures()
    else:
        million_rows.fill(portal, actor, first=SMALL + 1, last=LARGE)
    sizes[0].use()


def drop(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def connected_to(name: str) -> BaseDatabaseWrapper:
    made = connections.create_connection("default")
    made.settings_dict = {**made.settings_dict, "NAME": name}
    return made


def lines_of(sizes: list[Size], portal: Portal, accounts: dict[Role, Account]) -> Iterator[Line]:
    for size in sizes:
        size.use()
        for role, account in accounts.items():
            size.browsers[role] = Client()
            size.browsers[role].force_login(Account.objects.get(pk=account.pk))
    sizes[0].use()
    for role, (pages, whose) in PAGES.items():
        workflow, task = things_of(accounts[role])
        for name, more in pages:
            url = address(name, more.format(whose=whose, task=task), workflow=workflow, task=task)
            if ONLY not in f"{role.value}: {url}":
                continue
            what = f"{role.value}: {url}"
            try:
                line = line_of(what, *(fewest_of(size, role, url) for size in sizes))
            except Unanswered as error:
                line = Line(what=what, figure=str(error), is_met=False)
            print(line.what, line.figure, "MISSED" if line.is_met is False else "", file=sys.stderr)
            yield line


def line_of(what: str, small: Taken, large: Taken) -> Line:
    """Give what was taken of a page over both sizes; one that shows more rows is not judged."""
    first, again = large.first / small.first, large.again / small.again
    is_longer = large.rows > small.rows + 5
    return Line(
        what=what,
        figure=f"{small.first:.0f} / {small.again:.0f} ms, {large.first:.0f} / {large.again:.0f} ms"
        f" = {first:.2f} / {again:.2f}"
        + (f" ({small.rows}, {large.rows} rows)" if is_longer else ""),
        target="" if is_longer else f"<= {MOST:.1f}",
        is_met=None if is_longer else max(first, again) <= MOST,
    )


def things_of(account: Account) -> tuple[int, int]:
    """Give an open task that an account may see, and its workflow."""
    tasks = WorkflowTask.objects.open().visible_to(account).order_by("pk")
    task, workflow = tasks.values_list("pk", "workflow")[0]
    return workflow, task


def address(name: str, more: str, *, workflow: int, task: int) -> str:
    path, _mark, query = more.partition("?")
    keys = {"WORKFLOW": workflow, "TASK": task}
    given = [keys.get(path, path)] if path else []
    return reverse(name, args=given) + (f"?{query}" if query else "")


def fewest_of(size: Size, role: Role, url: str) -> Taken:
    """Give the fewest milliseconds of an address in one size: what else runs only adds to them."""
    size.use()
    with connection.cursor() as cursor:
        # a worker of its own would spend time that is not seen here
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute("SELECT pg_backend_pid()")
        spent = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    first: list[float] = []
    again: list[float] = []
    while len(first) < LEAST or (len(first) < TIMES and sum(first) < ENOUGH):
        cache.clear()
        for taken in (first, again):
            began = cpu(spent)
            response = size.browsers[role].get(url, headers={"X-Revision": ""})
            taken.append((cpu(spent) - began) * 1000)
            if response.status_code != 200:
                raise Unanswered(response.status_code)
    rows = sum(response.content.count(mark) for mark in ROWS)
    return Taken(first=min(first), again=min(again), rows=rows)


def cpu(spent: Path) -> float:
    """Give the seconds that this process and the database's for it have worked."""
    return time.process_time() + int(spent.read_text().split()[0]) / 1e9
