"""Searching by a link into the portal: what it shows there is found here."""

import re
from urllib.parse import parse_qs, urlsplit

from django.db.models import QuerySet

from bizproc_admin.forms.documents import (
    CRM_KINDS,
    FEED,
    LINK,
    LINKS,
    LISTS,
    TYPES_BY_NUMBER,
    hosts_of,
)
from bizproc_admin.models import Document, Portal


def documents_behind(text: str, portal: Portal) -> QuerySet[Document] | None:
    """Return the document that a link into the portal leads to; None for what is no link.

    A link that leads elsewhere, or to no document, leads to none of ours.
    """
    text = text.strip().strip("\"'<>")
    if not LINK.match(text):
        return None
    here = Document.objects.filter(portal=portal)
    try:
        parts = urlsplit(text if "//" in text or text.startswith("/") else f"//{text}")
    except ValueError:
        return here.none()
    host = parts.netloc.rpartition("@")[2].casefold()
    if host and host not in hosts_of(portal):
        return here.none()
    query = parse_qs(parts.query)
    if "list_id" in query and "element_id" in query:
        return here.filter(entity=FEED, document_id=query["element_id"][0])
    path = re.sub(r"^/(?:s[0-9]+|extranet)(?=/)", "", parts.path)
    for pattern in LINKS:
        if (match := pattern.match(path)) is None:
            continue
        found = match.groupdict()
        number = str(int(found["number"]))
        if crm := found.get("crm"):
            return here.filter(document_id=f"{CRM_KINDS[crm]}_{number}")
        if kind := found.get("type"):
            prefix = TYPES_BY_NUMBER.get(kind, f"DYNAMIC_{kind}")
            return here.filter(document_id=f"{prefix}_{number}")
        entity = FEED if found.get("feed") else LISTS
        return here.filter(entity=entity, document_id=number)
    return here.none()
