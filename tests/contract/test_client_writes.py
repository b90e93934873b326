"""Every write of the client against a portal over HTTP, with the portal's ledger as the oracle."""

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify
from bizproc_admin.wording.portal_errors import for_people
from sandbox import Sandbox
from tests.unit.bitrix.stub import FreePacer

ABSENT = "5f00000000000.00000000"


@pytest.fixture(scope="module")
def company():
    with Sandbox(scenario="demo", workflows=120) as running:
        yield running


@pytest.fixture
def sandbox(company):
    company.reset()
    company.clear_calls()
    company.clear_faults()
    yield company
    company.clear_faults()
    assert company.complaints() == []


@pytest.fixture
def transport(sandbox):
    return transport_of(sandbox.webhook_url)


def transport_of(webhook_url):
    pacer = FreePacer()
    return bitrix.Transport(
        bitrix.WebhookUrl(webhook_url),
        pacer=pacer,
        timeouts=bitrix.Timeouts(connect=1, read=0.5, total=1),
    )


@pytest.fixture
def writer(transport):
    return bitrix.Writer(transport)


@pytest.fixture
def reader(transport):
    return bitrix.Reader(transport, sleep=lambda _: None)


@pytest.fixture
def target(reader):
    return reader.workflows.page().rows[0]


def test_a_terminated_workflow_is_gone_from_the_list(sandbox, reader, writer, target):
    written = writer.workflows.terminate(target.id, status="Stopped by the office")
    assert classify(written) is Classification.ACCEPTED
    assert reader.workflows.by_ids([target.id]).rows == ()
    assert [entry["method"] for entry in sandbox.ledger()] == ["bizproc.workflow.terminate"]
    assert "Stopped by the office" in str(sandbox.workflow(target.id))


def test_a_killed_workflow_is_gone_with_its_tasks(sandbox, reader, writer):
    task = next(iter(reader.workflow_tasks.everything_open())).rows[0]
    writer.workflows.kill(task.workflow_id)
    assert sandbox.workflow(task.workflow_id) is None
    tasks = [
        row for chunk in reader.workflow_tasks.of_workflow(task.workflow_id) for row in chunk.rows
    ]
    assert tasks == []


@pytest.mark.parametrize("verb", ["terminate", "kill"])
def test_ending_what_has_ended_is_rejected_with_the_portals_words(sandbox, writer, verb):
    with pytest.raises(bitrix.Refused) as caught:
        getattr(writer.workflows, verb)(ABSENT)
    assert caught.value.text
    assert classify(caught.value) is Classification.REJECTED
    assert sandbox.ledger() == []


@pytest.mark.parametrize("verb", ["terminate", "kill"])
def test_an_employee_ends_nothing(sandbox, target, verb):
    writer = bitrix.Writer(transport_of(sandbox.employee_webhook_url))
    with pytest.raises(bitrix.AccessDenied) as caught:
        getattr(writer.workflows, verb)(target.id)
    assert classify(caught.value) is Classification.NOT_APPLIED_FINAL
    assert sandbox.ledger() == []


def test_a_started_workflow_is_in_the_list(sandbox, reader, writer, target):
    template = sandbox.workflow(target.id)["template_id"]
    document = (target.module, target.entity, target.document_id)
    written = writer.workflows.start(template_id=template, document_id=document)
    row = reader.workflows.by_ids([written.result]).rows
    assert [one.document_id for one in row] in ([], [target.document_id])
    assert [entry["method"] for entry in sandbox.ledger()] == ["bizproc.workflow.start"]


def test_a_start_of_an_unknown_template_is_not_applied(sandbox, writer, target):
    document = (target.module, target.entity, target.document_id)
    with pytest.raises(bitrix.InvalidInput) as caught:
        writer.workflows.start(template_id=99_999, document_id=document)
    assert classify(caught.value) is Classification.NOT_APPLIED_FINAL
    assert sandbox.ledger() == []


