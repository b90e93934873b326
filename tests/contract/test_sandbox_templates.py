"""Workflow templates over REST: adding from a file, changing, deleting, and who may."""

import base64
import zlib

import pytest
import requests

from sandbox import Sandbox, bpt

LIST = ["lists", "BizprocDocument", "iblock_164"]
ELEMENT = ["lists", "BizprocDocument", "777"]
INVALID = "ERROR_TEMPLATE_VALIDATION_FAILURE"
NOT_FOUND = (400, "ERROR_TEMPLATE_NOT_FOUND", "Workflow template not found.")


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def activity(kind, *children, **properties):
    title = {"Title": "Шаг", **properties}
    return {"Type": kind, "Name": "A1_2_3_4", "Properties": title, "Children": list(children)}


def file(*children, root="SequentialWorkflowActivity", **more):
    tree = {**activity(root, *children), "Name": "Template"}
    return bpt.write({"VERSION": 2, "TEMPLATE": [tree], **more})


APPROVAL = activity("ApproveActivity", Users=["user_1"], Name="Согласовать", ApproveType="all")
MESSAGE = activity("SocNetMessageActivity", MessageText="{=System:Now}", MessageUserTo=["author"])
FIELDS = {
    "NAME": {"Name": "Название", "Type": "string", "settings": {"SHOW_ADD_FORM": "Y"}},
    "CODE": {"Name": "Код", "Type": "string"},
    "PROPERTY_SUM": {"Name": "Сумма", "Type": "double"},
    "PROPERTY_SUM_PRINTABLE": {"Name": "x", "Type": "string"},
    "CREATED_BY.NAME": {"Name": "x", "Type": "string"},
}


def base64_of(data):
    return base64.b64encode(data).decode()


def post(sandbox, method, *, user=1, client_id=None, **params):
    """Call with a person's token of an application."""
    token = sandbox.tokens_for(user, client_id)["access_token"]
    address = f"{sandbox.portal_url}/rest/bizproc.workflow.{method}"
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(address, json=params, headers=headers, timeout=5)


def add(sandbox, data=None, *, user=1, client_id=None, **more):
    given = {"DOCUMENT_TYPE": LIST, "NAME": "App template", **more}
    given.setdefault("TEMPLATE_DATA", base64_of(file(MESSAGE) if data is None else data))
    given = {name: value for name, value in given.items() if value is not None}
    return post(sandbox, "template.add", user=user, client_id=client_id, **given)


def change(sandbox, number, **fields):
    return post(sandbox, "template.update", ID=number, FIELDS=fields)


def refusal(answer):
    body = answer.json()
    assert "result" not in body
    return answer.status_code, body["error"], body["error_description"]


def row_of(sandbox, number):
    select = ["ID", "NAME", "DESCRIPTION", "AUTO_EXECUTE", "TEMPLATE", "PARAMETERS", "MODIFIED"]
    select += ["IS_MODIFIED", "USER_ID", "SYSTEM_CODE", "MODULE_ID", "ENTITY", "DOCUMENT_TYPE"]
    asked = {"SELECT": select, "FILTER": {"ID": number}}
    address = sandbox.webhook_url + "bizproc.workflow.template.list"
    (row,) = requests.post(address, json=asked, timeout=5).json()["result"]
    return row


def test_a_file_becomes_a_template_of_the_application_that_runs(sandbox):
    told = {"PARAMETERS": {"Сумма": {"Name": "Сумма", "Type": "double", "Default": 1.0}}}
    answer = add(
        sandbox,
        file(MESSAGE, **told),
        TEMPLATE_DATA=["bp-379.bpt", base64_of(file(MESSAGE, **told))],
        DESCRIPTION="По заявке",
        AUTO_EXECUTE="3",
    )
    number = answer.json()["result"]
    assert type(number) is int
    row = row_of(sandbox, number)
    assert row["TEMPLATE"][0]["Children"][0]["Properties"]["MessageText"] == "{=System:Now}"
    assert row["PARAMETERS"]["Сумма"]["Default"] == 1.0
    assert (row["AUTO_EXECUTE"], row["DESCRIPTION"], row["USER_ID"]) == ("3", "По заявке", "1")
    assert (row["SYSTEM_CODE"], row["IS_MODIFIED"]) == ("rest_app_1", "N")
    assert row["DOCUMENT_TYPE"] == LIST
    (line,) = sandbox.ledger()
    assert (line["method"], line["target"], line["result"]) == (
        "bizproc.workflow.template.add",
        number,
        number,
    )
    assert line["applied"]["template_id"] == number
    started = requests.post(
        sandbox.webhook_url + "bizproc.workflow.start",
        json={"TEMPLATE_ID": number, "DOCUMENT_ID": ELEMENT},
        timeout=5,
    )
    assert sandbox.workflow(started.json()["result"])["status"] == 2


