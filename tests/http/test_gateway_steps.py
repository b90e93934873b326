"""Steps of a portal behind the gateway: answered and logged by their tokens, once, against its
ledger. A token that was used is refused there as a forged one is."""

import pytest
from django.urls import reverse

from bizproc_admin.actions import AnswerStep, WriteLogLine
from bizproc_admin.models import (
    ApplicationStep,
    Command,
    CommandState,
    GatewayConnection,
    StepState,
)
from bizproc_admin.secrets.fields import Secret
from bizproc_admin.wording.command_errors import command_error
from bizproc_admin.wording.meanings import meaning, step_of
from tests import canary
from tests.http import gateways, waiting
from tests.http.gateways import issue, look_again, passed, sent, serve

pytestmark = pytest.mark.portable

State = CommandState
EVENT, LOG = "gateway.event", "gateway.activity_log"
VALUES = {"result": "clean", "score": "82"}


@pytest.fixture
def step(gateway, sandbox, app):
    """A step that called a minute ago and waits, of a workflow that is known."""
    return waiting_step(gateway, sandbox, app)


def waiting_step(portal, sandbox, app):
    kind, given = waiting.register(sandbox, app)
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind))
    call = app.next()
    passed(portal)
    sandbox.advance(60)
    sandbox.clear_calls()
    return waiting.kept(portal, call, definition=given)


def answer(step, who, committing):
    return issue(AnswerStep(step=step, values=VALUES, reason="Connector down"), who, committing)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def events(sandbox):
    return [one["applied"] for one in sandbox.ledger() if one["method"] == "bizproc.event.send"]


def outcomes(command):
    return [entry.outcome for entry in command.audit_entries.order_by("pk")]


def test_a_line_for_the_log_and_then_an_answer_are_delivered(
    step, administrator, committing, sandbox
):
    log = WriteLogLine(step=step, message="Half done", reason="")
    line = issue(log, administrator, committing)
    assert line.state == State.DELIVERED
    assert fresh(step).state == StepState.WAITING
    sandbox.advance(2)
    command = answer(step, administrator, committing)
    assert (command.state, command.sends) == (State.DELIVERED, 1)
    assert fresh(step).state == StepState.DELIVERED
    assert sent(sandbox) == [LOG, EVENT]
    (taken,) = events(sandbox)
    assert (taken["values"], taken["effect"]) == (VALUES, "closed")
    (written,) = [one for one in sandbox.ledger() if one["method"] == "bizproc.activity.log"]
    assert (written["applied"]["written"], written["applied"]["message"]) == (True, "Half done")


def test_a_token_that_was_used_before_is_refused(step, administrator, committing, sandbox):
    waiting.call(sandbox, "event.send", EVENT_TOKEN=step.token.reveal(), RETURN_VALUES=VALUES)
    command = answer(step, administrator, committing)
    assert (command.state, command.error_code) == (State.REJECTED, "BITRIX_ACCESS_DENIED")
    assert "used" in command_error(command)
    assert fresh(step).state == StepState.WAITING
    assert [one["effect"] for one in events(sandbox)] == ["closed"]


def test_a_forged_token_is_refused(step, administrator, committing, sandbox):
    forged = Secret(step.token.reveal().rpartition(".")[0] + "." + "0" * 64)
    ApplicationStep.objects.filter(pk=step.pk).update(token=forged)
    for action in (
        WriteLogLine(step=fresh(step), message="Half done", reason=""),
        AnswerStep(step=fresh(step), values=VALUES, reason=""),
    ):
        command = issue(action, administrator, committing)
        assert (command.state, command.error_code) == (State.REJECTED, "BITRIX_ACCESS_DENIED")
    assert sandbox.ledger()[-1]["method"] not in ("bizproc.event.send", "bizproc.activity.log")


def test_a_token_that_a_person_brings_is_taken_unchecked_and_said_so(
    client, gateway, sandbox, app, committing
):
    kind, _given = waiting.register(sandbox, app)
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind))
    token = app.next()["event_token"]
    canary.also.update((token.split("|")[2].partition(".")[0], token.rpartition(".")[2]))
    passed(gateway)
    sandbox.advance(60)
    sandbox.clear_calls()
    address = reverse("application_step_token")
    page = client.get(address)
    assert "The gateway checks no token without using it" in page.content.decode()
    given = {"key": page.context["form"]["key"].value(), "token": token}
    with committing():
        answer = client.post(address, given)
    step = ApplicationStep.objects.get()
    assert answer.url == reverse("application_step_detail", args=[step.pk])
    assert (step.state, step.is_pasted) == (StepState.WAITING, True)
    assert (Command.objects.count(), sandbox.calls()) == (0, [])
    page = client.get(answer.url)
    assert "told when something is sent by it" in page.content.decode()
    form = page.context["log_form"]
    line = {"key": form["key"].value(), "message": "Half done"}
    with committing():
        client.post(reverse("application_step_log", args=[step.pk]), line)
    assert Command.objects.get().state == State.DELIVERED
    assert sent(sandbox) == [LOG]


