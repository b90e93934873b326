"""Documents: what a workflow runs on, their ids, types and names.

A document exists when the scenario made it. Besides, any id of a usual form up to 99999 exists, so
that a client can start a workflow on DEAL_777 without making the deal first.
"""

import re
from typing import Any

from sandbox import php
from sandbox.state.portal import Portal
from sandbox.state.records import Document, DocumentId

_CRM = "crm"
_INTEGRATION = "Bitrix\\Crm\\Integration\\BizProc\\Document\\"
_CRM_FORMS = {
    "CCrmDocumentLead": (re.compile(r"(LEAD)_(\d+)"), "Lead"),
    "CCrmDocumentContact": (re.compile(r"(CONTACT)_(\d+)"), "Contact"),
    "CCrmDocumentCompany": (re.compile(r"(COMPANY)_(\d+)"), "Company"),
    "CCrmDocumentDeal": (re.compile(r"(DEAL)_(\d+)"), "Deal"),
    _INTEGRATION + "Quote": (re.compile(r"(QUOTE)_(\d+)"), "Quote"),
    _INTEGRATION + "SmartInvoice": (re.compile(r"(SMART_INVOICE)_(\d+)"), "Invoice"),
    _INTEGRATION + "Dynamic": (re.compile(r"(DYNAMIC_\d+)_(\d+)"), "Item"),
}
FEED = "BizprocDocument"
LISTS = "Bitrix\\Lists\\BizprocDocumentLists"
DRIVE = "Bitrix\\Disk\\BizProcDocument"
_ELEMENTS = {("lists", FEED): "Element", ("lists", LISTS): "Element", ("disk", DRIVE): "File"}
_PLACES = {"lists": re.compile(r"iblock_[1-9]\d*"), "disk": re.compile(r"STORAGE_[1-9]\d*")}
_EXISTS_UP_TO = 99_999


def read_id(value: Any) -> DocumentId | None:
    """Read an id triple; two parts are entity and id without a module."""
    parts = php.values(value)
    if len(parts) == 2:
        parts = ["", *parts]
    if len(parts) != 3 or any(php.is_array(part) for part in parts):
        return None
    module, entity, number = (php.text(part).strip() for part in parts)
    if not entity or not number:
        return None
    return module or _module_of(entity), entity, number


def read_type(value: Any) -> DocumentId | None:
    """Read a type triple; None for what is no document type of the portal."""
    found = read_id(value)
    if found is None:
        return None
    module, entity, place = found
    if module == _CRM and entity in _CRM_FORMS:
        known = _CRM_FORMS[entity][0].fullmatch(f"{place}_1") is not None
    else:
        form = _PLACES.get(module) if (module, entity) in _ELEMENTS else None
        known = form is not None and form.fullmatch(place) is not None
    return found if known else None


def _module_of(entity: str) -> str:
    if entity in _CRM_FORMS:
        return _CRM
    return next((module for module, known in _ELEMENTS if known == entity), "")


def _number(document: DocumentId) -> int | None:
    module, entity, key = document
    if module == _CRM and entity in _CRM_FORMS:
        match = _CRM_FORMS[entity][0].fullmatch(key)
        return php.whole(match[2]) if match else None
    return php.whole(key) if (module, entity) in _ELEMENTS else None


def exists(portal: Portal, document: DocumentId) -> bool:
    """Tell whether there is such a document."""
    known = portal.documents.get(document)
    if known is not None:
        return not known.deleted
    number = _number(document)
    return number is not None and 1 <= number <= _EXISTS_UP_TO


def type_of(portal: Portal, document: DocumentId, *, hint: DocumentId) -> DocumentId | None:
    """Return the document's type triple.

    An element nobody made belongs to the list or storage the template is for.
    """
    known = portal.documents.get(document)
    if known is not None:
        return known.type
    module, entity, key = document
    if module == _CRM and entity in _CRM_FORMS:
        match = _CRM_FORMS[entity][0].fullmatch(key)
        return (module, entity, match[1]) if match else None
    if (module, entity) in _ELEMENTS:
        return hint if hint[:2] == (module, entity) else (module, entity, "")
    return None


def open_to_everybody(kind: DocumentId) -> bool:
    """Tell whether any employee may start workflows here: processes in the news feed."""
    return kind[:2] == ("lists", FEED)


def remember(
    portal: Portal, document: DocumentId, kind: DocumentId, *, name: str = "", owner: int = 1
) -> Document:
    """Keep a document, naming it when it has no name yet."""
    known = portal.documents.get(document)
    if known is None:
        title = name or default_name(document)
        known = Document(document, kind, title, created_by=owner, assigned_to=owner)
        portal.documents.put(document, known)
    return known


def default_name(document: DocumentId) -> str:
    """Name a document that nobody named."""
    module, entity, key = document
    word = _CRM_FORMS[entity][1] if entity in _CRM_FORMS else _ELEMENTS.get((module, entity))
    return f"{word or 'Document'} #{_number(document) or key}"


def name_of(portal: Portal, document: DocumentId) -> str:
    """Return a document's name."""
    known = portal.documents.get(document)
    return known.name if known is not None else default_name(document)


def url_of(portal: Portal, document: DocumentId) -> str:
    """Return the portal-relative address of a document's page, or an empty text."""
    module, entity, key = document
    number = _number(document)
    if module == _CRM and number is not None:
        kind = key.rpartition("_")[0]
        if kind == "SMART_INVOICE":
            return f"/crm/type/31/details/{number}/"
        if kind.startswith("DYNAMIC_"):
            return f"/crm/type/{kind.removeprefix('DYNAMIC_')}/details/{number}/"
        return f"/crm/{kind.lower()}/details/{number}/"
    known = portal.documents.get(document)
    place = known.type[2].rpartition("_")[2] if known is not None else ""
    if module == "lists" and entity == FEED:
        return f"/bizproc/processes/?livefeed=y&list_id={place}&element_id={key}"
    if module == "lists":
        return f"/company/lists/{place}/element/0/{key}/"
    if module == "disk":
        return f"/bitrix/tools/disk/focus.php?objectId={key}&cmd=show"
    return ""
