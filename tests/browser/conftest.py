"""A real browser before the real program: a small company on the portal, copied into the mirror."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from bizproc_admin import bitrix, heartbeats, syncing
from bizproc_admin.models import (
    Account,
    Assignment,
    Command,
    CommandState,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    Portal,
    Role,
    Workflow,
    WorkflowTask,
    workflow_tasks,
)
from bizproc_admin.portals import tokens
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from tests.conftest import account

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LIST = "/workflow-tasks/"

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# milliseconds; generous, because a loaded machine is no fault of the program
PATIENCE = 15_000
ORDER = (
    FeedName.PEOPLE,
    FeedName.WORKFLOW_TEMPLATES,
    FeedName.WORKFLOWS,
    FeedName.WORKFLOW_TASKS,
)


@pytest.fixture(scope="session")
def base_url() -> str:
    """Stand in for the plugin's own, which pytest warns of; the address is the live server's."""
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium of this machine, or Playwright's own where there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    return {**browser_type_launch_args, "executable_path": found, "args": list(FLAGS)}


@pytest.fixture
def collected(settings: Any, context: BrowserContext, tmp_path: Path) -> Path:
    """Static files as they are collected for production, served under their hashed names."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "bizproc_admin.static_files.HashedStaticFilesStorage"},
    }
    call_command("collectstatic", "--noinput", "--verbosity", "0")
    context.route(
        f"**{settings.STATIC_URL}**",
        lambda route: route.fulfill(path=tmp_path / route.request.url.split("/static/")[1]),
    )
    return tmp_path


@pytest.fixture
def company(live_db: None, sandbox: Sandbox, portal: Portal) -> Portal:
    """A portal with a hundred running workflows, all copied, and both workers alive."""
    sandbox.load("demo", workflows=100, seed=5)
    copy(portal)
    for queue in heartbeats.QUEUES:
        heartbeats.Worker.objects.create(
            name=f"{queue}-1", queue=queue, started_at=portal.now(), seen_at=portal.now()
        )
    sandbox.clear_calls()
    return portal


def copy(portal: Portal) -> None:
    for name in ORDER:
        feed = Feed.objects.get(portal=portal, name=name)
        Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=None)
        syncing.sync(feed.pk, worker="test")


@pytest.fixture
def waiting(company: Portal) -> Workflow:
    """A workflow that waits for somebody."""
    found = Workflow.objects.running().filter(open_tasks__gt=0, owned_until=None).first()
    assert found is not None
    return found


def refused(workflow: Workflow, actor: Account) -> Command:
    """Let the portal have refused that somebody terminates a workflow."""
    return Command.objects.create(
        key=uuid.uuid4(),
        portal=workflow.portal,
        action="workflow.terminate",
        effect="end",
        target_kind="workflow",
        target_id=workflow.remote_id,
        target_label=str(workflow),
        workflow=workflow,
        reason="Because",
        actor=actor,
        actor_name=actor.get_full_name(),
        actor_role="portal administrator",
        state=CommandState.REJECTED,
        error_text="The portal refused.",
        settled_at=workflow.portal.now(),
    )


@pytest.fixture
def enter(live_server: Any, context: BrowserContext) -> Callable[[Account], str]:
    """Sign an account in without the form; gives the address of the program."""

    def signed_in(account: Account) -> str:
        client = Client()
        client.force_login(account)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
        context.add_cookies([cookie])
        return str(live_server.url)

    return signed_in


@pytest.fixture(autouse=True)
def nothing_is_complained_of(page: Page) -> Iterator[None]:
    """The browser says nothing against a page: no broken script, no breach of the policy."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # a 409 or 422, or a network that is cut, which a test provokes
        known = ("status of 4", "Code 4", "net::ERR_", "htmx:afterRequest", "htmx:send")
        expected = any(text in message.text for text in known)
        if message.type in ("error", "warning") and not expected:
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield
    assert said == []


# what axe leaves out unless it is asked for: WCAG 2.2's targets of 24 px
EVERY_RULE = {"rules": {"target-size": {"enabled": True}}}
# what goes round for ever is never over
STANDS_STILL = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => null)))"""


def faults_of(page: Page, rules: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """Return what axe finds at a page that stands still: the rule, and the first of what breaks it.

    What fades in has less contrast until it is there.
    """
    page.evaluate(STANDS_STILL)
    found = Axe().run(page, options=rules or EVERY_RULE).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found]


@pytest.fixture
def door(company: Portal, sandbox: Sandbox, live_server: Any) -> Portal:
    """The portal's application leads back to this very server; its administrator has signed in."""
    told = sandbox.oauth
    sandbox.change_application(redirect_uri=f"{live_server.url}/sign-in/bitrix24/callback/")
    company.client_id, company.token_url = told["client_id"], told["token_url"]
    company.client_secret, company.member_id = Secret(told["client_secret"]), told["member_id"]
    company.admits_everybody = True
    company.save()
    return company


@pytest.fixture
def come_in(page: Page, live_server: Any, door: Portal) -> Callable[..., str]:
    """Sign in through the portal as a person does, by its own form; gives the address."""

    def come(login: str, onward: str = "/") -> str:
        page.goto(f"{live_server.url}{onward}")
        page.get_by_role("button", name="Sign in with Bitrix24").click()
        page.locator("[name=USER_LOGIN]").fill(login)
        page.locator("[name=USER_PASSWORD]").fill("sandbox")
        page.locator("form button").click()
        page.wait_for_url(f"{live_server.url}{onward}*")
        return str(live_server.url)

    return come


@pytest.fixture
def person(company: Portal) -> Person:
    """Whoever has most to answer."""
    working = Assignment.objects.waiting().filter(person__is_active=True)
    waiting = working.values("person").annotate(n=Count("pk")).order_by("-n")
    return Person.objects.get(pk=waiting[0]["person"])


@pytest.fixture
def olga(company: Portal, sandbox: Sandbox, person: Person) -> Account:
    """Their account, with a token to act by."""
    made = account("olga", str(person), Role.PARTICIPANT)
    LinkedPerson.objects.create(user=made, portal=company, person=person)
    tokens.keep(person, bitrix.TokenPair.from_api(sandbox.tokens_for(person.remote_id)))
    return made


@pytest.fixture
def chief(company: Portal) -> Account:
    return account("chief", "Robin Berg", Role.PORTAL_ADMINISTRATOR)


@pytest.fixture
def tasks(person: Person, monkeypatch: pytest.MonkeyPatch) -> list[WorkflowTask]:
    """Three approvals of theirs, by deadline; the last one needs a comment to be rejected.

    The portal calls them otherwise: they stay fresh, so that no page has them read again.
    """
    monkeypatch.setattr(workflow_tasks, "FRESH_FOR", timedelta(hours=1))
    mine = list(WorkflowTask.objects.waiting_for([person.pk]).order_by("pk"))
    others = [task.pk for task in mine[3:]]
    Assignment.objects.filter(task__in=others, person=person).update(status=1)
    for number, task in enumerate(mine[:3]):
        WorkflowTask.objects.filter(pk=task.pk).update(
            overdue_at=timezone.now() + timedelta(hours=number - 1), activity="ApproveActivity",
            name=f"Approve {number}",
            parameters={"StatusYesLabel": "Yes", "StatusNoLabel": "No",
                        "CommentRequired": "YR" if number == 2 else "N"},
        )  # fmt: skip
    return list(WorkflowTask.objects.filter(pk__in=[task.pk for task in mine[:3]]).order_by("pk"))


@pytest.fixture
def slowly(settings: Any) -> None:
    settings.UNDO_TIME = 60
