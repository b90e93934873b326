"""The filters of the list of workflows."""

from collections.abc import Mapping

from django import forms
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.lists.chips import MOST, Column, Counts
from bizproc_admin.lists.periods import PeriodFilterForm, SpanField, span_of
from bizproc_admin.lists.waiting_people import waiting_people
from bizproc_admin.models import (
    Account,
    DocumentKind,
    Person,
    Portal,
    TemplateFigures,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.models.workflows import LOCK_GRACE, WorkflowQuerySet
from bizproc_admin.models.workloads import are_counted

SHOWN = [("running", _("Running")), ("ended", _("Ended")), ("all", _("All"))]
CONDITIONS = [
    ("waiting", _("Waiting for people")),
    ("overdue", _("Overdue")),
    ("locked", _("Locked")),
    ("no-task", _("No open task")),
]
SYSTEM = "system"
# the times that may be asked about: a row shows how long ago it was
LASTS = {
    "idle": "modified_at",
    "ended": "ended_before",
    "locked": "owned_until",
    "late": "overdue_at",
}


class WorkflowFilterForm(PeriodFilterForm[WorkflowQuerySet]):
    """The filters of the list of workflows."""

    show = forms.ChoiceField(choices=SHOWN, required=False, label=_("Show"))
    template = forms.MultipleChoiceField(required=False, label=_("Template"))
    kind = forms.MultipleChoiceField(
        choices=DocumentKind.choices, required=False, label=_("Document")
    )
    starter = forms.MultipleChoiceField(required=False, label=_("Started by"))
    waiting = forms.MultipleChoiceField(required=False, label=_("Waiting for"))
    condition = forms.ChoiceField(
        choices=[("", ""), *CONDITIONS], required=False, label=_("Condition")
    )
    age = SpanField("1d", "7d", "30d", "90d", "365d", label=_("Age"))
    idle = SpanField("10m", "1h", "1d", "7d", "30d", label=_("Idle"))

    PART = "show"
    OF_PART = ("condition",)
    STATES = "condition"
    CHIPS = ("template", "kind", "starter", "waiting", "condition", "age", "idle", "since", "until")
    TIME, SPANS = "age", ("age", "idle")
    COLUMNS = {
        "template": Column(key="template_id", label="template_copy", names=WorkflowTemplate),
        "kind": Column(key="document_kind"),
        "starter": Column(key="started_by_id", label="starter_copy", names=Person),
    }
    SORTS = {
        "template": "template_copy",
        "document": "document_order",
        "state": "state_text",
        "waiting": "waiting_copy",
        "starter": "starter_copy",
        "started": "started_at",
        **LASTS,
    }
    LASTS = LASTS
    BACKWARDS = frozenset({"idle", "locked", "late"})
    DEFAULT_SORT = "-started"
    DOCUMENT = "document"
    HEADS = {
        "template": _("Template"),
        "document": _("Document"),
        "state": _("State"),
        "waiting": _("Waiting for"),
        "starter": _("Started by"),
        "started": _("Age"),
        "idle": _("Idle"),
        "ended": _("Ended"),
        "locked": _("Locked"),
        "late": _("Overdue"),
    }
    ORDERS = {
        "started": (_("newest first"), _("oldest first")),
        "idle": (_("shortest first"), _("longest first")),
        "ended": (_("newest first"), _("oldest first")),
        "locked": (_("shortest first"), _("longest first")),
        "late": (_("least first"), _("most first")),
    }
    TURNED = frozenset({"started", "ended"})
    GREATEST_FIRST = frozenset({"started", "idle", "locked", "late"})

    def __init__(
        self, data: Mapping[str, object], *, portal: Portal | None, viewer: Account | None = None
    ) -> None:
        super().__init__(data, portal=portal)
        self.offer_known("template", found=self.named_templates(viewer))
        people = self.named_people(viewer, "starter", "waiting")
        self.offer_known("starter", found={**people, SYSTEM: _("the portal itself")})
        self.offer_known("waiting", found=people)
        self.offer_spans()
        if "ended" in self.given("show"):
            self.name_days(_("Ended from"), _("Ended to"))
        else:
            self.name_days(_("Started from"), _("Started to"))
        self.is_valid()

    @property
    def time_asked(self) -> str:
        return "ended_before" if self.part_shown == "ended" else "started_at"

    @property
    def last(self) -> str:
        if self.part_shown == "ended":
            return "ended"
        return {"locked": "locked", "overdue": "late"}.get(str(self.value("condition")), "idle")

    @property
    def usual_sort(self) -> str:
        """Return the order that answers the question: the longest idle, the latest end."""
        if self.last == "idle" and not self.values("idle"):
            return self.DEFAULT_SORT
        return f"-{self.last}"

    @property
    def shows_states(self) -> bool:
        """What has ended stands in none of them."""
        return self.part_shown != "ended"

    def in_part(self, rows: WorkflowQuerySet, key: str) -> WorkflowQuerySet:
        match key:
            case "ended":
                return rows.ended()
            case "all":
                return rows
        return rows.running()

    def narrow_by(self, chip: str, rows: WorkflowQuerySet, values: list[str]) -> WorkflowQuerySet:
        if chip == "waiting":
            return rows.waiting_for([int(key) for key in values])
        if chip == "starter":
            people = [int(key) for key in values if key != SYSTEM]
            chosen = Workflow.objects.filter(started_by_id__in=people)
            if SYSTEM in values:
                chosen |= Workflow.objects.filter(started_by=None)
            return rows & chosen
        return super().narrow_by(chip, rows, values)

    def test(self, chip: str, key: str) -> Q:
        now = self.portal.now() if self.portal else timezone.now()
        if chip in self.SPANS:
            since, span = {"age": "started_at", "idle": "modified_at"}[chip], span_of(key)
            living = Q(is_running=True, **{f"{since}__lt": now - span})
            if self.part_shown == "running":
                return living
            # both stand still from a workflow's end on
            return living | Q(is_running=False, ended_before__gt=F(since) + span)
        return Q(is_running=True) & {
            "waiting": Q(open_tasks__gt=0),
            "overdue": Q(overdue_at__lt=now),
            "locked": Q(owned_until__lt=now - LOCK_GRACE),
            # through the gateway no tasks are told: of none of its workflows this is known
            "no-task": Q(pk=None) if self.portal and self.portal.is_by_gateway else Q(open_tasks=0),
        }.get(key, Q(pk=None))

    def counted(self, chip: str, rows: WorkflowQuerySet) -> Counts:
        if chip == "waiting":
            return waiting_people(self, rows, of="task__workflow")
        if self.has_figures(chip):
            figures = TemplateFigures.objects.filter(template__portal=self.portal, running__gt=0)
            if self.finds:
                figures = figures.filter(template__name__folds=self.finds)
            most = figures.order_by("-running", "template")[:MOST]
            return list(most.values_list("template", "template__name", "running"))
        found = super().counted(chip, rows)
        if chip == "starter":
            return [(key or SYSTEM, name or _("the portal itself"), n) for key, name, n in found]
        return found

    def is_tested(self, chip: str) -> bool:
        return super().is_tested(chip) and chip != "waiting"

    def is_least(self, chip: str) -> bool:
        return super().is_least(chip) and not self.has_figures(chip)

    def has_figures(self, chip: str) -> bool:
        """Tell whether the workers have counted a chip's choices among all rows."""
        is_whole = self.is_sampled and not self.takes_any and self.part_shown == "running"
        return is_whole and chip == "template" and are_counted(self.portal)

    @property
    def anywhere(self) -> str:
        """Return the query string of the same filters over running and ended workflows, if new."""
        return "" if self.part_shown == "all" else self.query(show="all", page=None, upto=None)
