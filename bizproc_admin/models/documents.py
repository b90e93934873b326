"""Documents: the things workflows run on, and the names learnt for them."""

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.models.portals import Portal

# module, entity and id as the portal writes them
Triple = tuple[str, str, str]


class DocumentKind(models.TextChoices):
    DEAL = "deal", gettext_lazy("Deal")
    LEAD = "lead", gettext_lazy("Lead")
    CONTACT = "contact", gettext_lazy("Contact")
    COMPANY = "company", gettext_lazy("Company")
    QUOTE = "quote", gettext_lazy("Quote")
    INVOICE = "invoice", gettext_lazy("Invoice")
    SMART_PROCESS = "smart_process", gettext_lazy("Smart process item")
    FEED_PROCESS = "feed_process", gettext_lazy("Feed process")
    LIST = "list", gettext_lazy("List element")
    FILE = "file", gettext_lazy("Drive file")
    TASK = "task", gettext_lazy("Task")
    OTHER = "other", gettext_lazy("Document")


KINDS_BY_ENTITY = {
    "CCrmDocumentDeal": DocumentKind.DEAL,
    "CCrmDocumentLead": DocumentKind.LEAD,
    "CCrmDocumentContact": DocumentKind.CONTACT,
    "CCrmDocumentCompany": DocumentKind.COMPANY,
    "Bitrix\\Crm\\Integration\\BizProc\\Document\\Quote": DocumentKind.QUOTE,
    "Bitrix\\Crm\\Integration\\BizProc\\Document\\SmartInvoice": DocumentKind.INVOICE,
    "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic": DocumentKind.SMART_PROCESS,
    "BizprocDocument": DocumentKind.FEED_PROCESS,
    "Bitrix\\Lists\\BizprocDocumentLists": DocumentKind.LIST,
    "Bitrix\\Disk\\BizProcDocument": DocumentKind.FILE,
    "Bitrix\\Tasks\\Integration\\Bizproc\\Document\\Task": DocumentKind.TASK,
}

CRM_PATHS = {
    DocumentKind.DEAL: "/crm/deal/details/{}/",
    DocumentKind.LEAD: "/crm/lead/details/{}/",
    DocumentKind.CONTACT: "/crm/contact/details/{}/",
    DocumentKind.COMPANY: "/crm/company/details/{}/",
}


def kind_of(entity: str) -> DocumentKind:
    """Return the kind of a document from the entity of its triple (docs/portal.md: Documents)."""
    return KINDS_BY_ENTITY.get(entity, DocumentKind.OTHER)


def stand_in(kind: str, number: str) -> str:
    """Return what is said of a document whose name is not known."""
    return _("%(kind)s %(number)s, name not known") % {
        "kind": DocumentKind(kind).label,
        "number": number,
    }


class Document(models.Model):
    """A document known from the workflows and workflow tasks on it.

    The triple is (module, entity, document_id) as the portal writes it. name is empty until a
    workflow task has told it; path is portal-relative, told by a task or derived from the kind.
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="documents", db_index=False)
    module = models.CharField(max_length=50)
    entity = models.CharField(max_length=255)
    document_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=20, choices=DocumentKind, default=DocumentKind.OTHER)
    name = models.TextField(blank=True)
    path = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "document_id", "entity", "module"], name="document_triple"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.stand_in

    @property
    def number(self) -> str:
        """Return the number people know the document by: 777 of DEAL_777."""
        return self.document_id.rsplit("_", 1)[-1]

    @property
    def order(self) -> str:
        """Return what lists sort by: the named by their names, then the others by kind and number.

        The figure in front decides in every collation of a database.
        """
        if self.name:
            return f"1 {self.name[:500]}"
        return f"2 {self.kind} {self.number[-200:]:0>20}"

    @property
    def stand_in(self) -> str:
        """Return what is said while the name is not known."""
        return stand_in(self.kind, self.number)

    @property
    def link(self) -> str:
        return self.link_on(self.portal)

    def link_on(self, portal: Portal) -> str:
        """Return the link into its portal, or an empty text where none can be derived."""
        path = self.path or CRM_PATHS.get(DocumentKind(self.kind), "").format(self.number)
        return portal.link(path)
