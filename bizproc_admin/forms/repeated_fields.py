"""Form fields that take several values under one name."""

from typing import Any

from django import forms
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

MOST_VALUES = 50
SPARE = 1


class RepeatedInput(forms.Widget):
    """One control for each value and a spare one; repeating.js adds more."""

    use_fieldset = True

    def __init__(self, inner: forms.Widget) -> None:
        super().__init__()
        self.inner = inner

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        given = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
        return [value for value in given if value.strip()]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        values = list(value or [])[:MOST_VALUES]
        controls = []
        for place, one in enumerate([*values, *[None] * SPARE]):
            own = {**(attrs or {}), "aria-label": _("Value %(number)s") % {"number": place + 1}}
            if place:
                own["id"] = f"{own.get('id', name)}_{place}"
            controls.append(self.inner.render(name, one, own, renderer))
        return mark_safe("".join(controls))  # noqa: S308 - made of rendered widgets


class RepeatedField(forms.Field):
    """Several values of an inner field; an error says which of them."""

    def __init__(self, inner: forms.Field) -> None:
        super().__init__(widget=RepeatedInput(inner.widget))
        inner.required = True
        self.inner = inner

    def prepare_value(self, value: Any) -> Any:
        return [self.inner.prepare_value(one) for one in value or []]

    def clean(self, value: list[str]) -> list[Any]:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(value) > MOST_VALUES:
            raise forms.ValidationError(_("At most %(most)d values.") % {"most": MOST_VALUES})
        cleaned, errors = [], []
        for one in value:
            try:
                cleaned.append(self.inner.clean(one))
            except forms.ValidationError as error:
                errors += [f"“{one[:40]}”: {text}" for text in error.messages]
        if errors:
            raise forms.ValidationError(errors)
        return cleaned
