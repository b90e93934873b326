"""The portal and its authorisation server under two public addresses, as they are in life."""

from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from sandbox import Sandbox

EMPLOYEE = 2
BACK = "http://127.0.0.1:9/back/"
PORTAL, AUTH = "https://portal.example", "https://oauth.example"


@pytest.fixture(scope="module")
def server():
    with Sandbox(auth_url="http://localhost:{port}/", redirect_uri=BACK) as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


@pytest.fixture(scope="module")
def behind():
    """One whose public addresses are a proxy's."""
    with Sandbox(portal_url=f"{PORTAL}/", auth_url=AUTH, redirect_uri=BACK) as running:
        yield running


@pytest.fixture(scope="module")
def alone():
    """One that was told no address."""
    with Sandbox(redirect_uri=BACK) as running:
        yield running


def refreshed(sandbox, token_url, refresh_token, **headers):
    known = {key: sandbox.oauth[key] for key in ("client_id", "client_secret")}
    form = {**known, "grant_type": "refresh_token", "refresh_token": refresh_token}
    return requests.post(token_url, data=form, headers=headers, timeout=5).json()


def leads_back(answer):
    return answer["server_endpoint"].removesuffix("rest/") + "oauth/token/"


def test_each_host_is_named_as_itself_wherever_tokens_were_asked_for(sandbox):
    port = urlsplit(sandbox.portal_url).port
    assert sandbox.portal_url == f"http://127.0.0.1:{port}"
    assert sandbox.oauth["token_url"] == f"http://localhost:{port}/oauth/token/"
    assert sandbox.oauth["authorize_url"] == f"http://127.0.0.1:{port}/oauth/authorize/"
    for host in ("127.0.0.1", "localhost"):
        given = sandbox.tokens_for(EMPLOYEE)["refresh_token"]
        answer = refreshed(sandbox, f"http://{host}:{port}/oauth/token/", given)
        assert answer["client_endpoint"] == f"http://127.0.0.1:{port}/rest/"
        assert answer["server_endpoint"] == f"http://localhost:{port}/rest/"
        assert answer["domain"] == f"localhost:{port}"
        assert leads_back(answer) == sandbox.oauth["token_url"]


def test_a_client_finds_its_way_from_refresh_to_refresh(sandbox, alone):
    for portal in (sandbox, alone):
        answer = portal.tokens_for(EMPLOYEE)
        for _ in range(2):
            answer = refreshed(portal, leads_back(answer), answer["refresh_token"])
            called = requests.post(
                answer["client_endpoint"] + "profile",
                json={"auth": answer["access_token"]},
                timeout=5,
            )
            assert called.json()["result"]["ID"] == str(EMPLOYEE)