@pytest.mark.parametrize(
    ("fault", "applied", "kind", "proves"),
    [
        ("timeout_before_apply", 0, bitrix.NoAnswer, Classification.UNKNOWN),
        ("timeout_after_apply", 1, bitrix.NoAnswer, Classification.UNKNOWN),
        ("reset_mid_response", 1, bitrix.Interrupted, Classification.UNKNOWN),
        ("truncated_json", 1, bitrix.BitrixError, Classification.UNKNOWN),
        ("html_page", 0, bitrix.BadAnswer, Classification.UNKNOWN),
        ("empty_body", 0, bitrix.BadAnswer, Classification.UNKNOWN),
        ("bad_gateway", 0, bitrix.BadAnswer, Classification.UNKNOWN),
        ("ERROR_CORE", 0, bitrix.ServerFault, Classification.UNKNOWN),
        ("INTERNAL_SERVER_ERROR", 0, bitrix.ServerFault, Classification.UNKNOWN),
        ("QUERY_LIMIT_EXCEEDED", 0, bitrix.RateLimited, Classification.NOT_APPLIED_RETRY),
        ("OPERATION_TIME_LIMIT", 0, bitrix.MethodExhausted, Classification.NOT_APPLIED_RETRY),
        ("expired_token", 0, bitrix.ExpiredCredentials, Classification.NOT_APPLIED_RETRY),
        ("OVERLOAD_LIMIT", 0, bitrix.Overloaded, Classification.NOT_APPLIED_FINAL),
        ("INVALID_CREDENTIALS", 0, bitrix.InvalidCredentials, Classification.NOT_APPLIED_FINAL),
        ("insufficient_scope", 0, bitrix.InsufficientScope, Classification.NOT_APPLIED_FINAL),
        ("PAYMENT_REQUIRED", 0, bitrix.PlanRequired, Classification.NOT_APPLIED_FINAL),
        ("PORTAL_DELETED", 0, bitrix.PortalClosed, Classification.NOT_APPLIED_RETRY),
    ],
)
def test_what_a_fault_during_a_kill_proves_and_it_is_sent_once(
    sandbox, writer, target, fault, applied, kind, proves
):
    sandbox.fail_next(fault, method="bizproc.workflow.kill", hold=2)
    sandbox.clear_calls()
    with pytest.raises(kind) as caught:
        writer.workflows.kill(target.id)
    assert type(caught.value) is kind or kind is bitrix.BitrixError
    assert classify(caught.value) is proves
    assert len(sandbox.ledger()) == applied
    assert len(sandbox.calls("bizproc.workflow.kill")) <= 1
    assert for_people(caught.value.code, caught.value.values)


def test_a_portal_that_lies_is_believed_only_until_the_target_is_read_again(
    sandbox, reader, writer, target
):
    sandbox.fail_next("lie", method="bizproc.workflow.terminate")
    assert classify(writer.workflows.terminate(target.id)) is Classification.ACCEPTED
    assert [row.id for row in reader.workflows.by_ids([target.id]).rows] == [target.id]


def test_a_full_bucket_is_refused_and_told_apart(sandbox, writer, target):
    sandbox.set_limits("real")
    sandbox.fill_bucket(50)
    with pytest.raises(bitrix.RateLimited):
        writer.workflows.kill(target.id)
    assert sandbox.ledger() == []
    sandbox.set_limits("off")


def test_a_used_up_method_is_refused_until_the_moment_the_portal_named(
    sandbox, reader, writer, target
):
    sandbox.set_limits("real")
    reader.workflows.page()
    sandbox.spend("bizproc.workflow.kill", 500)
    with pytest.raises(bitrix.MethodExhausted) as caught:
        writer.workflows.kill(target.id)
    assert caught.value.wait > 0
    assert sandbox.ledger() == []
    sandbox.set_limits("off")


def test_a_pass_over_a_list_that_shrinks_misses_no_workflow_alive_throughout(
    sandbox, reader, writer
):
    sandbox.load("demo", workflows=600)
    everybody = [row.id for chunk in reader.workflows.everything() for row in chunk.rows]
    chunks = reader.workflows.everything()
    found = [row.id for row in next(chunks).rows]
    ended = everybody[5:45]
    for workflow_id in ended:
        writer.workflows.kill(workflow_id)
    found += [row.id for chunk in chunks for row in chunk.rows]
    assert set(everybody) - set(ended) <= set(found)
    assert len(found) == len(set(found))
    sandbox.load("demo", workflows=120)
