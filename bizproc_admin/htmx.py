"""Answers to a browser with and without htmx; the only code that looks at htmx's headers."""

import json
from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from bizproc_admin.access.permissions import Request


def page(
    request: Request,
    template: str,
    context: Mapping[str, object],
    *,
    partial: str,
    status: int = 200,
) -> HttpResponse:
    """Give the whole page, or its named partial to a request that htmx made for a part of it.

    The template is told which as is_partial.
    """
    is_part = wants_part(request)
    name = f"{template}#{partial}" if is_part else template
    response = render(request, name, {"is_partial": is_part, **context}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def part(
    request: Request, template: str, partial: str, context: Mapping[str, object]
) -> HttpResponse:
    """Give a partial to whoever asks: for addresses that are only ever a part of a page."""
    return render(request, f"{template}#{partial}", context)


def dialog(
    request: Request, template: str, context: Mapping[str, object], *, status: int = 200
) -> HttpResponse:
    """Give a form as a dialog's content, or as a page of its own without htmx.

    A repainted form (409, 422) replaces the dialog's content wherever the form was aimed.
    """
    response = page(request, template, context, partial="dialog", status=status)
    if wants_part(request) and status != 200:
        response["HX-Retarget"] = "#dialog-content"
        response["HX-Reswap"] = "innerHTML"
    return response


def accepted(
    request: Request, *, changed: str, url: str, text: str, more: dict[str, object] | None = None
) -> HttpResponse:
    """Answer an accepted form: htmx closes the dialog and lets `changed` repaint itself.

    `changed` is the event that the changed part of the page listens for, more are further events
    with what they tell. Without htmx the browser is led to `url` and the text is said there.
    """
    if wants_part(request):
        response = HttpResponse(status=200)
        response["HX-Reswap"] = "none"
        # in this order: what more there is may change who repaints itself, and closing takes away
        # the form, and with it where events start from
        response["HX-Trigger"] = json.dumps({**(more or {}), changed: True, "dialog-close": True})
        return response
    messages.success(request, text)
    return HttpResponseRedirect(url)


def led(request: Request, url: str) -> HttpResponse:
    """Lead the browser to an address as a whole page, from a form in a dialog, too."""
    if not wants_part(request):
        return HttpResponseRedirect(url)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response


def toast(response: HttpResponse, *, tone: str, text: str, anew: str = "") -> HttpResponse:
    """Add a toast to an answer; tone is ok, warn or danger, anew a link that loads the page."""
    return tell(response, {"toast": {"tone": tone, "text": text, "anew": anew}})


def tell(response: HttpResponse, events: Mapping[str, object]) -> HttpResponse:
    """Add events to an answer, for whatever on the page listens for them."""
    triggers = json.loads(response.get("HX-Trigger", "{}"))
    response["HX-Trigger"] = json.dumps({**triggers, **events})
    return response


def wants_part(request: Request) -> bool:
    """Tell whether htmx asks for a part: not a boosted page, not a page out of its history."""
    return bool(
        request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    )
