"""People's names as the console shows them: initials and the tint that stays with a name."""

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

TINTS = ("a", "b", "c", "d")


@register.simple_tag
def avatar(
    name: str | None, *, here: bool = True, gone: bool = False, large: bool = False
) -> SafeString:
    """Show the initials of a person beside their written name; in grey who is not here, or gone."""
    return _avatar(name or "", gone or not here, large)


# a list shows the same few people on many rows
@lru_cache(maxsize=2048)
def _avatar(name: str, gone: bool, large: bool) -> SafeString:  # noqa: FBT001
    return format_html(
        '<span class="avatar avatar--{}{}" aria-hidden="true">{}</span>',
        "gone" if gone else tint(name),
        " avatar--large" if large else "",
        initials(name),
    )


@register.filter
def initials(name: str | None) -> str:
    """Take the first letters of the first and the last word, whatever the script."""
    words = [word for word in (part.strip("«»\"'().,-") for part in (name or "").split()) if word]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


def tint(name: str | None) -> str:
    """Choose one of the avatar's tints, the same for the same name in every process."""
    return TINTS[sum(map(ord, name or "")) % len(TINTS)]
