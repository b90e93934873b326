"""An outage of the portal: noted from the calls, said once everywhere, over by itself."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import bitrix, commands, syncing
from bizproc_admin.models import Command, CommandState, Feed, FeedName, Outage, Portal
from bizproc_admin.portals import clients
from bizproc_admin.wording.command_errors import command_error

pytestmark = pytest.mark.portable

SAID = "The portal does not answer since"
KEPT = "What you ask for is kept and sent then"


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


def read(portal):
    """Ask the portal something, as a worker does; whether it answers is not the point."""
    try:
        clients.reader(portal, total=5).system.profile()
    except bitrix.BitrixError as error:
        return error
    return None


def broken(portal, sandbox, fault="bad_gateway", times=2):
    sandbox.fail_next(fault, method="profile", times=times)
    for _ in range(times):
        read(portal)
    sandbox.clear_faults()
    portal.refresh_from_db()


def html(answer):
    return answer.content.decode().replace("&#x27;", "'")


def test_one_failed_call_is_no_outage_and_two_are_until_one_succeeds(portal, sandbox):
    broken(portal, sandbox, times=1)
    assert portal.outage is None
    broken(portal, sandbox, times=1)
    assert portal.outage is Outage.SILENT
    began = portal.failing_since
    broken(portal, sandbox, times=1)
    assert portal.failing_since == began
    read(portal)
    portal.refresh_from_db()
    assert (portal.outage, portal.failing_since, portal.failures) == (None, None, 0)


def test_one_failed_call_after_which_nothing_comes_for_long_is_an_outage(portal, sandbox):
    broken(portal, sandbox, times=1)
    Portal.objects.update(failing_since=timezone.now() - timedelta(seconds=20))
    portal.refresh_from_db()
    assert portal.outage is Outage.SILENT


def test_one_slow_call_among_many_that_are_answered_is_no_outage(portal, sandbox):
    read(portal)
    sandbox.fail_next("timeout_before_apply", method="profile", hold=3)
    assert isinstance(read(portal), bitrix.NoAnswer)
    portal.refresh_from_db()
    assert portal.failing_since >= portal.answered_at
    assert portal.outage is None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("PORTAL_DELETED", Outage.CLOSED),
        ("PAYMENT_REQUIRED", Outage.PLAN),
        ("OVERLOAD_LIMIT", Outage.OVERLOADED),
        ("INVALID_CREDENTIALS", Outage.CREDENTIALS),
        ("QUERY_LIMIT_EXCEEDED", None),
        ("insufficient_scope", None),
        ("ERROR_CORE", None),
    ],
)
def test_a_refusal_of_everything_is_an_outage_at_once_and_one_of_something_is_none(
    portal, sandbox, client, fault, kind
):
    broken(portal, sandbox, fault, times=1)
    assert portal.outage is kind
    page = html(client.get(reverse("overview")))
    assert (' id="worker-notice"' in page) is True
    assert ("since" in page.split('id="worker-notice"')[1].split("</main>")[0][:900]) is bool(kind)


def test_what_a_persons_token_meets_is_no_outage_of_the_portal(portal, sandbox):
    refused = bitrix.PersonUnauthorized("authorization_error", status=401)
    clients.PortalHealth(portal, is_own=False).failed(refused)
    portal.refresh_from_db()
    assert portal.outage is None


def test_a_token_that_works_does_not_hide_that_the_webhook_is_refused(portal, sandbox):
    broken(portal, sandbox, "INVALID_CREDENTIALS", times=1)
    clients.PortalHealth(portal, is_own=False).answered()
    portal.refresh_from_db()
    assert portal.outage is Outage.CREDENTIALS


def test_every_page_says_it_in_the_same_words_and_open_ones_learn_it(
    client, portal, sandbox, workflow
):
    broken(portal, sandbox)
    Feed.objects.update(
        failing_since=timezone.now(),
        failure_code="refused",
        failure_values={"text": "A reason of its own."},
    )
    task = workflow.tasks.get()
    for address in (
        reverse("overview"),
        reverse("workflow_list"),
        reverse("workflow_detail", args=[workflow.pk]),
        reverse("workflow_task_list"),
        reverse("workflow_task_detail", args=[task.pk]),
        reverse("person_list"),
        reverse("audit_entry_list"),
        reverse("account_list"),
        reverse("portal_list"),
        reverse("portal_detail", args=[portal.pk]),
        reverse("frame"),
    ):
        page = html(client.get(address))
        assert page.count(f'notice__title">{SAID}') == 1, address
        assert KEPT in page
        assert "portal answers" not in page
        assert "The portal cannot be read" not in page
        is_detail = address == reverse("portal_detail", args=[portal.pk])
        assert ("A reason of its own" in page) is is_detail, address
    read(portal)
    assert SAID not in html(client.get(reverse("frame")))


def test_the_portals_page_is_not_green_while_it_does_not_answer_or_a_feed_fails(
    client, portal, sandbox
):
    for name in ("portal_list", "portal_detail"):
        address = reverse(name, args=[portal.pk] if name == "portal_detail" else [])
        assert "badge--ok" in html(client.get(address)).split("feeds-title")[0]
    Feed.objects.filter(name=FeedName.WORKFLOWS).update(failing_since=timezone.now())
    for name in ("portal_list", "portal_detail"):
        address = reverse(name, args=[portal.pk] if name == "portal_detail" else [])
        page = html(client.get(address)).split("feeds-title")[0]
        assert "Reading fails" in page
        assert ">Connected<" not in page
    broken(portal, sandbox)
    for name in ("portal_list", "portal_detail"):
        address = reverse(name, args=[portal.pk] if name == "portal_detail" else [])
        page = html(client.get(address)).split("feeds-title")[0]
        assert ">Does not answer<" in page
        assert ">Connected<" not in page


@pytest.mark.parametrize("view", ["workflow_termination", "workflow_kill"])
def test_a_dialog_says_that_what_is_asked_for_is_kept_and_so_it_is(
    client, portal, sandbox, workflow, committing, view
):
    broken(portal, sandbox)
    dialog = html(client.get(reverse(view, args=[workflow.pk]), headers={"HX-Request": "true"}))
    assert SAID in dialog
    assert KEPT in dialog
    sandbox.fail_next("bad_gateway", times=99)
    form = {
        "key": str(uuid.uuid4()),
        "seen": workflow.modified_at.isoformat(),
        "reason": "Leaver",
        "status": "Stopped",
    }
    with committing():
        client.post(reverse(view, args=[workflow.pk]), form)
    command = Command.objects.get()
    assert (command.state, command.sends) == (CommandState.INTENT, 0)
    page = html(client.get(reverse("command_detail", args=[command.pk])))
    assert page.count(SAID) == 2  # the banner, and where the command stands
    assert "could not be understood" not in page
    sandbox.clear_faults()
    Command.objects.update(next_check_at=timezone.now())
    with committing():
        commands.sweep()
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(sandbox.ledger()) == 1


@pytest.mark.parametrize("view", ["workflow_task_delegation"])
def test_the_dialogs_of_a_task_say_it_too(client, portal, sandbox, workflow, view):
    broken(portal, sandbox)
    task = workflow.tasks.get()
    answer = client.get(reverse(view, args=[task.pk]), headers={"HX-Request": "true"})
    assert SAID in html(answer)


def test_a_portal_that_is_closed_for_maintenance_takes_the_command_once_it_is_back(
    client, portal, sandbox, workflow, committing
):
    sandbox.fail_next("PORTAL_DELETED", method="bizproc.workflow.terminate")
    form = {
        "key": str(uuid.uuid4()),
        "seen": workflow.modified_at.isoformat(),
        "reason": "Leaver",
        "status": "Stopped",
    }
    with committing():
        client.post(reverse("workflow_termination", args=[workflow.pk]), form)
    command = Command.objects.get()
    assert (command.state, command.sends) == (CommandState.INTENT, 0)
    assert "maintenance" in command_error(command)
    Command.objects.update(next_check_at=timezone.now())
    with committing():
        commands.sweep()
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert [entry["method"] for entry in sandbox.ledger()] == ["bizproc.workflow.terminate"]


def test_a_pass_that_fails_by_it_ends_it_when_it_comes_through(portal, sandbox, sync):
    sandbox.fail_next("bad_gateway", times=99)
    feed = Feed.objects.get(portal=portal, name=FeedName.PEOPLE)
    Feed.objects.update(next_at=None)
    portal_reader = clients.reader(portal, purpose=bitrix.Purpose.SCREEN)
    for _ in range(2):
        with pytest.raises(bitrix.BadAnswer):
            portal_reader.system.user_admin()
    portal.refresh_from_db()
    assert portal.outage is Outage.SILENT
    sandbox.clear_faults()
    syncing.sync(feed.pk, worker="test")
    portal.refresh_from_db()
    assert portal.outage is None