def test_the_vendors_context_comes_before_rights_and_rights_before_fields(sandbox):
    address = f"{sandbox.webhook_url}bizproc.workflow.template."
    for method in ("add", "update", "delete"):
        answer = requests.post(address + method, timeout=5)
        told = (403, "ACCESS_DENIED", "Access denied! Application context required")
        assert refusal(answer) == told
        by_employee = post(sandbox, f"template.{method}", user=2)
        assert refusal(by_employee) == (403, "ACCESS_DENIED", "Access denied!")
    assert sandbox.ledger() == []


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"DOCUMENT_TYPE": None, "NAME": ""}, "Incorrect field DOCUMENT_TYPE!"),
        ({"DOCUMENT_TYPE": ["lists", "BizprocDocument"]}, "Incorrect field DOCUMENT_TYPE!"),
        ({"DOCUMENT_TYPE": ["crm", "CCrmDocumentLead", "DEAL"]}, "Incorrect field DOCUMENT_TYPE!"),
        ({"NAME": " ", "AUTO_EXECUTE": "4"}, "Empty template name!"),
        ({"NAME": "0"}, "Empty template name!"),
        ({"AUTO_EXECUTE": "4", "TEMPLATE_DATA": ""}, "Incorrect field AUTO_EXECUTE!"),
        ({"AUTO_EXECUTE": "01"}, "Incorrect field AUTO_EXECUTE!"),
        ({"AUTO_EXECUTE": True}, "Incorrect field AUTO_EXECUTE!"),
        ({"TEMPLATE_DATA": None}, "Incorrect field TEMPLATE_DATA!"),
        ({"TEMPLATE_DATA": "!?"}, "Incorrect field TEMPLATE_DATA!"),
        ({"TEMPLATE_DATA": ["only-a-name.bpt"]}, "Incorrect field TEMPLATE_DATA!"),
    ],
)
def test_fields_are_checked_in_the_documented_order(sandbox, wrong, text):
    assert refusal(add(sandbox, **wrong)) == (400, INVALID, text)
    assert sandbox.ledger() == []


def test_numbers_for_auto_execution_are_refused_by_a_strict_portal_alone(sandbox):
    assert row_of(sandbox, add(sandbox, AUTO_EXECUTE=3).json()["result"])["AUTO_EXECUTE"] == "3"
    sandbox.set_auto_execute_rule("strict")
    assert refusal(add(sandbox, AUTO_EXECUTE=3)) == (400, INVALID, "Incorrect field AUTO_EXECUTE!")
    number = add(sandbox, AUTO_EXECUTE="3").json()["result"]
    refused = change(sandbox, number, AUTO_EXECUTE=0)
    assert refusal(refused) == (400, INVALID, "Incorrect field AUTO_EXECUTE!")
    assert change(sandbox, number, AUTO_EXECUTE="0").json()["result"] == number


def test_base64_is_read_leniently_and_a_file_may_be_uncompressed(sandbox):
    text = base64_of(file(MESSAGE))
    broken_up = "\r\n".join((text[:7] + "=", "@" + text[7:].rstrip("=")))
    plain = zlib.decompress(file(MESSAGE))
    for data in (broken_up, base64_of(plain)):
        number = add(sandbox, TEMPLATE_DATA=data).json()["result"]
        assert row_of(sandbox, number)["TEMPLATE"][0]["Properties"]["Title"] == "Шаг"


def test_texts_count_in_bytes_and_old_files_hold_windows_1251(sandbox):
    old = zlib.decompress(file(MESSAGE)).replace('s:6:"Шаг"'.encode(), 's:3:"Шаг"'.encode("cp1251"))
    number = add(sandbox, old).json()["result"]
    assert row_of(sandbox, number)["TEMPLATE"][0]["Properties"]["Title"] == "Шаг"
    by_characters = zlib.decompress(file(MESSAGE)).replace(b"s:6:", b"s:3:")
    assert refusal(add(sandbox, by_characters)) == (400, "", "Incorrect workflow template")


