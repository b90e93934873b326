"""Registering, changing and deleting application actions: what lists confirm, and what not."""

import uuid
from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from bizproc_admin import bitrix, commands, syncing
from bizproc_admin.actions import DeleteAction, NotPossible, RegisterAction, UpdateAction
from bizproc_admin.audit import By
from bizproc_admin.models import (
    ApplicationAction,
    Command,
    CommandState,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    PersonToken,
    Portal,
)
from bizproc_admin.syncing import application_actions
from bizproc_admin.wording.commands import outcome_of
from bizproc_admin.wording.looks import look_of

KINDS = ("activity", "robot")
DEFINITION = {
    "HANDLER": "http://127.0.0.1:8000/calls/",
    "USE_SUBSCRIPTION": "Y",
    "NAME": {"en": "Check the contract"},
    "RETURN_PROPERTIES": {"Sum": {"NAME": {"en": "Sum"}, "TYPE": "double"}},
}


@pytest.fixture
def hands(administrator, door, sync, gives_token):
    """The administrator has signed in through the portal once."""
    sync()
    person = Person.objects.get(portal=door, remote_id=1)
    person.is_administrator = True
    person.save()
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    return person


@pytest.fixture
def issued(administrator, door, hands, committing):
    """Issue an action and let the worker carry it out."""

    def issue(action, *, kind="activity", code="check", **given):
        with committing():
            return commands.issue(
                action(
                    to_portal=door, client_id=door.client_id, kind=kind, code=code,
                    reason="Ordered by legal", **given,
                ),
                by=By(account=administrator),
                key=uuid.uuid4(),
            )  # fmt: skip

    def settled(*args, **given):
        command = issue(*args, **given)
        command.refresh_from_db()
        return command

    return settled


@pytest.fixture
def looks(door):
    """Read the portal's templates, and with them what its application has registered."""

    def look():
        Feed.objects.filter(portal=door, name=FeedName.WORKFLOW_TEMPLATES).update(next_at=None)
        feed = Feed.objects.get(portal=door, name=FeedName.WORKFLOW_TEMPLATES)
        syncing.sync(feed.pk, worker="test")

    return look


@pytest.fixture
def applied_late(sandbox, monkeypatch):
    """Have the portal learn of an action after it was looked at and before it is sent."""
    original = RegisterAction.send

    def send(self, writer):
        token = sandbox.tokens_for(1)["access_token"]
        given = {**self.definition, "CODE": self.code, "auth": token}
        requests.post(f"{sandbox.portal_url}/rest/{self.method}", json=given, timeout=5)
        return original(self, writer)

    return lambda: monkeypatch.setattr(RegisterAction, "send", send)


def registered(issued, **given):
    return issued(RegisterAction, definition=DEFINITION, **given)


def later(command, seconds):
    span = timedelta(seconds=seconds)
    command.refresh_from_db()
    Command.objects.open().filter(pk=command.pk).update(
        sent_at=command.sent_at - span, next_check_at=timezone.now() - timedelta(seconds=1)
    )


def settled_later(command, committing, settings, *, times=1):
    for _ in range(times):
        later(command, settings.SETTLE_TIME + 1)
        with committing():
            commands.settle(command.pk)
    command.refresh_from_db()
    return command


def writes(sandbox):
    return [entry["method"].removeprefix("bizproc.") for entry in sandbox.ledger()]


def kept(code="check"):
    return ApplicationAction.objects.get(code=code)


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_is_registered_and_confirmed_by_its_code(issued, sandbox, kind):
    command = registered(issued, kind=kind)
    assert command.state == CommandState.CONFIRMED
    assert writes(sandbox) == [f"{kind}.add"]
    row = kept()
    assert (row.kind, row.definition, row.is_there) == (kind, DEFINITION, True)
    assert row.step_type == sandbox.ledger()[0]["applied"]["type"] == command.target_id


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_ends_at_the_portal_s_yes(issued, sandbox, administrator, kind):
    registered(issued, kind=kind)
    changed = {**DEFINITION, "USE_SUBSCRIPTION": "N", "NAME": {"en": "Check"}}
    command = issued(UpdateAction, kind=kind, definition=changed, timeout=600)
    assert (command.state, command.error_code) == (CommandState.GONE, "accepted_only")
    assert writes(sandbox) == [f"{kind}.add", f"{kind}.update"]
    assert look_of(command.state, command.error_code).text == (
        "Accepted: the portal shows no definitions"
    )
    assert "accepted" in outcome_of(command, viewer=administrator, what="Change").title
    assert (kept().definition, kept().timeout) == (changed, 600)


