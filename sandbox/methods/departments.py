"""department.get, department.fields: the company's structure, in tree order.

https://apidocs.bitrix24.com/api-reference/departments/department-get
"""

from typing import Any

from sandbox import php
from sandbox.lists.listing import Page, by_page, sort_rows
from sandbox.methods.registry import Caller, Params, method
from sandbox.state import overriding
from sandbox.state.portal import Portal
from sandbox.state.records import Department

_FIELDS = ("ID", "NAME", "SORT", "PARENT", "UF_HEAD")
_TITLES = {
    "ID": "ID",
    "NAME": "Department name",
    "SORT": "Sort order",
    "PARENT": "Parent department",
    "UF_HEAD": "Head",
}
_LISTS = ("ID", "PARENT", "UF_HEAD")
_PARAMETERS = {"filter", "sort", "order", "select", "name_format"}


@method("department.get", scopes=("department",), upper=False)
def department_get(portal: Portal, caller: Caller, params: Params) -> Page:
    """List active departments; filter keys count only in upper case."""
    given = params.get("FILTER", params.get("filter"))
    rows = [row for row in _in_tree_order(portal) if row.active]
    tests = dict(php.items(given)) if php.is_array(given) else {}
    for name, value in params.values.items():
        if name.lower() not in _PARAMETERS:
            tests.setdefault(name, value)
    for name, wanted in tests.items():
        if name in _FIELDS:
            rows = [row for row in rows if _matches(row, name, wanted)]
        elif php.is_array(given) and name in given:
            portal.complain("filter key dropped", name, method="department.get")
    sorts = {name.lower(): value for name, value in params.values.items()}
    column = php.text(sorts.get("sort")).upper()
    if column in _FIELDS:
        descending = php.text(sorts.get("order")).lower() == "desc"
        sort_rows(rows, {column: descending, "ID": False}, _value)
    return by_page(rows, params.start, lambda row: _shown(portal, row))


@method("department.fields", scopes=("department",))
def department_fields(portal: Portal, caller: Caller, params: Params) -> dict[str, str]:
    """Return the fields of a department with their names."""
    return dict(_TITLES)


def _in_tree_order(portal: Portal) -> list[Department]:
    below: dict[int | None, list[Department]] = {}
    for department in portal.departments:
        below.setdefault(department.parent, []).append(department)
    ordered: list[Department] = []

    def walk(parent: int | None) -> None:
        for department in sorted(below.get(parent, []), key=lambda d: (d.sort, d.name)):
            ordered.append(department)
            walk(department.id)

    walk(None)
    return ordered


def _value(department: Department, name: str) -> Any:
    return department.head if name == "UF_HEAD" else getattr(department, name.lower())


def _matches(department: Department, name: str, wanted: Any) -> bool:
    actual = _value(department, name)
    if name == "NAME":
        return bool(actual.casefold() == php.text(wanted).casefold())
    choices = php.values(wanted) if php.is_array(wanted) and name in _LISTS else [wanted]
    return any((actual or 0) == php.intval(choice) for choice in choices)


def _shown(portal: Portal, department: Department) -> dict[str, Any]:
    row: dict[str, Any] = {
        "ID": str(department.id),
        "NAME": department.name,
        "SORT": department.sort,
    }
    if department.parent is not None:
        row["PARENT"] = str(department.parent)
    if department.head is not None:
        row["UF_HEAD"] = str(department.head)
    return overriding.shown(portal, "department", department.id, row, add=True)
