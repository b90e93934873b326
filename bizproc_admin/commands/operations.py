"""The life of a bulk operation: confirmed, approved, paused, resumed, cancelled, finished.

Its states move by conditional updates, each with a line of the history.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from bizproc_admin import audit, doorbell
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import ACTIONS, Item, KillWorkflow
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.commands.freezing import freeze
from bizproc_admin.commands.progress import STOPPED
from bizproc_admin.commands.transitions import cancel
from bizproc_admin.models import (
    Account,
    AuditEntry,
    BulkOperation,
    BulkState,
    Command,
    CommandState,
    Recipe,
    Role,
    WorkflowTemplate,
)
from bizproc_admin.models.bulk_operations import APPROVAL_LASTS, DRAFT_LASTS
from bizproc_admin.models.commands import CHECKING

# states in which something may still happen by itself
UNDER_WAY = (CommandState.INTENT, CommandState.SENDING, *CHECKING)
# what surely did nothing
FAILED = (CommandState.REJECTED, CommandState.NOT_APPLIED, CommandState.CANCELLED)
# what each of these makes of an operation, by the state that it was in; docs/states.md shows it
MOVES: Mapping[AuditAction, Mapping[BulkState, tuple[BulkState, ...]]] = {
    AuditAction.BULK_ASKED: {BulkState.DRAFT: (BulkState.AWAITING, BulkState.PREPARING)},
    AuditAction.BULK_APPROVED: {BulkState.AWAITING: (BulkState.PREPARING,)},
    AuditAction.BULK_DECLINED: {BulkState.AWAITING: (BulkState.DROPPED,)},
    AuditAction.BULK_PAUSED: {BulkState.READY: (BulkState.PAUSED,)},
    AuditAction.BULK_RESUMED: {BulkState.PAUSED: (BulkState.READY,)},
    AuditAction.BULK_STOPPED: {
        BulkState.AWAITING: (BulkState.CANCELLED, BulkState.DROPPED),
        BulkState.PREPARING: (BulkState.CANCELLED,),
        BulkState.READY: (BulkState.CANCELLED,),
        BulkState.PAUSED: (BulkState.CANCELLED,),
    },
    AuditAction.BULK_FINISHED: {
        BulkState.READY: (BulkState.FINISHED,),
        BulkState.PAUSED: (BulkState.FINISHED,),
        BulkState.CANCELLED: (BulkState.FINISHED,),
    },
}
# seconds after which a thread leaves the rest to the next message, and rows looked up at once
SLICE, AT_ONCE = 20.0, 200


class Moved(Exception):
    """The operation is in another state than the one in which that may be asked of it."""


def confirm(
    operation: BulkOperation,
    *,
    by: By,
    reason: str,
    regardless: bool = False,
    inputs: Mapping[str, Any] | None = None,
) -> None:
    """Ask for what a frozen list was shown for; a second call of the same asker changes nothing.

    Raises PermissionDenied, or Moved where the list has been thrown away meanwhile.
    """
    actor = by.somebody
    if actor.pk != operation.actor_id or not may(actor, ACTIONS[operation.action].capability):
        raise PermissionDenied(operation.action)
    above = operation.portal.approval_above
    awaits = operation.action == KillWorkflow.name and above is not None and operation.total > above
    is_moved = advance(
        operation,
        BulkState.AWAITING if awaits else BulkState.PREPARING,
        AuditAction.BULK_ASKED,
        by=by,
        reason=reason,
        regardless=regardless,
        inputs={**operation.inputs, **(inputs or {})},
        confirmed_at=timezone.now(),
    )
    if not is_moved:
        asked_for = BulkOperation.objects.asked_for().filter(pk=operation.pk)
        if not asked_for.exists():
            raise Moved


def approve(operation: BulkOperation, *, by: By) -> bool:
    """Let an operation begin that another administrator has asked for; False when it is too late.

    Raises PermissionDenied.
    """
    make_sure_of(operation, by.somebody)
    return advance(
        operation,
        BulkState.PREPARING,
        AuditAction.BULK_APPROVED,
        by=by,
        approved_by=by.account,
        approved_at=timezone.now(),
    )


def decline(operation: BulkOperation, *, by: By, reason: str) -> bool:
    """Do not let an operation begin that another administrator asked for; False when too late.

    Raises PermissionDenied.
    """
    make_sure_of(operation, by.somebody)
    return advance(
        operation,
        BulkState.DROPPED,
        AuditAction.BULK_DECLINED,
        by=by,
        why=reason,
        pause_code="declined",
        approved_by=by.account,
        finished_at=timezone.now(),
    )


def make_sure_of(operation: BulkOperation, account: Account) -> None:
    """Raise PermissionDenied unless an account may approve: an administrator who did not ask."""
    may_act = may(account, ACTIONS[operation.action].capability)
    may_act = may_act and account.role == Role.PORTAL_ADMINISTRATOR
    if account.pk == operation.actor_id or not may_act or not account.reaches(operation.portal):
        raise PermissionDenied(operation.action)


def pause(
    operation: BulkOperation, *, by: By | None, code: str = "", values: dict[str, Any] | None = None
) -> bool:
    """Send nothing more of an operation until it is resumed; by is None where it pauses itself.

    False when it is not carried out any more.
    """
    return advance(
        operation,
        BulkState.PAUSED,
        AuditAction.BULK_PAUSED,
        by=by,
        code=code,
        values=values,
        pause_code=code,
        pause_values=values or {},
        paused_at=timezone.now(),
        paused_by=by.account if by else None,
    )


def resume(operation: BulkOperation, *, by: By) -> bool:
    """Go on with an operation that is paused; what waits for a later try is tried now."""
    with transaction.atomic(durable=True):
        is_moved = advance(
            operation,
            BulkState.READY,
            AuditAction.BULK_RESUMED,
            by=by,
            pause_code="",
            pause_values={},
            paused_by=None,
            waits_until=None,
            waits_code="",
        )
        if is_moved:
            # those alone: all of many thousands would keep everybody else from writing
            later = operation.commands.filter(
                state=CommandState.INTENT, next_check_at__gt=timezone.now()
            )
            later.update(next_check_at=None)
            doorbell.ring("serve_portal", operation.portal_id, queue=doorbell.INTERACTIVE)
    return is_moved


def stop(operation: BulkOperation, *, by: By) -> bool:
    """Send nothing more of an operation, for good; what was sent is followed to its end."""
    return advance(
        operation,
        BulkState.CANCELLED,
        AuditAction.BULK_STOPPED,
        by=by,
        stopped_at=timezone.now(),
        stopped_by=by.account,
    )


def cancel_for(operation: BulkOperation, code: str, values: dict[str, Any] | None = None) -> bool:
    """Stop an operation that cannot go on whoever wants it, and say why."""
    return advance(
        operation,
        BulkState.CANCELLED,
        AuditAction.BULK_STOPPED,
        by=None,
        code=code,
        values=values,
        stopped_at=timezone.now(),
        pause_code=code,
        pause_values=values or {},
    )


def retry(operation: BulkOperation, *, by: By, key: UUID) -> BulkOperation:
    """Freeze those targets of an operation anew that it did not reach, as a list to confirm.

    These are the refused, those that had changed and what was not sent; never what is confirmed,
    may have been done, or is still looked into.
    """
    failed = operation.commands.filter(state__in=FAILED).order_by("pk")
    return freeze(
        ACTIONS[operation.action],
        portal=operation.portal,
        items=items_anew(failed, shared=operation.inputs),
        by=by,
        key=key,
        # what it is called by stays: to agree and to disagree are one action
        source={"operation": operation.pk, "verb": operation.source.get("verb", "")},
        inputs=operation.inputs,
    )


def items_anew(commands: QuerySet[Command], *, shared: Mapping[str, Any]) -> Iterable[Item]:
    """Yield the targets of commands as they are known now, each with its own inputs.

    What all of them were asked with is none of those: another may be asked for now.
    """
    templates: dict[int, int] = {}
    for command in commands.select_related("task", "workflow").iterator(chunk_size=500):
        row = command.task or command.workflow
        own = {
            name: value
            for name, value in command.inputs.items()
            if name not in shared or shared[name] != value
        }
        if row is not None:
            # as it stands now is how it is seen by whoever confirms it
            seen = command.workflow.modified_at if row == command.workflow else None
            yield Item(pk=row.pk, seen=seen, own=own)
        elif number := command.inputs.get("template"):
            # of a start that came to nothing only the template is known here
            known = WorkflowTemplate.objects.filter(portal=command.portal_id)
            if number not in templates:
                templates[number] = known.get(remote_id=number).pk
            yield Item(pk=templates[number], seen=None, own=command.inputs)


def advance(
    operation: BulkOperation,
    to: BulkState,
    action: AuditAction,
    *,
    by: By | None,
    code: str = "",
    values: dict[str, Any] | None = None,
    why: str = "",
    **fields: Any,
) -> bool:
    """Move an operation on and write the line that says so; False when it is elsewhere."""
    with transaction.atomic():
        rows = BulkOperation.objects.filter(
            pk=operation.pk, state__in=[was for was, more in MOVES[action].items() if to in more]
        )
        if not rows.update(state=to, **fields):
            return False
        operation.state = to
        for name, value in fields.items():
            setattr(operation, name, value)
        audit.record(
            AuditEntry.Kind.OPERATION,
            action,
            by=by or audit.WORKER,
            target=operation.as_target,
            outcome=to,
            facts=Facts(
                reason=why or operation.reason,
                error_code=code,
                inputs={
                    "act": operation.action,
                    "total": operation.total,
                    "digest": operation.digest,
                    **({"error": values} if values else {}),
                },
            ),
        )
        if to == BulkState.PREPARING:
            doorbell.ring("prepare_operation", operation.pk)
        elif to == BulkState.CANCELLED:
            doorbell.ring("close_operation", operation.pk)
    return True


# --- what goes on by itself ----------------------------------------------------------------------


def look_after(now: datetime) -> None:
    """Finish operations that have nothing left to do, and drop what nobody wants any more."""
    left = Command.objects.filter(bulk=OuterRef("pk"), state__in=UNDER_WAY)
    over = BulkOperation.objects.filter(state__in=MOVES[AuditAction.BULK_FINISHED])
    for operation in over.filter(~Exists(left)).select_related("portal"):
        finish(operation)
    drafts = BulkOperation.objects.filter(state=BulkState.DRAFT, requested_at__lt=now - DRAFT_LASTS)
    # what a recipe has prepared waits for a person until its next list
    latest = Recipe.objects.exclude(operation=None).values("operation")
    for operation in drafts.exclude(pk__in=latest)[:AT_ONCE]:
        operation.delete()
    unapproved = BulkOperation.objects.filter(
        state=BulkState.AWAITING, confirmed_at__lt=now - APPROVAL_LASTS
    )
    for operation in unapproved:
        advance(
            operation,
            BulkState.DROPPED,
            AuditAction.BULK_STOPPED,
            by=None,
            code="nobody_approved",
            pause_code="nobody_approved",
            finished_at=now,
        )


def finish(operation: BulkOperation) -> bool:
    """Close an operation whose commands are settled, or wait for a person's word."""
    return advance(
        operation,
        BulkState.FINISHED,
        AuditAction.BULK_FINISHED,
        by=None,
        finished_at=timezone.now(),
    )


def start_due(now: datetime, *, start: doorbell.Start = doorbell.ring) -> None:
    """Go on with what a worker broke off: lists to be made commands, intents to be given up."""
    for pk in BulkOperation.objects.to_prepare(now).values_list("pk", flat=True):
        start("prepare_operation", pk)
    intents = Command.objects.filter(bulk=OuterRef("pk"), state=CommandState.INTENT)
    stopped = BulkOperation.objects.filter(state=BulkState.CANCELLED)
    for pk in stopped.filter(Exists(intents)).values_list("pk", flat=True):
        start("close_operation", pk)


def close(pk: int) -> None:
    """Give up what a cancelled operation has not sent; safe to call again at any time."""
    operation = BulkOperation.objects.filter(pk=pk, state=BulkState.CANCELLED).first()
    if operation is None:
        return
    until = time.monotonic() + SLICE
    waiting = operation.commands.filter(state=CommandState.INTENT).select_related("portal", "actor")
    while commands := list(waiting.order_by("pk")[:AT_ONCE]):
        for command in commands:
            cancel(command, STOPPED)
        if time.monotonic() > until:
            doorbell.ring("close_operation", pk)
            return
    look_after(timezone.now())
