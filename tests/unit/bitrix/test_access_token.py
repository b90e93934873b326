"""A person's token opens the portal as that person: it travels in a header and is never seen."""

import copy
import json
import logging
import pickle
import traceback
from urllib.parse import quote

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix.credentials import hide, hide_bytes

from . import leaks
from .stub import TOKEN, FreePacer

ENDPOINT = "https://portal.example:8443/rest/"


@pytest.fixture
def as_person(stub, pacer):
    made = bitrix.Transport(
        stub.token, pacer=pacer, timeouts=bitrix.Timeouts(connect=1, read=0.25, total=0.4)
    )
    yield made
    made.close()


def test_it_tells_the_host_and_the_portal_and_nothing_of_its_owner():
    token = bitrix.AccessToken(f" {ENDPOINT} ", TOKEN)
    assert token.host == "portal.example:8443"
    assert token.portal_url == "https://portal.example:8443"
    assert token.user_id is None
    assert token.reveal() == TOKEN
    assert isinstance(token, bitrix.Credential)
    assert bitrix.Transport(token, pacer=FreePacer()).webhook_user_id is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "portal.example/rest/",
        "ftp://portal.example/rest/",
        "https:///rest/",
        "https://portal.example:no/rest/",
        "https://[portal.example/rest/",
        "https://user@portal.example/rest/",
        "https://user:word@portal.example/rest/",
        "https://portal.example/rest/?auth=1",
        "https://portal.example/rest/#x",
        "https://portal.example/",
        "https://portal.example/rest/1/",
        "https://portal.example/restful/",
    ],
)
def test_what_is_no_endpoint_is_refused_in_a_sentence_without_the_token(endpoint):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as caught:
        bitrix.AccessToken(endpoint, TOKEN)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Header: b", "a\n", "токен", "a" * 5000])
def test_what_could_not_be_a_header_is_no_token(token):
    with pytest.raises(ValueError, match="An access token is") as caught:
        bitrix.AccessToken(ENDPOINT, token)
    assert token == "" or token not in str(caught.value)


def test_every_way_of_writing_the_endpoint_means_the_same():
    token = bitrix.AccessToken(ENDPOINT, TOKEN)
    assert token == bitrix.AccessToken("https://PORTAL.example:8443/rest", TOKEN)
    assert hash(token) == hash(bitrix.AccessToken(ENDPOINT, TOKEN))
    assert token != bitrix.AccessToken(ENDPOINT, TOKEN + "x")
    assert token != bitrix.AccessToken("https://other.example/rest/", TOKEN)
    assert token != TOKEN
    assert bitrix.WebhookUrl("https://a.example/rest/1/secret/") != bitrix.AccessToken(
        "https://a.example/rest/", "secret"
    )


def test_no_way_of_writing_it_shows_the_token():
    token = bitrix.AccessToken(ENDPOINT, TOKEN)
    shown = [repr(token), str(token), f"{token}", f"{token!r:>90}", str([token])]
    shown.append(json.dumps({"a": token}, default=str))
    assert all(TOKEN not in one and "portal.example" in one for one in shown)


def test_it_cannot_be_pickled_nor_become_json():
    token = bitrix.AccessToken(ENDPOINT, TOKEN)
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(token)
    with pytest.raises(TypeError):
        json.dumps(token)
    assert copy.deepcopy({"a": token})["a"] is copy.copy(token)
    assert not hasattr(token, "__dict__")


@pytest.mark.parametrize("is_write", [True, False])
def test_the_token_travels_in_the_header_alone(stub, as_person, is_write):
    as_person.call(
        "bizproc.task.complete",
        {"TASK_ID": 5},
        is_write=is_write,
        purpose=bitrix.Purpose.VERIFY,
        patience=1,
    )
    path, body, headers = stub.seen[0]
    assert path == "/rest/bizproc.task.complete.json"
    assert body == {"TASK_ID": 5}
    assert headers.pop("Authorization") == f"Bearer {TOKEN}"
    assert TOKEN not in str(headers)


def test_a_webhooks_call_has_no_such_header(stub, transport):
    transport.call("profile", {}, is_write=False, purpose=bitrix.Purpose.VERIFY, patience=1)
    assert "Authorization" not in stub.seen[0][2]


@pytest.mark.parametrize("credential", ["token", "webhook"])
def test_a_password_kept_for_the_host_is_not_sent(stub, pacer, tmp_path, monkeypatch, credential):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport = bitrix.Transport(getattr(stub, credential), pacer=pacer)
    transport.call("profile", {}, is_write=False, purpose=bitrix.Purpose.VERIFY, patience=1)
    transport.close()
    assert not stub.seen[0][2].get("Authorization", "").startswith("Basic")


@pytest.mark.parametrize("script", leaks.SCRIPTS, ids=lambda script: script.__name__)
def test_the_token_is_in_no_log_and_no_error(stub, as_person, caplog, script):
    for name in ("", "urllib3", "urllib3.connectionpool", "requests", "bizproc_admin.bitrix"):
        caplog.set_level(logging.DEBUG, logger=name)
    stub.fallback = script
    reader = bitrix.Reader(as_person, sleep=lambda _: None)
    writer = bitrix.Writer(as_person)
    shown = [repr(as_person), repr(reader)]
    for act in (lambda: writer.workflows.kill("1.2"), reader.system.user_admin):
        try:
            act()
        except bitrix.BitrixError as error:
            shown += leaks.said_by(error)
    assert stub.seen
    assert "bizproc.workflow.kill" in caplog.text
    for text in [*shown, *leaks.logged(caplog)]:
        assert TOKEN not in text
        assert quote(TOKEN, safe="") not in text


def test_a_secret_is_hidden_in_every_spelling():
    secret = 'a/b+c"d'
    spellings = [secret, "a%2Fb%2Bc%22d", "a/b%2Bc%22d", 'a/b+c\\"d', 'a\\/b+c\\"d']
    for spelling in spellings:
        assert hide(f"<{spelling}>", secret) == "<•••>"
        assert hide_bytes(f"<{spelling}>".encode(), secret) == "<•••>".encode()
    assert hide("a short one", "a") == "a short one"
