"""Every page of every role over a million workflows, against itself over 100,000.

PostgreSQL alone: SQLite is for fewer. An auditor's pages are among the administrator's.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import reverse

from benchmarks import million_rows
from benchmarks.measuring import Line
from benchmarks.portals import connected
from bizproc_admin.models import Account, Portal, Role, WorkflowTask

SMALL, LARGE = 100_000, 1_000_000
MOST = 1.5
TIMES = 7

OVERVIEW = [("overview", "")]
WORKFLOWS = [
    ("workflow_list", ""),
    ("workflow_list", "?page=50"),
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
    ("workflow_pulse", ""),
    ("workflow_pulse", "?upto=90000"),
    *(("workflow_choices", chip) for chip in
      ("template", "kind", "starter", "waiting", "condition", "age", "idle")),
    ("workflow_detail", "WORKFLOW"),
]  # fmt: skip
TASKS = [
    *(("workflow_task_list", f"?whose={{whose}}{more}") for more in (
        "", "&page=10", "&sort=-deadline", "&sort=waiting", "&sort=name", "&sort=template",
        "&sort=-starter", "&condition=overdue", "&condition=none", "&template=7", "&starter=150",
        "&assignee=150", "&q=77777", "&q=koroleva", "&q=nothing-has-this",
    )),
    ("workflow_task_pulse", "?whose={whose}"),
    *(("workflow_task_choices", chip + "?whose={whose}") for chip in
      ("template", "assignee", "kind", "condition", "starter")),
    ("workflow_task_detail", "TASK"),
]  # fmt: skip
TEMPLATES = [
    ("workflow_template_list", ""),
    ("workflow_template_list", "?sort=-running"),
    ("workflow_template_detail", "7"),
]
PEOPLE = [
    ("person_list", ""),
    *(("person_list", f"?sort=-{sort}") for sort in ("open", "overdue", "running", "seen")),
    ("person_list", "?load=overdue"),
    ("person_list", "?state=dismissed"),
    ("person_list", "?q=koroleva"),
    ("person_detail", "150"),
]
OTHERS = [("operation_list", ""), ("own_account", "")]
OF_ALL = [
    ("command_list", ""),
    ("command_list", "?state=refused"),
    ("command_list", "?template=7"),
    ("command_list", "?q=deal_77777"),
    ("command_list", "?time=30d"),
    ("command_choices", "person"),
    ("command_choices", "template"),
    ("command_detail", "50"),
    ("audit_entry_list", ""),
    ("audit_entry_list", "?person=anna"),
    ("audit_entry_list", "?kind=outcome&outcome=confirmed"),
    ("audit_entry_list", "?since=2020-01-01"),
    ("audit_entry_list", "?target=77775"),
    ("audit_entry_list", "?operation=each"),
    ("audit_entry_detail", "50"),
    ("application_step_list", ""),
    ("hand_over_list", ""),
    ("account_list", ""),
    ("portal_list", ""),
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


def measured() -> list[Line]:
    """Give each page's time over both sizes, and their ratio."""
    portal = connected("https://northwind.example/rest/1/abcdefghijklmnop/")
    accounts = million_rows.people(portal)
    actor = accounts[Role.PORTAL_ADMINISTRATOR]
    million_rows.fill(portal, actor, first=1, last=SMALL)
    with larger() as database:
        sizes = [Size(database=connections["default"]), Size(database=database)]
        sizes[1].use()
        million_rows.fill(portal, actor, first=SMALL + 1, last=LARGE)
        try:
            return list(lines_of(sizes, portal, accounts))
        finally:
            sizes[0].use()


@contextmanager
def larger() -> Iterator[BaseDatabaseWrapper]:
    """Give a connection to a copy of the database, until the block ends."""
    name = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}_large"')
        cursor.execute(f'CREATE DATABASE "{name}_large" TEMPLATE "{name}"')
        database = connected_to(f"{name}_large")
        try:
            yield database
        finally:
            database.close()
            cursor.execute(f'DROP DATABASE "{name}_large" WITH (FORCE)')


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
            url = address(name, more.format(whose=whose), workflow=workflow, task=task)
            small, large = times_of(url, sizes, role)
            ratio = large / small
            yield Line(
                what=f"{role.value}: {url}",
                figure=f"{small:.0f} ms, {large:.0f} ms = {ratio:.2f}",
                target=f"<= {MOST:.1f}",
                is_met=ratio <= MOST,
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


def times_of(url: str, sizes: list[Size], role: Role) -> list[float]:
    """Give the fewest milliseconds of an address in each size: what else runs only adds to them.

    They take turns. What is kept for half a minute is worked out by the first request, which is
    not counted.
    """
    taken: list[list[float]] = [[] for _ in sizes]
    for turn in range(TIMES + 1):
        for number, (size, own) in enumerate(zip(sizes, taken, strict=True), 1):
            size.use()
            cache.version = number
            began = time.perf_counter()
            response = size.browsers[role].get(url, headers={"X-Revision": ""})
            if turn:
                own.append((time.perf_counter() - began) * 1000)
            assert response.status_code == 200, (url, response.status_code, response.headers)
    return [min(own) for own in taken]
