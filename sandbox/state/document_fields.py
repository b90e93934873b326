"""Fields of documents: which a type has, and what importing a template file does to them.

Importing creates the fields that are missing; of lists it also rewrites those that the file
describes with settings. Other modules' existing fields stay as they are.
"""

from dataclasses import dataclass
from typing import Any

from sandbox import php
from sandbox.state.portal import Portal
from sandbox.state.records import DocumentId

#: What every list element has: name and type. CRM records have these of their own instead.
_ELEMENT = {
    "ID": "int", "TIMESTAMP_X": "datetime", "MODIFIED_BY": "user", "DATE_CREATE": "datetime",
    "CREATED_BY": "user", "IBLOCK_ID": "int", "ACTIVE": "bool", "BP_PUBLISHED": "bool",
    "ACTIVE_FROM": "datetime", "ACTIVE_TO": "datetime", "SORT": "int", "NAME": "string",
    "PREVIEW_PICTURE": "file", "PREVIEW_TEXT": "text", "PREVIEW_TEXT_TYPE": "select",
    "DETAIL_PICTURE": "file", "DETAIL_TEXT": "text", "DETAIL_TEXT_TYPE": "select",
    "CODE": "string", "XML_ID": "string",
}  # fmt: skip
_CRM = {
    "ID": "int", "TITLE": "string", "ASSIGNED_BY_ID": "user", "CREATED_BY_ID": "user",
    "OPPORTUNITY": "double", "CURRENCY_ID": "string", "STAGE_ID": "select", "COMMENTS": "text",
    "DATE_CREATE": "datetime", "DATE_MODIFY": "datetime",
}  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """Which fields an import created and which it rewrote."""

    created: list[str]
    rewritten: list[str]


def of_type(portal: Portal, kind: DocumentId) -> dict[str, Any]:
    """Return the fields of a document type: their definitions by id."""
    known = portal.document_fields.get(kind)
    if known is not None:
        return known
    usual = _CRM if kind[0] == "crm" else _ELEMENT
    return {name: {"Name": name, "Type": field_type} for name, field_type in usual.items()}


def take_over(portal: Portal, kind: DocumentId, described: Any) -> Changed:
    """Create and rewrite fields as a template file describes them."""
    fields = dict(of_type(portal, kind))
    changed = Changed([], [])
    for name, definition in php.items(described):
        if "." in name or name.upper().endswith("_PRINTABLE") or not isinstance(definition, dict):
            continue
        if name not in fields:
            changed.created.append(name)
        elif kind[0] == "lists" and definition.get("settings"):
            changed.rewritten.append(name)
        else:
            continue
        fields[name] = definition
    if changed.created or changed.rewritten:
        portal.document_fields.put(kind, fields)
    return changed
