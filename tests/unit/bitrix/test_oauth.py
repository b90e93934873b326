"""The token server gives pairs or says no; its secrets travel in a form and are never seen."""

import gzip
import logging
import socket
import traceback
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify
from bizproc_admin.wording.portal_errors import for_people

from . import leaks
from .test_objects import json_values

CLIENT_ID = "local.5f3c2b1a.12345678"
CLIENT_SECRET = "cs0/hush+client%secret"
CODE = "co0hushcode77"
OLD_REFRESH = "rt0hushrefreshold"
PAIR = {
    "access_token": "at9hushaccessnew",
    "refresh_token": "rt9hushrefreshnew",
    "expires": 1737539422,
    "expires_in": 3600,
    "scope": "bizproc,user_brief",
    "domain": "oauth.bitrix.info",
    "server_endpoint": "https://oauth.bitrix.info/rest/",
    "status": "L",
    "client_endpoint": "https://portal.example/rest/",
    "member_id": "a223c6b3710f85df22e9377d6c4f7553",
    "user_id": 14,
}
SECRETS = [CLIENT_SECRET, CODE, OLD_REFRESH, PAIR["access_token"], PAIR["refresh_token"]]
SPELLINGS = {spell for one in SECRETS for spell in (one, quote(one, safe=""), quote_plus(one))}


@pytest.fixture
def server(stub):
    return server_at(f"http://127.0.0.1:{stub.server_port}/oauth/token/")


def server_at(url, **more):
    more.setdefault("timeouts", bitrix.Timeouts(connect=1, read=0.25, total=0.4))
    return bitrix.TokenServer(url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, **more)


def failing(server):
    with pytest.raises(bitrix.BitrixError) as caught:
        server.refresh(OLD_REFRESH)
    assert caught.value.__context__ is None
    return caught.value


def test_a_code_becomes_a_pair(stub, server):
    stub.says(PAIR)
    pair = server.exchange(CODE)
    assert (pair.access_token, pair.refresh_token) == (PAIR["access_token"], PAIR["refresh_token"])
    assert pair.expires_in == 3600
    assert pair.client_endpoint == "https://portal.example/rest/"
    assert pair.server_endpoint == "https://oauth.bitrix.info/rest/"
    assert pair.domain == "oauth.bitrix.info"
    assert pair.member_id == PAIR["member_id"]
    assert pair.user_id == 14
    assert pair.scopes == ("bizproc", "user_brief")
    assert pair.status == "L"
    assert bitrix.AccessToken(pair.client_endpoint, pair.access_token).host == "portal.example"


def test_the_secrets_travel_in_a_form_on_a_connection_of_their_own(stub, server):
    stub.says(PAIR)
    stub.says(PAIR)
    server.exchange(CODE)
    server.refresh(OLD_REFRESH)
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    assert [(path, form) for path, form, _ in stub.seen] == [
        ("/oauth/token/", {"grant_type": "authorization_code", **client, "code": CODE}),
        ("/oauth/token/", {"grant_type": "refresh_token", **client, "refresh_token": OLD_REFRESH}),
    ]
    assert all(CLIENT_SECRET not in str(headers) for _, _, headers in stub.seen)
    assert len(stub.connections) == 2


def test_an_unchanged_refresh_token_is_taken_as_it_comes(stub, server):
    stub.says({**PAIR, "refresh_token": OLD_REFRESH})
    assert server.refresh(OLD_REFRESH).refresh_token == OLD_REFRESH


@pytest.mark.parametrize(
    ("code", "status", "final", "sign_in", "advice"),
    [
        ("wrong_client", 200, True, False, "An administrator must check"),
        ("invalid_client", 400, True, False, "An administrator must check"),
        ("invalid_grant", 400, True, True, "Sign in with Bitrix24 again"),
        ("INVALID_GRANT", 200, True, True, "Sign in with Bitrix24 again"),
        ("NOT_INSTALLED", 401, True, False, "install it again"),
        ("PAYMENT_REQUIRED", 401, True, False, "Renew the subscription"),
        ("invalid_request", 400, True, False, "administrator must check"),
        ("insufficient_scope", 401, True, False, "administrator must check"),
        ("INVALID_SCOPE", 403, True, False, "administrator must check"),
        ("NO_AUTH_FOUND", 401, True, False, "administrator must check"),
        ("QUERY_LIMIT_EXCEEDED", 503, False, False, "Try again later"),
        ("SOMETHING_NEW", 400, False, False, "Try again later"),
        ("", 400, False, False, "Try again later"),
        ("invalid_grant", 500, False, False, "Try again later"),
    ],
)
def test_what_a_refusal_means_is_in_its_body_and_not_its_status(
    stub, server, code, status, final, sign_in, advice
):
    stub.says({"error": code}, status=status)
    error = failing(server)
    assert type(error) is bitrix.TokenRefused
    assert (error.vendor_code, error.status) == (code, status)
    assert error.is_final is final
    assert error.needs_sign_in is sign_in
    assert advice in for_people(error.code, error.values)
    expected = Classification.NOT_APPLIED_FINAL if final else Classification.NOT_APPLIED_RETRY
    assert classify(error) is expected
    assert len(stub.seen) == 1


