"""Audit entries in words."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bizproc_admin.actions import ACTIONS
from bizproc_admin.audit import AuditAction, first_version
from bizproc_admin.models import AuditEntry, CommandState
from bizproc_admin.models.commands import TAKEN_BACK, receivers
from bizproc_admin.wording import acts, command_errors, findings, operation_states, operations
from bizproc_admin.wording.looks import look_of

# what each key of the history says; commands are called as their actions are
NAMES = {
    AuditAction.SIGN_IN: gettext_lazy("Sign in"),
    AuditAction.SIGN_OUT: gettext_lazy("Sign out"),
    AuditAction.SESSIONS_ENDED: gettext_lazy("Ended sessions"),
    AuditAction.PAGE_VISIT: gettext_lazy("Open a page"),
    AuditAction.ACCOUNT_MADE: gettext_lazy("Made an account"),
    AuditAction.ACCOUNT_CHANGED: gettext_lazy("Changed an account"),
    AuditAction.ACCOUNT_ACTIVATED: gettext_lazy("Activated an account"),
    AuditAction.ACCOUNT_DEACTIVATED: gettext_lazy("Deactivated an account"),
    AuditAction.PASSWORD_RESET: gettext_lazy("Reset the password of an account"),
    AuditAction.PASSWORD_CHOSEN: gettext_lazy("Chose a password"),
    AuditAction.CONNECTION_FORGOTTEN: gettext_lazy("Forgot the connection to Bitrix24"),
    AuditAction.ACCOUNT_ADMITTED: gettext_lazy("Made by the sign-in of its person"),
    AuditAction.ACCOUNT_CLAIMED: gettext_lazy("Taken over by the sign-in of its person"),
    AuditAction.ACCOUNT_DISMISSED: gettext_lazy("Stopped an account: dismissed on the portal"),
    AuditAction.ACCOUNT_BACK: gettext_lazy("Opened an account again: back on the portal"),
    AuditAction.ROLE_FOLLOWED: gettext_lazy("Role changed by the portal"),
    AuditAction.SECOND_FACTOR_SET_UP: gettext_lazy("Set up a second factor"),
    AuditAction.SECOND_FACTOR_REMOVED: gettext_lazy("Removed the second factor"),
    AuditAction.SECOND_FACTOR_TAKEN_AWAY: gettext_lazy("Removed a second factor"),
    AuditAction.RECOVERY_CODES_MADE: gettext_lazy("Made recovery codes"),
    AuditAction.PORTAL_CONNECTED: gettext_lazy("Connected a portal"),
    AuditAction.WEBHOOK_REPLACED: gettext_lazy("Replaced a webhook"),
    AuditAction.GATEWAY_KEY_REPLACED: gettext_lazy("Replaced a key of the gateway"),
    AuditAction.GATEWAY_SIGNED_IN: gettext_lazy("Signed in for a key of the gateway"),
    AuditAction.PORTAL_DISCONNECTED: gettext_lazy("Disconnected a portal"),
    AuditAction.PORTAL_FOLLOWED: gettext_lazy("Followed a portal to its new address"),
    AuditAction.PORTAL_PINNED: gettext_lazy("Pinned the identity of a portal"),
    AuditAction.CONNECTION_LOOKED_OVER: gettext_lazy("Looked a connection over"),
    AuditAction.APPLICATION_SET: gettext_lazy("Set the application of a portal"),
    AuditAction.APPLICATION_REMOVED: gettext_lazy("Removed the application of a portal"),
    AuditAction.APPLICATION_GONE: gettext_lazy("The application was removed on the portal"),
    AuditAction.APPLICATION_BACK: gettext_lazy("The application is on the portal again"),
    AuditAction.SIGN_IN_OPENED: gettext_lazy("Opened sign-in to everybody"),
    AuditAction.SIGN_IN_CLOSED: gettext_lazy("Closed sign-in to most"),
    AuditAction.TIME_ZONE_SET: gettext_lazy("Set the time zone of a portal"),
    AuditAction.APPROVAL_SET: gettext_lazy("Set what needs a second administrator"),
    AuditAction.VIEW_SHARED: gettext_lazy("Shared a view"),
    AuditAction.VIEW_CHANGED: gettext_lazy("Changed a shared view"),
    AuditAction.VIEW_WITHDRAWN: gettext_lazy("Shared a view no more"),
    AuditAction.CONSTANTS_SEEN: gettext_lazy("Saw the constants of a template"),
    AuditAction.TEMPLATE_TAKEN: gettext_lazy("Downloaded a template"),
    AuditAction.BULK_ASKED: gettext_lazy("Asked for a bulk operation"),
    AuditAction.BULK_APPROVED: gettext_lazy("Approved a bulk operation"),
    AuditAction.BULK_DECLINED: gettext_lazy("Did not approve a bulk operation"),
    AuditAction.BULK_PAUSED: gettext_lazy("Paused a bulk operation"),
    AuditAction.BULK_RESUMED: gettext_lazy("Resumed a bulk operation"),
    AuditAction.BULK_STOPPED: gettext_lazy("Cancelled a bulk operation"),
    AuditAction.BULK_FINISHED: gettext_lazy("A bulk operation is over"),
    AuditAction.RESULTS_TAKEN: gettext_lazy("Downloaded the results of a bulk operation"),
    AuditAction.DATE_FORMAT_SET: gettext_lazy("Set how a portal writes dates"),
    **{AuditAction(name): action.label for name, action in ACTIONS.items()},
}

# by what a key begins with
FAMILIES = {
    "workflow": gettext_lazy("Commands"),
    "workflow_task": gettext_lazy("Commands"),
    "application_step": gettext_lazy("Commands"),
    "bulk": gettext_lazy("Bulk operations"),
    "session": gettext_lazy("Signing in"),
    "page": gettext_lazy("Signing in"),
    "account": gettext_lazy("Accounts"),
    "second_factor": gettext_lazy("Second factor"),
    "portal": gettext_lazy("Portals"),
    "workflow_template": gettext_lazy("Workflow templates"),
    "saved_view": gettext_lazy("Shared views"),
    "application_action": gettext_lazy("Application actions"),
}


def actions_by_family() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return every key with what it says, for a choice between them."""
    families: dict[str, list[tuple[str, str]]] = {}
    for action in AuditAction:
        family = str(FAMILIES[action.partition(".")[0]])
        families.setdefault(family, []).append((action.value, name_of(action)))
    return list(families.items())


