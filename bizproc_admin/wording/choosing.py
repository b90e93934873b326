"""A frozen list in words: what it is made of, what will be left out of it, how long it takes."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bizproc_admin.wording.command_errors import said

AGES = {
    "day": gettext_lazy("under a day"),
    "week": gettext_lazy("1 to 7 days"),
    "month": gettext_lazy("7 to 30 days"),
    "quarter": gettext_lazy("30 to 90 days"),
    "year": gettext_lazy("90 days to a year"),
    "older": gettext_lazy("over a year"),
}
KINDS = {
    "template": gettext_lazy("Template"),
    "age": gettext_lazy("Age"),
    "starter": gettext_lazy("Started by"),
    "person": gettext_lazy("Waiting for"),
    "deadline": gettext_lazy("Deadline"),
    "answer": gettext_lazy("Answer"),
    "action": gettext_lazy("Action"),
}
# kinds whose values have an order of their own
IN_ORDER = {"age": AGES}
MINUTE, HOUR = 60, 3600
DIGEST = 12


def foreseen(code: str, count: int, values: Mapping[str, Any]) -> str:
    """Return why so many targets will be left out."""
    match code:
        case "workflow_has_ended":
            text = ngettext("%(count)s has already ended", "%(count)s have already ended", count)
        case "step_over":
            text = ngettext("%(count)s waits no more", "%(count)s wait no more", count)
        case "template_gone":
            return said(code, dict(values))
        case "part_over":
            text = ngettext(
                "%(count)s is answered, delegated or withdrawn by now",
                "%(count)s are answered, delegated or withdrawn by now",
                count,
            )
        case "busy":
            text = ngettext(
                "%(count)s: %(by)s has asked for something, and it is not settled yet",
                "%(count)s: %(by)s has asked for something, and they are not settled yet",
                count,
            )
        case _:
            return f"{count:,}: {said(code, dict(values))}"
    return text % {"count": f"{count:,}", **values}


def duration(seconds: float) -> str:
    """Return about how long something takes."""
    if seconds < MINUTE:
        return _("less than a minute")
    minutes = round(seconds / MINUTE)
    if minutes < 2 * MINUTE:
        said = ngettext("about %(count)d minute", "about %(count)d minutes", minutes)
        return said % {"count": minutes}
    hours = round(seconds / HOUR)
    return ngettext("about %(count)d hour", "about %(count)d hours", hours) % {"count": hours}


def short_digest(digest: str) -> str:
    """Return what tells one frozen list from another at a glance: "7f3a 91c2 04de"."""
    return " ".join(digest[start : start + 4] for start in range(0, DIGEST, 4))
