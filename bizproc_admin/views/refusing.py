"""Saying why a form of an open page was not let through: nothing of it is done or sent again."""

from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from bizproc_admin.htmx import toast

# how Django's reasons begin where the address a browser names is not one of this console
ADDRESSES = (
    csrf.REASON_BAD_ORIGIN.split("%")[0],
    csrf.REASON_BAD_REFERER.split("%")[0],
    csrf.REASON_NO_REFERER,
    csrf.REASON_MALFORMED_REFERER,
    csrf.REASON_INSECURE_REFERER,
)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without the token of this session with 403: a page, or a toast to htmx.

    Whoever is signed out is led to the sign-in where a part of a page was asked for.
    """
    title, text = said_of(request, reason)
    if not getattr(request, "htmx", False):
        context: dict[str, object] = {"title": title, "text": text, "anew_url": behind(request)}
        return render(request, "csrf.html", context, status=403)
    if not request.user.is_authenticated:
        return redirect_to_login(behind(request))
    return toast(
        HttpResponse(status=403),
        tone="danger",
        text=f"{title}. {text}",
        anew=_("Open the page anew"),
    )


def said_of(request: HttpRequest, reason: str) -> tuple[str, str]:
    """Give a title and a text for one of Django's reasons."""
    if reason.startswith(ADDRESSES):
        text = _(
            "Nothing was sent or changed. Whoever operates the console adds %(origin)s to "
            "CSRF_TRUSTED_ORIGINS, or lets the proxy in front of it pass the address on unchanged."
        )
        origin = request.headers.get("Origin") or request.headers.get("Referer") or "?"
        return _("The console is not known under this address"), text % {"origin": origin[:200]}
    if reason == csrf.REASON_NO_CSRF_COOKIE:
        return _("The browser sent no cookie with this form"), _(
            "Cookies of this console were deleted or are blocked. Nothing was sent or changed. "
            "What you typed is kept in this tab; open the page anew and it stands there again."
        )
    return _("This page is from before you signed in again"), _(
        "Somebody has signed in or out with this browser since it was opened, perhaps you in "
        "another tab. Nothing was sent or changed. What you typed is kept in this tab: open the "
        "page anew with the same account and it stands there again."
    )


def behind(request: HttpRequest) -> str:
    """Give the address of the page a form stood on, never one that would be sent to again."""
    where = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    given = where.geturl()
    if not url_has_allowed_host_and_scheme(given, {request.get_host()}):
        return "/"
    return where._replace(scheme="", netloc="", fragment="").geturl() or "/"
