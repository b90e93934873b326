"""The client's writes to workflow templates over HTTP, with the portal's ledger as the oracle."""

from pathlib import Path

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify
from bizproc_admin.diagrams.template_files import decode, encode, structure_digest
from sandbox import Sandbox
from tests.contract.test_client_writes import transport_of
from tests.unit.bitrix.stub import FreePacer

LIST = ("lists", "BizprocDocument", "iblock_164")
ELEMENT = ("lists", "BizprocDocument", "777")
SAMPLE = (Path(__file__).parents[1] / "samples" / "bp-379.bpt").read_bytes()


@pytest.fixture(scope="module")
def portal():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(portal):
    portal.reset()
    portal.set_auto_execute_rule("strict")
    yield portal
    assert portal.complaints() == []


def writer_of(sandbox, *, user=1, client_id=None):
    token = sandbox.tokens_for(user, client_id)["access_token"]
    transport = bitrix.Transport(
        bitrix.AccessToken(f"{sandbox.portal_url}/rest/", token),
        pacer=FreePacer(),
        timeouts=bitrix.Timeouts(connect=1, read=0.5, total=1),
    )
    return bitrix.Writer(transport)


def added(sandbox, **more):
    given = {"document_type": LIST, "name": "Display time", "file": SAMPLE, **more}
    return writer_of(sandbox).workflow_templates.add(**given).result


def template_of(sandbox, number):
    reader = bitrix.Reader(transport_of(sandbox.webhook_url), sleep=lambda _: None)
    rows = [one for chunk in reader.workflow_templates.everything() for one in chunk.rows]
    return next((row for row in rows if row.id == number), None)


def test_the_vendors_file_becomes_a_template_and_comes_back_as_it_was(sandbox):
    number = added(sandbox, auto_execute=3)
    row = template_of(sandbox, number)
    assert (row.name, row.auto_execute, row.system_code) == ("Display time", 3, "rest_app_1")
    sent = decode(SAMPLE)
    kept = sandbox.portal.structures[sandbox.portal.templates[number].structure_key]
    assert structure_digest(kept) == sent.digest()
    assert decode(encode(kept)).structure == sent.structure
    (line,) = sandbox.ledger()
    assert (line["target"], line["applied"]["fields_rewritten"]) == (number, ["NAME"])


def test_a_change_and_a_deletion_are_seen_by_reading_again(sandbox):
    number = added(sandbox)
    written = writer_of(sandbox).workflow_templates.update(number, name="Время", auto_execute=0)
    assert (written.result, classify(written)) == (number, Classification.ACCEPTED)
    assert template_of(sandbox, number).name == "Время"
    gone = writer_of(sandbox).workflow_templates.delete(number)
    assert (gone.result, classify(gone)) == (None, Classification.ACCEPTED)
    assert template_of(sandbox, number) is None
    with pytest.raises(bitrix.NotFound) as caught:
        writer_of(sandbox).workflow_templates.delete(number)
    assert classify(caught.value) is Classification.REJECTED
    assert len(sandbox.ledger()) == 3


def test_what_each_refusal_proves(sandbox):
    number, other = added(sandbox), sandbox.add_application()["client_id"]
    final, rejected = Classification.NOT_APPLIED_FINAL, Classification.REJECTED
    own, foreign = writer_of(sandbox), writer_of(sandbox, client_id=other)
    by_webhook = bitrix.Writer(transport_of(sandbox.webhook_url))
    by_employee = writer_of(sandbox, user=2)
    sandbox.change_template(number, structure={
        "Type": "SequentialWorkflowActivity", "Properties": [], "Children": [
            {"Type": "DelayActivity", "Properties": {"TimeoutDuration": "9"}, "Children": []}],
    })  # fmt: skip
    sandbox.start_workflow(number, list(ELEMENT))
    broken = b"no file at all"
    for kind, proves, act in (
        (bitrix.AccessDenied, final, lambda: by_webhook.workflow_templates.delete(number)),
        (bitrix.AccessDenied, final, lambda: by_employee.workflow_templates.delete(number)),
        (bitrix.InvalidInput, final, lambda: foreign.workflow_templates.update(number, name="N")),
        (bitrix.Refused, rejected, lambda: foreign.workflow_templates.delete(number)),
        (bitrix.Refused, rejected, lambda: own.workflow_templates.delete(number)),
        (bitrix.InvalidInput, final, lambda: own.workflow_templates.update(number, file=broken)),
        (bitrix.Refused, rejected, lambda: added(sandbox, file=broken)),
        (bitrix.InvalidInput, final, lambda: added(sandbox, document_type=("a", "b", "c"))),
        (bitrix.NotFound, rejected, lambda: own.workflow_templates.update(99, name="N")),
    ):
        with pytest.raises(kind) as caught:
            act()
        assert classify(caught.value) is proves
    assert len(sandbox.ledger()) == 1


@pytest.mark.parametrize(
    ("fault", "applied"), [("timeout_before_apply", 0), ("timeout_after_apply", 1)]
)
def test_a_lost_answer_leaves_the_addition_unknown_and_it_is_sent_once(sandbox, fault, applied):
    sandbox.fail_next(fault, method="bizproc.workflow.template.add", hold=2)
    with pytest.raises(bitrix.NoAnswer) as caught:
        added(sandbox)
    assert classify(caught.value) is Classification.UNKNOWN
    assert len(sandbox.ledger()) == applied
    assert len(sandbox.calls("bizproc.workflow.template.add")) == 1
