"""The table of outcomes: what one attempt at a write proves, and what may be repeated."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify
from bizproc_admin.bitrix.proof import ATTEMPTS, GiveUp, Retry, decide
from bizproc_admin.bitrix.refusals import BY_CODE, refusal

RETRY = Classification.NOT_APPLIED_RETRY
FINAL = Classification.NOT_APPLIED_FINAL
REJECTED = Classification.REJECTED
UNKNOWN = Classification.UNKNOWN
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def exhausted(wait=30.0):
    return bitrix.MethodExhausted("OPERATION_TIME_LIMIT", resets_at=NOW, wait=wait, status=429)


@pytest.mark.parametrize(
    ("code", "status", "proves"),
    [
        ("QUERY_LIMIT_EXCEEDED", 503, RETRY),
        ("expired_token", 401, RETRY),
        ("invalid_token", 401, RETRY),
        ("authorization_error", 401, FINAL),
        ("user_access_error", 401, FINAL),
        ("user_access_error", 403, FINAL),
        ("ERROR_OAUTH", 401, FINAL),
        ("APPLICATION_NOT_FOUND", 401, FINAL),
        ("NOT_INSTALLED", 401, FINAL),
        ("NO_AUTH_FOUND", 401, FINAL),
        ("INVALID_CREDENTIALS", 401, FINAL),
        ("INVALID_CREDENTIALS", 403, FINAL),
        ("insufficient_scope", 401, FINAL),
        ("insufficient_scope", 403, FINAL),
        ("ACCESS_DENIED", 403, FINAL),
        ("ACCESS_DENIED", 401, FINAL),
        ("ERROR_WRONG_WORKFLOW_ID", 400, FINAL),
        ("ERROR_TASK_VALIDATION", 400, FINAL),
        ("ERROR_TASK_TYPE", 400, FINAL),
        ("ERROR_INVALID_USER_ID", 400, FINAL),
        ("ERROR_METHOD_NOT_FOUND", 404, FINAL),
        ("OVERLOAD_LIMIT", 503, FINAL),
        ("OVERLOAD_LIMIT", 401, FINAL),
        ("PORTAL_DELETED", 500, RETRY),
        ("PORTAL_DELETED", 403, RETRY),
        ("PAYMENT_REQUIRED", 401, FINAL),
        ("", 400, REJECTED),
        ("", 403, REJECTED),
        ("404", 400, REJECTED),
        ("SOMETHING_NEW", 404, REJECTED),
        ("ERROR_DELEGATION_NOT_ALLOWED", 400, REJECTED),
        ("ERROR_TASK_EXECUTION", 400, REJECTED),
        ("ERROR_TASK_COMPLETED", 400, REJECTED),
        ("ERROR_TASK_NOT_FOUND", 400, REJECTED),
        ("", None, REJECTED),
        ("ERROR_CORE", 400, UNKNOWN),
        ("ERROR_CORE", 500, UNKNOWN),
        ("ERROR_CORE", None, UNKNOWN),
        ("INTERNAL_SERVER_ERROR", 500, UNKNOWN),
        ("ERROR_UNEXPECTED_ANSWER", 500, UNKNOWN),
        ("", 500, UNKNOWN),
        ("", 200, UNKNOWN),
        ("METHOD_CONFIRM_WAITING", 401, UNKNOWN),
        ("ERROR_WRONG_WORKFLOW_ID", 500, UNKNOWN),
    ],
)
def test_what_a_refusal_proves(code, status, proves):
    assert classify(refusal(code, "text", status=status)) is proves


def test_what_else_may_happen_proves():
    written = bitrix.Written(result=True, time=None, duration_ms=1, status=200, sent_at=NOW)
    assert classify(written) is Classification.ACCEPTED
    assert classify(bitrix.NotSent("refused")) is RETRY
    assert classify(bitrix.PaceExceeded()) is RETRY
    assert classify(exhausted()) is RETRY
    assert classify(bitrix.Moved(location="https://x.example/", status=302)) is REJECTED
    assert classify(bitrix.NoAnswer("timeout")) is UNKNOWN
    assert classify(bitrix.BadAnswer("html", status=502, transient=True)) is UNKNOWN
    assert classify(RuntimeError("a fault of ours")) is UNKNOWN


refusals = some.builds(
    lambda code, text, status: refusal(code, text, status=status),
    some.one_of(some.sampled_from(sorted(BY_CODE)), some.text(max_size=20)),
    some.text(max_size=20),
    some.one_of(some.none(), some.integers(min_value=200, max_value=599)),
)
left = some.one_of(
    some.builds(bitrix.NoAnswer, some.text(max_size=20)),
    some.builds(
        lambda status, transient: bitrix.BadAnswer("x", status=status, transient=transient),
        some.one_of(some.none(), some.integers(min_value=100, max_value=599)),
        some.booleans(),
    ),
    some.builds(bitrix.FilterIgnored, some.text(max_size=20)),
    some.sampled_from([RuntimeError(), OSError(), KeyboardInterrupt(), bitrix.BitrixError()]),
)
never_left = some.one_of(
    some.builds(bitrix.NotSent, some.text(max_size=20)),
    some.builds(bitrix.PaceExceeded, retry_after=some.floats(min_value=0, max_value=100)),
)
outcomes = some.one_of(refusals, left, never_left, some.builds(exhausted))


@given(error=left)
def test_without_a_well_formed_answer_the_outcome_is_always_unknown(error):
    assert classify(error) is UNKNOWN


@given(error=never_left)
def test_what_never_left_was_never_applied(error):
    assert classify(error) is RETRY


@given(error=refusals)
def test_a_fault_inside_the_portal_never_passes_for_a_certain_outcome(error):
    if error.status is not None and error.status >= 500:
        limits = bitrix.RateLimited | bitrix.Overloaded | bitrix.PortalClosed
        expired = bitrix.ExpiredCredentials
        assert isinstance(error, limits | expired) or classify(error) is UNKNOWN


@given(error=refusals)
def test_no_refusal_counts_as_accepted(error):
    assert classify(error) is not Classification.ACCEPTED


@given(
    attempt=some.integers(min_value=1, max_value=10),
    error=outcomes,
    draw=some.floats(min_value=0, max_value=1),
)
def test_attempts_end_and_waits_are_bounded(attempt, error, draw):
    verdict = decide(attempt, error, draw=draw)
    if attempt >= ATTEMPTS:
        assert verdict == GiveUp()
    elif isinstance(verdict, Retry):
        assert 0 <= verdict.after <= max(60, 100)


@pytest.mark.parametrize(
    ("error", "repeated"),
    [
        (bitrix.NotSent(), True),
        (bitrix.NoAnswer(), True),
        (bitrix.RateLimited("QUERY_LIMIT_EXCEEDED", status=503), True),
        (bitrix.ServerFault("ERROR_CORE", status=500), True),
        (bitrix.BadAnswer("html", transient=True), True),
        (bitrix.BadAnswer("field"), False),
        (bitrix.FilterIgnored("rows"), False),
        (bitrix.PaceExceeded(), False),
        (exhausted(), False),
        (bitrix.Overloaded("OVERLOAD_LIMIT", status=503), False),
        (bitrix.AccessDenied("ACCESS_DENIED", status=403), False),
        (bitrix.Moved(location="", status=302), False),
    ],
)
def test_which_failed_reads_are_repeated(error, repeated):
    assert isinstance(decide(1, error), Retry) is repeated


def test_the_wait_doubles_and_is_wholly_jittered():
    waits = [decide(attempt, bitrix.NotSent(), draw=1.0) for attempt in (1, 2, 3)]
    assert [wait.after for wait in waits] == [1, 2, 4]
    assert decide(3, bitrix.NotSent(), draw=0.0).after == 0
