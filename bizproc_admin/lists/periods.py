"""Filters about time: between two days, and for longer than a span, of one's own as well."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bizproc_admin.lists.chips import Chip
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.wording.times import between_days

R = TypeVar("R", bound=QuerySet[Model])

USUAL: dict[str, tuple[timedelta, Promise]] = {
    "10m": (timedelta(minutes=10), _("over 10 minutes")),
    "1h": (timedelta(hours=1), _("over an hour")),
    "1d": (timedelta(days=1), _("over a day")),
    "7d": (timedelta(days=7), _("over a week")),
    "30d": (timedelta(days=30), _("over 30 days")),
    "90d": (timedelta(days=90), _("over 90 days")),
    "365d": (timedelta(days=365), _("over a year")),
}
# a span of one's own: so many days, as the address names it and as somebody types it
DAYS = re.compile(r"([1-9][0-9]{0,3})d?")
MOST_DAYS = 9999


def span_of(key: str) -> timedelta:
    """Return how long a span is that the address names."""
    return USUAL[key][0] if key in USUAL else timedelta(days=int(key.removesuffix("d")))


class LastGiven(forms.Select):
    """What was given last counts: a number typed below the choices comes after the chosen one."""

    def value_from_datadict(self, data: Mapping[str, Any], files: object, name: str) -> object:
        given = data.getlist(name) if hasattr(data, "getlist") else [data.get(name)]
        return next((value for value in reversed(given) if value), None)


class SpanField(forms.ChoiceField):
    """For longer than how long: one of the usual spans, or so many days ("45d" or "45")."""

    widget = LastGiven

    def __init__(self, *usual: str, **named: Any) -> None:
        choices = [("", ""), *((key, USUAL[key][1]) for key in usual)]
        super().__init__(choices=choices, required=False, **named)

    def to_python(self, value: Any) -> str:
        key = super().to_python(value).strip()
        return f"{key}d" if key.isdecimal() else key

    def offer(self, given: Iterable[str]) -> None:
        """Offer spans of so many days that the address names, too."""
        known = {key for key, _label in self.choices}  # type: ignore[misc, union-attr]
        numbers = {int(found[1]) for key in given if (found := DAYS.fullmatch(key.strip()))}
        self.choices = [
            *self.choices,  # type: ignore[misc]
            *(
                (f"{n}d", ngettext_lazy("over %(n)d day", "over %(n)d days", "n") % {"n": n})
                for n in sorted(numbers)
                if f"{n}d" not in known
            ),
        ]


class DayField(forms.DateField):
    """One end of a period; nobody is told that a filter may be left empty."""

    is_conditional = True

    def __init__(self, *, label: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"})
        super().__init__(required=False, label=label, widget=widget)


class PeriodFilterForm(FilterForm[R]):
    """The filters of a list whose rows have a time: between two days of the viewer's zone, too.

    PERIOD are the filters of both days, which stand in the chip TIME, if there is one; SPANS are
    those that ask for longer than a span.
    """

    PERIOD: ClassVar[tuple[str, ...]] = ("since", "until")
    TIME: ClassVar[str] = ""
    SPANS: ClassVar[tuple[str, ...]] = ()
    EARLIEST, LATEST = date(1970, 1, 2), date(9998, 12, 31)

    since = DayField(label=_("From"))
    until = DayField(label=_("To"))

    def offer_spans(self) -> None:
        """Offer the spans that the address names beside the usual ones."""
        for name in self.SPANS:
            field = self.fields[name]
            assert isinstance(field, SpanField)  # noqa: S101 - a mistake of the form's class
            field.offer(self.given(name))

    def name_days(self, since: Any, until: Any) -> None:
        """Say what the days are about."""
        self.fields["since"].label, self.fields["until"].label = since, until

    @property
    def time_asked(self) -> str:
        """Return the column that the period is about."""
        raise NotImplementedError

    def latest(self, rows: R) -> R:
        return rows.order_by(f"-{self.time_asked}", "-pk")

    def clean_since(self) -> date | None:
        return self.possible(self.cleaned_data["since"])

    def clean_until(self) -> date | None:
        """Refuse an end before the beginning."""
        until, since = self.possible(self.cleaned_data["until"]), self.cleaned_data.get("since")
        if since and until and until < since:
            raise ValidationError(_("This day is before the first one."))
        return until

    def possible(self, day: date | None) -> date | None:
        """Refuse days that no zone can place."""
        if day is not None and not self.EARLIEST <= day <= self.LATEST:
            raise ValidationError(_("Nothing can be of that day."))
        return day

    def narrow_by(self, chip: str, rows: R, values: list[str]) -> R:
        if chip not in self.PERIOD:
            return super().narrow_by(chip, rows, values)
        day = date.fromisoformat(values[0])
        if chip == "since":
            return rows.filter(Q(**{f"{self.time_asked}__gte": start_of(day)}))
        return rows.filter(Q(**{f"{self.time_asked}__lt": start_of(day + timedelta(days=1))}))

    def has_choices(self, chip: str) -> bool:
        return super().has_choices(chip) and chip not in self.PERIOD

    def chips(self) -> list[Chip]:
        return [chip for chip in super().chips() if chip.name not in self.PERIOD]

    def chip(self, name: str) -> Chip:
        """Return a filter as its chip; that of the time asks for a period as well."""
        chip = replace(super().chip(name), has_own=name in self.SPANS)
        if name != self.TIME:
            return chip
        since, until = (self.cleaned_data.get(day) for day in self.PERIOD)
        period = [between_days(since, until)] if since or until else []
        return replace(
            chip,
            chosen=[*chip.chosen, *period],
            clear=self.query(**dict.fromkeys((name, *self.PERIOD, "page", "upto"))),
            fields=[self[day] for day in self.PERIOD],
        )

    def problem(self, name: str) -> str:
        if name not in self.PERIOD:
            return super().problem(name)
        said = {"filter": self.fields[name].label, "why": " ".join(map(str, self.errors[name]))}
        return str(_("%(filter)s: %(why)s So no row is shown.")) % said


def start_of(day: date) -> datetime:
    """Give the first moment of a day in the viewer's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
