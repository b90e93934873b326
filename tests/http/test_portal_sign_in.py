"""Signing in through a portal: who is let in as what, and everything that is refused."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import audit, bitrix, syncing
from bizproc_admin.audit import AuditAction, By
from bizproc_admin.models import (
    Account,
    AuditEntry,
    LinkedPerson,
    Person,
    PersonToken,
    Portal,
    Role,
    Target,
)
from bizproc_admin.portals import clients, tokens
from bizproc_admin.secrets.fields import Secret
from bizproc_admin.syncing import following

pytestmark = pytest.mark.portable

ADMINISTRATOR, EMPLOYEE = 1, 2


def signed_in(client):
    key = client.session.get("_auth_user_id")
    return Account.objects.get(pk=key) if key else None


def follow():
    """Do one look at whether those with accounts still work there."""
    syncing.follow_portal(Portal.objects.get(name="Northwind").pk)


def errors():
    return list(
        AuditEntry.objects.filter(kind=AuditEntry.Kind.SIGN_IN_FAILED).values_list(
            "error_code", flat=True
        )
    )


def test_the_button_sends_the_browser_to_the_portal_with_a_state(client, door):
    answer = client.post(reverse("bitrix24_login", args=[door.pk]), {"next": "/workflows/"})
    where = urlsplit(answer.url)
    assert answer.status_code == 302
    assert f"{where.scheme}://{where.netloc}" == door.address
    assert where.path == "/oauth/authorize/"
    assert parse_qs(where.query)["client_id"] == [door.client_id]
    assert len(parse_qs(where.query)["state"][0]) >= 16


def test_the_token_server_is_another_host_and_its_tokens_lead_back_to_the_portal(
    client, door, comes_in, sandbox
):
    assert urlsplit(door.token_url).netloc != door.host
    assert comes_in(client, ADMINISTRATOR).status_code == 302
    person = PersonToken.objects.get(person__remote_id=ADMINISTRATOR).person
    first = tokens.usable(person)
    tokens.note_expired(first)
    assert tokens.usable(person).version > first.version
    assert [call["error"] for call in sandbox.calls("oauth.token")] == [None, None]
    sandbox.clear_calls()
    reader = bitrix.Reader(clients.acting_as(person))
    assert reader.system.profile().id == ADMINISTRATOR


def test_with_htmx_the_browser_itself_is_sent_there(client, door):
    answer = client.post(reverse("bitrix24_login", args=[door.pk]), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith(f"{door.address}/oauth/authorize/")


def test_a_get_does_not_begin_a_sign_in(client, door):
    assert client.get(reverse("bitrix24_login", args=[door.pk])).status_code == 405


def test_a_sign_in_needs_a_csrf_token(door, as_):
    client = as_(None, csrf=True)
    assert client.post(reverse("bitrix24_login", args=[door.pk])).status_code == 403


def test_a_portal_without_an_application_has_no_door(client, portal):
    assert b"Bitrix24:" not in client.get(reverse("account_login")).content
    assert client.post(reverse("bitrix24_login", args=[portal.pk])).status_code == 404


def test_the_sign_in_page_may_lead_to_the_portal_and_no_other_page_may(
    client, door, as_, administrator
):
    policy = client.get(reverse("account_login"))["Content-Security-Policy"]
    assert f"form-action 'self' {door.address}" in policy
    elsewhere = as_(administrator).get(reverse("overview"))["Content-Security-Policy"]
    assert door.address not in elsewhere


def test_an_administrator_of_the_portal_administers_it_here(client, comes_in, door, sandbox):
    answer = comes_in(client, ADMINISTRATOR)
    assert answer.status_code == 302, answer.content
    account = signed_in(client)
    assert account.role == Role.PORTAL_ADMINISTRATOR
    assert account.follows_portal
    assert account.home == door
    assert not account.has_usable_password()
    assert account.person_at(door).remote_id == ADMINISTRATOR
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.SIGN_IN, actor=account).count() == 1


def test_the_same_person_is_the_same_account_every_time(client, comes_in, sandbox):
    comes_in(client, ADMINISTRATOR)
    first = signed_in(client)
    sandbox.change_user(ADMINISTRATOR, name="Renamed", email="another@company.example")
    other = Client()
    comes_in(other, ADMINISTRATOR)
    assert signed_in(other) == first
    assert Account.objects.count() == 1


def test_an_equal_name_or_address_is_no_identity(client, comes_in, administrator, sandbox):
    """A local account of the same name and address stays somebody else's."""
    Account.objects.update(email="anna.koroleva@company.example")
    comes_in(client, ADMINISTRATOR)
    assert signed_in(client) != administrator


