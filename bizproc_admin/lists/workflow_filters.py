"""The filters of the list of workflows."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Account, DocumentKind, Portal, Workflow
from bizproc_admin.models.workflows import LOCK_GRACE

SHOWN = [("running", _("Running")), ("ended", _("Ended")), ("all", _("All"))]
CONDITIONS = [
    ("waiting", _("Waiting for people")),
    ("overdue", _("Overdue")),
    ("locked", _("Locked")),
    ("no-task", _("No open task")),
]
AGES = [
    ("1d", _("over a day")),
    ("7d", _("over a week")),
    ("30d", _("over 30 days")),
    ("90d", _("over 90 days")),
    ("365d", _("over a year")),
]
IDLE = [
    ("10m", _("over 10 minutes")),
    ("1h", _("over an hour")),
    ("1d", _("over a day")),
    ("7d", _("over a week")),
    ("30d", _("over 30 days")),
]
SPANS = {
    "10m": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "365d": timedelta(days=365),
}
SYSTEM = "system"


class WorkflowFilterForm(FilterForm):
    """The filters of the list of workflows."""

    show = forms.ChoiceField(choices=SHOWN, required=False)
    template = forms.MultipleChoiceField(required=False, label=_("Template"))
    kind = forms.MultipleChoiceField(
        choices=DocumentKind.choices, required=False, label=_("Document")
    )
    starter = forms.MultipleChoiceField(required=False, label=_("Started by"))
    waiting = forms.MultipleChoiceField(required=False, label=_("Waiting for"))
    condition = forms.ChoiceField(
        choices=[("", ""), *CONDITIONS], required=False, label=_("Condition")
    )
    age = forms.ChoiceField(choices=[("", ""), *AGES], required=False, label=_("Age"))
    idle = forms.ChoiceField(choices=[("", ""), *IDLE], required=False, label=_("Idle"))

    CARRIED = ("show", "sort", "size")
    CHIPS = ("template", "kind", "starter", "waiting", "condition", "age", "idle")
    SORTS = {
        "template": "template_copy",
        "document": "document_order",
        "state": "state_text",
        "waiting": "waiting_copy",
        "starter": "starter_copy",
        "started": "started_at",
        "idle": "modified_at",
    }
    BACKWARDS = frozenset({"idle"})
    DEFAULT_SORT = "-started"

    def __init__(self, data: Any, *, portal: Portal | None, viewer: Account | None = None) -> None:
        super().__init__(data, portal=portal)
        self.offer_known("template", found=self.named_templates(viewer))
        people = self.named_people(viewer, "starter", "waiting")
        self.offer_known("starter", found=people | {SYSTEM: _("the portal itself")})
        self.offer_known("waiting", found=people)
        self.is_valid()

    def narrow(self, rows: QuerySet[Workflow]) -> QuerySet[Workflow]:
        """Narrow workflows of the form's portal to what the filters ask for."""
        match self.value("show"):
            case "ended":
                rows = rows.ended()  # type: ignore[attr-defined]
            case "all":
                pass
            case _:
                rows = rows.running()  # type: ignore[attr-defined]
        if text := self.value("q"):
            rows = rows.matching(text)  # type: ignore[attr-defined]
        if keys := self.value("template"):
            rows = rows.filter(template_id__in=keys)
        if kinds := self.value("kind"):
            rows = rows.filter(document_kind__in=kinds)
        if keys := self.value("starter"):
            people = [key for key in keys if key != SYSTEM]
            chosen = Workflow.objects.filter(started_by_id__in=people)
            if SYSTEM in keys:
                chosen |= Workflow.objects.filter(started_by=None)
            rows = rows & chosen
        if keys := self.value("waiting"):
            rows = rows.waiting_for([int(key) for key in keys])  # type: ignore[attr-defined]
        for chip in ("condition", "age", "idle"):
            if key := self.value(chip):
                rows = rows.filter(self.test(chip, key))
        return rows

    def test(self, chip: str, key: str) -> Q:
        """Give what a choice of the chips condition, age and idle asks of a workflow."""
        now = self.portal.now() if self.portal else timezone.now()
        if chip in ("age", "idle"):
            since, span = {"age": "started_at", "idle": "modified_at"}[chip], SPANS[key]
            living = Q(is_running=True, **{f"{since}__lt": now - span})
            if self.value("show") not in ("ended", "all"):
                return living
            # both stand still from a workflow's end on
            return living | Q(is_running=False, ended_before__gt=F(since) + span)
        return Q(is_running=True) & {
            "waiting": Q(open_tasks__gt=0),
            "overdue": Q(overdue_at__lt=now),
            "locked": Q(owned_until__lt=now - LOCK_GRACE),
            "no-task": Q(open_tasks=0),
        }.get(key, Q(pk=None))

    @property
    def order(self) -> tuple[str, str]:
        """Give the columns to order by; the key decides ties, so that pages do not overlap."""
        sign = "-" if self.is_descending else ""
        return f"{sign}{self.SORTS[self.sorted_by.lstrip('-')]}", f"{sign}pk"

    @property
    def part_shown(self) -> str:
        return self.value("show") or SHOWN[0][0]

    @property
    def anywhere(self) -> str:
        """Give the query string of the same filters over running and ended workflows."""
        return self.query(show="all", page=None, upto=None)
