"""The filters of the list of operations, and of the targets of one of them."""

from collections.abc import Mapping

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin import commands
from bizproc_admin.actions import ACTIONS
from bizproc_admin.lists.chips import Column
from bizproc_admin.lists.command_filters import SPANS
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.lists.periods import PeriodFilterForm
from bizproc_admin.models import Account, BulkOperation, BulkState, Portal
from bizproc_admin.models.bulk_operations import LIVING, BulkOperationQuerySet
from bizproc_admin.models.commands import CommandQuerySet

# which states a part of the list holds
PARTS = {
    "all": (),
    "going": (BulkState.PREPARING, BulkState.READY, BulkState.CANCELLED),
    "paused": (BulkState.PAUSED,),
    "awaiting": (BulkState.AWAITING,),
    "over": tuple(state for state in BulkState if state not in LIVING),
}
# what may have become of a target, in the order it is told: as commands.Progress counts it
KINDS = {
    "confirmed": _("Confirmed"),
    "delivered": _("Delivered"),
    "refused": _("Refused"),
    "changed": _("Changed meanwhile"),
    "gone": _("Ended, not known whether by us"),
    "unknown": _("Unknown, checking"),
    "under_way": _("Under way"),
    "not_sent": _("Not sent"),
}


class OperationFilterForm(PeriodFilterForm[BulkOperationQuerySet]):
    """The filters: part and chips, each a single value or several; none means all."""

    state = forms.ChoiceField(
        choices=[
            ("all", _("All")),
            ("going", _("Under way")),
            ("paused", _("Paused")),
            ("awaiting", _("Awaiting approval")),
            ("over", _("Over")),
        ],
        required=False,
        label=_("State"),
    )
    action = forms.MultipleChoiceField(
        choices=[(name, action.label) for name, action in ACTIONS.items()],
        required=False,
        label=_("Action"),
    )
    person = forms.MultipleChoiceField(required=False, label=_("Asked for by"))
    time = forms.ChoiceField(
        choices=[("", ""), *((key, label) for key, (label, _span) in SPANS.items())],
        required=False,
        label=_("Time"),
    )

    PART = "state"
    CHIPS = ("action", "person", "time", "since", "until")
    TIME = "time"
    COLUMNS = {
        "action": Column(key="action"),
        "person": Column(key="actor_id", label="actor_name"),
    }
    SORTS = {"asked": "pk", "size": "total"}
    DEFAULT_SORT = "-asked"
    HEADS = {"asked": _("Asked for"), "size": _("Targets")}
    ORDERS = {
        "asked": (_("oldest first"), _("newest first")),
        "size": (_("fewest first"), _("most first")),
    }
    GREATEST_FIRST = frozenset({"asked", "size"})

    def __init__(self, data: Mapping[str, object], *, portal: Portal | None) -> None:
        super().__init__(data, portal=portal)
        accounts = Account.objects.filter(pk__in=self.keys_of("person"))
        self.offer("person", [(str(one.pk), one.name_or_login) for one in accounts])
        self.is_valid()

    @property
    def time_asked(self) -> str:
        return "confirmed_at"

    def of_part(self, key: str) -> Q:
        states = PARTS.get(key, ())
        return Q(state__in=states) if states else Q()

    def test(self, chip: str, key: str) -> Q:
        return Q(confirmed_at__gt=timezone.now() - SPANS[key][1])


class OperationItemFilterForm(FilterForm[CommandQuerySet]):
    """What became of the targets that are shown, and among the refused the code of the reason."""

    outcome = forms.ChoiceField(
        choices=[("all", _("All")), *KINDS.items()], required=False, label=_("Outcome")
    )
    code = forms.CharField(required=False, max_length=100, label=_("Reason"))

    PART = "outcome"
    OF_PART = ("code",)
    CHIPS = ("code",)
    SORTS = {"place": "pk"}
    DEFAULT_SORT = "place"

    def __init__(self, data: Mapping[str, object], *, operation: BulkOperation) -> None:
        super().__init__(data, portal=operation.portal)
        self.operation = operation
        self.is_valid()

    def of_part(self, key: str) -> Q:
        return commands.among(self.operation, key) if key in KINDS else Q()

    def test(self, chip: str, key: str) -> Q:
        return Q(error_code=key)
