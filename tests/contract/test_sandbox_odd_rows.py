"""What real portals send and no rule here would make: rows shown otherwise than they are held."""

import pytest
import requests

from sandbox import Sandbox

ADMINISTRATOR, EMPLOYEE = 1, 2
ODD = [None, False, 10**19, 1.5, "", [""], {}, {"a": [None]}, "0000-00-00 00:00:00"]


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def call(sandbox, method, **params):
    return requests.post(sandbox.webhook_url + method, json=params, timeout=5).json()["result"]


def control(sandbox, operation, **arguments):
    return requests.post(sandbox.control_url + operation, json=arguments, timeout=5)


@pytest.mark.parametrize(
    ("deadline", "shown"),
    [
        ("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59+00:00"),
        ("9999-12-31T23:59:59+03:00", "9999-12-31T23:59:59+03:00"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T03:00:00+03:00"),
    ],
)
def test_a_deadline_at_the_edge_of_time_is_sent_as_the_moment_that_it_is(sandbox, deadline, shown):
    sandbox.ask(EMPLOYEE, OverdueDate=deadline)
    (row,) = call(sandbox, "bizproc.task.list", SELECT=["ID"], ORDER={"OVERDUE_DATE": "ASC"})
    assert row["OVERDUE_DATE"] == shown
    (found,) = call(sandbox, "bizproc.task.list", FILTER={"OVERDUE_DATE": deadline})
    assert found["ID"] == row["ID"]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize(
    ("kind", "method", "params", "field"),
    [
        ("user", "user.get", {}, "UF_DEPARTMENT"),
        ("user", "user.get", {}, "UF_NEVER_SEEN"),
        ("user", "user.current", {}, "EMAIL"),
        ("user", "profile", {}, "TIME_ZONE"),
        ("department", "department.get", {}, "UF_HEAD"),
        ("department", "department.get", {}, "PARENT"),
        ("task", "bizproc.task.list", {"SELECT": ["PARAMETERS"]}, "PARAMETERS"),
        ("task", "bizproc.task.list", {"SELECT": ["ID"]}, "DOCUMENT_URL"),
        ("workflow", "bizproc.workflow.instances", {"SELECT": ["ID", "STARTED"]}, "STARTED"),
        ("template", "bizproc.workflow.template.list", {"SELECT": ["NAME"]}, "NAME"),
    ],
)
def test_any_field_of_any_row_is_overridden_until_it_is_cleared(
    sandbox, kind, method, params, field, value
):
    sandbox.ask(EMPLOYEE)
    ids = {"workflow": sandbox.workflows()[0]["id"], "template": 2}
    row_id = ids.get(kind, 1)

    def read():
        found = call(sandbox, method, **params)
        rows = found if isinstance(found, list) else [found]
        return rows[-1] if kind == "template" else rows[0]

    before = read()
    assert control(sandbox, "override_row", kind=kind, id=row_id, fields={field: value}).ok
    assert read() == {**before, field: value}
    assert control(sandbox, "clear_overrides").ok
    assert read() == before
    assert control(sandbox, "override_row", kind=kind, id=row_id, absent=[field]).ok
    assert read() == {name: item for name, item in before.items() if name != field}
    assert control(sandbox, "clear_overrides", kind=kind, id=row_id).ok
    assert read() == before


def test_an_id_may_be_shown_otherwise_and_the_row_is_still_named_by_its_own(sandbox):
    sandbox.override_row("user", EMPLOYEE, {"ID": 10**19})
    sandbox.override_row("user", EMPLOYEE, {"NAME": None}, ["LAST_NAME"])
    row = call(sandbox, "user.get")[1]
    assert (row["ID"], row["NAME"], "LAST_NAME" in row) == (10**19, None, False)
    sandbox.override_row("user", EMPLOYEE, {"LAST_NAME": "Back"}, ["NAME"])
    row = call(sandbox, "user.get")[1]
    assert (row["ID"], row["LAST_NAME"], "NAME" in row) == (10**19, "Back", False)


def test_a_field_that_was_not_selected_is_not_sent(sandbox):
    task = sandbox.ask(EMPLOYEE)
    sandbox.override_row("task", task, {"STATUS": "odd"})
    assert "STATUS" not in call(sandbox, "bizproc.task.list", SELECT=["ID"])[0]
    sandbox.clear_overrides("user")
    assert call(sandbox, "bizproc.task.list", SELECT=["STATUS"])[0]["STATUS"] == "odd"


def test_filters_and_orders_go_on_by_what_is_held(sandbox):
    sandbox.override_row("user", EMPLOYEE, {"NAME": "Zoe"})
    assert [row["NAME"] for row in call(sandbox, "user.get", FILTER={"NAME": "Pavel"})] == ["Zoe"]
    assert call(sandbox, "user.get", FILTER={"NAME": "Zoe"}) == []


def test_overrides_outlive_a_restart_and_not_a_reset(tmp_path):
    state = tmp_path / "portal.sqlite3"
    with Sandbox(state=state) as first:
        first.override_row("user", EMPLOYEE, {"ACTIVE": None})
    with Sandbox(state=state) as second:
        assert call(second, "user.get")[1]["ACTIVE"] is None
        second.reset()
        assert call(second, "user.get")[1]["ACTIVE"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": "deal", "id": 1, "fields": {"ID": 1}},
        {"kind": "user", "id": 1},
        {"kind": "user", "id": 1, "fields": ["ID"]},
        {"kind": "user", "id": 1, "absent": "ID"},
    ],
)
def test_an_override_that_says_nothing_is_refused(sandbox, arguments):
    answer = control(sandbox, "override_row", **arguments)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
