"""Audit entries in words."""

from django.utils.translation import gettext as _

from bizproc_admin.actions import ACTIONS
from bizproc_admin.models import AuditEntry, CommandState

OUTCOMES = dict(CommandState.choices)


def sentence_of(entry: AuditEntry) -> str:
    """Say an entry in one sentence, without asking the database for anything."""
    kind = AuditEntry.Kind
    target = entry.target_label or entry.target_id
    values = {"target": target, "action": entry.action}
    match entry.kind:
        case kind.SIGN_IN:
            return _("Signed in")
        case kind.SIGN_OUT:
            return _("Signed out")
        case kind.SIGN_IN_FAILED:
            return _("Could not sign in")
        case kind.DENIED if entry.target_kind == "page":
            return _("Was not let into %(target)s") % values
        case kind.DENIED:
            return _("Was not allowed: %(what)s") % {"what": what(entry)}
        case kind.ACCOUNT | kind.CONNECTION:
            return _("%(action)s: %(target)s") % values
        case kind.INTENT:
            return _("Requested: %(what)s") % {"what": what(entry)}
        case kind.ATTEMPT:
            return _("Sent to the portal: %(what)s") % {"what": what(entry)}
        case kind.HUMAN_DECISION:
            return _("Decided by a person: %(what)s") % {"what": what(entry)}
    if entry.outcome == CommandState.INTENT and entry.kind == kind.RECONCILE:
        return _("Nothing had happened, to be sent once more: %(what)s") % {"what": what(entry)}
    if entry.outcome == CommandState.INTENT:
        return _("Not done yet, waits for its turn: %(what)s") % {"what": what(entry)}
    if entry.outcome == CommandState.NEEDS_HUMAN:
        return _("Cannot be settled by reading, a person must look: %(what)s") % {
            "what": what(entry)
        }
    if entry.outcome == CommandState.DISPUTED:
        return _("Still running although the portal said yes: %(what)s") % {"what": what(entry)}
    if entry.outcome == CommandState.ACCEPTED:
        return _("The portal said yes: %(what)s") % {"what": what(entry)}
    outcome = OUTCOMES.get(entry.outcome, entry.outcome)
    return _("%(outcome)s: %(what)s") % {"outcome": outcome, "what": what(entry)}


def step_of(entry: AuditEntry) -> str:
    """Say what happened at one step of a command; the command itself is known to the reader."""
    kind = AuditEntry.Kind
    if entry.target_kind == "workflow_task" and (said := task_step_of(entry)):
        return said
    match entry.kind:
        case kind.INTENT:
            return _("Requested")
        case kind.ATTEMPT:
            return _("Sent to the portal")
        case kind.HUMAN_DECISION:
            return _("Closed by a person as not done")
        case kind.RECONCILE if entry.outcome == CommandState.CONFIRMED:
            return _("Read again: the workflow has ended, as asked")
        case kind.RECONCILE if entry.outcome == CommandState.GONE:
            return _("Read again: the workflow has ended, not known whether by us")
        case kind.RECONCILE if entry.outcome == CommandState.NOT_APPLIED:
            return _("Read again: the workflow still runs, nothing had happened")
        case kind.RECONCILE if entry.outcome == CommandState.INTENT:
            return _("Read again: nothing had happened, so it is sent once more")
        case kind.RECONCILE if entry.outcome == CommandState.DISPUTED:
            return _("Read again: the workflow still runs, although the portal said yes")
        case kind.RECONCILE if entry.outcome == CommandState.NEEDS_HUMAN:
            return _("Read again: it cannot be settled by reading, a person must look")
        case kind.RECONCILE:
            return _("Read again: %(outcome)s") % {"outcome": OUTCOMES.get(entry.outcome, "")}
    if entry.outcome == CommandState.ACCEPTED:
        return _("The portal said yes; to be confirmed by a reading")
    if entry.outcome == CommandState.INTENT:
        return _("Nothing happened yet; it waits for its turn and is sent again")
    if entry.outcome == CommandState.UNKNOWN:
        return _("No clear answer came: it may have happened")
    return str(OUTCOMES.get(entry.outcome, entry.outcome))


def task_step_of(entry: AuditEntry) -> str:
    """Say a step of a command on a workflow task, where other words than a workflow's are right."""
    kind = AuditEntry.Kind
    if entry.kind == kind.HUMAN_DECISION and entry.error_code == "taken_back":
        return _("Taken back by a person before anything was sent")
    if entry.kind == kind.OUTCOME and entry.outcome == CommandState.CANCELLED:
        return _("Looked at first: the task had moved on, so nothing was sent")
    if entry.kind != kind.RECONCILE:
        return ""
    return {
        CommandState.CONFIRMED: _("Read again: the task is as asked"),
        CommandState.GONE: _("Read again: the task has moved on, not known whether by us"),
        CommandState.NOT_APPLIED: _("Read again: nothing had happened"),
        CommandState.DISPUTED: _("Read again: the task still waits, although the portal said yes"),
    }.get(CommandState(entry.outcome), "")


def what(entry: AuditEntry) -> str:
    """Say the act: the registered action's label, its target, and for whom it was done."""
    action = ACTIONS.get(entry.action)
    label = action.label if action else entry.action
    said = f"{label} {entry.target_label or entry.target_id}"
    if entry.on_behalf_of:
        return _("%(what)s, for %(who)s") % {"what": said, "who": entry.on_behalf_of}
    return said
