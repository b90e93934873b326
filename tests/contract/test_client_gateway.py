"""The client of the gateway against a gateway over HTTP, with the portal's ledger as the oracle."""

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify
from bizproc_admin.bitrix.gateway import (
    CannotBeChecked,
    GatewayKey,
    GatewayReader,
    GatewayTransport,
    GatewayWriter,
    ReadOnlyKey,
    SessionOver,
    Walks,
    Whereabouts,
)
from sandbox import Sandbox
from sandbox.scenarios.templates import delay, parameter, sequence
from tests.unit.bitrix.stub import FreePacer

DEAL = ["crm", "CCrmDocumentDeal", "DEAL_777"]


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


@pytest.fixture
def template(sandbox):
    return sandbox.add_template("Waits", structure=sequence(delay(amount=9)))


def transport_of(sandbox, key=None, *, session=""):
    return GatewayTransport(
        GatewayKey(sandbox.gateway_url, key or sandbox.gateway_key, session=session),
        pacer=FreePacer(),
        timeouts=bitrix.Timeouts(connect=1, read=0.5, total=1),
    )


def reader_of(sandbox, key=None, *, find=lambda ids: {}, sleeps=None, session=""):
    return GatewayReader(
        transport_of(sandbox, key, session=session),
        find=find,
        sleep=lambda seconds: sleeps.append(seconds) if sleeps is not None else None,
    )


def writer_of(sandbox, key=None):
    return GatewayWriter(transport_of(sandbox, key))


def started(sandbox, template, count):
    ids = []
    for _ in range(count):
        sandbox.advance(seconds=2)
        ids.append(sandbox.start_workflow(template, DEAL, started_by=1))
    return ids


def walk(sandbox, reader, *, meanwhile=lambda pages: None):
    """Read everything as a pass does; return the ids seen and how the walk ended."""
    walks, seen = Walks(), set()
    while not walks.is_over:
        page = reader.workflows.fifty(walks.offset)
        new = {row.id for row in page.rows} - seen
        seen |= new
        walks.take(size=page.cursor.offset - walks.offset, total=page.total, new=len(new))
        meanwhile(walks.pages)
    return seen, walks


def test_a_walk_is_repeated_until_it_meets_nothing_new(sandbox, template):
    ids = started(sandbox, template, 120)
    seen, walks = walk(sandbox, reader_of(sandbox))
    assert seen == set(ids)
    assert (walks.is_complete, walks.number, walks.pages) == (True, 2, 6)


def test_what_changes_behind_the_reader_is_met_by_the_next_walk(sandbox, template):
    ids = started(sandbox, template, 120)
    last = ids[0]  # changed longest ago: at the list's end

    def change(pages):
        if pages == 1:
            sandbox.touch_workflow(last)

    seen, walks = walk(sandbox, reader_of(sandbox), meanwhile=change)
    assert seen == set(ids)
    # the first walk never saw it, the second did, the third met nothing new
    assert (walks.is_complete, walks.number) == (True, 3)


def test_a_list_that_never_rests_is_said_to_be_incomplete(sandbox, template):
    ids = started(sandbox, template, 60)

    def more(pages):
        started(sandbox, template, 1)

    _, walks = walk(sandbox, reader_of(sandbox), meanwhile=more)
    assert (walks.is_over, walks.is_complete, walks.number) == (True, False, 3)
    assert len(ids) == 60


def test_walks_can_be_laid_aside(sandbox):
    walks = Walks()
    walks.take(size=50, total=120, new=50)
    assert Walks.from_json(walks.as_json()) == walks
    assert walks.offset == 45


def test_single_workflows_are_looked_for_beside_their_template_and_starter(sandbox, template):
    ids = started(sandbox, template, 3)
    other = sandbox.add_template("Other", structure=sequence(delay(amount=9)))
    started(sandbox, other, 2)
    of = Whereabouts(template_id=template, started_by=1)
    gone = "5f00000000000.00000000"
    reader = reader_of(sandbox, find=lambda asked: dict.fromkeys(asked, of))
    sandbox.clear_calls()
    (whole,) = reader.whole_workflows.read([ids[0], gone])
    assert [row.id for row in whole.workflows.rows] == [ids[0]]
    assert whole.workflows.absent([ids[0], gone]) == {gone}
    assert whole.tasks.absent([1]) == set()  # tasks are not told: nothing proves that one is gone
    params = [call["params"] for call in sandbox.calls()]
    assert params == [{"offset": "0", "templateId": str(template), "startedBy": "1"}] * 2
    (whole,) = reader.whole_workflows.read([ids[1]])
    assert whole.workflows.absent([gone]) == set()  # it stopped once it had found what it wanted


def test_one_empty_answer_proves_no_absence(sandbox, template):
    reader = reader_of(sandbox, find=lambda asked: dict.fromkeys(asked, None))
    sandbox.clear_calls()
    (whole,) = reader.whole_workflows.read(["5f00000000000.00000000"])
    assert whole.workflows.absent(whole.asked) == set(whole.asked)
    assert len(sandbox.calls()) == 2


def test_nothing_is_said_of_a_workflow_among_too_many(sandbox, template):
    of = Whereabouts(template_id=template, started_by=None)
    with Sandbox(scenario="huge", workflows=3_000) as huge:
        reader = reader_of(huge, find=lambda asked: {})
        with pytest.raises(CannotBeChecked):
            reader.whole_workflows.read(["5f00000000000.00000000"])
        assert reader.transport.requests == 1
    assert of.template_id