@pytest.mark.parametrize(
    "data",
    [
        b"no template",
        b'a:1:{s:8:"TEMPLATE";O:8:"stdClass":0:{}}',
        bpt.write({"VERSION": 2}),
        bpt.write({"TEMPLATE": []}),
        bpt.write({"TEMPLATE": [{"Name": "without a type"}]}),
        zlib.compress(bpt.serialize({"TEMPLATE": [activity("X")]}))[:-9],
    ],
)
def test_what_is_no_template_is_refused_and_differently_when_updating(sandbox, data):
    assert refusal(add(sandbox, data)) == (400, "", "Incorrect workflow template")
    number = add(sandbox).json()["result"]
    answer = change(sandbox, number, TEMPLATE_DATA=base64_of(data))
    assert refusal(answer)[:2] == (400, "ERROR_ARGUMENT")
    assert "argument" in answer.json()
    assert len(sandbox.ledger()) == 1


def test_activities_without_what_they_need_are_refused_and_differently_when_updating(sandbox):
    nobody = file(activity("ApproveActivity", Users=[], Name="A"), activity("ReviewActivity"))
    answer = add(sandbox, nobody)
    assert refusal(answer)[:2] == (400, "")
    assert answer.json()["error_description"].count("'Users'") == 2
    number = add(sandbox).json()["result"]
    changed = change(sandbox, number, TEMPLATE_DATA=base64_of(nobody))
    assert refusal(changed)[:2] == (400, "ERROR_CORE")


def test_importing_creates_missing_fields_and_rewrites_those_of_lists_with_settings(sandbox):
    add(sandbox, file(MESSAGE, DOCUMENT_FIELDS=FIELDS))
    applied = sandbox.ledger()[0]["applied"]
    assert (applied["fields_created"], applied["fields_rewritten"]) == (["PROPERTY_SUM"], ["NAME"])
    fields = sandbox.document_fields(LIST)
    assert fields["NAME"] == FIELDS["NAME"]
    assert fields["CODE"] != FIELDS["CODE"]
    assert not {"PROPERTY_SUM_PRINTABLE", "CREATED_BY.NAME"} & set(fields)
    lead = ["crm", "CCrmDocumentLead", "LEAD"]
    told = {"TITLE": FIELDS["NAME"], "UF_CRM_1": FIELDS["CODE"]}
    add(sandbox, file(MESSAGE, DOCUMENT_FIELDS=told), DOCUMENT_TYPE=lead)
    applied = sandbox.ledger()[1]["applied"]
    assert (applied["fields_created"], applied["fields_rewritten"]) == (["UF_CRM_1"], [])


def test_an_update_changes_what_it_names_and_running_workflows_keep_their_copy(sandbox):
    approved = activity("SetStateTitleActivity", TargetStateTitle="Approved")
    first = {**APPROVAL, "Children": [activity("SequenceActivity", approved)]}
    number = add(sandbox, file(first), DESCRIPTION="stays").json()["result"]
    running = sandbox.start_workflow(number, ELEMENT)
    sandbox.advance(60)
    answer = change(sandbox, number, NAME="Другое", ID=99, name="ignored", AUTO_EXECUTE="1")
    assert answer.json()["result"] == number
    row = row_of(sandbox, number)
    assert (row["NAME"], row["DESCRIPTION"], row["AUTO_EXECUTE"]) == ("Другое", "stays", "1")
    assert row["IS_MODIFIED"] == "N"
    before = row["MODIFIED"]
    sandbox.advance(60)
    change(sandbox, number, TEMPLATE_DATA=base64_of(file(MESSAGE)))
    row = row_of(sandbox, number)
    assert row["TEMPLATE"][0]["Children"][0]["Type"] == "SocNetMessageActivity"
    assert row["IS_MODIFIED"] == "Y"
    assert row["MODIFIED"] > before
    (task,) = sandbox.tasks(running)
    sandbox.complete_task(task["id"], 1, "yes")
    ended = sandbox.workflow(running)
    assert (ended["status"], ended["state_title"]) == (2, "Approved")


