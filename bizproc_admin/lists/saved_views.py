"""The saved views of a list: the one that is open, whether it was changed, and those to choose."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import QueryDict

from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.models import SavedView

if TYPE_CHECKING:
    from bizproc_admin.lists.shown import Shown

#: What an address says besides and no view keeps: where one is in the list, and the view itself.
PASSING = ("page", "upto", "view", "open")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One view to choose, with how many rows it shows now."""

    view: SavedView
    url: str
    count: int
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A column that can be hidden."""

    key: str
    label: str
    is_shown: bool


class Views:
    """What a list as it is shown has to do with saved views; asked only where it is needed."""

    def __init__(self, shown: "Shown[Any, Any, Any]") -> None:
        self.shown = shown
        self.filters = shown.filters

    @cached_property
    def current(self) -> SavedView | None:
        """Return the view that the address says it comes from; None for one that is not seen."""
        pk = self.filters.number("view")
        return self.visible.filter(pk=pk).first() if pk else None

    @property
    def own(self) -> SavedView | None:
        """Return it where it is the account's own."""
        view = self.current
        return view if view and view.account_id == self.shown.request.user.pk else None

    @property
    def is_changed(self) -> bool:
        """Tell whether the list is asked for otherwise than the view that it comes from."""
        return self.current is not None and self.current.query != query_of(self.filters)

    @property
    def visible(self) -> Any:
        views = SavedView.objects.visible_to(self.shown.request.user)
        return views.at(self.shown.request.portal, self.shown.kind.noun)

    @property
    def entries(self) -> list[Entry]:
        """Return the views to choose, the account's own first, each with its rows counted."""
        views = sorted(self.visible.select_related("account"), key=lambda one: one.name.casefold())
        return [self.entry(view) for view in views]

    def entry(self, view: SavedView) -> Entry:
        asked = self.shown.kind.asked_by(self.shown.request, QueryDict(view.query))
        return Entry(
            view=view,
            url=url_of(view, self.shown.url),
            count=asked.total,
            is_current=self.current is not None and self.current.pk == view.pk,
        )

    # --- columns ---------------------------------------------------------------------------------

    @cached_property
    def hidden(self) -> list[str]:
        """Return the keys of the columns that are hidden; what is no column is left out."""
        asked = str(self.filters.value("hide") or "").split(".")
        return [key for key in self.shown.kind.columns if key in asked]

    @property
    def hides(self) -> str:
        """Return the places of the columns that are hidden; the first column always stands."""
        places = {key: place for place, key in enumerate(self.shown.kind.columns, start=2)}
        return " ".join(str(places[key]) for key in self.hidden)

    @property
    def columns(self) -> list[Heading]:
        return [
            Heading(key=key, label=str(label), is_shown=key not in self.hidden)
            for key, label in self.shown.kind.columns.items()
        ]


def query_of(filters: FilterForm[Any]) -> str:
    """Return what a view keeps of an address, in the order of the names.

    What is not understood is kept as it was given: it is asked for, and shows no row.
    """
    pairs = filters.pairs(**dict.fromkeys(PASSING))
    for name in filters.misunderstood:
        pairs += [(name, value) for value in filters.given(name)]
    return urlencode(sorted(pairs))


def url_of(view: SavedView, list_url: str) -> str:
    """Return the address of a view."""
    return f"{list_url}?{view.query}{'&' if view.query else ''}view={view.pk}"
