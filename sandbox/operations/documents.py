"""Operations on documents: people create and change them, and templates start by themselves."""

from typing import Any

from sandbox import scenarios
from sandbox.engine import auto_start
from sandbox.state import documents
from sandbox.state.field_types import checked
from sandbox.state.portal import Portal
from sandbox.state.records import Document


class DocumentOperations:
    """What workflows run on."""

    def __init__(self, portal: Portal) -> None:
        """Act on this portal."""
        self._portal = portal

    def create_document(
        self, document_type: list[str], name: str = "", user_id: int = 1
    ) -> dict[str, Any]:
        """Create a document; returns its id and the workflows that started by themselves."""
        portal = self._portal
        with portal.lock:
            kind = documents.read_type(document_type)
            if kind is None:
                raise ValueError(f"{document_type!r} is no document type.")
            person = portal.users[int(user_id)].id
            found = scenarios.new_document(portal, kind)
            while found in portal.documents:
                found = scenarios.new_document(portal, kind)
            document = documents.remember(portal, found, kind, name=str(name), owner=person)
            started = auto_start.start_all(portal, document, auto_start.ON_CREATION, by=person)
            portal.commit()
            return {"document_id": list(document.id), "workflows": started}

    def change_document(
        self, document_id: list[str], user_id: int = 1, **changes: Any
    ) -> dict[str, Any]:
        """Change a document's fields, or just save it; returns what `create_document` does."""
        portal = self._portal
        with portal.lock:
            given = documents.read_id(document_id)
            document = portal.documents.get(given) if given is not None else None
            if document is None:
                raise ValueError(f"There is no document {document_id!r}.")
            person = portal.users[int(user_id)].id
            for name, value in checked(Document, changes, fixed=("id", "type", "deleted")).items():
                setattr(document, name, value)
            portal.documents.put(document.id, document)
            started = auto_start.start_all(portal, document, auto_start.ON_CHANGE, by=person)
            portal.commit()
            return {"document_id": list(document.id), "workflows": started}

    def delete_document(self, document_id: list[str]) -> None:
        """Delete a document; its workflows go on until something comes to them from outside."""
        portal = self._portal
        with portal.lock:
            given = documents.read_id(document_id)
            if given is None or not documents.exists(portal, given):
                raise ValueError(f"There is no document {document_id!r}.")
            kind = documents.type_of(portal, given, hint=given)
            document = documents.remember(portal, given, kind or given)
            document.deleted = True
            portal.documents.put(document.id, document)
            portal.commit()
