"""The filters of the list of commands."""

from collections.abc import Mapping
from datetime import timedelta

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.actions import ACTIONS
from bizproc_admin.lists.chips import Column
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import Account, CommandState, Portal, WorkflowTemplate
from bizproc_admin.models.commands import TAKEN_BACK, CommandQuerySet
from bizproc_admin.wording.looks import LOOKS

WORDS = ("requested", "unknown", "delivered", "confirmed", "refused", TAKEN_BACK, "gone")
SPANS = {
    "1h": (_("in the last hour"), timedelta(hours=1)),
    "1d": (_("in the last 24 hours"), timedelta(days=1)),
    "7d": (_("in the last 7 days"), timedelta(days=7)),
    "30d": (_("in the last 30 days"), timedelta(days=30)),
}


class CommandFilterForm(FilterForm[CommandQuerySet]):
    """The filters of all commands of a portal; each state of them is a part with its count."""

    state = forms.ChoiceField(
        choices=[("all", _("All")), *((word, LOOKS[word].text) for word in WORDS)],
        required=False,
        label=_("State"),
    )
    action = forms.MultipleChoiceField(
        choices=[(name, action.label) for name, action in ACTIONS.items()],
        required=False,
        label=_("Action"),
    )
    person = forms.MultipleChoiceField(required=False, label=_("Asked for by"))
    template = forms.MultipleChoiceField(required=False, label=_("Template"))
    time = forms.ChoiceField(
        choices=[("", ""), *((key, label) for key, (label, _span) in SPANS.items())],
        required=False,
        label=_("Time"),
    )

    PART = "state"
    CHIPS = ("action", "person", "template", "time")
    COLUMNS = {
        "action": Column(key="action"),
        "person": Column(key="actor_id", label="actor_name"),
        "template": Column(
            key="workflow__template_id", label="workflow__template_copy", names=WorkflowTemplate
        ),
    }
    SORTS = {"requested": "pk"}
    DEFAULT_SORT = "-requested"
    HEADS = {"requested": _("Requested")}

    def __init__(
        self, data: Mapping[str, object], *, portal: Portal | None, viewer: Account
    ) -> None:
        super().__init__(data, portal=portal)
        self.offer_known("template", found=self.named_templates(viewer))
        accounts = Account.objects.filter(pk__in=self.keys_of("person"))
        self.offer("person", [(str(one.pk), one.name_or_login) for one in accounts])
        self.is_valid()

    def of_part(self, key: str) -> Q:
        """Return what a state asks of a command; what was taken back is not refused."""
        is_back = Q(error_code=TAKEN_BACK)
        own = {"all": Q(), TAKEN_BACK: is_back}
        return own.get(key, Q(state__in=CommandState.of_words(key)) & ~is_back)

    def test(self, chip: str, key: str) -> Q:
        return Q(requested_at__gt=timezone.now() - SPANS[key][1])
