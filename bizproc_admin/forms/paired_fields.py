"""Form fields of rows with two controls: a language and its text, a value and its title."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_ROWS = 50
Pairs = list[tuple[str, str]]
# the portal's own codes; "" is a text for every language
LANGUAGES: Sequence[tuple[str, str | Promise]] = (
    ("", gettext_lazy("any language")),
    ("en", "English"), ("de", "Deutsch"), ("ru", "Русский"), ("ua", "Українська"),
    ("fr", "Français"), ("la", "Español"), ("br", "Português (Brasil)"), ("it", "Italiano"),
    ("pl", "Polski"), ("tr", "Türkçe"), ("sc", "中文（简体）"), ("tc", "中文（繁體）"),
    ("ja", "日本語"), ("vn", "Tiếng Việt"), ("id", "Bahasa Indonesia"), ("ms", "Bahasa Melayu"),
    ("th", "ไทย"), ("ar", "العربية"), ("kz", "Қазақша"),
)  # fmt: skip


class PairsInput(forms.Widget):
    """Rows of two controls and a spare one; what they are called is said to whoever hears them."""

    use_fieldset = True

    def __init__(self, *, left: str | Promise, right: str | Promise) -> None:
        super().__init__()
        self.left, self.right = left, right

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Pairs:
        if not hasattr(data, "getlist"):
            return list(data.get(name, []))
        given = zip(data.getlist(f"{name}_key"), data.getlist(f"{name}_text"), strict=False)
        return [(key.strip(), text.strip()) for key, text in given if self.is_given(key, text)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_key" not in data

    def is_given(self, key: str, text: str) -> bool:
        return bool(key.strip() or text.strip())

    def key_control(self, name: str, value: str, attrs: dict[str, Any]) -> SafeString:
        return forms.TextInput().render(name, value, {**attrs, "spellcheck": "false"})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = [*list(value or [])[:MOST_ROWS], ("", "")]
        first = (attrs or {}).get("id", name)
        invalid = {key: one for key, one in (attrs or {}).items() if key.startswith("aria-")}
        controls = []
        for place, (key, text) in enumerate(rows):
            own = {**invalid, "aria-label": f"{self.left} {place + 1}"}
            own["id"] = f"{first}_key_{place}" if place else first
            left = self.key_control(f"{name}_key", key, own)
            own = {**invalid, "aria-label": f"{self.right} {place + 1}"}
            own["id"] = f"{first}_text_{place}"
            right = forms.TextInput().render(f"{name}_text", text, own)
            controls.append(format_html('<div class="pair">{}{}</div>', left, right))
        return mark_safe("".join(controls))  # noqa: S308 - made of rendered widgets


class LanguagesInput(PairsInput):
    """Rows of a language and a text."""

    def is_given(self, key: str, text: str) -> bool:
        return bool(text.strip())

    def key_control(self, name: str, value: str, attrs: dict[str, Any]) -> SafeString:
        known = [key for key, _name in LANGUAGES]
        more = [] if value in known else [(value, value)]
        return forms.Select(choices=[*LANGUAGES, *more]).render(name, value, attrs)


class PairsField(forms.Field):
    """Rows of two texts, as a list of pairs; no left one stands twice."""

    def __init__(self, *, left: str | Promise, right: str | Promise, **rest: Any) -> None:
        super().__init__(widget=self.control(left=left, right=right), **rest)

    def control(self, **names: str | Promise) -> PairsInput:
        return PairsInput(**names)

    def clean(self, value: Pairs) -> Pairs:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(value) > MOST_ROWS:
            raise forms.ValidationError(_("At most %(most)d rows.") % {"most": MOST_ROWS})
        keys = [key for key, _text in value]
        for key, text in value:
            self.check(key, text)
            if keys.count(key) > 1:
                raise forms.ValidationError(_("“%(key)s” stands twice.") % {"key": key[:100]})
            if len(text) > 2000 or len(key) > 2000:
                raise forms.ValidationError(_("One of these is longer than 2,000 characters."))
        return value

    def check(self, key: str, text: str) -> None:
        if not key or not text:
            raise forms.ValidationError(_("Give both the value and its title."))


class LanguagesField(PairsField):
    """A text in several languages; one without a language stands alone."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(left=gettext_lazy("Language"), right=gettext_lazy("Text"), **rest)

    def control(self, **names: str | Promise) -> PairsInput:
        return LanguagesInput(**names)

    def check(self, key: str, text: str) -> None:
        """Accept any text; the portal falls back by itself where a language is missing."""

    def clean(self, value: Pairs) -> Pairs:
        cleaned = super().clean(value)
        if len(cleaned) > 1 and "" in dict(cleaned):
            raise forms.ValidationError(_("Say of each text in which language it is."))
        return cleaned


def as_definition(pairs: Pairs) -> str | dict[str, str]:
    """Return texts as a definition holds them: a plain one where no language is told."""
    texts = dict(pairs)
    return texts[""] if list(texts) == [""] else texts
