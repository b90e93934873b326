"""What the portal tells of the application: believed only once the token server agrees."""

import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import receiving
from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    AuditEntry,
    CallReceiver,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    StepState,
)
from bizproc_admin.portals import tokens
from tests.http.calling import TOKEN, calls, proven_by

ADMINISTRATOR = 1


@pytest.fixture
def known(door, sandbox, administrator, gives_token, sync):
    """The application is known, an administrator's token is here, and one action is registered."""
    sync()
    person = Person.objects.get(portal=door, remote_id=ADMINISTRATOR)
    Person.objects.filter(pk=person.pk).update(is_administrator=True)
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    ApplicationAction.objects.create(
        portal=door, client_id=door.client_id, code="check", kind="activity",
        listed_at=timezone.now(),
    )  # fmt: skip
    proven_by(door)
    sandbox.clear_calls()
    return door


def tells(portal, event, **auth):
    known = {"application_token": TOKEN, "member_id": portal.member_id}
    data = {"VERSION": "1", "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "en"}
    elsewhere = {
        "server_endpoint": "http://127.0.0.1:1/rest/",
        "client_endpoint": "http://127.0.0.1:1/rest/",
        "domain": "127.0.0.1:1",
        "access_token": "somebody-elses-token",
    }
    form = {
        "event": event,
        "data": data,
        "ts": str(int(time.time())),
        "auth": {**elsewhere, **known, **auth},
    }
    return calls(portal, form)


def asked(sandbox) -> list[str]:
    return [one["method"] for one in sandbox.calls()]


def test_a_removal_is_believed_once_the_token_server_says_so(
    known, sandbox, as_, administrator, committing
):
    step = ApplicationStep.objects.create(
        portal=known, state=StepState.WAITING, since=timezone.now(), token_digest="0" * 64
    )
    sandbox.remove_application()
    with committing():
        assert tells(known, "ONAPPUNINSTALL").status_code == 200
    receiver = CallReceiver.objects.get()
    assert receiver.removed_at is not None
    assert receiver.event_due_at is None
    assert ApplicationAction.objects.get().missing_since is not None
    assert AuditEntry.objects.filter(action="portal.application_gone").count() == 1
    for name, *keys in (
        ("overview",),
        ("portal_detail", known.pk),
        ("application_action_list",),
        ("application_action_detail", ApplicationAction.objects.get().pk),
        ("application_action_registration",),
        ("application_action_import",),
        ("application_step_list",),
        ("application_step_detail", step.pk),
        ("application_step_token",),
    ):
        page = as_(administrator).get(reverse(name, args=keys)).content.decode()
        assert "The application was removed on the portal" in page, name


def test_a_removal_that_the_token_server_does_not_confirm_changes_nothing(
    known, sandbox, committing
):
    with committing():
        assert tells(known, "ONAPPUNINSTALL").status_code == 200
    receiver = CallReceiver.objects.get()
    assert (receiver.event, receiver.removed_at, receiver.event_due_at) == (
        "ONAPPUNINSTALL", None, None,
    )  # fmt: skip
    assert not AuditEntry.objects.filter(action="portal.application_gone").exists()
    assert asked(sandbox)[0] == "oauth.token"


def test_an_expired_token_is_renewed_before_it_is_asked_about(known, sandbox, committing):
    sandbox.expire_tokens()
    with committing():
        tells(known, "ONAPPUNINSTALL")
    assert CallReceiver.objects.get().removed_at is None
    sandbox.expire_tokens()
    sandbox.remove_application()
    with committing():
        tells(known, "ONAPPUNINSTALL")
    assert CallReceiver.objects.get().removed_at is not None


@pytest.mark.parametrize("event", ["ONAPPINSTALL", "ONAPPUPDATE"])
def test_an_update_makes_what_is_registered_be_listed_anew(known, committing, event):
    known.actions_listed_at = timezone.now()
    known.save()
    Feed.objects.filter(name=FeedName.WORKFLOW_TEMPLATES).update(
        next_at=timezone.now() + timedelta(hours=1)
    )
    CallReceiver.objects.update(removed_at=timezone.now())
    with committing():
        tells(known, event)
    assert CallReceiver.objects.get().removed_at is None
    assert AuditEntry.objects.filter(action="portal.application_back").count() == 1
    assert ApplicationAction.objects.get().missing_since is not None


def test_nothing_in_a_call_is_called_and_nothing_of_its_tokens_is_used(known, sandbox, committing):
    with committing():
        tells(known, "ONAPPINSTALL")
    assert CallReceiver.objects.get().event_due_at is None
    for one in sandbox.calls():
        assert "somebody-elses-token" not in repr(one)


@pytest.mark.parametrize(
    "auth", [{"application_token": "guessed"}, {"member_id": "x"}, {"application_token": ""}]
)
def test_a_forged_event_asks_nobody_anything(known, sandbox, committing, auth):
    sandbox.remove_application()
    with committing():
        assert tells(known, "ONAPPUNINSTALL", **auth).status_code == 403
    assert (CallReceiver.objects.get().event, asked(sandbox)) == ("", [])


def test_before_the_token_is_known_an_event_is_of_no_consequence(known, sandbox, committing):
    CallReceiver.objects.update(token=None)
    with committing():
        assert tells(known, "ONAPPUNINSTALL").status_code == 200
    assert (CallReceiver.objects.get().event, asked(sandbox)) == ("", [])


def test_where_nobody_can_be_asked_it_is_tried_again_for_a_day(known, sandbox, committing):
    tokens.forget(Person.objects.get(portal=known, remote_id=ADMINISTRATOR))
    with committing():
        tells(known, "ONAPPUNINSTALL")
    receiver = CallReceiver.objects.get()
    assert (receiver.removed_at, receiver.event_due_at is None) == (None, False)
    CallReceiver.objects.update(
        event_due_at=timezone.now(), told_at=timezone.now() - timedelta(hours=25)
    )
    receiving.look_at_application(receiver.pk)
    assert CallReceiver.objects.get().event_due_at is None


def test_a_token_server_that_does_not_answer_is_asked_again(known, sandbox, committing):
    sandbox.fail_next("timeout", method="oauth.token", times=9)
    with committing():
        tells(known, "ONAPPUNINSTALL")
    assert CallReceiver.objects.get().event_due_at is not None
    sandbox.clear_faults()
    sandbox.remove_application()
    CallReceiver.objects.update(event_due_at=timezone.now())
    started = []
    receiving.start_due(start=lambda job, *keys, **_: started.append((job, *keys)))
    assert ("look_at_application", CallReceiver.objects.get().pk) in started
    receiving.look_at_application(CallReceiver.objects.get().pk)
    assert CallReceiver.objects.get().removed_at is not None


def test_whoever_lists_its_actions_again_shows_that_it_is_back(known, sandbox, committing, sync):
    CallReceiver.objects.update(removed_at=timezone.now())
    sync()
    assert CallReceiver.objects.get().removed_at is None
    assert AuditEntry.objects.filter(action="portal.application_back").count() == 1
