"""The audit history's filters."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizproc_admin.audit import AuditAction, first_version
from bizproc_admin.models import AuditEntry, CommandState
from bizproc_admin.models.commands import TAKEN_BACK
from bizproc_admin.wording.audit_entries import actions_by_family
from bizproc_admin.wording.looks import LOOKS


class AuditFilterForm(forms.Form):
    """All filters live in the address; a bad value is said beside the field and ignored."""

    person = forms.CharField(required=False, max_length=200, label=_("Person"))
    kind = forms.ChoiceField(
        choices=[("", _("Any entry")), *AuditEntry.Kind.choices], required=False, label=_("Entry")
    )
    action = forms.ChoiceField(required=False, label=_("Action"))
    outcome = forms.ChoiceField(
        choices=[("", _("Any outcome")), *((word, look.text) for word, look in LOOKS.items())],
        required=False,
        label=_("Outcome"),
    )
    target = forms.CharField(required=False, max_length=200, label=_("Target"))
    since = forms.DateField(
        required=False, label=_("From"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label=_("To"), widget=forms.DateInput(attrs={"type": "date"})
    )
    EARLIEST, LATEST = date(1970, 1, 2), date(9998, 12, 31)

    page = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    NAMES = ("person", "kind", "action", "outcome", "target", "since", "until")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["action"].choices = [  # type: ignore[attr-defined]
            ("", _("Any action")),
            *actions_by_family(),
        ]
        self.is_valid()

    def clean_since(self) -> date | None:
        return self.possible(self.cleaned_data["since"])

    def clean_until(self) -> date | None:
        return self.possible(self.cleaned_data["until"])

    def possible(self, day: date | None) -> date | None:
        """Refuse days that no zone can place."""
        if day is not None and not self.EARLIEST <= day <= self.LATEST:
            raise ValidationError(_("No entry can be of that day."))
        return day

    def value(self, name: str) -> Any:
        return self.cleaned_data.get(name)

    def narrow(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Narrow audit entries to what the filters ask for."""
        if text := self.value("person"):
            rows = rows.filter(Q(actor_name__icontains=text) | Q(actor__username=text))
        if kind := self.value("kind"):
            rows = rows.filter(first_version.of_kind(kind))
        if action := self.value("action"):
            rows = rows.filter(first_version.of_action(AuditAction(action)))
        if outcome := self.value("outcome"):
            is_back = Q(error_code=TAKEN_BACK)
            if outcome == TAKEN_BACK:
                rows = rows.filter(is_back, outcome=CommandState.CANCELLED)
            else:
                states = CommandState.of_words(outcome) or [outcome]
                rows = rows.filter(~is_back, outcome__in=states)
        if text := self.value("target"):
            rows = rows.filter(Q(target_label__icontains=text) | Q(target_id=text))
        if day := self.value("since"):
            rows = rows.filter(recorded_at__gte=start_of(day))
        if day := self.value("until"):
            rows = rows.filter(recorded_at__lt=start_of(day + timedelta(days=1)))
        return rows

    @property
    def has_filters(self) -> bool:
        return any(self.value(name) for name in self.NAMES)

    def query(self, **changes: Any) -> str:
        """Give a query string with some parameters changed; None leaves one out."""
        values = {name: self.value(name) for name in self.fields} | changes
        return "?" + urlencode({k: v for k, v in values.items() if v not in (None, "")})


def start_of(day: Any) -> datetime:
    """Give the first moment of a day in the viewer's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
