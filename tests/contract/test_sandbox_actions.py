"""Actions and automation rules over REST: registering, changing, deleting, listing, and who may."""

import hashlib

import pytest
import requests

from sandbox import Sandbox

INVALID = "ERROR_ACTIVITY_VALIDATION_FAILURE"
NOT_FOUND = (400, "ERROR_ACTIVITY_NOT_FOUND", "Activity or Robot not found!")
HANDLER = "http://127.0.0.1:8000/calls"
DEAL = ["crm", "CCrmDocumentDeal", "DEAL"]
WRONG_URL = ("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
KINDS = ("activity", "robot")


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def post(sandbox, method, *, user=1, client_id=None, **params):
    """Call with a person's token of an application."""
    token = sandbox.tokens_for(user, client_id)["access_token"]
    address = f"{sandbox.portal_url}/rest/bizproc.{method}"
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(address, json=params, headers=headers, timeout=5)


def add(sandbox, kind="activity", *, client_id=None, **given):
    fields = {"CODE": "md5", "HANDLER": HANDLER, "NAME": {"de": "Prüfsumme", "en": "MD5"}, **given}
    fields = {name: value for name, value in fields.items() if value is not None}
    return post(sandbox, f"{kind}.add", client_id=client_id, **fields)


def result(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def refusal(answer):
    body = answer.json()
    assert "result" not in body
    return answer.status_code, body["error"], body["error_description"]


def kept(sandbox):
    return {action.code: action for action in sandbox.portal.actions}


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_is_registered_listed_changed_and_deleted(sandbox, kind):
    prop = {"Name": {"de": "Text"}, "TYPE": "select", "Options": {"b": "B", "a": "A"}}
    added = add(
        sandbox, kind, properties={"inputString": prop}, USE_SUBSCRIPTION="Y", DOCUMENT_TYPE=DEAL,
        return_properties={"outPut": {"name": "Out"}}, FILTER={"include": [["lists"], "b24"]},
    )  # fmt: skip
    assert result(added) is True
    result(add(sandbox, kind, CODE="A-1.b_2", USE_SUBSCRIPTION="maybe"))
    other = KINDS[1 - KINDS.index(kind)]
    listed = post(sandbox, f"{kind}.list").json()
    assert listed["result"] == ["md5", "A-1.b_2"]
    assert "total" not in listed
    assert result(post(sandbox, f"{other}.list")) == []
    action = kept(sandbox)["md5"]
    digest = hashlib.md5(
        f"{sandbox.oauth['client_id']}@md5".encode(), usedforsecurity=False
    ).hexdigest()
    assert action.type == f"rest_{digest}"
    assert action.properties["inputString"] == {
        "NAME": {"DE": "Text"},
        "TYPE": "select",
        "OPTIONS": {"b": "B", "a": "A"},
    }
    assert action.filter == {"INCLUDE": [["lists"], "b24"]}
    assert kept(sandbox)["A-1.b_2"].use_subscription == ""
    changes = {"name": "", "USE_SUBSCRIPTION": "N", "DOCUMENT_TYPE": "", "FILTER": []}
    assert result(post(sandbox, f"{kind}.update", CODE="md5", FIELDS=changes)) is True
    action = kept(sandbox)["md5"]
    assert action.name == {"DE": "Prüfsumme", "EN": "MD5"}
    assert (action.use_subscription, action.document_type, action.filter) == ("N", [], {})
    assert list(action.return_properties) == ["outPut"]
    assert refusal(post(sandbox, f"{other}.delete", CODE="md5")) == NOT_FOUND
    assert result(post(sandbox, f"{kind}.delete", CODE="md5")) is True
    assert result(post(sandbox, f"{kind}.list")) == ["A-1.b_2"]
    assert refusal(post(sandbox, f"{kind}.delete", CODE="md5")) == NOT_FOUND
    lines = [(line["method"].rpartition(".")[2], line["target"]) for line in sandbox.ledger()]
    assert lines == [("add", "md5"), ("add", "A-1.b_2"), ("update", "md5"), ("delete", "md5")]
    assert sandbox.ledger()[0]["applied"]["type"] == action.type


def test_the_context_comes_before_rights_and_rights_before_fields(sandbox):
    for kind in KINDS:
        for verb in ("add", "update", "delete", "list"):
            by_webhook = requests.post(f"{sandbox.webhook_url}bizproc.{kind}.{verb}", timeout=5)
            told = (403, "ACCESS_DENIED", "Access denied! Application context required")
            assert refusal(by_webhook) == told
            by_employee = post(sandbox, f"{kind}.{verb}", user=2)
            assert refusal(by_employee) == (403, "ACCESS_DENIED", "Access denied!")
    assert sandbox.ledger() == []


#: Each row has a mistake that is told and a later one that is not.
WRONG = [
    ({"CODE": "", "HANDLER": ""}, INVALID, "Empty activity code!"),
    ({"CODE": "a b", "HANDLER": ""}, INVALID, "Wrong activity code!"),
    ({"HANDLER": "ftp://localhost/x", "NAME": ""}, *WRONG_URL),
    ({"HANDLER": "http://.com/x"}, *WRONG_URL),
    ({"HANDLER": None}, *WRONG_URL),
    ({"HANDLER": "ftp://a.example/", "NAME": ""}, "ERROR_UNSUPPORTED_PROTOCOL",
     "Unsupported handler protocol"),
    ({"NAME": {}, "PROPERTIES": "x"}, INVALID, "Empty activity NAME!"),
    ({"PROPERTIES": "x", "RETURN_PROPERTIES": "x"}, INVALID, "Wrong properties array!"),
    ({"PROPERTIES": {"1a": {"Name": "N"}}}, INVALID, "Wrong property key (1a)!"),
    ({"PROPERTIES": {"a_1": {"Type": "int"}}}, INVALID, "Empty property NAME (a_1)!"),
    ({"RETURN_PROPERTIES": {"b-": {"Name": "N"}}}, INVALID, "Wrong property key (b-)!"),
    ({"DOCUMENT_TYPE": DEAL[:2], "FILTER": "x"}, INVALID, "Wrong activity DOCUMENT_TYPE!"),
    ({"FILTER": "box", "USE_PLACEMENT": "Y"}, INVALID, "Wrong activity FILTER!"),
    ({"USE_PLACEMENT": "Y"}, *WRONG_URL),
    ({"CODE": "c" * 129}, "ERROR_ACTIVITY_ADD_FAILURE", "Activity save error!"),
    ({"HANDLER": HANDLER + "x" * 1000}, "ERROR_ACTIVITY_ADD_FAILURE", "Activity save error!"),
]  # fmt: skip


def test_what_is_wrong_is_told_in_the_order_of_the_checks(sandbox):
    assert refusal(post(sandbox, "activity.add")) == (400, INVALID, "Empty data!")
    for given, code, text in WRONG:
        assert refusal(add(sandbox, **given)) == (400, code, text)
    both = {"RETURN_PROPERTIES": "x", "DOCUMENT_TYPE": "x"}
    assert refusal(add(sandbox, "activity", **both))[2] == "Wrong properties array!"
    assert refusal(add(sandbox, "robot", **both))[2] == "Wrong activity DOCUMENT_TYPE!"
    assert sandbox.ledger() == []
    assert kept(sandbox) == {}


def test_properties_of_65535_bytes_are_not_saved(sandbox):
    def properties(length):
        return {"p": {"NAME": "я" * (length // 2) + "x" * (length % 2)}}

    around = len('a:1:{s:1:"p";a:1:{s:4:"NAME";s:65000:"";}}')
    most = 65_534 - around
    result(add(sandbox, PROPERTIES=properties(most)))
    refused = add(sandbox, CODE="more", RETURN_PROPERTIES=properties(most + 1))
    assert refusal(refused) == (400, "ERROR_ACTIVITY_ADD_FAILURE", "Activity save error!")
    assert list(kept(sandbox)) == ["md5"]


def test_a_code_is_one_action_of_an_application_whatever_its_kind(sandbox):
    other = sandbox.add_application()["client_id"]
    result(add(sandbox))
    taken = (400, "ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Robot already installed!")
    assert refusal(add(sandbox)) == taken
    assert refusal(add(sandbox, "robot")) == taken
    result(add(sandbox, "robot", client_id=other))
    assert refusal(post(sandbox, "robot.update", CODE="md5", FIELDS={"NAME": "N"})) == NOT_FOUND
    assert len({action.type for action in sandbox.portal.actions}) == 2
    sandbox.remove_application(other)
    assert result(post(sandbox, "activity.list")) == ["md5"]
    assert len(sandbox.portal.actions) == 1
    sandbox.change_application(name=sandbox.applications()[0]["name"])
    assert result(post(sandbox, "activity.list")) == ["md5"]
    sandbox.change_application(redirect_uri="https://new.example/oauth/")
    assert result(post(sandbox, "activity.list")) == []


def test_an_update_says_at_least_one_field_that_counts(sandbox):
    def update(code="md5", **fields):
        return refusal(post(sandbox, "activity.update", CODE=code, FIELDS=fields))

    result(add(sandbox))
    nothing = (400, INVALID, "No fields to update")
    assert update() == nothing
    assert update(NAME="") == nothing
    assert update(PLACEMENT_HANDLER=HANDLER) == nothing
    assert update("other", NAME="N") == NOT_FOUND
    assert update("", NAME="N") == (400, INVALID, "Empty activity code!")
    assert update(HANDLER="http://localhost/x", PROPERTIES="x") == (400, *WRONG_URL)
    assert update(NAME="N", RETURN_PROPERTIES={"a": {}})[2] == "Empty property NAME (a)!"
    assert len(sandbox.ledger()) == 1
    assert kept(sandbox)["md5"].name == {"DE": "Prüfsumme", "EN": "MD5"}


def test_a_placement_handler_serves_one_code(sandbox):
    placed = {"USE_PLACEMENT": "Y", "PLACEMENT_HANDLER": HANDLER}
    result(add(sandbox, **placed))
    taken = refusal(add(sandbox, CODE="other", **placed))
    assert taken[:2] == (400, "ERROR_CORE")
    assert taken[2].startswith("Unable to set placement handler: ")
    result(post(sandbox, "activity.update", CODE="md5", FIELDS={"USE_PLACEMENT": "N"}))
    result(add(sandbox, CODE="other", **placed))


def test_registered_actions_outlive_a_restart_in_their_order(tmp_path):
    path = tmp_path / "portal.state"
    with Sandbox(state=path) as first:
        for code in ("z", "a", "m"):
            result(add(first, CODE=code, DOCUMENT_TYPE=DEAL))
        before = kept(first)
    with Sandbox(state=path) as second:
        assert result(post(second, "activity.list")) == ["z", "a", "m"]
        assert kept(second) == before
