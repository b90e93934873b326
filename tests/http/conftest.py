"""Workflows that are on the portal and in the mirror, and the jobs that a commit rings for."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, TestCase
from django.test.utils import instrumented_test_render
from django.urls import reverse
from template_partials.templatetags.partials import TemplateProxy

from bizproc_admin import bitrix, commands, syncing
from bizproc_admin.access import accounts, portal_sign_in, roles
from bizproc_admin.models import (
    Account,
    ApplicationStep,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    PersonToken,
    Portal,
    Role,
    SyncRun,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.portals import connections, tokens
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from sandbox.scenarios.templates import delay, sequence
from tests import canary, language, tables
from tests.conftest import account
from tests.http import gateways, participations, waiting
from tests.http.copies import Copies
from tests.http.waiting import Application

# what tests call themselves as a request or a job would
WRITERS = (accounts, commands, connections, portal_sign_in, roles, syncing, tokens)
ORDER = (
    FeedName.PEOPLE,
    FeedName.WORKFLOW_TEMPLATES,
    FeedName.WORKFLOWS,
    FeedName.WORKFLOW_TASKS,
)


@pytest.fixture
def committing() -> Callable[[], AbstractContextManager[object]]:
    """Within it, what was committed rings its jobs, which run at once."""
    return lambda: TestCase.captureOnCommitCallbacks(execute=True)


@pytest.fixture(scope="session")
def copies() -> Copies:
    return Copies()


@pytest.fixture
def sandbox(sandbox: Sandbox, copies: Copies) -> Sandbox:
    """The portal as of one moment for all tests of some seconds, so that they hold the same."""
    with sandbox.portal.at(copies.moment_of_reset()):
        sandbox.reset()
    return sandbox


@pytest.fixture
def sync(portal: Portal, sandbox: Sandbox, copies: Copies) -> Callable[[], None]:
    """Copy every feed of the portal, whole."""

    def run() -> None:
        for name in ORDER:
            feed = Feed.objects.get(portal=portal, name=name)
            Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=None)
            syncing.sync(feed.pk, worker="test")
            run = SyncRun.objects.filter(feed=feed).latest_first().first()
            assert run is not None
            assert (run.state, run.error_code) == (SyncRun.State.COMPLETE, "")

    return lambda: copies.bring(portal, sandbox, run)


@pytest.fixture
def workflow(
    portal: Portal, sandbox: Sandbox, copies: Copies, sync: Callable[[], None]
) -> Workflow:
    """One running workflow with an open workflow task, known on both sides."""
    with sandbox.portal.at(copies.moment):
        remote_id = sandbox.start_workflow(
            document_id=["crm", "CCrmDocumentDeal", "DEAL_777"], document_name="Поставка насосов"
        )
    sync()
    sandbox.clear_calls()
    return Workflow.objects.get(remote_id=remote_id)


@pytest.fixture(autouse=True)
def partials_tell_their_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give an answer that is a partial its context, as Django does for whole templates."""
    monkeypatch.setattr(TemplateProxy, "_render", instrumented_test_render)


