"""People, departments and what the API says of itself."""

import pytest
import requests

from bizproc_admin.sandbox import Sandbox


@pytest.fixture(scope="module")
def demo():
    with Sandbox(scenario="demo", workflows=30) as running:
        yield running


def ask(sandbox, method, *, employee=False, **params):
    address = sandbox.employee_webhook_url if employee else sandbox.webhook_url
    return requests.post(address + method, json=params, timeout=5).json()


def names(sandbox, **wanted):
    return [user["LAST_NAME"] for user in ask(sandbox, "user.get", FILTER=wanted)["result"]]


def test_people_come_in_pages_and_with_their_types(demo):
    page = ask(demo, "user.get")
    assert (len(page["result"]), page["next"], page["total"]) == (50, 50, 60)
    anna = page["result"][0]
    assert (anna["ID"], anna["ACTIVE"], anna["UF_DEPARTMENT"]) == ("1", True, [8])
    assert (anna["LAST_NAME"], anna["USER_TYPE"]) == ("Koroleva", "employee")
    assert "next" not in ask(demo, "user.get", start=50)


def test_departments_are_not_counted_from_minus_one(demo):
    page = ask(demo, "department.get", start=-1)
    assert (len(page["result"]), page["total"], "next" in page) == (10, 0, False)


def test_an_empty_answer_has_no_total(demo):
    answer = ask(demo, "user.get", FILTER={"ID": 999})
    assert answer["result"] == []
    assert "total" not in answer


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"ID": [1, 2]}, ["Koroleva", "Orlov"]),
        ({"@ID": [1, 2]}, ["Koroleva", "Orlov"]),
        ({"<=ID": "2"}, ["Koroleva", "Orlov"]),
        ({"ACTIVE": False}, ["Соколов", "Титов"]),
        ({"ACTIVE": "N"}, ["Соколов", "Титов"]),
        ({"!ACTIVE": True}, ["Соколов", "Титов"]),
        ({"last_name": "ORLOV"}, ["Orlov"]),
        ({"%LAST_NAME": "орот"}, []),
        ({"%LAST_NAME": "оронц"}, ["Воронцов"]),
        ({"=%LAST_NAME": "Vog%"}, ["Vogel"]),
        ({"LAST_NAME": "Vog%"}, []),
        ({"UF_DEPARTMENT": 3, "!%WORK_POSITION": "маркет", ">ID": 17}, ["Степанова", "Hughes"]),
        ({"NAME_SEARCH": "anna kor"}, ["Koroleva"]),
        ({">DATE_REGISTER": "no date"}, []),
    ],
)
def test_people_are_filtered_with_the_rich_operators(demo, wanted, expected):
    assert names(demo, **wanted) == expected


def test_plain_parameters_filter_unless_a_filter_is_given(demo):
    assert ask(demo, "user.get", ID=2)["total"] == 1
    assert ask(demo, "user.get", ID=2, FILTER={"ID": [3, 4]})["total"] == 2
    assert (
        ask(demo, "user.get", sort="LAST_NAME", order="DESC", ID=[1, 2])["result"][0]["ID"] == "2"
    )


def test_the_caller_is_known(demo):
    assert ask(demo, "user.current")["result"]["EMAIL"] == "anna.koroleva@nordwind.example"
    assert ask(demo, "user.admin")["result"] is True
    assert ask(demo, "user.admin", employee=True)["result"] is False
    assert ask(demo, "profile", employee=True)["result"] == {
        "ID": "2",
        "ADMIN": False,
        "NAME": "Pavel",
        "LAST_NAME": "Orlov",
        "PERSONAL_GENDER": "M",
        "TIME_ZONE": "Europe/Moscow",
    }


def test_departments_come_in_tree_order(demo):
    rows = ask(demo, "department.get")["result"]
    assert rows[0] == {"ID": "1", "NAME": "Nordwind Group", "SORT": 100, "UF_HEAD": "3"}
    assert [row["ID"] for row in rows[1:3]] == ["2", "10"]
    assert rows[2]["PARENT"] == "2"


def test_departments_are_filtered_by_upper_case_keys_only(demo):
    assert ask(demo, "department.get", PARENT="2")["total"] == 1
    assert ask(demo, "department.get", FILTER={"ID": [2, 3]})["total"] == 2
    assert ask(demo, "department.get", parent="2")["total"] == 10
    assert ask(demo, "department.get", sort="name", order="desc")["result"][0]["NAME"][0] == "Ю"


def test_the_api_describes_itself(demo):
    assert "bizproc" in ask(demo, "scope")["result"]
    assert ask(demo, "app.info")["result"]["LICENSE"] == "ru_pro100"
    assert "bizproc.workflow.kill" in ask(demo, "methods")["result"]
    known = ask(demo, "method.get", name="User.Get")["result"]
    assert known == {"isExisting": True, "isAvailable": True}
    unknown = ask(demo, "method.get", name="crm.deal.list")["result"]
    assert unknown == {"isExisting": False, "isAvailable": False}
