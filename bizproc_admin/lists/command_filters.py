"""The filters of the list of commands."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.actions import ACTIONS
from bizproc_admin.lists.chips import Column, Counts
from bizproc_admin.lists.periods import PeriodFilterForm
from bizproc_admin.models import (
    Account,
    BulkOperation,
    CommandState,
    Portal,
    WorkflowTemplate,
    counting,
)
from bizproc_admin.models.commands import TAKEN_BACK, CommandQuerySet, having_words
from bizproc_admin.wording import operations as operation_words
from bizproc_admin.wording.looks import LOOKS

WORDS = ("requested", "unknown", "delivered", "confirmed", "refused", TAKEN_BACK, "gone")
SPANS = {
    "1h": (_("in the last hour"), timedelta(hours=1)),
    "1d": (_("in the last 24 hours"), timedelta(days=1)),
    "7d": (_("in the last 7 days"), timedelta(days=7)),
    "30d": (_("in the last 30 days"), timedelta(days=30)),
}

# the choice of those that were asked for alone, and operations that are offered at all
SINGLE, LATEST = "none", 50


class CommandFilterForm(PeriodFilterForm[CommandQuerySet]):
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
    operation = forms.MultipleChoiceField(required=False, label=_("Operation"))
    time = forms.ChoiceField(
        choices=[("", ""), *((key, label) for key, (label, _span) in SPANS.items())],
        required=False,
        label=_("Time"),
    )

    PART = "state"
    CHIPS = ("action", "person", "template", "operation", "time", "since", "until")
    TIME = "time"
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
    ORDERS = {"requested": (_("oldest first"), _("newest first"))}

    def __init__(
        self, data: Mapping[str, object], *, portal: Portal | None, viewer: Account
    ) -> None:
        super().__init__(data, portal=portal)
        self.offer_known("template", found=self.named_templates(viewer))
        accounts = Account.objects.filter(pk__in=self.keys_of("person"))
        self.offer("person", [(str(one.pk), one.name_or_login) for one in accounts])
        operations = BulkOperation.objects.asked_for().visible_to(viewer).filter(portal=portal)
        self.operations = operations
        known = operations.filter(pk__in=self.keys_of("operation"))
        self.offer("operation", [(SINGLE, _("None: single ones")), *map(choice_of, known)])
        self.is_valid()

    @property
    def time_asked(self) -> str:
        return "requested_at"

    def of_part(self, key: str) -> Q:
        """Return what a state asks of a command; what was taken back is not refused."""
        is_back = Q(error_code=TAKEN_BACK)
        own = {"all": Q(), TAKEN_BACK: Q(state=CommandState.CANCELLED) & is_back}
        return own.get(key, Q(state__in=CommandState.of_words(key)) & ~is_back)

    def searching(self, rows: CommandQuerySet, text: str) -> CommandQuerySet:
        return rows.filter(self.having_words)

    @cached_property
    def having_words(self) -> Q:
        """Return what is searched for; what it finds first is looked up once for all questions."""
        return having_words(self.searched)

    def narrow_by(self, chip: str, rows: CommandQuerySet, values: list[str]) -> CommandQuerySet:
        if chip == "template":
            # said for the index of a template's workflows, which begins with both
            rows = rows.filter(workflow__portal=self.portal, workflow__is_running__in=[True, False])
        if chip != "operation":
            return super().narrow_by(chip, rows, values)
        numbers = [int(key) for key in values if key != SINGLE]
        asked = Q(bulk__in=numbers) if numbers else Q()
        return rows.filter(asked | Q(bulk=None) if SINGLE in values else asked)

    def is_tested(self, chip: str) -> bool:
        return super().is_tested(chip) and chip != "operation"

    def counted(self, chip: str, rows: CommandQuerySet) -> Counts:
        """Return a chip's choices; those of operations are the latest, and the single ones."""
        if chip != "operation":
            return super().counted(chip, rows)
        latest = {one.pk: choice_of(one) for one in self.operations.latest_first()[:LATEST]}
        newest = self.some(rows).values_list("bulk", flat=True)[: counting.MOST_COUNTED]
        counts: Counter[int | None] = Counter(newest)
        single = (SINGLE, _("None: single ones"), counts[None])
        return [single, *((key, label, counts[int(key)]) for key, label in latest.values())]

    def test(self, chip: str, key: str) -> Q:
        return Q(requested_at__gt=timezone.now() - SPANS[key][1])


def choice_of(operation: BulkOperation) -> tuple[str, str]:
    """Return an operation as a choice of a filter."""
    title = operation_words.title(operation.action, operation.total)
    return str(operation.pk), f"{title} ({operation.pk})"
