"""My account: who I am, how I sign in, where I am signed in, and ending what should not be."""

import uuid
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import bitrix, commands, jobs
from bizproc_admin.access import sessions
from bizproc_admin.access.devices import device_of
from bizproc_admin.actions import CompleteTask
from bizproc_admin.audit import By
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandState,
    LinkedPerson,
    Person,
    PersonToken,
    Portal,
)
from tests.conftest import PASSWORD

pytestmark = pytest.mark.portable

OWN = "/own-account/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def browser(account, agent=FIREFOX, ip="192.0.2.7"):
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=ip)
    client.post("/sign-in/", {"login": account.username, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    return client


def is_in(client):
    return client.get(OWN).status_code == 200


def recorded():
    return list(
        AuditEntry.objects.filter(kind="account").order_by("pk").values_list("action", flat=True)
    )


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (PHONE, "Safari on iPhone"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/142.0.0.0 Safari/537.36",
            "Chrome on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/142.0.0.0 YaBrowser/25.10.0 Mobile Safari/537.36",
            "Yandex on Android",
        ),
        ("curl/8.14.1", "An unknown device"),
        ("", "An unknown device"),
    ],
)
def test_a_device_is_said_in_words(agent, words):
    assert device_of(agent) == words


def test_the_own_page_says_who_one_is_and_where_one_is_signed_in(manager, portal):
    browser(manager, PHONE, "198.51.100.4")
    page = browser(manager).get(OWN).content.decode()
    for words in ("Maria Hoffmann", "Given here by a portal administrator", "Firefox on Windows"):
        assert words in page
    assert "Safari on iPhone" in page
    assert "198.51.100.4" in page
    assert page.count("This one") == 1


def test_the_name_leads_there_from_every_page(as_, manager):
    assert f'href="{OWN}"' in as_(manager).get("/").content.decode()


def test_an_account_without_a_role_has_a_page_too(as_, nobody):
    assert "may do nothing" in as_(nobody).get(OWN).content.decode()


def test_the_page_costs_the_same_for_one_session_and_for_twenty(manager, portal):
    client = browser(manager)
    client.get(OWN)
    costs = []
    for more in (0, 19):
        for _ in range(more):
            browser(manager, PHONE)
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(OWN).context["sessions"]) == more + 1
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_session_is_ended_at_once_and_on_record(manager):
    here, lost = browser(manager), browser(manager, PHONE)
    other = next(s for s in here.get(OWN).context["sessions"] if not s.is_current)
    here.post(reverse("own_session_ending", args=[other.pk]))
    assert is_in(here)
    assert not is_in(lost)
    assert recorded() == ["session.ended"]


def test_all_others_are_ended_and_this_one_stays(manager):
    here, lost, left_open = browser(manager), browser(manager, PHONE), browser(manager)
    here.post(reverse("own_sessions_ending"))
    assert is_in(here)
    assert not is_in(lost)
    assert not is_in(left_open)
    assert AuditEntry.objects.get(kind="account").detail.inputs == {"sessions": 2}


def test_ending_nothing_is_not_on_record(manager):
    here = browser(manager)
    here.post(reverse("own_sessions_ending"))
    assert recorded() == []


def test_this_session_is_ended_by_signing_out_alone(manager):
    here = browser(manager)
    here.post(reverse("own_session_ending", args=[UserSession.objects.get().pk]))
    assert is_in(here)


def test_nobody_ends_a_session_of_somebody_else_from_the_own_page(manager, auditor):
    theirs = browser(auditor)
    key = UserSession.objects.get(user=auditor).pk
    assert browser(manager).post(reverse("own_session_ending", args=[key])).status_code == 404
    assert is_in(theirs)


def test_an_administrator_sees_and_ends_the_sessions_of_an_account(administrator, manager, as_):
    lost, left_open = browser(manager, PHONE), browser(manager)
    page = as_(administrator).get(reverse("account_detail", args=[manager.pk]))
    assert "Safari on iPhone" in page.content.decode()
    key = next(s.pk for s in page.context["sessions"] if s.is_phone)
    as_(administrator).post(reverse("account_session_ending", args=[manager.pk, key]))
    assert not is_in(lost)
    assert is_in(left_open)
    as_(administrator).post(reverse("account_sessions_ending", args=[manager.pk]))
    assert not is_in(left_open)
    assert recorded() == ["session.ended", "session.ended"]
    assert AuditEntry.objects.filter(kind="account").first().actor == administrator


def test_a_session_is_of_the_account_in_the_address(administrator, manager, auditor, as_):
    browser(auditor)
    key = UserSession.objects.get(user=auditor).pk
    address = reverse("account_session_ending", args=[manager.pk, key])
    assert as_(administrator).post(address).status_code == 404


