"""What the state of a command means, and what happened at each of its steps, in a sentence or two.

What is true of every kind of command is said once; each kind of target says the rest its own way.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin import bitrix
from bizproc_admin.actions import CheckToken, StartWorkflow, WriteLogLine
from bizproc_admin.actions.application_actions import ACCEPTED_ONLY
from bizproc_admin.bitrix.gateway import SessionOver
from bizproc_admin.models import AuditEntry, Command
from bizproc_admin.models import CommandState as State
from bizproc_admin.models.commands import TAKEN_BACK
from bizproc_admin.portals.gateways import SESSION_OVER
from bizproc_admin.portals.tokens import ReconnectNeeded
from bizproc_admin.wording.command_errors import command_error
from bizproc_admin.wording.looks import look_of
from bizproc_admin.wording.outages import outage
from bizproc_admin.wording.portal_errors import for_people
from bizproc_admin.wording.turns import turn

Sentences = Mapping[str, str | Promise]

COMMON: Final[Sentences] = {
    State.INTENT: gettext_lazy("It is kept and waits for the worker to take it."),
    State.SENDING: gettext_lazy("It is being sent to the portal."),
    State.CONFIRMED: gettext_lazy("Done: a reading of the portal agrees."),
    State.UNKNOWN: gettext_lazy(
        "The answer was lost: it may have happened or not. The portal is read until that is clear; "
        "nothing is sent blindly again."
    ),
    State.CANCELLED: gettext_lazy("It was not sent; nothing happened on the portal."),
}
TOLD: Final = gettext_lazy(
    "The answer was lost. Which workflow came of it a person has said, or a reading has shown and "
    "nobody has contested it for a day."
)
# by the kind of what is acted on
MEANINGS: Final[Mapping[str, Sentences]] = {
    "workflow": {
        State.ACCEPTED: gettext_lazy(
            "The portal said yes. The workflow is read again to see whether it has really ended."
        ),
        State.DECLINED: gettext_lazy(
            "The portal said no. The workflow is read to see whether that is all."
        ),
        State.DISPUTED: gettext_lazy(
            "The portal said yes, but the workflow still runs there. It is read on until that is "
            "clear."
        ),
        State.NEEDS_HUMAN: gettext_lazy(
            "Reading the portal could not settle what became of it: a person must look. If the "
            "workflow still runs there, close the command as not done and ask anew; if it ends, "
            "this settles by itself."
        ),
        State.GONE: gettext_lazy(
            "The workflow has ended. Whether this command did it cannot be told, so it is not "
            "claimed."
        ),
        State.NOT_APPLIED: gettext_lazy(
            "Not done: when last looked at, the workflow still ran on the portal."
        ),
    },
    "workflow_task": {
        State.ACCEPTED: gettext_lazy(
            "The portal said yes. The task is read again to see whether that is so."
        ),
        State.DECLINED: gettext_lazy(
            "The portal said no. The task is read to see whether that is all."
        ),
        State.DISPUTED: gettext_lazy(
            "The portal said yes, but the task still waits there. It is read on until that is "
            "clear."
        ),
        State.NEEDS_HUMAN: gettext_lazy(
            "Reading the portal could not settle what became of it: a person must look. If the "
            "task still waits there, close the command as not done and answer anew."
        ),
        State.GONE: gettext_lazy(
            "The task has moved on. Whether this command did it cannot be told, so it is not "
            "claimed."
        ),
        State.NOT_APPLIED: gettext_lazy(
            "Not done: when last looked at, nothing of it had happened on the portal."
        ),
    },
    "document": {
        State.ACCEPTED: gettext_lazy(
            "The portal said that it has started. It is read again to see the workflow."
        ),
        State.DECLINED: gettext_lazy("The portal said no. It is read once more."),
        State.UNKNOWN: gettext_lazy(
            "The answer was lost: a workflow may have been started or not. The portal is read to "
            "find it; a start is never sent a second time by itself."
        ),
        State.EVIDENT: gettext_lazy(
            "The answer was lost, but exactly one workflow of this template has been started on "
            "this document since, by the same person. It is taken for the one that was asked for; "
            "for a day anybody who knows better may say so."
        ),
        State.NEEDS_HUMAN: gettext_lazy(
            "The answer was lost, and reading the portal cannot tell what came of it: a person "
            "must say. Nothing is sent again before that."
        ),
        State.GONE: gettext_lazy(
            "It does not run and has no tasks: a template without a step that waits ends at once, "
            "and of what has ended the portal tells nothing. That it ran at all is the portal's "
            "word alone."
        ),
        State.NOT_APPLIED: gettext_lazy("Not done: a person said that nothing came of it."),
    },
    "application_action": {
        State.ACCEPTED: gettext_lazy(
            "The portal said yes. The application's codes are listed to see whether that is so."
        ),
        State.DECLINED: gettext_lazy(
            "The portal said no. The application's codes are listed to see whether that is all."
        ),
        State.DISPUTED: gettext_lazy(
            "The portal said yes, but its list of codes does not agree yet. It is read on until "
            "that is clear."
        ),
        State.UNKNOWN: gettext_lazy(
            "The answer was lost: it may have happened or not. The application's codes are listed "
            "to find out. The same may be sent again, which does no harm here."
        ),
        State.NEEDS_HUMAN: gettext_lazy(
            "What became of it cannot be told: the portal lists codes and shows no definitions. "
            "Close the command and change the action anew; doing it twice does no harm."
        ),
        State.GONE: gettext_lazy(
            "The portal no longer lists it. Whether this command did it cannot be told, so it is "
            "not claimed."
        ),
        State.NOT_APPLIED: gettext_lazy(
            "Not done: when last listed, the portal's codes were as before."
        ),
    },
    "portal": {
        State.ACCEPTED: gettext_lazy(
            "The portal has put the call into its queue. The test is over when the call arrives."
        ),
        State.DECLINED: gettext_lazy(
            "The portal said no. It is waited for the call all the same, for five minutes."
        ),
        State.DISPUTED: gettext_lazy("The portal said yes, but the call has not arrived yet."),
        State.UNKNOWN: gettext_lazy(
            "The answer was lost: the call may come or not. It is waited for, five minutes at most."
        ),
        State.NEEDS_HUMAN: gettext_lazy(
            "What became of the test cannot be told. Close the command and test anew; testing "
            "twice does no harm."
        ),
        State.GONE: gettext_lazy("Nothing more is to be learnt of this test. Test anew."),
        State.NOT_APPLIED: gettext_lazy("Nothing came of it: no call arrived."),
    },
    "workflow_template": {
        State.ACCEPTED: gettext_lazy(
            "The portal said yes. Its templates are read again to see whether that is so."
        ),
        State.DECLINED: gettext_lazy(
            "The portal said no. Its templates are read to see whether that is all."
        ),
        State.DISPUTED: gettext_lazy(
            "The portal said yes, but nothing of it is to be seen. It is read on until that is "
            "clear."
        ),
        State.NEEDS_HUMAN: gettext_lazy(
            "Reading the portal could not settle what became of it: look at its templates. More "
            "than one of this name may be there, of which one is too many. Then close the command."
        ),
        State.GONE: gettext_lazy(
            "The template is gone. Whether this command did it cannot be told, so it is not "
            "claimed."
        ),
        State.NOT_APPLIED: gettext_lazy(
            "Not done: when last looked at, nothing of it was to be seen on the portal."
        ),
    },
}
ENDS_AFTER_STEP: Final = gettext_lazy(
    "The gateway has taken it: the workflow ends once its current step is done, which may take as "
    "long as that takes. It is looked at after minutes at first, then daily, and not asked again."
)
ACCEPTED_MEANS: Final = gettext_lazy(
    "The portal said yes. It shows no definitions, so that no reading can agree. Templates that "
    "were saved before keep the step as it was."
)
MEANINGS_OF_STEPS: Final[Sentences] = {
    State.ACCEPTED: gettext_lazy(
        "The portal said yes, which says that the token is genuine and no more. Its workflow is "
        "read to see whether the answer came to its step."
    ),
    State.DECLINED: gettext_lazy(
        "The portal said no. Its workflow is read to see whether that is all."
    ),
    State.DISPUTED: gettext_lazy(
        "The portal said yes, but its workflow has not moved yet: it brings answers to their steps "
        "later. It is read on."
    ),
    State.UNKNOWN: gettext_lazy(
        "No clear answer came back. A token is taken once, so the same is sent again with the same "
        "values, twice at most; a second answer of it has no effect."
    ),
    State.DELIVERED: gettext_lazy(
        "Delivered: the token is genuine, and the portal has worked on the workflow since. Whether "
        "the answer had an effect is not known before the workflow is seen to go on."
    ),
    State.CONFIRMED: gettext_lazy("Confirmed: the workflow went on after it."),
    State.NEEDS_HUMAN: gettext_lazy(
        "Reading the portal could not settle what became of it: a person must look at the workflow "
        "there, and then close the command."
    ),
    State.GONE: gettext_lazy("Whether this command did it cannot be told, so it is not claimed."),
    State.NOT_APPLIED: gettext_lazy(
        "Not done: when last looked at, the portal had not worked on the workflow since."
    ),
}
MEANINGS_OF_CHECKS: Final[Sentences] = {
    State.CONFIRMED: gettext_lazy(
        "The token is genuine. Whether it was used before, the portal does not tell."
    ),
    State.UNKNOWN: gettext_lazy(
        "No clear answer came back. A check has no effect: it is made again."
    ),
}
MEANINGS_OF_LINES: Final[Sentences] = {
    State.UNKNOWN: gettext_lazy(
        "No clear answer came back. Its workflow is read: where that has not moved the line is "
        "sent again, else a person looks."
    ),
    State.DELIVERED: gettext_lazy(
        "Delivered: the token is genuine, and the portal has worked on the workflow since. The log "
        "itself is shown by the portal alone."
    ),
}
STEPS: Final[Sentences] = {
    State.INTENT: gettext_lazy("Read again: nothing had happened, so it is sent once more"),
    State.NEEDS_HUMAN: gettext_lazy(
        "Read again: it cannot be settled by reading, a person must look"
    ),
}
# what a reading showed, by the kind of what is acted on
READINGS: Final[Mapping[str, Sentences]] = {
    "workflow": {
        State.CONFIRMED: gettext_lazy("Read again: the workflow has ended, as asked"),
        State.GONE: gettext_lazy("Read again: the workflow has ended, not known whether by us"),
        State.NOT_APPLIED: gettext_lazy(
            "Read again: the workflow still runs, nothing had happened"
        ),
        State.DISPUTED: gettext_lazy(
            "Read again: the workflow still runs, although the portal said yes"
        ),
    },
    "workflow_task": {
        State.CONFIRMED: gettext_lazy("Read again: the task is as asked"),
        State.GONE: gettext_lazy("Read again: the task has moved on, not known whether by us"),
        State.NOT_APPLIED: gettext_lazy("Read again: nothing had happened"),
        State.DISPUTED: gettext_lazy(
            "Read again: the task still waits, although the portal said yes"
        ),
    },
    "workflow_template": {
        State.CONFIRMED: gettext_lazy("Read again: the template is as asked"),
        State.GONE: gettext_lazy("Read again: the template is gone, not known whether by us"),
        State.NOT_APPLIED: gettext_lazy("Read again: nothing had happened"),
        State.DISPUTED: gettext_lazy(
            "Read again: nothing is to be seen of it, although the portal said yes"
        ),
    },
    "application_action": {
        State.CONFIRMED: gettext_lazy("Listed again: the portal's codes are as asked"),
        State.GONE: gettext_lazy("Listed again: codes alone are told, so no more can be said"),
        State.NOT_APPLIED: gettext_lazy("Listed again: nothing had happened"),
        State.DISPUTED: gettext_lazy(
            "Listed again: nothing is to be seen of it, although the portal said yes"
        ),
    },
    "application_step": {
        State.INTENT: gettext_lazy(
            "Read again: not clear yet. A token is taken once, so the same is sent once more"
        ),
        State.CONFIRMED: gettext_lazy("Read again: the workflow has gone on since"),
        State.DELIVERED: gettext_lazy("Read again: the portal has taken it"),
        State.GONE: gettext_lazy("Read again: the workflow has ended, not known whether by us"),
        State.NOT_APPLIED: gettext_lazy("Read again: nothing had happened"),
        State.DISPUTED: gettext_lazy(
            "Read again: the workflow has not moved, although the portal said yes"
        ),
    },
    "portal": {
        State.CONFIRMED: gettext_lazy("The call has arrived, with what only this test knew"),
        State.NOT_APPLIED: gettext_lazy("The time was over and no call had arrived"),
        State.DISPUTED: gettext_lazy("The call has not arrived yet"),
    },
    "document": {
        State.CONFIRMED: gettext_lazy("Read again: the workflow has been started"),
        State.GONE: gettext_lazy("Read again: nothing of it is to be seen"),
        State.EVIDENT: gettext_lazy("Read again: exactly one workflow has come since"),
        State.REJECTED: gettext_lazy("Read again: refused"),
        State.NEEDS_HUMAN: gettext_lazy(
            "Read again: what came of it cannot be told by reading, a person must say"
        ),
    },
}
DECISIONS: Final[Sentences] = {
    State.NOT_APPLIED: gettext_lazy("Closed by a person as not done"),
    State.CONFIRMED: gettext_lazy("A person said which workflow came of it"),
    State.NEEDS_HUMAN: gettext_lazy("A person said that the workflow found is another one"),
}


def meaning(command: Command) -> str:
    """Return what it means that a command stands where it does."""
    why = command_error(command)
    if command.state == State.INTENT:
        if command.error_code == ReconnectNeeded.code:
            return _("It is kept and waits for its person to sign in with Bitrix24.")
        if command.error_code == SESSION_OVER:
            return for_people(SessionOver.code, {})
        if command.error_code and (told := outage(command.portal)):
            return told.whole
        if command.next_check_at:
            return turn(command)
    if command.error_code == TAKEN_BACK:
        return _("Taken back before anything was sent: nothing happened on the portal.")
    if command.state == State.REJECTED:
        refused = _("The portal refused.")
        return refused if why else _("The portal refused; nothing was changed.")
    if command.error_code == ACCEPTED_ONLY:
        return str(ACCEPTED_MEANS)
    if command.state == State.ACCEPTED and is_soft_end(command):
        return str(ENDS_AFTER_STEP)
    own = MEANINGS.get(command.target_kind, MEANINGS_OF_STEPS)
    if command.action == CheckToken.name:
        own = {**own, **MEANINGS_OF_CHECKS}
    elif command.action == WriteLogLine.name:
        own = {**own, **MEANINGS_OF_LINES}
    if was_told(command):
        return str(TOLD)
    return str(own.get(command.state) or COMMON[command.state])


def is_soft_end(command: Command) -> bool:
    """Tell whether a workflow is to end through the gateway, once its current step is done."""
    return bool((command.labels or {}).get("after_step"))


def was_told(command: Command) -> bool:
    """Tell whether a start is confirmed although its answer was lost."""
    is_start = command.action == StartWorkflow.name
    is_lost = command.proof == bitrix.Classification.UNKNOWN
    return is_start and is_lost and command.state == State.CONFIRMED


def step_of(entry: AuditEntry) -> str:
    """Return what happened at one step of a command; the command itself is known to the reader."""
    kind, outcome = AuditEntry.Kind, entry.outcome
    if entry.error_code == TAKEN_BACK:
        return _("Taken back by a person before anything was sent")
    if entry.action == "application_step.check" and outcome == State.CONFIRMED:
        return _("The portal knows the token")
    match entry.kind:
        case kind.INTENT:
            return _("Requested")
        case kind.ATTEMPT:
            return _("Sent to the portal")
        case kind.HUMAN_DECISION:
            return str(DECISIONS.get(outcome, look_of(outcome).text))
        case kind.RECONCILE:
            own = READINGS.get(entry.target_kind, {})
            if outcome == State.INTENT and entry.action == WriteLogLine.name:
                return str(STEPS[State.INTENT])
            if said := own.get(outcome) or STEPS.get(outcome):
                return str(said)
            return _("Read again: %(outcome)s") % {"outcome": look_of(outcome).text}
    if entry.target_kind == "workflow_task" and outcome == State.CANCELLED:
        return _("Looked at first: the task had moved on, so nothing was sent")
    if entry.target_kind == "application_step" and outcome == State.CONFIRMED:
        return _("The workflow was seen to go on")
    if outcome == State.CONFIRMED:
        return _("Nobody has contested it for a day")
    if outcome == State.ACCEPTED:
        return _("The portal said yes; to be confirmed by a reading")
    if outcome == State.INTENT:
        return _("Nothing happened yet; it waits for its turn and is sent again")
    if outcome == State.UNKNOWN:
        return _("No clear answer came: it may have happened")
    if outcome == State.DECLINED:
        return _("The portal said no; a reading shows whether that is all")
    return str(look_of(outcome).text)
