"""The filters of the list of steps that wait for an application."""

from collections.abc import Mapping
from datetime import timedelta

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.lists.chips import Column
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Account, Portal, StepState, WorkflowTemplate
from bizproc_admin.models.application_steps import OPEN, ApplicationStepQuerySet

# what was settled stands among all for so long
SHOWN_FOR = timedelta(days=1)
ANSWERED = (StepState.DELIVERED, StepState.CONFIRMED)
PARTS = {
    "all": _("All"),
    "waiting": _("Waiting"),
    "answered": _("Answered"),
    "presumed": _("No call"),
    "timed_out": _("Timed out"),
    "unverified": _("Not verified"),
    "over": _("Over"),
}
UNTIL = {
    "late": _("its time is over"),
    "day": _("within a day"),
    "week": _("within a week"),
    "never": _("no limit"),
}


class StepFilterForm(FilterForm[ApplicationStepQuerySet]):
    """The list's filters; each state is a part with its count."""

    state = forms.ChoiceField(choices=list(PARTS.items()), required=False, label=_("State"))
    action = forms.MultipleChoiceField(required=False, label=_("Action"))
    template = forms.MultipleChoiceField(required=False, label=_("Template"))
    until = forms.ChoiceField(choices=[("", ""), *UNTIL.items()], required=False, label=_("Until"))

    PART = "state"
    CHIPS = ("action", "template", "until")
    COLUMNS = {
        "action": Column(key="code"),
        "template": Column(
            key="workflow__template_id", label="workflow__template_copy", names=WorkflowTemplate
        ),
    }
    DOCUMENT = "workflow__document"
    SORTS = {"since": "since", "until": "until_at"}
    DEFAULT_SORT = "since"
    HEADS = {"since": _("Waits"), "until": _("Until")}
    ORDERS = {
        "since": (_("shortest first"), _("longest first")),
        "until": (_("soonest first"), _("latest first")),
    }
    TURNED = frozenset({"since"})

    def __init__(
        self, data: Mapping[str, object], *, portal: Portal | None, viewer: Account
    ) -> None:
        super().__init__(data, portal=portal)
        self.now = portal.now() if portal else timezone.now()
        self.offer_known("template", found=self.named_templates(viewer))
        self.offer("action", [(code, code) for code in self.given("action")])
        self.is_valid()

    def of_part(self, key: str) -> Q:
        shown = Q(settled_at__gt=timezone.now() - SHOWN_FOR)
        return {
            "all": Q(state__in=OPEN)
            | (Q(state__in=(*ANSWERED, StepState.TIMED_OUT, StepState.ELSEWHERE)) & shown),
            "waiting": Q(state=StepState.WAITING),
            "answered": Q(state__in=ANSWERED),
            "presumed": Q(state=StepState.PRESUMED),
            "timed_out": Q(state=StepState.TIMED_OUT),
            "unverified": Q(state=StepState.UNVERIFIED),
            "over": Q(state__in=(StepState.PASSED, StepState.ELSEWHERE, StepState.ENDED)),
        }[key]

    def test(self, chip: str, key: str) -> Q:
        return {
            "late": Q(until_at__lte=self.now),
            "day": Q(until_at__gt=self.now, until_at__lte=self.now + timedelta(days=1)),
            "week": Q(until_at__gt=self.now, until_at__lte=self.now + timedelta(days=7)),
            "never": Q(until_at=None),
        }[key]
