"""What no sensible client sends: the portal answers it all the same, and never with a 5xx."""

import pytest
import requests

from bizproc_admin.sandbox import Sandbox

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
