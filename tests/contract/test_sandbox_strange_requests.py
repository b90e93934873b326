"""What no sensible client sends: the portal answers it all the same, and never with a 5xx."""

import socket
from urllib.parse import urlsplit

import pytest
import requests

from sandbox import Sandbox

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REQUEST = "RequestInformationActivity"
MANY = "9" * 5000
DEAL = ["crm", "CCrmDocumentDeal", "DEAL_1"]


@pytest.fixture(scope="module")
def server():
    with Sandbox(redirect_uri="http://127.0.0.1:9/back") as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def post(sandbox, method, **params):
    return requests.post(sandbox.webhook_url + method, json=params, timeout=5)


def asked(sandbox, kind, value):
    """Ask the administrator for one value and answer with this one."""
    field = {"Name": "x", "Title": "x", "Type": kind, "Required": "N"}
    task = sandbox.ask(1, REQUEST, RequestedInformation=[field])
    return post(sandbox, "bizproc.task.complete", TASK_ID=task, STATUS=3, FIELDS={"x": value})


@pytest.mark.parametrize(
    ("method", "params", "status"),
    [
        ("user.get", {"start": MANY}, 200),
        ("user.get", {"ID": MANY}, 200),
        ("bizproc.workflow.instances", {"filter": {"STARTED_BY": MANY}}, 200),
        ("bizproc.task.complete", {"TASK_ID": MANY, "STATUS": 1}, 400),
        ("bizproc.task.delegate", {"TASK_IDS": [MANY], "FROM_USER_ID": 2, "TO_USER_ID": 1}, 400),
        ("bizproc.workflow.start", {"TEMPLATE_ID": MANY}, 400),
        (
            "bizproc.workflow.start",
            {"TEMPLATE_ID": 1, "DOCUMENT_ID": [*DEAL[:2], f"DEAL_{MANY}"]},
            400,
        ),
        (
            "bizproc.workflow.start",
            {"TEMPLATE_ID": 1, "DOCUMENT_ID": ["BizprocDocument", "²"]},
            400,
        ),
        ("batch", {"cmd": {"a": "user.get", "b": f"user.get?ID=$result[a][{MANY}]"}}, 200),
        ("batch", {"cmd": {"a": "user.get", "b": "user.get?ID=$result[a][²]"}}, 200),
    ],
)
def test_a_number_that_is_no_number_of_a_computer_is_an_unknown_one(
    sandbox, method, params, status
):
    answer = post(sandbox, method, **params)
    assert answer.status_code == status, answer.text


def test_a_form_may_number_its_items_as_high_as_it_likes(sandbox):
    answer = requests.post(
        sandbox.webhook_url + "user.get", data=f"a[{MANY}]=1&a[]=2", headers=FORM, timeout=5
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["int", "user", "double"])
@pytest.mark.parametrize("value", [MANY, f"user_{MANY}", "1_0", "²", "١"])
def test_a_number_nobody_can_read_counts_as_not_given(sandbox, kind, value):
    assert asked(sandbox, kind, value).status_code == 200
    [workflow] = sandbox.workflows()
    assert workflow["variables"] == {}


