"""The filters of the inbox of workflow tasks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Account, Portal, WorkflowTask
from bizproc_admin.models.workflow_tasks import APPROVAL, OPTIONAL, REQUEST, REVIEW

# whose tasks: keys of people, None for everybody's
Scopes = Mapping[str, set[int] | None]

SCOPES = {
    "mine": gettext_lazy("Mine"),
    "team": gettext_lazy("My team"),
    "everybody": gettext_lazy("Everybody"),
}
GROUPS = {
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due today"),
    "later": gettext_lazy("Later"),
    "none": gettext_lazy("No deadline"),
}
KINDS = {
    "approval": (gettext_lazy("Approval"), (APPROVAL,)),
    "review": (gettext_lazy("Review"), (REVIEW,)),
    "request": (gettext_lazy("Request for information"), (REQUEST, OPTIONAL)),
}


class WorkflowTaskFilterForm(FilterForm):
    """The inbox's filters; scopes says whose tasks the account may ask for, its own first."""

    whose = forms.ChoiceField(required=False, label=gettext_lazy("Whose"))
    template = forms.MultipleChoiceField(required=False, label=gettext_lazy("Template"))
    assignee = forms.MultipleChoiceField(required=False, label=gettext_lazy("Waiting for"))
    kind = forms.MultipleChoiceField(
        choices=[(key, label) for key, (label, _activities) in KINDS.items()],
        required=False,
        label=gettext_lazy("Kind"),
    )
    condition = forms.ChoiceField(
        choices=[("", ""), *GROUPS.items()], required=False, label=gettext_lazy("Deadline")
    )
    starter = forms.MultipleChoiceField(required=False, label=gettext_lazy("Started by"))
    open = forms.IntegerField(required=False, min_value=1)

    CARRIED = ("whose", "sort", "size")
    CHIPS = ("template", "assignee", "kind", "condition", "starter")
    SORTS = {
        "deadline": "overdue_at",
        "waiting": "waiting_since",
        "name": "name",
        "template": "workflow__template_copy",
        "starter": "workflow__starter_copy",
    }
    DEFAULT_SORT = "deadline"
    # a long wait began early
    BACKWARDS = frozenset({"waiting"})

    def __init__(
        self, data: Any, *, portal: Portal | None, scopes: Scopes, viewer: Account | None = None
    ) -> None:
        super().__init__(data, portal=portal)
        self.scopes = scopes
        self.now = portal.now() if portal else timezone.now()
        whose: Any = self.fields["whose"]
        whose.choices = [(key, SCOPES[key]) for key in scopes]
        self.offer_known("template", found=self.named_templates(viewer))
        people = self.named_people(viewer, "starter", "assignee")
        self.offer_known("starter", found=people)
        self.offer_known("assignee", found=people)
        self.is_valid()

    def chips(self) -> list[dict[str, Any]]:
        """Give the filters' chips; one's own tasks are not narrowed by whom they wait for."""
        is_own = self.whose_shown == "mine" and not self.value("assignee")
        return [chip for chip in super().chips() if not (is_own and chip["name"] == "assignee")]

    @property
    def whose_shown(self) -> str:
        """Give whose tasks are shown: what was asked for if it may be, else the nearest."""
        asked: str = self.cleaned_data.get("whose") or ""
        return asked or next(iter(self.scopes), "everybody")

    @cached_property
    def kept_open(self) -> str:
        """Give the query string that a task's own page keeps the list by, or nothing."""
        pairs = self.pairs(open=None)
        return f"?{urlencode(pairs)}" if pairs else ""

    def narrow(self, rows: QuerySet[WorkflowTask]) -> QuerySet[WorkflowTask]:
        """Narrow workflow tasks of the form's portal to what the filters ask for."""
        rows = self.scoped(rows, self.whose_shown)
        if text := self.value("q"):
            rows = rows.matching(text)  # type: ignore[attr-defined]
        if keys := self.value("template"):
            rows = rows.filter(workflow__template_id__in=keys)
        if keys := self.value("assignee"):
            rows = rows.waiting_for([int(key) for key in keys])  # type: ignore[attr-defined]
        if kinds := self.value("kind"):
            rows = rows.filter(activity__in=[a for kind in kinds for a in KINDS[kind][1]])
        if keys := self.value("starter"):
            rows = rows.filter(workflow__started_by_id__in=keys)
        if key := self.value("condition"):
            rows = rows.filter(self.test(key))
        return rows

    def scoped(self, rows: QuerySet[WorkflowTask], whose: str) -> QuerySet[WorkflowTask]:
        """Narrow to open tasks that wait for the people of a scope."""
        people = self.scopes.get(whose, set())
        tasks: Any = rows
        found: QuerySet[WorkflowTask] = (
            tasks.open() if people is None else tasks.waiting_for(people)
        )
        return found

    def test(self, group: str) -> Q:
        """Give what a group by deadline asks of a task."""
        return {
            "overdue": Q(overdue_at__lt=self.now),
            "today": Q(overdue_at__gte=self.now, overdue_at__lt=self.end_of_day),
            "later": Q(overdue_at__gte=max(self.now, self.end_of_day)),
            "none": Q(overdue_at=None),
        }[group]

    def group_of(self, task: WorkflowTask) -> str:
        """Give the group by deadline that a task stands in."""
        if task.overdue_at is None:
            return "none"
        if task.overdue_at < self.now:
            return "overdue"
        return "today" if task.overdue_at < self.end_of_day else "later"

    @property
    def end_of_day(self) -> datetime:
        """Give the end of today in the viewer's zone."""
        midnight = datetime.combine(
            timezone.localtime(self.now).date() + timedelta(days=1), datetime.min.time()
        )
        return timezone.make_aware(midnight)

    @property
    def is_grouped(self) -> bool:
        return self.sorted_by.lstrip("-") == "deadline"

    @property
    def order(self) -> tuple[Any, str]:
        """Give the columns to order by: what has no deadline stands last."""
        column = F(self.SORTS[self.sorted_by.lstrip("-")])
        if self.is_descending:
            return column.desc(nulls_last=True), "-pk"
        return column.asc(nulls_last=True), "pk"
