"""Template files in the portal: what is accepted as a template, and what an import changes."""

from dataclasses import dataclass
from typing import Any

from sandbox import bpt, php
from sandbox.engine.kinds import KINDS
from sandbox.engine.tree import Node, children, properties
from sandbox.state import document_fields
from sandbox.state.portal import Portal
from sandbox.state.records import DocumentId, Template


class ActivitiesInvalid(Exception):
    """Activities of a template lack what they cannot do without."""


@dataclass(frozen=True)
class Imported:
    """What a template file holds."""

    structure: list[Node]
    parameters: dict[str, Any]
    variables: dict[str, Any]
    constants: dict[str, Any]
    document_fields: dict[str, Any]


def read(portal: Portal, data: bytes) -> Imported:
    """Read a template file; NotATemplateFile and ActivitiesInvalid say what is wrong with it."""
    content = bpt.read(data)
    structure = php.values(content.get("TEMPLATE"))
    if len(structure) != 1 or not _are_activities(structure[0]):
        raise bpt.NotATemplateFile("no root activity, or something else among the activities")
    texts = _missing(portal, structure[0])
    if texts:
        raise ActivitiesInvalid(" ".join(texts))
    return Imported(structure, *(
        dict(php.items(content.get(name)))
        for name in ("PARAMETERS", "VARIABLES", "CONSTANTS", "DOCUMENT_FIELDS")
    ))  # fmt: skip


def put(portal: Portal, template: Template, imported: Imported) -> document_fields.Changed:
    """Give a template another structure; running workflows keep the copy they have."""
    number, _, version = template.structure_key.partition(".")
    template.structure_key = f"{number}.{int(version) + 1}"
    portal.structures.put(template.structure_key, imported.structure)
    template.parameters = imported.parameters
    template.variables = imported.variables
    template.constants = imported.constants
    portal.templates.put(template.id, template)
    return fields_of(portal, template.document_type, imported)


def fields_of(portal: Portal, kind: DocumentId, imported: Imported) -> document_fields.Changed:
    """Create and rewrite the document's fields that the file describes."""
    return document_fields.take_over(portal, kind, imported.document_fields)


def _activities(root: Node) -> list[Any]:
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, dict):
            waiting.extend(reversed(children(node)))
    return found


def _are_activities(root: Any) -> bool:
    return all(
        isinstance(node, dict) and isinstance(node.get("Type"), str) and node["Type"]
        for node in _activities(root)
    )


def _missing(portal: Portal, root: Node) -> list[str]:
    texts = []
    for node in _activities(root):
        if node["Type"] in KINDS:
            options = properties(node)
            if php.is_empty(options.get("Users")):
                texts.append(portal.say("no users"))
            if php.is_empty(options.get("Name")):
                texts.append(portal.say("no task name"))
    return texts
