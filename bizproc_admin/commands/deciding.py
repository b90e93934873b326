"""What a person says of a command that reading the portal could not settle, or settled wrongly."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from bizproc_admin.audit import By
from bizproc_admin.commands.issuing import TargetBusy, open_beside
from bizproc_admin.commands.transitions import failing, move, record
from bizproc_admin.models import AuditEntry, Command, CommandState, Workflow
from bizproc_admin.portals import screens


def decide(command: Command, *, by: By, reason: str) -> bool:
    """Close a command that only a person can judge as not applied; False when it is too late."""
    with transaction.atomic(durable=True):
        is_moved = move(command, CommandState.NOT_APPLIED, **failing(""))
        if is_moved:
            record(command, AuditEntry.Kind.HUMAN_DECISION, by=by, reason=reason)
    return is_moved


def recognise(command: Command, workflow: Workflow, *, by: By, reason: str) -> bool:
    """Settle a start by a person's word which workflow came of it.

    False when it is too late, or when the workflow is known to have come of another start.
    """
    result = workflow.remote_id
    others = Command.objects.filter(portal=command.portal, action=command.action, result=result)
    if command.state != CommandState.NEEDS_HUMAN or others.exclude(pk=command.pk).exists():
        return False
    with transaction.atomic(durable=True):
        fields = {"workflow": workflow, "result": result, **failing("")}
        is_moved = move(command, CommandState.CONFIRMED, **fields)
        if is_moved:
            record(
                command,
                AuditEntry.Kind.HUMAN_DECISION,
                by=by,
                reason=reason,
                after={"workflow": result},
            )
            if workflow.is_running:
                screens.watch(workflow)  # its tasks may not have been read yet
    return is_moved


def contest(command: Command, *, by: By, reason: str) -> bool:
    """Say that what a start was settled by did not come of it; False when it is too late.

    Raises TargetBusy while the same start, asked for anew since, is not settled.
    """
    if command.state != CommandState.EVIDENT:
        return False
    not_ours = [*command.evidence.get("not_ours", ()), command.result]
    after = {"not_ours": command.result}
    try:
        with transaction.atomic(durable=True):
            is_moved = move(
                command,
                CommandState.NEEDS_HUMAN,
                workflow=None,
                result="",
                settled_at=None,
                next_check_at=timezone.now(),
                evidence={**command.evidence, "not_ours": not_ours, "candidates": []},
            )
            if is_moved:
                record(command, AuditEntry.Kind.HUMAN_DECISION, by=by, reason=reason, after=after)
    except IntegrityError:
        other = open_beside(command)
        if other is None:
            raise
        raise TargetBusy(other) from None
    return is_moved