def test_only_the_application_that_added_a_template_changes_or_deletes_it(sandbox):
    other = sandbox.add_application()["client_id"]
    number = add(sandbox).json()["result"]
    assert refusal(post(sandbox, "template.update", ID=number)) == (
        400, INVALID, "No fields to update.",
    )  # fmt: skip
    assert refusal(post(sandbox, "template.update", ID=99, FIELDS={"NAME": ""})) == NOT_FOUND
    assert refusal(post(sandbox, "template.delete", ID=99)) == NOT_FOUND
    given = {"ID": str(number), "FIELDS": {"NAME": ""}}
    foreign = post(sandbox, "template.update", client_id=other, **given)
    text = "You can {} ONLY templates created by current application"
    assert refusal(foreign) == (400, "ERROR_TEMPLATE_NOT_OWNER", text.format("update"))
    foreign = post(sandbox, "template.delete", client_id=other, ID=number)
    assert refusal(foreign) == (400, "", text.format("delete"))
    assert refusal(post(sandbox, "template.delete", ID=1))[1] == ""
    own = post(sandbox, "template.update", **given)
    assert refusal(own) == (400, INVALID, "Empty template name!")


def test_deleting_answers_null_and_is_refused_while_workflows_run(sandbox):
    number = add(sandbox, file(APPROVAL)).json()["result"]
    running = sandbox.start_workflow(number, ELEMENT)
    text = (
        "Cannot delete the business process template because one or more active business "
        "process(es) exist using this template."
    )
    assert refusal(post(sandbox, "template.delete", ID=number)) == (400, "", text)
    sandbox.end_workflow(running)
    body = post(sandbox, "template.delete", ID=str(number)).json()
    assert body["result"] is None
    assert "time" in body
    assert refusal(post(sandbox, "template.delete", ID=number)) == NOT_FOUND
    assert [line["method"] for line in sandbox.ledger()][-1] == "bizproc.workflow.template.delete"


def test_a_batch_keeps_the_null_of_a_deletion(sandbox):
    number = add(sandbox).json()["result"]
    token = sandbox.tokens_for(1)["access_token"]
    body = requests.post(
        f"{sandbox.portal_url}/rest/batch",
        json={"auth": token, "cmd": {"a": f"bizproc.workflow.template.delete?ID={number}"}},
        timeout=5,
    ).json()["result"]
    assert body["result"] == {"a": None}
    assert body["result_error"] == []


def control(sandbox, operation, **given):
    return requests.post(sandbox.control_url + operation, json=given, timeout=5).json()


def test_templates_start_by_themselves_when_a_document_is_created_or_changed(sandbox):
    made = {
        moment: add(sandbox, file(APPROVAL), AUTO_EXECUTE=moment).json()["result"]
        for moment in ("0", "1", "2", "3")
    }
    sandbox.add_template("Robot", document_type=LIST, auto_execute=8 | 3)
    add(
        sandbox, file(APPROVAL), AUTO_EXECUTE="1", DOCUMENT_TYPE=["crm", "CCrmDocumentLead", "LEAD"]
    )
    created = control(sandbox, "create-document", document_type=LIST, name="Счёт", user_id=2)
    started = [sandbox.workflow(key) for key in created["workflows"]]
    assert [w["template_id"] for w in started] == [made["1"], made["3"]]
    assert {w["started_by"] for w in started} == {2}
    assert {tuple(w["document"]) for w in started} == {tuple(created["document_id"])}
    changed = control(
        sandbox, "change-document", document_id=created["document_id"], name="Счёт № 2"
    )
    started = [sandbox.workflow(key) for key in changed["workflows"]]
    assert [w["template_id"] for w in started] == [made["2"], made["3"]]
    assert len(sandbox.ledger()) == 5
    assert sandbox.complaints() == []


def test_what_cannot_start_by_itself_is_noted_and_keeps_nothing_from_being_created(sandbox):
    nobody = activity("ApproveActivity", Users=["user_99"], Name="A")
    add(sandbox, file(nobody), AUTO_EXECUTE="1")
    created = control(sandbox, "create-document", document_type=LIST)
    assert created["workflows"] == []
    assert [note["kind"] for note in sandbox.complaints()] == ["not started by itself"]
    wrong = control(sandbox, "change-document", document_id=["lists", "BizprocDocument", "9"])
    assert wrong["ok"] is False