@pytest.mark.parametrize("build", ["25", "26"])
@pytest.mark.parametrize("fault", ["timeout_after_apply", "QUEUE_TIMEOUT", "BITRIX_UNAVAILABLE"])
def test_a_lost_answer_is_sent_again_and_its_refusal_then_proves_nothing(
    step, administrator, committing, sandbox, fault, build
):
    sandbox.set_build(build)
    sandbox.fail_next(fault, method=EVENT, hold=0, applied=True)
    command = answer(step, administrator, committing)
    assert "unknown" in outcomes(command)
    for _ in range(4):
        command = serve(command, committing)
    assert command.state == State.NEEDS_HUMAN
    assert "taken by the first send, or it is not valid" in command_error(command)
    assert [one["effect"] for one in events(sandbox)] == ["closed"]
    assert sent(sandbox) == [EVENT, EVENT]
    assert not {"rejected", "not_applied"} & set(outcomes(command))
    assert fresh(step).state == StepState.WAITING


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("timeout_before_apply", {"hold": 0}),
        ("QUEUE_TIMEOUT", {}),
        ("BITRIX_UNAVAILABLE", {}),
        ("html_page", {}),
    ],
)
def test_one_that_never_reached_the_portal_is_sent_again_and_taken_once(
    step, administrator, committing, sandbox, fault, more
):
    sandbox.fail_next(fault, method=EVENT, **more)
    command = answer(step, administrator, committing)
    assert "unknown" in outcomes(command)
    command = serve(command, committing)
    assert (command.state, command.sends) == (State.DELIVERED, 2)
    assert [one["effect"] for one in events(sandbox)] == ["closed"]


@pytest.mark.parametrize("fault", ["timeout_after_apply", "QUEUE_TIMEOUT", "BITRIX_UNAVAILABLE"])
def test_a_line_whose_answer_was_lost_is_for_a_person_to_look_at(
    step, administrator, committing, sandbox, fault
):
    sandbox.fail_next(fault, method=LOG, hold=0, applied=True)
    log = WriteLogLine(step=step, message="Half done", reason="")
    command = issue(log, administrator, committing)
    for _ in range(3):
        if not command.is_settled:
            command = serve(command, committing)
    assert command.state == State.NEEDS_HUMAN
    written = [one for one in sandbox.ledger() if one["method"] == "bizproc.activity.log"]
    assert len(written) == 1
    assert sent(sandbox) == [LOG]


def test_a_line_that_was_not_written_is_sent_again(step, administrator, committing, sandbox):
    sandbox.fail_next("BITRIX_UNAVAILABLE", method=LOG)
    log = WriteLogLine(step=step, message="Half done", reason="")
    command = issue(log, administrator, committing)
    assert command.state == State.UNKNOWN
    assert "the line is sent again" in meaning(command)
    command = look_again(command, committing, later=300)
    assert (command.state, command.sends) == (State.DELIVERED, 2)
    assert "shown by the portal alone" in meaning(command)
    said = [step_of(entry) for entry in command.audit_entries.filter(outcome="intent")]
    assert "Read again: nothing had happened, so it is sent once more" in said
    written = [one for one in sandbox.ledger() if one["method"] == "bizproc.activity.log"]
    assert len(written) == 1


def test_an_answer_waits_for_the_session_and_goes_on_with_it(
    client, sandbox, app, committing, administrator
):
    with committing():
        gateways.connect(client, sandbox, sandbox.gateway_app_key)
    portal = GatewayConnection.objects.get().portal
    with committing():
        gateways.sign_in(client, sandbox, portal)
    step = waiting_step(portal, sandbox, app)
    sandbox.end_gateway_sessions()
    command = answer(step, administrator, committing)
    assert (command.state, command.error_code) == (State.INTENT, "TOKEN_EXPIRED")
    command = serve(command, committing)
    assert (command.state, command.sends, sent(sandbox)) == (State.INTENT, 0, [])
    assert fresh(step).state == StepState.WAITING
    with committing():
        gateways.sign_in(client, sandbox, portal)
    assert fresh(command).state == State.DELIVERED
    assert [one["effect"] for one in events(sandbox)] == ["closed"]


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)