@pytest.mark.parametrize(
    "moment",
    [
        f"@{MANY}",
        f"+{MANY} days",
        "+99999999 years",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_a_date_beyond_the_calendar_is_answered(sandbox, moment):
    assert asked(sandbox, "datetime", moment).status_code == 200
    for method in ("bizproc.workflow.instances", "bizproc.task.list", "user.get"):
        answer = post(sandbox, method, filter={">MODIFIED": moment, ">LAST_LOGIN": moment})
        assert answer.status_code == 200, answer.text


def test_everything_is_later_than_the_first_moment_of_unix(sandbox):
    sandbox.start_workflow()
    late = {">STARTED": "1970-01-01T00:00:00Z"}
    assert post(sandbox, "bizproc.workflow.instances", filter=late).json()["total"] == 1


@pytest.mark.parametrize(
    "given",
    [
        {"Time": "1e300"},
        {"Time": "nan"},
        {"Time": "inf"},
        {"Time": 10**18},
        {"Day": 10**18},
        {"Day": -(10**18)},
        {"Day": "9999-12-31T23:59:59-12:00"},
    ],
)
def test_a_workflow_started_with_an_absurd_deadline_spoils_no_list(sandbox, given):
    properties = {
        "Users": ["user_1"],
        "TimeoutDuration": "{=Template:Time}",
        "OverdueDate": "{=Template:Day}",
    }
    question = {"Type": "ReviewActivity", "Name": "A1_2_3_4", "Properties": properties}
    root = {"Type": "SequentialWorkflowActivity", "Properties": {}, "Children": [question]}
    template = sandbox.add_template("Deadline", structure=root)
    started = post(
        sandbox,
        "bizproc.workflow.start",
        TEMPLATE_ID=template,
        DOCUMENT_ID=DEAL,
        PARAMETERS=given,
    )
    assert started.status_code == 200
    listed = post(sandbox, "bizproc.task.list", select=["OVERDUE_DATE"])
    assert listed.status_code == 200, listed.text


def test_the_clock_stays_where_the_portal_can_still_answer(sandbox):
    with pytest.raises(ValueError, match="between the years"):
        sandbox.advance(days=1e12)
    assert post(sandbox, "profile").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        '{"filter": ' + '{"a":' * 900 + "1" + "}" * 901,
        "[" * 100_000,
        '{"filter": {"TEMPLATE_ID": 999}, "select": ["\\ud800"]}',
        '\ufeff{"filter": {"TEMPLATE_ID": 999}}',
    ],
    ids=["deep", "endless", "half a character", "byte order mark"],
)
def test_json_that_php_cannot_read_is_dropped_in_silence(sandbox, body):
    sandbox.start_workflow()
    address = sandbox.webhook_url + "bizproc.workflow.instances"
    answer = requests.post(address, data=body.encode(), headers=JSON, timeout=5)
    assert (answer.status_code, answer.json()["total"]) == (200, 1)


def test_a_whole_character_in_two_halves_is_read(sandbox):
    task = sandbox.ask(1)
    body = f'{{"TASK_ID": {task}, "STATUS": 1, "COMMENT": "\\ud83d\\ude00"}}'
    address = sandbox.webhook_url + "bizproc.task.complete"
    assert requests.post(address, data=body, headers=JSON, timeout=5).status_code == 200
    assert sandbox.ledger()[-1]["applied"]["comment"] == "😀"


@pytest.mark.parametrize("depth", [64, 2000])
def test_a_form_nested_deeper_than_php_reads_loses_that_name(sandbox, depth):
    sandbox.start_workflow()
    body = "x" + "[y]" * depth + "=1&filter[TEMPLATE_ID]=999"
    instances = sandbox.webhook_url + "bizproc.workflow.instances"
    for answer in (
        requests.post(instances, data=body, headers=FORM, timeout=5),
        requests.get(f"{instances}?{body}", timeout=5),
        post(sandbox, "batch", cmd={"a": f"bizproc.workflow.instances?{body}"}),
    ):
        assert answer.status_code == 200
        result = answer.json()["result"]
        assert (result["result"]["a"] if isinstance(result, dict) else result) == []


def test_the_sign_in_page_survives_half_a_character(sandbox):
    oauth = sandbox.oauth
    answer = requests.post(
        oauth["authorize_url"],
        params={"client_id": oauth["client_id"]},
        data='{"USER_LOGIN": "\\ud800", "state": "\\ud800"}',
        headers=JSON,
        timeout=5,
    )
    assert (answer.status_code, "USER_LOGIN" in answer.text) == (200, True)


