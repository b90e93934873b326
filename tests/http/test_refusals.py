"""Pages that say no: with the way on for whoever has one, with a number for whoever mends it."""

import logging
import re

import pytest
from django.test import Client
from django.urls import reverse

from bizproc_admin.models import Portal
from config.logs import NumberedRequests


def html(answer):
    return answer.content.decode()


@pytest.mark.parametrize("address", ["/nothing/here/", "/workflows/999999/"])
def test_what_is_not_here_keeps_the_navigation(as_, administrator, portal, address):
    answer = as_(administrator).get(address)
    assert answer.status_code == 404
    assert 'id="nav"' in html(answer)
    assert reverse("workflow_list") in html(answer)
    assert "This page is not here" in html(answer)


def test_what_a_role_does_not_allow_keeps_the_navigation(as_, manager, portal):
    answer = as_(manager).get(reverse("account_list"))
    assert answer.status_code == 403
    assert 'id="nav"' in html(answer)
    assert "Your role does not allow this" in html(answer)


def test_without_a_role_or_an_account_there_is_no_navigation_to_keep(as_, nobody, db):
    for who in (nobody, None):
        answer = as_(who).get("/nothing/here/")
        assert answer.status_code == 404
        assert 'id="nav"' not in html(answer)


def test_a_fault_of_the_console_has_a_number_that_stands_in_its_log(
    as_, administrator, monkeypatch, caplog
):
    client = as_(administrator)
    client.raise_request_exception = False

    def breaks(*_args, **_kwargs):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Portal.objects, "reached_by", breaks)
    with caplog.at_level(logging.ERROR):
        answer = client.get(reverse("portal_list"))
    assert answer.status_code == 500
    number = answer["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{12}", number)
    assert number in html(answer)
    record = next(one for one in caplog.records if one.name == "django.request")
    assert record.request.id == number


def test_the_number_is_written_into_the_line_of_the_log(rf):
    request = rf.get("/")
    request.id = "abc123"
    record = logging.makeLogRecord({"msg": "Failed: %s", "args": ("/",), "request": request})
    assert NumberedRequests().filter(record)
    assert record.getMessage() == "Failed: / request=abc123"


def test_every_answer_has_a_number_of_its_own(db):
    numbers = {Client().get(reverse("account_login"))["X-Request-ID"] for _ in range(3)}
    assert len(numbers) == 3