def test_the_tokens_are_kept_encrypted(client, comes_in, sandbox):
    comes_in(client, ADMINISTRATOR)
    row = PersonToken.objects.get()
    assert len(sandbox.calls("oauth.token")) == 1
    assert len(row.access_token.reveal()) > 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM bizproc_admin_persontoken")
        stored = cursor.fetchone()
    assert row.access_token.reveal() not in stored[0]
    assert row.refresh_token.reveal() not in stored[1]


def test_somebody_else_is_let_in_only_where_the_portal_allows_it(client, comes_in, door):
    answer = comes_in(client, EMPLOYEE)
    assert answer.status_code == 403
    assert "administrators and heads" in answer.content.decode()
    assert signed_in(client) is None
    assert not Account.objects.exists()
    Portal.objects.update(admits_everybody=True)
    assert comes_in(client, EMPLOYEE).status_code == 302
    assert signed_in(client).role == Role.PARTICIPANT


def test_the_head_of_a_department_is_a_manager(client, comes_in, sandbox, sync):
    sandbox.add_department("Sales", head=EMPLOYEE)
    sync()
    comes_in(client, EMPLOYEE)
    assert signed_in(client).role == Role.MANAGER


def test_somebody_named_auditor_here_stays_one(client, comes_in, portal, auditor, sync):
    sync()
    person = Person.objects.get(portal=portal, remote_id=ADMINISTRATOR)
    LinkedPerson.objects.create(user=auditor, portal=portal, person=person)
    comes_in(client, ADMINISTRATOR)
    assert signed_in(client) == auditor
    assert signed_in(client).role == Role.AUDITOR


def test_an_account_linked_by_hand_is_taken_over_said_and_on_record(
    client, comes_in, portal, manager, sync
):
    sync()
    person = Person.objects.get(portal=portal, remote_id=ADMINISTRATOR)
    LinkedPerson.objects.create(user=manager, portal=portal, person=person)
    answer = comes_in(client, ADMINISTRATOR)
    page = client.get(answer.url, follow=True)
    assert "made for you by hand" in page.content.decode()
    manager = Account.objects.get(pk=manager.pk)
    assert signed_in(client) == manager
    assert manager.follows_portal
    assert manager.role == Role.PORTAL_ADMINISTRATOR
    assert manager.home == portal
    assert not manager.has_usable_password()
    actions = list(
        AuditEntry.objects.filter(kind=AuditEntry.Kind.ACCOUNT).values_list("action", flat=True)
    )
    assert actions == ["account.claimed", "account.role_followed"]


def test_an_operators_account_is_opened_by_no_portal(client, comes_in, portal, administrator, sync):
    """It sees every portal, and who controls one of them must not get the others."""
    sync()
    person = Person.objects.get(portal=portal, remote_id=ADMINISTRATOR)
    LinkedPerson.objects.create(user=administrator, portal=portal, person=person)
    answer = comes_in(client, ADMINISTRATOR)
    assert answer.status_code == 403
    assert "operator" in answer.content.decode()
    assert signed_in(client) is None
    administrator.refresh_from_db()
    assert (administrator.home, administrator.follows_portal) == (None, False)
    assert errors() == ["operator"]


def test_an_account_linked_at_two_portals_keeps_the_one_it_was_taken_over_by(
    client, comes_in, portal, manager, sync
):
    sync()
    south = Portal.objects.create(name="Southwind", address="https://south.bitrix24.com")
    there = Person.objects.create(portal=south, remote_id=5)
    LinkedPerson.objects.create(user=manager, portal=south, person=there)
    person = Person.objects.get(portal=portal, remote_id=ADMINISTRATOR)
    LinkedPerson.objects.create(user=manager, portal=portal, person=person)
    comes_in(client, ADMINISTRATOR)
    assert [link.portal for link in LinkedPerson.objects.filter(user=manager)] == [portal]
    assert client.get(reverse("portal_detail", args=[south.pk])).status_code == 404


