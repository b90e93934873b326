"""Calls as somebody sends them who means harm: each is answered, and kept as what it is at most."""

import io

import pytest
from django.test import RequestFactory
from django.urls import reverse
from gunicorn.http.errors import InvalidChunkSize

from bizproc_admin.models import ApplicationStep
from bizproc_admin.receiving import keeping
from bizproc_admin.views.receiving import receive_calls
from sandbox import php
from tests.http.calling import FORM, TOKEN, call_of, calls, proven_by

pytestmark = pytest.mark.portable

ODD = (
    "\x00",
    "a\x00b",
    "\ud800",
    "\udc00\ud800",
    "\\u0000",
    "\\ud800",
    "\uffff",
    "<b>\u202e",
    "🙂" * 300,
)


@pytest.fixture(autouse=True)
def nobody_is_remembered():
    keeping._looks.clear()
    keeping._known.clear()


def odd_bytes(text: str) -> bytes:
    """Return a text as bytes, halves of pairs and all."""
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "field",
    [
        "workflow_id", "code", "event_token", "document_id[0]", "document_type[2]",
        "properties[item]", "properties[a][b]", "ts", "timeout_duration", "use_subscription",
        "auth[user_id]",
    ],
)  # fmt: skip
def test_no_text_whatever_breaks_a_call_or_the_pages_that_show_it(
    portal, field, as_, administrator
):
    proven_by(portal)
    client = as_(administrator)
    for text in ODD:
        escaped = "".join(f"%{byte:02X}" for byte in odd_bytes(text)).encode()
        for odd in (escaped, odd_bytes(text)):
            body = php.build_query(call_of()).encode() + b"&" + field.encode() + b"=" + odd
            assert calls(portal, body).status_code in (200, 400)
    for step in ApplicationStep.objects.all():
        page = client.get(reverse("application_step_detail", args=[step.pk]))
        assert page.status_code == 200
    assert client.get(reverse("application_step_list")).status_code == 200


@pytest.mark.parametrize("odd", [b"\xff", b"%00", b"%ED%A0%80", b"__proto__", b"]", b"[", b"."])
def test_no_name_whatever_breaks_a_call(portal, odd):
    proven_by(portal)
    body = php.build_query(call_of()).encode()
    body += b"&" + odd + b"=1&properties[" + odd + b"][" + odd + b"]=2&" + odd + b"[" + odd + b"=3"
    assert calls(portal, body).status_code == 200
    assert ApplicationStep.objects.count() == 1


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "multipart/form-data; boundary=x", f"{FORM}; charset=nonsense"],
)
def test_the_type_that_is_claimed_changes_nothing(portal, client, content_type):
    proven_by(portal)
    address = reverse("receive_calls", args=[portal.calls_id])
    answer = client.generic("POST", address, php.build_query(call_of()), content_type)
    assert answer.status_code == 200
    assert ApplicationStep.objects.count() == 1


class Pieces(io.BytesIO):
    """A body in pieces that breaks off."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def read(self, *_):
        raise self.error


@pytest.mark.parametrize("error", [InvalidChunkSize(b"zz"), OSError("it broke off")])
def test_pieces_that_are_none_are_refused_and_are_no_fault_of_ours(portal, error):
    proven_by(portal)
    request = RequestFactory().post("/calls/", content_type=FORM)
    del request.META["CONTENT_LENGTH"]
    request.META |= {"wsgi.input": Pieces(error), "wsgi.input_terminated": True}
    assert receive_calls(request, portal.calls_id).status_code == 400


def test_of_what_stands_twice_the_later_counts_and_a_text_is_no_block(portal):
    proven_by(portal)
    body = php.build_query(call_of()).encode()
    assert calls(portal, body + b"&auth=" + TOKEN.encode()).status_code == 403
    assert calls(portal, body + b"&workflow_id[]=w.2").status_code == 400
    assert calls(portal, body + b"&workflow_id=w.2").status_code == 200
    assert ApplicationStep.objects.get().workflow_remote_id == "w.2"
