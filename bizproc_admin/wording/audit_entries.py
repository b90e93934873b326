"""Audit entries in words."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bizproc_admin.actions import ACTIONS
from bizproc_admin.models import AuditEntry, Command, CommandState, Person
from bizproc_admin.models.commands import TAKEN_BACK
from bizproc_admin.portals import FOLLOWED, ZONE_SET
from bizproc_admin.views.outcomes import answer_of

# the names of people by portal and number there
Names = Mapping[tuple[int | None, int], str]

OUTCOMES = dict(CommandState.choices)
# what an entry's key means; older entries hold their sentence instead of a key
ACTS = {
    FOLLOWED: gettext_lazy("Followed a portal to its new address"),
    ZONE_SET: gettext_lazy("Set the time zone of a portal"),
}


def say(entries: Sequence[AuditEntry]) -> None:
    """Give each entry, read with its details, its sentence; one query for the names in them."""
    given = {(e.command.portal_id, e.command.inputs.get("to")) for e in entries if e.command}
    wanted = {key for key in given if key[1]}
    names: dict[tuple[int | None, int], str] = {}
    if wanted:
        people = Person.objects.filter(
            portal__in={portal for portal, _number in wanted},
            remote_id__in={number for _portal, number in wanted},
        )
        names = {(person.portal_id, person.remote_id): str(person) for person in people}
    for entry in entries:
        entry.sentence = sentence_of(entry, names)  # type: ignore[attr-defined]


def sentence_of(entry: AuditEntry, names: Names) -> str:
    """Say an entry in one sentence, without asking the database for anything."""
    act = what(entry, names)
    kind = AuditEntry.Kind
    target = entry.target_label or entry.target_id
    values = {"target": target, "action": ACTS.get(entry.action, entry.action)}
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
        case kind.ACCOUNT | kind.CONNECTION:
            return _("%(action)s: %(target)s") % values
        case kind.INTENT:
            return _("Requested: %(what)s") % {"what": act}
        case kind.ATTEMPT:
            return _("Sent to the portal: %(what)s") % {"what": act}
        case kind.HUMAN_DECISION if entry.error_code == TAKEN_BACK:
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
    outcome = OUTCOMES.get(entry.outcome, entry.outcome)
    return _("%(outcome)s: %(what)s") % {"outcome": outcome, "what": act}


def repeats_of(entry: AuditEntry) -> str:
    """Say how often the same was tried again after the line that tells of it."""
    count = entry.detail.inputs.get("repeats")
    if not count:
        return ""
    values = {"count": count, "target": entry.target_label or entry.target_id}
    if entry.kind == AuditEntry.Kind.DENIED:
        return ngettext(
            "Was refused the same %(count)d time more, last at %(target)s",
            "Was refused the same %(count)d times more, last at %(target)s",
            count,
        ) % {**values}
    return ngettext(
        "Could not sign in, %(count)d time more", "Could not sign in, %(count)d times more", count
    ) % {**values}


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
    if entry.kind == kind.HUMAN_DECISION and entry.error_code == TAKEN_BACK:
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


def what(entry: AuditEntry, names: Names) -> str:
    """Say the act, its target, and for whom it was done if that is somebody else."""
    said = act_said(entry, entry.command, names) if entry.command else ""
    if not said:
        action = ACTIONS.get(entry.action)
        said = f"{action.label if action else entry.action} {entry.target_label or entry.target_id}"
    if entry.on_behalf_of and entry.on_behalf_of != entry.actor_name:
        return _("%(what)s, for %(who)s") % {"what": said, "who": entry.on_behalf_of}
    return said


def act_said(entry: AuditEntry, command: Command, names: Names) -> str:
    """Say which answer was given or to whom a part went; nothing for other actions."""
    target = entry.target_label or entry.target_id
    if entry.action == "workflow_task.complete" and command.task is not None:
        answer = answer_of(command, command.task)
        return _("Answer “%(answer)s”: %(target)s") % {"answer": answer, "target": target}
    number = command.inputs.get("to")
    if entry.action != "workflow_task.delegate" or not number:
        return ""
    who = names.get((command.portal_id, number)) or _("person %(number)s") % {"number": number}
    return _("Delegate to %(who)s: %(target)s") % {"who": who, "target": target}
