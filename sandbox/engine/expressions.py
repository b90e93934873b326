"""Expressions in templates: {=Template:Amount}, {=Document:NAME}, people written as user_14."""

import re
from typing import Any

from sandbox import php
from sandbox.state.portal import Portal
from sandbox.state.records import Workflow

_EXPRESSION = re.compile(r"\{=\s*(\w+)\s*:\s*([\w.]+)\s*(?:>\s*([^}]*?)\s*)?\}")
_DOCUMENT_PEOPLE = {
    "ASSIGNED_BY_ID": "assigned_to",
    "RESPONSIBLE_ID": "assigned_to",
    "CREATED_BY": "created_by",
    "CREATED_BY_ID": "created_by",
}


def evaluate(portal: Portal, workflow: Workflow, value: Any) -> Any:
    """Replace the expressions in a value; one that is the whole text keeps its type."""
    if isinstance(value, dict):
        return {key: evaluate(portal, workflow, item) for key, item in value.items()}
    if isinstance(value, list):
        if is_reference(value):
            return look_up(portal, workflow, value[0], value[1])
        return [evaluate(portal, workflow, item) for item in value]
    if not isinstance(value, str) or "{=" not in value:
        return value
    whole = _EXPRESSION.fullmatch(value.strip())
    if whole is not None:
        return look_up(portal, workflow, whole[1], whole[2])
    return _EXPRESSION.sub(
        lambda match: _printed(portal, look_up(portal, workflow, match[1], match[2])), value
    )


def is_reference(value: list[Any]) -> bool:
    """Tell whether a list is the old way to write {=Template:Voters1}."""
    return (
        len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], str)
        and value[0] in ("Template", "Variable", "Constant", "Document")
    )


def look_up(portal: Portal, workflow: Workflow, holder: str, name: str) -> Any:
    """Return what an expression stands for; unknown ones are empty."""
    name = name.removesuffix("_printable").removesuffix("_PRINTABLE")
    template = portal.templates.get(workflow.template_id)
    if holder == "Template":
        return workflow.parameters.get(name)
    if holder == "Variable":
        return workflow.variables.get(name)
    if holder == "Constant":
        definition = template.constants.get(name) if template else None
        return definition.get("Default") if definition else None
    if holder == "Document":
        return _document_field(portal, workflow, name)
    if holder == "System":
        return _system_value(portal, name)
    if holder == "Workflow":
        return workflow.id if name.upper() == "ID" else None
    return workflow.outputs.get(holder, {}).get(name)


def _document_field(portal: Portal, workflow: Workflow, name: str) -> Any:
    document = portal.documents.get(workflow.document)
    if document is None:
        return None
    if name in ("NAME", "TITLE"):
        return document.name
    if name == "ID":
        return workflow.document[2]
    if name in _DOCUMENT_PEOPLE:
        return f"user_{getattr(document, _DOCUMENT_PEOPLE[name])}"
    return None


def _system_value(portal: Portal, name: str) -> Any:
    now = portal.clock.database_text(portal.now())
    if name in ("Now", "NowLocal"):
        return now
    if name == "Date" and now:
        return now[:10]
    return str(portal.clock.zone) if name == "TimeZone" else None


def _printed(portal: Portal, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_printed(portal, item) for item in value)
    if isinstance(value, str) and value.startswith("user_"):
        user = portal.users.get(php.whole(value.removeprefix("user_")) or 0)
        return user.full_name if user else value
    if isinstance(value, dict) and "name" in value:
        return str(value["name"])
    return php.text(value)


def people(portal: Portal, workflow: Workflow, value: Any) -> list[int]:
    """Resolve a list of people to the ids of active users, each once, in order."""
    found: list[int] = []
    _collect(portal, workflow, evaluate(portal, workflow, value), found)
    return list(dict.fromkeys(found))


def _collect(portal: Portal, workflow: Workflow, value: Any, found: list[int]) -> None:
    if isinstance(value, list | dict):
        for item in php.values(value):
            _collect(portal, workflow, item, found)
        return
    for word in re.split(r"[\s,;]+", php.text(value)):
        if (person := php.whole(word.removeprefix("user_"))) is not None:
            user = portal.users.get(person)
            if user is not None and user.active:
                found.append(user.id)
        elif (match := re.fullmatch(r"group_d[r]?(\d+)", word)) is not None:
            number = php.intval(match[1])
            found.extend(u.id for u in portal.users if u.active and number in u.departments)
        elif word == "group_1":
            found.extend(user.id for user in portal.users if user.active and user.admin)
        elif word in ("author", "responsible"):
            found.extend(_role(portal, workflow, word))


def _role(portal: Portal, workflow: Workflow, word: str) -> list[int]:
    document = portal.documents.get(workflow.document)
    if document is None:
        return [workflow.started_by] if workflow.started_by else []
    return [document.created_by if word == "author" else document.assigned_to]
