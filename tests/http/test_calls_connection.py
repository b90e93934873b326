"""The connection test: the portal calls the console with what only this test knows."""

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import bitrix, commands, receiving
from bizproc_admin.actions import CallsTest
from bizproc_admin.audit import By
from bizproc_admin.bitrix.pacing import SHARES
from bizproc_admin.management.commands import test_calls
from bizproc_admin.models import (
    ApplicationStep,
    AuditEntry,
    CallReceiver,
    Command,
    CommandState,
    LinkedPerson,
    PaceBucket,
    Person,
    StepState,
)
from bizproc_admin.portals import pacing
from sandbox.outgoing.credentials import application_token
from tests.http.calling import TOKEN, call_of, calls, proven_by
from tests.unit.bitrix.stub import FreePacer

pytestmark = pytest.mark.portable

ADMINISTRATOR = 1


@pytest.fixture
def hands(door, sandbox, administrator, gives_token, sync):
    """The administrator has signed in through the portal once; the console is public."""
    sync()
    person = Person.objects.get(portal=door, remote_id=ADMINISTRATOR)
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    return person


@pytest.fixture
def public(settings):
    """The console is reached at an address of this machine, where nothing listens."""
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    settings.PORTAL_HOSTS_ALLOWED = [*settings.PORTAL_HOSTS_ALLOWED, "127.0.0.1:9"]
    return settings


def asks_for_test(client, portal, key=None):
    address = reverse("portal_calls_test", args=[portal.pk])
    return client.post(address, {"key": key or uuid.uuid4()}, follow=True)


def told(sandbox) -> str:
    """Give the nonce that the portal was asked to bring back."""
    (query,) = (one["params"] for one in sandbox.calls("event.test"))
    return next(str(value) for name, value in query.items() if name.lower() == "nonce")


def brings(portal, nonce, **auth):
    """Call the console as the portal does when it is tested."""
    known = {"application_token": TOKEN, "member_id": portal.member_id}
    form = {
        "event": "ONAPPTEST",
        "data": {"QUERY": {"nonce": nonce}, "LANGUAGE_ID": "en"},
        "ts": str(int(time.time())),
        "auth": {**known, **auth},
    }
    return calls(portal, form)


def wait_until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)


def settled(portal) -> bool:
    """Let the worker look, as it does every few seconds, and tell whether it has an end."""
    commands.serve(portal.pk, worker="test")
    return not Command.objects.open().exists()


@pytest.mark.usefixtures("live_db")
def test_the_portals_own_queue_proves_itself_and_its_steps_are_believed_from_then_on(
    live_server, door, hands, sandbox, settings, as_, administrator, monkeypatch
):
    pause = time.sleep
    settings.PUBLIC_URL = live_server.url.replace("localhost", "127.0.0.1")
    settings.PORTAL_HOSTS_ALLOWED = [*settings.PORTAL_HOSTS_ALLOWED, "127.0.0.1:1"]
    calls(door, call_of("w.early", auth={"application_token": "guessed", "member_id": "x"}))
    page = asks_for_test(as_(administrator), door)
    assert page.status_code == 200
    wait_until(lambda: CallReceiver.objects.filter(learnt_at__isnull=False).exists())
    wait_until(lambda: settled(door))
    receiver = CallReceiver.objects.get()
    assert (receiver.client_id, receiver.nonce) == (door.client_id, "")
    assert receiver.token.reveal() == sandbox_token(sandbox)
    bound = [entry["applied"]["event"] for entry in sandbox.ledger()]
    assert sorted(bound) == [
        "ONAPPINSTALL", "ONAPPTEST", "ONAPPTEST", "ONAPPUNINSTALL", "ONAPPUPDATE",
    ]  # fmt: skip
    shown = as_(administrator).get(reverse("portal_detail", args=[door.pk])).content.decode()
    assert "Proven since" in shown
    assert receiver.token.reveal() not in shown
    command_line = StringIO()
    monkeypatch.setattr(test_calls.time, "sleep", lambda _seconds: settled(door) or pause(0.05))
    call_command("test_calls", "--wait", "15", stdout=command_line)
    assert f"/calls/{door.calls_id}/, and proves it" in command_line.getvalue()
    assert [one.state for one in Command.objects.all()] == [CommandState.CONFIRMED] * 2
    assert len(sandbox.ledger()) == 6
    connection.close()


