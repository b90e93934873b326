"""States in words, each with its icon and tone: the same for a command wherever it is shown."""

from dataclasses import dataclass

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.models import AuditEntry, Command, CommandState
from bizproc_admin.models.commands import TAKEN_BACK, WORDS
from bizproc_admin.templatetags.icons import REFERENCES

register = template.Library()


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a word looks: its icon and its tone, never one without the other."""

    icon: str
    tone: str = ""


# By the kind of state a screen shows, see Command.word.
LOOKS = {
    "requested": Look(icon="loader-circle", tone="accent"),
    "confirmed": Look(icon="circle-check", tone="ok"),
    "refused": Look(icon="circle-x", tone="danger"),
    "unknown": Look(icon="circle-question-mark", tone="unknown"),
    "gone": Look(icon="circle-alert", tone="warn"),
    "ok": Look(icon="circle-check", tone="ok"),
    "failed": Look(icon="circle-x", tone="danger"),
    "denied": Look(icon="shield-x", tone="danger"),
    TAKEN_BACK: Look(icon="circle-dashed"),
}
PLAIN = Look(icon="circle-dot")

OUTCOMES = {
    "ok": gettext_lazy("Succeeded"),
    "failed": gettext_lazy("Failed"),
    "denied": gettext_lazy("Denied"),
    **dict(CommandState.choices),
}


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
    if command.error_code == TAKEN_BACK:
        return taken_back()
    look = LOOKS[command.word]
    text = command.get_state_display()
    if command.state == CommandState.NEEDS_HUMAN:
        text = _("Unknown, a person must look")
    return badge(text, icon=look.icon, tone=look.tone, busy=command.word == "requested")


@register.simple_tag
def outcome_badge(entry: AuditEntry) -> SafeString:
    """Show what came of what an audit entry tells."""
    outcome = entry.outcome
    if not outcome:
        return SafeString("")
    if entry.error_code == TAKEN_BACK:
        return taken_back()
    word = WORDS[CommandState(outcome)] if outcome in CommandState.values else outcome
    look = LOOKS.get(word, PLAIN)
    icon = "circle-dot" if word == "requested" else look.icon
    return badge(OUTCOMES.get(outcome, outcome), icon=icon, tone=look.tone)


def taken_back() -> SafeString:
    return badge(_("Taken back"), icon=LOOKS[TAKEN_BACK].icon)
