"""The gateway over real HTTP, as its pages print it: keys, sessions, envelope, errors, writes."""

import json
import shlex
import subprocess
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox import Sandbox
from sandbox.scenarios.templates import delay, sequence
from tests.contract.test_sandbox_application_steps import Application, activity, register, start

DEAL = ["crm", "CCrmDocumentDeal", "DEAL_777"]
BACK = "http://127.0.0.1:9/back"


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


@pytest.fixture
def app():
    server = Application()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield server
    server.open.set()
    server.shutdown()
    server.server_close()


def call(sandbox, http_method, path, key=None, *, token=None, params=None, **body):
    headers = {} if key == "" else {"X-Api-Key": key or sandbox.gateway_key}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return requests.request(
        http_method,
        f"{sandbox.gateway_url}/{path}",
        headers=headers,
        params=params,
        json=body or None,
        timeout=5,
    )


def refused(answer):
    body = answer.json()
    assert body["success"] is False
    assert set(body["error"]) >= {"code", "message", "hint"}
    return answer.status_code, body["error"]["code"]


def run_by(sandbox):
    """Start a workflow that waits for days; return its id and the template's."""
    number = sandbox.add_template("T", structure=sequence(delay(amount=9)))
    document = sandbox.create_document(["crm", "CCrmDocumentDeal", "DEAL"])["document_id"]
    answer = call(
        sandbox, "POST", "workflows/start",
        templateId=number, entityType="deal", entityId=document[2].removeprefix("DEAL_"),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["workflowId"], number


def test_the_ready_line_names_the_gateway_and_its_keys(sandbox):
    told = sandbox.announcement()
    assert told["gateway_url"] == f"{sandbox.portal.address}/gateway/v1"
    assert told["gateway_key"].startswith("vibe_api_")
    assert told["gateway_app_key"].startswith("vibe_app_")
    with Sandbox() as other:  # the same seed, the same keys
        assert other.gateway_key == told["gateway_key"]


def test_every_kind_of_key_is_taken_as_the_pages_say(sandbox):
    me = call(sandbox, "GET", "me").json()["data"]
    assert (me["type"], me["user"]["id"], me["access"]) == ("personal", 1, "write")
    assert "bizproc" in me["scopes"]
    bearer = requests.get(
        f"{sandbox.gateway_url}/me",
        headers={"Authorization": f"Bearer {sandbox.gateway_key}"},
        timeout=5,
    )
    assert bearer.json()["data"] == me
    assert refused(call(sandbox, "GET", "workflows", "")) == (401, "MISSING_API_KEY")
    assert refused(call(sandbox, "GET", "workflows", "vibe_api_x")) == (401, "INVALID_API_KEY")
    application = sandbox.gateway_app_key
    assert refused(call(sandbox, "GET", "workflows", application)) == (401, "INVALID_APP_KEY")
    old = call(sandbox, "GET", "workflows", application, token="vibe_session_old")
    assert refused(old) == (401, "TOKEN_EXPIRED")
    management = sandbox.add_gateway_key("management")
    told = refused(call(sandbox, "GET", "workflows", management))
    assert told == (403, "MANAGEMENT_KEY_NO_ENTITY_ACCESS")
    blind = sandbox.add_gateway_key(scopes=["crm"])
    assert refused(call(sandbox, "GET", "workflows", blind)) == (403, "SCOPE_DENIED")
    reading = sandbox.add_gateway_key(read_only=True)
    assert call(sandbox, "GET", "workflows", reading).status_code == 200
    told = refused(call(sandbox, "DELETE", "workflows/x", reading))
    assert told == (403, "WRITE_BLOCKED_READONLY_KEY")
    employee = sandbox.add_gateway_key(user_id=2)
    assert refused(call(sandbox, "GET", "workflows", employee)) == (403, "BITRIX_ACCESS_DENIED")
    sandbox.change_gateway_key(reading, connected=False)
    assert refused(call(sandbox, "GET", "workflows", reading)) == (401, "TOKEN_MISSING")
    sandbox.change_gateway_key(reading, active=False)
    assert refused(call(sandbox, "GET", "workflows", reading)) == (401, "INVALID_API_KEY")
    assert refused(call(sandbox, "GET", "tasks")) == (404, "ENTITY_NOT_FOUND")


def signed_in(sandbox, *, redirect_uri=BACK):
    """Sign somebody in for the application's key; return the code the browser brings back."""
    sandbox.change_gateway_key(sandbox.gateway_app_key, redirect_uris=[BACK])
    query = {"app_key": sandbox.gateway_app_key, "redirect_uri": redirect_uri, "state": "s t"}
    session = requests.Session()
    page = session.get(f"{sandbox.gateway_url}/oauth/authorize", params=query, timeout=5)
    if page.status_code != 200:
        return page
    assert "Sign in to open" in page.text
    form = {"USER_LOGIN": "1", "USER_PASSWORD": "sandbox"}
    there = session.post(page.url, data=form, allow_redirects=False, timeout=5)
    assert there.status_code == 302
    told = parse_qs(urlsplit(there.headers["Location"]).query)
    assert told["state"] == ["s t"]
    return told["code"][0]


def session_of(sandbox):
    """Sign somebody in for the application's key; return the token of the session."""
    given = {"app_key": sandbox.gateway_app_key, "redirect_uri": BACK, "code": signed_in(sandbox)}
    return call(sandbox, "POST", "oauth/token", "", **given).json()["access_token"]


def test_a_session_lives_for_a_day_and_is_not_renewed(sandbox):
    given = {"app_key": sandbox.gateway_app_key, "redirect_uri": BACK}
    code = signed_in(sandbox)
    other = {**given, "redirect_uri": "http://127.0.0.1:9/other"}
    assert refused(call(sandbox, "POST", "oauth/token", "", **other, code=code))[0] == 400
    answer = call(sandbox, "POST", "oauth/token", "", **given, code=code)
    token = answer.json()["access_token"]
    assert token.startswith("vibe_session_")
    assert answer.json()["data"] == {
        "access_token": token, "token_type": "Bearer", "expires_in": 86_400
    }  # fmt: skip
    assert refused(call(sandbox, "POST", "oauth/token", "", **given, code=code))[0] == 400
    assert refused(call(sandbox, "POST", "oauth/token", "")) == (400, "MISSING_PARAMS")
    key = sandbox.gateway_app_key
    assert call(sandbox, "GET", "me", key, token=token).json()["data"]["type"] == "application"
    sandbox.advance(hours=23, minutes=59)
    assert call(sandbox, "GET", "workflows", key, token=token).status_code == 200
    sandbox.advance(minutes=1)
    told = refused(call(sandbox, "GET", "workflows", key, token=token))
    assert told == (401, "TOKEN_EXPIRED")
    where = signed_in(sandbox, redirect_uri=BACK + "?x")
    assert refused(where) == (400, "INVALID_REDIRECT_URI")


def test_workflows_come_with_those_changed_last_first_and_from_any_offset(sandbox):
    first, number = run_by(sandbox)
    ids = [first]
    for _ in range(54):
        sandbox.advance(seconds=2)
        ids.append(sandbox.start_workflow(number, DEAL))
    page = call(sandbox, "GET", "workflows").json()
    assert page["meta"] == {"total": 55}
    assert [row["ID"] for row in page["data"]] == list(reversed(ids))[:50]
    assert set(page["data"][0]) == {
        "ID", "MODIFIED", "OWNED_UNTIL", "MODULE_ID", "ENTITY", "DOCUMENT_ID", "STARTED",
        "STARTED_BY", "TEMPLATE_ID",
    }  # fmt: skip
    rest = call(sandbox, "GET", "workflows", params={"offset": 53}).json()
    assert [row["ID"] for row in rest["data"]] == [ids[1], ids[0]]
    none = call(sandbox, "GET", "workflows", params={"templateId": number + 1}).json()
    assert none == {"success": True, "data": [], "meta": {"total": 0}}
    some = call(sandbox, "GET", "workflows", params={"startedBy": 1, "templateId": number})
    assert some.json()["meta"]["total"] == 1
    over = call(sandbox, "GET", "workflows", params={"offset": 100}).json()
    assert over["data"] == []


def test_starting_takes_four_kinds_of_documents(sandbox):
    number = sandbox.add_template("T")
    told = refused(call(sandbox, "POST", "workflows/start", templateId=number))
    assert told == (400, "MISSING_PARAMS")
    wrong = {"templateId": number, "entityType": "quote", "entityId": 1}
    assert refused(call(sandbox, "POST", "workflows/start", **wrong)) == (400, "MISSING_PARAMS")
    for kind in ("lead", "contact", "company"):
        other = call(
            sandbox, "POST", "workflows/start", templateId=number, entityType=kind, entityId=999_999
        )
        assert refused(other) == (422, "BITRIX_ERROR")
    workflow, _ = run_by(sandbox)
    (line,) = [one for one in sandbox.ledger() if one["target"] == workflow]
    assert line["method"] == "bizproc.workflow.start"


def test_a_soft_end_waits_for_the_current_step_and_force_does_not(sandbox):
    workflow, number = run_by(sandbox)
    gone = call(sandbox, "DELETE", f"workflows/{workflow}", params={"status": "Not needed"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert [row["ID"] for row in call(sandbox, "GET", "workflows").json()["data"]] == [workflow]
    sandbox.advance(seconds=5)
    assert call(sandbox, "GET", "workflows").json()["meta"]["total"] == 0
    assert sandbox.workflow(workflow)["state_title"] == "Not needed"
    told = call(sandbox, "DELETE", f"workflows/{workflow}")
    assert refused(told) == (404, "ENTITY_NOT_FOUND")
    assert told.json()["error"]["message"] == "Workflow not found"
    other = sandbox.start_workflow(number, DEAL)
    force = call(sandbox, "DELETE", f"workflows/{other}", params={"force": "true"})
    assert force.status_code == 204
    assert call(sandbox, "GET", "workflows").json()["meta"]["total"] == 0
    lines = [one for one in sandbox.ledger() if one["method"] == "bizproc.workflow.terminate"]
    assert [one["target"] for one in lines] == [workflow, other]


# as https://vibecode.bitrix24.com/docs prints them
PRINTED = {
    "personal": r"""
        curl -X POST https://vibecode.bitrix24.tech/v1/workflows/event \
          -H "X-Api-Key: YOUR_API_KEY" \
          -H "Content-Type: application/json" \
          -d '{"eventToken":"xxx.yyy.zzz","returnValues":{"result":"approved"}}'
    """,
    "application": r"""
        curl -X POST https://vibecode.bitrix24.tech/v1/workflows/event \
          -H "X-Api-Key: YOUR_APP_KEY" \
          -H "Authorization: Bearer USER_SESSION_TOKEN" \
          -H "Content-Type: application/json" \
          -d '{"eventToken":"xxx.yyy.zzz","returnValues":{"result":"approved"}}'
    """,
}


def curl(line, **told):
    """Run a printed line with what it leaves open put in; return status and answer."""
    for name, value in told.items():
        line = line.replace(name.replace("__", "."), value)
    done = subprocess.run(
        [*shlex.split(line.replace("\\\n", " ")), "-s", "-w", "\n%{http_code}"],
        capture_output=True,
        check=True,
        timeout=10,
    )
    body, _, status = done.stdout.decode().rpartition("\n")
    return int(status), json.loads(body)


@pytest.mark.parametrize("kind", PRINTED)
def test_the_printed_curl_lines_answer_as_printed(sandbox, app, kind):
    told = {
        "https://vibecode__bitrix24__tech/v1": sandbox.gateway_url,
        "YOUR_API_KEY": sandbox.gateway_key,
        "YOUR_APP_KEY": sandbox.gateway_app_key,
        "USER_SESSION_TOKEN": session_of(sandbox) if kind == "application" else "",
    }
    returned = {"RETURN_PROPERTIES": {"result": {"NAME": "Result", "TYPE": "string"}}}
    workflow = start(sandbox, activity(register(sandbox, app, **returned)))
    token = {"xxx__yyy__zzz": app.next()["event_token"]}
    assert curl(PRINTED[kind], **told, **token) == (200, {"success": True, "data": True})
    sandbox.advance(seconds=1)
    (line,) = [one for one in sandbox.ledger() if one["method"] == "bizproc.event.send"]
    assert (line["applied"]["workflow_id"], line["applied"]["effect"]) == (workflow, "closed")
    assert line["applied"]["values"] == {"result": "approved"}
    # used already, and never valid: the printed refusal, with a hint
    for again in (token, {}):
        status, refusal = curl(PRINTED[kind], **told, **again)
        del refusal["error"]["hint"]
        printed = {"code": "BITRIX_ACCESS_DENIED", "message": "Access denied!"}
        assert (status, refusal) == (403, {"success": False, "error": printed})


def test_a_line_of_the_log_leaves_the_step_waiting(sandbox, app):
    start(sandbox, activity(register(sandbox, app)))
    token = app.next()["event_token"]
    log = {"eventToken": token, "logMessage": "Half way"}
    assert call(sandbox, "POST", "workflows/activity-log", **log).json()["data"] is True
    event = {"eventToken": token, "returnValues": {"result": "approved"}}
    assert call(sandbox, "POST", "workflows/event", **event).json()["data"] is True
    assert refused(call(sandbox, "POST", "workflows/event")) == (400, "MISSING_PARAMS")


def test_templates_come_in_camel_case_as_many_as_are_asked_for(sandbox):
    for number in range(60):
        sandbox.add_template(f"T {number}")
    few = call(sandbox, "GET", "bizproc-templates", params={"select": "id,documentType"}).json()
    assert len(few["data"]) == 50
    assert few["meta"] == {"total": 61, "hasMore": True, "truncated": False}
    assert set(few["data"][0]) == {"id", "documentType"}
    entities = call(sandbox, "GET", "entities/bizproc-templates", params={"limit": 5000}).json()
    assert len(entities["data"]) == 61
    assert {"name", "autoExecute", "userId"} <= set(entities["data"][0])


def test_actions_need_the_key_of_an_application(sandbox):
    told = refused(call(sandbox, "GET", "bizproc-activities"))
    assert told == (403, "OAUTH_REQUIRED")
    token = session_of(sandbox)

    def by_application(http_method, path, **body):
        return call(sandbox, http_method, path, sandbox.gateway_app_key, token=token, **body)

    definition = {"code": "a.b", "handler": "https://a.example/x", "name": "A"}
    assert by_application("POST", "bizproc-activities", **definition).json()["data"] is True
    assert by_application("GET", "bizproc-activities").json()["data"] == ["a.b"]
    changed = by_application("PATCH", "bizproc-activities/a.b", useSubscription="Y")
    assert changed.json()["data"] is True
    assert by_application("DELETE", "bizproc-activities/a.b").status_code == 204
    assert refused(by_application("DELETE", "bizproc-activities/a.b")) == (422, "BITRIX_ERROR")


def test_three_hundred_requests_a_minute_and_no_more():
    with Sandbox(limits="real") as sandbox:
        session = requests.Session()
        session.headers["X-Api-Key"] = sandbox.gateway_key
        sandbox.advance(seconds=60 - sandbox.now() % 60)
        answers = [session.get(f"{sandbox.gateway_url}/me", timeout=5) for _ in range(301)]
        assert [one.status_code for one in answers[:300]] == [200] * 300
        assert answers[0].headers["X-RateLimit-Limit"] == "300"
        assert [answers[n].headers["X-RateLimit-Remaining"] for n in (0, 299)] == ["299", "0"]
        last = answers[300]
        assert refused(last) == (429, "RATE_LIMITED")
        assert last.json()["error"]["retryAfter"] == int(last.headers["Retry-After"]) > 0
        sandbox.advance(minutes=1)
        assert session.get(f"{sandbox.gateway_url}/me", timeout=5).status_code == 200


def test_planned_faults_hit_the_gateway_before_and_after_a_write(sandbox):
    for code, status in (
        ("RATE_LIMITED", 429), ("BITRIX_UNAVAILABLE", 502), ("QUEUE_TIMEOUT", 504),
        ("BITRIX_ERROR", 422),
    ):  # fmt: skip
        sandbox.fail_next(code, method="gateway.workflows")
        assert refused(call(sandbox, "GET", "workflows")) == (status, code)
    workflow, _ = run_by(sandbox)
    force = {"force": "true"}
    sandbox.fail_next("QUEUE_TIMEOUT", method="gateway.end")
    told = call(sandbox, "DELETE", f"workflows/{workflow}", params=force)
    assert refused(told) == (504, "QUEUE_TIMEOUT")
    assert sandbox.workflow(workflow)["ended"] is None
    sandbox.fail_next("QUEUE_TIMEOUT", method="gateway.end", applied=True)
    told = call(sandbox, "DELETE", f"workflows/{workflow}", params=force)
    assert refused(told) == (504, "QUEUE_TIMEOUT")
    assert sandbox.workflow(workflow)["ended"] is not None
    number = sandbox.add_template("T")
    sandbox.fail_next("reset_mid_response", method="gateway.start")
    document = sandbox.create_document(["crm", "CCrmDocumentDeal", "DEAL"])["document_id"]
    with pytest.raises(requests.RequestException):
        call(
            sandbox, "POST", "workflows/start", templateId=number, entityType="deal",
            entityId=document[2].removeprefix("DEAL_"),
        )  # fmt: skip
    assert sandbox.ledger()[-1]["method"] == "bizproc.workflow.start"


def test_keys_and_sessions_outlive_a_restart(tmp_path):
    path = tmp_path / "portal.state"
    with Sandbox(state=path) as first:
        key = first.add_gateway_key(read_only=True)
    with Sandbox(state=path) as second:
        assert call(second, "GET", "me", key).json()["data"]["access"] == "read"
