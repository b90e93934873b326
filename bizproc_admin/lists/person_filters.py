"""The filters of the list of people."""

from typing import Any

from django import forms
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Department, Person, Portal
from bizproc_admin.models.people import DISMISSED
from bizproc_admin.models.workloads import having_tasks, most_urgent_first, with_workload

STATES = [("working", _("Working")), ("dismissed", _("Dismissed"))]
LOADS = [("open", _("with open tasks")), ("overdue", _("with overdue tasks"))]


class PersonFilterForm(FilterForm):
    """The list's filters; people is whom the account may look at."""

    department = forms.MultipleChoiceField(required=False, label=_("Department"))
    state = forms.ChoiceField(choices=[("", ""), *STATES], required=False, label=_("State"))
    load = forms.ChoiceField(choices=[("", ""), *LOADS], required=False, label=_("Tasks"))

    CHIPS = ("department", "state", "load")
    SORTS = {
        "urgency": "",
        "name": "name",
        "open": "open_count",
        "overdue": "overdue_count",
        "running": "running_count",
        "seen": "signed_in_at",
    }
    DEFAULT_SORT = "urgency"

    def __init__(self, data: Any, *, portal: Portal | None, people: QuerySet[Person]) -> None:
        super().__init__(data, portal=portal)
        self.people = people
        self.now = portal.now() if portal else timezone.now()
        self.departments = self.counted_departments()
        self.fields["department"].choices = [  # type: ignore[attr-defined]
            (str(key), name) for key, name, _count in self.departments
        ]
        self.is_valid()

    def counted_departments(self) -> list[tuple[int, str, int]]:
        """Give the departments with how many of the people are in each, by name."""
        found = Department.objects.filter(portal=self.portal, gone_at=None)
        counted = found.annotate(n=Count("members", filter=Q(members__in=self.people)))
        return list(counted.filter(n__gt=0).order_by("name").values_list("pk", "name", "n"))

    def narrow(self, rows: QuerySet[Person]) -> QuerySet[Person]:
        """Narrow people to what the filters ask for."""
        if text := self.value("q"):
            rows = rows.matching(text)  # type: ignore[attr-defined]
        if keys := self.value("department"):
            members = Person.departments.through.objects.filter(department__in=keys)
            rows = rows.filter(pk__in=members.values("person"))
        if state := self.value("state"):
            rows = rows.filter(DISMISSED if state == "dismissed" else ~DISMISSED)
        if load := self.value("load"):
            rows = having_tasks(rows, overdue=self.now if load == "overdue" else None)
        return rows

    def ordered(self, rows: QuerySet[Person]) -> QuerySet[Person]:
        """Order people by the head that was clicked; the most urgent first where none was."""
        name = self.sorted_by.lstrip("-")
        if name == "urgency":
            return most_urgent_first(rows, self.now)
        column = self.SORTS[name]
        if name != "name":
            rows = with_workload(rows, self.now, column)
        by = (
            F(column).desc(nulls_last=True)
            if self.is_descending
            else F(column).asc(nulls_last=True)
        )
        return rows.order_by(by, "name", "pk")

    def chips_with_choices(self) -> list[dict[str, Any]]:
        """Give each chip with its choices: value, label, how many, whether it is chosen."""
        counts = {str(key): count for key, _name, count in self.departments}
        return [
            {
                **chip,
                "many": chip["name"] == "department",
                "shown": ", ".join(chip["chosen"]),
                "choices": [
                    {
                        "value": key,
                        "label": label,
                        "count": counts.get(key) if chip["name"] == "department" else None,
                        "selected": key in chip["values"],
                    }
                    for key, label in self.fields[chip["name"]].choices  # type: ignore[attr-defined]
                    if key
                ],
            }
            for chip in self.chips()
        ]