def sandbox_token(sandbox) -> str:
    portal = sandbox.portal
    return application_token(portal, portal.applications[sandbox.oauth["client_id"]])


def no_permit(self, seconds, *, until, method):
    raise bitrix.PaceExceeded("no permit in time", method=method, retry_after=seconds)


@pytest.mark.usefixtures("public", "hands")
class TestOfTheNonce:
    def asked(self, as_, administrator, door, committing):
        with committing():
            asks_for_test(as_(administrator), door)
        assert Command.objects.get().state == CommandState.ACCEPTED

    def test_it_does_not_wait_for_the_pace_that_background_work_keeps_to(
        self, as_, administrator, door, committing, settings, monkeypatch
    ):
        monkeypatch.setattr(pacing.DatabasePacer, "nap", no_permit)
        settings.PACE_PER_SECOND, settings.PACE_BURST = 0.1, 40
        used = (1 + 40 * SHARES[bitrix.Purpose.PASSES]) / settings.PACE_PER_SECOND
        PaceBucket.objects.update_or_create(
            portal=door,
            defaults={"tat": timezone.now().timestamp() + used, "interval": 10, "kept_tat": 2e9},
        )
        self.asked(as_, administrator, door, committing)

    def test_only_what_brings_the_nonce_back_is_believed(
        self, as_, administrator, door, sandbox, committing
    ):
        self.asked(as_, administrator, door, committing)
        for nonce in ("", "x", "0" * 32):
            assert brings(door, nonce).status_code == 200
        assert brings(door, told(sandbox), member_id="another").status_code == 403
        assert brings(door, told(sandbox), application_token="").status_code == 403
        assert CallReceiver.objects.get().token is None
        with committing():
            assert brings(door, told(sandbox)).status_code == 200
        assert CallReceiver.objects.get().token.reveal() == TOKEN
        assert Command.objects.get().state == CommandState.CONFIRMED
        assert brings(door, told(sandbox), application_token="later").status_code == 403
        assert CallReceiver.objects.get().token.reveal() == TOKEN

    def test_a_nonce_that_comes_back_late_proves_nothing_and_the_test_says_so(
        self, as_, administrator, door, sandbox, committing
    ):
        self.asked(as_, administrator, door, committing)
        earlier = timezone.now() - timedelta(minutes=5, seconds=1)
        CallReceiver.objects.update(asked_at=earlier)
        Command.objects.update(sent_at=earlier)
        assert brings(door, told(sandbox)).status_code == 200
        assert CallReceiver.objects.get().token is None
        with committing():
            receiving.start_due(start=lambda *_args, **_options: None)
        assert Command.objects.get().state == CommandState.NOT_APPLIED
        page = as_(administrator).get(reverse("portal_detail", args=[door.pk]))
        assert "no call came back within five minutes" in page.content.decode()
        assert CallReceiver.objects.get().nonce == ""

    def test_a_refused_test_says_why(self, as_, administrator, door, sandbox, committing):
        sandbox.fail_next("ERROR_CORE", method="event.test", times=3)
        with committing():
            asks_for_test(as_(administrator), door)
        assert Command.objects.get().word in ("refused", "unknown")

    def test_calls_kept_before_are_promoted_by_the_call_itself(
        self, as_, administrator, door, sandbox, committing
    ):
        auth = {"application_token": TOKEN, "member_id": door.member_id}
        calls(door, call_of("w.1", auth=auth))
        self.asked(as_, administrator, door, committing)
        with committing():
            brings(door, told(sandbox))
        assert ApplicationStep.objects.get().state == StepState.WAITING

    def test_the_nonce_stands_nowhere_here(self, as_, administrator, door, sandbox, committing):
        self.asked(as_, administrator, door, committing)
        nonce = told(sandbox)
        texts = [repr(vars(one)) for one in Command.objects.all()]
        texts += [repr(vars(one.detail)) for one in AuditEntry.objects.select_related("detail")]
        texts += [repr(vars(one)) for one in CallReceiver.objects.all()]
        assert nonce not in "".join(texts)


