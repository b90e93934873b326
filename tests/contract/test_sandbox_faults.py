"""Planned faults: what the client sees, and what was really applied."""

import time

import pytest
import requests

from sandbox import Sandbox

KILL = "bizproc.workflow.kill"
NO_ANSWER = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


@pytest.fixture
def key(sandbox):
    return sandbox.start_workflow()


def kill(sandbox, key, *, timeout=5.0):
    return requests.post(sandbox.webhook_url + KILL, json={"ID": key}, timeout=timeout)


def alive(sandbox, key):
    return sandbox.workflow(key) is not None


def test_a_timeout_before_applying_leaves_everything_as_it_was(sandbox, key):
    sandbox.fail_next("timeout_before_apply", hold=30)
    with pytest.raises(requests.Timeout):
        kill(sandbox, key, timeout=0.2)
    assert alive(sandbox, key)
    assert sandbox.ledger() == []
    assert kill(sandbox, key).json()["result"] is True


def test_a_timeout_after_applying_is_in_the_ledger(sandbox, key):
    sandbox.fail_next("timeout_after_apply", method=KILL, hold=30)
    with pytest.raises(requests.Timeout):
        kill(sandbox, key, timeout=0.2)
    assert not alive(sandbox, key)
    assert [line["target"] for line in sandbox.ledger()] == [key]


def test_a_held_connection_is_closed_without_an_answer_in_the_end(sandbox, key):
    sandbox.fail_next("timeout_before_apply", hold=0.1)
    with pytest.raises(requests.ConnectionError):
        kill(sandbox, key)


def test_an_answer_may_be_cut_in_the_middle_after_the_write(sandbox, key):
    sandbox.fail_next("reset_mid_response")
    with pytest.raises(NO_ANSWER):
        kill(sandbox, key)
    assert not alive(sandbox, key)


def test_an_answer_may_be_half_a_json_text(sandbox, key):
    sandbox.fail_next("truncated_json")
    answer = kill(sandbox, key)
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert not alive(sandbox, key)


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("html_page", 200, "<!DOCTYPE html>"),
        ("bad_gateway", 502, "<html>"),
        ("empty_body", 200, ""),
        ("unavailable_page", 503, "<!DOCTYPE html>"),
        ("closed_page", 503, "<!DOCTYPE html>"),
    ],
)
@pytest.mark.parametrize("applied", [False, True])
def test_something_else_than_json_may_be_answered(sandbox, key, kind, status, text, applied):
    sandbox.fail_next(kind, applied=applied)
    answer = kill(sandbox, key)
    assert answer.status_code == status
    assert answer.text.startswith(text)
    assert alive(sandbox, key) is not applied


@pytest.mark.parametrize(
    ("code", "status"),
    [("QUERY_LIMIT_EXCEEDED", 503), ("OPERATION_TIME_LIMIT", 429), ("ACCESS_DENIED", 403),
     ("expired_token", 401), ("PORTAL_DELETED", 403), ("ERROR_CORE", 500),
     ("OVERLOAD_LIMIT", 503), ("PAYMENT_REQUIRED", 401), ("SOMETHING_NEW", 400), ("", 400)],
)  # fmt: skip
def test_any_vendor_error_can_be_asked_for(sandbox, key, code, status):
    sandbox.fail_next(code)
    answer = kill(sandbox, key)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["error_description"] or code == ""
    assert alive(sandbox, key)


def test_a_fault_waits_for_its_method_and_counts_its_times(sandbox, key):
    sandbox.fail_next("ERROR_CORE", times=2, method=KILL, skip=1)
    assert requests.get(sandbox.webhook_url + "profile", timeout=5).status_code == 200
    seen = [kill(sandbox, "none").json()["error"] for _ in range(4)]
    assert seen == ["", "ERROR_CORE", "ERROR_CORE", ""]
    assert sandbox.faults() == []


def test_a_lie_answers_true_and_does_nothing(sandbox, key):
    sandbox.fail_next("lie")
    assert kill(sandbox, key).json()["result"] is True
    assert alive(sandbox, key)
    assert sandbox.ledger() == []


def test_a_late_write_is_applied_after_its_delay(sandbox, key):
    sandbox.fail_next("late_apply", delay=45, hold=0.05)
    with pytest.raises(NO_ANSWER):
        kill(sandbox, key)
    assert alive(sandbox, key)
    sandbox.advance(44)
    assert alive(sandbox, key)
    sandbox.advance(2)
    assert not alive(sandbox, key)
    (line,) = sandbox.ledger()
    assert (line["method"], line["target"]) == (KILL, key)


