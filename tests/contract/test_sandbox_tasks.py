"""Workflow tasks over REST: who sees which, one row a task or an assignment, and paging."""

import pytest
import requests

from sandbox import Sandbox
from sandbox.scenarios.templates import request, review, sequence

ADMINISTRATOR, EMPLOYEE = 1, 2


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def ask(sandbox, *, employee=False, url=None, **params):
    address = url or (sandbox.employee_webhook_url if employee else sandbox.webhook_url)
    return requests.post(address + "bizproc.task.list", json=params, timeout=5)


def rows(sandbox, **params):
    return ask(sandbox, **params).json()["result"]


def start(sandbox, *people, **more):
    return sandbox.start_workflow(
        parameters={"Approvers": [f"user_{number}" for number in people]}, **more
    )


def test_the_default_columns_are_always_there(sandbox):
    key = start(sandbox, EMPLOYEE, document_id=["crm", "CCrmDocumentDeal", "DEAL_7"])
    (row,) = rows(sandbox)
    assert row == {
        "ID": "1",
        "WORKFLOW_ID": key,
        "DOCUMENT_NAME": "Deal #7",
        "NAME": "Approve the contract",
        "ENTITY": "CCrmDocumentDeal",
        "DOCUMENT_ID": "DEAL_7",
        "DOCUMENT_URL": "",
    }
    (row,) = rows(sandbox, select=["MODULE_ID", "DOCUMENT_URL"])
    assert row["DOCUMENT_URL"] == "/crm/deal/details/7/"


def test_selecting_people_makes_one_row_an_assignment(sandbox):
    start(sandbox, ADMINISTRATOR, EMPLOYEE)
    one = ask(sandbox).json()
    assert (len(one["result"]), one["total"]) == (1, 1)
    two = ask(sandbox, select=["ID", "USER_ID", "USER_STATUS"], order={"USER_ID": "ASC"}).json()
    assert [(r["ID"], r["USER_ID"], r["USER_STATUS"]) for r in two["result"]] == [
        ("1", "1", "0"),
        ("1", "2", "0"),
    ]
    assert two["total"] == 2


def test_waiting_for_a_person_is_told_from_already_answered(sandbox):
    start(sandbox, ADMINISTRATOR, EMPLOYEE)
    sandbox.complete_task(1, EMPLOYEE, "yes")
    mine = {"USER_ID": EMPLOYEE, "STATUS": 0}
    assert len(rows(sandbox, filter=mine)) == 1
    assert rows(sandbox, filter={**mine, "USER_STATUS": 0}) == []
    (row,) = rows(sandbox, filter={"USER_STATUS": 0}, select=["USER_ID", "WORKFLOW_STATE"])
    assert (row["USER_ID"], row["WORKFLOW_STATE"]) == ("1", "Participated 50% (1 of 2)")


def test_an_employee_sees_their_own_tasks_only(sandbox):
    start(sandbox, ADMINISTRATOR)
    start(sandbox, EMPLOYEE)
    assert [r["ID"] for r in rows(sandbox, employee=True)] == ["2"]
    assert [r["ID"] for r in rows(sandbox, employee=True, filter={"USER_ID": EMPLOYEE})] == ["2"]
    denied = ask(sandbox, employee=True, filter={"USER_ID": ADMINISTRATOR})
    assert (denied.status_code, denied.json()["error"]) == (403, "ACCESS_DENIED")
    # An array is read as the number 1, which is somebody else.
    assert ask(sandbox, employee=True, filter={"USER_ID": [EMPLOYEE]}).status_code == 403


def test_a_head_sees_the_tasks_of_subordinates(sandbox):
    department = sandbox.add_department("Sales", head=EMPLOYEE)
    below = sandbox.add_department("Tenders", parent=department)
    deep = sandbox.add_user("Olga", "Petrova", departments=[below])
    start(sandbox, deep)
    assert len(rows(sandbox, employee=True, filter={"USER_ID": deep})) == 1
    stranger = sandbox.add_user("Igor")
    assert ask(sandbox, employee=True, filter={"USER_ID": stranger}).status_code == 403


def test_pages_round_down_and_past_the_end_start_again(sandbox):
    for _ in range(60):
        start(sandbox, EMPLOYEE)
    by_id = {"order": {"ID": "asc"}, "select": ["ID"]}
    first = ask(sandbox, **by_id).json()
    assert (len(first["result"]), first["next"], first["total"]) == (50, 50, 60)
    assert rows(sandbox, **by_id, start=30)[0]["ID"] == "1"
    assert rows(sandbox, **by_id, start=50)[0]["ID"] == "51"
    past = ask(sandbox, **by_id, start=100).json()
    assert (past["result"][0]["ID"], past["next"]) == ("1", 50)
    assert rows(sandbox)[0]["ID"] == "60"
    uncounted = ask(sandbox, **by_id, start=-1).json()
    assert len(uncounted["result"]) == 50
    assert (uncounted["total"], uncounted.get("next")) == (0, None)


