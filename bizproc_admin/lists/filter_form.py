"""Filters of a list: all of them live in the address; one that is not understood shows no row."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import ClassVar, Generic, TypeVar
from urllib.parse import urlencode

from django import forms
from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bizproc_admin.lists.chips import Chip, Choice, Column, Counts, Part
from bizproc_admin.lists.column_choices import among, grouped
from bizproc_admin.lists.pasted_links import documents_behind
from bizproc_admin.models import Account, Person, Portal, WorkflowTemplate, counting
from bizproc_admin.models.counting import count_of

SIZES = (25, 50, 100, 250)
DEFAULT_SIZE = 50
R = TypeVar("R", bound=QuerySet[Model])
# what a filter may hold
Value = str | int | date | list[str] | None


class FilterForm(forms.Form, Generic[R]):
    """What the filters of all lists share; a list adds its fields and says what they ask for.

    PART is the filter that stands as a row of parts, OF_PART what does not outlive a change of
    it; STATES is the chip whose choices stand beside them, one click each. CHIPS are the filters
    that stand in chips, COLUMNS those of them that compare a column.
    CARRIED is what the form takes along without showing it. SORTS maps sort keys to columns;
    ascending on the page is descending in a column of BACKWARDS. HEADS are the heads that sort;
    what one of TURNED shows grows while its key falls; a first click on one of GREATEST_FIRST
    shows the greatest; ORDERS says the orders of those that are no texts, rising and falling. Of
    LASTS only the one the question is about sorts. DOCUMENT is where a row has its document,
    which a pasted link may name.
    """

    PART: ClassVar[str] = ""
    OF_PART: ClassVar[tuple[str, ...]] = ()
    STATES: ClassVar[str] = ""
    CHIPS: ClassVar[tuple[str, ...]] = ()
    COLUMNS: ClassVar[Mapping[str, Column]] = {}
    CARRIED: ClassVar[tuple[str, ...]] = ("sort", "size", "view", "hide")
    SORTS: ClassVar[Mapping[str, str]] = {}
    BACKWARDS: ClassVar[frozenset[str]] = frozenset()
    DEFAULT_SORT: ClassVar[str] = ""
    HEADS: ClassVar[Mapping[str, str | Promise]] = {}
    TURNED: ClassVar[frozenset[str]] = frozenset()
    GREATEST_FIRST: ClassVar[frozenset[str]] = frozenset()
    ORDERS: ClassVar[Mapping[str, tuple[str | Promise, str | Promise]]] = {}
    LASTS: ClassVar[Mapping[str, str]] = {}
    DOCUMENT: ClassVar[str] = ""

    #: Of a chip's choices those that hold this are asked for, where there are many.
    finds = ""
    #: Choices are counted among the latest rows alone, because there are more than are counted;
    #: among any of them where the rows are found by who takes part in them, not by an index.
    is_sampled = takes_any = False
    #: How rows are counted for a choice that is no value of a column.
    count = staticmethod(count_of)

    q = forms.CharField(required=False, max_length=200, strip=True, label=_("Search"))
    sort = forms.CharField(required=False, max_length=20)
    size = forms.TypedChoiceField(
        choices=[(str(size), str(size)) for size in SIZES], coerce=int, required=False
    )
    page = forms.IntegerField(required=False, min_value=1)
    upto = forms.IntegerField(required=False, min_value=0)
    view = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    hide = forms.CharField(required=False, max_length=200)

    def __init__(self, data: Mapping[str, object], *, portal: Portal | None) -> None:
        super().__init__(data)
        self.portal = portal

    def given(self, name: str) -> list[str]:
        return list(self.data.getlist(name)) if hasattr(self.data, "getlist") else []

    def keys_of(self, *names: str) -> set[int]:
        """Return the keys of rows that some filters name, whether there are such rows or not."""
        return {int(k) for n in names for k in self.given(n) if k.isdecimal() and len(k) < 18}

    def named(self, rows: QuerySet[Model], *names: str) -> dict[str, str]:
        """Return the names of the keys that some filters name; no query where none is named."""
        found = rows.filter(portal=self.portal, pk__in=self.keys_of(*names))
        return {str(row.pk): str(row) for row in found}

    def named_templates(self, viewer: Account | None) -> dict[str, str]:
        """Return the names of the templates filters name, as far as the viewer may know them."""
        if viewer is None:
            return {}
        return self.named(WorkflowTemplate.objects.visible_to(viewer), "template")

    def named_people(self, viewer: Account | None, *names: str) -> dict[str, str]:
        """Return the names of the people filters name, as far as the viewer reads them anyway."""
        if viewer is None:
            return {}
        return self.named(Person.objects.named_to(viewer), *names)

    def offer_known(self, name: str, *, found: Mapping[str, str | Promise]) -> None:
        """Offer those of the given keys that exist: a long list of choices is never built."""
        given = self.given(name)
        self.offer(name, [(key, label) for key, label in found.items() if key in given])

    def offer(self, name: str, choices: Sequence[tuple[str, object]]) -> None:
        """Offer values of a filter with their words, or groups of them."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - a mistake of the form's class
        field.choices = list(choices)

    def labels(self, name: str) -> dict[str, object]:
        """Return the words of a filter's values by key, those without a key left out."""
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            return {}
        return {str(key): label for key, label in field.widget.choices if key}

    def value(self, name: str) -> Value:
        """Return a filter's valid value; a bad one counts as not given."""
        value: Value = self.cleaned_data.get(name)
        return value

    def number(self, name: str) -> int | None:
        """Return the value of a filter that is a number."""
        value = self.value(name)
        return value if isinstance(value, int) else None

    def values(self, name: str) -> list[str]:
        """Return what is chosen of a filter, as the address names it."""
        value = self.value(name)
        if isinstance(value, list):
            return value
        return [] if value in (None, "") else [str(value)]

    def narrow(self, rows: R) -> R:
        """Narrow rows of the form's portal to what the filters ask for."""
        return self.narrow_to_chips(self.in_part(rows, self.part_shown))

    def narrow_to_chips(self, rows: R, *, but: Collection[str] = ()) -> R:
        """Narrow rows to what is searched for and chosen, in every part; but: but of these chips.

        A filter that is not understood leaves none: what was asked for is not known, and that is
        never everything.
        """
        if self.misunderstood:
            return rows.none()
        if text := self.searched:
            rows = self.searching(rows, text)
        for chip in self.CHIPS:
            if chip not in but and (values := self.values(chip)):
                rows = self.narrow_by(chip, rows, values)
        return rows

    def searching(self, rows: R, text: str) -> R:
        """Narrow rows to what is searched for, or what a link into the portal shows there."""
        documents = documents_behind(text, self.portal) if self.DOCUMENT and self.portal else None
        if documents is not None:
            return rows.filter(**{f"{self.DOCUMENT}__in": documents})
        return rows.matching(text)  # type: ignore[attr-defined, no-any-return]  # all of them have it

    def in_part(self, rows: R, key: str) -> R:
        """Narrow rows to one part of the list."""
        return rows.filter(self.of_part(key))

    def of_part(self, key: str) -> Q:
        """Return what a part of the list asks of a row; nothing where there are no parts."""
        return Q()

    def counted_choices(self, rows: R) -> dict[str, int]:
        """Count the rows of each part and of each state that the other filters leave."""
        counts = {}
        if self.PART:
            left = self.narrow_to_chips(rows, but=self.OF_PART)
            for key in self.labels(self.PART):
                counts[f"{self.PART}-{key}"] = count_of(self.in_part(left, key))
        if self.shows_states:
            left = self.in_part(self.narrow_to_chips(rows, but=[self.STATES]), self.part_shown)
            for key in self.labels(self.STATES):
                counts[f"{self.STATES}-{key}"] = count_of(self.narrow_by(self.STATES, left, [key]))
        return counts

    def narrow_by(self, chip: str, rows: R, values: list[str]) -> R:
        """Narrow rows to what is chosen of one chip."""
        if chip not in self.COLUMNS:
            return rows.filter(self.test(chip, values[0]))
        return rows.filter(**{f"{self.COLUMNS[chip].key}__in": values})

    def test(self, chip: str, key: str) -> Q:
        """Return what one choice of a chip asks of a row."""
        raise NotImplementedError(f"{type(self).__name__}.{chip}")

    def choices(self, chip: str, rows: R) -> list[Choice]:
        """Return a chip's choices, most frequent first, counted among the part that is shown.

        What is chosen is among them, whatever else is found or left off.
        """
        values, words = self.values(chip), self.labels(chip)
        found = [
            Choice(
                key=str(key),
                label=str(label),
                count=count,
                is_chosen=str(key) in values,
                is_least=self.is_least(chip),
            )
            for key, label, count in self.counted(chip, self.in_part(rows, self.part_shown))
        ]
        missing = [key for key in values if key not in {choice.key for choice in found}]
        chosen = [Choice(key=k, label=str(words.get(k, k)), is_chosen=True) for k in missing]
        return [*chosen, *found]

    def counted(self, chip: str, rows: R) -> Counts:
        """Return key, label and number of rows of a chip's choices.

        The number is None where only rows that are not counted have what was looked for.
        """
        labels = self.labels(chip)
        if self.is_tested(chip):
            rows = rows.order_by()
            return [
                (key, label, self.count(rows.filter(self.test(chip, key))))
                for key, label in labels.items()
            ]
        column = self.COLUMNS[chip]
        if self.is_sampled:
            most = counting.SAMPLED if self.takes_any else counting.MOST_COUNTED
            some = self.some(rows)[:most]
            found = among(some, column, rows, portal=self.portal, finds=self.finds)
        else:
            found = grouped(column, rows, finds=self.finds)
        nameless = [key for key, label, _count in found if key and not label]
        if column.names and nameless:
            labels |= column.names._default_manager.in_bulk(nameless)
        return [(key, labels.get(key, label), count) for key, label, count in found]

    def some(self, rows: R) -> R:
        """Order rows so that the first ones are those that choices are counted among."""
        return rows.order_by() if self.takes_any else self.latest(rows)

    def latest(self, rows: R) -> R:
        """Order rows by an index, the latest first."""
        return rows.order_by("-pk")

    def has_choices(self, chip: str) -> bool:
        """Tell whether a chip has choices that are fetched when it is opened."""
        return chip in self.CHIPS

    def is_tested(self, chip: str) -> bool:
        """Tell whether the choices of a chip are few questions, each counted by itself."""
        return chip not in self.COLUMNS

    def is_least(self, chip: str) -> bool:
        """Tell whether the choices of a chip are counted among some of the rows alone."""
        return self.is_sampled and not self.is_tested(chip)

    def is_single(self, chip: str) -> bool:
        return not isinstance(self.fields[chip], forms.MultipleChoiceField)

    @property
    def sorted_by(self) -> str:
        """Return the sort key, a minus in front for descending."""
        key = str(self.value("sort") or self.usual_sort)
        return key if self.is_sort(key.lstrip("-")) else self.usual_sort

    @property
    def usual_sort(self) -> str:
        """Return the order that answers what is asked for, where none is chosen."""
        return self.DEFAULT_SORT

    @property
    def last(self) -> str:
        """Return which of LASTS is shown: the time that the question is about."""
        return next(iter(self.LASTS), "")

    def is_sort(self, key: str) -> bool:
        """Tell whether the list as it is shown sorts by a key."""
        return key in self.SORTS and (key not in self.LASTS or key == self.last)

    @property
    def is_descending(self) -> bool:
        """Tell whether the column, not the page, is ordered from the greatest down."""
        is_backwards = self.sorted_by.lstrip("-") in self.BACKWARDS
        return self.sorted_by.startswith("-") != is_backwards

    def ordered(self, rows: R) -> R:
        """Order rows; the key decides ties, so that pages do not overlap."""
        sign = "-" if self.is_descending else ""
        return rows.order_by(f"{sign}{self.SORTS[self.sorted_by.lstrip('-')]}", f"{sign}pk")

    @property
    def page_size(self) -> int:
        return self.number("size") or DEFAULT_SIZE

    @property
    def searched(self) -> str:
        return str(self.value("q") or "")

    @property
    def part_shown(self) -> str:
        """Return the part that is shown: the one asked for, else the first."""
        keys = self.labels(self.PART) if self.PART else {}
        return str(self.value(self.PART) or next(iter(keys), "")) if self.PART else ""

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return what the form of the chips carries along without showing it."""
        carried = (self.PART, self.STATES, *self.CARRIED)
        return [pair for pair in self.pairs(page=None, upto=None) if pair[0] in carried]

    @property
    def cleared(self) -> str:
        """Return the query string without any filter; what is shown and its order stay."""
        return self.query(**dict.fromkeys((*self.CHIPS, "q", "page", "upto")))

    @property
    def misunderstood(self) -> list[str]:
        """Return the filters of the address that hold what is not known here."""
        filters = (self.PART, *self.CHIPS, "q")
        return [name for name in filters if name in self.errors]

    @property
    def strange(self) -> list[str]:
        """Return the parameters of the address that no filter bears the name of."""
        return [name for name in self.data if name not in self.fields]

    @property
    def problems(self) -> list[str]:
        """Say which filters of the address were not understood, so that no row is shown."""
        return [self.problem(name) for name in self.misunderstood]

    def problem(self, name: str) -> str:
        """Say why a filter of the address is not understood."""
        return str(
            _("%(filter)s: this filter of the address is not known here, so no row is shown.")
        ) % {"filter": self.fields[name].label}

    @property
    def has_filters(self) -> bool:
        return bool(self.misunderstood) or any(self.value(name) for name in (*self.CHIPS, "q"))

    def pairs(self, **changes: Value) -> list[tuple[str, str]]:
        """Return the address's parameters with some changed; None leaves one out."""
        values: dict[str, Value] = {
            name: self.value(name) for name in self.fields if self.value(name) not in (None, "", [])
        }
        values |= changes
        return [
            (name, str(item))
            for name, value in values.items()
            if value not in (None, "", [])
            for item in (value if isinstance(value, list) else [value])
        ]

    def query(self, **changes: Value) -> str:
        """Return a query string with some parameters changed."""
        return "?" + urlencode(self.pairs(**changes))

    @property
    def shows_states(self) -> bool:
        """Tell whether the states stand beside the part that is shown."""
        return bool(self.STATES)

    def chips(self) -> list[Chip]:
        """Return the filters that are opened; what stands beside the parts is none of them."""
        return [self.chip(name) for name in self.CHIPS if name != self.STATES]

    def chip(self, name: str) -> Chip:
        """Return a filter as its chip."""
        values = self.values(name)
        words = self.labels(name)
        return Chip(
            name=name,
            label=str(self.fields[name].label),
            values=values,
            chosen=[str(words.get(key, key)) for key in values],
            clear=self.query(**{name: None, "page": None, "upto": None}),
            is_single=self.is_single(name),
        )

    def parts(self, counts: Mapping[str, int]) -> list[Part]:
        """Return the parts of the list, with how many rows each has as far as that was counted."""
        if not self.PART:
            return []
        labels = self.labels(self.PART)
        first, gone = next(iter(labels), ""), dict.fromkeys(self.OF_PART)
        return [
            Part(
                id=(name := f"{self.PART}-{key}"),
                count=counts.get(name),
                label=str(label),
                url=self.query(
                    **{self.PART: None if key == first else key, "page": None, "upto": None, **gone}
                ),
                is_current=key == self.part_shown,
            )
            for key, label in labels.items()
        ]

    def states(self, counts: Mapping[str, int]) -> list[Part]:
        """Return the states of the part that is shown; the one that is chosen leads to all."""
        if not self.shows_states:
            return []
        chosen = self.values(self.STATES)
        return [
            Part(
                id=(name := f"{self.STATES}-{key}"),
                count=counts.get(name),
                label=str(label),
                url=self.query(
                    **{self.STATES: None if key in chosen else key, "page": None, "upto": None}
                ),
                is_current=key in chosen,
            )
            for key, label in self.labels(self.STATES).items()
        ]