def test_the_same_path_is_the_portals_at_one_host_and_the_token_servers_at_the_other(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    query = {"auth": given["access_token"]}
    own = requests.get(given["server_endpoint"] + "app.info", params=query, timeout=5).json()
    portals = requests.get(given["client_endpoint"] + "app.info", params=query, timeout=5).json()
    assert own["result"]["install"]["uri"] == sandbox.portal_url
    assert portals["result"]["ID"] == 1
    other = requests.get(given["server_endpoint"] + "profile", params=query, timeout=5)
    assert (other.status_code, other.json()["error"]) == (404, "ERROR_METHOD_NOT_FOUND")


def test_the_token_servers_app_info_has_the_shapes_of_life(sandbox):
    given = sandbox.tokens_for(EMPLOYEE)
    answer = requests.get(
        given["server_endpoint"] + "app.info", params={"auth": given["access_token"]}, timeout=5
    ).json()
    assert answer["result"].pop("expires")[10:11] == "T"
    assert answer["result"] == {
        "client_id": sandbox.oauth["client_id"],
        "scope": "bizproc,user,department,task",
        "user_id": EMPLOYEE,
        "member_id": given["member_id"],
        "client_endpoint": f"{sandbox.portal_url}/rest/",
        "status": "L",
        "install": {
            "installed": True,
            "version": "1",
            "status": "L",
            "scope": "bizproc,user,department,task",
            "domain": urlsplit(sandbox.portal_url).netloc,
            "uri": sandbox.portal_url,
            "client_endpoint": f"{sandbox.portal_url}/rest/",
            "member_id": given["member_id"],
        },
    }
    assert {"start", "finish", "duration", "processing", "date_start", "date_finish"} == set(
        answer["time"]
    )


def test_who_signs_in_is_told_both_hosts(sandbox):
    answer = requests.post(
        sandbox.oauth["authorize_url"],
        params={"client_id": sandbox.oauth["client_id"]},
        data={"USER_LOGIN": "2", "USER_PASSWORD": "sandbox"},
        allow_redirects=False,
        timeout=5,
    )
    told = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    port = urlsplit(sandbox.portal_url).port
    assert (told["domain"], told["server_domain"]) == (f"127.0.0.1:{port}", f"localhost:{port}")


def test_public_addresses_are_what_is_told_everywhere(behind):
    told = behind.announcement()
    assert told["portal_url"] == PORTAL
    assert told["webhook_url"].startswith(f"{PORTAL}/rest/1/")
    assert told["oauth"]["authorize_url"] == f"{PORTAL}/oauth/authorize/"
    assert told["oauth"]["token_url"] == f"{AUTH}/oauth/token/"
    assert told["oauth"]["server_endpoint"] == f"{AUTH}/rest/"
    assert told["control_url"].startswith("http://127.0.0.1:")
    here = told["control_url"].removesuffix("/_sandbox/")
    for headers in ({}, {"Host": "oauth.example"}, {"Host": "portal.example:443"},
                    {"Host": "else.example", "X-Forwarded-Proto": "http"}):  # fmt: skip
        given = behind.tokens_for(EMPLOYEE)["refresh_token"]
        answer = refreshed(behind, f"{here}/oauth/token/", given, **headers)
        assert answer["client_endpoint"] == f"{PORTAL}/rest/"
        assert leads_back(answer) == f"{AUTH}/oauth/token/"
        assert answer["domain"] == "oauth.example"
    info = requests.get(
        f"{here}/rest/app.info",
        params={"auth": answer["access_token"]},
        headers={"Host": "OAuth.example:443"},
        timeout=5,
    ).json()["result"]
    assert info["install"]["uri"] == PORTAL


@pytest.mark.parametrize(
    ("headers", "portal"),
    [
        ({"Host": "b24.test", "X-Forwarded-Proto": "https"}, "https://b24.test"),
        ({"Host": "b24.test", "X-Forwarded-Proto": "HTTPS, http"}, "https://b24.test"),
        ({"Host": "b24.test", "X-Forwarded-Proto": "gopher"}, None),
        ({"Host": "b24.test"}, None),
        ({"Host": 'b24"test', "X-Forwarded-Proto": "https"}, None),
    ],
)
def test_a_portal_that_was_told_no_address_follows_its_proxy(alone, headers, portal):
    given = alone.tokens_for(EMPLOYEE)["refresh_token"]
    answer = refreshed(alone, alone.oauth["token_url"], given, **headers)
    assert answer["client_endpoint"] == f"{portal or alone.portal_url}/rest/"
    assert answer["server_endpoint"] == f"{portal or alone.portal_url}/oauth/rest/"


def test_both_may_share_a_host_when_the_token_server_has_a_path():
    with Sandbox(auth_url="http://127.0.0.1:{port}/auth") as running:
        answer = running.tokens_for(EMPLOYEE)
        assert leads_back(answer) == running.oauth["token_url"]
        answer = refreshed(running, leads_back(answer), answer["refresh_token"])
        address = answer["server_endpoint"] + "app.info"
        info = requests.get(address, params={"auth": answer["access_token"]}, timeout=5).json()
        assert info["result"]["user_id"] == EMPLOYEE
        assert address.startswith(f"{running.portal_url}/auth/rest/")


@pytest.mark.parametrize("address", ["portal.example", "ftp://portal.example", "https://", "x?y"])
def test_what_is_no_address_is_refused_at_the_start(address):
    with pytest.raises(ValueError, match="no address"):
        Sandbox(portal_url=address)
