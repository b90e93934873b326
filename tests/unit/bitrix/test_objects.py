"""Rows become typed values, and a wrong field is named."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bizproc_admin import bitrix
from bizproc_admin.bitrix.identity import AppInfo

WORKFLOW = {
    "ID": "66e81a641752f8.56521481",
    "MODIFIED": "2025-02-05T09:06:19+02:00",
    "OWNED_UNTIL": None,
    "MODULE_ID": "crm",
    "ENTITY": "CCrmDocumentDeal",
    "DOCUMENT_ID": "DEAL_777",
    "STARTED": "2025-02-05T09:06:00+02:00",
    "STARTED_BY": "0",
    "TEMPLATE_ID": "525",
}
TASK = {
    "ID": "1563",
    "WORKFLOW_ID": "67a2ffdb2c57a3.35276854",
    "USER_ID": "14",
    "USER_STATUS": "0",
    "STATUS": "0",
    "NAME": "Approve",
    "DESCRIPTION": None,
    "ACTIVITY": "ApproveActivity",
    "ACTIVITY_NAME": "A1_2_3_4",
    "MODIFIED": "2025-02-05T09:06:19+02:00",
    "OVERDUE_DATE": None,
    "WORKFLOW_STARTED": "2025-02-05T09:06:00+02:00",
    "WORKFLOW_STARTED_BY": "14",
    "WORKFLOW_TEMPLATE_ID": "525",
    "WORKFLOW_STATE": "Waiting",
    "MODULE_ID": "lists",
    "ENTITY": "BizprocDocument",
    "DOCUMENT_ID": "2249",
    "DOCUMENT_NAME": "Leave",
    "DOCUMENT_URL": "/bizproc/processes/?livefeed=y&list_id=171&element_id=2249",
    "PARAMETERS": [],
}


def test_a_workflow_is_read_with_aware_moments_and_the_system_as_nobody():
    row = bitrix.WorkflowRow.from_api(WORKFLOW)
    assert row.id == "66e81a641752f8.56521481"
    assert row.modified == datetime(2025, 2, 5, 7, 6, 19, tzinfo=UTC)
    assert row.owned_until is None
    assert row.started_by is None
    assert row.template_id == 525
    assert row.raw is WORKFLOW


def test_a_task_is_read_with_its_person():
    row = bitrix.TaskRow.from_api(TASK)
    assert (row.id, row.user_id, row.user_status, row.status) == (1563, 14, 0, 0)
    assert row.overdue is None
    assert row.description == ""
    assert row.parameters == {}
    assert row.document_id == "2249"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ID", ""),
        ("ID", None),
        ("ID", ["1"]),
        ("ID", 1.5),
        ("MODIFIED", None),
        ("MODIFIED", "yesterday"),
        ("MODIFIED", "2025-02-05T09:06:19"),
        ("OWNED_UNTIL", 5),
        ("STARTED_BY", "me"),
        ("STARTED_BY", "²"),
        ("STARTED_BY", "9" * 30),
        ("TEMPLATE_ID", True),
        ("DOCUMENT_ID", {"a": 1}),
    ],
)
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(bitrix.BadAnswer, match=rf"workflow\.{field}"):
        bitrix.WorkflowRow.from_api({**WORKFLOW, field: value})


@pytest.mark.parametrize("field", ["ID", "MODIFIED"])
def test_a_missing_field_is_named(field):
    with pytest.raises(bitrix.BadAnswer, match=f"{field} is missing"):
        bitrix.WorkflowRow.from_api({key: WORKFLOW[key] for key in WORKFLOW if key != field})


@pytest.mark.parametrize("row", [None, [], "row", 5])
def test_a_row_that_is_no_object_is_not_understood(row):
    with pytest.raises(bitrix.BadAnswer, match="not an object"):
        bitrix.WorkflowRow.from_api(row)


def test_unknown_statuses_and_unknown_fields_are_kept():
    row = bitrix.TaskRow.from_api({**TASK, "STATUS": 7, "NEW": [1]})
    assert row.status == 7
    assert row.raw["NEW"] == [1]


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=30),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("kind", "sample"),
    [
        (bitrix.WorkflowRow, WORKFLOW),
        (bitrix.TaskRow, TASK),
        (bitrix.TemplateRow, {"ID": "1", "DOCUMENT_TYPE": ["crm", "X", "DEAL"], "PARAMETERS": []}),
        (bitrix.UserRow, {"ID": "1", "ACTIVE": True, "UF_DEPARTMENT": [1]}),
        (bitrix.DepartmentRow, {"ID": "1", "NAME": "x", "SORT": 5, "PARENT": "1", "UF_HEAD": "2"}),
        (bitrix.Profile, {"ID": "1", "ADMIN": True}),
        (AppInfo, {"SCOPE": ["bizproc"], "LICENSE": "ru"}),
        (AppInfo, {"ID": "1", "CODE": "x", "STATUS": "L", "INSTALLED": True}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@given(data=some.data())
def test_whatever_a_field_holds_a_row_is_read_or_refused(kind, sample, data):
    kind.from_api(sample)
    field = data.draw(some.sampled_from(sorted(sample)))
    try:
        kind.from_api({**sample, field: data.draw(json_values)})
    except bitrix.BadAnswer as error:
        assert field in error.for_logs


@given(
    raw=json_values
    | some.dictionaries(some.sampled_from(["operating", "date_finish"]), json_values)
)
def test_the_time_block_never_fails(raw):
    bitrix.AnswerTime.from_api(raw)


@pytest.mark.parametrize(
    ("written", "read"),
    [(["crm", "X", "DEAL"], "DEAL"), ([None, None, "DEAL"], "DEAL"), ("5", "5")],
)
def test_a_templates_document_type_is_read_from_both_of_its_forms(written, read):
    row = bitrix.TemplateRow.from_api({"ID": "1", "DOCUMENT_TYPE": written})
    assert row.document_type == read


def test_an_application_is_told_about_itself():
    app = AppInfo.from_api(
        {
            "ID": 12,
            "CODE": "local.5f3c2b1a.12345678",
            "VERSION": 1,
            "STATUS": "L",
            "INSTALLED": False,
            "PAYMENT_EXPIRED": "N",
            "LICENSE": "ru_pro100",
        }
    )
    assert (app.id, app.code, app.version) == (12, "local.5f3c2b1a.12345678", "1")
    assert (app.status, app.installed, app.payment_expired) == ("L", False, False)
    assert (app.license, app.scopes) == ("ru_pro100", ())


def test_a_webhook_is_told_its_permissions_and_of_no_application():
    app = AppInfo.from_api({"SCOPE": ["bizproc", "user"], "LICENSE": "ru_selfhosted"})
    assert app.scopes == ("bizproc", "user")
    assert (app.id, app.code, app.status, app.installed) == (None, "", "", None)


@given(raw=some.dictionaries(some.sampled_from(["ID", "CODE", "INSTALLED", "SCOPE"]), json_values))
def test_what_an_application_is_told_never_fails(raw):
    AppInfo.from_api(raw)


def test_a_user_without_the_fields_of_a_wider_permission_is_read():
    row = bitrix.UserRow.from_api({"ID": "5", "ACTIVE": False, "UF_DEPARTMENT": 7})
    assert (row.id, row.active, row.email, row.department_ids) == (5, False, "", (7,))
