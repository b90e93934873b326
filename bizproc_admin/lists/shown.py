"""A list as one request asks for it: its rows, how many, in what order, what surrounds them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db.models import Model, QuerySet
from django.http import Http404
from django.urls import reverse

from bizproc_admin.access.permissions import Request
from bizproc_admin.lists.chips import Part
from bizproc_admin.lists.filter_form import FilterForm
from bizproc_admin.lists.pager import Head, Pager, heads_of, pager_of
from bizproc_admin.lists.paging import Page, page_of
from bizproc_admin.lists.repainting import PAINTED_FOR, digest_of, turn_of
from bizproc_admin.lists.saved_views import Views
from bizproc_admin.lists.verbs import Asker, Verb, allowed
from bizproc_admin.models.counting import count_of, glance_of, kept_count, key_of, newest_of
from bizproc_admin.models.workloads import are_many
from bizproc_admin.wording.freshness import Freshness, freshness_of

if TYPE_CHECKING:
    from bizproc_admin.lists.list_page import ListPage


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


class Shown(Generic[F, M, L]):
    """A list as one request asks for it; each part is worked out when it is first needed."""

    def __init__(self, kind: "ListPage[F, M, L]", request: Request) -> None:
        self.kind = kind
        self.request = request
        self.filters = kind.filters(request)
        self.url = kind.url(request) if kind.url else reverse(f"{kind.noun}_list")
        self.noun = kind.noun.replace("_", "-")
        self.target = f"#{self.noun}-table"
        # of parts and states, once they are counted
        self.numbers: Mapping[str, int] | None = None
        # asked for by an open page: what changed comes out of band, all rows at once or each alone
        self.is_polled = self.is_whole = False

    def show(self, rows: Sequence[M]) -> None:
        """Show these rows instead of the page the filters ask for."""
        self.page = Page(rows=rows, number=1, size=len(rows), total=len(rows))

    def rows_of(self, keys: Sequence[int]) -> list[M]:
        """Return those rows of some keys that the account may see, in the order of the keys."""
        rows = self.fetched_of(keys).in_bulk(keys)
        return [rows[key] for key in keys if key in rows]

    def fetched_of(self, keys: Sequence[int]) -> QuerySet[M]:
        """Return those rows of some keys that the account may see, with what rows show."""
        visible = self.kind.rows(self.request).filter(pk__in=keys)
        rows = self.kind.fetched(self.filters) if self.kind.fetched else every(visible)
        return rows.filter(pk__in=visible.order_by().values("pk"))

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
        return self.number("total", asked, self.as_opened(self.filters.narrow(self.visible)))

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
        part = self.filters.part_shown
        return self.number("everything", part, self.filters.in_part(self.visible, part))

    def number(self, what: str, asked: str, rows: QuerySet[M]) -> int:
        """Count rows as far as the page waits for it."""
        if what in (known := self.numbers or {}):
            return known[what]
        key = key_of(what, self.request.user, self.request.portal, self.noun, asked)
        return kept_count(key, rows, count=glance_of if self.is_glanced else count_of)

    @cached_property
    def is_glanced(self) -> bool:
        """Tell whether the page says "999+" at first, and more once its rows are there.

        Of very many running workflows a part is found by who takes part in each; an index counts
        them for who sees everything.
        """
        account, portal = self.request.user, self.request.portal
        if account.sees_all or portal is None or not self.has_counts:
            return False
        return are_many(portal)

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

    def reads(self, line: L) -> str:
        """Return what changes with a row, and every few minutes for what it says of time.

        The first eight letters are of what the row says itself: a page tints it when they change.
        """
        return f"{digest_of([line.reads])}{self.turn:x}"

    @cached_property
    def turn(self) -> int:
        return turn_of(self.request.user, PAINTED_FOR)

    @cached_property
    def digest(self) -> str:
        """Return what changes with any of the rows."""
        return digest_of([(line.pk, self.reads(line)) for line in self.lines])

    @cached_property
    def shape(self) -> str:
        """Return what changes when a row goes, or what stands over one."""
        return digest_of([(line.pk, self.kind.over(line)) for line in self.lines])

    @property
    def pulse_template(self) -> str:
        """Return what shows how old the list is."""
        return f"{self.kind.template}#pulse"

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
        upto = self.filters.number("upto")
        if upto is None or newest_of(self.visible.model) <= upto:
            return 0
        count = glance_of if self.is_glanced else count_of
        return count(self.filters.narrow(self.visible).filter(pk__gt=upto))

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
        return self.filters.parts(self.numbers or {})

    @cached_property
    def states(self) -> list[Part]:
        return self.filters.states(self.numbers or {})

    @property
    def has_counts(self) -> bool:
        """Tell whether numbers follow the rows: of parts or states, unless an address of its own
        shows none, and where it is known what is asked for."""
        filters = self.filters
        has_parts = len(filters.labels(filters.PART)) > 1 if filters.PART else False
        return (
            not self.kind.url and not filters.misunderstood and (has_parts or filters.shows_states)
        )

    @property
    def counts_url(self) -> str:
        """Return where the numbers that follow the rows come from; empty where they are told."""
        if self.numbers is not None or not self.has_counts:
            return ""
        asked = self.filters.query(page=None, size=None, sort=None, upto=None)
        return reverse(f"{self.kind.noun}_counts") + asked

    def counted_choices(self) -> dict[str, int]:
        """Count the rows of each part and of each state that the other filters leave.

        Where the page only glanced at them, also those it shows and, without filters, all.
        """
        filters = self.filters
        counts = filters.counted_choices(self.visible)
        if not self.is_glanced:
            return counts
        # they are those of the part that is shown, unless something of that part alone is asked for
        shown = counts.get(f"{filters.PART}-{filters.part_shown}")
        if shown is None or any(filters.values(name) for name in filters.OF_PART):
            shown = count_of(filters.narrow(self.visible))
        counts["total"] = shown
        if filters.has_filters:
            counts["everything"] = count_of(filters.in_part(self.visible, filters.part_shown))
        return counts

    @property
    def counts_key(self) -> str:
        """Return what the counts are kept by: no account is told those of another."""
        asked = self.filters.query(page=None, size=None, sort=None, upto=None)
        return key_of("counts", self.request.user, self.request.portal, self.noun, asked)


def every(rows: QuerySet[M]) -> QuerySet[M]:
    """Return all rows of the table some rows are of."""
    found: QuerySet[M] = rows.model._default_manager.all()
    return found
