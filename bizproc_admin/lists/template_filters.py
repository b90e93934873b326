"""The filters of the list of workflow templates."""

from collections.abc import Mapping

from django import forms
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from bizproc_admin.lists.chips import Column
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Account, DocumentKind, Person, Portal, TemplateMention
from bizproc_admin.models.workflow_templates import WorkflowTemplateQuerySet
from bizproc_admin.wording.templates import BITS, STARTS

SHOWN = [("listed", _("All")), ("automation", _("Automation")), ("gone", _("Deleted"))]
CONDITIONS = [
    ("broken", _("cannot go well")),
    ("overdue", _("with overdue workflows")),
    ("idle", _("without workflows in 30 days")),
    ("unread", _("not read")),
]


class TemplateFilterForm(FilterForm[WorkflowTemplateQuerySet]):
    """The list's filters; what concerns all workflows is offered to those who see them all."""

    show = forms.ChoiceField(choices=SHOWN, required=False, label=_("Show"))
    kind = forms.MultipleChoiceField(
        choices=DocumentKind.choices, required=False, label=_("Document")
    )
    start = forms.ChoiceField(
        choices=[("", ""), *STARTS.items()], required=False, label=_("Starts")
    )
    condition = forms.ChoiceField(required=False, label=_("Condition"))
    person = forms.MultipleChoiceField(required=False, label=_("Changed by"))

    PART = "show"
    STATES = "condition"
    CHIPS = ("kind", "start", "condition", "person")
    COLUMNS = {
        "kind": Column(key="kind"),
        "person": Column(key="changed_by_id", label="changed_by__name", names=Person),
    }
    SORTS = {
        "name": "name",
        "running": "figures__running",
        "ended": "figures__ended",
        "duration": "figures__median",
        "changed": "modified_at",
    }
    DEFAULT_SORT = "name"
    HEADS = {
        "name": _("Template"),
        "running": _("Running"),
        "ended": _("Ended in 30 days"),
        "duration": _("Duration"),
        "changed": _("Changed"),
    }
    ORDERS = {
        **dict.fromkeys(("running", "ended"), (_("fewest first"), _("most first"))),
        "duration": (_("shortest first"), _("longest first")),
        "changed": (_("oldest first"), _("newest first")),
    }
    GREATEST_FIRST = frozenset({"running", "ended", "duration", "changed"})

    def __init__(
        self, data: Mapping[str, object], *, portal: Portal | None, viewer: Account
    ) -> None:
        super().__init__(data, portal=portal)
        self.sees_all = viewer.sees_all
        self.offer("condition", [("", ""), *(CONDITIONS if viewer.sees_all else [])])
        self.offer_known("person", found=self.named_people(viewer, "person"))
        self.is_valid()

    @property
    def shows_states(self) -> bool:
        return self.sees_all

    def of_part(self, key: str) -> Q:
        if key == "gone":
            return Q(gone_at__isnull=False)
        return Q(gone_at=None, is_hidden=key == "automation")

    def test(self, chip: str, key: str) -> Q:
        if chip == "start":
            return Q(is_hidden=False, auto_execute=BITS[key])
        if key == "broken":
            return Q(Exists(TemplateMention.objects.filter(template=OuterRef("pk")).broken()))
        return {
            "overdue": Q(figures__overdue__gt=0),
            "idle": Q(figures__running=0, figures__ended=0),
            "unread": Q(is_structure_due=True, is_hidden=False, gone_at=None),
        }[key]

    def ordered(self, rows: WorkflowTemplateQuerySet) -> WorkflowTemplateQuerySet:
        """Order templates; those of which a figure is not known stand last."""
        column = F(self.SORTS[self.sorted_by.lstrip("-")])
        if self.is_descending:
            return rows.order_by(column.desc(nulls_last=True), "-pk")
        return rows.order_by(column.asc(nulls_last=True), "pk")