def test_two_portals_with_doors_let_their_own_people_in(client, comes_in, door):
    Portal.objects.create(
        name="Southwind", address="https://south.bitrix24.com", client_id="local.2",
        client_secret=Secret("another-secret"), token_url="https://oauth.bitrix.info/oauth/token/",
    )  # fmt: skip
    page = client.get(reverse("account_login")).content.decode()
    assert "Sign in with Bitrix24: Northwind" in page
    assert "Sign in with Bitrix24: Southwind" in page
    assert comes_in(client, ADMINISTRATOR).status_code == 302


def test_a_demotion_learnt_at_a_refused_sign_in_stays_learnt(client, comes_in, sandbox, sync):
    sync()
    comes_in(client, ADMINISTRATOR)
    sandbox.change_user(ADMINISTRATOR, admin=False)
    sandbox.change_department(1, head=None)
    Portal.objects.get().departments.update(head=None)
    assert comes_in(Client(), ADMINISTRATOR).status_code == 403
    assert signed_in(client).role is None
    assert errors() == ["not_admitted"]


def test_the_first_administrator_pins_the_portals_identity(client, comes_in, door):
    Portal.objects.update(member_id="")
    comes_in(client, ADMINISTRATOR)
    door.refresh_from_db()
    assert len(door.member_id) == 32
    assert AuditEntry.objects.filter(action="portal.pinned").count() == 1


def test_before_that_nobody_else_is_let_in(client, comes_in, door):
    Portal.objects.update(member_id="", admits_everybody=True)
    answer = comes_in(client, EMPLOYEE)
    assert answer.status_code == 403
    assert "administrator signs in first" in answer.content.decode()
    door.refresh_from_db()
    assert door.member_id == ""


def test_another_identity_than_the_pinned_one_is_refused_and_on_record(client, comes_in, door):
    Portal.objects.update(member_id="f" * 32)
    answer = comes_in(client, ADMINISTRATOR)
    assert answer.status_code == 403
    assert signed_in(client) is None
    assert errors() == ["foreign_portal"]
    assert not PersonToken.objects.exists()


@pytest.mark.parametrize(
    "domain",
    ["", "evil.example", "127.0.0.1", "127.0.0.1:8400.evil.example", "evil.example#127.0.0.1"],
)
def test_a_redirect_of_another_host_is_refused_before_its_code_is_used(
    client, comes_in, door, sandbox, domain
):
    answer = comes_in(client, ADMINISTRATOR, domain=domain)
    assert answer.status_code == 403
    assert errors() == ["foreign_domain"]
    assert sandbox.calls("oauth.token") == []


def test_an_account_is_called_as_its_person_is_and_follows_a_new_name(
    client, comes_in, door, sandbox
):
    comes_in(client, ADMINISTRATOR)
    account = signed_in(client)
    assert account.display_name == "Anna Koroleva"
    page = client.get(reverse("audit_entry_list")).content.decode()
    assert "Anna Koroleva" in page
    assert "@127.0.0.1" not in page
    Person.objects.filter(remote_id=ADMINISTRATOR).update(
        first_name="Анна", last_name="Петрова", name="Анна Петрова"
    )
    follow()
    account.refresh_from_db()
    assert account.display_name == "Анна Петрова"
    assert "Анна Петрова" in client.get(reverse("overview")).content.decode()
    comes_in(client, ADMINISTRATOR)
    account.refresh_from_db()
    assert account.display_name == "Anna Koroleva"


def test_somebody_seen_only_by_number_gets_their_name_at_the_sign_in(client, comes_in, door):
    Person.objects.create(portal=door, remote_id=ADMINISTRATOR)
    comes_in(client, ADMINISTRATOR)
    assert signed_in(client).display_name == "Anna Koroleva"
    assert Person.objects.get(remote_id=ADMINISTRATOR).name == "Anna Koroleva"


def test_a_person_without_a_name_is_called_by_their_number(client, comes_in, door):
    comes_in(client, ADMINISTRATOR)
    account = signed_in(client)
    Account.objects.update(first_name="", last_name="")
    Person.objects.update(first_name="", last_name="", name="")
    account = Account.objects.get(pk=account.pk)
    assert account.display_name == f"Person {ADMINISTRATOR}"


