"""Workflow templates: the definitions workflows were started from."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from bizproc_admin.models.accounts import Account
from bizproc_admin.models.documents import DocumentKind
from bizproc_admin.models.participations import Participation
from bizproc_admin.models.people import Person
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.searching import words_of
from bizproc_admin.models.targets import Target


class WorkflowTemplateQuerySet(models.QuerySet["WorkflowTemplate"]):
    """Narrowing workflow templates."""

    def visible_to(self, account: Account) -> Self:
        """Narrow to what an account may see: everything, or templates of workflows it may see."""
        if account.sees_all:
            return self.filter(portal=account.home_id) if account.home_id else self
        if account.role is None:
            return self.none()
        parts = Participation.objects.filter(person__in=account.circle)
        of_older = parts.filter(template=None).values("workflow__template")
        return self.filter(Q(pk__in=parts.values("template")) | Q(pk__in=of_older))

    def matching(self, text: str) -> Self:
        """Narrow to templates whose searchable words contain every word of the text."""
        found = self
        for word in words_of(text):
            found = found.filter(search_text__contains=word)
        return found

    def listed(self) -> Self:
        """Narrow to what the portal lists: no automation, nothing that is gone."""
        return self.filter(is_hidden=False, gone_at=None)

    def offered_to(self, account: Account) -> Self:
        """Narrow to what an account may be offered to start.

        That is all that is listed, or the templates of the document types it takes part in: the
        portal decides.
        """
        if account.role is None:
            return self.none()
        if account.sees_all:
            return self.visible_to(account).listed()
        of_type = self.model._default_manager.visible_to(account).filter(
            portal=OuterRef("portal"),
            entity=OuterRef("entity"),
            document_type=OuterRef("document_type"),
        )
        return self.listed().filter(Exists(of_type))


class WorkflowTemplate(models.Model):
    """A workflow template; is_hidden means known from workflows only (the API hides automation).

    auto_execute is the portal's bit field: 1 on creation, 2 on change. parameters is the portal's
    map id -> definition. is_structure_due says that what it is made of was not read since it
    changed (`TemplateVersion`).
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="workflow_templates")
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=500, blank=True)
    description = models.TextField(blank=True)
    module = models.CharField(max_length=50, blank=True)
    entity = models.CharField(max_length=255, blank=True)
    document_type = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=20, choices=DocumentKind, default=DocumentKind.OTHER)
    auto_execute = models.PositiveIntegerField(default=0)
    parameters = models.JSONField(default=dict)
    system_code = models.CharField(max_length=255, blank=True)
    changed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    modified_at = models.DateTimeField(null=True)
    is_hidden = models.BooleanField(default=True)
    search_text = models.TextField(blank=True, db_default="")
    is_structure_due = models.BooleanField(default=True, db_default=True)
    observed_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    objects = WorkflowTemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "remote_id"], name="workflow_template_remote")
        ]

    @property
    def as_target(self) -> Target:
        return Target(
            kind="workflow_template",
            id=str(self.remote_id),
            label=self.name,
            portal_id=self.portal_id,
        )

    @property
    def application(self) -> int | None:
        """Return the portal's number of the application that added it; None for any other."""
        number = self.system_code.removeprefix("rest_app_")
        is_of_one = self.system_code.startswith("rest_app_") and number.isdecimal()
        return int(number) if is_of_one and len(number) < 18 else None

    @property
    def is_listed(self) -> bool:
        """Return whether the portal lists it, so that it can be started."""
        return not self.is_hidden and self.gone_at is None

    @property
    def parameter_names(self) -> dict[str, str]:
        """Return what the template calls its parameters, by their ids."""
        return {
            key: str(given.get("Name") or key)
            for key, given in self.parameters.items()
            if isinstance(given, dict)
        }

    def __str__(self) -> str:
        return self.name or _("Hidden automation template %(number)s") % {"number": self.remote_id}
