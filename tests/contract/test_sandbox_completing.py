"""bizproc.task.complete over HTTP: the order of checks, every kind of task, and its faults."""

import base64
import hashlib

import pytest
import requests

from sandbox import Sandbox

ADMINISTRATOR, EMPLOYEE = 1, 2
METHOD = "bizproc.task.complete"
REVIEW, REQUEST = "ReviewActivity", "RequestInformationActivity"
OPTIONAL, EXTERNAL = "RequestInformationOptionalActivity", "HandleExternalEventActivity"
NO_ANSWER = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


def complete(sandbox, task, status=None, *, as_=EMPLOYEE, **params):
    if status is not None:
        params["STATUS"] = status
    address = sandbox.webhook_of(as_) + METHOD
    return requests.post(address, json={"TASK_ID": task, **params}, timeout=5)


def refused(answer):
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


def execution(text):
    return 400, "ERROR_TASK_EXECUTION", text


def done(answer):
    return answer.status_code == 200 and answer.json()["result"] is True


def task_of(sandbox, number):
    return next(task for task in sandbox.tasks() if task["id"] == number)


def variables(sandbox, number):
    return sandbox.workflow(task_of(sandbox, number)["workflow_id"])["variables"]


def field(key="Value", kind="string", **more):
    return {"Name": key, "Title": key.lower(), "Type": kind, **more}


# -- checks in their order --------------------------------------------------------------------


def test_the_checks_come_in_the_vendors_order(sandbox):
    task = sandbox.ask(EMPLOYEE, EXTERNAL)
    validation = (400, "ERROR_TASK_VALIDATION")
    assert refused(complete(sandbox, "", "9")) == (*validation, "empty TASK_ID")
    assert refused(complete(sandbox, 0, 1)) == (*validation, "empty TASK_ID")
    assert refused(complete(sandbox, 999)) == (*validation, "incorrect STATUS")
    for status in (0, "0", "", 5, "maybe", -1, [1]):
        assert refused(complete(sandbox, 999, status)) == (*validation, "incorrect STATUS")
    not_found = (400, "ERROR_TASK_NOT_FOUND", "Task not found")
    assert refused(complete(sandbox, 999, 1)) == not_found
    assert refused(complete(sandbox, task, 1, as_=ADMINISTRATOR)) == not_found
    assert refused(complete(sandbox, task, 3)) == (400, "ERROR_TASK_TYPE", "Incorrect task type")
    assert sandbox.ledger() == []


def test_an_answer_given_already_is_told_from_a_task_that_is_gone(sandbox):
    task = sandbox.ask([ADMINISTRATOR, EMPLOYEE], ApproveType="any")
    assert done(complete(sandbox, task, 1, as_=ADMINISTRATOR))
    assert refused(complete(sandbox, task, 1, as_=ADMINISTRATOR))[1:] == (
        "ERROR_TASK_COMPLETED",
        "Task already completed",
    )
    assert refused(complete(sandbox, task, 1))[1] == "ERROR_TASK_NOT_FOUND"


@pytest.mark.parametrize(
    ("given", "stored"),
    [(1, 1), ("1", 1), ("yes", 1), ("YES", 1), (2, 2), ("No", 2)],
)
def test_a_status_is_a_number_or_a_word_in_any_case(sandbox, given, stored):
    task = sandbox.ask(EMPLOYEE)
    assert done(complete(sandbox, task, given))
    assert task_of(sandbox, task)["status"] == stored
    assert task_of(sandbox, task)["assignments"][0]["status"] == stored


def test_the_word_waiting_passes_the_check_and_is_refused_by_the_activity(sandbox):
    approval, review = sandbox.ask(EMPLOYEE), sandbox.ask(EMPLOYEE, REVIEW)
    assert refused(complete(sandbox, approval, "Waiting")) == execution("No action specified.")
    assert refused(complete(sandbox, review, "waiting")) == execution("Invalid action selected.")
    assert done(complete(sandbox, sandbox.ask(EMPLOYEE, REQUEST), "waiting"))


