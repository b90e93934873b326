"""What every list does: its page, its pulse, its rows anew, and the choices of its filters.

A list is described once, by a ListPage beside its view: a filter form, the rows one may see, and
the lines they are shown as. Nothing in here knows which list it serves.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Generic

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from bizproc_admin.access import sessions
from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page, part
from bizproc_admin.lists.chips import MOST
from bizproc_admin.lists.polling import polled
from bizproc_admin.lists.shown import F, L, M, Shown
from bizproc_admin.lists.verbs import Verb
from bizproc_admin.models import FeedName, counting
from bizproc_admin.models.counting import (
    KEPT,
    are_more,
    glance_of,
    is_told,
    kept_count,
    key_of,
)

ROUTES = {
    "list": "",
    "pulse": "pulse/",
    "row": "<int:pk>/row/",
    "choices": "choices/<slug:chip>/",
    "counts": "counts/",
}
# seconds that what was counted for parts and states is shown again
COUNTS_KEPT = 30


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
    are those after the first that can be hidden, in their order; over is what stands over a row;
    every is in how many seconds an open page asks. Its views are for whom capability lets in.
    """

    noun: str
    capability: Capability
    template: str
    filters: Callable[[Request], F]
    rows: Callable[[Request], QuerySet[M]]
    lines: Callable[[Shown[F, M, L], Sequence[M]], list[L]]
    here: Callable[[Request, QuerySet[M]], QuerySet[M]] = at_portal
    url: Callable[[Request], str] | None = None
    feed: FeedName | None = None
    fetched: Callable[[F], QuerySet[M]] | None = None
    unlinked: Callable[[Shown[F, M, L]], bool] | None = None
    is_live: bool = False
    is_anchored: bool = True
    seen: Callable[[Shown[F, M, L]], None] | None = None
    more: Callable[[Shown[F, M, L]], dict[str, object]] | None = None
    verbs: Callable[[Shown[F, M, L]], Sequence[Verb]] | None = None
    columns: Mapping[str, str | Promise] = field(default_factory=dict)
    over: Callable[[L], object] = lambda line: None
    every: int = 10

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
        if self.seen:
            self.seen(shown)
        if request.htmx and self.is_live:
            # the head of the page, which is not repainted, asks anew how many newer rows wait
            response["HX-Trigger-After-Settle"] = f"{shown.noun}-list-changed"
        return response

    def pulse(self, request: Request) -> HttpResponse:
        """Tell an open list what of it changed: its frame, its age, newer rows, its rows."""
        sessions.seen(request, request.user)
        if "X-Revision" not in request.headers:
            return self.pulse_alone(request)
        return polled(self, request)

    def pulse_alone(self, request: Request) -> HttpResponse:
        """Answer a page that an earlier version painted: its rows stay, and it says how old."""
        if "rows" in request.GET:
            return HttpResponse(status=204)
        return part(request, self.template, "pulse", {"list": Shown(self, request)})

    def row(self, request: Request, pk: int) -> HttpResponse:
        """Answer with one row anew."""
        shown = Shown(self, request)
        shown.show([get_object_or_404(shown.fetched_of([pk]), pk=pk)])
        return part(request, self.template, "row", {"list": shown, "line": shown.lines[0]})

    def choices(self, request: Request, chip: str) -> HttpResponse:
        """Answer with the choices of one filter chip; a page of its own without htmx."""
        whole = Shown(self, request)
        filters, rows = whole.filters, whole.visible
        if not filters.has_choices(chip):
            raise Http404
        url, shown = reverse(f"{self.noun}_list"), filters.chip(chip)
        filters.finds = request.GET.get("find", "").strip()[:200]
        asked = f"{filters.query()}&find={filters.finds}"
        key = key_of("choices", request.user, request.portal, self.noun, chip, asked)
        part = filters.in_part(rows, filters.part_shown)
        filters.takes_any = not request.user.sees_all
        if whole.is_glanced:
            filters.count = glance_of
            filters.is_sampled = are_more(part, counting.SAMPLED)
        else:
            of_part = key_of("choices", request.user, request.portal, self.noun, filters.part_shown)
            filters.is_sampled = not is_told(kept_count(of_part, part))
        # what is worked out of more rows than are counted is shown for a while
        span = KEPT if filters.is_sampled else 0
        own = [chip, *(field.name for field in shown.fields or ())]
        choices = cache.get_or_set(key, lambda: filters.choices(chip, rows), span) or []
        context = {
            "filters": filters,
            "chip": shown,
            "choices": choices,
            # what is looked for may be among what is not shown
            "is_more": filters.is_sampled or len(choices) >= MOST,
            "others": filters.pairs(**dict.fromkeys((*own, "page", "upto"))),
            "list_url": url,
            "choices_url": request.path if request.htmx else "",
            "clear_url": url + shown.clear,
            "target": f"#{self.noun.replace('_', '-')}-table",
        }
        return page(request, "lists/choices.html", context, partial="choices")

    def counts(self, request: Request) -> HttpResponse:
        """Answer with the parts and states of the list, each with how many rows it would leave.

        They come after the rows, and for half a minute from the cache: no page waits for them.
        """
        shown = Shown(self, request)
        numbers = cache.get_or_set(shown.counts_key, shown.counted_choices, COUNTS_KEPT)
        shown.numbers = numbers or {}
        return render(request, "components/counts.html", {"list": shown})

    def asked_by(self, request: Request, query: QueryDict) -> Shown[F, M, L]:
        """Return the list as an address with this query would ask for it."""
        asking = copy(request)
        asking.GET = query  # type: ignore[assignment]  # a copy's, and read alone
        return Shown(self, asking)
