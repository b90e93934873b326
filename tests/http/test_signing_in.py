"""Signing in and being signed out: what the person sees, and what goes on record."""

from datetime import timedelta

import pytest
from django.core.cache.backends.filebased import FileBasedCache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import audit
from bizproc_admin.models import Account, AuditEntry, AuditRepeat
from config import settings as production
from tests.conftest import PASSWORD

pytestmark = pytest.mark.portable


def sign_in(client, *, username="anna", where="127.0.0.1", **more):
    values = {"login": username, "password": PASSWORD, **more}
    return client.post(reverse("account_login"), values, REMOTE_ADDR=where)


def test_a_deactivated_account_is_refused_like_a_wrong_password(client, administrator):
    wrong = sign_in(client, password="another-password")
    Account.objects.update(is_active=False)
    answer = sign_in(client)
    assert answer.status_code == wrong.status_code == 200
    assert answer.context["form"].errors == wrong.context["form"].errors
    assert "_auth_user_id" not in client.session
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.SIGN_IN_FAILED).count() == 2


def test_a_busy_console_forgets_no_count_of_wrong_passwords(tmp_path):
    """The cache of files counts what has run out too, and throws away any keys once it is full."""
    cache = FileBasedCache(str(tmp_path), production.CACHES["default"])
    keys = [f"visitor-{number}" for number in range(600)]
    for key in keys:
        cache.set(key, [1.0])
    assert all(cache.has_key(key) for key in keys)


def test_attempts_turned_away_unread_are_on_record_too(client, administrator):
    for _ in range(8):
        sign_in(client, password="guess")
    failed = AuditEntry.objects.filter(kind=AuditEntry.Kind.SIGN_IN_FAILED)
    assert failed.count() == 6
    assert failed.filter(error_code="too_many_attempts").count() == 1
    AuditRepeat.objects.update(began_at=timezone.now() - timedelta(minutes=11))
    audit.close_repeats()
    more = failed.latest("pk")
    assert (more.error_code, more.detail.inputs["repeats"]) == ("too_many_attempts", 2)
    assert not AuditRepeat.objects.exists()


def test_wrong_passwords_from_anywhere_do_not_keep_out_a_browser_that_has_signed_in_before(
    client, administrator
):
    sign_in(client)
    client.post(reverse("account_logout"))
    stranger = Client()
    for number in range(9):
        sign_in(stranger, password="guess", where=f"192.0.2.{number}")
    turned_away = sign_in(Client(), where="192.0.2.77")
    assert turned_away.status_code == 200
    assert "_auth_user_id" not in stranger.session
    assert sign_in(client, where="192.0.2.88").status_code == 302


def test_a_known_browser_is_counted_too(client, administrator):
    sign_in(client)
    client.post(reverse("account_logout"))
    for number in range(6):
        sign_in(client, password="guess", where=f"192.0.2.{number}")
    assert sign_in(client, where="192.0.2.99").status_code == 200


def test_a_browser_is_known_to_the_accounts_that_signed_in_with_it_alone(
    client, administrator, other_administrator
):
    sign_in(client)
    client.post(reverse("account_logout"))
    for number in range(9):
        sign_in(Client(), username="boris", password="guess", where=f"192.0.2.{number}")
    assert sign_in(client, username="boris", where="192.0.2.99").status_code == 200
    assert client.cookies["known-browser"]["httponly"]


@pytest.mark.parametrize("value", ["", "nonsense", "e30:1tMQ:aaaa"])
def test_a_made_up_mark_of_a_browser_is_none(client, administrator, value):
    for number in range(9):
        sign_in(Client(), password="guess", where=f"192.0.2.{number}")
    client.cookies["known-browser"] = value
    assert sign_in(client, where="192.0.2.99").status_code == 200


def test_who_is_led_to_the_sign_in_is_told_why(client, db):
    said = "that session has run out, or was ended"
    assert said in client.get("/workflow-tasks/?q=a", follow=True).content.decode()
    assert said not in client.get(reverse("account_login")).content.decode()


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_away(client, administrator, where):
    assert sign_in(client, next=where).url == reverse("home")


def test_a_part_of_a_page_asked_for_after_the_session_leads_the_whole_page_to_the_sign_in(
    client, workflow
):
    answer = client.get(
        reverse("workflow_pulse"),
        headers={
            "HX-Request": "true",
            "HX-Current-URL": "http://testserver/workflows/?condition=overdue",
        },
    )
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/sign-in/?next=/workflows/%3Fcondition%3Doverdue"


def test_a_page_outside_is_not_where_the_sign_in_leads_back_to(client, db):
    answer = client.get(
        reverse("overview"),
        headers={"HX-Request": "true", "HX-Current-URL": "https://evil.example/x"},
    )
    assert answer["HX-Redirect"] == "/sign-in/?next=/"


def test_the_longest_name_there_can_be_signs_in(client, administrator):
    Account.objects.update(first_name="a" * 150, last_name="b" * 150)
    assert sign_in(client).status_code == 302
    entry = AuditEntry.objects.get(kind=AuditEntry.Kind.SIGN_IN)
    assert len(entry.actor_name) == 255


@pytest.mark.parametrize(
    ("trusted", "told", "recorded"),
    [
        (True, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (True, "", "127.0.0.1"),
        (True, "2001:db8::7", "2001:db8::7"),
        (True, "nonsense", None),
        (False, "198.51.100.7", "127.0.0.1"),
    ],
)
def test_the_address_on_record_is_the_visitors_and_cannot_be_made_up(
    client, administrator, settings, trusted, told, recorded
):
    settings.TRUSTED_PROXY = trusted
    client.post(
        reverse("account_login"),
        {"login": "anna", "password": "guess"},
        headers={"X-Forwarded-For": told},
    )
    assert AuditEntry.objects.get().ip == recorded


def test_one_visitor_behind_the_proxy_does_not_lock_out_another(client, administrator, settings):
    settings.TRUSTED_PROXY = True
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(12):
        client.post(
            reverse("account_login"),
            {"login": f"guess{number}", "password": "guess"},
            headers={"X-Forwarded-For": "198.51.100.7"},
        )
    answer = client.post(
        reverse("account_login"),
        {"login": "anna", "password": PASSWORD},
        headers={"X-Forwarded-For": "198.51.100.8"},
    )
    assert answer.status_code == 302
