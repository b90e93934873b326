"""A real browser before the real program: a small company on the portal, copied into the mirror."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from bizproc_admin import heartbeats, syncing
from bizproc_admin.models import Account, Feed, FeedName, Portal, Workflow
from bizproc_admin.sandbox import Sandbox
from bizproc_admin.secrets import Secret

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
        expected = "status of 4" in message.text  # a 409 or 422 that a test provokes
        if message.type in ("error", "warning") and not expected:
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield
    assert said == []


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
