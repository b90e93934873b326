"""The filters of the inbox of workflow tasks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from django import forms
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bizproc_admin.lists.chips import Chip, Column, Counts
from bizproc_admin.lists.periods import PeriodFilterForm, SpanField, span_of
from bizproc_admin.lists.waiting_people import waiting_people
from bizproc_admin.models import Account, Person, Portal, WorkflowTask, WorkflowTemplate
from bizproc_admin.models.workflow_tasks import (
    APPROVAL,
    BY_NAME,
    OPTIONAL,
    REQUEST,
    REVIEW,
    WorkflowTaskQuerySet,
)

# steps that one address names
MOST_STEPS = 50
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


class WorkflowTaskFilterForm(PeriodFilterForm[WorkflowTaskQuerySet]):
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
    waits = SpanField("1h", "1d", "7d", "30d", "90d", label=gettext_lazy("Waits"))
    starter = forms.MultipleChoiceField(required=False, label=gettext_lazy("Started by"))
    step = forms.MultipleChoiceField(required=False, label=gettext_lazy("Step"))
    open = forms.IntegerField(required=False, min_value=1)

    PART = "whose"
    OF_PART = ("open", "assignee")
    STATES = "condition"
    CHIPS = (
        "template", "assignee", "kind", "condition", "waits", "starter", "step", "since", "until",
    )  # fmt: skip
    TIME, SPANS = "waits", ("waits",)
    COLUMNS = {
        "template": Column(key="template_id", label="template_copy", names=WorkflowTemplate),
        "starter": Column(
            key="workflow__started_by_id", label="workflow__starter_copy", names=Person
        ),
        "step": Column(key="activity_name", label="name"),
    }
    DOCUMENT = "workflow__document"
    SORTS = {
        "deadline": "overdue_at",
        "waiting": "waiting_since",
        "name": "name",
        "template": "template_copy",
        "starter": "starter_copy",
    }
    DEFAULT_SORT = "deadline"
    # a long wait began early
    BACKWARDS = frozenset({"waiting"})
    HEADS = {
        "deadline": gettext_lazy("Deadline"),
        "waiting": gettext_lazy("Waits"),
        "name": gettext_lazy("Task"),
        "template": gettext_lazy("Template"),
        "starter": gettext_lazy("Started by"),
    }
    ORDERS = {
        "deadline": (gettext_lazy("soonest first"), gettext_lazy("latest first")),
        "waiting": (gettext_lazy("shortest first"), gettext_lazy("longest first")),
    }
    GREATEST_FIRST = frozenset({"waiting"})

    def __init__(
        self,
        data: Mapping[str, object],
        *,
        portal: Portal | None,
        scopes: Scopes,
        viewer: Account | None = None,
    ) -> None:
        super().__init__(data, portal=portal)
        self.scopes = scopes
        self.now = portal.now() if portal else timezone.now()
        self.offer("whose", [(key, SCOPES[key]) for key in scopes])
        self.offer_known("template", found=self.named_templates(viewer))
        people = self.named_people(viewer, "starter", "assignee")
        self.offer_known("starter", found=people)
        self.offer_known("assignee", found=people)
        self.offer_known("step", found=self.named_steps(viewer))
        self.offer_spans()
        self.name_days(gettext_lazy("Asked from"), gettext_lazy("Asked to"))
        self.is_valid()

    @property
    def time_asked(self) -> str:
        return "waiting_since"

    def named_steps(self, viewer: Account | None) -> dict[str, str]:
        """Return the steps the address names, each by one of its tasks.

        Open ones of the templates that it names are found by an index; others are looked for if
        none is open.
        """
        given = self.given("step")[:MOST_STEPS]
        if not given or viewer is None:
            return {}
        tasks = WorkflowTask.objects.visible_to(viewer).at(self.portal)
        of_templates = tasks.open().filter(template__in=self.keys_of("template"))
        found: dict[str, str] = {}
        for rows in (of_templates, tasks):
            if missing := set(given) - found.keys():
                named = rows.filter(activity_name__in=missing).values_list("activity_name", "name")
                found |= {name: task or name for name, task in named.distinct()}
        return found

    def chips(self) -> list[Chip]:
        """Return the filters' chips.

        One's own tasks are not narrowed by whom they wait for; to a step only its template leads.
        """
        is_own = self.whose_shown == "mine" and not self.value("assignee")
        return [
            chip
            for chip in super().chips()
            if not (is_own and chip.name == "assignee") and (chip.values or chip.name != "step")
        ]

    @property
    def whose_shown(self) -> str:
        """Return whose tasks are shown: what was asked for if it may be, else the nearest."""
        return self.part_shown or "everybody"

    @cached_property
    def kept_open(self) -> str:
        """Return the query string that a task's own page keeps the list by, or nothing."""
        pairs = self.pairs(open=None)
        return f"?{urlencode(pairs)}" if pairs else ""

    def in_part(self, rows: WorkflowTaskQuerySet, key: str) -> WorkflowTaskQuerySet:
        """Narrow to open tasks that wait for the people of a scope."""
        people = self.scopes.get(key, set())
        return rows.open() if people is None else rows.waiting_for(people)

    def narrow_by(
        self, chip: str, rows: WorkflowTaskQuerySet, values: list[str]
    ) -> WorkflowTaskQuerySet:
        if chip == "assignee":
            return rows.waiting_for([int(key) for key in values])
        if chip == "kind":
            return rows.filter(activity__in=[a for kind in values for a in KINDS[kind][1]])
        return super().narrow_by(chip, rows, values)

    def test(self, chip: str, key: str) -> Q:
        """Return what a group by deadline, or a long wait, asks of a task."""
        if chip == "waits":
            return Q(waiting_since__lt=self.now - span_of(key))
        return {
            "overdue": Q(overdue_at__lt=self.now),
            "today": Q(overdue_at__gte=self.now, overdue_at__lt=self.end_of_day),
            "later": Q(overdue_at__gte=max(self.now, self.end_of_day)),
            "none": Q(overdue_at=None),
        }[key]

    def group_of(self, task: WorkflowTask) -> str:
        """Give the group by deadline that a task stands in."""
        return self.group_at(task.overdue_at)

    def group_at(self, deadline: datetime | None) -> str:
        """Give the group of a deadline."""
        if deadline is None:
            return "none"
        if deadline < self.now:
            return "overdue"
        return "today" if deadline < self.end_of_day else "later"

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

    def ordered(self, rows: WorkflowTaskQuerySet) -> WorkflowTaskQuerySet:
        """Order tasks: what has no deadline stands last."""
        key = self.sorted_by.lstrip("-")
        column = BY_NAME if key == "name" else F(self.SORTS[key])
        # nothing else is ever missing, and an index that says nothing of nulls is read both ways
        nulls_last = True if key == "deadline" else None
        if self.is_descending:
            return rows.order_by(column.desc(nulls_last=nulls_last), "-pk")
        return rows.order_by(column.asc(nulls_last=nulls_last), "pk")

    def is_tested(self, chip: str) -> bool:
        return super().is_tested(chip) and chip != "assignee"

    def counted(self, chip: str, rows: WorkflowTaskQuerySet) -> Counts:
        if chip == "assignee":
            people = self.scopes.get(self.whose_shown)
            return waiting_people(self, rows, of="task", among=people)
        if chip == "kind":
            return [
                (key, label, self.count(self.narrow_by(chip, rows, [key])))
                for key, (label, _activities) in KINDS.items()
            ]
        if chip == "starter":
            rows = rows.exclude(workflow__started_by=None)
        return super().counted(chip, rows)
