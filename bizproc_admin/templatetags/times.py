"""Times on a page: thin tags over wording.times, with the exact moment in a title."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from bizproc_admin.wording import times

register = template.Library()

for text in (times.age, times.elapsed, times.in_seconds, times.moment, times.full_moment):
    register.filter(text)
register.filter(times.to_the_second)
register.simple_tag(times.between)


register.simple_tag(times.read_ago)


@register.simple_tag
def exact(value: datetime | None, now: datetime | None = None) -> SafeString | str:
    """Write a moment as <time> with the exact one in its title."""
    return _time(value, times.moment(value, now))


@register.simple_tag
def ago(value: datetime | None, now: datetime | None = None) -> SafeString | str:
    """Write the age of a moment as <time> with the exact moment in its title.

    An age that grows is counted on by the page.
    """
    return _time(value, times.age(value, now), grows=now is None)


@register.simple_tag
def waits(value: datetime | None, now: datetime | None = None) -> SafeString | str:
    """Write how long somebody has been asked for something as <time>: "waits 4 h"."""
    return _time(value, times.waited(value, now))


@register.simple_tag
def lasting(value: datetime | None, now: datetime | None = None) -> SafeString | str:
    """Write how long it has lasted as <time>, with seconds, for sentences: "for 12 s"."""
    return _time(value, times.elapsed(value, now))


@register.simple_tag
def counted_on() -> SafeString:
    """Write what a page needs to count ages on: how they are said, and our clock in ms."""
    clock = int(timezone.now().timestamp() * 1000)
    return format_html('data-ages="{}" data-clock="{}"', times.patterns(), clock)


def _time(value: datetime | None, text: str, *, grows: bool = False) -> SafeString | str:
    if value is None:
        return ""
    at, said = value.isoformat(timespec="seconds").replace("+00:00", "Z"), times.full_moment(value)
    return SafeString(
        f'<time{" data-ago" if grows else ""} datetime="{at}" title="{escape(said)}">'
        f"{escape(text)}</time>"
    )
