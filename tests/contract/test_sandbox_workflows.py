"""Workflows over REST: start, list, terminate, kill, and what the ledger says of it."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox import Sandbox

DEAL = ["crm", "CCrmDocumentDeal", "DEAL_7"]
NOT_FOUND = (400, "", "The business process is not found.")


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def post(sandbox, method, *, employee=False, **params):
    address = sandbox.employee_webhook_url if employee else sandbox.webhook_url
    return requests.post(f"{address}bizproc.workflow.{method}", json=params, timeout=5)


def refusal(answer):
    body = answer.json()
    assert "result" not in body
    return answer.status_code, body["error"], body["error_description"]


def rows(sandbox, **params):
    return post(sandbox, "instances", **params).json()["result"]


def test_starting_creates_the_workflow_and_its_first_task(sandbox):
    answer = post(sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL, PARAMETERS={"Amount": "5"})
    key = answer.json()["result"]
    assert re.fullmatch(r"[0-9a-f]{13}\d\.\d{8}", key)
    everything = ["ID", "STARTED", "STARTED_BY", "TEMPLATE_ID", "MODULE_ID", "ENTITY",
                  "DOCUMENT_ID", "MODIFIED", "OWNED_UNTIL"]  # fmt: skip
    (row,) = rows(sandbox, select=everything)
    moment = row.pop("STARTED")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+03:00", moment)
    assert row.pop("MODIFIED") == moment
    assert row == {
        "ID": key,
        "STARTED_BY": "1",
        "TEMPLATE_ID": "1",
        "MODULE_ID": "crm",
        "ENTITY": "CCrmDocumentDeal",
        "DOCUMENT_ID": "DEAL_7",
        "OWNED_UNTIL": None,
    }
    assert len(sandbox.tasks(key)) == 1
    assert sandbox.workflow(key)["parameters"]["Amount"] == "5"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ("ERROR_WRONG_WORKFLOW_ID", "Empty TEMPLATE_ID")),
        ({"TEMPLATE_ID": 99}, ("ERROR_WRONG_WORKFLOW_ID", "Template not found")),
        ({"TEMPLATE_ID": 1}, ("", "Wrong DOCUMENT_ID!")),
        ({"TEMPLATE_ID": 1, "DOCUMENT_ID": "DEAL_7"}, ("", "Wrong DOCUMENT_ID!")),
        ({"TEMPLATE_ID": 1, "DOCUMENT_ID": ["crm", "X", "DEAL_7"]}, ("", "Wrong DOCUMENT_ID!")),
        (
            {"TEMPLATE_ID": 1, "DOCUMENT_ID": ["crm", "CCrmDocumentDeal", "DEAL_100000"]},
            ("", "Wrong DOCUMENT_ID!"),
        ),
        (
            {"TEMPLATE_ID": 1, "DOCUMENT_ID": ["crm", "CCrmDocumentLead", "LEAD_7"]},
            ("", "Template type and DOCUMENT_ID mismatch!"),
        ),
    ],
)
@pytest.mark.parametrize("employee", [False, True])
def test_a_wrong_start_is_refused_before_rights_are_asked(sandbox, params, expected, employee):
    answer = post(sandbox, "start", employee=employee, **params)
    assert refusal(answer) == (400, *expected)


def test_an_employee_may_start_only_what_is_open_to_everybody(sandbox):
    denied = post(sandbox, "start", employee=True, TEMPLATE_ID=1, DOCUMENT_ID=DEAL)
    assert refusal(denied) == (403, "ACCESS_DENIED", "Access denied!")
    feed = sandbox.add_template(
        name="Vacation",
        document_type=["lists", "BizprocDocument", "iblock_31"],
        structure={"Type": "SequentialWorkflowActivity", "Children": [], "Properties": []},
    )
    allowed = post(
        sandbox,
        "start",
        employee=True,
        TEMPLATE_ID=feed,
        DOCUMENT_ID=["lists", "BizprocDocument", "777"],
    )
    assert isinstance(allowed.json()["result"], str)
    assert rows(sandbox) == []


def test_a_two_part_id_has_no_module_and_the_query_wins(sandbox):
    answer = requests.post(
        sandbox.webhook_url + "bizproc.workflow.start",
        params={"DOCUMENT_ID[0]": "CCrmDocumentDeal", "DOCUMENT_ID[1]": "DEAL_8"},
        json={"TEMPLATE_ID": "1", "DOCUMENT_ID": DEAL},
        timeout=5,
    )
    assert sandbox.workflow(answer.json()["result"])["document"][2] == "DEAL_8"


def test_the_target_user_is_the_caller_whatever_is_sent(sandbox):
    answer = post(
        sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL, PARAMETERS={"TargetUser": "user_2"}
    )
    assert sandbox.workflow(answer.json()["result"])["parameters"]["TargetUser"] == "user_1"


def test_parameters_go_in_raw_defaults_fill_what_is_missing_and_nothing_is_checked(sandbox):
    sent = {"Amount": ["1", {"a": None}], "Other": False}
    key = post(sandbox, "start", TEMPLATE_ID="1", DOCUMENT_ID=DEAL, PARAMETERS=sent)
    kept = sandbox.workflow(key.json()["result"])["parameters"]
    assert kept == {**sent, "Approvers": ["user_2"], "TargetUser": "user_1"}
    for odd in ("Amount=5", 7, None):
        key = post(sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL, PARAMETERS=odd)
        kept = sandbox.workflow(key.json()["result"])["parameters"]
        assert kept == {"Approvers": ["user_2"], "Amount": "0", "TargetUser": "user_1"}


def test_a_document_with_as_many_workflows_as_it_may_have_takes_no_other(sandbox):
    sandbox.set_workflow_limit(1)
    assert post(sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL).status_code == 200
    text = "An element can be handled by 1 processes at most."
    assert refusal(post(sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL)) == (400, "", text)
    employee = post(sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL, employee=True)
    assert refusal(employee) == (403, "ACCESS_DENIED", "Access denied!")
    another = ["crm", "CCrmDocumentDeal", "DEAL_8"]
    assert post(sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=another).status_code == 200
    sandbox.set_workflow_limit(0)
    assert post(sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL).status_code == 200


def test_a_template_that_starts_itself_is_refused_with_the_engines_words(sandbox):
    itself = {"Type": "StartWorkflowActivity", "Properties": {"TemplateId": "2"}}
    root = {"Type": "SequentialWorkflowActivity", "Properties": [], "Children": [itself]}
    assert sandbox.add_template(structure=root) == 2
    answer = post(sandbox, "start", TEMPLATE_ID=2, DOCUMENT_ID=DEAL)
    assert refusal(answer) == (400, "", "Template cannot be run recursively")
    assert rows(sandbox) == sandbox.ledger() == []


def test_an_engine_failure_is_an_error_without_a_code(sandbox):
    answer = post(
        sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL, PARAMETERS={"Approvers": ["user_99"]}
    )
    assert refusal(answer)[:2] == (400, "")
    assert sandbox.ledger() == []


def test_lists_have_pages_of_fifty_in_the_order_asked_for(sandbox):
    keys = [sandbox.start_workflow(started=1_700_000_000 + n) for n in range(120)]
    first = post(sandbox, "instances", order={"STARTED": "asc"}).json()
    assert [row["ID"] for row in first["result"]] == keys[:50]
    assert (first["next"], first["total"]) == (50, 120)
    odd = post(sandbox, "instance.list", order={"started": "ASC"}, start=75).json()
    assert [row["ID"] for row in odd["result"]] == keys[75:]
    assert "next" not in odd
    assert rows(sandbox)[0]["ID"] == keys[-1]
    assert post(sandbox, "instances", start=500).json()["result"] == []
    assert post(sandbox, "instances", START=50).json()["next"] == 50
    assert [note["kind"] for note in sandbox.complaints()] == ["START ignored"]


def test_a_negative_start_counts_nothing(sandbox):
    sandbox.start_workflow()
    page = post(sandbox, "instances", start=-1).json()
    assert (len(page["result"]), page["total"], "next" in page) == (1, 0, False)
    empty = post(sandbox, "instances", start=-1, filter={"TEMPLATE_ID": 9}).json()
    assert (empty["result"], empty["total"], empty["next"]) == ([], 0, -1)


def test_a_filter_in_lower_case_selects_everything_and_is_complained_about(sandbox):
    sandbox.start_workflow()
    assert len(rows(sandbox, filter={"template_id": 9, "=TEMPLATE_ID": 9})) == 1
    assert [note["detail"] for note in sandbox.complaints()] == ["template_id", "=TEMPLATE_ID"]
    sandbox.set_filter_rules("documented")
    assert rows(sandbox, filter={"template_id": 9}) == []
    assert rows(sandbox, filter={"=template_id": 9}) == []


def test_filters_narrow_by_lock_document_and_time(sandbox):
    idle = sandbox.start_workflow(document_id=DEAL)
    stuck = sandbox.start_workflow(locked_minutes=30)
    assert [row["ID"] for row in rows(sandbox, filter={"!OWNED_UNTIL": ""})] == [stuck]
    assert [row["ID"] for row in rows(sandbox, filter={"OWNED_UNTIL": ""})] == [idle]
    assert [row["ID"] for row in rows(sandbox, filter={"DOCUMENT_ID": "deal_7"})] == [idle]
    moment = rows(sandbox, filter={"ID": idle}, select=["MODIFIED"])[0]["MODIFIED"]
    sandbox.advance(minutes=5)
    sandbox.touch_workflow(idle)
    assert [r["ID"] for r in rows(sandbox, filter={">MODIFIED": moment})] == [idle]
    assert len(rows(sandbox, filter={">=MODIFIED": moment})) == 2
    assert rows(sandbox, filter={"ID": []}) == []


@pytest.mark.parametrize("method", ["bizproc.workflow.instances", "bizproc.task.list"])
def test_a_date_counted_from_now_moves_on_though_nothing_changes(sandbox, method):
    sandbox.start_workflow(parameters={"Approvers": ["user_1"]}, started=sandbox.now() - 3000)
    name = "STARTED" if method.endswith("instances") else "WORKFLOW_STARTED"

    def found(**narrowing):
        answer = requests.post(sandbox.webhook_url + method, json={"filter": narrowing}, timeout=5)
        return answer.json()["total"]

    assert found(**{f">{name}": "-1 hour"}) == 1
    assert found(**{f">{name}": ["-1 hour"]}) == 1
    assert found(**{f"<{name}": "now"}) == 1
    # Not `advance`: the clock alone moves, as it does while nobody changes anything.
    sandbox.portal.clock.advance(1200)
    assert found(**{f">{name}": "-1 hour"}) == 0
    assert found(**{f">{name}": ["-1 hour"]}) == 0
    assert found(**{f"<{name}": "-1 hour"}) == 1


def test_only_administrators_see_and_stop_workflows(sandbox):
    key = sandbox.start_workflow()
    for method in ("instances", "terminate", "kill", "template.list"):
        answer = post(sandbox, method, employee=True, ID=key)
        assert refusal(answer) == (403, "ACCESS_DENIED", "Access denied!")
    assert len(rows(sandbox)) == 1


def test_terminating_removes_the_row_and_the_running_tasks(sandbox):
    key = sandbox.start_workflow()
    assert post(sandbox, "terminate", ID=key, STATUS="Stopped by hand").json()["result"] is True
    assert rows(sandbox) == []
    assert sandbox.tasks(key) == []
    assert sandbox.workflow(key)["state_title"] == "Stopped by hand"
    assert refusal(post(sandbox, "terminate", ID=key)) == NOT_FOUND
    assert refusal(post(sandbox, "kill", ID=key)) == NOT_FOUND


def test_the_mistyped_status_is_lost_without_a_word(sandbox):
    key = sandbox.start_workflow()
    assert post(sandbox, "terminate", ID=key, STATUE="Lost").json()["result"] is True
    assert sandbox.workflow(key)["state_title"] == "Execution aborted"


def test_killing_leaves_nothing(sandbox):
    key = sandbox.start_workflow()
    assert post(sandbox, "kill", id=key).json()["result"] is True
    assert sandbox.workflow(key) is None
    assert sandbox.tasks(key) == []
    assert refusal(post(sandbox, "kill", ID=key)) == NOT_FOUND


def test_of_many_kills_at_once_exactly_one_is_applied(sandbox):
    keys = [sandbox.start_workflow() for _ in range(5)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda key: post(sandbox, "kill", ID=key).status_code, keys * 8))
    assert sorted(answers) == [200] * 5 + [400] * 35
    assert sorted(line["target"] for line in sandbox.ledger()) == sorted(keys)


def test_locked_workflows_can_be_stopped(sandbox):
    first = sandbox.start_workflow(locked_minutes=30)
    second = sandbox.start_workflow(locked_minutes=-3)
    assert post(sandbox, "terminate", ID=first).json()["result"] is True
    assert post(sandbox, "kill", ID=second).json()["result"] is True


@pytest.mark.parametrize(
    ("method", "value", "text"),
    [
        ("terminate", "", "Empty workflow instance ID"),
        ("terminate", 5, "Invalid workflow instance ID (string expected)"),
        ("terminate", ["a"], "Invalid workflow instance ID (string expected)"),
        ("kill", 0, "Empty workflow instance ID"),
    ],
)
def test_a_wrong_id_is_refused_with_its_own_words(sandbox, method, value, text):
    assert refusal(post(sandbox, method, ID=value)) == (400, "ERROR_WRONG_WORKFLOW_ID", text)


def test_kill_does_not_check_the_type_of_the_id(sandbox):
    assert refusal(post(sandbox, "kill", ID=5)) == NOT_FOUND


def test_the_ledger_holds_applied_writes_only(sandbox):
    key = post(sandbox, "start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL).json()["result"]
    post(sandbox, "terminate", ID="none")
    post(sandbox, "terminate", ID=key, STATUS="Enough")
    post(sandbox, "kill", ID=key)
    sandbox.end_workflow(sandbox.start_workflow())
    lines = sandbox.ledger()
    assert [(e["seq"], e["method"], e["target"], e["caller_id"], e["result"]) for e in lines] == [
        (1, "bizproc.workflow.start", key, 1, key),
        (2, "bizproc.workflow.terminate", key, 1, True),
    ]
    assert lines[1]["params"] == {"ID": key, "STATUS": "Enough"}
    assert [call["status"] for call in sandbox.calls()] == [200, 400, 200, 400]


def test_templates_are_listed_without_automation_and_with_array_types(sandbox):
    sandbox.add_template(name="Robot", auto_execute=8)
    sandbox.add_template(name="On create", auto_execute=1)
    answer = post(
        sandbox, "template.list", select=["ID", "NAME", "DOCUMENT_TYPE", "AUTO_EXECUTE"]
    ).json()
    assert [(r["ID"], r["NAME"], r["AUTO_EXECUTE"]) for r in answer["result"]] == [
        ("1", "Contract approval", "0"),
        ("3", "On create", "1"),
    ]
    assert answer["total"] == 2
    assert answer["result"][0]["DOCUMENT_TYPE"] == [None, None, "DEAL"]
    full = post(
        sandbox,
        "template.list",
        select=["DOCUMENT_TYPE", "MODULE_ID", "ENTITY", "TEMPLATE", "PARAMETERS", "VARIABLES"],
        filter={"<AUTO_EXECUTE": 99},
        order={"ID": "desc"},
    ).json()["result"]
    assert len(full) == 2
    assert full[1]["DOCUMENT_TYPE"] == ["crm", "CCrmDocumentDeal", "DEAL"]
    assert full[1]["TEMPLATE"][0]["Name"] == "Template"
    assert full[1]["PARAMETERS"]["Amount"]["Type"] == "double"
    assert full[1]["VARIABLES"] == []
    assert post(sandbox, "template.list").json()["result"] == [{"ID": "1"}, {"ID": "3"}]