@pytest.mark.usefixtures("public", "hands")
def test_what_the_application_has_bound_at_an_earlier_address_of_the_console_is_unbound(
    as_, administrator, door, sandbox, committing
):
    ours, another = f"/calls/{door.calls_id}/", f"/calls/{uuid.uuid4()}/"
    earlier = [f"http://127.0.0.1:8{ours}", f"http://127.0.0.2:9{ours}"]
    others = [
        f"http://127.0.0.1:9{another}", f"http://127.0.0.1:8{ours}more/",
        f"http://127.0.0.1:8{ours}?a=1", f"http://127.0.0.1:8/more{ours}",
    ]  # fmt: skip
    way = bitrix.Transport(
        bitrix.AccessToken(f"{sandbox.portal_url}/rest/", sandbox.tokens_for(1)["access_token"]),
        pacer=FreePacer(),
    )
    for handler in (*earlier, *others):
        bitrix.Writer(way).events.bind("ONAPPTEST", handler)
    bitrix.Writer(way).events.bind("ONAPPINSTALL", earlier[0])
    with committing():
        asks_for_test(as_(administrator), door)
    now = f"http://127.0.0.1:9{ours}"
    bound = bitrix.Reader(way).events.bound()
    assert {one.handler for one in bound if one.event == "ONAPPTEST"} == {*others, now}
    assert {one.handler for one in bound if one.event == "ONAPPINSTALL"} == {now}
    methods = [entry["method"] for entry in sandbox.ledger()][len(earlier) + len(others) + 1 :]
    assert methods == ["event.unbind"] * 3 + ["event.bind"] * 4 + ["event.test"]


@pytest.mark.usefixtures("public")
def test_without_a_token_of_ones_own_nothing_is_sent(as_, administrator, door, sandbox):
    page = asks_for_test(as_(administrator), door)
    assert "sign in with Bitrix24 as a portal administrator once" in page.content.decode()
    with pytest.raises(CommandError, match="sign in with Bitrix24"):
        call_command("test_calls")
    assert Command.objects.count() == 0


@pytest.mark.usefixtures("hands")
def test_without_an_address_nothing_is_sent_and_the_page_says_why(
    as_, administrator, door, settings
):
    settings.PUBLIC_URL = "http://console.example.com"
    page = asks_for_test(as_(administrator), door)
    assert "PUBLIC_URL must start with https://" in page.content.decode()
    assert Command.objects.count() == 0


def test_the_page_counts_what_was_refused_and_what_is_not_verified(as_, administrator, door):
    calls(door, call_of(auth={"application_token": "any", "member_id": door.member_id}))
    proven_by(door)
    calls(door, call_of(auth={"application_token": "guessed", "member_id": door.member_id}))
    page = as_(administrator).get(reverse("portal_detail", args=[door.pk])).content.decode()
    assert "Not verified" in page
    receiver = CallReceiver.objects.get()
    assert receiver.rejected == 1
    assert str(door.calls_id) not in page


def test_another_application_in_between_keeps_a_test_from_being_sent(
    as_, administrator, door, hands, public, sandbox, committing
):
    action = CallsTest(
        to_portal=door, client_id=door.client_id, handler="http://127.0.0.1:9/x/", reason=""
    )
    commands.issue(action, by=By(account=administrator), key=uuid.uuid4())
    door.client_id = "local.another"
    door.save()
    commands.serve(door.pk, worker="test")
    assert Command.objects.get().state == CommandState.CANCELLED
    assert sandbox.ledger() == []


def test_whoever_forgets_the_application_forgets_what_proves_its_calls(as_, administrator, door):
    proven_by(door)
    as_(administrator).post(reverse("portal_application_removal", args=[door.pk]))
    assert CallReceiver.objects.get().token is None
    auth = {"application_token": TOKEN, "member_id": door.member_id}
    assert calls(door, call_of(auth=auth)).status_code == 200
    assert ApplicationStep.objects.get().state == StepState.UNVERIFIED