@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_is_confirmed_by_the_list(issued, sandbox, kind):
    registered(issued, kind=kind)
    command = issued(DeleteAction, kind=kind)
    assert command.state == CommandState.CONFIRMED
    assert writes(sandbox) == [f"{kind}.add", f"{kind}.delete"]
    assert not kept().is_there
    assert kept().definition == DEFINITION
    again = issued(DeleteAction, kind=kind)
    assert (again.state, again.error_code) == (CommandState.GONE, "action_gone")
    assert len(writes(sandbox)) == 2


# --- answers that were lost ---------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["timeout_after_apply", "html_page"])
def test_a_lost_registration_is_settled_by_the_list_and_not_sent_again(issued, sandbox, fault):
    more = {"applied": True} if fault == "html_page" else {}
    sandbox.fail_next(fault, method="bizproc.activity.add", **more)
    command = registered(issued)
    assert command.state == CommandState.CONFIRMED
    assert kept().definition == DEFINITION
    assert len(sandbox.calls("bizproc.activity.add")) == 1


def test_a_registration_that_never_arrived_is_sent_again(issued, sandbox, committing, settings):
    sandbox.fail_next("timeout_before_apply", method="bizproc.activity.add")
    command = registered(issued)
    assert command.state == CommandState.UNKNOWN
    settled_later(command, committing, settings)
    assert command.state == CommandState.CONFIRMED
    assert writes(sandbox) == ["activity.add"]


@pytest.mark.parametrize("verb", ["add", "delete"])
def test_what_never_arrives_is_not_done_after_three_sends(
    issued, sandbox, committing, settings, verb
):
    if verb == "delete":
        registered(issued)
    sandbox.fail_next("timeout_before_apply", method=f"bizproc.activity.{verb}", times=9)
    command = registered(issued) if verb == "add" else issued(DeleteAction)
    settled_later(command, committing, settings, times=4)
    assert command.state == CommandState.NOT_APPLIED
    assert len(sandbox.calls(f"bizproc.activity.{verb}")) == 3


def test_already_installed_after_a_lost_answer_is_evidence(
    issued, sandbox, committing, settings, applied_late
):
    sandbox.fail_next("timeout_before_apply", method="bizproc.activity.add")
    command = registered(issued)
    applied_late()
    settled_later(command, committing, settings)
    assert (command.state, command.sends) == (CommandState.CONFIRMED, 2)
    assert kept().definition == DEFINITION


def test_already_installed_at_the_first_send_is_somebody_else_s(issued, sandbox, applied_late):
    applied_late()
    command = registered(issued)
    assert (command.state, command.error_code) == (CommandState.NOT_APPLIED, "action_taken")
    assert not ApplicationAction.objects.exclude(definition=None).exists()


def test_a_change_whose_answer_is_lost_is_sent_again_twice_and_then_a_person_looks(
    issued, sandbox, committing, settings
):
    registered(issued)
    sandbox.fail_next("timeout_after_apply", method="bizproc.activity.update", times=9)
    changed = {**DEFINITION, "NAME": {"en": "Check"}}
    command = issued(UpdateAction, definition=changed)
    assert command.state == CommandState.UNKNOWN
    settled_later(command, committing, settings, times=4)
    assert command.state == CommandState.NEEDS_HUMAN
    assert len(sandbox.calls("bizproc.activity.update")) == 3
    assert kept().definition == DEFINITION


def test_a_change_sent_again_is_accepted(issued, sandbox, committing, settings):
    registered(issued)
    sandbox.fail_next("timeout_after_apply", method="bizproc.activity.update")
    changed = {**DEFINITION, "NAME": {"en": "Check"}}
    command = issued(UpdateAction, definition=changed)
    settled_later(command, committing, settings)
    assert (command.state, command.error_code) == (CommandState.GONE, "accepted_only")
    assert kept().definition == changed


def test_a_lost_deletion_is_settled_by_the_list(issued, sandbox):
    registered(issued)
    sandbox.fail_next("timeout_after_apply", method="bizproc.activity.delete")
    assert issued(DeleteAction).state == CommandState.CONFIRMED
    assert len(sandbox.calls("bizproc.activity.delete")) == 1


