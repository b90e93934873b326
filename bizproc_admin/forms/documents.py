"""Naming the document a workflow is to be started on: by link, by id, or by a name known here.

Which links there are, and which of them carry an id, is in docs/portal.md: Documents.
"""

import json
import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.audit import AuditAction
from bizproc_admin.forms.questions import CRM_PREFIXES
from bizproc_admin.models import Account, AuditEntry, Document, Portal, Workflow, WorkflowTemplate
from bizproc_admin.models.documents import DocumentKind, Triple
from bizproc_admin.models.workflows import WorkflowQuerySet

MOST_FOUND: Final = 10
# characters of what names a document, of a name, and of a number
LONGEST: Final = 2000
LONGEST_NAME: Final = 255
LONGEST_NUMBER: Final = 18
# a whole part of a path: the beginning of a longer one would be another document
NUMBER: Final = r"(?P<number>[0-9]{1,18})(?=/|$)"
CRM_KINDS: Final = {
    "deal": "DEAL", "lead": "LEAD", "contact": "CONTACT", "company": "COMPANY", "quote": "QUOTE",
}  # fmt: skip
# smart processes have their own types, and these two
TYPES_BY_NUMBER: Final = {"7": "QUOTE", "31": "SMART_INVOICE"}
FEED: Final = "BizprocDocument"
LISTS: Final = "Bitrix\\Lists\\BizprocDocumentLists"
LINKS: Final = (
    re.compile(rf"/crm/(?P<crm>deal|lead|contact|company)/(?:details|show|edit)/{NUMBER}"),
    re.compile(rf"/crm/(?P<crm>quote)/(?:show|details|edit)/{NUMBER}"),
    re.compile(rf"/(?:crm|page/[^/]+/[^/]+)/type/(?P<type>[0-9]{{1,9}})/details/{NUMBER}"),
    re.compile(rf"/bizproc/processes/(?P<feed>[0-9]{{1,9}})/element/[0-9]+/{NUMBER}"),
    re.compile(
        r"/(?:company/lists|services/lists|workgroups/group/[0-9]+/lists)"
        rf"/(?P<list>[0-9]{{1,9}})/element/[0-9]+/{NUMBER}"
    ),
)
# known addresses without what is needed, each with what to do instead
NO_WAY: Final = (
    (
        re.compile(r"/crm/invoice/|/shop/orders/"),
        gettext_lazy("No workflow can be started on an invoice or an order of the old kind."),
    ),
    (
        re.compile(r"/tasks/task/"),
        gettext_lazy("Tasks have automation alone: no workflow can be started on one."),
    ),
    (
        re.compile(r"/disk/|/docs/|^/~"),
        gettext_lazy(
            "This link does not carry the file's number. In the portal choose “Copy internal "
            "link” in the file's menu and paste that."
        ),
    ),
)
# with or without a host, which a name such as "Contract 12/2026" does not begin with
LINK: Final = re.compile(r"/|[a-zA-Z]+://|[\w.-]+(?:\.[\w-]+|:[0-9]+)/")
KEY: Final = re.compile(r"(?P<prefix>[A-Za-z][A-Za-z0-9_]{0,40})_(?P<number>[0-9]{1,18})")


def document_of(text: str, template: WorkflowTemplate) -> Triple | None:
    """Read what names a document of a template's type; None for what may be a name.

    Raises ValidationError where it names something else, or nothing that can be started on.
    """
    text = text.strip().strip("\"'<>")
    if text.startswith("["):
        return of_triple(text, template)
    if text.isdecimal() and text.isascii():
        return made(text, template)
    if LINK.match(text):
        return of_link(text, template)
    if (match := KEY.fullmatch(text)) is not None:
        return of_key(match["prefix"].upper(), match["number"], template)
    return None


def of_triple(text: str, template: WorkflowTemplate) -> Triple:
    """Read a document as the portal's own interface writes it."""
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or len(parts) not in (2, 3) or not all(map(is_id, parts)):
        raise ValidationError(
            _("A document is written [module, entity, id], such as %(example)s.")
            % {"example": json.dumps(list(made("777", template)))}
        )
    *first, entity, number = map(str, parts)
    if (first and first[0] != template.module) or entity != template.entity:
        raise ValidationError(wrong_type(template))
    digits = number.rsplit("_", 1)[-1]
    if not digits.isdecimal() or number != made(digits, template)[2]:
        raise ValidationError(wrong_type(template))
    return made(digits, template)


def is_id(part: object) -> bool:
    return isinstance(part, (str, int)) and not isinstance(part, bool)


