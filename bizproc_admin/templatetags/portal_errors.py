"""Errors of a portal that were kept by their code, in words."""

from django import template

from bizproc_admin.wording import portal_errors

register = template.Library()


@register.filter
def error_text(code: str) -> str:
    """Return what is said of a code."""
    return portal_errors.of_code(code)
