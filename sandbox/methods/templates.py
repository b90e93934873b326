"""bizproc.workflow.template.list: workflow templates, automation templates hidden.

https://apidocs.bitrix24.com/api-reference/bizproc/template/bizproc-workflow-template-list
"""

from typing import Any

from sandbox.lists.filters import Condition, orm_predicate, read
from sandbox.lists.listing import Page, by_offset, order, select, sort_rows
from sandbox.methods.registry import Caller, Params, method
from sandbox.state import overriding
from sandbox.state.portal import Portal
from sandbox.state.records import AUTOMATION, Template

FIELDS = {
    "ID": "int",
    "MODULE_ID": "string",
    "ENTITY": "string",
    "DOCUMENT_TYPE": "string",
    "AUTO_EXECUTE": "int",
    "NAME": "string",
    "DESCRIPTION": "string",
    "TEMPLATE": "structure",
    "PARAMETERS": "structure",
    "VARIABLES": "structure",
    "CONSTANTS": "structure",
    "MODIFIED": "datetime",
    "IS_MODIFIED": "string",
    "USER_ID": "int",
    "SYSTEM_CODE": "string",
}
_FILTERABLE = {name: kind for name, kind in FIELDS.items() if kind != "structure"}


@method("bizproc.workflow.template.list", scopes=("bizproc",))
def template_list(portal: Portal, caller: Caller, params: Params) -> Page:
    """List the templates an administrator may see."""
    caller.must_be_admin()
    fields = select(params.get("SELECT"), FIELDS, ["ID"])
    ordering = order(params.get("ORDER"), _FILTERABLE, {"ID": False})
    narrowing = read(
        params.get("FILTER"),
        _FILTERABLE,
        now=portal.now(),
        newer=portal.newer_filters,
        zone=portal.clock.zone,
    )
    for key in narrowing.dropped:
        portal.complain("filter key dropped", key, method="bizproc.workflow.template.list")
    # The portal adds its own "<AUTO_EXECUTE" and so overrides the client's.
    conditions = [c for c in narrowing.conditions if (c.field, c.operator) != ("AUTO_EXECUTE", "<")]
    conditions.append(Condition("AUTO_EXECUTE", "<", AUTOMATION))
    rows = list(portal.templates)
    for condition in conditions:
        name = condition.field
        holds = orm_predicate(condition, FIELDS[name])
        rows = [row for row in rows if holds(_value(portal, row, name))]
    sort_rows(
        rows,
        {**ordering, "ID": ordering.get("ID", False)},
        lambda row, name: _value(portal, row, name),
    )
    return by_offset(rows, params.start, lambda row: _shown(portal, row, fields))


def _value(portal: Portal, template: Template, name: str) -> Any:
    match name:
        case "MODULE_ID":
            return template.document_type[0]
        case "ENTITY":
            return template.document_type[1]
        case "DOCUMENT_TYPE":
            return template.document_type[2]
        case "TEMPLATE":
            return portal.structures[template.structure_key]
        case "IS_MODIFIED":
            return "Y" if template.is_modified else "N"
        case _:
            return getattr(template, name.lower())


def _shown(portal: Portal, template: Template, fields: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in fields:
        value = _value(portal, template, name)
        if name == "DOCUMENT_TYPE":
            # Three parts, of which the first two are known only when selected as well.
            row[name] = [
                template.document_type[0] if "MODULE_ID" in fields else None,
                template.document_type[1] if "ENTITY" in fields else None,
                value,
            ]
        elif FIELDS[name] == "structure":
            row[name] = value or []
        elif FIELDS[name] == "datetime":
            row[name] = portal.clock.iso(value)
        else:
            row[name] = str(value)
    return overriding.shown(portal, "template", template.id, row)
