"""The program: its one line, the control plane, its state file, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

from sandbox import Sandbox

RUN = [sys.executable, "-m", "sandbox"]
DEAL = ["crm", "CCrmDocumentDeal", "DEAL_7"]


@contextmanager
def program(*options):
    process = subprocess.Popen([*RUN, "--port", "0", *options], stdout=subprocess.PIPE, text=True)
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def post(address, **params):
    return requests.post(address, json=params, timeout=5)


def test_it_says_where_it_is_and_ends_cleanly_on_a_signal():
    with program("--control") as (process, told):
        assert set(told) == {
            "portal_url", "webhook_url", "employee_webhook_url", "control_url", "oauth",
            "gateway_url", "gateway_key", "gateway_app_key",
        }  # fmt: skip
        assert told["webhook_url"].endswith("/")
        assert post(told["webhook_url"] + "user.admin").json()["result"] is True
        assert post(told["employee_webhook_url"] + "user.admin").json()["result"] is False
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0


def test_its_options_prepare_the_application_and_the_language():
    back = "http://127.0.0.1:9/back/"
    options = ("--redirect-uri", back, "--token-lifetime", "7", "--password", "other")
    with program("--control", "--language", "ru", *options) as (_, told):
        oauth, control = told["oauth"], told["control_url"]
        assert set(oauth) == {
            "client_id", "client_secret", "authorize_url", "token_url", "server_endpoint",
            "member_id",
        }  # fmt: skip
        answer = requests.post(
            oauth["authorize_url"],
            params={"client_id": oauth["client_id"]},
            data={"USER_LOGIN": "2", "USER_PASSWORD": "other"},
            allow_redirects=False,
            timeout=5,
        )
        assert answer.headers["Location"].startswith(back)
        assert post(control + "tokens_for", user_id=2).json()["expires_in"] == 7
        task = post(control + "ask", users=2).json()
        rows = requests.get(control + "tasks", timeout=5).json()
        assert [row["id"] for row in rows] == [task]
        assert rows[0]["parameters"]["StatusYesLabel"] == "Утвердить"


def test_its_ready_line_says_the_public_addresses():
    options = ("--portal-url", "https://portal.example", "--auth-url", "https://oauth.example")
    with program(*options, "--zone", "Europe/Berlin", "--statuses", "2026") as (_, told):
        assert told["portal_url"] == "https://portal.example"
        assert told["webhook_url"].startswith("https://portal.example/rest/1/")
        assert told["oauth"]["token_url"] == "https://oauth.example/oauth/token/"
        assert told["oauth"]["server_endpoint"] == "https://oauth.example/rest/"


def test_an_address_or_a_zone_that_does_not_exist_is_told_in_one_line():
    for options in (("--portal-url", "portal"), ("--zone", "Mars/Olympus")):
        ended = subprocess.run(
            [*RUN, "--port", "0", *options], capture_output=True, text=True, timeout=20, check=False
        )
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
        assert options[1] in ended.stderr


def test_the_control_plane_is_closed_unless_asked_for():
    with program() as (process, told):
        assert told["control_url"] is None
        assert post(told["portal_url"] + "/_sandbox/ledger").status_code == 404
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == 0


def test_killed_at_any_moment_it_continues_where_it_was(tmp_path):
    options = ("--control", "--state", str(tmp_path / "portal.state"))
    with program(*options) as (process, told):
        hook = told["webhook_url"]
        first = post(hook + "bizproc.workflow.start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL).json()
        second = post(hook + "bizproc.workflow.start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL).json()
        post(told["control_url"] + "advance", hours=5)
        assert post(hook + "bizproc.workflow.kill", ID=first["result"]).json()["result"] is True
        moment = post(hook + "server.time").json()["result"]
        process.kill()
        process.wait()
    with program(*options) as (process, told):
        assert told["webhook_url"].split("/rest/")[1] == hook.split("/rest/")[1]
        rows = post(told["webhook_url"] + "bizproc.workflow.instances").json()["result"]
        assert [row["ID"] for row in rows] == [second["result"]]
        ledger = requests.get(told["control_url"] + "ledger", timeout=5).json()
        assert [line["seq"] for line in ledger] == [1, 2, 3]
        assert post(told["webhook_url"] + "server.time").json()["result"] >= moment


def test_a_taken_port_is_told_in_one_line():
    with Sandbox() as running:
        port = running.portal_url.rpartition(":")[2]
        ended = subprocess.run(
            [*RUN, "--port", port], capture_output=True, text=True, timeout=20, check=False
        )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in ended.stderr


def test_its_old_name_runs_it_still():
    old = [sys.executable, "-m", "bizproc_admin.sandbox", "--help"]
    told = subprocess.run(old, capture_output=True, text=True, check=True)
    assert "--scenario" in told.stdout


def test_it_needs_neither_django_nor_requests():
    code = (
        "import sys, sandbox.__main__;"
        "print([n for n in sys.modules if n.split('.')[0] in ('django', 'requests', 'celery')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.fixture
def sandbox():
    with Sandbox() as running:
        yield running


def test_the_control_plane_offers_what_the_class_offers(sandbox):
    control = sandbox.control_url
    key = post(control + "start_workflow", template_id=1, document_id=DEAL).json()
    assert post(sandbox.webhook_url + "bizproc.workflow.terminate", ID=key).json()["result"] is True
    assert requests.get(control + "ledger", timeout=5).json()[0]["target"] == key
    assert requests.get(control + "calls?method=profile", timeout=5).json() == []
    assert len(requests.get(control + "calls", timeout=5).json()) == 1
    post(sandbox.webhook_url + "bizproc.workflow.instances", filter={"id": 1})
    assert requests.get(control + "complaints", timeout=5).json()[0]["detail"] == "id"
    assert post(control + "fail-next", kind="QUERY_LIMIT_EXCEEDED").json() == {"ok": True}
    assert post(sandbox.webhook_url + "profile").status_code == 503
    before = requests.get(control + "now", timeout=5).json()
    assert post(control + "advance?minutes=6").json() - before >= 360
    assert post(control + "load", scenario="demo", workflows=60).json() == {"ok": True}
    page = post(sandbox.webhook_url + "bizproc.workflow.instances").json()
    assert page["total"] == 60
    assert post(control + "reset").json() == {"ok": True}
    assert requests.get(control + "workflows", timeout=5).json() == []


def test_the_control_plane_tells_mistakes(sandbox):
    control = sandbox.control_url
    assert post(control + "nothing").status_code == 404
    assert post(control + "load", scenario="big").status_code == 400
    assert post(control + "load", wrong=1).status_code == 400
    assert requests.post(control + "load", data="[1]", timeout=5).status_code == 400
    assert "fail_next" in requests.get(control, timeout=5).json()["operations"]


def test_latency_is_added_to_every_answer():
    with Sandbox(latency=120) as slow:
        answer = post(slow.webhook_url + "profile")
    assert answer.elapsed.total_seconds() >= 0.12


def test_the_process_group_holds_no_orphan_after_the_end():
    with program("--scenario", "demo", "--workflows", "60") as (process, told):
        assert post(told["webhook_url"] + "bizproc.workflow.instances").json()["total"] == 60
        process.terminate()
        assert process.wait(timeout=5) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)
