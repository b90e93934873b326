"""The authorisation server over HTTP: signing in, codes, tokens, and calls made with them."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from sandbox import Sandbox

ADMINISTRATOR, EMPLOYEE = 1, 2
BACK = "http://127.0.0.1:9/portal/back/"
NO_ANSWER = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture(scope="module")
def server():
    with Sandbox(redirect_uri=BACK) as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


@pytest.fixture
def browser():
    with requests.Session() as session:
        yield session


def authorize(sandbox, browser, *, form=None, **query):
    given = {"client_id": sandbox.oauth["client_id"], "state": "s&1", **query}
    return browser.request(
        "GET" if form is None else "POST",
        sandbox.oauth["authorize_url"],
        params=given,
        data=form,
        allow_redirects=False,
        timeout=5,
    )


def sign_in(sandbox, browser, login="pavel.orlov", password=None, **query):
    form = {"USER_LOGIN": login, "USER_PASSWORD": password or "sandbox"}
    return authorize(sandbox, browser, form=form, **query)


def told(answer):
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query, keep_blank_values=True))


def token(sandbox, *, way="GET", **given):
    known = {key: sandbox.oauth[key] for key in ("client_id", "client_secret")}
    values = {k: v for k, v in {**known, **given}.items() if v is not None}
    address = sandbox.oauth["token_url"]
    if way == "GET":
        return requests.get(address, params=values, timeout=5)
    return requests.post(address, **{way: values}, timeout=5)


def refresh(sandbox, refresh_token, **more):
    return token(sandbox, grant_type="refresh_token", refresh_token=refresh_token, **more)


def exchange(sandbox, code, **more):
    return token(sandbox, grant_type="authorization_code", code=code, **more)


def call(sandbox, method, access_token, **params):
    return requests.post(
        f"{sandbox.portal_url}/rest/{method}", json={"auth": access_token, **params}, timeout=5
    )


def refused(answer):
    return answer.status_code, answer.json()["error"]


# -- signing in -------------------------------------------------------------------------------


def test_a_stranger_sees_a_form_that_says_how_to_sign_in(sandbox, browser):
    page = authorize(sandbox, browser, response_type="code")
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert re.search(r'<form method="post"', page.text)
    assert 'name="USER_LOGIN"' in page.text
    assert 'name="USER_PASSWORD"' in page.text
    assert "emulated Bitrix24 portal" in page.text
    assert "<code>sandbox</code>" in page.text
    assert "Pavel Orlov" in page.text
    assert "<details>" in page.text


@pytest.mark.parametrize("login", ["pavel.orlov@company.example", "PAVEL.ORLOV", "2", " 2 "])
def test_somebody_who_signs_in_is_sent_back_with_a_code(sandbox, browser, login):
    answer = sign_in(sandbox, browser, login)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(BACK + "?code=")
    given = told(answer)
    host = sandbox.portal_url.removeprefix("http://")
    assert given.pop("code")
    assert given == {
        "state": "s&1",
        "domain": host,
        "member_id": sandbox.oauth["member_id"],
        "scope": "bizproc,user,department,task",
        "server_domain": host,
    }


def test_the_address_of_the_application_may_have_a_query_of_its_own(sandbox, browser):
    sandbox.change_application(redirect_uri=BACK + "?portal=3#part")
    given = sign_in(sandbox, browser).headers["Location"]
    assert given.startswith(BACK + "?portal=3&code=")
    assert given.endswith("#part")


def test_a_wrong_login_keeps_what_was_typed_and_says_so(sandbox, browser):
    for login, password in (("2", "wrong"), ('no"body<', "sandbox"), ("", "sandbox")):
        page = sign_in(sandbox, browser, login, password)
        assert page.status_code == 200
        assert "Incorrect login or password." in page.text
        assert "Set-Cookie" not in page.headers
    assert 'value="no&quot;body&lt;"' in sign_in(sandbox, browser, 'no"body<').text


def test_dismissed_people_cannot_sign_in_and_are_not_offered(sandbox, browser):
    sandbox.change_user(EMPLOYEE, active=False)
    assert "Incorrect login" in sign_in(sandbox, browser).text
    assert "Pavel Orlov" not in authorize(sandbox, browser).text


def test_somebody_already_signed_in_sees_no_form(sandbox, browser):
    cookie = sign_in(sandbox, browser).headers["Set-Cookie"]
    for attribute in ("HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in cookie
    again = authorize(sandbox, browser)
    assert again.status_code == 302
    answer = exchange(sandbox, told(again)["code"]).json()
    assert answer["user_id"] == EMPLOYEE


def test_a_session_ends_with_the_dismissal_of_its_owner(sandbox, browser):
    sign_in(sandbox, browser)
    sandbox.change_user(EMPLOYEE, active=False)
    assert authorize(sandbox, browser).status_code == 200


def test_one_may_sign_out_or_in_as_somebody_else(sandbox, browser):
    sign_in(sandbox, browser)
    assert 'name="USER_LOGIN"' in authorize(sandbox, browser, logout="yes").text
    other = sign_in(sandbox, browser, "1", logout="yes")
    assert exchange(sandbox, told(other)["code"]).json()["user_id"] == ADMINISTRATOR
    assert browser.get(sandbox.portal_url + "/oauth/logout/", timeout=5).status_code == 200
    assert authorize(sandbox, browser).status_code == 200


@pytest.mark.parametrize(
    ("changes", "client_id", "status"),
    [
        ({}, "local.unknown.1", 404),
        ({}, "", 404),
        ({"redirect_uri": ""}, None, 400),
        ({"redirect_uri": "javascript:alert(1)"}, None, 400),
        ({"installed": False}, None, 403),
        ({"active": False}, None, 403),
    ],
)
def test_what_cannot_be_opened_is_told_on_the_portals_own_page(
    sandbox, browser, changes, client_id, status
):
    sandbox.change_application(**changes)
    query = {} if client_id is None else {"client_id": client_id}
    for answer in (authorize(sandbox, browser, **query), sign_in(sandbox, browser, **query)):
        assert answer.status_code == status
        assert "Location" not in answer.headers
        assert "<h1>" in answer.text


def test_an_application_one_may_not_use_is_told_on_an_own_page(sandbox, browser):
    sandbox.change_application(users=[ADMINISTRATOR])
    answer = sign_in(sandbox, browser)
    assert answer.status_code == 403
    assert "No access" in answer.text
    assert "logout=yes" in answer.text
    assert sign_in(sandbox, browser, "1").status_code == 302


# -- tokens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["GET", "data", "json", "files"])
def test_a_code_becomes_tokens_in_every_encoding(sandbox, way):
    values = {"grant_type": "authorization_code", "code": sandbox.oauth_code(EMPLOYEE)}
    if way == "files":
        known = {key: sandbox.oauth[key] for key in ("client_id", "client_secret")}
        parts = {key: (None, value) for key, value in {**known, **values}.items()}
        answer = requests.post(sandbox.oauth["token_url"], files=parts, timeout=5)
    else:
        answer = token(sandbox, way=way, **values)
    assert answer.status_code == 200
    given = answer.json()
    host = sandbox.portal_url.removeprefix("http://")
    assert given.pop("access_token") != given.pop("refresh_token")
    assert abs(given.pop("expires") - sandbox.now() - 3600) < 5
    assert given == {
        "expires_in": 3600,
        "scope": "bizproc,user,department,task",
        "domain": host,
        "server_endpoint": f"http://{host}/oauth/rest/",
        "client_endpoint": f"http://{host}/rest/",
        "status": "L",
        "member_id": sandbox.oauth["member_id"],
        "user_id": EMPLOYEE,
    }
    assert re.fullmatch("[0-9a-f]{32}", given["member_id"])


def test_a_code_counts_once_and_for_thirty_seconds(sandbox):
    code = sandbox.oauth_code(EMPLOYEE)
    sandbox.advance(29)
    assert exchange(sandbox, code).status_code == 200
    assert refused(exchange(sandbox, code)) == (400, "invalid_grant")
    late = sandbox.oauth_code(EMPLOYEE)
    sandbox.advance(31)
    assert refused(exchange(sandbox, late)) == (400, "invalid_grant")


def test_a_code_belongs_to_its_application(sandbox):
    other = sandbox.add_application(scopes=["user"], redirect_uri=BACK)
    code = sandbox.oauth_code(EMPLOYEE)
    credentials = {key: other[key] for key in ("client_id", "client_secret")}
    assert refused(exchange(sandbox, code, **credentials)) == (400, "invalid_grant")
    own = sandbox.oauth_code(EMPLOYEE, client_id=other["client_id"])
    assert exchange(sandbox, own, **credentials).json()["scope"] == "user"


def test_refreshing_replaces_both_tokens_and_kills_the_old_refresh_token(sandbox):
    first = sandbox.tokens_for(EMPLOYEE)
    second = refresh(sandbox, first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["user_id"] == EMPLOYEE
    assert refused(refresh(sandbox, first["refresh_token"])) == (400, "invalid_grant")
    for given in (first, second):
        assert call(sandbox, "profile", given["access_token"]).status_code == 200
    sandbox.advance(hours=2)
    assert refused(call(sandbox, "profile", second["access_token"])) == (401, "expired_token")
    assert refresh(sandbox, second["refresh_token"]).status_code == 200


def test_a_refresh_token_lives_for_180_days(sandbox):
    young, old = sandbox.tokens_for(EMPLOYEE), sandbox.tokens_for(EMPLOYEE)
    sandbox.advance(days=179)
    assert refresh(sandbox, young["refresh_token"]).status_code == 200
    sandbox.advance(days=2)
    assert refused(refresh(sandbox, old["refresh_token"])) == (400, "invalid_grant")


def test_the_life_of_access_tokens_can_be_set(sandbox):
    sandbox.set_token_lifetime(5)
    given = sandbox.tokens_for(EMPLOYEE)
    assert given["expires_in"] == 5
    sandbox.advance(6)
    assert refused(call(sandbox, "profile", given["access_token"])) == (401, "expired_token")
    sandbox.reset()
    assert sandbox.tokens_for(EMPLOYEE)["expires_in"] == 3600


def test_the_token_servers_errors_are_those_of_the_documents(sandbox):
    code = sandbox.oauth_code(EMPLOYEE)
    stranger = exchange(sandbox, code, client_id="local.no.1")
    assert (stranger.status_code, stranger.json()) == (200, {"error": "wrong_client"})
    assert refused(exchange(sandbox, code, client_secret="no")) == (400, "invalid_client")
    assert refused(exchange(sandbox, "nonsense")) == (400, "invalid_grant")
    assert refused(refresh(sandbox, "nonsense")) == (400, "invalid_grant")
    missing = refresh(sandbox, None)
    assert (missing.status_code, missing.json()) == (
        400,
        {
            "error": "invalid_request",
            "error_description": 'No "refresh_token" parameter found',
        },
    )
    assert refused(exchange(sandbox, None)) == (400, "invalid_request")
    assert refused(token(sandbox, code=code)) == (400, "invalid_request")
    assert exchange(sandbox, code).status_code == 200


def test_nobody_gets_tokens_for_an_application_that_was_removed_or_is_not_paid(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    sandbox.change_application(payment_expired=True)
    assert refused(refresh(sandbox, given["refresh_token"])) == (401, "PAYMENT_REQUIRED")
    assert refused(call(sandbox, "profile", given["access_token"])) == (401, "PAYMENT_REQUIRED")
    sandbox.remove_application()
    answer = refresh(sandbox, given["refresh_token"])
    assert refused(answer) == (401, "NOT_INSTALLED")
    assert answer.json()["error_description"] == "Application not installed"
    assert refused(call(sandbox, "profile", given["access_token"])) == (401, "ERROR_OAUTH")
    sandbox.change_application(installed=True, payment_expired=False)
    assert refused(call(sandbox, "profile", given["access_token"])) == (401, "invalid_token")
    assert refused(refresh(sandbox, given["refresh_token"])) == (400, "invalid_grant")


def test_the_token_server_tells_whose_a_token_is(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    address = sandbox.oauth["server_endpoint"] + "app.info"
    answer = requests.get(address, params={"auth": given["access_token"]}, timeout=5)
    result = answer.json()["result"]
    assert result["client_id"] == sandbox.oauth["client_id"]
    assert (result["user_id"], result["status"]) == (EMPLOYEE, "L")
    assert refused(requests.get(address, params={"auth": "x"}, timeout=5)) == (
        400,
        "invalid_client",
    )
    assert refused(requests.get(address, timeout=5)) == (401, "NO_AUTH_FOUND")


def test_revoked_tokens_can_be_neither_used_nor_refreshed(sandbox):
    mine, theirs = sandbox.tokens_for(EMPLOYEE), sandbox.tokens_for(ADMINISTRATOR)
    sandbox.expire_tokens(EMPLOYEE)
    assert refused(call(sandbox, "profile", mine["access_token"])) == (401, "expired_token")
    mine = refresh(sandbox, mine["refresh_token"]).json()
    sandbox.revoke_tokens(EMPLOYEE)
    assert refused(call(sandbox, "profile", mine["access_token"])) == (401, "expired_token")
    assert refused(refresh(sandbox, mine["refresh_token"])) == (400, "invalid_grant")
    assert call(sandbox, "profile", theirs["access_token"]).status_code == 200


# -- calls with a token -----------------------------------------------------------------------


def test_a_token_is_taken_from_the_header_then_auth_then_access_token(sandbox):
    mine = sandbox.tokens_for(EMPLOYEE)["access_token"]
    admin = sandbox.tokens_for(ADMINISTRATOR)["access_token"]
    address = sandbox.portal_url + "/rest/profile"

    def who(**sent):
        return requests.post(address, timeout=5, **sent).json().get("result", {}).get("ID")

    for prefix in ("Bearer", "bearer", "BEARER"):
        header = {"Authorization": f"{prefix} {mine}"}
        assert who(headers=header, json={"auth": admin}) == "2"
    assert who(json={"auth": mine, "access_token": admin}) == "2"
    assert who(data={"access_token": mine}) == "2"
    assert who(params={"auth": mine}) == "2"
    assert who(json={"AUTH": mine}) is None
    got = requests.get(address, params={"access_token": mine}, timeout=5)
    assert got.json()["result"]["ID"] == "2"


def test_a_call_acts_as_the_tokens_owner_with_the_applications_scopes(sandbox):
    mine = sandbox.tokens_for(EMPLOYEE)["access_token"]
    answer = call(sandbox, "user.current", mine)
    assert answer.json()["result"]["ID"] == "2"
    assert answer.headers["X-Bitrix-Rest-Application"] == sandbox.oauth["client_id"]
    assert call(sandbox, "user.admin", mine).json()["result"] is False
    assert call(sandbox, "scope", mine).json()["result"] == [
        "bizproc", "user", "department", "task",
    ]  # fmt: skip
    hook = requests.get(sandbox.webhook_url + "profile", timeout=5)
    assert "X-Bitrix-Rest-Application" not in hook.headers
    inside = call(sandbox, "batch", mine, cmd={"me": "profile", "all": "bizproc.task.list"})
    assert inside.json()["result"]["result"]["me"]["ID"] == "2"


def test_app_info_describes_the_application_of_the_token(sandbox):
    mine = sandbox.tokens_for(EMPLOYEE)["access_token"]
    result = call(sandbox, "app.info", mine).json()["result"]
    assert result["CODE"] == sandbox.oauth["client_id"]
    assert (result["STATUS"], result["INSTALLED"], result["PAYMENT_EXPIRED"]) == ("L", True, "N")
    hook = requests.get(sandbox.webhook_url + "app.info", timeout=5).json()["result"]
    assert set(hook) == {"SCOPE", "LICENSE"}


def test_calls_are_refused_in_the_portals_order(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)["access_token"]
    assert refused(call(sandbox, "nope", "unknown")) == (404, "ERROR_METHOD_NOT_FOUND")
    assert refused(call(sandbox, "bizproc.task.list", "unknown")) == (401, "invalid_token")
    sandbox.change_application(scopes=["user"], users=[ADMINISTRATOR])
    sandbox.change_user(EMPLOYEE, active=False)
    answer = call(sandbox, "bizproc.task.list", given)
    assert refused(answer) == (401, "insufficient_scope")
    assert answer.json()["error_description"].endswith("by the access token")
    assert refused(call(sandbox, "profile", given)) == (401, "authorization_error")
    sandbox.change_user(EMPLOYEE, active=True)
    assert refused(call(sandbox, "profile", given)) == (403, "user_access_error")
    sandbox.expire_tokens()
    assert refused(call(sandbox, "bizproc.task.list", given)) == (401, "expired_token")
    sandbox.remove_application()
    assert refused(call(sandbox, "bizproc.task.list", given)) == (401, "ERROR_OAUTH")
    nobody = requests.get(sandbox.portal_url + "/rest/bizproc.task.list", timeout=5)
    assert refused(nobody) == (401, "NO_AUTH_FOUND")


def test_an_application_has_a_budget_of_its_own(sandbox):
    mine = sandbox.tokens_for(EMPLOYEE)["access_token"]
    sandbox.set_limits("real")
    sandbox.spend("profile", 481)
    assert refused(call(sandbox, "profile", mine)) == (429, "OPERATION_TIME_LIMIT")
    assert call(sandbox, "user.admin", mine).json()["time"]["operating"] == 0
    other = sandbox.add_application()
    own = sandbox.tokens_for(EMPLOYEE, client_id=other["client_id"])["access_token"]
    assert call(sandbox, "profile", own).status_code == 200


# -- faults and records -----------------------------------------------------------------------


def test_requests_for_tokens_are_recorded_without_their_secrets(sandbox, browser):
    sign_in(sandbox, browser)
    code = told(authorize(sandbox, browser))["code"]
    given = exchange(sandbox, code).json()
    later = refresh(sandbox, given["refresh_token"]).json()
    call(
        sandbox, "batch", later["access_token"], cmd={"a": f"profile?auth={later['access_token']}"}
    )
    requests.get(
        sandbox.oauth["server_endpoint"] + "app.info",
        params={"auth": later["access_token"]},
        timeout=5,
    )
    calls = sandbox.calls()
    assert [c["method"] for c in sandbox.calls("oauth.token")] == ["oauth.token"] * 3
    assert calls[0]["params"]["grant_type"] == "authorization_code"
    secrets = [sandbox.oauth["client_secret"], code]
    secrets += [
        answer[key] for answer in (given, later) for key in ("access_token", "refresh_token")
    ]
    assert not [secret for secret in secrets if secret in repr(calls)]
    mine = sandbox.calls("profile")[0]
    assert (mine["user_id"], mine["client_id"]) == ("2", sandbox.oauth["client_id"])


def test_tokens_may_be_replaced_and_the_answer_lost(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    sandbox.fail_next("timeout_after_apply", method="oauth.token", hold=0.05)
    with pytest.raises(NO_ANSWER):
        refresh(sandbox, given["refresh_token"])
    assert refused(refresh(sandbox, given["refresh_token"])) == (400, "invalid_grant")


def test_nothing_is_replaced_by_a_request_that_never_arrived(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    sandbox.fail_next("timeout_before_apply", method="oauth.token", hold=0.05)
    with pytest.raises(NO_ANSWER):
        refresh(sandbox, given["refresh_token"])
    assert refresh(sandbox, given["refresh_token"]).status_code == 200


def test_a_late_request_kills_the_refresh_token_after_a_while(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    sandbox.fail_next("late_apply", method="oauth.token", hold=0.05, delay=10)
    with pytest.raises(NO_ANSWER):
        refresh(sandbox, given["refresh_token"])
    sandbox.advance(11)
    assert refused(refresh(sandbox, given["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize("kind", ["html_page", "bad_gateway", "empty_body", "truncated_json"])
def test_the_token_server_may_answer_with_something_else(sandbox, kind):
    given = sandbox.tokens_for(EMPLOYEE)
    sandbox.fail_next(kind, method="oauth.token")
    answer = refresh(sandbox, given["refresh_token"])
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    rotated = kind == "truncated_json"
    assert refresh(sandbox, given["refresh_token"]).status_code == (400 if rotated else 200)


def test_the_connection_may_break_in_the_middle_of_the_tokens(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    sandbox.fail_next("reset_mid_response", method="oauth.token")
    with pytest.raises(NO_ANSWER):
        refresh(sandbox, given["refresh_token"])
    assert refused(refresh(sandbox, given["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("code", "status"),
    [("wrong_client", 200), ("invalid_client", 400), ("invalid_grant", 400),
     ("NOT_INSTALLED", 401), ("PAYMENT_REQUIRED", 401), ("QUERY_LIMIT_EXCEEDED", 503)],
)  # fmt: skip
def test_the_token_server_can_be_made_to_refuse(sandbox, code, status):
    given = sandbox.tokens_for(EMPLOYEE)
    sandbox.fail_next(code, method="oauth.token")
    assert refused(refresh(sandbox, given["refresh_token"])) == (status, code)
    assert refresh(sandbox, given["refresh_token"]).status_code == 200


def test_a_lie_gives_tokens_that_nobody_knows(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    sandbox.fail_next("lie", method="oauth.token")
    untrue = refresh(sandbox, given["refresh_token"]).json()
    assert set(untrue) == set(given)
    assert refused(call(sandbox, "profile", untrue["access_token"])) == (401, "invalid_token")
    assert refresh(sandbox, given["refresh_token"]).status_code == 200


# -- the application --------------------------------------------------------------------------


def test_the_same_seed_has_the_same_application_in_every_scenario(sandbox):
    before = sandbox.oauth
    assert re.fullmatch(r"local\.[0-9a-f]{14}\.\d{8}", before["client_id"])
    with Sandbox(scenario="demo", workflows=60) as demo:
        for key in ("client_id", "client_secret", "member_id"):
            assert demo.oauth[key] == before[key]
    with Sandbox(seed=2) as other:
        assert other.oauth["client_id"] != before["client_id"]


def test_applications_and_tokens_survive_a_restart(tmp_path, browser):
    path = tmp_path / "portal.state"
    with Sandbox(state=path, redirect_uri=BACK, token_lifetime=60) as first:
        kept = first.tokens_for(EMPLOYEE)
        secret = first.oauth["client_secret"]
        first.add_application(redirect_uri="http://127.0.0.1:9/other/")
        sign_in(first, browser)
        cookies = dict(browser.cookies)
    with Sandbox(state=path) as second:
        assert second.oauth["client_secret"] == secret
        assert len(second.applications()) == 2
        assert call(second, "profile", kept["access_token"]).status_code == 200
        assert refresh(second, kept["refresh_token"]).json()["expires_in"] == 60
        again = requests.get(
            second.oauth["authorize_url"],
            params={"client_id": second.oauth["client_id"]},
            cookies=cookies,
            allow_redirects=False,
            timeout=5,
        )
        assert again.headers["Location"].startswith(BACK)
    with Sandbox(state=path, redirect_uri="http://127.0.0.1:9/new/") as third:
        assert third.applications()[0]["redirect_uri"] == "http://127.0.0.1:9/new/"


def test_a_state_file_from_before_there_were_applications_gets_one(tmp_path):
    path = tmp_path / "portal.state"
    with Sandbox(state=path) as first:
        before = first.oauth
        for kind in ("application", "code", "grant", "session"):
            first.portal.store._database.execute("DELETE FROM record WHERE kind = ?", (kind,))
        first.portal.store._database.execute("DELETE FROM fact WHERE name = 'token_lifetime'")
        first.portal.store._database.commit()
        del first.portal.numbers["application"]
        first.portal.touched = True
    with Sandbox(state=path) as second:
        assert second.oauth["client_secret"] == before["client_secret"]
        assert second.tokens_for(EMPLOYEE)["expires_in"] == 3600


def test_the_control_plane_offers_all_of_it(sandbox):
    control = sandbox.control_url

    def post(operation, **arguments):
        return requests.post(control + operation, json=arguments, timeout=5).json()

    code = post("oauth_code", user_id=EMPLOYEE)
    assert exchange(sandbox, code).status_code == 200
    assert post("tokens-for", user_id=EMPLOYEE)["user_id"] == EMPLOYEE
    assert post("set-token-lifetime", seconds=9) == {"ok": True}
    assert post("expire-tokens") == post("revoke-tokens", user_id=2) == {"ok": True}
    made = post("add-application", scopes=["user"], redirect_uri=BACK)
    changed = post("change-application", client_id=made["client_id"], name="Other")
    assert changed["name"] == "Other"
    assert "no field" in post("change-application", colour="red")["error"]
    assert post("remove-application", client_id=made["client_id"]) == {"ok": True}
    assert [a["installed"] for a in post("applications")] == [True, False]


def test_the_sign_in_page_makes_a_browser_ask_for_nothing_that_is_not_there(sandbox, browser):
    """A page without an icon makes it ask for /favicon.ico, and complain."""
    page = authorize(sandbox, browser)
    assert page.status_code == 200
    assert '<link rel="icon" href="data:,">' in page.text
