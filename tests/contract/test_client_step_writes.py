"""The client's answers to steps over HTTP, with the portal's ledger as the oracle."""

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify
from sandbox import Sandbox
from tests.contract.test_client_template_writes import writer_of
from tests.contract.test_sandbox_application_steps import Application, listening, waiting  # noqa: F401

SEND, LOG = "bizproc.event.send", "bizproc.activity.log"


@pytest.fixture(scope="module")
def portal():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(portal):
    portal.reset()
    yield portal
    assert portal.complaints() == []


@pytest.fixture
def called(sandbox, listening):  # noqa: F811
    """The token of a step that waits, and its workflow."""
    workflow, token = waiting(sandbox, listening)
    return token, workflow


def steps(sandbox, user=1):
    return writer_of(sandbox, user=user).application_steps


def refused(call):
    with pytest.raises(bitrix.Refused) as caught:
        call()
    return type(caught.value), classify(caught.value)


def test_an_answer_is_taken_of_anybody_who_has_the_token(sandbox, called):
    token, _workflow = called
    written = steps(sandbox, user=2).answer(
        token, values={"outputString": "Да", "Second": ["1", "2"]}, message="By hand"
    )
    assert classify(written) is Classification.ACCEPTED
    (line,) = [one for one in sandbox.ledger() if one["method"] == SEND]
    assert line["applied"]["values"] == {"outputString": "Да", "Second": ["1", "2"]}
    assert (line["applied"]["message"], line["caller_id"]) == ("By hand", 2)


def test_a_line_of_the_log_is_written_and_an_empty_one_never_sent(sandbox, called):
    token, _workflow = called
    assert steps(sandbox).write_log(token, "Half done").result is True
    with pytest.raises(ValueError, match="not empty"):
        steps(sandbox).write_log(token, "  ")
    assert [one["method"] for one in sandbox.ledger()][-1] == LOG


def test_a_check_tells_genuine_from_forged_and_changes_nothing(sandbox, called):
    token, workflow = called
    before, lines = sandbox.workflow(workflow)["modified"], len(sandbox.ledger())
    written = steps(sandbox).check(token)
    assert (written.result, classify(written)) == (None, Classification.ACCEPTED)
    forged = f"{token[:-1]}{'1' if token[-1] == '0' else '0'}"
    kind, proof = refused(lambda: steps(sandbox).check(forged))
    assert (kind, proof) == (bitrix.AccessDenied, Classification.NOT_APPLIED_FINAL)
    assert sandbox.workflow(workflow)["modified"] == before
    assert len(sandbox.ledger()) == lines


def test_what_each_refusal_of_an_answer_proves(sandbox, called):
    token, workflow = called
    sandbox.set_build("25")
    sandbox.lock_workflow(workflow)
    busy = (bitrix.WorkflowBusy, Classification.NOT_APPLIED_RETRY)
    assert refused(lambda: steps(sandbox).answer(token)) == busy
    assert refused(lambda: steps(sandbox).write_log(token, "x")) == busy
    sandbox.kill_workflow(workflow)
    gone = (bitrix.WorkflowGone, Classification.REJECTED)
    assert refused(lambda: steps(sandbox).answer(token)) == gone
    assert [one for one in sandbox.ledger() if one["method"] == SEND] == []


def test_no_error_of_an_answer_shows_its_token(sandbox, called, caplog):
    token, _workflow = called
    with caplog.at_level(0):
        for fault in ("timeout_before_apply", "html_page"):
            sandbox.fail_next(fault, method=SEND)
            with pytest.raises(bitrix.BitrixError) as caught:
                steps(sandbox).answer(token)
            told = f"{caught.value} {caught.value.values} {caught.value.for_logs} {caught.value!r}"
            assert token.rpartition(".")[2] not in told
        assert token.rpartition(".")[2] not in caplog.text