def test_a_token_answer_that_names_another_portal_is_refused(client, comes_in, door, monkeypatch):
    """The endpoint of the answer is compared and never called."""
    exchange = tokens.bitrix.TokenServer.exchange

    def elsewhere(self, code):
        pair = exchange(self, code)
        return type(pair)(
            **{
                name: getattr(pair, name)
                for name in pair.__dataclass_fields__
                if name != "client_endpoint"
            },
            client_endpoint="https://evil.example/rest/",
        )

    monkeypatch.setattr(tokens.bitrix.TokenServer, "exchange", elsewhere)
    answer = comes_in(client, ADMINISTRATOR)
    assert answer.status_code == 403
    assert errors() == ["foreign_portal"]


@pytest.mark.parametrize("state", ["", "made-up", None])
def test_a_missing_or_foreign_state_is_refused(client, comes_in, sandbox, state):
    answer = comes_in(client, ADMINISTRATOR, state=state or "")
    assert answer.status_code == 403
    assert "Begin it again" in answer.content.decode()
    assert sandbox.calls("oauth.token") == []


def test_a_state_works_once(client, door, sandbox):
    begun = client.post(reverse("bitrix24_login", args=[door.pk]))
    state = parse_qs(urlsplit(begun.url).query)["state"][0]

    def back():
        given = {"code": sandbox.oauth_code(ADMINISTRATOR), "state": state, "domain": door.host}
        return client.get(reverse("bitrix24_callback"), given).status_code

    assert back() == 302
    assert back() == 403


def test_a_state_is_of_one_browser(client, door, sandbox):
    begun = client.post(reverse("bitrix24_login", args=[door.pk]))
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    given = {"code": sandbox.oauth_code(ADMINISTRATOR), "state": state, "domain": door.host}
    assert Client().get(reverse("bitrix24_callback"), given).status_code == 403


def test_a_used_code_lets_nobody_in(client, comes_in, sandbox):
    code = sandbox.oauth_code(ADMINISTRATOR)
    assert comes_in(client, ADMINISTRATOR, code=code).status_code == 302
    other = Client()
    assert comes_in(other, ADMINISTRATOR, code=code).status_code == 502
    assert signed_in(other) is None


def test_a_portal_that_does_not_answer_is_said_and_nobody_waits_long(client, comes_in, sandbox):
    sandbox.fail_next("timeout_before_apply", method="oauth.token", hold=10)
    answer = comes_in(client, ADMINISTRATOR)
    assert answer.status_code == 502
    assert "did not answer in time" in answer.content.decode()


def test_a_guest_of_the_portal_is_not_let_in_with_everybody(client, comes_in, sandbox, sync):
    Portal.objects.update(admits_everybody=True)
    guest = sandbox.add_user("Gustav", "Gast", user_type="extranet")
    sync()
    answer = comes_in(client, guest)
    assert answer.status_code == 403
    assert "Guests of the portal are not let in" in answer.content.decode()
    assert signed_in(client) is None
    assert not LinkedPerson.objects.filter(person__remote_id=guest).exists()


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example/x", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_never_leads_away(client, door, sandbox, where):
    begun = client.post(reverse("bitrix24_login", args=[door.pk]), {"next": where})
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    given = {"code": sandbox.oauth_code(ADMINISTRATOR), "state": state, "domain": door.host}
    assert client.get(reverse("bitrix24_callback"), given).url == reverse("home")


def test_it_leads_back_to_the_page_that_was_wanted(client, door, sandbox):
    begun = client.post(reverse("bitrix24_login", args=[door.pk]), {"next": "/workflows/?q=1"})
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    given = {"code": sandbox.oauth_code(ADMINISTRATOR), "state": state, "domain": door.host}
    assert client.get(reverse("bitrix24_callback"), given).url == "/workflows/?q=1"


def test_a_deactivated_account_is_not_opened_by_the_portal(client, comes_in, sandbox):
    comes_in(client, ADMINISTRATOR)
    Account.objects.update(is_active=False)
    other = Client()
    assert comes_in(other, ADMINISTRATOR).status_code == 403
    assert signed_in(other) is None


def test_no_secret_is_in_a_log_a_page_or_a_redirect(client, comes_in, caplog, sandbox):
    caplog.set_level("DEBUG")
    answer = comes_in(client, ADMINISTRATOR)
    pages = [answer.content.decode(), answer.url, client.get("/").content.decode(), caplog.text]
    row = PersonToken.objects.get()
    secrets = [
        row.access_token.reveal(),
        row.refresh_token.reveal(),
        sandbox.oauth["client_secret"],
    ]
    for secret in secrets:
        assert all(secret not in page for page in pages)


