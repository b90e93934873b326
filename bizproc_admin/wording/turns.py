"""How many commands come before one that waits for its turn, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bizproc_admin import commands
from bizproc_admin.models import Command


def turn(command: Command) -> str:
    """Return how many come before a command that is due, and that it is sent by itself."""
    count = commands.ahead_of(command)
    if not count:
        return _("It is its turn next; it is sent by itself.")
    before = ngettext(
        "%(count)d command waits before it; it is sent by itself.",
        "%(count)d commands wait before it; it is sent by itself.",
        count,
    )
    return before % {"count": count}
