"""Confirming what was delivered: an answer to a step whose workflow is seen to go on in a day."""

from django.db import transaction
from django.utils import timezone

from bizproc_admin import actions
from bizproc_admin.actions import AnswerStep
from bizproc_admin.commands.transitions import fetch, move, record
from bizproc_admin.models import ApplicationStep, AuditEntry, CommandState, StepState
from bizproc_admin.models.commands import CONTESTABLE

# so many are looked at in a sweep, whichever: some will never show anything
AT_ONCE = 100


def confirm_delivered() -> None:
    """Confirm the answers after which the mirror shows a task or a call of another step."""
    since = timezone.now() - CONTESTABLE
    steps = ApplicationStep.objects.filter(
        state=StepState.DELIVERED,
        answer__state=CommandState.DELIVERED,
        answer__settled_at__gt=since,
    )
    for pk in steps.order_by("?").values_list("answer", flat=True)[:AT_ONCE]:
        confirm(pk)


def confirm(pk: int) -> bool:
    """Confirm one answer by what the mirror shows; False where nothing of it is to be seen."""
    command = fetch(pk)
    action = actions.load(command)
    if not isinstance(action, AnswerStep) or not (by := action.seen_in_mirror()):
        return False
    with transaction.atomic(durable=True):
        if not move(command, CommandState.CONFIRMED):
            return False
        record(command, AuditEntry.Kind.RECONCILE, after={"by": by}, origin="sweeper")
        steps = ApplicationStep.objects.filter(answer=command, state=StepState.DELIVERED)
        steps.update(state=StepState.CONFIRMED, settled_at=timezone.now())
    return True
