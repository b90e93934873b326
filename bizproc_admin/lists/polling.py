"""The one question an open list asks by the clock: what of it reads differently by now.

An open page says what it shows: of each row what it read (X-Rows), and of the rest of the page the
revision it was answered with last (X-Revision). It gets what reads differently, out of band: the
frame, what is told of one's own acts, the age of the list, its rows; 204 where nothing does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Self

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from bizproc_admin.lists.repainting import digest_of
from bizproc_admin.lists.shown import F, L, M, Shown

# what stands between the parts in components/polled.html
BETWEEN = "<!-- part -->"
# what is another text each time and says nothing new: a form's token, an age the page counts on
PASSING = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|data-age="[^"]*"|data-aged>[^<]*')
MOST_ROWS = 250


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an open page says of itself: the shape of its table, and what each row read."""

    shape: str
    rows: dict[int, str]

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Read X-Rows: the shape, then rows as key=reads; what is no row is passed over."""
        shape, *rows = request.headers.get("X-Rows", "").split(" ")
        pairs = [row.partition("=") for row in rows[:MOST_ROWS]]
        told = {int(key): reads for key, _, reads in pairs if key.isdecimal() and len(key) < 19}
        return cls(shape=shape, rows=told)


def polled(shown: Shown[F, M, L]) -> HttpResponse:
    """Answer an open list with what of it reads differently."""
    request = shown.request
    shown.is_polled = True
    known = request.headers.get("X-Revision", "").split("-")
    parts = parts_of(shown)
    digests = [digest_of([PASSING.sub("", part)]) for part in parts]
    pairs = zip_longest(zip(parts, digests, strict=True), known[: len(parts)])
    anew = [part for (part, digest), was in pairs if digest != was]
    # whoever has chosen that the list does not refresh by itself still has its frame
    if "alone" not in request.GET:
        anew += rows_anew(shown)
    response = HttpResponse("".join(anew)) if anew else HttpResponse(status=204)
    response["X-Revision"] = "-".join(digests)
    return response


def parts_of(shown: Shown[F, M, L]) -> Sequence[str]:
    """Return what stands around the rows as it reads now, each part by itself."""
    whole = render_to_string("components/polled.html", {"list": shown}, shown.request)
    return whole.split(BETWEEN)


def rows_anew(shown: Shown[F, M, L]) -> list[str]:
    """Return the rows that read differently, or all where some are gone or their headings change.

    They come in the order they are shown: none of them moves under the pointer.
    """
    told = Told.of(shown.request)
    if not told.rows:
        return []
    shown.show(shown.kind.rows_of(shown.request, list(told.rows)))
    if told.shape == shown.shape:
        shown.lines = [one for one in shown.lines if shown.reads(one) != told.rows[one.pk]]
        if not shown.lines:
            return []
    else:
        shown.is_whole = True
    rows = render_to_string(f"{shown.kind.template}#rows", {"list": shown}, shown.request)
    return [f"<table>{rows}</table>"]
