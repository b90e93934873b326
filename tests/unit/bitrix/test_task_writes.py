"""Answering a task and passing it on: what is sent, what is never sent, what an error proves."""

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify

from .stub import TOKEN

REJECTED = Classification.REJECTED
FINAL = Classification.NOT_APPLIED_FINAL


@pytest.fixture
def as_person(stub, pacer):
    transport = bitrix.Transport(stub.token, pacer=pacer)
    yield bitrix.Writer(transport)
    transport.close()


@pytest.mark.parametrize("status", [1, 2, 3, 4])
def test_an_answer_is_sent_as_a_number_in_the_persons_name(stub, as_person, status):
    written = as_person.workflow_tasks.complete(1563, status=status)
    path, body, headers = stub.seen[0]
    assert path == "/rest/bizproc.task.complete.json"
    assert body == {"TASK_ID": 1563, "STATUS": status}
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert classify(written) is Classification.ACCEPTED


def test_an_answer_takes_its_comment_and_fields_with_it(stub, writer):
    fields = {"param1": "2025-01-01T00:00:00+03:00", "param2": None, "param3": ["a", 1, True]}
    writer.workflow_tasks.complete(5, status=3, comment="Готово", fields=fields)
    assert stub.seen[0][1] == {"TASK_ID": 5, "STATUS": 3, "COMMENT": "Готово", "FIELDS": fields}


def test_empty_comments_and_fields_are_left_out(stub, writer):
    writer.workflow_tasks.complete(5, status=3, comment="", fields={})
    assert stub.seen[0][1] == {"TASK_ID": 5, "STATUS": 3}


def test_a_task_is_passed_on_alone(stub, writer):
    writer.workflow_tasks.delegate(5, from_user_id=14, to_user_id=15)
    path, body, _ = stub.seen[0]
    assert path.endswith("/bizproc.task.delegate.json")
    assert body == {"TASK_IDS": [5], "FROM_USER_ID": 14, "TO_USER_ID": 15}


@pytest.mark.parametrize("bad", [0, -1, True, "5", None, 1.5])
def test_an_id_below_one_is_never_sent(stub, writer, bad):
    tasks = writer.workflow_tasks
    for act in (
        lambda: tasks.complete(bad, status=1),
        lambda: tasks.delegate(bad, from_user_id=1, to_user_id=2),
        lambda: tasks.delegate(1, from_user_id=bad, to_user_id=2),
        lambda: tasks.delegate(1, from_user_id=1, to_user_id=bad),
    ):
        with pytest.raises(ValueError, match="above 0"):
            act()
    assert stub.seen == []


@pytest.mark.parametrize("bad", [0, 5, -1, True, "1", "yes", None])
def test_an_answer_the_portal_does_not_know_is_never_sent(stub, writer, bad):
    with pytest.raises(ValueError, match="1 to 4"):
        writer.workflow_tasks.complete(5, status=bad)
    assert stub.seen == []


@pytest.mark.parametrize(
    ("code", "kind", "proves"),
    [
        ("ERROR_TASK_NOT_FOUND", bitrix.TaskNotFound, REJECTED),
        ("ERROR_TASK_COMPLETED", bitrix.TaskCompleted, REJECTED),
        ("ERROR_TASK_EXECUTION", bitrix.TaskExecution, REJECTED),
        ("ERROR_TASK_TYPE", bitrix.TaskKindClosed, FINAL),
        ("ERROR_TASK_VALIDATION", bitrix.InvalidInput, FINAL),
    ],
)
def test_what_a_refused_answer_proves(stub, writer, code, kind, proves):
    stub.says({"error": code, "error_description": "Слова портала."}, status=400)
    with pytest.raises(kind) as caught:
        writer.workflow_tasks.complete(5, status=1)
    assert classify(caught.value) is proves
    assert caught.value.text == "Слова портала."
    assert len(stub.seen) == 1


@pytest.mark.parametrize(
    ("code", "status", "kind", "proves"),
    [
        ("ERROR_DELEGATION_NOT_ALLOWED", 400, bitrix.DelegationNotAllowed, REJECTED),
        ("ERROR_TASK_VALIDATION", 400, bitrix.InvalidInput, FINAL),
        ("ERROR_INVALID_USER_ID", 400, bitrix.UserInvalid, FINAL),
        ("ERROR_METHOD_NOT_FOUND", 404, bitrix.MethodNotFound, FINAL),
    ],
)
def test_what_a_refused_delegation_proves(stub, writer, code, status, kind, proves):
    stub.says({"error": code, "error_description": "Слова портала."}, status=status)
    with pytest.raises(kind) as caught:
        writer.workflow_tasks.delegate(5, from_user_id=1, to_user_id=2)
    assert classify(caught.value) is proves
    assert caught.value.text == "Слова портала."


@pytest.mark.parametrize("code", ["expired_token", "invalid_token"])
def test_a_token_that_is_over_did_nothing_and_is_not_renewed_in_here(stub, as_person, code):
    stub.says({"error": code}, status=401)
    with pytest.raises(bitrix.ExpiredCredentials) as caught:
        as_person.workflow_tasks.complete(5, status=1)
    assert classify(caught.value) is Classification.NOT_APPLIED_RETRY
    assert len(stub.seen) == 1


@pytest.mark.parametrize("result", [False, None, [], "true", 1])
def test_an_answer_other_than_true_is_not_accepted(stub, writer, result):
    stub.says({"result": result})
    with pytest.raises(bitrix.BadAnswer) as caught:
        writer.workflow_tasks.complete(5, status=1)
    assert classify(caught.value) is Classification.UNKNOWN
