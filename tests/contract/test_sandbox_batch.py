"""Batch over HTTP."""

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


def batch(sandbox, cmd, **more):
    answer = requests.post(sandbox.webhook_url + "batch", json={"cmd": cmd, **more}, timeout=5)
    assert answer.status_code == 200
    return answer.json()["result"]


def test_a_later_command_uses_an_earlier_result(sandbox):
    key = sandbox.start_workflow()
    result = batch(
        sandbox,
        {
            "first": "bizproc.workflow.instances?select[]=ID",
            "tasks": "bizproc.task.list?filter[WORKFLOW_ID]=$result[first][0][ID]&select[]=ID",
        },
    )
    assert result["result"]["first"] == [{"ID": key}]
    assert result["result"]["tasks"][0]["ID"] == "1"
    assert result["result_total"] == {"first": 1, "tasks": 1}
    assert result["result_error"] == []
    assert result["result_next"] == []
    assert set(result["result_time"]) == {"first", "tasks"}


def test_pages_can_be_fetched_fifty_at_a_time(sandbox):
    for _ in range(120):
        sandbox.start_workflow()
    page = "bizproc.workflow.instances?order[ID]=ASC&select[]=ID&start={}"
    result = batch(sandbox, [page.format(start) for start in (0, 50, 100)])
    ids = [row["ID"] for rows in result["result"] for row in rows]
    assert len(ids) == len(set(ids)) == 120
    assert result["result_total"] == [120, 120, 120]
    assert result["result_next"] == [50, 100]


def test_commands_arrive_from_a_form_too(sandbox):
    answer = requests.post(
        sandbox.webhook_url + "batch",
        data={"halt": "0", "cmd[me]": "user.current", "cmd[find]": "user.get?ID=$result[me][ID]"},
        timeout=5,
    ).json()["result"]
    assert answer["result"]["find"][0]["NAME"] == "Anna"


def test_errors_stay_inside_and_halt_stops(sandbox):
    cmd = {"a": "nope", "b": "bizproc.workflow.kill?ID=none", "c": "server.time"}
    through = batch(sandbox, cmd)
    assert list(through["result"]) == ["c"]
    assert through["result_error"]["a"]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert through["result_error"]["b"]["error"] == ""
    halted = batch(sandbox, cmd, halt=1)
    assert (halted["result"], list(halted["result_error"])) == ([], ["a"])


def test_a_command_without_scope_is_refused_alone(sandbox):
    path = sandbox.add_webhook(1, scopes=["user"])
    answer = requests.post(
        f"{sandbox.portal_url}{path}batch",
        json={"cmd": {"a": "bizproc.workflow.instances", "b": "user.current"}},
        timeout=5,
    ).json()["result"]
    assert answer["result_error"] == {"a": {"error": "insufficient_scope", "error_description": ""}}
    assert answer["result"]["b"]["ID"] == "1"


def test_a_batch_without_commands_is_empty(sandbox):
    assert batch(sandbox, {}) == {
        "result": [],
        "result_error": [],
        "result_total": [],
        "result_next": [],
        "result_time": [],
    }


def test_writes_in_a_batch_are_in_the_ledger_one_by_one(sandbox):
    keys = [sandbox.start_workflow() for _ in range(3)]
    batch(sandbox, [f"bizproc.workflow.terminate?ID={key}&STATUS=Bulk" for key in keys])
    assert [line["target"] for line in sandbox.ledger()] == keys
    inner = sandbox.calls("bizproc.workflow.terminate")
    assert [call["in_batch"] for call in inner] == [True] * 3
    assert sandbox.workflow(keys[0])["state_title"] == "Bulk"
