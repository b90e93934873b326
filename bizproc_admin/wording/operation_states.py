"""Where a bulk operation stands, in words: its state, why it waits, and why targets were refused.

An operation holds codes and values alone; the engine that pauses it knows no sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bizproc_admin.models import BulkOperation, BulkState, Command
from bizproc_admin.wording import command_errors, portal_errors
from bizproc_admin.wording.looks import Look

# by word, which is a state, or says more of one
LOOKS = {
    "awaiting": Look(text=gettext_lazy("Awaits approval"), icon="hourglass", tone="warn"),
    "preparing": Look(text=gettext_lazy("Preparing"), icon="loader-circle", tone="accent"),
    "ready": Look(text=gettext_lazy("Running"), icon="loader-circle", tone="accent"),
    "paused": Look(text=gettext_lazy("Paused"), icon="pause", tone="warn"),
    "cancelling": Look(text=gettext_lazy("Cancelling"), icon="loader-circle", tone="warn"),
    "finished": Look(text=gettext_lazy("Finished"), icon="circle-check", tone="ok"),
    "cancelled": Look(text=gettext_lazy("Cancelled"), icon="ban"),
    "declined": Look(text=gettext_lazy("Not approved"), icon="circle-x", tone="danger"),
    "nobody_approved": Look(text=gettext_lazy("Nobody approved it"), icon="clock", tone="danger"),
    "dropped": Look(text=gettext_lazy("Never begun"), icon="circle-dashed"),
}
BUSY = ("preparing", "ready", "cancelling")

# what a pause is for: what happened, and what to do about it
PAUSES: dict[str, tuple[str | Promise, str | Promise]] = {
    "no_longer_allowed": (
        gettext_lazy("Whoever asked for it may no longer do this"),
        gettext_lazy(
            "The account has lost its role or its access to the portal. What was sent is followed "
            "to its end. Cancel the rest, or resume once the account may act again."
        ),
    ),
    "nobody_approved": (
        gettext_lazy("No other administrator approved it within 24 hours"),
        gettext_lazy("Nothing was sent. Ask for it anew if it is still wanted."),
    ),
    "declined": (
        gettext_lazy("Another administrator did not approve it"),
        gettext_lazy("Nothing was sent."),
    ),
    "resting": (
        gettext_lazy("The portal does not answer"),
        gettext_lazy(
            "Nothing was lost, and nothing more is sent. Resume when the portal answers again."
        ),
    ),
}

# short words for why targets were refused, by our code of it
REFUSALS = {
    "already_ended": gettext_lazy("had already ended"),
    "changed_since_view": gettext_lazy("moved on since it was seen"),
    "operation_stopped": gettext_lazy("the operation was cancelled before"),
    "workflow_ended": gettext_lazy("the workflow ended meanwhile"),
    "workflow_has_ended": gettext_lazy("had ended before"),
    "not_found": gettext_lazy("not found on the portal"),
    "task_not_found": gettext_lazy("task not found on the portal"),
    "access_denied": gettext_lazy("no rights on the portal"),
    "insufficient_scope": gettext_lazy("the connection lacks a permission"),
    "already_answered": gettext_lazy("answered by somebody else"),
    "already_delegated": gettext_lazy("delegated already"),
    "already_takes_part": gettext_lazy("the receiver takes part already"),
    "delegated_away": gettext_lazy("delegated away meanwhile"),
    "delegation_not_allowed": gettext_lazy("delegation is not allowed"),
    "task_completed": gettext_lazy("answered already"),
    "task_execution": gettext_lazy("the portal could not take the answer"),
    "task_kind_closed": gettext_lazy("not answered through the interface"),
    "timed_out": gettext_lazy("the time to answer was over"),
    "no_longer_allowed": gettext_lazy("the account may no longer do this"),
    "not_permitted": gettext_lazy("the account may not do this to it"),
    "portal_unreachable": gettext_lazy("the portal was silent for too long"),
    "target_busy": gettext_lazy("somebody asked for the same"),
    "others_act_on_it": gettext_lazy("others act on it"),
    "workflow_busy": gettext_lazy("the portal was executing it"),
    "refused": gettext_lazy("refused by the portal"),
    "invalid_input": gettext_lazy("the portal did not accept the values"),
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """A short title, and a text that says what it means and what to do."""

    title: str
    text: str


def word_of(operation: BulkOperation) -> str:
    """Return the kind of state that a screen shows; a key of LOOKS."""
    if operation.state == BulkState.FINISHED and operation.stopped_at:
        return "cancelled"
    if operation.state == BulkState.CANCELLED:
        return "cancelling"
    if operation.state == BulkState.DROPPED and operation.pause_code in LOOKS:
        return operation.pause_code
    return operation.state


def look_of(operation: BulkOperation) -> Look:
    return LOOKS.get(word_of(operation)) or Look(text=operation.state)


def why_paused(operation: BulkOperation) -> Said:
    """Return why an operation is paused, and what to do so that it goes on."""
    if operation.paused_by is not None:
        title = _("Paused by %(who)s") % {"who": operation.paused_by.display_name}
        return Said(title=title, text=_("Nothing more is sent until somebody resumes it."))
    return said_of(operation.pause_code, operation.pause_values)


def said_of(code: str, values: Mapping[str, Any]) -> Said:
    """Return why an operation stands still, by the code it was kept with."""
    if code == "refused_alike":
        return refused_alike(values)
    known = PAUSES.get(values.get("code", code))
    if known:
        title, text = known
        return Said(title=str(title), text=str(text))
    title = _("It paused itself: %(why)s") % {"why": cause(code, values)}
    return Said(title=title, text=_("Nothing was lost. Resume it once that is mended."))


def refused_alike(values: Mapping[str, Any]) -> Said:
    count = values.get("number", 0)
    title = ngettext(
        "The portal refused %(count)d in a row for the same reason",
        "The portal refused %(count)d in a row for the same reason",
        count,
    )
    reason = values.get("reason") or {}
    why = cause(reason.get("code", ""), reason) if reason else ""
    text = _("The others may be refused alike. Resume to go on all the same, or cancel the rest.")
    return Said(title=title % {"count": count}, text=f"{why} {text}".strip())


def why_stopped(operation: BulkOperation) -> str:
    """Return why an operation was cancelled by the console itself; empty where somebody did."""
    if operation.stopped_at is None or operation.stopped_by_id is not None:
        return ""
    return said_of(operation.pause_code, operation.pause_values).title


def cause(code: str, values: Mapping[str, Any]) -> str:
    """Return a code and its values in words, whichever layer named it."""
    if code in command_errors.SENTENCES:
        return command_errors.said(code, values)
    return portal_errors.for_readers(values.get("code", code), values)


def refusal(code: str, sample: Command | None) -> str:
    """Return why some targets were refused: short words where there are, else a sentence.

    code is as commands keep it, the portal's own where it gave one; sample is one of them.
    """
    values = (sample.error_values if sample else None) or {}
    short = REFUSALS.get(values.get("code", code)) or REFUSALS.get(code)
    if short:
        return str(short)
    if sample is None:
        return cause(code, values) if code else _("without a reason")
    return command_errors.command_error(sample) or _("without a reason")
