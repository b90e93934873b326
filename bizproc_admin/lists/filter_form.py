"""Filters of a list: all of them live in the address, a bad value is said and ignored."""

from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models import Account, Person, Portal, WorkflowTemplate

SIZES = (25, 50, 100, 250)
DEFAULT_SIZE = 50


class FilterForm(forms.Form):
    """What the filters of all lists share; a list adds its own fields and narrows its rows.

    CHIPS are the filters that stand in chips, CARRIED what the form takes along without showing
    it. SORTS maps sort keys to columns; ascending on the page is descending in a column of
    BACKWARDS.
    """

    CARRIED: ClassVar[tuple[str, ...]] = ("sort", "size")
    CHIPS: ClassVar[tuple[str, ...]] = ()
    SORTS: ClassVar[dict[str, Any]] = {}
    BACKWARDS: ClassVar[frozenset[str]] = frozenset()
    DEFAULT_SORT: ClassVar[str] = ""

    q = forms.CharField(required=False, max_length=200, strip=True, label=_("Search"))
    sort = forms.CharField(required=False, max_length=20)
    size = forms.TypedChoiceField(
        choices=[(str(size), str(size)) for size in SIZES], coerce=int, required=False
    )
    page = forms.IntegerField(required=False, min_value=1)
    upto = forms.IntegerField(required=False, min_value=0)

    def __init__(self, data: Any, *, portal: Portal | None) -> None:
        super().__init__(data)
        self.portal = portal

    def given(self, name: str) -> list[str]:
        return list(self.data.getlist(name)) if hasattr(self.data, "getlist") else []

    def named(self, rows: QuerySet[Any], *names: str) -> dict[str, str]:
        """Give the names of the keys that some filters name; no query where none is named."""
        keys = {int(k) for n in names for k in self.given(n) if k.isdecimal() and len(k) < 18}
        if not keys:
            return {}
        return {str(r.pk): str(r) for r in rows.filter(portal=self.portal, pk__in=keys)}

    def named_templates(self, viewer: Account | None) -> dict[str, str]:
        """Give the names of the templates the filter names, as far as the viewer may know them."""
        if viewer is None:
            return {}
        return self.named(WorkflowTemplate.objects.visible_to(viewer), "template")

    def named_people(self, viewer: Account | None, *names: str) -> dict[str, str]:
        """Give the names of the people filters name, as far as the viewer reads them anyway."""
        if viewer is None:
            return {}
        return self.named(Person.objects.named_to(viewer), *names)

    def offer_known(self, name: str, *, found: dict[str, Any]) -> None:
        """Offer those of the given keys that exist: a long list of choices is never built."""
        given = self.given(name)
        self.fields[name].choices = [  # type: ignore[attr-defined]
            (key, label) for key, label in found.items() if key in given
        ]

    def value(self, name: str) -> Any:
        """Give a filter's valid value; a bad one counts as not given."""
        return self.cleaned_data.get(name)

    @property
    def sorted_by(self) -> str:
        """Give the sort key, a minus in front for descending."""
        key: str = self.value("sort") or self.DEFAULT_SORT
        return key if key.lstrip("-") in self.SORTS else self.DEFAULT_SORT

    @property
    def is_descending(self) -> bool:
        """Tell whether the column, not the page, is ordered from the greatest down."""
        is_backwards = self.sorted_by.lstrip("-") in self.BACKWARDS
        return self.sorted_by.startswith("-") != is_backwards

    @property
    def page_size(self) -> int:
        return self.value("size") or DEFAULT_SIZE

    @property
    def searched(self) -> str:
        return self.value("q") or ""

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Give what the form of the chips carries along without showing it."""
        return [pair for pair in self.pairs(page=None, upto=None) if pair[0] in self.CARRIED]

    @property
    def cleared(self) -> str:
        """Give the query string without any filter; what is shown and its order stay."""
        return self.query(**dict.fromkeys((*self.CHIPS, "q", "page", "upto")))

    @property
    def problems(self) -> list[str]:
        """Say which parameters of the address were not understood and left out."""
        return [
            _("%(filter)s: this filter of the address is not known here and was left out.")
            % {"filter": self.fields[name].label}
            for name in self.errors
            if self.fields[name].label
        ]

    @property
    def has_filters(self) -> bool:
        return any(self.value(name) for name in (*self.CHIPS, "q"))

    def pairs(self, **changes: Any) -> list[tuple[str, str]]:
        """Give the address's parameters with some changed; None leaves one out."""
        values: dict[str, Any] = {
            name: self.value(name) for name in self.fields if self.value(name) not in (None, "", [])
        }
        values |= changes
        return [
            (name, str(item))
            for name, value in values.items()
            if value not in (None, "", [])
            for item in (value if isinstance(value, (list, tuple)) else [value])
        ]

    def query(self, **changes: Any) -> str:
        """Give a query string with some parameters changed."""
        return "?" + urlencode(self.pairs(**changes))

    def chips(self) -> list[dict[str, Any]]:
        """Give each filter's chip: name, label, what is chosen in words, the way to clear it."""
        chips = []
        for name in self.CHIPS:
            value = self.value(name)
            chosen = value if isinstance(value, list) else [value] if value else []
            words = dict(self.fields[name].choices)  # type: ignore[attr-defined]
            chips.append(
                {
                    "name": name,
                    "label": self.fields[name].label,
                    "chosen": [str(words.get(key, key)) for key in chosen],
                    "values": chosen,
                    "clear": self.query(**{name: None, "page": None, "upto": None}),
                }
            )
        return chips


def labelled(
    model: type[Person | WorkflowTemplate], counted: Iterable[tuple[Any, str, int]]
) -> list[dict[str, Any]]:
    """Return choices from keys, names and counts; what has no name is said by its number."""
    choices = [{"key": key, "label": name, "count": count} for key, name, count in counted]
    nameless = [choice["key"] for choice in choices if choice["key"] and not choice["label"]]
    rows = model._default_manager.in_bulk(nameless) if nameless else {}
    return [
        choice | {"label": str(rows[choice["key"]])} if choice["key"] in rows else choice
        for choice in choices
    ]