def of_link(text: str, template: WorkflowTemplate) -> Triple:
    """Read a link into the template's portal."""
    try:
        parts = urlsplit(text if "//" in text or text.startswith("/") else f"//{text}")
    except ValueError:
        raise ValidationError(nothing_in_link()) from None
    portal, host = template.portal, parts.netloc.rpartition("@")[2]
    if host and host.casefold() not in hosts_of(portal):
        raise ValidationError(
            _("This link leads to %(host)s, and the template is of %(portal)s.")
            % {"host": host, "portal": portal.host}
        )
    path = re.sub(r"^/(?:s[0-9]+|extranet)(?=/)", "", parts.path)
    query = parse_qs(parts.query)
    if "list_id" in query and "element_id" in query:
        return of_list(FEED, query["list_id"][0], query["element_id"][0], template)
    if path == "/bitrix/tools/disk/focus.php" and "objectId" in query:
        # a file's own storage is not in its link
        kind = template.document_type if template.module == "disk" else "STORAGE"
        return of_type(kind, query["objectId"][0], template)
    for pattern in LINKS:
        if (match := pattern.match(path)) is None:
            continue
        found = match.groupdict()
        if found.get("crm"):
            kind = CRM_KINDS[found["crm"]]
            return of_type(kind, found["number"], template)
        if number := found.get("type"):
            kind = TYPES_BY_NUMBER.get(number, f"DYNAMIC_{number}")
            return of_type(kind, found["number"], template)
        entity = FEED if found.get("feed") else LISTS
        return of_list(entity, found.get("feed") or found["list"], found["number"], template)
    for pattern, why in NO_WAY:
        if pattern.search(path):
            raise ValidationError(str(why))
    raise ValidationError(nothing_in_link())


def nothing_in_link() -> str:
    return _(
        "No document is recognised in this link. Open the document in the portal and copy the "
        "address of its page, or give its number."
    )


def hosts_of(portal: Portal) -> set[str]:
    """Return the hosts that the portal has, or had before it was followed to another one."""
    moves = AuditEntry.objects.filter(portal=portal, action=AuditAction.PORTAL_FOLLOWED)
    former = moves.values_list("detail__inputs__from", flat=True)
    return {portal.host.casefold(), *(str(one).casefold() for one in former)}


def of_list(entity: str, number: str, element: str, template: WorkflowTemplate) -> Triple:
    if template.entity != entity:
        raise ValidationError(wrong_type(template))
    return of_type(f"iblock_{number}", element, template)


def of_key(prefix: str, number: str, template: WorkflowTemplate) -> Triple | None:
    """Read DEAL_7, D_7, T93_7 or DYNAMIC_147_7; None for what begins like nothing that is known."""
    kinds = {short: kind for kind, short in CRM_PREFIXES.items()}
    if re.fullmatch(r"T[0-9A-F]+", prefix):
        kind = f"DYNAMIC_{int(prefix[1:], 16)}"
    else:
        kind = kinds.get(prefix, prefix)
    known = {*CRM_PREFIXES, template.document_type}
    if kind not in known and not kind.startswith("DYNAMIC_"):
        return None
    return of_type(kind, number, template)


def of_type(kind: str, number: str, template: WorkflowTemplate) -> Triple:
    if template.document_type != kind:
        raise ValidationError(wrong_type(template))
    return made(number, template)


def made(number: str, template: WorkflowTemplate) -> Triple:
    """Return a document of a template's type by its number; ValidationError for what is none."""
    if not number.isdecimal() or len(number) > LONGEST_NUMBER or not int(number):
        raise ValidationError(
            _("No document has this number: one that has not been saved yet has none so far.")
        )
    is_crm = template.module == "crm"
    remote_id = f"{template.document_type}_{int(number)}" if is_crm else str(int(number))
    return template.module, template.entity, remote_id


def wrong_type(template: WorkflowTemplate) -> str:
    kind = DocumentKind(template.kind).label
    return _("This is another kind of document: the template belongs to “%(kind)s” (%(type)s).") % {
        "kind": kind,
        "type": template.document_type,
    }


def known_by_name(text: str, template: WorkflowTemplate, viewer: Account) -> list[Document]:
    """Return a few documents of a template's type whose workflows match a text, latest first."""
    if len(text) > LONGEST_NAME:
        return []
    rows = (
        Workflow.objects.visible_to(viewer)
        .filter(
            portal=template.portal,
            template__entity=template.entity,
            template__document_type=template.document_type,
        )
        .matching(text.replace("\x00", ""))
        .latest_first()
    )
    # several of the latest may be of one document
    keys = list(dict.fromkeys(rows.values_list("document", flat=True)[: MOST_FOUND * 10]))
    found = Document.objects.in_bulk(keys[:MOST_FOUND])
    return [found[key] for key in keys[:MOST_FOUND]]


def known(triple: Triple, portal: Portal, viewer: Account) -> Document | None:
    """Return what is known here of a document, to somebody who may see a workflow on it."""
    module, entity, number = triple
    document = Document.objects.filter(
        portal=portal, module=module, entity=entity, document_id=number
    ).first()
    if document and Workflow.objects.visible_to(viewer).filter(document=document).exists():
        return document
    return None


def running_on(triple: Triple, template: WorkflowTemplate) -> WorkflowQuerySet:
    """Return the running workflows of a template on a document, as last read."""
    module, entity, number = triple
    return (
        Workflow.objects.running()
        .filter(
            portal=template.portal,
            template=template,
            document__module=module,
            document__entity=entity,
            document__document_id=number,
        )
        .with_names()
        .latest_first()
    )
