"""The audit history's filters.

A row stands for a command with all its steps, or for an entry without a command. Who, what kind
of entry and with what outcome is asked of every step, each by itself: a command is found by what
any of them says. What was done, to what, when and in which operation its first entry tells.
"""

from collections.abc import Collection, Mapping

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from bizproc_admin.audit import AuditAction, first_version
from bizproc_admin.lists.periods import PeriodFilterForm
from bizproc_admin.models import Account, AuditEntry, CommandState
from bizproc_admin.models.audit_entries import AuditEntryQuerySet
from bizproc_admin.models.commands import TAKEN_BACK
from bizproc_admin.models.counting import MANY
from bizproc_admin.wording.audit_entries import actions_by_family
from bizproc_admin.wording.looks import LOOKS

# what needs a look first
OUTCOMES = (
    "unknown", "refused", "gone", "failed", "denied", "requested", "delivered", "confirmed",
    TAKEN_BACK, "ok",
)  # fmt: skip


class AuditFilterForm(PeriodFilterForm[AuditEntryQuerySet]):
    """The history's filters: fields in a bar, where a bad value is said beside its field."""

    person = forms.CharField(required=False, max_length=200, label=_("Person"))
    kind = forms.ChoiceField(
        choices=[("", _("Any entry")), *AuditEntry.Kind.choices], required=False, label=_("Entry")
    )
    action = forms.ChoiceField(required=False, label=_("Action"))
    outcome = forms.ChoiceField(
        choices=[("all", _("All")), *((word, LOOKS[word].text) for word in OUTCOMES)],
        required=False,
        label=_("Outcome"),
    )
    target = forms.CharField(required=False, max_length=200, label=_("Target"))
    # the number of one, or each: the lines of operations' commands, too
    operation = forms.RegexField(r"^(each|[0-9]{1,18})$", required=False, label=_("Operation"))

    PART = "outcome"
    CHIPS = ("person", "kind", "action", "target", "since", "until", "operation")
    # a target or a person is looked for by a filter of its own
    q = None  # type: ignore[assignment]  # so that a form leaves a field of its base out
    SORTS = {"seq": "pk"}
    DEFAULT_SORT = "-seq"

    def __init__(self, data: Mapping[str, object]) -> None:
        super().__init__(data, portal=None)
        self.offer("action", [("", _("Any action")), *actions_by_family()])
        self.is_valid()

    @property
    def time_asked(self) -> str:
        return "recorded_at"

    @property
    def is_folded(self) -> bool:
        """Tell whether an operation is its own lines alone: those of its commands stay away.

        Whoever asks for one operation, or for what was done to a target, sees them.
        """
        return not self.misunderstood and not (self.value("operation") or self.value("target"))

    def narrow_to_chips(
        self, rows: AuditEntryQuerySet, *, but: Collection[str] = ()
    ) -> AuditEntryQuerySet:
        rows = super().narrow_to_chips(rows, but=but)
        return rows.filter(operation=None) if self.is_folded else rows

    @property
    def unfolded(self) -> str:
        """Return the query string that shows each line of operations' commands, too."""
        return self.query(operation="each", page=None, upto=None)

    @property
    def operation_shown(self) -> str:
        """Return the number of the operation whose lines are shown; empty where it is not one."""
        number = str(self.value("operation") or "")
        return number if number.isdecimal() else ""

    def of_part(self, key: str) -> Q:
        """Return what an outcome asks of a row; what is requested is not done yet."""
        if key == "requested":
            return Q(command__state__in=CommandState.of_words(key))
        return Q() if key == "all" else self.of_any_step(of_outcome(key))

    def of_any_step(self, test: Q) -> Q:
        """Return what a test of single entries asks of a row: that one of its entries passes.

        Where few pass, their commands are looked up; where many do, each row is asked in turn,
        and a page is full soon.
        """
        passing = AuditEntry.objects.filter(test).exclude(command=None).order_by()
        few = list(passing.values_list("command", flat=True)[: MANY + 1])
        if len(few) > MANY:
            of_command = Q(Exists(passing.filter(command=OuterRef("command"))))
        else:
            of_command = Q(command__in=set(few))
        return (Q(command=None) & test) | of_command

    def test(self, chip: str, key: str) -> Q:
        match chip:
            case "operation":
                if key == "each":
                    return Q()
                return Q(operation=int(key)) | Q(target_kind="operation", target_id=key)
            case "person":
                # named one by one: a query of them in an alternative would be held against each row
                signed_in = list(Account.objects.filter(username=key).values_list("pk", flat=True))
                return self.of_any_step(Q(actor_name__folds=key) | Q(actor__in=signed_in))
            case "kind":
                return self.of_any_step(first_version.of_kind(key))
            case "action":
                return first_version.of_action(AuditAction(key))
            case "target":
                return Q(target_label__folds=key) | Q(target_id=key)
        raise NotImplementedError(chip)

    def counted_choices(self, rows: AuditEntryQuerySet) -> dict[str, int]:
        """Count the rows of each outcome; not where more is asked for, which may be every entry."""
        return {} if self.has_filters else super().counted_choices(rows)

    @property
    def asked(self) -> str:
        """Return the query string of the list as it is shown; empty where nothing is asked."""
        return self.query() if self.pairs() else ""

    @property
    def bar(self) -> list[forms.BoundField]:
        return [self[name] for name in self.CHIPS if name != "operation"]


def of_outcome(word: str) -> Q:
    """Match the single entries with an outcome; what was taken back is not refused."""
    cancelled = Q(outcome=CommandState.CANCELLED)
    if word == TAKEN_BACK:
        return cancelled & Q(error_code=TAKEN_BACK)
    states: list[str] = [*CommandState.of_words(word)] or [word]
    if CommandState.CANCELLED in states:
        others = [state for state in states if state != CommandState.CANCELLED]
        return Q(outcome__in=others) | (cancelled & ~Q(error_code=TAKEN_BACK))
    return Q(outcome__in=states)