@pytest.mark.parametrize("status", [3, 4, "ok", "Cancel"])
def test_an_approval_takes_yes_and_no_only(sandbox, status):
    assert refused(complete(sandbox, sandbox.ask(EMPLOYEE), status)) == execution(
        "No action specified."
    )


@pytest.mark.parametrize("status", [1, 2, 4])
def test_a_review_takes_ok_only(sandbox, status):
    task = sandbox.ask(EMPLOYEE, REVIEW)
    assert refused(complete(sandbox, task, status)) == execution("Invalid action selected.")
    assert done(complete(sandbox, task, 3))


@pytest.mark.parametrize("status", [1, 2, 3, 4])
def test_a_request_takes_any_answer_as_given(sandbox, status):
    task = sandbox.ask(EMPLOYEE, REQUEST, RequestedInformation=[field()])
    assert done(complete(sandbox, task, status, FIELDS={"Value": "x"}))
    assert (task_of(sandbox, task)["status"], variables(sandbox, task)) == (3, {"Value": "x"})
    assert task_of(sandbox, task)["assignments"][0]["status"] == 3


def test_an_optional_request_is_declined_by_four_only(sandbox):
    fields = [field(Required="1")]
    for status, ended in ((4, 5), (1, 3), (3, 3)):
        task = sandbox.ask(EMPLOYEE, OPTIONAL, RequestedInformation=fields)
        answer = complete(sandbox, task, status, FIELDS={"Value": "x"})
        assert done(answer)
        assert task_of(sandbox, task)["status"] == ended
        assert variables(sandbox, task) == ({} if status == 4 else {"Value": "x"})


def test_declined_data_is_kept_only_when_the_activity_says_so(sandbox):
    task = sandbox.ask(
        EMPLOYEE, OPTIONAL, RequestedInformation=[field(Required="1")], SaveVariables="Y"
    )
    assert done(complete(sandbox, task, 4, FIELDS={"Value": "draft"}))
    assert variables(sandbox, task) == {"Value": "draft"}


def test_an_optional_request_may_need_everybody_to_decline(sandbox):
    task = sandbox.ask([ADMINISTRATOR, EMPLOYEE], OPTIONAL, CancelType="all")
    assert done(complete(sandbox, task, "cancel"))
    assert task_of(sandbox, task)["status"] == 0
    assert refused(complete(sandbox, task, 3))[1] == "ERROR_TASK_COMPLETED"
    assert done(complete(sandbox, task, 4, as_=ADMINISTRATOR))
    assert task_of(sandbox, task)["status"] == 5


# -- comments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rule", "needing"),
    [
        ("ApproveActivity", "N", []),
        ("ApproveActivity", "Y", [1, 2]),
        ("ApproveActivity", "YA", [1]),
        ("ApproveActivity", "YR", [2]),
        (REVIEW, "Y", [3]),
        (REVIEW, "YA", []),
        (REQUEST, "Y", [3]),
        (REQUEST, "YA", []),
        (REQUEST, "YR", []),
        (OPTIONAL, "Y", [3, 4]),
        (OPTIONAL, "YA", [3]),
        (OPTIONAL, "YR", [4]),
    ],
)
def test_who_must_comment_depends_on_the_kind_and_the_answer(sandbox, kind, rule, needing):
    statuses = {"ApproveActivity": (1, 2), REVIEW: (3,), REQUEST: (3,), OPTIONAL: (3, 4)}[kind]
    for status in statuses:
        task = sandbox.ask(EMPLOYEE, kind, CommentRequired=rule, CommentLabelMessage="Why")
        answer = complete(sandbox, task, status, COMMENT=" \n ")
        if status in needing:
            assert refused(answer) == execution("The 'Why' field is required.")
            answer = complete(sandbox, task, status, COMMENT=" because ")
        assert done(answer)


