"""The filters of what templates name: a person, a department, a field, a type, a text."""

from collections.abc import Mapping

from django import forms
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from bizproc_admin.diagrams.mentions import Named
from bizproc_admin.lists.chips import MOST, Column, Counts
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Account, Department, Person, Portal, WorkflowTemplate
from bizproc_admin.models.template_mentions import TemplateMentionQuerySet
from bizproc_admin.wording.templates import KINDS, PLACES

OF_CHIP = {"person": Named.PERSON, "department": Named.DEPARTMENT}


class MentionFilterForm(FilterForm[TemplateMentionQuerySet]):
    """The filters of a search in templates; what is typed is looked for in titles, codes, names."""

    kind = forms.MultipleChoiceField(choices=list(KINDS.items()), required=False, label=_("What"))
    person = forms.MultipleChoiceField(required=False, label=_("Person"))
    department = forms.MultipleChoiceField(required=False, label=_("Department"))
    place = forms.MultipleChoiceField(
        choices=list(PLACES.items()), required=False, label=_("Where")
    )
    template = forms.MultipleChoiceField(required=False, label=_("Template"))

    CHIPS = ("kind", "person", "department", "place", "template")
    COLUMNS = {
        "kind": Column(key="kind"),
        "place": Column(key="place"),
        "template": Column(key="template_id", label="template__name", names=WorkflowTemplate),
    }
    SORTS = {"template": "template__name"}
    DEFAULT_SORT = "template"
    HEADS = {"template": _("Template")}

    def __init__(
        self, data: Mapping[str, object], *, portal: Portal | None, viewer: Account
    ) -> None:
        super().__init__(data, portal=portal)
        self.offer_known("template", found=self.named_templates(viewer))
        self.offer_known("person", found=self.named_people(viewer, "person"))
        departments = self.named(Department.objects.all(), "department")
        self.offer_known("department", found=departments)
        self.is_valid()

    def narrow_by(
        self, chip: str, rows: TemplateMentionQuerySet, values: list[str]
    ) -> TemplateMentionQuerySet:
        if chip not in OF_CHIP:
            return super().narrow_by(chip, rows, values)
        named = [number for key, _name, number in self.known(chip) if str(key) in values]
        return rows.filter(kind=OF_CHIP[chip], number__in=named)

    def counted(self, chip: str, rows: TemplateMentionQuerySet) -> Counts:
        if chip not in OF_CHIP:
            found = super().counted(chip, rows)
            labels = self.labels(chip) if chip in ("kind", "place") else {}
            return [(key, labels.get(str(key), label), count) for key, label, count in found]
        numbers = rows.filter(kind=OF_CHIP[chip]).order_by().values_list("number")
        counts = dict(numbers.annotate(n=Count("pk")).order_by("-n")[:MOST])
        named = [
            (key, name, counts[number])
            for key, name, number in self.known(chip, *counts)
            if number in counts
        ]
        return sorted(named, key=lambda one: (-one[2], one[1]))

    def known(self, chip: str, *numbers: int | None) -> list[tuple[int, str, int]]:
        """Return key, name and the portal's number of people or departments of the portal.

        Those with some numbers, else those that the filters name.
        """
        of = Q(remote_id__in=numbers) if numbers else Q(pk__in=self.keys_of(chip))
        if chip == "person":
            people = Person.objects.at(self.portal).filter(of)
            return [(one.pk, str(one), one.remote_id) for one in people]
        departments = Department.objects.filter(of, portal=self.portal)
        return [(one.pk, str(one), one.remote_id) for one in departments]

    def ordered(self, rows: TemplateMentionQuerySet) -> TemplateMentionQuerySet:
        """Order what is named by template, then as it stands in it."""
        name = F("template__name").desc() if self.is_descending else F("template__name").asc()
        return rows.order_by(name, "template", F("step").asc(nulls_last=True), "pk")
