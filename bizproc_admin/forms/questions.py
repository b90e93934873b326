"""What a workflow task asks to be filled in: the portal's fields as form fields, and back.

A value is read from the portal and written to it in the same external form, so that a default,
and what was sent before, both fill a field again (docs/portal.md: Captions, Answering).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed_zone
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bizproc_admin import zones
from bizproc_admin.bitrix.texts import line
from bizproc_admin.forms.files import FilesField
from bizproc_admin.forms.people import PeopleField, key_of
from bizproc_admin.forms.repeated_fields import MOST_VALUES, RepeatedField
from bizproc_admin.models import Portal

# what was typed is on no clock before it is known on whose
WALL = fixed_zone(timedelta(0), "wall")
CRM = "E:ECrm"
CRM_PREFIXES = {
    "LEAD": "L", "CONTACT": "C", "COMPANY": "CO", "DEAL": "D", "QUOTE": "Q", "SMART_INVOICE": "SI",
}  # fmt: skip
CRM_KEY = re.compile(r"([A-Z]{1,2}|T[0-9a-fA-F]+)_([1-9][0-9]{0,17})")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One field a workflow task asks for; name is its own in our form, id the portal's."""

    name: str
    id: str
    label: str
    help: str
    kind: str
    is_multiple: bool
    is_required: bool
    options: Mapping[str, str]
    default: Any

    def field(self, portal: Portal) -> forms.Field | None:
        """Give a form field for it; None for what cannot be filled in here."""
        make = FIELDS.get(self.kind)
        if make is None or not self.id or self.has_nothing_to_choose:
            return None
        field = make(self, portal)
        field.label, field.help_text = self.label, self.help
        field.required = self.is_required and self.kind != "bool" and not self.keeps_file
        return field

    @property
    def has_nothing_to_choose(self) -> bool:
        """Tell whether a choice is required of which there is none: no form could be sent."""
        return self.kind == "select" and self.is_required and not self.options

    @property
    def has_default(self) -> bool:
        return self.kind not in ("bool", "file") and self.default not in (None, "", [])

    def is_as_shown(self, field: forms.Field, posted: Any) -> bool:
        """Tell whether a field came back as it was first shown, with the default in it."""
        first = self.initial(self.default)
        if self.kind == "bool":
            return bool(posted) is bool(first)
        if isinstance(field, PeopleField):
            known = PeopleField(portal=field.portal).take(first)
            return bool(posted == {"chosen": [key_of(one) for one in known], "typed": ""})
        if isinstance(field, RepeatedField):
            inner = field.inner
            shown = [inner.widget.format_value(inner.prepare_value(one)) for one in first]
            # what cannot be shown leaves its control empty
            texts = [plain(one) for one in shown[:MOST_VALUES] if plain(one)]
            return [plain(one) for one in posted] == texts
        if self.kind == "select":
            chosen = first if self.is_multiple else [first]
            shown = [one for one in chosen if one in self.options]
            given = posted if self.is_multiple else [posted] if posted else []
            return list(given) == shown
        return plain(posted) == plain(field.widget.format_value(field.prepare_value(first)))

    @property
    def keeps_file(self) -> bool:
        """Tell whether a file is there already, which stays unless another is chosen."""
        return self.kind == "file" and self.default not in (None, "", [])

    def initial(self, value: Any) -> Any:
        """Give the portal's value as the form field shows it."""
        if self.kind in ("user", CRM) or self.is_multiple:
            values = value if isinstance(value, (list, tuple)) else [value]
            values = [self.shown(one) for one in values if one not in (None, "")]
            return ", ".join(map(str, values)) if self.kind == CRM else values
        return self.shown(value[0] if isinstance(value, (list, tuple)) and value else value)

    def shown(self, value: Any) -> Any:
        text = "" if value is None or isinstance(value, (dict, list)) else str(value)
        try:
            if self.kind == "bool":
                return is_yes(value)
            if self.kind == "date":
                return parse_date(text[:10])
            if self.kind == "datetime":
                return shown_moment(parse_datetime(text))
        except (ValueError, OverflowError):
            return None
        return text

    def sent(self, value: Any) -> Any:
        """Give a cleaned value as the portal takes it; None where nothing is to be sent."""
        if self.kind == "file":
            return self.default if self.keeps_file and not value else None
        if self.kind == "bool":
            return "Y" if value else "N"
        if value in (None, "", []):
            # what is left out keeps the portal's default: emptied on purpose must be said
            is_cleared = self.default not in (None, "", [])
            return ([] if self.is_multiple else "") if is_cleared else None
        if self.is_multiple:
            return [written(one) for one in value]
        return written(value[0] if isinstance(value, list) else value)


def questions_of(parameters: Mapping[str, Any]) -> list[Question]:
    """Give the questions of a workflow task's parameters, in their order."""
    given = parameters.get("Fields")
    found = list(given.values()) if isinstance(given, dict) else given
    found = found if isinstance(found, list) else []
    return [
        Question(
            name=f"f_{place}",
            id=str(one.get("Id") or ""),
            label=text_of(one.get("Name")) or str(one.get("Id") or ""),
            help=text_of(one.get("Description")),
            kind=str(one.get("Type") or ""),
            is_multiple=is_yes(one.get("Multiple")),
            is_required=is_yes(one.get("Required")),
            options=options_of(one.get("Options")),
            default=one.get("Default"),
        )
        for place, one in enumerate(found)
        if isinstance(one, dict)
    ]


