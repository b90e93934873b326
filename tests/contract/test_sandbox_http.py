"""The sandbox over HTTP: addresses, encodings, envelopes, headers and authorisation."""

import http.client
import json
from urllib.parse import urlsplit

import pytest
import requests

from sandbox import Sandbox


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def hook(sandbox):
    return urlsplit(sandbox.webhook_url).path.rstrip("/")


@pytest.mark.parametrize(
    "tail",
    [
        "/server.time",
        "//server.time",
        "/server.time/",
        "//server.time//",
        "/server.time.json",
        "/Server.TIME",
        "/server.time?bx24_request_id=42",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_way_to_write_an_address_is_understood(sandbox, tail, method):
    answer = requests.request(method, sandbox.portal_url + hook(sandbox) + tail, timeout=5)
    assert answer.status_code == 200
    assert answer.json()["result"].endswith("+03:00")


def test_only_json_and_xml_are_formats(sandbox):
    address = sandbox.portal_url + hook(sandbox)
    xml = requests.get(f"{address}/profile.xml", timeout=5)
    assert "<NAME>Anna</NAME>" in xml.text
    assert xml.headers["Content-Type"].startswith("text/xml")
    other = requests.get(f"{address}/profile.JSON", timeout=5)
    assert (other.status_code, other.json()["error"]) == (404, "ERROR_METHOD_NOT_FOUND")


def test_an_answer_carries_times_and_the_headers_of_the_cloud(sandbox):
    answer = requests.get(sandbox.webhook_url + "user.admin", timeout=5)
    body = answer.json()
    assert body["result"] is True
    assert set(body) == {"result", "time"}
    assert set(body["time"]) == {
        "start", "finish", "duration", "processing", "date_start", "date_finish",
        "operating", "operating_reset_at",
    }  # fmt: skip
    assert isinstance(body["time"]["start"], float)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "origin, content-type, accept"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_an_error_has_neither_result_nor_time(sandbox):
    answer = requests.get(sandbox.webhook_url + "bizproc.workflow.kill", timeout=5)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "ERROR_WRONG_WORKFLOW_ID",
        "error_description": "Empty workflow instance ID",
    }


FILTER = {"filter": {"TEMPLATE_ID": "999"}}


@pytest.mark.parametrize(
    "send",
    [
        {"params": {"filter[TEMPLATE_ID]": "999"}},
        {"data": {"filter[TEMPLATE_ID]": "999"}},
        {"json": FILTER},
        {"files": {"filter[TEMPLATE_ID]": (None, "999")}},
        {"data": "filter[TEMPLATE_ID]=999", "headers": {"Content-Type": "text/plain"}},
        {"data": json.dumps(FILTER), "headers": {"Content-Type": "Application/JSON;charset=UTF-8"}},
        {"json": {"FILTER": {"TEMPLATE_ID": 999}}},
    ],
)
def test_parameters_arrive_in_every_encoding(sandbox, send):
    sandbox.start_workflow()
    answer = requests.post(sandbox.webhook_url + "bizproc.workflow.instances", timeout=5, **send)
    assert (answer.json()["result"], answer.json()["total"]) == ([], 0)


def test_a_body_replaces_the_query_key_by_key(sandbox):
    sandbox.start_workflow()
    answer = requests.post(
        sandbox.webhook_url + "bizproc.workflow.instances",
        params={"filter[TEMPLATE_ID]": "999", "select[]": "STARTED_BY"},
        json={"filter": {}},
        timeout=5,
    ).json()
    assert answer["result"] == [{"STARTED_BY": "0"}]


@pytest.mark.parametrize("body", ['{"filter": {"TEMPLATE_ID": 999}', '"text"', "", "NaN", "\xff"])
def test_a_body_that_is_no_json_object_is_dropped_in_silence(sandbox, body):
    sandbox.start_workflow()
    answer = requests.post(
        sandbox.webhook_url + "bizproc.workflow.instances",
        data=body.encode("latin-1"),
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert (answer.status_code, answer.json()["total"]) == (200, 1)


def test_a_body_of_get_counts_for_nothing(sandbox):
    sandbox.start_workflow()
    answer = requests.get(
        sandbox.webhook_url + "bizproc.workflow.instances", json=FILTER, timeout=5
    )
    assert answer.json()["total"] == 1


def test_chunked_bodies_are_read(sandbox):
    sandbox.start_workflow()
    answer = requests.post(
        sandbox.webhook_url + "bizproc.workflow.instances",
        data=iter([b'{"filter": {"TEMPL', b'ATE_ID": 999}}']),
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert answer.json()["total"] == 0


def test_one_connection_serves_many_calls(sandbox):
    connection = http.client.HTTPConnection(urlsplit(sandbox.portal_url).netloc, timeout=5)
    for _ in range(3):
        connection.request("GET", hook(sandbox) + "/server.time")
        opened = connection.sock
        assert connection.getresponse().read()
        assert connection.sock is opened
    connection.close()


def test_a_browser_may_ask_first(sandbox):
    answer = requests.options(sandbox.webhook_url + "profile", timeout=5)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")


def call(sandbox, path, **params):
    answer = requests.post(sandbox.portal_url + path, data=params, timeout=5)
    return answer.status_code, answer.json()["error"]


def test_wrong_credentials_are_told_apart(sandbox):
    assert call(sandbox, "/rest/profile") == (401, "NO_AUTH_FOUND")
    assert call(sandbox, "/rest/profile", auth="abc") == (401, "invalid_token")
    assert call(sandbox, "/rest/1/wrong/profile") == (401, "INVALID_CREDENTIALS")
    code = hook(sandbox).rpartition("/")[2]
    assert call(sandbox, f"/rest/2/{code}/profile") == (401, "INVALID_CREDENTIALS")
    bearer = requests.get(
        sandbox.portal_url + "/rest/profile", headers={"Authorization": "bearer x"}, timeout=5
    )
    assert bearer.json()["error"] == "invalid_token"


def test_a_missing_method_is_noticed_before_wrong_credentials(sandbox):
    assert call(sandbox, "/rest/1/wrong/nope") == (404, "ERROR_METHOD_NOT_FOUND")
    assert call(sandbox, "/rest/nope") == (404, "ERROR_METHOD_NOT_FOUND")
    for later in ("crm", "nothing.known.here"):
        assert call(sandbox, f"{hook(sandbox)}/{later}") == (404, "ERROR_METHOD_NOT_FOUND")


def test_the_parts_of_the_path_may_be_ordinary_parameters(sandbox):
    code = hook(sandbox).rpartition("/")[2]
    answer = requests.post(
        sandbox.portal_url + "/rest/profile", data={"aplogin": "1", "ap": code}, timeout=5
    )
    assert answer.json()["result"]["ADMIN"] is True


def test_a_parameter_named_token_breaks_the_call(sandbox):
    assert call(sandbox, f"{hook(sandbox)}/profile", token="x")[0] == 403


def test_scopes_are_checked_before_the_method_runs(sandbox):
    path = sandbox.add_webhook(1, scopes=["user_brief"])
    status, error = call(sandbox, f"{path}bizproc.workflow.instances")
    assert (status, error) == (401, "insufficient_scope")
    mine = requests.get(f"{sandbox.portal_url}{path}user.current", timeout=5).json()["result"]
    assert mine["NAME"] == "Anna"
    assert "EMAIL" not in mine
    assert requests.get(f"{sandbox.portal_url}{path}scope", timeout=5).json()["result"] == [
        "user_brief"
    ]


def test_a_dismissed_owners_webhook_is_refused(sandbox):
    sandbox.change_user(2, active=False)
    path = urlsplit(sandbox.employee_webhook_url).path
    assert call(sandbox, f"{path}profile") == (401, "INVALID_CREDENTIALS")


def test_addresses_outside_rest_are_not_found(sandbox):
    for path in ("/", "/rest/", "/rest/1/code", "/company/", "/rest/api/1/code/profile"):
        assert requests.get(sandbox.portal_url + path, timeout=5).status_code == 404


def test_secrets_are_not_kept_with_the_calls(sandbox):
    code = hook(sandbox).rpartition("/")[2]
    requests.post(
        sandbox.portal_url + "/rest/batch",
        json={"aplogin": 1, "ap": code, "cmd": {"a": f"profile?ap={code}"}},
        timeout=5,
    )
    calls = sandbox.calls()
    assert [call["method"] for call in calls] == ["profile", "batch"]
    assert code not in json.dumps(calls)


def test_a_renamed_portal_sends_its_former_name_on_and_answers_under_the_new_one(sandbox):
    former = sandbox.webhook_url
    sandbox.rename_portal("http://127.1:{port}")
    asked = requests.post(f"{former}profile.json", json={}, allow_redirects=False, timeout=5)
    assert asked.status_code == 302
    assert asked.headers["Location"] == f"{sandbox.webhook_url}profile.json"
    assert requests.post(asked.headers["Location"], json={}, timeout=5).json()["result"]["ADMIN"]
    sandbox.reset()
    assert sandbox.webhook_url == former
    assert requests.post(f"{former}profile.json", json={}, timeout=5).status_code == 200
