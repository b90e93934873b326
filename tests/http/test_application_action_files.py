"""Files of definitions of application actions: given, looked through, mended, brought along."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bizproc_admin.models import ApplicationAction, Command, CommandState, LinkedPerson, Person
from tests.http.application_actions import HANDLER, registering, text

pytestmark = pytest.mark.portable

URL = "application_action_import"
# as the reference shows one: its own case of names, an access token beside it
SAMPLE = {
    "CODE": "md5",
    "HANDLER": HANDLER,
    "AUTH_USER_ID": 1,
    "USE_SUBSCRIPTION": "Y",
    "NAME": {"de": "MD5-Generator", "en": "MD5 generator"},
    "DESCRIPTION": {"de": "Erzeugt einen Hash", "en": "Makes a hash"},
    "PROPERTIES": {
        "inputString": {
            "Name": {"de": "Text", "en": "Text"}, "Type": "string", "Required": "Y",
            "Multiple": "N", "Default": "{=Document:NAME}",
        },
    },
    "RETURN_PROPERTIES": {
        "outputString": {"Name": {"en": "MD5"}, "Type": "string", "Multiple": "N", "Default": None},
    },
    "DOCUMENT_TYPE": ["lists", "BizprocDocument", "iblock_1"],
    "FILTER": {"INCLUDE": [["lists"]]},
    "auth": "an access token",
}  # fmt: skip


@pytest.fixture
def client(as_, administrator, door, sync, gives_token):
    """The administrator has signed in through the portal once."""
    sync()
    person = Person.objects.get(portal=door, remote_id=1)
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    return as_(administrator)


def looked_through(client, content, **data):
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    file = SimpleUploadedFile("actions.json", content, content_type="application/json")
    values = {"key": "00000000-0000-4000-8000-000000000001", "kind": "activity", **data}
    return client.post(reverse(URL), {"file": file, **values})


def sent(client, committing, answer, **data):
    form = answer.context["form"]
    values = {
        "key": "00000000-0000-4000-8000-000000000001", "kind": "activity", "send": "1",
        "content": form["content"].value(), "reason": "Ordered by legal", **data,
    }  # fmt: skip
    with committing():
        return client.post(reverse(URL), values)


def problems(answer):
    return [problem for plan in answer.context["plans"] for problem in plan.entry.said]


def test_a_sample_of_the_reference_is_looked_through_and_registered(client, committing, sandbox):
    answer = looked_through(client, SAMPLE)
    assert answer.status_code == 200
    assert problems(answer) == []
    assert sandbox.ledger() == []
    assert sent(client, committing, answer).url == reverse("application_action_list")
    (entry,) = sandbox.ledger()
    assert (entry["method"], entry["applied"]["code"]) == ("bizproc.activity.add", "md5")
    row = ApplicationAction.objects.get()
    assert (row.kind, row.code, row.is_there) == ("activity", "md5", True)
    assert list(row.definition["PROPERTIES"]["inputString"]) == [
        "NAME", "TYPE", "REQUIRED", "MULTIPLE", "DEFAULT",
    ]  # fmt: skip
    assert "an access token" not in json.dumps(Command.objects.get().inputs)


def test_what_is_exported_is_read_again(client, committing, sandbox):
    registering(client, committing)
    row = ApplicationAction.objects.get()
    file = client.get(reverse("application_action_export", args=[row.pk]))
    assert file["Content-Disposition"].endswith("check.json")
    answer = looked_through(client, file.content)
    (plan,) = answer.context["plans"]
    assert problems(answer) == []
    assert (plan.entry.definition, plan.entry.timeout) == (row.definition, row.timeout)
    assert (plan.entry.kind, plan.action) == ("robot", row)
    sent(client, committing, answer)
    assert Command.objects.latest("pk").action == "application_action.update"
    assert [entry["method"] for entry in sandbox.ledger()] == [
        "bizproc.robot.add", "bizproc.robot.update",
    ]  # fmt: skip


def test_many_definitions_are_brought_at_once_and_only_whole(client, committing, sandbox):
    good = [{**SAMPLE, "CODE": code, "kind": kind} for code, kind in (("a", "robot"), ("b", "x"))]
    answer = looked_through(client, good)
    assert [where for where, _text in problems(answer)] == ["kind"]
    assert sent(client, committing, answer).status_code == 422
    assert sandbox.ledger() == []
    good[1]["kind"] = "activity"
    content = json.dumps(good)
    sent(client, committing, answer, content=content)
    assert sorted(entry["method"] for entry in sandbox.ledger()) == [
        "bizproc.activity.add", "bizproc.robot.add",
    ]  # fmt: skip
    sent(client, committing, answer, content=content)
    assert len(sandbox.ledger()) == 2
    assert {one.state for one in Command.objects.all()} == {CommandState.CONFIRMED}


def test_a_reason_is_asked_for_and_what_was_typed_stays(client, committing):
    reason = looked_through(client, SAMPLE).context["form"]["reason"]
    assert reason.field.required
    assert "optional" not in text(looked_through(client, SAMPLE)).partition("Reason")[2]
    answer = sent(client, committing, looked_through(client, SAMPLE), reason=" ")
    assert answer.status_code == 422
    assert "Say why" in text(answer)
    assert "MD5 generator" in text(answer)
    assert Command.objects.count() == 0


UNUSABLE = [
    (b"", "empty"),
    (b"not json", "no JSON: line 1, character 1"),
    (b"\xff\xfe{}", "not written in UTF-8"),
    (b'{"a": NaN}', "numbers that are none"),
    (b"[" * 5000 + b"]" * 5000, "nested too deep"),
    (b"[" * 14 + b"]" * 14, "nested too deep"),
    (b'{"CODE": "a", "CODE": "b"}', "stands twice in one object"),
    (b'{"CODE": "\\u0000"}', "cannot be kept"),
    (b'{"CODE": "\\ud800"}', "cannot be kept"),
    (b"[]", "holds no definition"),
    (json.dumps([SAMPLE] * 51).encode(), "At most 50"),
    (b'{"format": "other"}', "another format"),
    (b'{"format": "bizproc-admin/application-actions", "version": 2}', "another format"),
    (b'"' + b"x" * 1024 * 1024 + b'"', "larger than 1 MB"),
]


@pytest.mark.parametrize(("content", "said"), UNUSABLE)
def test_what_is_no_file_of_definitions_says_why(client, sandbox, content, said):
    answer = looked_through(client, content)
    assert answer.status_code == 422
    assert said in " ".join(" ".join(why) for why in answer.context["form"].errors.values())
    assert sandbox.ledger() == []


WRONG = [
    ("text", "", "is an object"),
    ({"CODE": None}, "CODE", "needs a code"),
    ({"CODE": 5}, "CODE", "Latin letters"),
    ({"code": "md5"}, "code", "two spellings"),
    ({"HANDLER": 5}, "HANDLER", "a text"),
    ({"HANDLER": "https://localhost/"}, "HANDLER", "contains a dot"),
    ({"NAME": []}, "NAME", "a name in one language"),
    ({"NAME": {"en": "0"}}, "NAME", "a name in one language"),
    ({"NAME": {"en": {"a": "b"}}}, "NAME", "a text"),
    ({"NAME": {"no language": "b"}}, "NAME", "by their codes"),
    ({"USE_SUBSCRIPTION": ""}, "USE_SUBSCRIPTION", "Say Y"),
    ({"USE_SUBSCRIPTION": True}, "USE_SUBSCRIPTION", "Say Y"),
    ({"PROPERTIES": "x"}, "PROPERTIES", "an object"),
    ({"PROPERTIES": ["x"]}, "PROPERTIES", "an object"),
    ({"PROPERTIES": {"1a": {"Name": "N"}}}, "PROPERTIES › 1a", "Latin letter"),
    ({"PROPERTIES": {"a": "x"}}, "PROPERTIES › a", "an object with a name"),
    ({"PROPERTIES": {"a": {"Type": "int"}}}, "PROPERTIES › a › NAME", "a name"),
    ({"PROPERTIES": {"a": {"Name": "N", "Required": "perhaps"}}}, "PROPERTIES › a › REQUIRED", "Y"),
    ({"PROPERTIES": {"a": {"Name": "N", "Type": 5}}}, "PROPERTIES › a › TYPE", "no type"),
    ({"PROPERTIES": {"a": {"Name": "N", "Options": 5}}}, "PROPERTIES › a › OPTIONS", "an object"),
    ({"PROPERTIES": {"a": {"Name": "N", "NAME": "M"}}}, "NAME", "two spellings"),
    ({"PROPERTIES": {"a": {"Name": "N", "Colour": "red"}}}, "PROPERTIES › a › COLOUR", "no such"),
    ({"RETURN_PROPERTIES": {"a": {"Name": "x" * 66_000}}}, "RETURN_PROPERTIES", "65,535"),
    ({"DOCUMENT_TYPE": ["lists", "BizprocDocument"]}, "DOCUMENT_TYPE", "three parts"),
    ({"FILTER": "b24"}, "FILTER", "INCLUDE and EXCLUDE"),
    ({"FILTER": {"ONLY": []}}, "FILTER › ONLY", "alone"),
    ({"FILTER": {"INCLUDE": ["cloud"]}}, "FILTER › INCLUDE", "b24, box"),
    ({"AUTH_USER_ID": "admin"}, "AUTH_USER_ID", "number of a person"),
    ({"USE_PLACEMENT": "Y"}, "PLACEMENT_HANDLER", "needs the address"),
    ({"COLOUR": "red"}, "COLOUR", "no such part"),
]


@pytest.mark.parametrize(("changes", "where", "said"), WRONG)
def test_what_is_wrong_with_a_definition_is_said_beside_it(
    client, committing, sandbox, changes, where, said
):
    answer = looked_through(client, [changes if changes == "text" else {**SAMPLE, **changes}])
    assert (answer.status_code, len(problems(answer))) == (200, 1), problems(answer)
    ((path, told),) = problems(answer)
    assert path == where
    assert said in told
    assert said in text(answer)
    assert sent(client, committing, answer).status_code == 422
    assert sandbox.ledger() == []


def test_codes_that_clash_are_said(client, committing):
    twice = looked_through(client, [SAMPLE, {**SAMPLE, "kind": "robot"}])
    assert [where for where, _said in problems(twice)] == ["CODE", "CODE"]
    registering(client, committing)
    taken = looked_through(client, {**SAMPLE, "CODE": "check"})
    assert "as the other kind" in problems(taken)[0][1]