@pytest.mark.parametrize(
    ("body", "status", "transient"),
    [
        (b"<html>Bad gateway</html>", 502, True),
        (b"<html>Please wait</html>", 200, True),
        (b"", 200, True),
        (b"[]", 200, True),
        (b"", 302, False),
        (b"{}", 200, False),
        (b'{"result": true}', 404, False),
        (b'{"result": true}', 503, True),
    ],
)
def test_an_answer_that_makes_no_sense_may_have_spent_the_token(
    stub, server, body, status, transient
):
    stub.says(body, status=status, headers={"Location": "http://127.0.0.1:1/"})
    error = failing(server)
    assert type(error) is bitrix.TokenUnreadable
    assert error.transient is transient
    assert len(stub.seen) == 1


def test_a_huge_answer_is_not_held(stub, server):
    stub.says(gzip.compress(b" " * 3_000_000), headers={"Content-Encoding": "gzip"})
    assert type(failing(server)) is bitrix.TokenUnreadable


@pytest.mark.parametrize("fault", [leaks.kill, lambda handler: handler.server.released.wait(5)])
def test_without_an_answer_the_new_pair_may_be_lost(stub, server, fault):
    stub.then(fault)
    error = failing(server)
    assert type(error) is bitrix.TokenUnanswered
    assert "sign in with Bitrix24 again" in for_people(error.code, error.values)
    assert len(stub.seen) == 1


def test_a_server_that_is_not_there_was_certainly_not_asked():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = server_at(f"http://127.0.0.1:{taken.getsockname()[1]}/oauth/token/")
        error = failing(server)
    assert type(error) is bitrix.TokenNotAsked
    assert classify(error) is Classification.NOT_APPLIED_RETRY


def test_no_environment_proxy_is_used(stub, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    stub.says(PAIR)
    assert server.refresh(OLD_REFRESH).user_id == 14


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("", {}),
        ("oauth.example/token/", {}),
        ("ftp://oauth.example/token/", {}),
        ("https://me:word@oauth.example/token/", {}),
        ("https://oauth.example/token/?client_secret=x", {}),
        ("https://oauth.example/token/#x", {}),
        ("https://oauth.example/token/", {"client_id": ""}),
        ("https://oauth.example/token/", {"client_secret": ""}),
    ],
)
def test_a_server_without_a_usable_address_or_client_is_refused(url, more):
    given = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **more}
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as caught:
        bitrix.TokenServer(url, **given)
    assert CLIENT_SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access_token", None),
        ("access_token", ""),
        ("access_token", "a b"),
        ("access_token", "a\r\nX: y"),
        ("access_token", [PAIR["access_token"]]),
        ("refresh_token", None),
        ("refresh_token", "a\nb"),
        ("refresh_token", {"token": PAIR["refresh_token"]}),
        ("expires_in", 0),
        ("expires_in", "soon"),
        ("expires_in", 10**15),
        ("client_endpoint", ""),
        ("client_endpoint", "https://portal.example/rest/?auth=1"),
        ("client_endpoint", "javascript:alert(1)"),
        ("member_id", ""),
        ("user_id", -1),
        ("user_id", PAIR["access_token"]),
        ("scope", {"a": PAIR["access_token"]}),
    ],
)
def test_a_wrong_field_is_named_and_never_shown(stub, server, name, value):
    stub.says({**PAIR, name: value})
    error = failing(server)
    assert type(error) is bitrix.TokenUnreadable
    assert name in error.for_logs
    for text in leaks.said_by(error):
        assert not any(secret in text for secret in SPELLINGS)


def test_a_first_answer_without_a_user_is_read():
    pair = bitrix.TokenPair.from_api({key: PAIR[key] for key in PAIR if key != "user_id"})
    assert pair.user_id is None


@given(data=some.data())
def test_whatever_a_field_holds_a_pair_is_read_or_the_field_named(data):
    name = data.draw(some.sampled_from(sorted(PAIR)))
    value = data.draw(json_values)
    try:
        pair = bitrix.TokenPair.from_api({**PAIR, name: value})
    except bitrix.BadAnswer as error:
        assert name in error.for_logs
    else:
        bitrix.AccessToken(pair.client_endpoint, pair.access_token)
        assert pair.expires_in > 0
        assert pair.refresh_token


@given(raw=json_values)
def test_what_is_no_pair_at_all_is_never_read(raw):
    with pytest.raises(bitrix.BadAnswer):
        bitrix.TokenPair.from_api(raw)


def echo_with_tokens(handler):
    said = leaks.request_of(handler)
    handler.reply({**PAIR, "error": f"X{said}", "error_description": f"no {said}"}, status=400)


def half_a_pair(handler):
    handler.reply({**PAIR, "member_id": None})


def whole_pair(handler):
    handler.reply(PAIR)


SCRIPTS = [*leaks.SCRIPTS, echo_with_tokens, half_a_pair, whole_pair]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_no_secret_is_in_a_log_or_an_error_or_shown_by_an_object(stub, server, caplog, script):
    for name in ("", "urllib3", "urllib3.connectionpool", "requests", "bizproc_admin.bitrix"):
        caplog.set_level(logging.DEBUG, logger=name)
    stub.fallback = script
    shown = [repr(server), str(server), f"{server}"]
    for act in (lambda: server.exchange(CODE), lambda: server.refresh(OLD_REFRESH)):
        try:
            pair = act()
            shown += [repr(pair), str(pair), f"{pair}", str([pair])]
        except bitrix.BitrixError as error:
            shown += leaks.said_by(error)
    assert len(stub.seen) == 2
    assert "oauth.refresh" in caplog.text
    for text in [*shown, *leaks.logged(caplog)]:
        assert not any(secret in text for secret in SPELLINGS)
