"""Properties of an application action as repeated parts of a form."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.forms.definition_rules import MOST_PROPERTIES
from bizproc_admin.forms.paired_fields import LanguagesField, PairsField, as_definition
from bizproc_admin.models.application_definitions import DefinedProperty
from bizproc_admin.wording.application_actions import default_said

# by what a definition calls its parts
FIELDS = {
    "NAME": "names", "DESCRIPTION": "descriptions", "TYPE": "type", "REQUIRED": "is_required",
    "MULTIPLE": "is_multiple", "DEFAULT": "default", "OPTIONS": "options",
}  # fmt: skip


class PropertyForm(forms.Form):
    """One property: given to an action, or answered by it."""

    id = forms.CharField(
        label=gettext_lazy("Id"),
        help_text=gettext_lazy("A Latin letter, then letters, digits and underscores."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    type = forms.CharField(
        label=gettext_lazy("Type"),
        max_length=100,
        initial="string",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "list": "property-types"}
        ),
    )
    names = LanguagesField(label=gettext_lazy("Names"))
    is_required = forms.BooleanField(label=gettext_lazy("Required"), required=False)
    is_multiple = forms.BooleanField(label=gettext_lazy("Several values"), required=False)
    default = forms.CharField(
        label=gettext_lazy("Preset"),
        help_text=gettext_lazy("A value or an expression; of several values one a line."),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 1, "spellcheck": "false", "class": "part__line"}),
    )
    options = PairsField(
        label=gettext_lazy("Options of a choice"),
        left=gettext_lazy("Value"),
        right=gettext_lazy("Title"),
        required=False,
    )
    descriptions = LanguagesField(label=gettext_lazy("Description"), required=False)

    @classmethod
    def shown(cls, one: DefinedProperty) -> dict[str, Any]:
        """Return the initial values of a property as it is known."""
        default = one.default
        is_list = isinstance(default, list)
        return {
            "id": one.id,
            "type": one.type,
            "names": list(one.names.by_language.items()),
            "descriptions": list(one.descriptions.by_language.items()),
            "is_required": one.is_required,
            "is_multiple": one.is_multiple,
            "default": "\n".join(map(default_said, default)) if is_list else default_said(default),
            "options": list(one.options),
        }

    def definition(self) -> dict[str, Any]:
        """Return the property as a definition holds it; it must be valid."""
        given = self.cleaned_data
        made: dict[str, Any] = {
            "NAME": as_definition(given["names"]),
            "TYPE": given["type"].strip(),
            "REQUIRED": "Y" if given["is_required"] else "N",
            "MULTIPLE": "Y" if given["is_multiple"] else "N",
        }
        if given["descriptions"]:
            made["DESCRIPTION"] = as_definition(given["descriptions"])
        if given["options"]:
            made["OPTIONS"] = dict(given["options"])
        if given["default"]:
            lines = [line for line in given["default"].splitlines() if line.strip()]
            made["DEFAULT"] = lines if given["is_multiple"] else given["default"]
        return made


class PropertyForms:
    """The properties of one side of a form, by the prefix under which they are posted."""

    def __init__(
        self,
        prefix: str,
        data: QueryDict | None,
        *,
        known: Sequence[DefinedProperty],
        typed: QueryDict | None = None,
    ) -> None:
        self.prefix = prefix
        if typed is not None:
            self.forms = [
                unbound(PropertyForm, typed, prefix=f"{prefix}-{place}")
                for place in range(count_of(typed, prefix))
            ]
            return
        self.forms = [
            PropertyForm(data, prefix=f"{prefix}-{place}", auto_id="action-%s")
            if data is not None
            else PropertyForm(
                prefix=f"{prefix}-{place}",
                auto_id="action-%s",
                initial=PropertyForm.shown(known[place]),
            )
            for place in range(len(known) if data is None else count_of(data, prefix))
        ]

    @property
    def count(self) -> int:
        return len(self.forms)

    def is_valid(self) -> bool:
        for one in self.forms:
            one.full_clean()
        is_valid = not any(one.errors for one in self.forms)
        ids = [one.cleaned_data["id"].lower() for one in self.forms if "id" in one.cleaned_data]
        for one in self.forms:
            if ids.count(str(one.cleaned_data.get("id", "")).lower()) > 1:
                one.add_error("id", _("Two properties have this id; its case makes no difference."))
                is_valid = False
        return is_valid

    def definition(self) -> dict[str, Any]:
        return {one.cleaned_data["id"]: one.definition() for one in self.forms}

    def add_error(self, path: tuple[str, ...], text: str) -> None:
        """Say what is wrong with a property beside its field: path is its id and its part."""
        for one in self.forms:
            if one.cleaned_data.get("id") == path[0]:
                one.add_error(FIELDS.get(path[1], "id") if len(path) > 1 else "id", text)


def unbound(form: type[PropertyForm], typed: QueryDict, *, prefix: str) -> PropertyForm:
    """Return a property as it was typed, without a complaint."""
    return form(prefix=prefix, auto_id="action-%s", initial=typed_in(form(prefix=prefix), typed))


def typed_in(form: forms.Form, typed: QueryDict) -> dict[str, Any]:
    """Return what was typed into the fields of a form, as their initial values."""
    return {
        name: field.widget.value_from_datadict(typed, MultiValueDict(), form.add_prefix(name))
        for name, field in form.fields.items()
        if not field.widget.value_omitted_from_data(typed, MultiValueDict(), form.add_prefix(name))
    }


def count_of(data: QueryDict, prefix: str) -> int:
    given = data.get(f"{prefix}-count", "")
    return min(int(given), MOST_PROPERTIES) if given.isdecimal() and len(given) < 6 else 0


def with_one_more(data: QueryDict, prefix: str) -> QueryDict:
    """Return what was posted with another, empty property."""
    copy = data.copy()
    copy[f"{prefix}-count"] = str(min(count_of(data, prefix) + 1, MOST_PROPERTIES))
    return copy


def with_one_less(data: QueryDict, prefix: str, place: int) -> QueryDict:
    """Return what was posted without one of its properties; the later ones move up."""
    count = count_of(data, prefix)
    if not 0 <= place < count:
        return data
    copy = QueryDict(mutable=True)
    for name in data:
        head, _dash, rest = name.removeprefix(f"{prefix}-").partition("-")
        if name.startswith(f"{prefix}-") and head.isdecimal() and len(head) < 6:
            number = int(head)
            if number == place:
                continue
            name_now = f"{prefix}-{number - 1}-{rest}" if number > place else name
        else:
            name_now = name
        copy.setlist(name_now, data.getlist(name))
    copy[f"{prefix}-count"] = str(count - 1)
    return copy