def test_a_hidden_comment_is_never_required(sandbox):
    task = sandbox.ask(EMPLOYEE, CommentRequired="Y", ShowComment="N")
    assert done(complete(sandbox, task, 1))


def test_a_comment_that_is_no_text_counts_as_none_and_others_are_trimmed(sandbox):
    task = sandbox.ask(EMPLOYEE, CommentRequired="Y")
    for comment in (12, ["text"], True, None):
        assert refused(complete(sandbox, task, 1, COMMENT=comment))[1] == "ERROR_TASK_EXECUTION"
    assert done(complete(sandbox, task, 1, COMMENT="  fine \n"))
    assert sandbox.ledger()[0]["applied"]["comment"] == "fine"


# -- fields -----------------------------------------------------------------------------------


def fill(sandbox, definition, value, *, name="FIELDS"):
    task = sandbox.ask(EMPLOYEE, REQUEST, RequestedInformation=[definition])
    answer = complete(sandbox, task, 3, **{name: {definition["Name"]: value}})
    assert done(answer), answer.text
    return variables(sandbox, task).get(definition["Name"])


def test_the_name_fields_has_any_case_and_the_ids_inside_only_their_own(sandbox):
    for name in ("FIELDS", "Fields", "fields"):
        assert fill(sandbox, field(), "x", name=name) == "x"
    task = sandbox.ask(EMPLOYEE, REQUEST, RequestedInformation=[field(Required="1")])
    assert refused(complete(sandbox, task, 3, FIELDS={"VALUE": "x", "Other": "y"})) == execution(
        "The required value ('value') is missing."
    )


def test_an_optional_request_names_the_missing_value_without_brackets(sandbox):
    task = sandbox.ask(EMPLOYEE, OPTIONAL, RequestedInformation=[field(Required="Y")])
    assert refused(complete(sandbox, task, 3)) == execution(
        "The required value 'value' is missing."
    )


def test_null_counts_as_not_given(sandbox):
    assert fill(sandbox, field(), None) is None


FILE = base64.b64encode(b"contents").decode()


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("bool", "Y", "Y"),
        ("bool", False, "N"),
        ("bool", "1", "Y"),
        ("int", "15", 15),
        ("int", 0, 0),
        ("int", "many", None),
        ("double", "1.50", 1.5),
        ("double", 2, 2.0),
        ("double", "nan", None),
        ("date", "2026-03-01T00:00:00+03:00", "2026-03-01T00:00:00+03:00"),
        ("datetime", "2026-03-01T10:00:00Z", "2026-03-01T13:00:00+03:00"),
        ("datetime", "soon", None),
        ("select", "a", "a"),
        ("select", "z", None),
        ("string", "text", "text"),
        ("text", "two\nlines", "two\nlines"),
        ("user", "user_2", "user_2"),
        ("user", ["user_2"], "user_2"),
        ("user", "user_99", None),
        ("E:ECrm", "C_607", "C_607"),
        ("E:ECrm", "nobody", None),
        ("S:DiskFile", 12, "12"),
        ("UF:address", "Street 1|;|55;37", "Street 1|;|55;37"),
        ("file", FILE, {"id": 1, "name": "file_1", "size": 8}),
        ("file", ["a.txt", FILE], {"id": 1, "name": "a.txt", "size": 8}),
        ("file", "%%%", None),
    ],
)
def test_values_are_read_by_the_type_of_their_field(sandbox, kind, given, kept):
    options = {"a": "A", "b": "B"} if kind == "select" else None
    assert fill(sandbox, field(kind=kind, Options=options), given) == kept


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("string", ["a", "b"], ["a", "b"]),
        ("string", "a", ["a"]),
        ("string", [], None),
        ("user", ["user_1", "user_2"], ["user_1", "user_2"]),
        ("int", ["1", "x", 3], [1, 3]),
        ("E:ECrm", ["C_1", "D_2"], ["C_1", "D_2"]),
    ],
)
def test_a_field_of_several_values_keeps_a_list(sandbox, kind, given, kept):
    assert fill(sandbox, field(kind=kind, Multiple="Y"), given) == kept


