"""What became of a command, in words: what happened and what happens next."""

import math
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bizproc_admin import bitrix
from bizproc_admin.actions import ACTIONS
from bizproc_admin.actions.application_actions import ACCEPTED_ONLY
from bizproc_admin.actions.starting import ENDED_AT_ONCE
from bizproc_admin.models import Account, Command, CommandState
from bizproc_admin.models.commands import TAKEN_BACK
from bizproc_admin.portals.tokens import ReconnectNeeded
from bizproc_admin.wording.command_errors import command_error
from bizproc_admin.wording.looks import LOOKS
from bizproc_admin.wording.meanings import meaning, was_told
from bizproc_admin.wording.outages import outage
from bizproc_admin.wording.turns import turn

# the world had moved on before anything was sent: nobody did anything wrong
CALM = {
    "already_answered", "workflow_ended", "delegated_away", "timed_out", "already_delegated",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where a command on a task stands: a title, a text, and what the person can do about it.

    tone is that of a notice, "" for calm news; seconds is how long it may still be taken back
    before it leaves; is_busy says that more is coming by itself.
    """

    command: Command
    title: str
    text: str = ""
    tone: str = ""
    icon: str = "info"
    seconds: int = 0
    can_take_back: bool = False
    is_busy: bool = False
    needs_sign_in: bool = False
    can_correct: bool = False

    @property
    def is_taken_back(self) -> bool:
        return self.command.error_code == TAKEN_BACK

    @property
    def span(self) -> int:
        """Return how many seconds there are to take an answer back."""
        return math.ceil(float(settings.UNDO_TIME))


def outcome_of(command: Command, *, viewer: Account, what: str) -> Outcome:
    """Return what became of a command; `what` is what it does, such as “Approve”."""
    state, code = CommandState(command.state), command.error_code
    values = {"what": what, "who": command.actor_name}
    may_take_back = command.may_be_taken_back_by(viewer)
    if state == CommandState.INTENT:
        return requested(command, values, can_take_back=may_take_back)
    if state in (CommandState.SENDING, CommandState.ACCEPTED):
        text = _("Sent to the portal. It is confirmed once a reading of the portal agrees.")
        return made(command, _("%(what)s: requested") % values, text, word="requested")
    if state in (CommandState.EVIDENT, CommandState.CONFIRMED):
        text = _("A reading of the portal agrees.")
        if state == CommandState.EVIDENT or was_told(command):
            text = meaning(command)
        return made(command, _("%(what)s: confirmed") % values, text, word="confirmed")
    if code == TAKEN_BACK:
        text = _("Nothing was sent.")
        if command.task_id is not None:
            text = _("Nothing was sent. The task waits as before.")
        return Outcome(command=command, title=_("%(what)s: taken back") % values, text=text)
    if code in CALM and state != CommandState.GONE:
        return overtaken(command)
    if command.word == "refused":
        return refused(command, values)
    if code == ENDED_AT_ONCE:
        title = _("%(what)s: started and ended, the portal says") % values
        return Outcome(command=command, title=title, text=meaning(command))
    if code == ACCEPTED_ONLY:
        title = _("%(what)s: accepted, the portal says") % values
        return Outcome(command=command, title=title, text=meaning(command))
    if state == CommandState.GONE:
        text = _("Whether this did it cannot be told, so it is not claimed.")
        text = f"{command_error(command) or _('The task has moved on.')} {text}"
        title = _("%(what)s: ended, not known whether by us") % values
        return made(command, title, text, word="gone")
    title = _("%(what)s: unknown, checking") % values
    return made(command, title, meaning(command), word="unknown")


def requested(command: Command, values: dict[str, str], *, can_take_back: bool) -> Outcome:
    now = timezone.now()
    if command.error_code == ReconnectNeeded.code:
        return Outcome(
            command=command,
            title=_("%(what)s: waits for a sign-in") % values,
            text=command_error(command),
            tone="warn",
            icon="key-round",
            can_take_back=can_take_back,
            is_busy=True,
            needs_sign_in=True,
        )
    if command.not_before is not None and command.not_before > now:
        seconds = math.ceil((command.not_before - now).total_seconds())
        wait = ngettext("%(count)d s", "%(count)d s", seconds) % {"count": seconds}
        title = _("%(what)s, sending in %(wait)s") % {**values, "wait": wait}
        return made(
            command, title, "", word="requested", seconds=seconds, can_take_back=can_take_back
        )
    told = outage(command.portal) if command.error_code else None
    waits = command_error(command) or _("It is kept and waits for the worker to take it.")
    if command.error_code == bitrix.PaceExceeded.code:
        waits = turn(command)
    text = told.whole if told else waits
    title = _("%(what)s: requested") % values
    return made(command, title, text, word="requested", can_take_back=can_take_back)


def overtaken(command: Command) -> Outcome:
    """Say calmly that the task had moved on before the answer left."""
    titles = {
        "already_answered": _("Already answered"),
        "workflow_ended": _("The workflow ended meanwhile"),
        "delegated_away": _("Delegated away meanwhile"),
        "timed_out": _("The time for an answer had run out"),
        "already_delegated": _("Delegated already"),
    }
    icons = {"timed_out": "clock", "delegated_away": "users", "already_delegated": "users"}
    return Outcome(
        command=command,
        title=titles[command.error_code],
        text=f"{command_error(command)} {_('There is nothing left for you to do.')}",
        icon=icons.get(command.error_code, "circle-check"),
    )


def refused(command: Command, values: dict[str, str]) -> Outcome:
    title = _("%(what)s: the portal refused")
    if command.sends == 0:
        title = _("%(what)s: not sent")
    elif command.state == CommandState.NOT_APPLIED:
        title = _("%(what)s: not done")
    return Outcome(
        command=command,
        title=title % values,
        text=command_error(command) or refusal(command),
        tone="danger",
        icon=LOOKS["refused"].icon,
        can_correct=ACTIONS[command.action].has_form,
    )


def refusal(command: Command) -> str:
    """Return what is to be said of a refusal without a reason."""
    is_closed = command.state == CommandState.NOT_APPLIED
    return meaning(command) if is_closed else _("Nothing was changed.")


def made(
    command: Command,
    title: str,
    text: str,
    *,
    word: str,
    seconds: int = 0,
    can_take_back: bool = False,
) -> Outcome:
    look = LOOKS[word]
    return Outcome(
        command=command,
        title=title,
        text=text,
        tone=look.tone if look.tone != "accent" else "",
        icon=look.icon,
        seconds=seconds,
        can_take_back=can_take_back,
        is_busy=word in ("requested", "unknown"),
    )
