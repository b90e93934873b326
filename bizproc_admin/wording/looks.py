"""States and outcomes in words, each with its icon and tone: the same wherever one is shown."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bizproc_admin.actions.application_actions import ACCEPTED_ONLY
from bizproc_admin.actions.starting import ENDED_AT_ONCE
from bizproc_admin.models import CommandState
from bizproc_admin.models.commands import TAKEN_BACK


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a word is said and looks: its icon and its tone, never one without the other."""

    text: str | Promise
    icon: str = "circle-dot"
    tone: str = ""


# by CommandState.word and by what else an audit entry tells, in the order a filter offers them
LOOKS = {
    "ok": Look(text=_("Succeeded"), icon="circle-check", tone="ok"),
    "failed": Look(text=_("Failed"), icon="circle-x", tone="danger"),
    "denied": Look(text=_("Denied"), icon="shield-x", tone="danger"),
    "requested": Look(text=_("Requested"), icon="loader-circle", tone="accent"),
    "confirmed": Look(text=_("Confirmed"), icon="circle-check", tone="ok"),
    "refused": Look(text=_("Refused"), icon="circle-x", tone="danger"),
    TAKEN_BACK: Look(text=_("Taken back"), icon="circle-dashed"),
    "delivered": Look(text=_("Delivered"), icon="send", tone="accent"),
    "unknown": Look(text=_("Unknown, checking"), icon="circle-question-mark", tone="unknown"),
    "gone": Look(text=_("Ended, not known whether by us"), icon="circle-alert", tone="warn"),
}


# what says more of a state than its word
BY_CODE = {
    TAKEN_BACK: LOOKS[TAKEN_BACK],
    ACCEPTED_ONLY: Look(
        text=_("Accepted: the portal shows no definitions"), icon="circle-check", tone="ok"
    ),
    ENDED_AT_ONCE: Look(text=_("Started and ended, the portal says"), icon="circle-dot"),
}


# of a workflow that is to end through the gateway, once its current step is done
ENDS_AFTER_STEP = Look(text=_("Ends after its current step"), icon="hourglass", tone="accent")


def look_of(outcome: str, code: str = "") -> Look:
    """Return how a command's state, or another outcome, is said and looks.

    code is the error code beside it: what a person took back is not said to be refused.
    """
    if code in BY_CODE:
        return BY_CODE[code]
    word = CommandState(outcome).word if outcome in list(CommandState) else outcome
    return LOOKS.get(word) or Look(text=outcome)
