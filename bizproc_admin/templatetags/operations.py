"""Bulk operations on a page: the badge of their state, and the bar of what is done."""

from collections.abc import Sequence
from typing import Protocol

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bizproc_admin.commands import Progress
from bizproc_admin.templatetags.numbers import grouped
from bizproc_admin.templatetags.states import badge
from bizproc_admin.wording.looks import Look

register = template.Library()

# width of the bar, in the units of its shares
WIDTH = 1_000


class Share(Protocol):
    """A part of the bar, from x on."""

    @property
    def tone(self) -> str: ...

    @property
    def x(self) -> int: ...

    @property
    def width(self) -> int: ...


class Line(Protocol):
    """An operation as a row or its page has it."""

    @property
    def look(self) -> Look: ...

    @property
    def is_busy(self) -> bool: ...

    @property
    def progress(self) -> Progress: ...

    @property
    def shares(self) -> Sequence[Share]: ...


@register.simple_tag
def operation_badge(line: Line) -> SafeString:
    """Show where an operation stands."""
    look = line.look
    return badge(look.text, icon=look.icon, tone=look.tone, busy=line.is_busy)


@register.simple_tag
def progress_bar(line: Line, *, small: bool = False) -> SafeString:
    """Show how much of an operation is done, and how it came out; its numbers stand beside it."""
    said = _("%(done)s of %(total)s done") % {
        "done": grouped(line.progress.done), "total": grouped(line.progress.total),
    }  # fmt: skip
    parts = format_html_join(
        "",
        '<rect class="progress__part progress__part--{}" x="{}" width="{}" height="10"/>',
        ((share.tone, share.x, share.width) for share in line.shares),
    )
    return format_html(
        '<svg class="progress{}" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>',
        " progress--small" if small else "",
        WIDTH,
        said,
        parts,
    )