def test_null_is_nothing_to_select(sandbox):
    answer = ask(sandbox, select=["ID", None])
    assert (answer.status_code, answer.json()["error"]) == (400, "ERROR_SELECT_VALIDATION_FAILURE")


def test_sorting_by_a_date_adds_a_column(sandbox):
    start(sandbox, EMPLOYEE)
    (row,) = rows(sandbox, order={"OVERDUE_DATE": "asc"}, select=["ID"])
    assert row["OVERDUE_DATE"] is None
    assert row["OVERDUE_DATE_X1"] is None
    (row,) = rows(sandbox, order={"MODIFIED": "asc"})
    assert row["MODIFIED"][:10] == row["MODIFIED_X1"][:10]
    assert " " in row["MODIFIED_X1"]


def test_tasks_of_deleted_templates_drop_out_when_the_name_is_asked_for(sandbox):
    start(sandbox, EMPLOYEE)
    (row,) = rows(sandbox, select=["WORKFLOW_TEMPLATE_NAME", "WORKFLOW_TEMPLATE_ID"])
    assert (row["WORKFLOW_TEMPLATE_NAME"], row["WORKFLOW_TEMPLATE_ID"]) == (
        "Contract approval",
        "1",
    )
    sandbox.remove_template(1)
    assert rows(sandbox, select=["WORKFLOW_TEMPLATE_NAME"]) == []
    assert len(rows(sandbox, select=["WORKFLOW_TEMPLATE_ID"])) == 1


def test_an_empty_array_as_a_value_filters_nothing(sandbox):
    start(sandbox, EMPLOYEE)
    assert len(rows(sandbox, filter={"WORKFLOW_ID": []})) == 1
    assert rows(sandbox, filter={"WORKFLOW_ID": ["none"]}) == []


def test_parameters_describe_the_buttons_and_fields(sandbox):
    fields = [
        {"Name": "Sum", "Title": "Total", "Type": "double", "Required": "1", "Default": "7"},
        {"Name": "Kind", "Title": "Kind", "Type": "select", "Options": {"a": "A"}, "Required": "N"},
    ]
    number = sandbox.add_template(
        structure=sequence(
            review("Read", ["user_2"], TaskButtonMessage="Seen", ShowComment="N"),
            request("Tell", ["user_2"], fields),
        )
    )
    sandbox.start_workflow(number)
    (row,) = rows(sandbox, select=["ID", "PARAMETERS", "ACTIVITY"])
    assert row["ACTIVITY"] == "ReviewActivity"
    assert row["PARAMETERS"] == {
        "CommentLabel": "Notes",
        "CommentRequired": "N",
        "ShowComment": "N",
        "StatusOkLabel": "Seen",
    }
    sandbox.complete_task(int(row["ID"]), EMPLOYEE, "ok")
    (row,) = rows(sandbox, select=["PARAMETERS"], filter={"STATUS": 0})
    total, kind = row["PARAMETERS"]["Fields"]
    assert (total["Id"], total["Required"], total["Default"]) == ("Sum", True, "7")
    assert (kind["Required"], kind["Multiple"], kind["Options"]) == (False, False, {"a": "A"})


def test_finished_tasks_are_listed_for_one_day(sandbox):
    key = start(sandbox, EMPLOYEE)
    sandbox.complete_task(1, EMPLOYEE, "no")
    (row,) = rows(sandbox, select=["STATUS", "USER_STATUS", "WORKFLOW_STATE"])
    assert (row["STATUS"], row["USER_STATUS"], row["WORKFLOW_STATE"]) == ("2", "2", "Rejected")
    sandbox.advance(hours=25)
    assert rows(sandbox, filter={"WORKFLOW_ID": key}) == []


def test_a_nested_select_is_refused(sandbox):
    answer = ask(sandbox, select=[["ID"]])
    assert (answer.status_code, answer.json()["error"]) == (400, "ERROR_SELECT_VALIDATION_FAILURE")


def test_a_delegated_task_moves_to_the_other_person(sandbox):
    start(sandbox, EMPLOYEE)
    sandbox.delegate(1, EMPLOYEE, ADMINISTRATOR)
    assert rows(sandbox, employee=True) == []
    (row,) = rows(sandbox, select=["USER_ID"])
    assert row["USER_ID"] == "1"