def test_several_files_may_come_with_or_without_names(sandbox):
    several = field(kind="file", Multiple="1")
    assert [f["name"] for f in fill(sandbox, several, [["a.txt", FILE], FILE])] == [
        "a.txt",
        "file_2",
    ]
    assert [f["name"] for f in fill(sandbox, several, ["b.txt", FILE])] == ["b.txt"]


def test_fields_arrive_in_forms_too(sandbox):
    fields = [field(Required="1"), field("Several", Multiple="1")]
    task = sandbox.ask(EMPLOYEE, REQUEST, RequestedInformation=fields)
    form = {
        "TASK_ID": task, "STATUS": "ok", "COMMENT": "c",
        "FIELDS[Value]": "x", "FIELDS[Several][]": ["1", "2"],
    }  # fmt: skip
    assert done(requests.post(sandbox.webhook_of(EMPLOYEE) + METHOD, data=form, timeout=5))
    assert variables(sandbox, task) == {"Value": "x", "Several": ["1", "2"]}


# -- workflows --------------------------------------------------------------------------------


def test_a_locked_workflow_is_busy_and_the_answer_is_checked_first(sandbox):
    task = sandbox.ask(EMPLOYEE, CommentRequired="Y")
    sandbox.lock_workflow(task_of(sandbox, task)["workflow_id"])
    assert "required" in refused(complete(sandbox, task, 1))[2]
    busy = execution("The workflow is hung or being executed")
    assert refused(complete(sandbox, task, 1, COMMENT="c")) == busy
    sandbox.unlock_workflow(task_of(sandbox, task)["workflow_id"])
    assert done(complete(sandbox, task, 1, COMMENT="c"))


def test_a_terminated_workflow_takes_its_open_tasks_along(sandbox):
    task = sandbox.ask(EMPLOYEE)
    sandbox.terminate_workflow(task_of(sandbox, task)["workflow_id"])
    assert refused(complete(sandbox, task, 1))[1] == "ERROR_TASK_NOT_FOUND"


def test_an_administrator_takes_a_task_over_to_answer_it(sandbox):
    task = sandbox.ask(EMPLOYEE)
    assert refused(complete(sandbox, task, 1, as_=ADMINISTRATOR))[1] == "ERROR_TASK_NOT_FOUND"
    moved = requests.post(
        sandbox.webhook_url + "bizproc.task.delegate",
        json={"TASK_IDS": [task], "FROM_USER_ID": EMPLOYEE, "TO_USER_ID": ADMINISTRATOR},
        timeout=5,
    )
    assert done(moved)
    assert refused(complete(sandbox, task, 1))[1] == "ERROR_TASK_NOT_FOUND"
    assert done(complete(sandbox, task, 1, as_=ADMINISTRATOR))
    (part,) = task_of(sandbox, task)["assignments"]
    assert (part["user_id"], part["original_user_id"], part["status"]) == (1, EMPLOYEE, 1)
    workflow = sandbox.workflow(task_of(sandbox, task)["workflow_id"])
    (outputs,) = workflow["outputs"].values()
    assert (outputs["LastApprover"], outputs["UserApprovers"]) == ("user_1", ["user_2"])
    assert workflow["state_title"] == "Approved"


def test_a_late_answer_meets_the_timeouts_no(sandbox):
    task = sandbox.ask(EMPLOYEE, TimeoutDuration="1", TimeoutDurationType="h")
    sandbox.advance(hours=1)
    assert refused(complete(sandbox, task, 1))[1] == "ERROR_TASK_COMPLETED"
    assert task_of(sandbox, task)["status"] == 4
    assert task_of(sandbox, task)["assignments"][0]["status"] == 2


