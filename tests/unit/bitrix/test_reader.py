"""What a reader refuses, repeats and checks, against scripted answers."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import catalogue
from bizproc_admin.bitrix.envelopes import Call

from .test_objects import TASK, WORKFLOW


@pytest.mark.parametrize(
    "method", [name for name, method in catalogue.METHODS.items() if method.is_write]
)
def test_a_reader_calls_no_write_not_even_inside_a_batch(stub, reader, method):
    with pytest.raises(bitrix.NotARead):
        reader.ask(method)
    with pytest.raises(bitrix.NotARead):
        reader.ask_many([Call(method="profile", params={}), Call(method=method, params={})])
    assert stub.seen == []


@pytest.mark.parametrize(
    "method", ["batch", "bizproc.workflow.KILL", "bizproc.workflow.kill/", "unheard.of", ""]
)
def test_a_reader_calls_nothing_it_does_not_know(stub, reader, method):
    with pytest.raises(bitrix.NotARead):
        reader.ask(method, {"cmd": {"a": "bizproc.workflow.kill?ID=1"}})
    assert stub.seen == []


def test_the_catalogue_knows_each_methods_page_and_scope():
    assert len(catalogue.METHODS) >= 30
    for name, method in catalogue.METHODS.items():
        assert method.name == name
        assert method.address.startswith("https://")
        assert method.address.endswith(f"{name}.html") or name.startswith(("bizproc.", "event."))
        assert method.scopes == ("bizproc",) or not name.startswith("bizproc.")


def test_a_failed_read_is_repeated_until_it_answers(stub, reader, naps):
    stub.says({"error": "QUERY_LIMIT_EXCEEDED"}, status=503)
    stub.says("<html>Bad gateway</html>", status=502)
    stub.says({"error": "ERROR_CORE"}, status=500)
    stub.says({"result": True})
    assert reader.system.user_admin() is True
    assert naps == [1, 2, 4]


def test_a_read_gives_up_after_five_attempts(stub, reader, naps):
    stub.fallback = lambda handler: handler.reply({"error": "ERROR_CORE"}, status=500)
    with pytest.raises(bitrix.ServerFault):
        reader.system.user_admin()
    assert len(stub.seen) == 5
    assert len(naps) == 4


@pytest.mark.parametrize(
    ("code", "status"),
    [("OVERLOAD_LIMIT", 503), ("ACCESS_DENIED", 403), ("OPERATION_TIME_LIMIT", 429)],
)
def test_a_read_that_cannot_succeed_is_not_repeated(stub, reader, code, status):
    stub.says({"error": code}, status=status)
    with pytest.raises(bitrix.Refused):
        reader.system.user_admin()
    assert len(stub.seen) == 1


def test_a_command_missing_from_a_batch_is_asked_again(stub, reader):
    stub.says({"result": {"result": {"c0": 1}, "result_error": []}})
    stub.says({"result": {"result": {"c0": 1, "c1": 2}, "result_error": []}})
    command = Call(method="profile", params={})
    assert [one.result for one in reader.ask_many([command, command])] == [1, 2]


def test_an_error_inside_a_batch_fails_it(stub, reader, pacer):
    errors = {"c1": {"error": "OPERATION_TIME_LIMIT", "error_description": ""}}
    stub.says({"result": {"result": {"c0": 1}, "result_error": errors}})
    command = Call(method="profile", params={})
    with pytest.raises(bitrix.MethodExhausted):
        reader.ask_many([command, command])
    assert pacer.exhausted[0][0] == "profile"


def test_workflows_are_asked_with_upper_case_names_only(stub, reader):
    stub.says({"result": [WORKFLOW], "total": 1})
    moment = datetime(2025, 2, 5, tzinfo=UTC)
    page = reader.workflows.page(filter={">=MODIFIED": moment}, order={"MODIFIED": "DESC"})
    assert page.rows[0].id == WORKFLOW["ID"]
    assert stub.seen[0][1] == {
        "order": {"MODIFIED": "DESC"},
        "start": 0,
        "select": list(bitrix.WorkflowRow.SELECT),
        "filter": {">=MODIFIED": "2025-02-05T00:00:00+00:00"},
    }


def test_an_ignored_filter_is_noticed_before_any_row_is_used(stub, reader):
    stub.says({"result": [WORKFLOW], "total": 1})
    with pytest.raises(bitrix.FilterIgnored):
        reader.workflows.by_ids(["5f0000000000f1.00000001"])
    assert len(stub.seen) == 1


def test_asking_for_no_ids_asks_nothing(stub, reader):
    assert reader.workflows.by_ids([]).rows == ()
    assert reader.workflow_tasks.by_ids([]).rows == ()
    assert reader.workflows.by_ids([]).complete
    assert stub.seen == []


@pytest.mark.parametrize("ids", [[0], [5, 0], [-1]])
def test_a_task_id_below_one_is_never_sent(stub, reader, ids):
    with pytest.raises(ValueError, match="above 0"):
        reader.workflow_tasks.by_ids(ids)
    assert stub.seen == []


def test_an_empty_uncounted_page_that_claims_a_next_one_is_the_end(stub, reader):
    stub.says({"result": [], "next": -1, "total": 0})
    page = reader.workflows.page(start=-1)
    assert (page.rows, page.next, page.total) == ((), None, None)


def test_an_empty_list_of_people_without_a_total_is_complete(stub, reader):
    witnesses = {"c1": True, "c2": {"ID": "1", "USER_TYPE": "employee"}}
    stub.says({"result": {"result": {"c0": [], **witnesses}, "result_error": []}})
    (chunk,) = reader.users.everything()
    assert chunk.complete
    assert chunk.rows == ()


@pytest.mark.parametrize("result", [True, None, "rows", 5])
def test_a_list_that_is_no_list_is_not_understood(stub, reader, result):
    stub.says({"result": result, "total": 1})
    with pytest.raises(bitrix.BadAnswer):
        reader.workflows.page()


@pytest.mark.parametrize(("key", "value"), [("total", "many"), ("next", [1])])
def test_a_count_that_is_no_number_is_not_understood(stub, reader, key, value):
    stub.says({"result": [], key: value})
    with pytest.raises(bitrix.BadAnswer, match=key):
        reader.workflows.page()


def tasks_of(people, *, growing=False):
    """Serve bizproc.task.list with the witness beside it: so many people a task."""

    def answer(handler):
        commands = handler.server.seen[-1][1]["cmd"]
        inner = {key: serve(one) for key, one in commands.items() if "task.list" in one}
        witness = {key: [] for key in commands if key not in inner}
        handler.reply(
            {
                "result": {
                    "result": {key: rows for key, (rows, _, _) in inner.items()} | witness,
                    "result_error": [],
                    "result_next": {k: n for k, (_, n, _) in inner.items() if n} or [],
                    "result_total": {key: total for key, (_, _, total) in inner.items()},
                }
            }
        )

    def serve(command):
        pairs = parse_qsl(command.split("?", 1)[1])
        start = int(dict(pairs)["start"])
        ids = sorted(int(value) for name, value in pairs if name.startswith("filter"))
        rows = [
            {**TASK, "ID": str(task), "USER_ID": str(user)}
            for task in ids
            for user in range(1, people[task] + 1)
        ]
        page, total = rows[start : start + 50], len(rows) + (growing and start > 0)
        return page, start + 50 if len(rows) > start + 50 else None, total

    return answer


def test_tasks_of_groups_that_do_not_fit_a_page_are_asked_in_halves(stub, reader):
    people = {1: 30, 2: 30, 3: 1}

    stub.fallback = tasks_of(people)
    chunk = reader.workflow_tasks.by_ids([1, 2, 3])
    assert len(chunk.rows) == 61
    assert chunk.edge_task_ids == frozenset()


def test_a_task_longer_than_a_page_is_torn_unless_all_that_is_counted_was_seen(stub, reader):
    stub.fallback = tasks_of({9: 70})
    chunk = reader.workflow_tasks.by_ids([9])
    assert len(chunk.rows) == 70
    assert chunk.edge_task_ids == frozenset()
    # one more came while its pages were read: not all that is counted was seen
    stub.fallback = tasks_of({9: 70}, growing=True)
    assert reader.workflow_tasks.by_ids([9]).edge_task_ids == {9}


@pytest.mark.parametrize(
    ("read", "result"),
    [
        (lambda system: system.user_admin(), "yes"),
        (lambda system: system.scope(), {"a": 1}),
        (lambda system: system.scope(), [1]),
        (lambda system: system.server_time(), None),
        (lambda system: system.server_time(), "2025-01-01T00:00:00"),
        (lambda system: system.profile(), []),
    ],
)
def test_a_system_answer_of_another_shape_is_not_understood(stub, reader, read, result):
    stub.says({"result": result})
    with pytest.raises(bitrix.BadAnswer):
        read(reader.system)


def test_an_id_that_is_empty_is_never_written(stub, writer):
    for bad in ("", "  ", 5):
        with pytest.raises(ValueError, match="workflow id"):
            writer.workflows.kill(bad)
    with pytest.raises(ValueError, match="three parts"):
        writer.workflows.start(template_id=1, document_id=["crm", "DEAL_1"])
    assert stub.seen == []


def test_a_start_gives_the_new_workflows_id(stub, writer):
    stub.says({"result": WORKFLOW["ID"]})
    document = ("crm", "CCrmDocumentDeal", "DEAL_1")
    written = writer.workflows.start(
        template_id=5, document_id=document, parameters={"Boss": "user_14"}
    )
    assert written.result == WORKFLOW["ID"]
    assert stub.seen[0][1] == {
        "TEMPLATE_ID": 5,
        "DOCUMENT_ID": list(document),
        "PARAMETERS": {"Boss": "user_14"},
    }


@pytest.mark.parametrize("result", ["", None, True, 5])
def test_a_start_without_an_id_is_not_accepted(stub, writer, result):
    stub.says({"result": result})
    with pytest.raises(bitrix.BadAnswer):
        writer.workflows.start(template_id=5, document_id=("a", "b", "c"))


def test_a_cursor_is_plain_json(stub, reader):
    pages = {f"c{number}": [] if number else [WORKFLOW] for number in range(10)}
    told = {"result": pages, "result_error": [], "result_total": dict.fromkeys(pages, 1)}
    stub.says({"result": told})
    (chunk,) = reader.workflows.everything()
    assert json.loads(json.dumps(chunk.cursor.as_json()))["ended"] is True
    assert chunk.complete
    assert list(reader.workflows.everything(resume=chunk.cursor)) == []