def test_templates_come_with_their_parameters(sandbox):
    sandbox.add_template("With", parameters={"Sum": parameter("Сумма", "double", "0")})
    for number in range(60):
        sandbox.add_template(f"T {number}")
    reader = reader_of(sandbox)
    (chunk,) = reader.workflow_templates.everything()
    assert len(chunk.rows) == chunk.total == 62
    assert chunk.complete
    found = next(row for row in chunk.rows if row.name == "With")
    assert found.parameters["Sum"]["Name"] == "Сумма"


def test_whom_a_key_acts_for_is_told(sandbox):
    told = reader_of(sandbox).profile()
    assert (told.user_id, told.is_admin, told.may_write) == (1, True, True)
    assert "bizproc" in told.scopes
    reading = sandbox.add_gateway_key(read_only=True, user_id=2)
    told = reader_of(sandbox, reading).profile()
    assert (told.user_id, told.is_admin, told.may_write) == (2, False, False)


def test_every_write_stands_in_the_ledger(sandbox, template):
    writer = writer_of(sandbox)
    document = sandbox.create_document(["crm", "CCrmDocumentDeal", "DEAL"])["document_id"]
    written = writer.workflows.start(template_id=template, document_id=document, parameters={})
    assert classify(written) is Classification.ACCEPTED
    assert sandbox.workflow(written.result)["document"] == tuple(document)
    assert writer.workflows.terminate(written.result, status="No more").result is True
    assert sandbox.workflow(written.result)["ended"] is None
    sandbox.advance(seconds=4)
    assert sandbox.workflow(written.result)["state_title"] == "No more"
    (other,) = started(sandbox, template, 1)
    assert writer.workflows.kill(other).result is True
    assert sandbox.workflow(other)["ended"] is not None
    assert [line["method"] for line in sandbox.ledger()] == [
        "bizproc.workflow.start", "bizproc.workflow.terminate", "bizproc.workflow.terminate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind", "proof"),
    [
        ("MISSING_PARAMS", bitrix.InvalidInput, Classification.NOT_APPLIED_FINAL),
        ("MISSING_API_KEY", bitrix.InvalidCredentials, Classification.NOT_APPLIED_FINAL),
        ("INVALID_API_KEY", bitrix.InvalidCredentials, Classification.NOT_APPLIED_FINAL),
        ("INVALID_APP_KEY", bitrix.InvalidCredentials, Classification.NOT_APPLIED_FINAL),
        ("TOKEN_MISSING", bitrix.InvalidCredentials, Classification.NOT_APPLIED_FINAL),
        ("TOKEN_EXPIRED", SessionOver, Classification.NOT_APPLIED_RETRY),
        ("SCOPE_DENIED", bitrix.InsufficientScope, Classification.NOT_APPLIED_FINAL),
        ("BITRIX_ACCESS_DENIED", bitrix.AccessDenied, Classification.NOT_APPLIED_FINAL),
        ("WRITE_BLOCKED_READONLY_KEY", ReadOnlyKey, Classification.NOT_APPLIED_FINAL),
        ("ENTITY_NOT_FOUND", bitrix.NotFound, Classification.REJECTED),
        ("BITRIX_ERROR", bitrix.Refused, Classification.REJECTED),
        ("RATE_LIMITED", bitrix.RateLimited, Classification.NOT_APPLIED_RETRY),
        ("BITRIX_UNAVAILABLE", bitrix.ServerFault, Classification.UNKNOWN),
        ("QUEUE_TIMEOUT", bitrix.ServerFault, Classification.UNKNOWN),
    ],
)
def test_each_refusal_is_of_a_class_that_says_what_it_proves(sandbox, template, code, kind, proof):
    (workflow,) = started(sandbox, template, 1)
    sandbox.fail_next(code, method="gateway.end")
    with pytest.raises(kind) as refused:
        writer_of(sandbox).workflows.kill(workflow)
    assert refused.value.vendor_code == code
    assert classify(refused.value) is proof


@pytest.mark.parametrize(
    "fault", ["reset_mid_response", "truncated_json", "html_page", "timeout_after_apply"]
)
def test_a_lost_answer_is_unknown(sandbox, template, fault):
    (workflow,) = started(sandbox, template, 1)
    sandbox.fail_next(fault, method="gateway.end", applied=True)
    with pytest.raises(bitrix.BitrixError) as lost:
        writer_of(sandbox).workflows.kill(workflow)
    assert classify(lost.value) is Classification.UNKNOWN


def test_reads_are_repeated_after_what_the_gateway_says(sandbox):
    sleeps = []
    sandbox.fail_next("RATE_LIMITED", method="gateway.workflows", delay=2)
    sandbox.fail_next("BITRIX_UNAVAILABLE", method="gateway.workflows")
    page = reader_of(sandbox, sleeps=sleeps).workflows.fifty()
    assert page.total == 0
    assert sleeps[0] >= 2
    assert len(sleeps) == 2


def test_no_secret_is_seen(sandbox, caplog):
    key = GatewayKey(sandbox.gateway_url, sandbox.gateway_key, session="vibe_session_secret")
    shown = f"{key} {key!r} {key.address_of('me')}"
    assert sandbox.gateway_key not in shown
    assert "vibe_session_secret" not in shown
    caplog.set_level("DEBUG")
    forged = sandbox.gateway_key[:-4] + "zzzz"
    with pytest.raises(bitrix.InvalidCredentials) as refused:
        reader_of(sandbox, forged).workflows.fifty()
    assert forged not in f"{refused.value} {caplog.text}"
