"""The rate limit and the operating limit over HTTP."""

import pytest
import requests

from sandbox import Sandbox


@pytest.fixture(scope="module")
def server():
    with Sandbox(limits="real") as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def call(sandbox, method="server.time", **params):
    return requests.post(sandbox.webhook_url + method, json=params, timeout=5)


def test_the_bucket_overflows_and_leaks(sandbox):
    sandbox.fill_bucket(50)
    refused = call(sandbox)
    assert (refused.status_code, refused.json()["error"]) == (503, "QUERY_LIMIT_EXCEEDED")
    assert refused.json()["error_description"] == "Too many requests"
    sandbox.advance(10)
    assert call(sandbox).status_code == 200


def test_a_batch_counts_once(sandbox):
    sandbox.fill_bucket(48)
    assert call(sandbox, "batch", cmd=["server.time"] * 50).status_code == 200
    assert call(sandbox).status_code == 200


def test_a_method_that_used_up_its_time_is_blocked_alone(sandbox):
    sandbox.spend("user.get", 300)
    sandbox.spend("user.get", 200)
    refused = call(sandbox, "user.get")
    assert (refused.status_code, refused.json()["error"]) == (429, "OPERATION_TIME_LIMIT")
    assert call(sandbox, "user.current").status_code == 200
    inner = call(sandbox, "batch", cmd={"a": "user.get"}).json()["result"]["result_error"]["a"]
    assert inner["error"] == "OPERATION_TIME_LIMIT"
    sandbox.advance(minutes=11)
    assert call(sandbox, "user.get").status_code == 200


def test_answers_tell_the_operating_time_with_the_limits_on_and_off(sandbox):
    sandbox.spend("user.get", 12.5)
    told = call(sandbox, "user.get").json()["time"]
    assert told["operating"] == 12.5
    assert 0 < told["operating_reset_at"] - told["start"] <= 600
    sandbox.set_limits("off")
    assert call(sandbox, "user.get").json()["time"]["operating"] == 12.5
    assert call(sandbox).json()["time"]["operating"] == 0
    sandbox.fill_bucket(50)
    assert call(sandbox).status_code == 200


def test_the_time_that_changes_take_is_spent_in_their_method(sandbox):
    sandbox.set_write_time(120)
    key = sandbox.start_workflow()
    told = call(sandbox, "bizproc.workflow.kill", ID=key).json()["time"]
    assert told["operating"] >= 0.12
    assert call(sandbox).json()["time"]["operating"] == 0
