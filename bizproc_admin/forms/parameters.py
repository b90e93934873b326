"""What a workflow template asks for when it is started: its parameters as form fields, and back.

The portal's engine takes these values as they are, checks nothing and asks for nothing that is
missing (docs/portal.md: Starting). So types and what is required are held to here, and values are
written in another form than those of a task's fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from bizproc_admin.forms import questions
from bizproc_admin.forms.people import key_of
from bizproc_admin.forms.questions import CRM, Question, is_yes, options_of, text_of
from bizproc_admin.models import Portal
from bizproc_admin.portals.date_formats import DateFormat, format_of

# forced by the portal to whoever starts
NEVER_ASKED = ("TargetUser",)
LEGACY = {
    "B": "bool", "S": "string", "N": "double", "L": "select", "F": "file", "S:UserID": "user",
    "S:DateTime": "datetime", "S:Date": "date", "internalselect": "select",
}  # fmt: skip
RAW = "raw"
LONGEST = 50_000


@dataclass(frozen=True, kw_only=True)
class Parameter(Question):
    """One parameter of a workflow template; kind is how it is asked for, type what it is called."""

    type: str
    portal: Portal

    @property
    def dates(self) -> DateFormat:
        return format_of(self.portal.date_format)

    @property
    def is_raw(self) -> bool:
        """Tell whether it is of a type that is not known here, and goes as it is typed."""
        return self.kind == RAW

    @property
    def has_default(self) -> bool:
        return self.default not in (None, "", [])

    def field(self, portal: Portal) -> forms.Field:
        field = FIELDS[self.kind](self, portal)
        field.label, field.help_text = self.label, self.help
        field.required = self.is_required
        return field

    def shown(self, value: Any) -> Any:
        text = "" if value is None or isinstance(value, (dict, list)) else str(value)
        match self.kind:
            case "bool":
                return "" if text == "" else "Y" if is_yes(value) else "N"
            case "date":
                return self.dates.read_day(text)
            case "datetime":
                return self.dates.read_moment(text, zone=self.portal.zone)
        return text

    def is_as_shown(self, field: forms.Field, posted: Any) -> bool:
        if self.kind == "bool":
            return bool(posted == self.initial(self.default))
        return super().is_as_shown(field, posted)

    def sent(self, value: Any) -> Any:
        """Give a cleaned value as the engine takes it; an empty one is said to be empty."""
        if value in (None, "", []):
            return [] if self.is_multiple else ""
        if self.is_multiple:
            return [self.written(one) for one in value]
        return self.written(value[0] if isinstance(value, list) else value)

    def written(self, value: Any) -> str:
        if hasattr(value, "remote_id"):
            return key_of(value)
        if isinstance(value, Decimal):
            return format(value, "f")
        if isinstance(value, datetime):
            return self.dates.written_moment(value, zone=self.portal.zone)
        if isinstance(value, date):
            return self.dates.written_day(value)
        return str(value)


def parameters_of(portal: Portal, given: Mapping[str, Any]) -> list[Parameter]:
    """Give what a template asks for, in its order."""
    found: list[Parameter] = []
    for key, one in given.items():
        if not isinstance(one, dict) or key in NEVER_ASKED:
            continue
        kind = LEGACY.get(str(one.get("Type") or ""), str(one.get("Type") or "string"))
        options = options_of(one.get("Options"))
        if kind not in FIELDS or (kind == "select" and not options):
            kind = RAW
        found.append(
            Parameter(
                name=f"p_{len(found)}",
                id=str(key),
                label=text_of(one.get("Name")) or str(key),
                help=text_of(one.get("Description")),
                kind=kind,
                type=str(one.get("Type") or ""),
                is_multiple=is_yes(one.get("Multiple")),
                is_required=is_yes(one.get("Required")),
                options=options,
                default=one.get("Default"),
                portal=portal,
            )
        )
    return found


# --- the fields of each kind --------------------------------------------------------------------


def yes_or_no(parameter: Question, portal: Portal) -> forms.Field:
    choices = [("Y", _("Yes")), ("N", _("No"))]
    if not parameter.is_required:
        choices.append(("", _("leave empty")))
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect)


def file_number(parameter: Question, portal: Portal) -> forms.Field:
    control = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return questions.single_or_repeated(parameter, forms.IntegerField(min_value=1, widget=control))


def raw(parameter: Question, portal: Portal) -> forms.Field:
    return questions.single_or_repeated(parameter, forms.CharField(max_length=LONGEST))


FIELDS: dict[str, Callable[[Question, Portal], forms.Field]] = {
    **{kind: questions.FIELDS[kind] for kind in ("date", "datetime", "double", "int", "string")},
    "text": questions.FIELDS["text"],
    "user": questions.FIELDS["user"],
    CRM: questions.FIELDS[CRM],
    "select": questions.choice,
    "bool": yes_or_no,
    "file": file_number,
    RAW: raw,
}
