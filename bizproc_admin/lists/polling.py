"""The one question an open list asks by the clock: what of it reads differently by now.

An open page says what it shows: of each row what it read (X-Rows), and of the rest of the page the
revision it was answered with last (X-Revision). It gets what reads differently, out of band: the
frame, what is told of one's own acts, the age of the list, its rows; 204 where nothing does.

Whether anything may read differently is told by a sign that costs two small queries, before any
row is read. Who asks, for what, and the passing of time are part of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language

from bizproc_admin import heartbeats
from bizproc_admin.access.permissions import Request
from bizproc_admin.lists.repainting import PAINTED_FOR, digest_of, turn_of
from bizproc_admin.lists.shown import F, L, M, Shown
from bizproc_admin.models import Revision
from bizproc_admin.models.revisions import ACTS, DATA, FEEDS
from bizproc_admin.wording.outages import outage

if TYPE_CHECKING:
    from bizproc_admin.lists.list_page import ListPage

# what stands between the parts in components/polled.html
BETWEEN = "<!-- part -->"
# what is another text each time and says nothing new: a form's token, an age the page counts on
PASSING = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|data-age="[^"]*"|data-aged>[^<]*')
# what a revision is made of: the sign, then what each part in components/polled.html read
REVISION = ("rows", "around", "whole", "frame", "workers", "news", "pulse")
MOST_ROWS = 250
# seconds that counts around the rows stay though nothing but the time changed
COUNTED_FOR = 60


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an open page says of itself: the shape of its table, and what each row read."""

    shape: str
    rows: dict[int, str]

    @classmethod
    def of(cls, request: Request) -> Self:
        """Read X-Rows: the shape, then rows as key=reads; what is no row is passed over."""
        shape, *rows = request.headers.get("X-Rows", "").split(" ")
        pairs = [row.partition("=") for row in rows[:MOST_ROWS]]
        told = {int(key): reads for key, _, reads in pairs if key.isdecimal() and len(key) < 19}
        return cls(shape=shape, rows=told)


@dataclass(frozen=True, kw_only=True)
class Sign:
    """What changes with anything that an open list could show, found out without reading it.

    rows is of its rows, around of what stands around them, too, whole of how old the list is, too.
    """

    rows: str
    around: str
    whole: str

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return the sign of a list for whoever asks, and for what they ask."""
        account, portal = request.user, request.portal
        signs = Revision.objects.signs()
        who = (account.pk, account.role, portal and portal.pk, get_language())
        asked = (request.path, request.GET.urlencode())
        rows = (who, asked, signs.get(DATA), signs.get(ACTS), turn_of(account, PAINTED_FOR))
        around = (rows, turn_of(account, COUNTED_FOR), heartbeats.notice(), outage(portal))
        whole = (around, signs.get(FEEDS))
        return cls(rows=digest_of(rows), around=digest_of(around), whole=digest_of(whole))


def polled(kind: "ListPage[F, M, L]", request: Request) -> HttpResponse:
    """Answer an open list with what of it reads differently."""
    sign = Sign.of(request)
    known = request.headers.get("X-Revision", "").split("-")
    rows, around, whole, *read = known if len(known) == len(REVISION) else [""] * len(REVISION)
    if sign.whole == whole:
        return answered([], "-".join(known))
    shown = Shown(kind, request)
    shown.is_polled = True
    # a reading of the portal that found nothing makes the list younger, and does nothing else
    parts = parts_of(shown, all_of=sign.around != around)
    anew, digests = [], []
    for part, was in zip(parts, read, strict=True):
        digests.append(was if part is None else digest_of([PASSING.sub("", part)]))
        if part is not None and digests[-1] != was:
            anew.append(part)
    # whoever has chosen that the list does not refresh by itself still has its frame
    if sign.rows != rows and "alone" not in request.GET:
        anew += rows_anew(shown)
    return answered(anew, "-".join([sign.rows, sign.around, sign.whole, *digests]))


def answered(anew: Sequence[str], revision: str) -> HttpResponse:
    response = HttpResponse("".join(anew)) if anew else HttpResponse(status=204)
    response["X-Revision"] = revision
    return response


def parts_of(shown: Shown[F, M, L], *, all_of: bool) -> Sequence[str | None]:
    """Return what stands around the rows as it reads now; None for what is not looked at."""
    if not all_of:
        return [*[None] * 3, render_to_string(shown.pulse_template, {"list": shown}, shown.request)]
    whole = render_to_string("components/polled.html", {"list": shown}, shown.request)
    return whole.split(BETWEEN)


def rows_anew(shown: Shown[F, M, L]) -> list[str]:
    """Return the rows that read differently, or all where some are gone or their headings change.

    They come in the order they are shown: none of them moves under the pointer.
    """
    told = Told.of(shown.request)
    if not told.rows:
        return []
    shown.show(shown.rows_of(list(told.rows)))
    if told.shape == shown.shape:
        shown.lines = [one for one in shown.lines if shown.reads(one) != told.rows[one.pk]]
        if not shown.lines:
            return []
    else:
        shown.is_whole = True
    rows = render_to_string(f"{shown.kind.template}#rows", {"list": shown}, shown.request)
    return [f"<table>{rows}</table>"]