@pytest.fixture(autouse=True)
def nothing_wrong_is_stored(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Whatever the test does, no row holds a message of the program afterwards.

    And the table of who takes part in what says what the rows say that it follows from.
    """
    tables.forget()
    language.install()
    monkeypatch.setattr("django.test.client.ClientHandler", language.SpeakingHandler)
    for module in WRITERS:
        for name in language.functions_of(module):
            monkeypatch.setattr(module, name, language.within(getattr(module, name)))
    uses_database = {"db", "live_db", "transactional_db"} & set(request.fixturenames)
    if uses_database:
        # asked for first, so that it is still there when this looks
        request.getfixturevalue("live_db" if "live_db" in uses_database else "db")
    yield
    language.uninstall()
    if uses_database:
        assert language.stored(tables.at_the_end()) == []
        # it decides who sees what
        assert participations.wrong(tables.at_the_end()) == set()


@pytest.fixture(autouse=True)
def no_secret_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """No secret of a test is in its answers, logs, database or the broker's folder afterwards."""
    canary.answers.clear()
    canary.also.clear()
    log = canary.Log()
    root = logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    uses_sandbox = "sandbox" in request.fixturenames
    if uses_sandbox:
        # asked for first, so that they are still there when this looks
        database = "live_db" if "live_db" in request.fixturenames else "db"
        request.getfixturevalue(database)
        request.getfixturevalue("sandbox")
    yield
    root.removeHandler(log)
    root.setLevel(level)
    if not uses_sandbox:
        return
    places = {
        "an answer": b"\n".join(canary.answers),
        "the log": "\n".join(log.lines).encode(),
        "the database": canary.database(tables.at_the_end()),
        "the broker's folder": canary.folder(Path(settings.VAR_DIR)),
    }
    secrets = canary.secrets_of(request.getfixturevalue("the_sandbox"))
    assert canary.found(secrets, places) == []


@pytest.fixture
def door(portal: Portal, sandbox: Sandbox) -> Portal:
    """The portal with its application: people can sign in through it."""
    told = sandbox.oauth
    sandbox.change_application(redirect_uri="http://testserver/sign-in/bitrix24/callback/")
    portal.client_id = told["client_id"]
    portal.client_secret = Secret(told["client_secret"])
    portal.token_url = told["token_url"]
    portal.member_id = told["member_id"]
    portal.save()
    return portal


@pytest.fixture
def comes_in(door: Portal, sandbox: Sandbox) -> Callable[..., HttpResponse]:
    """Let a person of the portal sign in with a browser; `changes` alter what comes back."""

    def come(client: Client, user_id: int, **changes: object) -> HttpResponse:
        begun = client.post(reverse("bitrix24_login", args=[door.pk]))
        state = parse_qs(urlsplit(begun.url).query)["state"][0]
        answer = {
            "code": sandbox.oauth_code(user_id),
            "state": state,
            "domain": door.host,
            "member_id": sandbox.oauth["member_id"],
            "scope": "bizproc,user,department",
            "server_domain": "oauth.bitrix.info",
        }
        return client.get(reverse("bitrix24_callback"), {**answer, **changes})

    return come


@pytest.fixture
def gives_token(door: Portal, sandbox: Sandbox) -> Callable[[Person], PersonToken]:
    """Let a person have signed in through the portal: their tokens are here."""

    def give(person: Person) -> PersonToken:
        told = sandbox.tokens_for(person.remote_id)
        tokens.keep(person, bitrix.TokenPair.from_api(told))
        return PersonToken.objects.get(person=person)

    return give


@pytest.fixture
def gateway(
    as_: Callable[..., Client],
    administrator: Account,
    sandbox: Sandbox,
    committing: Callable[[], AbstractContextManager[object]],
) -> Portal:
    """A portal that is reached through the gateway by a personal key."""
    with committing():
        gateways.connect(as_(administrator), sandbox, sandbox.gateway_key)
    return Portal.objects.get()


@pytest.fixture
def task(workflow: Workflow) -> WorkflowTask:
    """The open workflow task of the workflow: an approval that waits for the employee."""
    return workflow.tasks.get()


@pytest.fixture
def approver(
    task: WorkflowTask, door: Portal, gives_token: Callable[[Person], PersonToken]
) -> Account:
    """The employee whom the task waits for, signed in through the portal once."""
    person = task.assignments.get().person
    made = account("olga", "Olga Petrova", Role.PARTICIPANT)
    LinkedPerson.objects.create(user=made, portal=door, person=person)
    gives_token(person)
    return made


@pytest.fixture
def template_id(sandbox: Sandbox) -> int:
    """A template whose workflows wait for days and ask nobody."""
    return int(sandbox.add_template("Waits", structure=sequence(delay(amount=9))))


@pytest.fixture(scope="session")
def listening() -> Iterator[Application]:
    with Application() as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def app(listening: Application) -> Application:
    """An application that the portal calls; nothing of an earlier test is there."""
    listening.calls = queue.Queue()
    return listening


@pytest.fixture
def step(
    door: Portal, sandbox: Sandbox, app: Application, sync: Callable[[], None]
) -> ApplicationStep:
    """A step that called a minute ago and waits, of a workflow that is known."""
    kind, given = waiting.register(sandbox, app)
    number = waiting.template(sandbox, kind)
    sandbox.advance(5)
    waiting.workflow_of(sandbox, number)
    call = app.next()
    sync()
    sandbox.advance(60)
    sandbox.clear_calls()
    return waiting.kept(door, call, definition=given)