def text_of(value: Any) -> str:
    """Give a text of the portal, which may be an object of texts by language."""
    if isinstance(value, dict):
        language = (get_language() or "")[:2]
        texts = [value.get(language), value.get("en"), *value.values()]
        value = next((text for text in texts if isinstance(text, str) and text), "")
    return "" if value is None or isinstance(value, list) else line(str(value))


def plain(value: Any) -> str:
    """Give a value as a control holds it, whatever ends its lines."""
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def options_of(value: Any) -> dict[str, str]:
    if not isinstance(value, (dict, list)):
        return {}
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    # an empty key chooses nothing: the form has a choice for that of its own
    return {str(key): text_of(label) for key, label in pairs if str(key)}


def is_yes(value: Any) -> bool:
    """Read the portal's many ways to write a boolean."""
    return value is True or str(value).strip().casefold() in ("1", "y", "yes", "true")


def shown_moment(value: datetime | None) -> datetime | None:
    """Give a moment as a control shows it; at the end of time as the portal wrote it."""
    if value is None or timezone.is_naive(value):
        return value
    try:
        return timezone.localtime(value)
    except OverflowError:
        # an empty date of the portal's lies before the first one that can be shown
        return value.replace(tzinfo=None) if value.year > 1 else None


def written(value: Any) -> Any:
    if hasattr(value, "remote_id"):
        return key_of(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if hasattr(value, "tzinfo"):
        # the offsets of the time before time zones have seconds, which no portal reads
        is_odd = bool((value.utcoffset() or timedelta()) % timedelta(minutes=1))
        return (value.astimezone(UTC) if is_odd else value).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else value


# --- the fields of each kind --------------------------------------------------------------------


class NumberField(forms.DecimalField):
    """A number with a comma or a point, as the person writes it."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = str(value or "").replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
        return super().to_python(text.replace(",", "."))


class MomentField(forms.DateTimeField):
    """A day and a time on the viewer's clock, which become a moment by its zone's rule then."""

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(WALL):
            found: datetime | None = super().to_python(value)
        if found is None or found.tzinfo is not WALL:
            return found
        try:
            return zones.at_wall(found.replace(tzinfo=None))
        except ValueError:
            text = _("The clocks are put forward over this time: choose one before or after it.")
            raise forms.ValidationError(text) from None
        except OverflowError:
            raise forms.ValidationError(_("No calendar has this moment.")) from None


class BindingField(forms.CharField):
    """Ids of CRM items such as C_607 or D_12, with commas between several."""

    def __init__(self, *, kinds: Mapping[str, str], is_multiple: bool) -> None:
        super().__init__(max_length=2000)
        self.is_multiple = is_multiple
        self.prefixes = [prefix_of(kind) for kind, taken in kinds.items() if is_yes(taken)]
        self.widget.attrs["placeholder"] = f"{(self.prefixes or ['D'])[0]}_12"

    def clean(self, value: Any) -> list[str]:
        keys = [key.strip() for key in super().clean(value).split(",") if key.strip()]
        if len(keys) > 1 and not self.is_multiple:
            raise forms.ValidationError(_("Name one only."))
        return list(dict.fromkeys(self.checked(key) for key in keys))

    def checked(self, key: str) -> str:
        if key.isdecimal() and len(self.prefixes) == 1:
            key = f"{self.prefixes[0]}_{key}"
        match = CRM_KEY.fullmatch(key if key[:1] == "T" else key.upper())
        if match is None:
            raise forms.ValidationError(
                _("“%(key)s” is not the id of a CRM item, such as C_607 or D_12.") % {"key": key}
            )
        if self.prefixes and match.group(1) not in self.prefixes:
            allowed = ", ".join(f"{prefix}_…" for prefix in self.prefixes)
            raise forms.ValidationError(
                _("“%(key)s” is of a kind that is not asked for here; allowed: %(allowed)s.")
                % {"key": key, "allowed": allowed}
            )
        return match.group(0)


def prefix_of(kind: str) -> str:
    """Give how ids of a CRM kind begin: T80 of DYNAMIC_128."""
    if kind.startswith("DYNAMIC_") and kind[8:].isdecimal():
        return f"T{int(kind[8:]):x}"
    return CRM_PREFIXES.get(kind, kind)


def single_or_repeated(question: Question, field: forms.Field) -> forms.Field:
    return RepeatedField(field) if question.is_multiple else field


def choice(question: Question, portal: Portal) -> forms.Field:
    choices = list(question.options.items())
    if question.is_multiple:
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple)
    return forms.ChoiceField(choices=[("", "—"), *choices])


def moment(question: Question, portal: Portal) -> forms.Field:
    picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return single_or_repeated(question, MomentField(widget=picker))


def day(question: Question, portal: Portal) -> forms.Field:
    picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return single_or_repeated(question, forms.DateField(widget=picker))


FIELDS: dict[str, Callable[[Question, Portal], forms.Field]] = {
    "bool": lambda question, portal: forms.BooleanField(),
    "date": day,
    "datetime": moment,
    "double": lambda question, portal: single_or_repeated(question, NumberField(max_digits=30)),
    "int": lambda question, portal: single_or_repeated(question, forms.IntegerField()),
    "select": choice,
    "string": lambda question, portal: single_or_repeated(
        question, forms.CharField(max_length=2000)
    ),
    "text": lambda question, portal: single_or_repeated(
        question, forms.CharField(max_length=50_000, widget=forms.Textarea(attrs={"rows": 3}))
    ),
    "user": lambda question, portal: PeopleField(portal=portal, is_multiple=question.is_multiple),
    "file": lambda question, portal: FilesField(is_multiple=question.is_multiple),
    CRM: lambda question, portal: BindingField(
        kinds=question.options, is_multiple=question.is_multiple
    ),
}
