"""Errors of a portal that were kept by their code, in words."""

from django import template

from bizproc_admin.wording import portal_errors

register = template.Library()


@register.filter
def error_text(code: str) -> str:
    """Return what is said of a code; what older versions kept in words is returned as it is."""
    return portal_errors.of_code(code) if code in portal_errors.PEOPLE else code
