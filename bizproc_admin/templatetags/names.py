"""People's names as the console shows them: initials and the tint that stays with a name."""

from django import template

register = template.Library()

TINTS = ("a", "b", "c", "d")


@register.filter
def initials(name: str | None) -> str:
    """Take the first letters of the first and the last word, whatever the script."""
    words = [word for word in (part.strip("«»\"'().,-") for part in (name or "").split()) if word]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


@register.filter
def tint(name: str | None) -> str:
    """Choose one of the avatar's tints, the same for the same name in every process."""
    return TINTS[sum(map(ord, name or "")) % len(TINTS)]