# --- following the portal -----------------------------------------------------------------------


def test_somebody_dismissed_is_signed_out_within_one_look(client, comes_in, sandbox, door):
    Portal.objects.update(admits_everybody=True)
    comes_in(client, EMPLOYEE)
    assert client.get("/workflows/").status_code == 200
    sandbox.change_user(EMPLOYEE, active=False)
    follow()
    account = Account.objects.get()
    assert not account.is_active
    assert account.dismissed_at is not None
    assert client.get("/workflows/").status_code == 302
    assert comes_in(Client(), EMPLOYEE).status_code in (403, 502)


def test_somebody_taken_on_again_comes_back(client, comes_in, sandbox):
    Portal.objects.update(admits_everybody=True)
    comes_in(client, EMPLOYEE)
    sandbox.change_user(EMPLOYEE, active=False)
    follow()
    sandbox.change_user(EMPLOYEE, active=True)
    follow()
    account = Account.objects.get()
    assert (account.is_active, account.dismissed_at) == (True, None)
    # what was open before stays closed
    assert client.get("/workflows/").status_code == 302


def test_a_demoted_administrator_loses_the_role_within_one_look(client, comes_in, sandbox, sync):
    sync()
    comes_in(client, ADMINISTRATOR)
    assert client.get(reverse("account_list")).status_code == 200
    sandbox.change_user(ADMINISTRATOR, admin=False)
    follow()
    assert client.get(reverse("account_list")).status_code == 403
    # the founder heads the company's department
    assert Account.objects.get().role == Role.MANAGER


def test_a_session_that_outlives_the_day_of_its_sign_in_is_looked_after(
    client, comes_in, sandbox, sync
):
    sync()
    comes_in(client, ADMINISTRATOR)
    Account.objects.update(last_login=timezone.now() - timedelta(days=3))
    sandbox.change_user(ADMINISTRATOR, admin=False)
    follow()
    assert client.get(reverse("account_list")).status_code == 403


def test_an_administrator_who_is_not_signed_in_is_not_asked_about(client, comes_in, sandbox, sync):
    sync()
    comes_in(client, ADMINISTRATOR)
    client.post(reverse("account_logout"))
    sandbox.clear_calls()
    follow()
    assert sandbox.calls("profile") == []


def test_a_head_who_heads_nothing_any_more_is_a_participant(client, comes_in, sandbox, sync):
    Portal.objects.update(admits_everybody=True)
    number = sandbox.add_department("Sales", head=EMPLOYEE)
    sync()
    comes_in(client, EMPLOYEE)
    assert signed_in(client).role == Role.MANAGER
    sandbox.change_department(number, head=None)
    follow()
    assert signed_in(client).role == Role.PARTICIPANT


def test_a_pass_over_people_brings_the_roles_along(client, comes_in, sandbox, sync):
    Portal.objects.update(admits_everybody=True)
    comes_in(client, EMPLOYEE)
    assert signed_in(client).role == Role.PARTICIPANT
    sandbox.add_department("Sales", head=EMPLOYEE)
    sync()
    assert signed_in(client).role == Role.MANAGER


def test_an_administrator_whose_token_is_dead_is_none_until_the_next_sign_in(
    client, comes_in, sandbox, sync
):
    sync()
    comes_in(client, ADMINISTRATOR)
    sandbox.revoke_tokens()
    follow()
    assert signed_in(client).role == Role.MANAGER
    comes_in(client, ADMINISTRATOR)
    assert signed_in(client).role == Role.PORTAL_ADMINISTRATOR


def test_one_question_that_fails_keeps_no_other_from_being_asked(client, comes_in, sandbox, sync):
    sync()
    comes_in(client, ADMINISTRATOR)
    sandbox.change_user(ADMINISTRATOR, admin=False)
    sandbox.fail_next("insufficient_scope", method="department.get", times=9)
    sandbox.fail_next("bad_gateway", method="user.get", times=9)
    follow()
    assert signed_in(client).role == Role.MANAGER


def test_somebody_the_portal_never_lists_is_asked_with_their_own_token(client, comes_in, sandbox):
    """Integrators work there and appear in no list of people."""
    comes_in(client, ADMINISTRATOR)
    sandbox.change_user(ADMINISTRATOR, user_type="bot")
    follow()
    assert signed_in(client) is not None