# --- refusals, and who may not ------------------------------------------------------------------


def test_a_code_of_the_other_kind_is_not_sent(issued, sandbox):
    registered(issued, kind="robot")
    command = registered(issued, kind="activity")
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "code_of_other_kind")
    assert writes(sandbox) == ["robot.add"]


def test_what_is_not_there_is_not_changed(issued, sandbox):
    command = issued(UpdateAction, definition=DEFINITION)
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "action_gone")
    assert writes(sandbox) == []


def test_a_handler_that_the_portal_refuses_is_told(issued, sandbox):
    command = issued(RegisterAction, definition={**DEFINITION, "HANDLER": "http://localhost/x"})
    assert (command.state, command.error_code) == (
        CommandState.REJECTED, "ERROR_WRONG_HANDLER_URL",
    )  # fmt: skip
    assert command.error_values["code"] == "handler_refused"
    assert not ApplicationAction.objects.exists()


def test_another_application_s_is_not_written(issued, door, sandbox):
    registered(issued)
    door.client_id = "local.other"
    with pytest.raises(NotPossible):
        commands.issue(
            DeleteAction(
                to_portal=door, client_id="local.first", kind="activity", code="check", reason="r"
            ),
            by=By(account=Command.objects.get().actor),
            key=uuid.uuid4(),
        )


def test_what_was_asked_for_with_another_application_is_not_sent(issued, door, sandbox, committing):
    actor = registered(issued).actor
    sandbox.clear_calls()
    command = commands.issue(
        RegisterAction(
            to_portal=door, client_id=door.client_id, kind="activity", code="later", reason="r",
            definition=DEFINITION,
        ),
        by=By(account=actor), key=uuid.uuid4(),
    )  # fmt: skip
    # the same person's token goes on working: only the application is another one
    Portal.objects.filter(pk=door.pk).update(client_id="local.other")
    commands.carry_out(command.pk, worker="test")
    command.refresh_from_db()
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "no_longer_allowed")
    assert sandbox.calls("bizproc.activity.add") == []


def test_without_a_token_of_one_s_own_nothing_is_asked_for(issued, sandbox):
    PersonToken.objects.all().delete()
    with pytest.raises(NotPossible) as why:
        registered(issued)
    assert why.value.code == "token_needed_for_actions"
    assert Command.objects.count() == 0


# --- the mirror ---------------------------------------------------------------------------------


def test_a_pass_compares_what_is_kept_with_what_is_listed(issued, looks, sandbox, door):
    registered(issued)
    registered(issued, code="other", kind="robot")
    sandbox.portal.actions.drop(kept("other").step_type.removeprefix("rest_"))
    looks()
    assert kept().is_there
    assert kept("other").missing_since is not None
    assert kept("other").definition == DEFINITION
    door.refresh_from_db()
    assert door.actions_listed_at is not None
    kept().delete()
    looks()
    assert (kept().definition, kept().is_there, kept().kind) == (None, True, "activity")


def test_a_list_that_is_older_than_a_registration_says_nothing_of_it(issued, door):
    before = timezone.now()
    registered(issued)
    listed = bitrix.RegisteredActions(kinds={}, sent_at=before)
    application_actions.compare(door, listed)
    assert kept().is_there
    application_actions.compare(door, bitrix.RegisteredActions(kinds={}, sent_at=timezone.now()))
    assert not kept().is_there
    application_actions.compare(door, listed)
    assert not kept().is_there


@pytest.mark.parametrize("fault", ["ACCESS_DENIED", "ERROR_CORE", "OVERLOAD_LIMIT"])
def test_a_list_that_fails_proves_nothing_and_fails_no_pass(issued, looks, sandbox, door, fault):
    registered(issued)
    sandbox.portal.actions.drop(kept().step_type.removeprefix("rest_"))
    sandbox.fail_next(fault, method="bizproc.robot.list", times=9)
    before = kept().changed_at
    looks()
    assert kept().changed_at == before
    feed = Feed.objects.get(portal=door, name=FeedName.WORKFLOW_TEMPLATES)
    assert feed.failing_since is None


def test_without_a_token_a_pass_lists_no_actions(portal, door, looks, sandbox, sync):
    sync()
    sandbox.clear_calls()
    looks()
    assert sandbox.calls("bizproc.activity.list") == []
