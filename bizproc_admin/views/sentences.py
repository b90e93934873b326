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
    outcome = OUTCOMES.get(entry.outcome, entry.outcome)
    return _("%(outcome)s: %(what)s") % {"outcome": outcome, "what": what(entry)}


def what(entry: AuditEntry) -> str:
    """Say the act: the registered action's label and its target."""
    action = ACTIONS.get(entry.action)
    label = action.label if action else entry.action
    return f"{label} {entry.target_label or entry.target_id}"