def name_of(action: AuditAction) -> str:
    """Return what a key of the history says, without the target."""
    return str(NAMES[action])


def act_of(entry: AuditEntry) -> str:
    """Return what an entry of either version tells of, without its target."""
    action = first_version.read(entry.kind, entry.action, target_kind=entry.target_kind)
    return name_of(action) if action else entry.action


def said_of(entry: AuditEntry) -> str:
    """Return what the portal said, or what is said of the code that an entry holds."""
    if entry.detail.text or not entry.error_code:
        return entry.detail.text
    if entry.action == AuditAction.CONNECTION_LOOKED_OVER:
        return findings.said_of(entry.error_code, entry.detail.inputs.get("error", {}))
    if entry.kind == AuditEntry.Kind.OPERATION:
        values = entry.detail.inputs.get("error", {})
        return operation_states.said_of(entry.error_code, values).title
    return command_errors.entry_error(entry) if entry.command_id else ""


def say(entries: Sequence[AuditEntry]) -> list[str]:
    """Return the sentence of each entry, read with its details; one query for the names."""
    names = receivers(entry.command for entry in entries if entry.command)
    return [sentence_of(entry, names) for entry in entries]


def say_rows(entries: Sequence[AuditEntry]) -> list[str]:
    """Return what the history's rows say: of a command what was asked for, else the sentence."""
    names = receivers(entry.command for entry in entries if entry.command)
    return [what(entry, names) if entry.command else sentence_of(entry, names) for entry in entries]


def sentence_of(entry: AuditEntry, names: acts.Names) -> str:
    """Say an entry in one sentence, without asking the database for anything."""
    act = what(entry, names)
    kind = AuditEntry.Kind
    target = acts.entry_target(entry)
    values = {"target": target, "action": act_of(entry)}
    if times := repeats_of(entry):
        return times
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
            return _("Was not allowed: %(what)s") % {"what": act}
        case kind.ACCOUNT | kind.CONNECTION | kind.VIEW:
            return _("%(action)s: %(target)s") % values
        case kind.DISCLOSURE if entry.target_kind != "operation":
            return _("%(action)s: %(target)s") % values
        case kind.OPERATION | kind.DISCLOSURE:
            inputs = entry.detail.inputs
            said = operations.title(inputs.get("act", ""), inputs.get("total", 0))
            return _("%(action)s: %(what)s") % {**values, "what": said}
        case kind.INTENT:
            return _("Requested: %(what)s") % {"what": act}
        case kind.ATTEMPT:
            return _("Sent to the portal: %(what)s") % {"what": act}
        case kind.TAKEN_BACK | kind.HUMAN_DECISION if entry.error_code == TAKEN_BACK:
            return _("Taken back: %(what)s") % {"what": act}
        case kind.HUMAN_DECISION:
            return _("Decided by a person: %(what)s") % {"what": act}
    if entry.outcome == CommandState.INTENT and entry.kind == kind.RECONCILE:
        return _("Nothing had happened, to be sent once more: %(what)s") % {"what": act}
    if entry.outcome == CommandState.INTENT:
        return _("Not done yet, waits for its turn: %(what)s") % {"what": act}
    if entry.outcome == CommandState.NEEDS_HUMAN:
        return _("Cannot be settled by reading, a person must look: %(what)s") % {"what": act}
    if entry.outcome == CommandState.DISPUTED:
        return _("Still running although the portal said yes: %(what)s") % {"what": act}
    if entry.outcome == CommandState.ACCEPTED:
        return _("The portal said yes: %(what)s") % {"what": act}
    outcome = look_of(entry.outcome).text
    return _("%(outcome)s: %(what)s") % {"outcome": outcome, "what": act}


def repeats_of(entry: AuditEntry) -> str:
    """Return how often the same was tried again after the line that tells of it."""
    count = entry.detail.inputs.get("repeats")
    if not count:
        return ""
    values = {"count": count, "target": acts.entry_target(entry)}
    if entry.kind == AuditEntry.Kind.DENIED:
        return ngettext(
            "Was refused the same %(count)d time more, last at %(target)s",
            "Was refused the same %(count)d times more, last at %(target)s",
            count,
        ) % {**values}
    return ngettext(
        "Could not sign in, %(count)d time more", "Could not sign in, %(count)d times more", count
    ) % {**values}


def what(entry: AuditEntry, names: acts.Names) -> str:
    """Say the act, its target, and for whom it was done if that is somebody else."""
    if entry.command:
        said = acts.whole(entry.command, names)
    else:
        said = f"{act_of(entry)} {acts.entry_target(entry)}"
    if entry.on_behalf_of and entry.on_behalf_of != entry.actor_name:
        return _("%(what)s, for %(who)s") % {"what": said, "who": entry.on_behalf_of}
    return said
