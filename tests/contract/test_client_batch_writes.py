"""Many writes in one request, against a portal over HTTP with its ledger as the oracle."""

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify
from sandbox import Sandbox
from tests.contract.test_client_writes import ABSENT, transport_of

pytestmark = pytest.mark.portable
KILL = "bizproc.workflow.kill"


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    yield server
    assert server.complaints() == []


@pytest.fixture
def ids(sandbox):
    made = [sandbox.start_workflow() for _ in range(50)]
    sandbox.clear_calls()
    return made


def killing(ids):
    return [lambda writer, one=one: writer.workflows.kill(one) for one in ids]


def write(sandbox, writes):
    return bitrix.write_many(bitrix.Writer(transport_of(sandbox.webhook_url)), writes)


def test_fifty_writes_are_one_request_and_each_has_its_own_outcome(sandbox, ids):
    outcomes = write(sandbox, killing([*ids[:49], ABSENT]))
    assert [classify(one) for one in outcomes[:49]] == [Classification.ACCEPTED] * 49
    assert classify(outcomes[49]) is Classification.REJECTED
    assert (outcomes[49].method, outcomes[49].status) == (KILL, None)
    assert len(sandbox.ledger()) == 49
    assert [call["method"] for call in sandbox.calls() if not call["in_batch"]] == ["batch"]


def test_where_nothing_or_everything_failed_the_empty_maps_are_lists(sandbox, ids):
    assert all(isinstance(one, bitrix.Written) for one in write(sandbox, killing(ids[:2])))
    refused = write(sandbox, killing([ABSENT, ABSENT]))
    assert [classify(one) for one in refused] == [Classification.REJECTED] * 2


def test_one_that_the_portal_fails_at_inside_is_unknown_and_the_others_are_not(sandbox, ids):
    sandbox.fail_next("ERROR_CORE", method=KILL, skip=1)
    sandbox.fail_next("OPERATION_TIME_LIMIT", method=KILL, skip=1)
    proofs = [classify(one) for one in write(sandbox, killing(ids[:4]))]
    assert proofs.count(Classification.ACCEPTED) == len(sandbox.ledger()) == 2
    assert set(proofs) == {
        Classification.ACCEPTED, Classification.UNKNOWN, Classification.NOT_APPLIED_RETRY,
    }  # fmt: skip


def test_an_answer_lost_after_seventeen_of_fifty_says_nothing_of_any(sandbox, ids):
    sandbox.fail_next("timeout_before_apply", method=KILL, skip=17, hold=0)
    with pytest.raises(bitrix.NoAnswer) as caught:
        write(sandbox, killing(ids))
    assert classify(caught.value) is Classification.UNKNOWN
    assert len(sandbox.ledger()) == 17
    assert len([call for call in sandbox.calls() if not call["in_batch"]]) == 1


@pytest.mark.parametrize(
    ("code", "proof"),
    [
        ("QUERY_LIMIT_EXCEEDED", Classification.NOT_APPLIED_RETRY),
        ("INVALID_CREDENTIALS", Classification.NOT_APPLIED_FINAL),
    ],
)
def test_a_refusal_of_the_whole_request_is_of_every_write_in_it(sandbox, ids, code, proof):
    sandbox.fail_next(code, method="batch")
    with pytest.raises(bitrix.Refused) as caught:
        write(sandbox, killing(ids))
    assert classify(caught.value) is proof
    assert sandbox.ledger() == []


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"result": {"w0": True}, "result_error": []}, bitrix.BadAnswer),
        ({"result": {"w0": True, "w1": False}, "result_error": []}, bitrix.BadAnswer),
        ({"result": [], "result_error": {"w1": {"error": "ACCESS_DENIED"}}}, bitrix.AccessDenied),
        ({"result": [], "result_error": {"w1": []}}, bitrix.Refused),
    ],
)
def test_what_the_answer_does_not_say_plainly_is_not_taken_for_done(given, kind, monkeypatch):
    monkeypatch.setattr(bitrix.Transport, "_envelope", lambda *_, **__: {"result": given})
    with Sandbox() as sandbox:
        outcomes = write(sandbox, killing([ABSENT, ABSENT]))
    assert isinstance(outcomes[1], kind)


def test_a_text_that_a_batch_would_read_a_reference_in_is_not_put_into_one(sandbox, ids):
    def ending(writer):
        return writer.workflows.terminate(ids[0], status="see $Result[w0] of it")

    with pytest.raises(ValueError, match="reference"):
        write(sandbox, [ending])
    assert sandbox.calls() == []
    assert not bitrix.refers({"status": "costs $5 [net]", "values": ["$results"]})
    assert bitrix.refers({"values": {"a": ["x $ERROR[b]"]}})
