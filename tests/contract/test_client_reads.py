"""Every read of the client against a portal over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from bizproc_admin import bitrix
from bizproc_admin.wording.findings import said_of
from sandbox import Sandbox
from tests.unit.bitrix.stub import FreePacer


@pytest.fixture(scope="module")
def company():
    with Sandbox(scenario="demo") as running:
        yield running


@pytest.fixture
def sandbox(company):
    yield company
    company.clear_faults()
    assert company.complaints() == []


@pytest.fixture
def reader(sandbox):
    return reader_of(sandbox.webhook_url)


def reader_of(webhook_url, *, timeouts=None):
    """Read as patiently as the program does: what a busy machine delays is asked for once."""
    pacer = FreePacer()
    transport = bitrix.Transport(bitrix.WebhookUrl(webhook_url), pacer=pacer, timeouts=timeouts)
    return bitrix.Reader(transport, sleep=lambda _: None)


def rows_of(chunks):
    return [row for chunk in chunks for row in chunk.rows]


def moment(seconds):
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def test_a_page_of_workflows_has_fifty_rows_and_the_total(sandbox, reader):
    page = reader.workflows.page(order={"MODIFIED": "DESC"})
    running = [one for one in sandbox.workflows() if one["ended"] is None]
    assert (len(page.rows), page.next, page.total) == (50, 50, len(running))
    assert list(page.rows) == sorted(page.rows, key=lambda row: row.modified, reverse=True)
    assert page.sent_at.tzinfo is not None
    assert page.time.finished_at is not None


def test_the_last_page_has_no_next(reader):
    total = reader.workflows.page().total
    page = reader.workflows.page(start=total - 3)
    assert (len(page.rows), page.next) == (3, None)
    assert reader.workflows.page(start=total + 500).rows == ()


def test_an_uncounted_page_names_neither_total_nor_next(reader):
    page = reader.workflows.page(start=-1)
    assert (len(page.rows), page.next, page.total) == (50, None, None)
    empty = reader.workflows.page(start=-1, filter={"ID": "5f00000000000.00000000"})
    assert (empty.rows, empty.next) == ((), None)


def test_all_workflows_are_read_whole_and_once(sandbox, reader):
    running = {one["id"] for one in sandbox.workflows() if one["ended"] is None}
    chunks = list(reader.workflows.everything())
    ids = [row.id for row in rows_of(chunks)]
    assert set(ids) == running
    assert len(ids) == len(running)
    assert chunks[-1].complete
    assert chunks[-1].requests == 3  # ten pages, then 53 in two batches
    assert [chunk.sent_at for chunk in chunks] == sorted(chunk.sent_at for chunk in chunks)


def test_a_pass_stopped_after_each_request_goes_on_where_it_was(reader):
    ids, cursor = [], None
    for _ in range(10):
        chunk = next(reader.workflows.everything(resume=cursor), None)
        if chunk is None:
            break
        ids += [row.id for row in chunk.rows]
        cursor = bitrix.Cursor.from_json(chunk.cursor.as_json())
    assert len(ids) == len(set(ids)) == reader.workflows.page().total


def test_a_row_tells_document_template_starter_and_lock(sandbox, reader):
    rows = rows_of(reader.workflows.everything())
    kept = {one["id"]: one for one in sandbox.workflows()}
    for row in rows[:200]:
        one = kept[row.id]
        assert row.template_id == one["template_id"]
        assert row.started_by == (one["started_by"] or None)
        assert [row.module, row.entity, row.document_id] == list(one["document"])
        assert row.modified == moment(one["modified"])
    locked = [row for row in rows if row.owned_until is not None]
    assert len(locked) == 40


def test_workflows_changed_since_a_moment(sandbox, reader):
    everything = rows_of(reader.workflows.everything())
    pivot = sorted(row.modified for row in everything)[-30]
    changed = rows_of(reader.workflows.changed_since(pivot))
    assert {row.id for row in changed} == {row.id for row in everything if row.modified >= pivot}


def test_workflows_owned_until_a_moment_or_later(reader):
    everything = rows_of(reader.workflows.everything())
    locks = sorted(row.owned_until for row in everything if row.owned_until)
    pivot = locks[len(locks) // 2]
    found = rows_of(reader.workflows.owned_until_since(pivot))
    assert sorted(row.owned_until for row in found) == [one for one in locks if one >= pivot]


def test_workflows_by_id_and_the_absent_ones_stay_absent(reader):
    ids = [row.id for row in rows_of(reader.workflows.everything())][:130]
    chunk = reader.workflows.by_ids([*ids, "5f00000000000.00000000", ids[0]])
    assert sorted(row.id for row in chunk.rows) == sorted(ids)
    assert chunk.requests == 1
    single = reader.workflows.by_ids(ids[:1])
    assert [row.id for row in single.rows] == ids[:1]


def test_all_open_tasks_come_as_a_row_per_person(sandbox, reader):
    expected = {
        (task["id"], part["user_id"])
        for task in sandbox.tasks()
        if task["status"] == 0
        for part in task["assignments"]
    }
    chunks = list(reader.workflow_tasks.everything_open())
    rows = rows_of(chunks)
    assert {(row.id, row.user_id) for row in rows} == expected
    assert len(rows) == len(expected)
    assert all(row.status == 0 for row in rows)
    assert chunks[-1].complete
    assert len(chunks) == 2


def test_torn_tasks_can_be_read_whole_by_id(sandbox, reader):
    edges = frozenset().union(
        *(chunk.edge_task_ids for chunk in reader.workflow_tasks.everything_open())
    )
    assert edges
    chunk = reader.workflow_tasks.by_ids(edges)
    people = {task["id"]: len(task["assignments"]) for task in sandbox.tasks()}
    assert len(chunk.rows) == sum(people[task] for task in edges)
    assert chunk.edge_task_ids == frozenset()


def test_tasks_changed_since_a_moment_and_of_a_workflow(reader):
    rows = rows_of(reader.workflow_tasks.everything_open())
    pivot = sorted(row.modified for row in rows)[-40]
    changed = rows_of(reader.workflow_tasks.changed_since(pivot))
    assert {row.id for row in rows if row.modified >= pivot} <= {row.id for row in changed}
    one = rows[0]
    own = rows_of(reader.workflow_tasks.of_workflow(one.workflow_id))
    assert one.id in {row.id for row in own}
    assert {row.workflow_id for row in own} == {one.workflow_id}


def test_templates_people_and_departments(sandbox, reader):
    templates = rows_of(reader.workflow_templates.everything())
    people = rows_of(reader.users.everything())
    departments = rows_of(reader.departments.everything())
    assert all(one.name and one.document_type and one.module for one in templates)
    assert any(one.parameters for one in templates)
    assert len(people) >= 55
    assert sum(not one.active for one in people) == 2
    assert {id for one in people for id in one.department_ids} <= {one.id for one in departments}
    assert sum(one.parent_id is None for one in departments) == 1


def test_the_portal_tells_who_we_are(sandbox, reader):
    profile = reader.system.profile()
    assert profile.admin
    assert reader.system.user_admin() is True
    assert "bizproc" in reader.system.scope()
    assert "bizproc" in reader.system.app_info().scopes
    assert abs(reader.system.server_time().timestamp() - sandbox.now()) < 5


def test_an_administrators_webhook_is_found_in_order(reader):
    findings = bitrix.probe(reader)
    assert findings.usable
    assert findings.problems == ()
    assert findings.profile.admin
    assert abs(findings.clock_offset) < timedelta(seconds=5)


def test_an_employees_webhook_is_found_wanting_in_plain_words(sandbox):
    findings = bitrix.probe(reader_of(sandbox.employee_webhook_url))
    assert not findings.usable
    wanting = {one.name: said_of(one.code, one.values) for one in findings.problems}
    assert "Create the webhook as an administrator." in wanting["administrator"]
    assert "workflows" in wanting


def test_a_missing_permission_is_named(sandbox):
    path = sandbox.add_webhook(1, scopes=["bizproc"])
    findings = bitrix.probe(reader_of(sandbox.portal_url + path))
    assert {one.name for one in findings.problems} >= {"scope-user", "scope-department", "people"}
    assert not findings.usable


def test_a_webhook_that_does_not_exist_is_one_finding(sandbox):
    findings = bitrix.probe(reader_of(f"{sandbox.portal_url}/rest/1/notasecret1/"))
    (only,) = findings.findings
    assert (only.name, only.ok) == ("reachable", False)
    assert "webhook" in said_of(only.code, only.values)
    assert findings.profile is None


@pytest.mark.parametrize(
    "fault",
    [
        "timeout_before_apply",
        "reset_mid_response",
        "truncated_json",
        "html_page",
        "empty_body",
        "bad_gateway",
        "QUERY_LIMIT_EXCEEDED",
        "INTERNAL_SERVER_ERROR",
        "ERROR_CORE",
    ],
)
def test_a_read_survives_a_fault_that_passes(sandbox, fault):
    sandbox.fail_next(fault, method="profile", hold=3)
    hasty = reader_of(sandbox.webhook_url, timeouts=bitrix.Timeouts(read=1, total=2))
    assert hasty.system.profile().admin


def test_an_exhausted_method_stops_a_pass_and_says_until_when(sandbox, reader):
    sandbox.fail_next("OPERATION_TIME_LIMIT", method="bizproc.workflow.instances", skip=10)
    chunks = reader.workflows.everything()
    next(chunks)
    with pytest.raises(bitrix.MethodExhausted) as caught:
        next(chunks)
    assert caught.value.resets_at > datetime.now(UTC)


def test_an_employee_may_not_list_workflows(sandbox):
    with pytest.raises(bitrix.AccessDenied):
        reader_of(sandbox.employee_webhook_url).workflows.page()


def test_ten_thousand_workflows_take_five_requests():
    with Sandbox() as sandbox:
        sandbox.load("huge", workflows=10_000)
        reader = reader_of(sandbox.webhook_url)
        assert len(rows_of(reader.workflows.everything())) == 10_000
        assert reader.transport.requests == 5


def test_a_hundred_thousand_workflows_take_42_requests():
    with Sandbox(scenario="huge") as sandbox:
        reader = reader_of(sandbox.webhook_url)
        seen = 0
        for chunk in reader.workflows.everything():
            seen += len(chunk.rows)
        assert seen == 100_000
        assert chunk.complete
        assert reader.transport.requests <= 42
        assert sandbox.complaints() == []


def short_of_room(sandbox, limit):
    pacer = FreePacer()
    transport = bitrix.Transport(
        bitrix.WebhookUrl(sandbox.webhook_url), pacer=pacer, response_limit=limit
    )
    return bitrix.Reader(transport, sleep=lambda _: None)


def test_a_list_of_long_rows_is_read_in_smaller_answers_and_misses_none(sandbox, reader):
    room = 400_000
    narrow = short_of_room(sandbox, room)
    for read in (
        lambda one: one.workflows.everything(),
        lambda one: one.workflow_tasks.everything_open(),
    ):
        wide = list(read(reader))
        chunks = list(read(narrow))
        assert chunks[-1].complete
        assert {row.id for row in rows_of(chunks)} == {row.id for row in rows_of(wide)}
        assert len(chunks) > len(wide)


def test_tasks_with_long_rows_are_read_by_id_in_smaller_answers(sandbox, reader):
    ids = sorted({row.id for row in rows_of(reader.workflow_tasks.everything_open())})[:300]
    chunk = short_of_room(sandbox, 60_000).workflow_tasks.by_ids(ids)
    assert sorted({row.id for row in chunk.rows}) == ids


def test_a_single_page_that_is_too_long_is_said_to_be(sandbox):
    with pytest.raises(bitrix.TooLong):
        list(short_of_room(sandbox, 5_000).workflow_tasks.everything_open())
