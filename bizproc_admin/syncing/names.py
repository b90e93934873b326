"""People, workflow templates and documents that rows name: found, or made with the number alone.

A row may name something no feed has brought yet, or that the portal never lists (a hidden
automation template): it gets a row of its own that the feed fills later.
"""

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from bizproc_admin.models import Document, Person, Portal, WorkflowTemplate
from bizproc_admin.models.documents import Triple, kind_of


class Names:
    """What one pass over a portal has looked up so far."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.people: dict[int, Person] = {}
        self.templates: dict[int, WorkflowTemplate] = {}

    def find_people(self, remote_ids: Iterable[int]) -> None:
        """Look up people by their numbers and make those that are missing."""
        wanted = set(remote_ids) - self.people.keys()
        if not wanted:
            return
        self.people |= self.known_people(wanted)
        if missing := wanted - self.people.keys():
            Person.objects.bulk_create(
                [
                    Person(portal=self.portal, remote_id=one, search_text=str(one))
                    for one in sorted(missing)
                ],
                ignore_conflicts=True,
            )
            self.people |= self.known_people(missing)

    def known_people(self, remote_ids: Iterable[int]) -> dict[int, Person]:
        rows = Person.objects.filter(portal=self.portal, remote_id__in=remote_ids)
        return {person.remote_id: person for person in rows}

    def find_templates(self, remote_ids: Iterable[int]) -> None:
        """Look up workflow templates by their numbers and make those that are missing."""
        wanted = set(remote_ids) - self.templates.keys()
        if not wanted:
            return
        self.templates |= self.known_templates(wanted)
        if missing := wanted - self.templates.keys():
            WorkflowTemplate.objects.bulk_create(
                [
                    WorkflowTemplate(portal=self.portal, remote_id=one, search_text=str(one))
                    for one in sorted(missing)
                ],
                ignore_conflicts=True,
            )
            self.templates |= self.known_templates(missing)

    def known_templates(self, remote_ids: Iterable[int]) -> dict[int, WorkflowTemplate]:
        rows = WorkflowTemplate.objects.filter(portal=self.portal, remote_id__in=remote_ids)
        return {template.remote_id: template for template in rows}

    def documents(self, triples: Iterable[Triple]) -> dict[Triple, Document]:
        """Return documents by their triples, made where missing; not kept, there may be many."""
        wanted = set(triples)
        found = self.known_documents(wanted)
        if missing := wanted - found.keys():
            made = [
                Document(
                    portal=self.portal,
                    module=module,
                    entity=entity,
                    document_id=document_id,
                    kind=kind_of(entity),
                )
                for module, entity, document_id in sorted(missing)
            ]
            try:
                with transaction.atomic():
                    Document.objects.bulk_create(made)
                found |= {(one.module, one.entity, one.document_id): one for one in made}
            except IntegrityError:  # somebody else met one of them at the same moment
                Document.objects.bulk_create(made, ignore_conflicts=True)
                found |= self.known_documents(missing)
        return found

    def known_documents(self, triples: set[Triple]) -> dict[Triple, Document]:
        rows = Document.objects.filter(
            portal=self.portal, document_id__in={triple[2] for triple in triples}
        )
        found = {(row.module, row.entity, row.document_id): row for row in rows}
        return {triple: found[triple] for triple in triples if triple in found}
