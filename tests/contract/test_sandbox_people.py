"""People, departments and what the API says of itself."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import requests

from sandbox import Sandbox


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
        "TIME_ZONE": "",
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
    foreign = ask(demo, "method.get", name="crm.deal.list")["result"]
    assert foreign == {"isExisting": True, "isAvailable": False}
    unknown = ask(demo, "method.get", name="no.such.method")["result"]
    assert unknown == {"isExisting": False, "isAvailable": False}


# -- what real portals answer ------------------------------------------------------------------


def by_number(demo):
    first, second = ask(demo, "user.get"), ask(demo, "user.get", start=50)
    return {row["ID"]: row for row in first["result"] + second["result"]}


def test_lists_show_two_moments_as_objects_and_the_callers_own_row_as_texts(demo):
    listed, own = by_number(demo)["1"], ask(demo, "user.current")["result"]
    assert (listed["TIMESTAMP_X"], listed["LAST_ACTIVITY_DATE"]) == ({}, {})
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d", own["TIMESTAMP_X"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", own["LAST_ACTIVITY_DATE"])


def test_most_people_have_no_zone_name_and_an_offset_relative_to_the_server(demo):
    people = by_number(demo)
    unnamed = [row for row in people.values() if row.get("TIME_ZONE") == ""]
    assert len(unnamed) > 45
    assert people["5"]["TIME_ZONE_OFFSET"] == "0"
    assert (people["11"]["TIME_ZONE"], people["11"]["TIME_ZONE_OFFSET"]) == ("", "14400")
    assert people["55"]["TIME_ZONE_OFFSET"] in ("-3600", "-7200")
    assert people["53"]["TIME_ZONE"] == "Europe/Berlin"
    assert people["53"]["TIME_ZONE_OFFSET"] == people["55"]["TIME_ZONE_OFFSET"]


def test_some_people_lack_a_field_or_have_never_been_here(demo):
    people = by_number(demo)
    assert {"TIME_ZONE", "EMAIL"} & set(people["47"]) == {"EMAIL"}
    assert {"TIME_ZONE", "EMAIL"} & set(people["41"]) == {"TIME_ZONE"}
    assert people["41"]["LAST_LOGIN"] == ""
    assert ask(demo, "user.get", FILTER={"%EMAIL": "rustam"})["result"] == []


def test_the_portal_tells_all_scopes_of_the_cloud_and_those_that_were_given(demo):
    everything = ask(demo, "scope", full=True)["result"]
    assert {"bizproc", "crm", "imopenlines", "telephony", "user_brief"} < set(everything)
    assert len(everything) == len(set(everything)) > 60
    assert len(ask(demo, "scope")["result"]) < 10


@pytest.mark.parametrize(
    "name",
    ["crm.deal.list", "CRM.Deal.List", "im.notify", "tasks.task.list", "app.option.get",
     "imopenlines.config.list.get", "event.offline.get", "user.userfield.list", "placement.bind"],
)  # fmt: skip
def test_methods_of_other_tools_are_refused_after_the_checks_of_who_calls(demo, name):
    refusal = {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the webhook"
        " token",
    }
    assert ask(demo, name) == refusal
    batch = ask(demo, "batch", cmd={"a": name, "b": "user.admin"})["result"]
    assert batch["result_error"]["a"]["error"] == "insufficient_scope"
    assert batch["result"] == {"b": True}
    nobody = requests.post(f"{demo.portal_url}/rest/1/wrong/{name}", timeout=5)
    assert (nobody.status_code, nobody.json()["error"]) == (401, "INVALID_CREDENTIALS")
    token = demo.tokens_for(2)["access_token"]
    by_token = requests.post(f"{demo.portal_url}/rest/{name}", json={"auth": token}, timeout=5)
    assert (by_token.status_code, by_token.json()["error"]) == (401, "insufficient_scope")
    assert "access token" in by_token.json()["error_description"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"FILTER": {"NAME": "сер"}}, ["Воронцов"]),
        ({"FILTER": {"LAST_NAME": "Vo"}}, ["Vogel"]),
        ({"FILTER": {"LAST_NAME": "ogel"}}, []),
        ({"NAME": "Anna"}, ["Koroleva"]),
        ({"FILTER": {"FIND": "procure hea"}}, ["Richter"]),
        ({"FILTER": {"FIND": "procure ogel"}}, []),
        ({"FILTER": {"UF_DEPARTMENT_NAME": "market", "WORK_POSITION": "head"}}, ["Bennett"]),
        ({"FILTER": {"FIND": "anna", "USER_TYPE": "extranet"}}, []),
        ({"FIND": "sales", "SORT": "LAST_NAME", "ORDER": "desc"}, ["Whitfield", "Orlov", "Carter"]),
    ],
)
def test_people_are_searched_by_the_beginnings_of_their_texts(demo, params, expected):
    assert [row["LAST_NAME"] for row in ask(demo, "user.search", **params)["result"]] == expected


def test_the_fields_of_people_and_departments_are_told_with_their_names(demo):
    fields = ask(demo, "user.fields")["result"]
    assert set(by_number(demo)["1"]) <= set(fields)
    assert fields["LAST_NAME"] == "Last name"
    assert ask(demo, "department.fields")["result"] == {
        "ID": "ID",
        "NAME": "Department name",
        "SORT": "Sort order",
        "PARENT": "Parent department",
        "UF_HEAD": "Head",
    }
    brief = demo.portal_url + demo.add_webhook(1, ["user_brief"])
    shown = requests.get(brief + "user.fields", timeout=5).json()["result"]
    assert "NAME" in shown
    assert "EMAIL" not in shown


# -- zones -------------------------------------------------------------------------------------


@pytest.fixture
def berlin():
    with Sandbox(zone="Europe/Berlin") as running:
        yield running


def test_a_portal_may_live_in_a_zone_whose_clocks_change(berlin):
    for deadline, shown in (
        ("2027-01-15 12:00", "2027-01-15T12:00:00+01:00"),
        ("2027-07-15 12:00", "2027-07-15T12:00:00+02:00"),
        ("2027-07-15T12:00:00Z", "2027-07-15T14:00:00+02:00"),
    ):
        berlin.ask(2, OverdueDate=deadline)
        rows = ask(berlin, "bizproc.task.list", FILTER={"OVERDUE_DATE": deadline},
                   SELECT=["OVERDUE_DATE"], ORDER={"OVERDUE_DATE": "asc"})["result"]  # fmt: skip
        assert rows[0]["OVERDUE_DATE"] == shown
        assert rows[0]["OVERDUE_DATE_X1"] == shown[:19].replace("T", " ")


def test_offsets_are_relative_to_the_zone_that_the_portal_lives_in_now(berlin):
    berlin.change_user(2, time_zone="Asia/Tokyo")
    offset = int(ask(berlin, "user.current", employee=True)["result"]["TIME_ZONE_OFFSET"])
    here = datetime.now(ZoneInfo("Europe/Berlin")).utcoffset()
    assert offset == 9 * 3600 - here.total_seconds()
    berlin.set_zone("")
    assert ask(berlin, "server.time")["result"].endswith("+03:00")
    assert ask(berlin, "user.current", employee=True)["result"]["TIME_ZONE_OFFSET"] == "21600"
    berlin.reset()
    assert not ask(berlin, "server.time")["result"].endswith("+03:00")


def test_the_zone_outlives_a_restart_and_must_exist(tmp_path):
    state = tmp_path / "portal.state"
    with Sandbox(state=state, zone="America/New_York"):
        pass
    with Sandbox(state=state) as again:
        assert ask(again, "server.time")["result"][-6:] in ("-04:00", "-05:00")
    with pytest.raises(ValueError, match="no time zone"):
        Sandbox(zone="Mars/Olympus")
