"""What the current structures of templates name: an index, so that finding opens none of them."""

from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bizproc_admin.diagrams.mentions import Mention, Named, Where
from bizproc_admin.models.accounts import Account
from bizproc_admin.models.application_actions import STEP_TYPE, ApplicationAction
from bizproc_admin.models.people import DISMISSED, Department, Person
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.searching import searchable, words_of
from bizproc_admin.models.workflow_templates import WorkflowTemplate

AT_ONCE = 500


class TemplateMentionQuerySet(models.QuerySet["TemplateMention"]):
    """Narrowing mentions."""

    def visible_to(self, account: Account) -> Self:
        """Narrow to templates that an account may see."""
        return self.filter(template__in=WorkflowTemplate.objects.visible_to(account))

    def at(self, portal: Portal | None) -> Self:
        """Narrow to one portal; no portal has no templates."""
        return self.filter(template__portal=portal) if portal else self.none()

    def current(self) -> Self:
        """Narrow to templates that are there."""
        return self.filter(template__gone_at=None)

    def of_person(self, person: Person) -> Self:
        """Narrow to where a person is named."""
        return self.filter(
            template__portal=person.portal_id, kind=Named.PERSON, number=person.remote_id
        )

    def broken(self) -> Self:
        """Narrow to steps that cannot go well.

        Nobody is asked, somebody gone is, the type is unknown, or an action of the portal's own
        application that the portal lacks.
        """
        known = Person.objects.filter(
            portal=OuterRef("template__portal"), remote_id=OuterRef("number")
        )
        is_person = Q(kind=Named.PERSON, place=Where.APPROVER)
        missing = ApplicationAction.objects.filter(
            portal=OuterRef("template__portal"),
            client_id=OuterRef("template__portal__client_id"),
            step_type=OuterRef("value"),
            missing_since__isnull=False,
        )
        return self.filter(is_active=True).filter(
            (Q(kind=Named.STEP, value__startswith=STEP_TYPE) & Q(Exists(missing)))
            | Q(kind__in=(Named.NOBODY, Named.UNKNOWN))
            | (is_person & Q(Exists(known.filter(DISMISSED))))
            | (is_person & ~Q(Exists(known)))
        )

    def matching(self, text: str) -> Self:
        """Narrow to mentions whose words contain every word of a text, names of people too."""
        found = self
        for word in words_of(text):
            people = Person.objects.filter(
                portal=OuterRef("template__portal"),
                remote_id=OuterRef("number"),
                search_text__contains=word,
            )
            departments = Department.objects.filter(
                portal=OuterRef("template__portal"),
                remote_id=OuterRef("number"),
                name__folds=word,
            )
            found = found.filter(
                Q(search_text__contains=word)
                | (Q(kind=Named.PERSON) & Q(Exists(people)))
                | (Q(kind=Named.DEPARTMENT) & Q(Exists(departments)))
            )
        return found

    def in_order(self) -> Self:
        return self.order_by("template__name", "template", F("step").asc(nulls_last=True), "pk")


class TemplateMention(models.Model):
    """Something that a template names in one place (`diagrams.mentions.Mention`).

    kind is of Named, place of Where; value is the portal's code, number the same as a number. step
    is the key of the step in the current structure and name its ACTIVITY_NAME; both are missing
    where a parameter, variable or constant names it. search_text is casefolded.
    """

    template = models.ForeignKey(WorkflowTemplate, models.CASCADE, related_name="mentions")
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=255, blank=True)
    number = models.BigIntegerField(null=True)
    place = models.CharField(max_length=20)
    step = models.PositiveIntegerField(null=True)
    name = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=500, blank=True)
    is_active = models.BooleanField(default=True)
    search_text = models.TextField(blank=True)

    objects = TemplateMentionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["kind", "number"], name="template_mention_named")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value} in {self.template_id}"


def index(template: WorkflowTemplate, found: list[Mention]) -> None:
    """Replace what a template names."""
    template.mentions.all().delete()
    TemplateMention.objects.bulk_create(
        [
            TemplateMention(
                template=template,
                kind=one.kind,
                value=one.value[:255],
                number=one.number,
                place=one.where,
                step=one.step,
                name=one.name[:255],
                title=one.title[:500],
                is_active=one.is_active,
                search_text=searchable(f"{one.title[:500]} {one.value[:255]}"),
            )
            for one in found
        ],
        batch_size=AT_ONCE,
    )
