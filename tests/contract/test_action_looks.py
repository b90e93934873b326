"""What actions see of many targets at once, against a portal over HTTP."""

import pytest

from bizproc_admin import bitrix
from bizproc_admin.actions import CompleteTask, TerminateWorkflow
from sandbox import Sandbox
from tests.unit.bitrix.stub import FreePacer

ABSENT = "5f00000000000.00000000"
MANY = 1_000


@pytest.fixture(scope="module")
def company():
    with Sandbox(scenario="demo", workflows=MANY + 200) as running:
        yield running


@pytest.fixture
def sandbox(company):
    company.clear_calls()
    yield company
    company.reset()
    assert company.complaints() == []


@pytest.fixture
def reader(sandbox):
    pacer = FreePacer()
    transport = bitrix.Transport(bitrix.WebhookUrl(sandbox.webhook_url), pacer=pacer)
    return bitrix.Reader(transport, sleep=lambda _: None)


@pytest.fixture
def workflows(reader, sandbox):
    rows = [row for chunk in reader.workflows.everything() for row in chunk.rows]
    sandbox.clear_calls()
    return rows[:MANY]


@pytest.fixture
def tasks(reader, sandbox):
    rows = [row for chunk in reader.workflow_tasks.everything_open() for row in chunk.rows]
    sandbox.clear_calls()
    return rows


def test_a_thousand_workflows_are_read_in_a_few_requests(sandbox, reader, workflows):
    ids = [row.id for row in workflows]
    seen = TerminateWorkflow.look_many(reader, [*ids, ABSENT])
    requests = len(sandbox.calls("batch"))
    assert len(ids) == MANY
    assert set(seen) == {*ids, ABSENT}
    assert all(seen[row.id].clear().workflow == row for row in workflows)
    assert seen[ABSENT].clear().workflow is None
    # 200 in a request, and tasks that fill more than a page by themselves
    assert 6 <= requests <= 12


def test_each_workflow_comes_with_its_own_tasks(reader, workflows):
    ids = [row.id for row in workflows[:300]]
    together = TerminateWorkflow.look_many(reader, ids)
    assert any(one.tasks for one in together.values())
    for target in ids[:5]:
        alone = TerminateWorkflow.look_many(reader, [target])[target]
        assert {task.id for task in together[target].tasks} == {task.id for task in alone.tasks}
        assert {task.workflow_id for task in alone.tasks} <= {target}


def test_many_tasks_are_read_in_a_few_requests_with_all_their_parts(sandbox, reader, tasks):
    ids = list(dict.fromkeys(str(row.id) for row in tasks))[:600]
    seen = CompleteTask.look_many(reader, [*ids, "999999999"])
    assert len(sandbox.calls("batch")) <= 3  # pages that overflow are asked for in halves
    assert seen["999999999"].clear().tasks == ()
    for target in ids:
        parts = [row for row in tasks if str(row.id) == target]
        assert len(seen[target].clear().tasks) == len(parts)


def test_a_target_that_cannot_be_read_spoils_no_other(sandbox, reader, workflows):
    odd, *others = [row.id for row in workflows[:20]]
    sandbox.override_row("workflow", odd, {"MODIFIED": "yesterday"})
    seen = TerminateWorkflow.look_many(reader, [odd, *others])
    with pytest.raises(bitrix.BadAnswer, match="MODIFIED"):
        seen[odd].clear()
    assert all(seen[target].clear().workflow for target in others)