def test_deactivating_an_account_ends_its_sessions_for_good(administrator, manager, as_):
    there, address = browser(manager), reverse("account_activation", args=[manager.pk])
    as_(administrator).post(address)
    assert not is_in(there)
    as_(administrator).post(address)
    assert not is_in(there)
    assert is_in(browser(manager))


def test_a_session_that_opens_nothing_any_more_is_not_listed(manager):
    here, old = browser(manager), browser(manager, PHONE)
    old.session.flush()
    assert len(here.get(OWN).context["sessions"]) == 1
    manager.set_password("another-long-password")
    manager.save()
    assert sessions.open_sessions(manager) == []


def test_what_has_run_out_or_was_signed_out_is_forgotten(manager, auditor):
    here, old, out = browser(manager), browser(auditor), browser(manager, PHONE)
    Session.objects.filter(session_key=old.session.session_key).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    out.post(reverse("account_logout"))
    jobs.tidy()
    kept = [here.session.session_key]
    assert list(Session.objects.values_list("session_key", flat=True)) == kept
    assert list(UserSession.objects.values_list("session_key", flat=True)) == kept
    assert is_in(here)


def test_an_open_page_tells_seldom_that_it_is_seen(manager, monkeypatch):
    """The frame is asked for every few seconds; only now and then that is written down."""
    here = browser(manager)
    before = UserSession.objects.get().last_seen_at
    here.get("/frame/")
    assert UserSession.objects.get().last_seen_at == before
    now = sessions.time.time()
    monkeypatch.setattr(
        "bizproc_admin.access.sessions.time.time", lambda: now + sessions.SEEN_EVERY + 1
    )
    here.get("/frame/")
    seen = UserSession.objects.get().last_seen_at
    assert seen > before
    here.get("/frame/")
    assert UserSession.objects.get().last_seen_at == seen


# --- Bitrix24 -----------------------------------------------------------------------------------


@pytest.fixture
def person(manager, door):
    made = Person.objects.create(portal=door, remote_id=2, name="Olga Petrova", position="Buyer")
    LinkedPerson.objects.create(user=manager, portal=door, person=made)
    return made


def test_without_a_token_the_page_offers_to_sign_in(as_, manager, person, door):
    answer = as_(manager).get(OWN)
    page = answer.content.decode()
    assert "You are Olga Petrova there." in page
    assert "may not act for you" in page
    assert reverse("bitrix24_login", args=[door.pk]) in page
    assert f"form-action 'self' {door.address}" in answer["Content-Security-Policy"]


def test_with_a_token_the_page_says_since_when(as_, manager, person, gives_token):
    gives_token(person)
    page = as_(manager).get(OWN).content.decode()
    assert "you can answer your workflow tasks here" in page
    assert "Forget my connection" in page


def test_a_lost_token_says_that_one_must_sign_in_again(as_, manager, person, gives_token):
    gives_token(person)
    PersonToken.objects.update(lost_at=timezone.now(), lost_code="token_unanswered")
    page = " ".join(as_(manager).get(OWN).content.decode().split())
    assert "if that is refused, sign in with Bitrix24 again. What you have asked for" in page
    assert "Forget my connection" not in page
    PersonToken.objects.update(lost_code="")
    assert "Sign in with Bitrix24 again." in as_(manager).get(OWN).content.decode()


def test_that_one_must_sign_in_again_is_said_once(as_, manager, person, gives_token):
    gives_token(person)
    refusal = bitrix.TokenRefused("invalid_grant", "", status=400)
    PersonToken.objects.update(lost_at=timezone.now(), lost_code=refusal.code)
    page = as_(manager).get(OWN).content.decode()
    assert page.lower().count("sign in with bitrix24 again") == 1


def test_signing_in_again_keeps_the_account_and_leads_back(as_, manager, person, door, sandbox):
    client = browser(manager)
    begun = client.post(reverse("bitrix24_login", args=[door.pk]), {"next": OWN})
    state = begun.url.partition("state=")[2].partition("&")[0]
    given = {"code": sandbox.oauth_code(2), "state": state, "domain": door.host}
    Portal.objects.update(admits_everybody=True)
    assert client.get(reverse("bitrix24_callback"), given).url == OWN
    assert client.session["_auth_user_id"] == str(manager.pk)
    assert PersonToken.objects.filter(person=person).exists()


def test_an_account_that_is_nobody_there_is_offered_no_sign_in(as_, manager, door):
    answer = as_(manager).get(OWN)
    assert "linked to nobody there" in answer.content.decode()
    assert door.address not in answer["Content-Security-Policy"]