def test_a_command_of_a_person_is_listed_and_only_the_portal_can_give_it(sandbox):
    task = sandbox.ask(EMPLOYEE, EXTERNAL, Name="Ship it")
    listed = requests.post(
        sandbox.webhook_of(EMPLOYEE) + "bizproc.task.list",
        json={"select": ["NAME", "ACTIVITY", "PARAMETERS"]},
        timeout=5,
    ).json()["result"]
    assert (listed[0]["NAME"], listed[0]["ACTIVITY"]) == ("Ship it", EXTERNAL)
    assert listed[0]["PARAMETERS"] == []
    sandbox.complete_task(task, EMPLOYEE, "ok")
    assert sandbox.workflow(task_of(sandbox, task)["workflow_id"])["ended"] is not None


# -- what is remembered, and what goes wrong --------------------------------------------------


def test_an_answer_is_one_line_of_the_ledger(sandbox):
    task = sandbox.ask(EMPLOYEE, REQUEST, RequestedInformation=[field()])
    complete(sandbox, task, 3, Fields={"Value": "x", "Other": 1}, COMMENT="so")
    (line,) = sandbox.ledger()
    assert (line["method"], line["caller_id"], line["target"]) == (METHOD, EMPLOYEE, task)
    assert line["applied"] == {
        "task_id": task,
        "workflow_id": task_of(sandbox, task)["workflow_id"],
        "user_id": EMPLOYEE,
        "original_user_id": EMPLOYEE,
        "status": 3,
        "comment": "so",
        "fields": {"Value": "x"},
        "task_status": 3,
    }


@pytest.mark.parametrize("in_batch", [False, True])
def test_of_a_large_file_calls_and_ledger_keep_what_tells_it_apart(sandbox, in_batch):
    content = base64.b64encode(b"0123456789" * 10_000).decode()
    task = sandbox.ask(EMPLOYEE, REQUEST, RequestedInformation=[field(kind="file")])
    if in_batch:
        cmd = f"{METHOD}?TASK_ID={task}&STATUS=3&FIELDS[Value][]=a.txt&FIELDS[Value][]={content}"
        answer = requests.post(
            sandbox.webhook_of(EMPLOYEE) + "batch", json={"cmd": {"a": cmd}}, timeout=5
        )
        assert answer.json()["result"]["result"] == {"a": True}
    else:
        complete(sandbox, task, 3, Fields={"Value": ["a.txt", content]})
    (line,) = sandbox.ledger()
    assert line["applied"]["fields"]["Value"] == {"id": 1, "name": "a.txt", "size": 100_000}
    name, kept = line["params"]["FIELDS"]["Value"]
    assert name == "a.txt"
    assert kept.startswith(content[:100])
    assert f"{len(content)} characters" in kept
    assert hashlib.sha256(content.encode()).hexdigest() in kept
    assert len(str(line)) < 1_000
    assert len(str(sandbox.calls())) < 2_000


def test_an_application_answers_as_the_owner_of_its_token(sandbox):
    task = sandbox.ask(EMPLOYEE)
    header = {"Authorization": f"Bearer {sandbox.tokens_for(EMPLOYEE)['access_token']}"}
    answer = requests.post(
        f"{sandbox.portal_url}/rest/{METHOD}",
        json={"TASK_ID": task, "STATUS": 1},
        headers=header,
        timeout=5,
    )
    assert done(answer)
    assert sandbox.ledger()[0]["caller_id"] == EMPLOYEE


@pytest.mark.parametrize(
    ("kind", "applied"),
    [
        ("timeout_before_apply", False),
        ("timeout_after_apply", True),
        ("reset_mid_response", True),
    ],
)
def test_an_answer_may_be_lost_with_or_without_effect(sandbox, kind, applied):
    task = sandbox.ask(EMPLOYEE)
    sandbox.fail_next(kind, method=METHOD, hold=0.05)
    with pytest.raises(NO_ANSWER):
        complete(sandbox, task, 1)
    assert bool(sandbox.ledger()) is applied
    assert (task_of(sandbox, task)["status"] == 1) is applied