@pytest.mark.parametrize(
    ("chunk", "status"),
    [(b"zz\r\n", 400), (b"-5\r\nabc", 400), (b"\r\n", 400), (b"fffffffff\r\n", 413)],
)
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "HEAD"])
def test_a_body_in_bad_pieces_is_refused_once(sandbox, chunk, status, method):
    place = urlsplit(sandbox.webhook_url)
    head = f"{method} {place.path}profile HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=5) as wire:
        wire.sendall(head.encode() + chunk)
        answer = b"".join(iter(lambda: wire.recv(4096), b""))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("change_user", {"user_id": 1, "nothing": 1}),
        ("change_department", {"department_id": 1, "nothing": 1}),
        ("add_template", {"structure": 5}),
        ("ask", {"users": [1], "kind": "Nothing"}),
        ("ask", {"users": [1, 77]}),
        ("advance", {"days": 1e300}),
        ("tokens_for", {"user_id": 77}),
        ("change_user", {"user_id": 1, "departments": 5}),
        ("change_user", {"user_id": 1, "departments": ["5"]}),
        ("change_user", {"user_id": 1, "name": "Nora", "admin": "yes"}),
        ("change_user", {"user_id": 1, "last_login": 1e300}),
        ("change_user", {"user_id": 1, "id": 5}),
        ("change_user", {"user_id": 77, "name": "Nora"}),
        ("add_user", {"name": "Nora", "departments": 5}),
        ("add_user", {"name": None}),
        ("add_department", {"name": "Sales", "head": "Anna"}),
        ("change_department", {"department_id": 1, "parent": [1]}),
        ("add_webhook", {"user_id": 77}),
        ("add_webhook", {"user_id": 1, "scopes": "user"}),
        ("add_template", {"name": "Odd", "document_type": "crm"}),
        ("add_template", {"name": "Odd", "parameters": [1]}),
        ("add_application", {"scopes": "user"}),
        ("change_application", {"redirect_uri": 5}),
        ("change_application", {"client_secret": "new", "users": 5}),
        ("set_limits", {"limits": "on"}),
        ("set_filter_rules", {"rules": "newest"}),
        ("set_language", {"language": "de"}),
        ("set_token_lifetime", {"seconds": -1}),
        ("set_token_lifetime", {"seconds": 1e300}),
        ("fail_next", {"kind": 5}),
        ("fail_next", {"kind": "timeout_after_apply", "method": ["batch"]}),
        ("fail_next", {"kind": "timeout_after_apply", "hold": "long"}),
        ("start_workflow", {"template_id": 77}),
        ("start_workflow", {"parameters": 5}),
        ("start_workflow", {"parameters": {}, "started_by": "Anna"}),
        ("start_workflow", {"locked_minutes": "long"}),
        ("start_workflow", {"started": "long ago"}),
        ("ask", {"users": [1], "started_by": "Anna"}),
        ("ask", {"users": []}),
        ("lock_workflow", {"workflow_id": "none"}),
        ("load", {"scenario": "nothing"}),
        ("load", {"scenario": "demo", "workflows": "many"}),
    ],
)
def test_the_control_plane_says_what_is_wrong_and_changes_nothing(sandbox, operation, arguments):
    before = everything(sandbox)
    answer = requests.post(sandbox.control_url + operation, json=arguments, timeout=5)
    told = answer.json()
    assert (answer.status_code, told["ok"]) == (400, False)
    assert len(told["error"].split()) > 3
    assert everything(sandbox) == before


def everything(sandbox):
    portal = sandbox.portal
    tables = {name: repr(table.rows) for name, table in portal.tables().items()}
    kept = (portal.limits.on, portal.newer_filters, portal.language, portal.token_lifetime)
    return tables, repr(portal.webhooks), portal.scenario, kept


def test_the_control_plane_reads_no_endless_arguments(sandbox):
    answer = requests.post(sandbox.control_url + "advance", data="[" * 100_000, timeout=5)
    assert answer.status_code == 400


@pytest.mark.parametrize("absurd", [{"started": 1e20}, {"locked_minutes": 1e20}])
def test_a_workflow_of_another_age_spoils_no_list(sandbox, absurd):
    sandbox.start_workflow(**absurd)
    for method, select in (
        ("bizproc.workflow.instances", ["STARTED", "OWNED_UNTIL"]),
        ("bizproc.task.list", ["WORKFLOW_STARTED"]),
    ):
        assert post(sandbox, method, select=select).status_code == 200


def test_departments_in_a_circle_end_no_conversation(sandbox):
    sandbox.change_department(1, parent=1)
    person = sandbox.add_user("Olga", departments=[1])
    address = sandbox.employee_webhook_url + "bizproc.task.list"
    answer = requests.post(address, json={"filter": {"USER_ID": person}}, timeout=5)
    assert answer.status_code == 403
