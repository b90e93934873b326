"""What a workflow template asks for when it is started: its parameters as form fields, and back.

The portal's engine takes these values as they are, checks nothing and asks for nothing that is
missing (docs/portal.md: Starting). So types and what is required are held to here, and values are
written in another form than those of a task's fields.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
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
# what the engine's whole numbers can be
MOST_WHOLE = 2**63 - 1
NO = ("0", "n", "no", "false")


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
    def lacks_choices(self) -> bool:
        """Tell whether it is a choice of which the template lists nothing to choose from."""
        return self.is_raw and LEGACY.get(self.type, self.type) == "select"

    @property
    def has_default(self) -> bool:
        return self.default not in (None, "", [])

    @property
    def hidden_default(self) -> str:
        """Return what of the default no control can show, such as {=System:Date}."""
        values = self.default if isinstance(self.default, list) else [self.default]
        texts = [str(one) for one in values if isinstance(one, (str, int, float)) and one != ""]
        match self.kind:
            case "bool" | "date" | "datetime":
                texts = [text for text in texts if self.shown(text) in (None, "")]
            case "select":
                texts = [text for text in texts if text not in self.options]
            case _:
                return ""
        return ", ".join(texts)

    def field(self, portal: Portal) -> forms.Field:
        field = FIELDS[self.kind](self, portal)
        field.label, field.help_text = self.label, self.help
        field.required = self.is_required
        return field

    def shown(self, value: Any) -> Any:
        text = "" if value is None or isinstance(value, (dict, list)) else str(value)
        match self.kind:
            case "bool":
                return "Y" if is_yes(value) else "N" if text.strip().casefold() in NO else ""
            case "date":
                return self.dates.read_day(text)
            case "datetime":
                return self.dates.read_moment(text, zone=self.portal.zone)
        return text

    def is_as_shown(self, field: forms.Field, posted: Any) -> bool:
        if self.kind == "bool":
            return bool((posted or "") == self.initial(self.default))
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
        options, default = options_of(one.get("Options")), one.get("Default")
        if kind not in FIELDS or (kind == "select" and not options):
            kind = RAW
        found.append(
            Parameter(
                name=name_of(str(key)),
                id=str(key),
                label=text_of(one.get("Name")) or str(key),
                help=text_of(one.get("Description")),
                kind=kind,
                type=str(one.get("Type") or ""),
                is_multiple=is_yes(one.get("Multiple")),
                is_required=is_yes(one.get("Required")),
                options=options,
                # PHP writes a list whose first number is not 0 as an object
                default=list(default.values()) if isinstance(default, dict) else default,
                portal=portal,
            )
        )
    return found


def name_of(key: str) -> str:
    """Return what a parameter's field is called: the same wherever it stands in its template."""
    return f"p_{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def digest_of(parameters: Iterable[Parameter]) -> str:
    """Return a hash of what is asked, to tell a page of it from one of what was asked before."""
    asked = [
        (one.id, one.type, one.label, one.is_multiple, one.is_required, one.default, one.options)
        for one in parameters
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


# --- the fields of each kind --------------------------------------------------------------------


def yes_or_no(parameter: Question, portal: Portal) -> forms.Field:
    choices = [("Y", _("Yes")), ("N", _("No"))]
    if not parameter.is_required:
        choices.append(("", _("leave empty")))
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect)


def whole_number(
    parameter: Question, portal: Portal, *, least: int = -MOST_WHOLE - 1
) -> forms.Field:
    # a browser shows nothing but digits in a control for numbers: not {=Constant:Limit}
    control = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    field = forms.IntegerField(min_value=least, max_value=MOST_WHOLE, widget=control)
    return questions.single_or_repeated(parameter, field)


def file_number(parameter: Question, portal: Portal) -> forms.Field:
    return whole_number(parameter, portal, least=1)


def raw(parameter: Question, portal: Portal) -> forms.Field:
    return questions.single_or_repeated(parameter, forms.CharField(max_length=LONGEST))


FIELDS: dict[str, Callable[[Question, Portal], forms.Field]] = {
    **{kind: questions.FIELDS[kind] for kind in ("date", "datetime", "double", "string")},
    "int": whole_number,
    "text": questions.FIELDS["text"],
    "user": questions.FIELDS["user"],
    CRM: questions.FIELDS[CRM],
    "select": questions.choice,
    "bool": yes_or_no,
    "file": file_number,
    RAW: raw,
}