def test_a_late_answer_is_applied_after_its_delay(sandbox):
    task = sandbox.ask(EMPLOYEE)
    sandbox.fail_next("late_apply", method=METHOD, hold=0.05, delay=30)
    with pytest.raises(NO_ANSWER):
        complete(sandbox, task, 1)
    assert task_of(sandbox, task)["status"] == 0
    sandbox.advance(31)
    assert sandbox.ledger()[0]["applied"]["task_id"] == task


def test_a_lie_answers_true_and_leaves_the_task_open(sandbox):
    task = sandbox.ask(EMPLOYEE)
    sandbox.fail_next("lie", method=METHOD)
    assert done(complete(sandbox, task, 1))
    assert task_of(sandbox, task)["status"] == 0
    assert sandbox.ledger() == []


def test_answers_may_come_in_a_batch_where_each_fails_alone(sandbox):
    first, second = sandbox.ask(EMPLOYEE), sandbox.ask(EMPLOYEE)
    sandbox.fail_next("ERROR_CORE", method=METHOD)
    cmd = {name: f"{METHOD}?TASK_ID={task}&STATUS=yes" for name, task in
           (("a", first), ("b", second), ("c", 999))}  # fmt: skip
    answer = requests.post(sandbox.webhook_of(EMPLOYEE) + "batch", json={"cmd": cmd}, timeout=5)
    told = answer.json()["result"]
    assert told["result"] == {"b": True}
    assert told["result_error"]["a"]["error"] == "ERROR_CORE"
    assert told["result_error"]["c"]["error"] == "ERROR_TASK_NOT_FOUND"
    assert [line["target"] for line in sandbox.ledger()] == [str(second)]


def test_the_portal_may_speak_russian(sandbox):
    sandbox.set_language("ru")
    task = sandbox.ask(EMPLOYEE, OPTIONAL, CommentRequired="Y")
    assert task_of(sandbox, task)["parameters"]["StatusOkLabel"] == "Сохранить"
    assert refused(complete(sandbox, task, 3)) == execution(
        "Поле 'Комментарий' обязательно для заполнения."
    )
    assert refused(complete(sandbox, 999, 1))[2] == "Task not found"
    approval = sandbox.ask([EMPLOYEE, ADMINISTRATOR])
    state = sandbox.workflow(task_of(sandbox, approval)["workflow_id"])["state_title"]
    assert state == "Проголосовало 0% (0 из 2)"


@pytest.mark.parametrize(
    ("kind", "default", "shown"),
    [
        ("user", ["user_1", "user_2"], ["user_1", "user_2"]),
        ("user", "user_2", ["user_2"]),
        ("date", ["2026-03-01"], ["2026-03-01T00:00:00+03:00"]),
        ("select", ["a"], ["a"]),
        ("E:ECrm", ["C_607", "CO_3"], ["C_607", "CO_3"]),
    ],
)  # fmt: skip
def test_a_default_of_several_can_be_sent_back_as_it_is_shown(sandbox, kind, default, shown):
    asked = field(
        kind=kind, Multiple="Y", Required="Y", Default=default, Options={"a": "A", "b": "B"}
    )
    task = sandbox.ask(EMPLOYEE, REQUEST, RequestedInformation=[asked])
    listed = requests.post(
        sandbox.webhook_of(EMPLOYEE) + "bizproc.task.list",
        json={"select": ["PARAMETERS"]},
        timeout=5,
    ).json()["result"]
    [told] = listed[0]["PARAMETERS"]["Fields"]
    assert told["Default"] == shown
    assert done(complete(sandbox, task, 3, FIELDS={"Value": told["Default"]}))
    assert variables(sandbox, task)["Value"] == shown
