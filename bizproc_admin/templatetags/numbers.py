"""Numbers as people read them, with the thousands of the language set apart."""

from django import template
from django.utils.formats import number_format

from bizproc_admin.models import counting

register = template.Library()


@register.filter
def grouped(value: int | None) -> str:
    """Set the thousands apart whatever the settings say: 3002 is "3,002" in English."""
    if value is None:
        return ""
    return number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def counted(value: int | None) -> str:
    """Say a count of rows: 10001, one more than is counted, is "10,000+"; a glance is "999+"."""
    if value is None or counting.is_told(value):
        return grouped(value)
    return f"{grouped(min(value, counting.MOST_COUNTED))}+"
