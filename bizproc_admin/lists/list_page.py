"""What every list does: its page, its pulse, its rows anew, and the choices of its filters.

A list is described once, by a ListPage beside its view: a filter form, the rows one may see, and
the lines they are shown as. Nothing in here knows which list it serves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from time import time
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zlib import crc32

from django.core.cache import cache
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page, part
from bizproc_admin.lists.chips import Part
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.lists.pager import Head, Pager, heads_of, pager_of
from bizproc_admin.lists.paging import Page, page_of
from bizproc_admin.lists.saved_views import Views
from bizproc_admin.lists.verbs import Asker, Verb, allowed
from bizproc_admin.models import Command, FeedName
from bizproc_admin.models.counting import count_of, kept, kept_count, key_of, newest_of
from bizproc_admin.wording.freshness import Freshness, freshness_of

MOST_ROWS = 250
ROUTES = {
    "list": "",
    "pulse": "pulse/",
    "row": "<int:pk>/row/",
    "choices": "choices/<slug:chip>/",
    "counts": "counts/",
}
# seconds that rows stay as they were painted though nothing but the time changed: the page counts
# ages on, what else is said of time may be as old as that
PAINTED_FOR = 300
# seconds that what was counted for parts and states is shown again
COUNTS_KEPT = 30


class Line(Protocol):
    """What a row of a list shows.

    reads changes whenever the row would read differently, the passing of time left out.
    """

    @property
    def pk(self) -> int: ...

    @property
    def reads(self) -> object: ...


F = TypeVar("F", bound=FilterForm[Any])
M = TypeVar("M", bound=Model)
L = TypeVar("L", bound=Line)


def at_portal(request: Request, rows: QuerySet[M]) -> QuerySet[M]:
    """Narrow rows to the portal that is looked at."""
    return rows.filter(portal=request.portal) if request.portal else rows.none()


@dataclass(frozen=True, kw_only=True)
class ListPage(Generic[F, M, L]):
    """One list of the program.

    noun names its addresses, ids and events ("workflow": workflow_list, #workflow-table); template
    shows it. filters makes the form of a request; rows are those an account may see, here those
    of them on the portal that is looked at; lines says what rows show. The rest is for lists that
    need it: url, the address of the page where the noun does not tell it; feed, whose age is told;
    fetched, where the rows of a page come from with what only they need; unlinked, whether the
    account stands for nobody whose rows it could see; more, what else the page shows; is_live says
    that open pages ask what became of their rows, is_anchored that rows which come later wait to
    be shown; verbs are what may be done to many rows of what is shown at once; columns
    are those after the first that can be hidden, in their order. Its views are for whom capability
    lets in.
    """

    noun: str
    capability: Capability
    template: str
    filters: Callable[[Request], F]
    rows: Callable[[Request], QuerySet[M]]
    lines: Callable[["Shown[F, M, L]", Sequence[M]], list[L]]
    here: Callable[[Request, QuerySet[M]], QuerySet[M]] = at_portal
    url: Callable[[Request], str] | None = None
    feed: FeedName | None = None
    fetched: Callable[[F], QuerySet[M]] | None = None
    unlinked: Callable[["Shown[F, M, L]"], bool] | None = None
    is_live: bool = False
    is_anchored: bool = True
    more: Callable[["Shown[F, M, L]"], dict[str, object]] | None = None
    verbs: Callable[["Shown[F, M, L]"], Sequence[Verb]] | None = None
    columns: Mapping[str, str | Promise] = field(default_factory=dict)

    def urls(self, *names: str) -> list[URLPattern]:
        """Return addresses of the list below its own: of list, pulse, row, choices and counts."""
        return [path(ROUTES[n], self.view(n), name=f"{self.noun}_{n}") for n in names]

    def view(self, name: str) -> Callable[..., HttpResponse]:
        answers: dict[str, Callable[..., HttpResponse]] = {
            "list": self.page,
            "pulse": self.pulse,
            "row": self.row,
            "choices": self.choices,
            "counts": self.counts,
        }

        def view(request: Request, /, **keys: object) -> HttpResponse:
            return answers[name](request, **keys)

        view.__name__ = f"{self.noun}_{name}"
        return require_safe(requires(self.capability)(view))

    def page(self, request: Request) -> HttpResponse:
        """Answer with the whole page, or its table to htmx."""
        shown = Shown(self, request)
        response = page(request, self.template, shown.context, partial="table")
        if request.htmx and self.is_live:
            # the head of the page, which is not repainted, asks anew how many newer rows wait
            response["HX-Trigger-After-Settle"] = f"{shown.noun}-list-changed"
        return response

    def pulse(self, request: Request) -> HttpResponse:
        """Tell an open list how old it is and how many newer rows wait; of its rows what became.

        Asked for rows, it gives them in the order they are shown, and nothing where nothing
        changed: rows are updated where they stand and never move under the pointer.
        """
        shown = Shown(self, request)
        if "rows" not in request.GET:
            return part(request, self.template, "pulse", {"list": shown})
        shown.show(self.again(request))
        if request.GET.get("digest") == shown.digest:
            return HttpResponse(status=204)
        return part(request, self.template, "rows", {"list": shown})

    def row(self, request: Request, pk: int) -> HttpResponse:
        """Answer with one row anew."""
        shown = Shown(self, request)
        shown.show([get_object_or_404(self.fetched_of(request, [pk]), pk=pk)])
        return part(request, self.template, "row", {"list": shown, "line": shown.lines[0]})

    def choices(self, request: Request, chip: str) -> HttpResponse:
        """Answer with the choices of one filter chip; a page of its own without htmx."""
        filters = self.filters(request)
        if chip not in filters.CHIPS:
            raise Http404
        url, shown = reverse(f"{self.noun}_list"), filters.chip(chip)
        rows = self.here(request, self.rows(request))
        key = key_of("choices", request.user, request.portal, self.noun, chip, filters.query())
        context = {
            "filters": filters,
            "chip": shown,
            "choices": kept(key, rows, lambda: filters.choices(chip, rows)),
            "others": filters.pairs(**{chip: None, "page": None, "upto": None}),
            "list_url": url,
            "clear_url": url + shown.clear,
            "target": f"#{self.noun.replace('_', '-')}-table",
        }
        return page(request, "lists/choices.html", context, partial="choices")

    def counts(self, request: Request) -> HttpResponse:
        """Answer with the parts and states of the list, each with how many rows it would leave.

        They come after the rows, and for half a minute from the cache: no page waits for them.
        """
        shown = Shown(self, request)
        kept = cache.get_or_set(shown.counts_key, shown.counted_choices, COUNTS_KEPT)
        shown.numbers = kept or {}
        return render(request, "components/states.html", {"list": shown})

    def asked_by(self, request: Request, query: QueryDict) -> "Shown[F, M, L]":
        """Return the list as an address with this query would ask for it."""
        asking = copy(request)
        asking.GET = query  # type: ignore[assignment]  # a copy's, and read alone
        return Shown(self, asking)

    def again(self, request: Request) -> list[M]:
        """Return the rows an open page asks about, in its order."""
        given = request.GET.get("rows", "").split(".")
        keys = [int(key) for key in given if key.isdecimal() and len(key) < 19][:MOST_ROWS]
        rows = self.fetched_of(request, keys).in_bulk(keys)
        return [rows[key] for key in keys if key in rows]

    def fetched_of(self, request: Request, keys: Sequence[int]) -> QuerySet[M]:
        """Return those rows of some keys that one may see, with what rows show."""
        visible = self.rows(request).filter(pk__in=keys)
        rows = self.fetched(self.filters(request)) if self.fetched else every(visible)
        return rows.filter(pk__in=visible.order_by().values("pk"))


class Shown(Generic[F, M, L]):
    """A list as one request asks for it; each part is worked out when it is first needed."""

    def __init__(self, kind: ListPage[F, M, L], request: Request) -> None:
        self.kind = kind
        self.request = request
        self.filters = kind.filters(request)
        self.url = kind.url(request) if kind.url else reverse(f"{kind.noun}_list")
        self.noun = kind.noun.replace("_", "-")
        self.target = f"#{self.noun}-table"
        self.numbers: Mapping[str, int] = {}

    def show(self, rows: Sequence[M]) -> None:
        """Show these rows instead of the page the filters ask for."""
        self.page = Page(rows=rows, number=1, size=len(rows), total=len(rows))

    @cached_property
    def context(self) -> dict[str, object]:
        return {"list": self} | (self.kind.more(self) if self.kind.more else {})

    @cached_property
    def visible(self) -> QuerySet[M]:
        """Return all rows the account may see here."""
        return self.kind.here(self.request, self.kind.rows(self.request))

    @cached_property
    def total(self) -> int:
        """Count the rows the filters leave, as of when the list was opened."""
        asked = self.filters.query(page=None, size=None, sort=None)
        key = key_of("total", self.request.user, self.request.portal, self.noun, asked)
        return kept_count(key, self.as_opened(self.filters.narrow(self.visible)))

    @cached_property
    def upto(self) -> int | None:
        """Return the key the list is anchored at: the newest row there was; None for no anchor."""
        if not self.kind.is_anchored:
            return None
        upto = self.filters.number("upto")
        return newest_of(self.visible.model) if upto is None else upto

    def as_opened(self, rows: QuerySet[M]) -> QuerySet[M]:
        """Leave out the rows that came since the list was opened."""
        return rows if self.upto is None else rows.filter(pk__lte=self.upto)

    @property
    def has_matches(self) -> bool:
        """Tell whether it is known how many rows the filters leave."""
        return bool(self.total) or self.emptiness in ("", "filtered")

    @cached_property
    def everything(self) -> int | None:
        """Count what there is without filters; None where none of them leaves rows out."""
        if not self.filters.has_filters:
            return None
        return count_of(self.filters.in_part(self.visible, self.filters.part_shown))

    @cached_property
    def page(self) -> Page[M]:
        """Return the page of rows the filters ask for, anchored at the newest row there was."""
        rows = self.as_opened(self.filters.narrow(self.visible))
        return page_of(
            self.filters.ordered(rows),
            number=self.filters.number("page") or 1,
            size=self.filters.page_size,
            total=self.total,
            upto=self.upto,
            fetched=self.kind.fetched(self.filters) if self.kind.fetched else every(rows),
        )

    @cached_property
    def lines(self) -> list[L]:
        return self.kind.lines(self, self.page.rows)

    @cached_property
    def digest(self) -> str:
        """Return what changes with the rows, and every few minutes for what they say of time."""
        # not at the same moment for all pages that are open
        turn = (int(time()) + 37 * self.request.user.pk) // PAINTED_FOR
        return digest_of([turn, *((line.pk, line.reads) for line in self.lines)])

    @cached_property
    def views(self) -> Views:
        return Views(self)

    @cached_property
    def verbs(self) -> list[Verb]:
        """Return what the account may do to many of the rows at once; nothing without a portal."""
        portal = self.request.portal
        if self.kind.verbs is None or portal is None or not portal.is_connected:
            return []
        return allowed(self.kind.verbs(self), self.request.user)

    @property
    def whole(self) -> str:
        """Return the query string that means all rows the filters leave, as of the list's age."""
        return self.filters.query(
            page=None, size=None, sort=None, view=None, hide=None, upto=self.page.upto
        )

    @cached_property
    def form_key(self) -> UUID:
        """Return the one-time key of what is asked for from this page."""
        return uuid4()

    @property
    def asker(self) -> Asker:
        """Return who asks; there is a portal where there are verbs."""
        portal = self.request.portal
        if portal is None:
            raise Http404
        return Asker(
            account=self.request.user, portal=portal, filters=self.filters, now=portal.now()
        )

    def chosen(self, keys: Sequence[int] | None) -> QuerySet[M]:
        """Return those of some rows that the account may see here; None: all the filters leave."""
        if keys is not None:
            return self.visible.filter(pk__in=keys)
        rows: QuerySet[M] = self.filters.narrow(self.visible)
        upto = self.filters.number("upto")
        return rows if upto is None else rows.filter(pk__lte=upto)

    @property
    def keys(self) -> str:
        """Return the keys of the rows as an open page names them when it asks about them."""
        return ".".join(str(line.pk) for line in self.lines)

    @cached_property
    def newer(self) -> int:
        """Count the rows that came since the list was opened and wait to be shown."""
        upto = self.filters.value("upto")
        if upto is None:
            return 0
        return count_of(self.filters.narrow(self.visible).filter(pk__gt=upto))

    @cached_property
    def newer_url(self) -> str:
        return self.url + self.filters.query(page=None, upto=None)

    @property
    def now_url(self) -> str:
        """Return the address of the same page of the list, with what has come since."""
        return self.url + self.filters.query(upto=None)

    @cached_property
    def has_any(self) -> bool:
        """Tell whether there is any row here, whoever may see it."""
        rows = self.kind.here(self.request, every(self.visible))
        return bool(self.total) or rows.exists()

    @cached_property
    def freshness(self) -> Freshness | None:
        """Return how old the list is; None for one that no reading of the portal fills."""
        return freshness_of(self.request.portal, self.kind.feed) if self.kind.feed else None

    @cached_property
    def is_unlinked(self) -> bool:
        return self.kind.unlinked is not None and self.kind.unlinked(self)

    @property
    def emptiness(self) -> str:
        """Return why no row is shown, a short word; empty where the list itself is empty."""
        reading = self.freshness.state if self.freshness else ""
        if reading and self.request.portal is None:
            return "no_portal"
        if reading and self.is_unlinked:
            return "unlinked"
        if self.kind.is_live and reading == "never" and not self.has_any:
            return "first_copy"
        if self.kind.is_live and reading == "failed" and not self.has_any:
            return "unread"
        if self.filters.has_filters:
            return "filtered"
        return "unread" if reading == "failed" else ""

    @cached_property
    def heads(self) -> dict[str, Head]:
        return heads_of(self.filters)

    @property
    def last_head(self) -> Head:
        """Return the head of the column that the question is about."""
        return self.heads[self.filters.last]

    @property
    def sorted_head(self) -> Head | None:
        """Return the head the list is sorted by; None for an order that has none."""
        return next((head for head in self.heads.values() if head.current), None)

    @property
    def asked(self) -> str:
        """Return the query string of what decides how a row is shown, for a row asked for alone."""
        names = (self.filters.PART, self.filters.STATES)
        pairs = {name: self.filters.values(name) for name in names if name}
        return f"?{urlencode(pairs, doseq=True)}" if any(pairs.values()) else ""

    @cached_property
    def pager(self) -> Pager:
        return pager_of(self.filters, self.page)

    @cached_property
    def parts(self) -> list[Part]:
        return self.filters.parts(self.numbers)

    @cached_property
    def states(self) -> list[Part]:
        return self.filters.states(self.numbers)

    @property
    def counts_url(self) -> str:
        """Return where the numbers of parts and states come from; empty where they are told."""
        if self.kind.url or self.numbers or not (self.parts or self.states):
            return ""
        asked = self.filters.query(page=None, size=None, sort=None, upto=None)
        return reverse(f"{self.kind.noun}_counts") + asked

    def counted_choices(self) -> dict[str, int]:
        """Count the rows of each part and of each state that the other filters leave."""
        return self.filters.counted_choices(self.visible)

    @property
    def counts_key(self) -> str:
        """Return what the counts are kept by: no account is told those of another."""
        asked = self.filters.query(page=None, size=None, sort=None, upto=None)
        portal, account = self.request.portal, self.request.user
        role = account.role.value if account.role else ""
        named = repr((account.pk, role, portal and portal.pk, self.noun, asked))
        return f"counts:{sha256(named.encode()).hexdigest()}"


def every(rows: QuerySet[M]) -> QuerySet[M]:
    """Return all rows of the table some rows are of."""
    found: QuerySet[M] = rows.model._default_manager.all()
    return found


def digest_of(reads: Iterable[object]) -> str:
    """Return a short text that changes whenever something shown reads differently."""
    return f"{crc32(repr(list(reads)).encode()):08x}"


def asking_again(command: Command | None) -> str:
    """Return when a row of a command asks for itself anew, as htmx is told; "" once it is settled.

    What is requested changes within seconds, what is checked after longer.
    """
    if command is None or command.is_settled:
        return ""
    return ", every 1s" if command.word == "requested" else ", every 3s"