def test_a_late_write_may_come_to_nothing(sandbox, key):
    sandbox.fail_next("late_apply", delay=10, hold=0.05)
    with pytest.raises(NO_ANSWER):
        kill(sandbox, key)
    sandbox.end_workflow(key)
    sandbox.advance(20)
    assert sandbox.ledger() == []


def test_a_batch_may_break_off_after_some_of_its_commands(sandbox):
    keys = [sandbox.start_workflow() for _ in range(5)]
    cmd = {f"c{n}": f"{KILL}?ID={key}" for n, key in enumerate(keys)}
    sandbox.fail_next("timeout_after_apply", method=KILL, skip=2, hold=0.05)
    with pytest.raises(NO_ANSWER):
        requests.post(sandbox.webhook_url + "batch", json={"cmd": cmd}, timeout=5)
    assert [line["target"] for line in sandbox.ledger()] == keys[:3]


def test_an_error_may_strike_one_command_of_a_batch(sandbox, key):
    sandbox.fail_next("ERROR_CORE", method=KILL)
    cmd = {"a": f"{KILL}?ID={key}", "b": f"{KILL}?ID={key}"}
    answer = requests.post(sandbox.webhook_url + "batch", json={"cmd": cmd}, timeout=5)
    result = answer.json()["result"]
    assert result["result_error"]["a"]["error"] == "ERROR_CORE"
    assert result["result"] == {"b": True}


def test_others_are_served_while_one_connection_hangs(sandbox, key):
    sandbox.fail_next("timeout_after_apply", method=KILL, hold=30)
    with pytest.raises(requests.Timeout):
        kill(sandbox, key, timeout=0.1)
    began = time.monotonic()
    assert requests.get(sandbox.webhook_url + "profile", timeout=5).status_code == 200
    assert time.monotonic() - began < 2


def test_closing_ends_hanging_connections():
    with Sandbox() as brief:
        brief.fail_next("timeout_before_apply", hold=60)
        with pytest.raises(requests.Timeout):
            kill(brief, "none", timeout=0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 3


def test_the_page_of_an_overloaded_portal_is_long_and_a_closed_one_says_so(sandbox, key):
    sandbox.fail_next("unavailable_page")
    assert len(kill(sandbox, key).content) > 50_000
    sandbox.fail_next("closed_page")
    assert "temporarily closed" in kill(sandbox, key).text


def test_a_lapsed_plan_has_the_code_of_missing_rights_and_another_status(sandbox, key):
    sandbox.fail_next("plan_ended", times=2)
    by_webhook = kill(sandbox, key)
    token = sandbox.tokens_for(1)["access_token"]
    by_token = requests.post(f"{sandbox.portal_url}/rest/profile?auth={token}", timeout=5)
    assert [(answer.status_code, answer.json()) for answer in (by_webhook, by_token)] == [
        (401, {"error": "ACCESS_DENIED",
               "error_description": "REST is available only by subscription."}),
        (401, {"error": "ACCESS_DENIED",
               "error_description": "REST is available only on commercial plans."}),
    ]  # fmt: skip
    assert alive(sandbox, key)
    sandbox.fail_next("plan_ended", method=KILL)
    answer = requests.post(sandbox.webhook_url + "batch", json={"cmd": {"a": KILL}}, timeout=5)
    assert answer.json()["result"]["result_error"]["a"]["error"] == "ACCESS_DENIED"


@pytest.mark.parametrize(
    ("code", "usual"),
    [("OVERLOAD_LIMIT", 503), ("user_access_error", 403), ("INVALID_REQUEST", 400)],
)
def test_three_errors_are_answered_with_401_when_it_is_asked_for(sandbox, key, code, usual):
    seen = []
    for statuses in ("usual", "2026"):
        sandbox.set_statuses(statuses)
        sandbox.fail_next(code)
        answer = kill(sandbox, key)
        assert answer.json()["error"] == code
        seen.append(answer.status_code)
    assert seen == [usual, 401]
    sandbox.fail_next("ACCESS_DENIED")
    assert kill(sandbox, key).status_code == 403
    sandbox.reset()
    sandbox.fail_next(code)
    assert kill(sandbox, key).status_code == usual


def test_somebody_kept_out_of_the_application_is_told_so_with_the_newer_status(sandbox):
    sandbox.set_statuses("2026")
    sandbox.change_application(users=[1])
    token = sandbox.tokens_for(2)["access_token"]
    answer = requests.post(f"{sandbox.portal_url}/rest/profile?auth={token}", timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (401, "user_access_error")
