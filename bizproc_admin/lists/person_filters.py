"""The filters of the list of people."""

from collections.abc import Mapping
from dataclasses import replace

from django import forms
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.lists.chips import Chip, Choice
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Department, Person, Portal
from bizproc_admin.models.people import DISMISSED, PersonQuerySet
from bizproc_admin.models.workloads import having_tasks, most_urgent_first, with_count

STATES = [("working", _("Working")), ("dismissed", _("Dismissed"))]
LOADS = [("open", _("with open tasks")), ("overdue", _("with overdue tasks"))]


class PersonFilterForm(FilterForm[PersonQuerySet]):
    """The list's filters; people is whom the account may look at."""

    department = forms.MultipleChoiceField(required=False, label=_("Department"))
    state = forms.ChoiceField(choices=[("", ""), *STATES], required=False, label=_("State"))
    load = forms.ChoiceField(choices=[("", ""), *LOADS], required=False, label=_("Tasks"))

    CHIPS = ("department", "state", "load")
    STATES = "load"
    SORTS = {
        "urgency": "",
        "name": "name",
        "open": "open_count",
        "overdue": "overdue_count",
        "running": "running_count",
        "seen": "signed_in_at",
    }
    DEFAULT_SORT = "urgency"
    HEADS = {
        "name": _("Person"),
        "open": _("Open tasks"),
        "overdue": _("Overdue"),
        "running": _("Running workflows"),
        "seen": _("Last sign-in here"),
    }
    ORDERS = {
        **dict.fromkeys(("open", "overdue", "running"), (_("fewest first"), _("most first"))),
        "seen": (_("longest ago first"), _("latest first")),
    }
    GREATEST_FIRST = frozenset({"open", "overdue", "running", "seen"})

    def __init__(
        self, data: Mapping[str, object], *, portal: Portal | None, people: PersonQuerySet
    ) -> None:
        super().__init__(data, portal=portal)
        self.people = people
        self.now = portal.now() if portal else timezone.now()
        self.departments = self.counted_departments()
        self.offer("department", [(str(key), name) for key, name, _count in self.departments])
        self.is_valid()

    def counted_departments(self) -> list[tuple[int, str, int]]:
        """Give the departments with how many of the people are in each, by name."""
        found = Department.objects.filter(portal=self.portal, gone_at=None)
        counted = found.annotate(n=Count("members", filter=Q(members__in=self.people)))
        return list(counted.filter(n__gt=0).order_by("name").values_list("pk", "name", "n"))

    def narrow_by(self, chip: str, rows: PersonQuerySet, values: list[str]) -> PersonQuerySet:
        if chip == "department":
            members = Person.departments.through.objects.filter(department__in=map(int, values))
            return rows.filter(pk__in=members.values("person"))
        if chip == "state":
            return rows.filter(DISMISSED if values == ["dismissed"] else ~DISMISSED)
        overdue = self.now if values == ["overdue"] else None
        return having_tasks(rows, self.portal, overdue=overdue)

    def ordered(self, rows: PersonQuerySet) -> PersonQuerySet:
        """Order people by the head that was clicked; the most urgent first where none was."""
        name = self.sorted_by.lstrip("-")
        if name == "urgency":
            return most_urgent_first(rows, self.portal, self.now)
        column = self.SORTS[name]
        if name != "name":
            rows = with_count(rows, self.portal, self.now, column)
        by = (
            F(column).desc(nulls_last=True)
            if self.is_descending
            else F(column).asc(nulls_last=True)
        )
        return rows.order_by(by, "name", "pk")

    def chip(self, name: str) -> Chip:
        """Return a filter with its choices: a company has few enough departments."""
        chip = super().chip(name)
        counts = {str(key): count for key, _name, count in self.departments}
        choices = [
            Choice(
                key=key,
                label=str(label),
                count=counts.get(key) if name == "department" else None,
                is_chosen=key in chip.values,
            )
            for key, label in self.labels(name).items()
        ]
        return replace(chip, choices=choices)

    @property
    def is_urgent_first(self) -> bool:
        return self.sorted_by == self.DEFAULT_SORT

    @property
    def urgent_first(self) -> str:
        """Return the query string of the same people, the most urgent first."""
        return self.query(sort=None, page=None)
