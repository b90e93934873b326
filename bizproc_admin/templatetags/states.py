"""States as badges: how each is said and looks is wording.looks."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bizproc_admin.models import AuditEntry, Command, CommandState
from bizproc_admin.templatetags.icons import REFERENCES
from bizproc_admin.wording import operation_states
from bizproc_admin.wording.looks import ENDS_AFTER_STEP, LOOKS, Look, look_of
from bizproc_admin.wording.meanings import is_soft_end

register = template.Library()


def badge(text: object, *, icon: str, tone: str = "", busy: bool = False) -> SafeString:
    """Write a badge: a state in words with its icon."""
    return format_html(
        '<span class="badge{}"{}>{}<span class="badge__text">{}</span></span>',
        f" badge--{tone}" if tone else "",
        SafeString(' aria-busy="true"') if busy else "",
        REFERENCES[icon],
        text,
    )


@register.simple_tag
def command_badge(command: Command) -> SafeString:
    """Show where a command stands; one that waits for a person says so."""
    look = look_of(command.state, command.error_code)
    if command.state == CommandState.ACCEPTED and is_soft_end(command):
        look = ENDS_AFTER_STEP
    text = look.text
    if command.state == CommandState.NEEDS_HUMAN:
        text = _("Unknown, a person must look")
    return badge(text, icon=look.icon, tone=look.tone, busy=look is LOOKS["requested"])


@register.simple_tag
def look_badge(look: Look) -> SafeString:
    """Show a look: its words with its icon."""
    return badge(look.text, icon=look.icon, tone=look.tone, busy=look is LOOKS["requested"])


@register.simple_tag
def outcome_badge(entry: AuditEntry) -> SafeString:
    """Show what came of what an audit entry tells."""
    if not entry.outcome:
        return SafeString("")
    look = look_of(entry.outcome, entry.error_code)
    if entry.kind == AuditEntry.Kind.OPERATION:
        look = operation_states.LOOKS.get(entry.outcome, look)
    icon = "circle-dot" if look is LOOKS["requested"] else look.icon
    return badge(look.text, icon=icon, tone=look.tone)


@register.simple_tag
def outcome_tone(entry: AuditEntry) -> str:
    """Return the tone of what an audit entry tells, for a line of a timeline."""
    return look_of(entry.outcome, entry.error_code).tone or "accent"
