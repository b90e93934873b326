"""bizproc.task.list: workflow tasks, one row a task or one row an assignment.

https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-task/bizproc-task-list
"""

from typing import Any

from sandbox import php
from sandbox.lists.filters import Condition, read, sql_predicate
from sandbox.lists.listing import Page, by_page, order, select, sort_rows
from sandbox.methods.registry import Caller, Params, method
from sandbox.refusals import access_denied
from sandbox.state import documents, overriding
from sandbox.state.portal import Portal
from sandbox.state.records import Assignment, Task

FIELDS = {
    "ID": "int",
    "ACTIVITY": "string",
    "ACTIVITY_NAME": "string",
    "WORKFLOW_ID": "string",
    "DOCUMENT_NAME": "string",
    "DESCRIPTION": "string",
    "NAME": "string",
    "MODIFIED": "datetime",
    "WORKFLOW_STARTED": "datetime",
    "WORKFLOW_STARTED_BY": "int",
    "OVERDUE_DATE": "datetime",
    "WORKFLOW_TEMPLATE_ID": "int",
    "WORKFLOW_TEMPLATE_NAME": "string",
    "WORKFLOW_STATE": "string",
    "STATUS": "int",
    "USER_ID": "int",
    "USER_STATUS": "int",
    "MODULE_ID": "string",
    "ENTITY": "string",
    "DOCUMENT_ID": "string",
    "PARAMETERS": "parameters",
}
_FILTERABLE = {name: kind for name, kind in FIELDS.items() if kind != "parameters"}
_PER_PERSON = ("USER_ID", "USER_STATUS")
_DEFAULT = ["ID", "WORKFLOW_ID", "DOCUMENT_NAME", "NAME"]

TaskRow = tuple[Task, Assignment | None]


@method("bizproc.task.list", scopes=("bizproc",))
def task_list(portal: Portal, caller: Caller, params: Params) -> Page:
    """List workflow tasks the caller may see."""
    given = params.get("SELECT")
    fields = select(given, FIELDS, _DEFAULT)
    ordering = order(params.get("ORDER"), _FILTERABLE, {"ID": True})
    narrowing = read(
        params.get("FILTER"),
        _FILTERABLE,
        now=portal.now(),
        newer=portal.newer_filters,
        zone=portal.clock.zone,
    )
    for key in narrowing.dropped:
        portal.complain("filter key dropped", key, method="bizproc.task.list")
    conditions = _allowed(portal, caller, narrowing.conditions)
    by_person = any(
        name in _PER_PERSON for name in (*fields, *ordering, *(c.field for c in conditions))
    )
    named = "WORKFLOW_TEMPLATE_NAME" in (*fields, *ordering, *(c.field for c in conditions))
    found = portal.found(
        ("tasks", repr(conditions), repr(ordering), by_person, named),
        lambda: _find(portal, conditions, ordering, by_person=by_person, named=named),
    )
    dates = [name for name in ordering if FIELDS[name] == "datetime"]
    fields = list(dict.fromkeys([*fields, *dates, "ENTITY", "DOCUMENT_ID"]))
    return by_page(found, params.start, lambda row: _shown(portal, row, fields, dates))


def _allowed(
    portal: Portal, caller: Caller, conditions: tuple[Condition, ...]
) -> tuple[Condition, ...]:
    wanted = next((c for c in conditions if c.field == "USER_ID" and c.operator == ""), None)
    if wanted is None:
        if caller.is_admin:
            return conditions
        return (*conditions, Condition("USER_ID", "", caller.id))
    # An array is cast to the number 1 here (an empty one to 0), as PHP does.
    person = php.intval(wanted.value)
    if person == caller.id or caller.is_admin or portal.is_head_of(caller.id, person):
        return conditions
    raise access_denied()


def _find(
    portal: Portal,
    conditions: tuple[Condition, ...],
    ordering: dict[str, bool],
    *,
    by_person: bool,
    named: bool,
) -> list[TaskRow]:
    tests = [(c.field, sql_predicate(c, FIELDS[c.field])) for c in conditions]
    found: list[TaskRow] = []
    for task in portal.tasks:
        if named and portal.workflows[task.workflow_id].template_id not in portal.templates:
            continue
        parts: list[Assignment | None] = [*task.assignments] if by_person else [None]
        for part in parts:
            row = (task, part)
            if all(holds(_value(portal, row, name)) for name, holds in tests):
                found.append(row)
    ordering = {**ordering, "ID": ordering.get("ID", True)}
    sort_rows(found, ordering, lambda row, name: _value(portal, row, name))
    return found


def _value(portal: Portal, row: TaskRow, name: str) -> Any:
    task, part = row
    match name:
        case "ID":
            return task.id
        case "WORKFLOW_ID":
            return task.workflow_id
        case "STATUS":
            return task.status
        case "USER_ID":
            return part.user_id if part else None
        case "USER_STATUS":
            return part.status if part else None
        case "MODIFIED":
            return task.modified
        case "OVERDUE_DATE":
            return None if task.overdue is None else int(task.overdue)
        case "NAME" | "DESCRIPTION" | "ACTIVITY" | "ACTIVITY_NAME":
            return getattr(task, name.lower())
        case "PARAMETERS":
            return task.parameters
    return _workflow_value(portal, task, name)


def _workflow_value(portal: Portal, task: Task, name: str) -> Any:
    workflow = portal.workflows[task.workflow_id]
    match name:
        case "DOCUMENT_NAME":
            return documents.name_of(portal, workflow.document)
        case "WORKFLOW_STARTED":
            return workflow.started
        case "WORKFLOW_STARTED_BY":
            return workflow.started_by
        case "WORKFLOW_TEMPLATE_ID":
            return workflow.template_id
        case "WORKFLOW_TEMPLATE_NAME":
            template = portal.templates.get(workflow.template_id)
            return template.name if template else None
        case "WORKFLOW_STATE":
            return workflow.state_title
        case "MODULE_ID":
            return workflow.document[0]
        case "ENTITY":
            return workflow.document[1]
        case _:
            return workflow.document[2]


def _shown(portal: Portal, row: TaskRow, fields: list[str], dates: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in fields:
        value = _value(portal, row, name)
        if FIELDS[name] == "datetime":
            value = portal.clock.iso(value)
        if FIELDS[name] == "parameters":
            shown[name] = value or []
        else:
            shown[name] = value if value is None else str(value)
    for name in dates:
        shown[f"{name}_X1"] = portal.clock.database_text(_value(portal, row, name))
    # The address is made of the selected columns, so without MODULE_ID there is none.
    document = portal.workflows[row[0].workflow_id].document
    shown["DOCUMENT_URL"] = documents.url_of(portal, document) if "MODULE_ID" in fields else ""
    return overriding.shown(portal, "task", row[0].id, shown)
