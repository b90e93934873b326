"""Accounts: made with a one-time link, changed on record, never their own judge."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from bizproc_admin.models import Account, AuditEntry, LinkedPerson, Person, Role
from tests.conftest import PASSWORD

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
    assert entries("Made an account").get().detail.after["person"] == "Olga Petrova"
    assert entries("Chose a password").get().actor == account


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
    detail = entries("Changed an account").get().detail
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
    assert entries("Deactivated an account").exists()


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
