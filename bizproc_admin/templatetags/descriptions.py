"""Texts of the portal on a page: their markup as far as it is harmless, links into their portal."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from bizproc_admin.descriptions import render
from bizproc_admin.models import Portal

register = template.Library()


@register.filter
def described(text: str | None, portal: Portal | None = None) -> SafeString:
    """Show a text of the portal with its BBCode or HTML."""
    html = render(text or "", portal_address=portal.address if portal else "")
    return mark_safe(html)  # noqa: S308 - render() has sanitised it