def test_forgetting_deletes_the_tokens_and_is_on_record(as_, manager, person, door, gives_token):
    gives_token(person)
    as_(manager).post(reverse("own_connection_removal", args=[door.pk]))
    assert not PersonToken.objects.exists()
    entry = AuditEntry.objects.get(action="account.connection_forgotten")
    assert entry.actor == manager
    assert entry.detail.inputs == {
        "person": "Olga Petrova", "number": person.remote_id, "portal": "Northwind"
    }  # fmt: skip


def test_nobody_forgets_the_connection_of_somebody_else(
    as_, auditor, manager, person, door, gives_token
):
    gives_token(person)
    address = reverse("own_connection_removal", args=[door.pk])
    assert as_(auditor).post(address).status_code == 404
    assert PersonToken.objects.exists()


def test_what_waits_for_a_forgotten_connection_waits_until_the_next_sign_in(
    approver, task, as_, door, sandbox, committing, comes_in, client
):
    person = task.assignments.get().person
    action = CompleteTask(task=task, person=person, answer=1, reason="")
    with committing():
        command = commands.issue(action, by=By(account=approver), key=uuid.uuid4(), delay=60)
    as_(approver).post(reverse("own_connection_removal", args=[door.pk]))
    Command.objects.update(not_before=timezone.now() - timedelta(seconds=1), next_check_at=None)
    with committing():
        commands.sweep()
    command.refresh_from_db()
    assert (command.state, command.error_code) == (CommandState.INTENT, "reconnect_needed")
    assert sandbox.ledger() == []
    Portal.objects.update(admits_everybody=True)
    with committing():
        comes_in(client, person.remote_id)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED


def test_a_session_lasts_as_long_as_its_cookie(manager):
    here = browser(manager)
    key = UserSession.objects.get().session_key
    assert sessions.open_sessions(manager, current=key)[0].is_current
    from_long_ago = timezone.now() - timedelta(days=2)
    sessions.Session.objects.update(expire_date=from_long_ago)
    assert sessions.open_sessions(manager) == []
    assert not is_in(here)


def test_an_operators_account_is_told_that_no_portal_opens_it(as_, administrator, door):
    person = Person.objects.create(portal=door, remote_id=1, name="Anna Koroleva")
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    answer = as_(administrator).get(OWN)
    page = answer.content.decode()
    assert "no portal opens it" in page
    assert reverse("bitrix24_login", args=[door.pk]) not in page
    assert door.address not in answer["Content-Security-Policy"]


def test_an_account_made_by_hand_is_told_that_the_password_goes(as_, manager, person):
    assert "not its password" in as_(manager).get(OWN).content.decode()


# --- how long they last -------------------------------------------------------------------------


def later(client, **passed):
    """Let a session's time pass: how long ago it was used, and began, in seconds."""
    session = client.session
    for key, seconds in passed.items():
        session[key] -= seconds
    session.save()


@pytest.mark.parametrize(
    ("who", "idle"), [("administrator", 30 * 60), ("manager", 8 * 3600), ("participant", 8 * 3600)]
)
def test_a_session_nobody_uses_runs_out(request, who, idle):
    client = browser(request.getfixturevalue(who))
    later(client, used_at=idle - 60)
    assert is_in(client)
    later(client, used_at=idle + 1)
    answer = client.get(OWN)
    assert answer.status_code == 302
    assert answer.url == f"/sign-in/?next={OWN}"
    assert "nothing was done here" in client.get(answer.url).content.decode()
    assert not is_in(client)


def test_a_page_that_asks_by_itself_is_no_use(administrator):
    client = browser(administrator)
    later(client, used_at=1000)
    for _ in range(3):
        assert client.get("/frame/", headers={"HX-Request": "true", "X-Poll": "1"}).content
    later(client, used_at=1000)
    answer = client.get("/frame/", headers={"HX-Request": "true", "X-Poll": "1"})
    assert answer["HX-Redirect"].startswith("/sign-in/")
    assert not is_in(client)


def test_whatever_a_person_does_is_use(administrator):
    client = browser(administrator)
    for _ in range(3):
        later(client, used_at=1000)
        assert is_in(client)


def test_after_twelve_hours_one_signs_in_again_however_busy(manager):
    client = browser(manager)
    later(client, began_at=12 * 3600 - 60)
    assert is_in(client)
    later(client, began_at=61)
    assert not is_in(client)
    client.post("/sign-in/", {"login": manager.username, "password": PASSWORD})
    assert is_in(client)


def test_a_session_that_has_run_out_is_not_listed(administrator):
    here, idle = browser(administrator), browser(administrator, PHONE)
    assert len(here.get(OWN).context["sessions"]) == 2
    later(idle, used_at=1801)
    assert len(here.get(OWN).context["sessions"]) == 1
