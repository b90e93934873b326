"""Accounts: made with a one-time link, changed on record, never their own judge."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import Account, AuditEntry, LinkedPerson, Person, Portal, Role
from tests.conftest import PASSWORD, account

pytestmark = pytest.mark.portable

NEW = {"username": "olga", "first_name": "Olga", "last_name": "Petrova", "role": "manager"}
CHOSEN = {"new_password1": "quite-a-long-password", "new_password2": "quite-a-long-password"}


@pytest.fixture
def person(portal):
    return Person.objects.create(portal=portal, remote_id=77, name="Olga Petrova")


def link_in(answer):
    return re.search(r"/accounts/entry/[\w-]+/[\w-]+/", answer.content.decode()).group()


def entries(action):
    return AuditEntry.objects.filter(kind=AuditEntry.Kind.ACCOUNT, action=action)


def test_a_new_account_is_entered_by_its_one_time_link(as_, administrator, portal, person):
    answer = as_(administrator).post(reverse("account_creation"), {**NEW, "person": person.pk})
    assert answer.status_code == 200
    account = Account.objects.get(username="olga")
    assert account.role == Role.MANAGER
    assert not account.has_usable_password()
    assert LinkedPerson.objects.get().person == person
    link = link_in(answer)
    browser = Client()
    assert browser.get(link).status_code == 200
    assert browser.post(link, CHOSEN).status_code == 302
    account.refresh_from_db()
    assert account.check_password(CHOSEN["new_password1"])
    assert browser.get(link).status_code == 404
    assert entries("account.made").get().detail.after["person"] == "Olga Petrova"
    assert entries("account.password_chosen").get().actor == account


def test_a_weak_password_is_said_beside_the_field(as_, administrator, db):
    link = link_in(as_(administrator).post(reverse("account_creation"), NEW))
    answer = Client().post(link, {"new_password1": "short", "new_password2": "short"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["new_password2"]


def test_a_taken_name_is_said_and_what_was_typed_stays(as_, administrator, manager):
    answer = as_(administrator).post(
        reverse("account_creation"), {**NEW, "username": manager.username}
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors["username"]
    assert b"Petrova" in answer.content


def test_a_person_belongs_to_one_account(as_, administrator, manager, portal, person):
    LinkedPerson.objects.create(user=manager, portal=portal, person=person)
    answer = as_(administrator).post(reverse("account_creation"), {**NEW, "person": person.pk})
    assert answer.status_code == 422
    assert "maria" in str(answer.context["form"].errors["person"])


def test_a_changed_role_is_on_record_with_what_it_was(as_, administrator, manager, portal):
    as_(administrator).post(
        reverse("account_detail", args=[manager.pk]),
        {"first_name": "Maria", "last_name": "Hoffmann", "role": "auditor"},
    )
    assert Account.objects.get(pk=manager.pk).role == Role.AUDITOR
    detail = entries("account.changed").get().detail
    assert (detail.before["role"], detail.after["role"]) == ("manager", "auditor")


def test_nobody_changes_the_own_role(as_, administrator, portal):
    answer = as_(administrator).post(
        reverse("account_detail", args=[administrator.pk]),
        {"first_name": "Anna", "last_name": "Koroleva", "role": "auditor"},
    )
    assert answer.status_code == 422
    assert Account.objects.get(pk=administrator.pk).role == Role.PORTAL_ADMINISTRATOR


def test_a_deactivated_account_is_out_at_once(as_, administrator, manager):
    open_browser = as_(manager)
    assert open_browser.get(reverse("overview")).status_code == 200
    as_(administrator).post(reverse("account_activation", args=[manager.pk]))
    assert open_browser.get(reverse("overview")).status_code == 302
    assert entries("account.deactivated").exists()


def test_nobody_deactivates_the_own_account(as_, administrator):
    as_(administrator).post(reverse("account_activation", args=[administrator.pk]))
    administrator.refresh_from_db()
    assert administrator.is_active


def test_a_reset_takes_the_password_away_and_gives_a_link(as_, administrator, manager):
    answer = as_(administrator).post(reverse("account_reset", args=[manager.pk]))
    manager.refresh_from_db()
    assert not manager.has_usable_password()
    assert Client().get(link_in(answer)).status_code == 200


def test_a_link_is_in_no_audit_entry(as_, administrator, db):
    token = link_in(as_(administrator).post(reverse("account_creation"), NEW)).split("/")[-2]
    for entry in AuditEntry.objects.with_details():
        assert token not in str(entry.detail.__dict__)


def test_signing_in_and_out_is_on_record(client, administrator):
    sign_in = reverse("account_login")
    assert client.get(sign_in).status_code == 200
    answer = client.post(sign_in, {"login": "anna", "password": PASSWORD})
    assert answer.status_code == 302
    client.post(reverse("account_logout"))
    kinds = list(AuditEntry.objects.order_by("pk").values_list("kind", "actor__username"))
    assert kinds == [("sign_in", "anna"), ("sign_out", "anna")]


def test_a_failed_sign_in_is_on_record_without_the_password(client, administrator):
    client.post(reverse("account_login"), {"login": "anna", "password": "not-this-one"})
    entry = AuditEntry.objects.get()
    assert entry.kind == "sign_in_failed"
    assert entry.target_id == str(administrator.pk)
    assert "not-this-one" not in str(entry.detail.__dict__)


def test_guessing_passwords_is_slowed_down(client, administrator):
    for _ in range(6):
        answer = client.post(reverse("account_login"), {"login": "anna", "password": "guess"})
    answer = client.post(reverse("account_login"), {"login": "anna", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert b"Too many" in answer.content


@pytest.mark.parametrize("path", ["/sign-up/", "/accounts/signup/", "/sign-in/email/"])
def test_nobody_signs_up_or_changes_an_address(client, path, db):
    assert client.get(path).status_code in (302, 404)
    assert Account.objects.count() == 0


def test_a_person_dismissed_meanwhile_stays_linked(as_, administrator, manager, portal, person):
    LinkedPerson.objects.create(user=manager, portal=portal, person=person)
    Person.objects.update(is_active=False)
    as_(administrator).post(
        reverse("account_detail", args=[manager.pk]),
        {"first_name": "M", "last_name": "H", "role": "manager", "person": person.pk},
    )
    assert LinkedPerson.objects.get().person == person


# --- accounts that the portal gives -------------------------------------------------------------


@pytest.fixture
def from_portal(portal, person):
    """An account that Olga Petrova made by signing in through the portal."""
    made = account("2@north", "Olga Petrova", Role.PARTICIPANT)
    made.set_unusable_password()
    made.home, made.follows_portal = portal, True
    made.save()
    LinkedPerson.objects.create(user=made, portal=portal, person=person)
    Portal.objects.update(admits_everybody=True)
    return made


@pytest.fixture
def at_home(portal):
    """An administrator of the portal, who came in through it."""
    made = account("1@north", "Greta Lang", Role.PORTAL_ADMINISTRATOR)
    made.home, made.follows_portal = portal, True
    made.save()
    boss = Person.objects.create(
        portal=portal, remote_id=1, name="Greta Lang", is_administrator=True
    )
    LinkedPerson.objects.create(user=made, portal=portal, person=boss)
    return made


def detail(who):
    return reverse("account_detail", args=[who.pk])


NAMES = {"first_name": "Olga", "last_name": "Petrova"}


def test_the_page_says_where_an_account_and_its_role_come_from(as_, administrator, from_portal):
    page = as_(administrator).get(detail(from_portal)).content.decode()
    assert "opened by signing in through Northwind" in page
    assert "with Bitrix24" in page
    assert "As on the portal: Participant" in page
    listed = as_(administrator).get(reverse("account_list")).content.decode()
    assert "as on the portal" in listed
    assert "Waits for its link" not in listed


def test_a_role_that_follows_the_portal_is_not_given_here(as_, administrator, from_portal):
    answer = as_(administrator).post(detail(from_portal), {**NAMES, "role": "portal administrator"})
    assert answer.status_code == 422
    assert Account.objects.get(pk=from_portal.pk).role == Role.PARTICIPANT


def test_an_auditor_is_named_and_unnamed_here_whatever_the_portal_says(
    as_, administrator, from_portal, person
):
    client = as_(administrator)
    client.post(detail(from_portal), {**NAMES, "role": "auditor"})
    assert Account.objects.get(pk=from_portal.pk).role == Role.AUDITOR
    page = client.get(detail(from_portal))
    assert page.context["form"].fields["role"].initial == Role.AUDITOR
    person.headed.create(
        portal=person.portal, remote_id=5, name="Sales", observed_at=timezone.now()
    )
    client.post(detail(from_portal), {**NAMES, "role": "portal"})
    assert Account.objects.get(pk=from_portal.pk).role == Role.MANAGER
    told = [entry.detail.after["role"] for entry in entries("account.changed").order_by("pk")]
    assert told == ["auditor", "manager"]


def test_saving_other_facts_keeps_the_role_and_the_person(as_, administrator, from_portal, person):
    as_(administrator).post(
        detail(from_portal), {"first_name": "Olga", "last_name": "Levina", "role": "portal"}
    )
    saved = Account.objects.get(pk=from_portal.pk)
    assert (saved.last_name, saved.role) == ("Levina", Role.PARTICIPANT)
    assert saved.linked_people.get().person == person
    assert entries("account.changed").get().detail.after["person"] == "Olga Petrova"


def test_an_account_of_a_portal_gets_no_password(as_, administrator, from_portal):
    client = as_(administrator)
    reset = reverse("account_reset", args=[from_portal.pk])
    assert reset not in client.get(detail(from_portal)).content.decode()
    assert client.post(reset).url == detail(from_portal)
    assert not entries("account.password_reset").exists()


def test_somebody_dismissed_is_shown_as_stopped_and_not_activated_by_hand(
    as_, administrator, from_portal
):
    Account.objects.filter(pk=from_portal.pk).update(
        is_active=False, dismissed_at=timezone.now() - timedelta(hours=1)
    )
    client = as_(administrator)
    assert "Stopped: dismissed" in client.get(reverse("account_list")).content.decode()
    page = client.get(detail(from_portal)).content.decode()
    assert "Stopped: dismissed on the portal" in page
    activation = reverse("account_activation", args=[from_portal.pk])
    assert activation not in page
    client.post(activation)
    assert not Account.objects.get(pk=from_portal.pk).is_active


def test_an_account_activated_again_has_the_role_of_now(as_, administrator, from_portal, person):
    client = as_(administrator)
    activation = reverse("account_activation", args=[from_portal.pk])
    client.post(activation)
    Person.objects.filter(pk=person.pk).update(is_administrator=True)
    client.post(activation)
    saved = Account.objects.get(pk=from_portal.pk)
    assert (saved.is_active, saved.role) == (True, Role.PORTAL_ADMINISTRATOR)


def test_an_administrator_of_a_portal_manages_the_accounts_of_that_portal_alone(
    as_, at_home, administrator, manager, from_portal
):
    client = as_(at_home)
    listed = client.get(reverse("account_list"))
    assert {one.username for one in listed.context["accounts"]} == {"1@north", "2@north"}
    assert reverse("account_creation") not in listed.content.decode()
    assert client.get(detail(from_portal)).status_code == 200
    for operators in (administrator, manager):
        assert client.get(detail(operators)).status_code == 404
        for act in ("activation", "reset", "second_factor_removal", "sessions_ending"):
            address = reverse(f"account_{act}", args=[operators.pk])
            assert client.post(address).status_code == 404


def test_an_administrator_of_a_portal_makes_no_accounts(as_, at_home):
    client = as_(at_home)
    assert client.get(reverse("account_creation")).status_code == 403
    assert client.post(reverse("account_creation"), NEW).status_code == 403
    assert not Account.objects.filter(username="olga").exists()


def test_an_operators_account_keeps_choosing_its_roles_and_person(
    as_, administrator, manager, portal, person
):
    client = as_(administrator)
    form = client.get(detail(manager)).context["form"]
    assert [key for key, _label in form.fields["role"].choices] == Role.values
    client.post(detail(manager), {**NAMES, "role": "participant", "person": person.pk})
    assert Account.objects.get(pk=manager.pk).role == Role.PARTICIPANT
    assert LinkedPerson.objects.get().person == person


def test_the_list_costs_the_same_for_three_accounts_and_for_thirty(
    as_, administrator, manager, from_portal
):
    client = as_(administrator)
    client.get(reverse("account_list"))
    costs = []
    for made in (0, 27):
        for number in range(made):
            account(f"account-{number}", f"Account {number}", Role.AUDITOR)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("account_list"))
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\ufeff"])
def test_a_name_that_is_read_otherwise_than_it_is_written_is_refused(
    as_, administrator, manager, hidden
):
    answer = as_(administrator).post(
        reverse("account_detail", args=[manager.pk]),
        {"first_name": f"Maria{hidden}", "last_name": "Hoffmann", "role": "manager"},
    )
    assert answer.status_code == 422
    assert "not seen" in str(answer.context["form"].errors["first_name"])
    manager.refresh_from_db()
    assert manager.first_name == "Maria"
