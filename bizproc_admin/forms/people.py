"""Choosing people of a portal in a form: searched for, or typed where nothing can search."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Case, When
from django.utils.translation import gettext as _

from bizproc_admin.models import Person, Portal
from bizproc_admin.models.people import PersonQuerySet

MOST_FOUND = 20


def key_of(person: Person) -> str:
    """Give how the portal writes a person in a value."""
    return f"user_{person.remote_id}"


def found_people(people: PersonQuerySet, text: str, *, first: Sequence[int] = ()) -> list[Person]:
    """Give the first few who match a text: those named by key in their order, others by name."""
    known = people.matching(text.replace("\x00", ""))
    ranks = [When(pk=key, then=rank) for rank, key in enumerate(first[:MOST_FOUND])]
    order = [Case(*ranks, default=MOST_FOUND)] if ranks else []
    return list(known.order_by(*order, "name", "pk")[:MOST_FOUND])


class PeopleInput(forms.Widget):
    """The control itself is components/person_search.html; this only reads what it sends."""

    use_fieldset = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, Any]:
        given = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
        return {"chosen": given, "typed": data.get(f"{name}_find", "").strip()}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}_find" not in data


class PeopleField(forms.Field):
    """People of a portal, written "user_14"; gives persons.

    A name that is typed and not chosen is taken where it fits one person. chosen and found are what
    the control offers: whom it holds, and whom the typed name fits.
    """

    widget = PeopleInput

    def __init__(self, *, portal: Portal | None, is_multiple: bool = False, **rest: Any) -> None:
        super().__init__(**rest)
        self.portal, self.is_multiple = portal, is_multiple
        self.chosen: list[Person] = []
        self.found: list[Person] = []
        self.typed = ""

    @property
    def people(self) -> PersonQuerySet:
        """Give whom one may choose."""
        return Person.objects.at(self.portal)

    def take(self, keys: Any) -> list[Person]:
        """Hold the people that some keys name."""
        keys = keys if isinstance(keys, (list, tuple)) else [keys]
        texts = [str(key).removeprefix("user_") for key in keys]
        numbers = [int(text) for text in texts if text.isdecimal() and len(text) < 18]
        by_number = {p.remote_id: p for p in self.people.filter(remote_id__in=numbers)}
        self.chosen = [by_number[number] for number in numbers if number in by_number]
        return self.chosen

    def clean(self, value: dict[str, Any]) -> list[Person]:
        people, self.typed = self.take(value["chosen"]), value["typed"]
        if len(people) != len(set(value["chosen"])):
            raise forms.ValidationError(_("One of the people chosen is not of this portal."))
        if self.typed:
            people = self.chosen = self.with_typed(people)
        if self.required and not people:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return people if self.is_multiple else people[:1]

    def with_typed(self, people: list[Person]) -> list[Person]:
        """Give the chosen people, and whom the typed name means unless it found one of them."""
        self.found = found_people(self.people.working(), self.typed)
        if any(one in self.found or str(one) == self.typed for one in people):
            return people
        if not self.found:
            raise forms.ValidationError(_("Nobody who works there has this name."))
        if len(self.found) > 1:
            raise forms.ValidationError(_("Several people fit: choose one."))
        return [*people, *self.found] if self.is_multiple else self.found