def test_one_who_cannot_be_asked_hides_no_dismissal_of_another(client, comes_in, sandbox, door):
    Portal.objects.update(admits_everybody=True)
    comes_in(client, ADMINISTRATOR)
    dismissed = Client()
    comes_in(dismissed, EMPLOYEE)
    sandbox.change_user(ADMINISTRATOR, user_type="bot")
    sandbox.change_user(EMPLOYEE, active=False)
    sandbox.fail_next("bad_gateway", method="profile", times=9)
    follow()
    sandbox.clear_faults()
    assert dismissed.get("/workflows/").status_code == 302
    assert signed_in(client).is_active


def test_a_portal_that_hangs_is_asked_once_and_not_for_long(client, comes_in, sandbox, settings):
    comes_in(client, ADMINISTRATOR)
    settings.SIGN_IN_TIMEOUT = 0.3
    sandbox.clear_calls()
    sandbox.fail_next("timeout_before_apply", times=20, hold=1)
    follow()
    assert len(sandbox.calls()) == 3


def test_a_portal_that_hangs_is_not_asked_about_one_after_the_other_for_minutes(
    client, comes_in, sandbox, settings, monkeypatch
):
    comes_in(client, ADMINISTRATOR)
    settings.SIGN_IN_TIMEOUT = 0.3
    monkeypatch.setattr(following, "LONGEST", 0.5)
    sandbox.clear_calls()
    sandbox.fail_next("timeout_before_apply", times=20, hold=1)
    follow()
    assert len(sandbox.calls()) == 2


def test_a_hanging_portal_does_not_hold_a_sign_in_for_long(client, comes_in, sandbox, settings):
    settings.SIGN_IN_TIMEOUT = 0.3
    sandbox.fail_next("timeout_before_apply", method="profile", times=9, hold=2)
    assert comes_in(client, ADMINISTRATOR).status_code == 502
    assert len(sandbox.calls("profile")) == 1


def test_somebody_unlinked_by_hand_is_not_called_dismissed(client, comes_in):
    comes_in(client, ADMINISTRATOR)
    LinkedPerson.objects.all().delete()
    follow()
    assert signed_in(client) is not None


def test_a_portal_that_cannot_be_asked_changes_nobody(client, comes_in, sandbox):
    comes_in(client, ADMINISTRATOR)
    sandbox.fail_next("bad_gateway", times=20)
    follow()
    assert Account.objects.get().role == Role.PORTAL_ADMINISTRATOR
    sandbox.clear_faults()


def test_an_account_of_one_portal_does_not_see_another(client, comes_in, portal):
    comes_in(client, ADMINISTRATOR)
    other = Portal.objects.create(name="Southwind", address="https://south.bitrix24.com")
    assert client.get(reverse("portal_detail", args=[other.pk])).status_code == 404
    assert client.post(reverse("portal_choice"), {"portal": other.pk}).status_code == 404
    assert b"Southwind" not in client.get("/").content
    assert client.get(reverse("portal_creation")).status_code == 403
    assert reverse("portal_creation") not in client.get(reverse("portal_list")).content.decode()


def test_what_somebody_did_elsewhere_before_they_were_taken_over_stays_there(
    client, comes_in, door, manager, sync
):
    sync()
    south = Portal.objects.create(name="Southwind", address="https://south.bitrix24.com")
    elsewhere = audit.record(
        AuditEntry.Kind.INTENT,
        AuditAction.WORKFLOW_KILL,
        by=By(account=manager),
        target=Target(label="Southern contract", portal_id=south.pk),
    )
    person = Person.objects.get(portal=door, remote_id=EMPLOYEE)
    LinkedPerson.objects.create(user=manager, portal=door, person=person)
    Portal.objects.update(admits_everybody=True)
    comes_in(Client(), EMPLOYEE)
    taken_over = AuditEntry.objects.get(action="account.claimed")
    comes_in(client, ADMINISTRATOR)
    assert client.get(reverse("audit_entry_detail", args=[taken_over.pk])).status_code == 200
    assert client.get(reverse("audit_entry_detail", args=[elsewhere.pk])).status_code == 404
    assert "Southern contract" not in client.get(reverse("audit_entry_list")).content.decode()
