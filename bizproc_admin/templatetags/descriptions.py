"""Texts of the portal on a page: their markup as far as it is harmless, links into their portal."""

from html import unescape

from django import template
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from bizproc_admin.descriptions import render
from bizproc_admin.models import Portal

register = template.Library()


# a longer text is folded, so that the form below it stays in reach
FOLDED_FROM = 1500
EXCERPT = 500


@register.filter
def is_long(text: str | None) -> bool:
    """Tell whether a text of the portal is too long to stand open above a form."""
    return len(text or "") > FOLDED_FROM or (text or "").count("\n") > FOLDED_FROM / 60


@register.filter
def excerpt(text: str | None) -> str:
    """Give the beginning of a text of the portal, without its markup."""
    plain = unescape(strip_tags(render((text or "")[: 4 * EXCERPT]).replace("<br>", " ")))
    return Truncator(" ".join(plain.split())).chars(EXCERPT)


@register.filter
def described(text: str | None, portal: Portal | None = None) -> SafeString:
    """Show a text of the portal with its BBCode or HTML."""
    html = render(text or "", portal_address=portal.address if portal else "")
    return mark_safe(html)  # noqa: S308 - render() has sanitised it
