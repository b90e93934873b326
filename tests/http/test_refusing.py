"""A form of a page from before another sign-in is not let through, and nothing is sent again."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from bizproc_admin.models import Command
from tests.conftest import PASSWORD

pytestmark = pytest.mark.portable


@pytest.fixture
def old_tab(approver, task):
    """A page of somebody who then signs in again in another tab of the same browser."""
    client = Client(enforce_csrf_checks=True)

    def sign_in():
        client.get(reverse("account_login"))
        token = client.cookies["csrf"].value
        answer = client.post(
            reverse("account_login"),
            {"login": approver.username, "password": PASSWORD, "csrfmiddlewaretoken": token},
        )
        assert answer.status_code == 302

    sign_in()
    old = client.cookies["csrf"].value
    client.cookies.pop("session")
    sign_in()
    assert client.cookies["csrf"].value != old
    return client, old


def answer(old_tab, task, **headers):
    client, token = old_tab
    address = reverse("workflow_task_completion", args=[task.pk])
    data = {"answer": "1", "comment": "пишу давно", "csrfmiddlewaretoken": token}
    return client.post(address, data, **headers)


def test_a_page_says_what_happened_and_offers_nothing_to_be_sent_again(old_tab, task, sandbox):
    page = reverse("workflow_task_detail", args=[task.pk])
    got = answer(old_tab, task, headers={"referer": f"http://testserver{page}?sort=name"})
    said = got.content.decode()
    assert got.status_code == 403
    assert "from before you signed in again" in said
    assert "Nothing was sent or changed" in said
    assert f'href="{page}?sort=name"' in said
    # neither a form nor the posted values, which a reload or a button could send
    assert "пишу давно" not in said
    assert reverse("workflow_task_completion", args=[task.pk]) not in said
    assert "DEBUG" not in said
    assert "CSRF" not in said
    assert not Command.objects.exists()
    assert sandbox.ledger() == []


def test_a_part_of_a_page_is_answered_with_a_toast_that_says_it(old_tab, task):
    page = f"http://testserver{reverse('workflow_task_list')}?open={task.pk}"
    got = answer(old_tab, task, headers={"HX-Request": "true", "HX-Current-URL": page})
    assert got.status_code == 403
    said = json.loads(got["HX-Trigger"])["toast"]
    assert said["tone"] == "danger"
    assert "from before you signed in again" in said["text"]
    assert said["anew"] == "Open the page anew"
    assert "role" not in said["text"]


def test_a_foreign_page_is_not_led_back_to(old_tab, task):
    got = answer(old_tab, task, headers={"referer": "https://elsewhere.example/x"})
    assert got.status_code == 403
    assert 'href="/" data-anew' in got.content.decode()


def test_whoever_is_signed_out_is_led_to_the_sign_in(task, client):
    client = Client(enforce_csrf_checks=True)
    page = reverse("workflow_task_detail", args=[task.pk])
    got = client.post(
        reverse("workflow_task_draft", args=[task.pk]),
        {"comment": "x"},
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"},
    )
    assert got.status_code == 204
    assert got["HX-Redirect"] == f"{reverse('account_login')}?next={page}"


def test_an_address_the_console_does_not_know_is_named_to_whoever_operates_it(old_tab, task):
    got = answer(old_tab, task, headers={"origin": "https://console.example.com"})
    said = got.content.decode()
    assert got.status_code == 403
    assert "https://console.example.com" in said
    assert "CSRF_TRUSTED_ORIGINS" in said


def test_behind_a_proxy_that_passes_the_host_on_forms_work_on_any_port(
    as_, approver, task, settings
):
    settings.ALLOWED_HOSTS = ["console.example.com"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client = as_(approver, csrf=True)
    host = {"host": "console.example.com:8443", "x-forwarded-proto": "https"}
    url = reverse("workflow_task_draft", args=[task.pk])
    page = reverse("workflow_task_detail", args=[task.pk])
    token = client.get(page, headers=host).context["csrf_token"]
    form = {"comment": "x", "csrfmiddlewaretoken": str(token)}
    sent = {**host, "origin": "https://console.example.com:8443"}
    assert client.post(url, form, headers=sent).status_code != 403
    lost = {**sent, "host": "console.example.com"}
    assert client.post(url, form, headers=lost).status_code == 403


def test_a_browser_without_cookies_is_told_so(as_, approver, task):
    client = as_(approver, csrf=True)
    got = client.post(reverse("workflow_task_completion", args=[task.pk]), {"answer": "1"})
    assert got.status_code == 403
    assert "sent no cookie" in got.content.decode()


def test_a_part_says_whose_session_answered(as_, approver, task):
    got = as_(approver).get(reverse("frame"), headers={"HX-Request": "true"})
    assert got["X-Account"] == str(approver.pk)
