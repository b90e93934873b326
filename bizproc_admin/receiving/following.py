"""What follows from calls that were kept: a worker does it, many in one go, and again harmlessly.

A call is linked to its workflow, tells that an earlier execution of the same step is over, and
makes a workflow be read again: one that is not known here, and one whose template asks for it.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from bizproc_admin import doorbell
from bizproc_admin.models import (
    ApplicationStep,
    CalledWorkflow,
    CallReceiver,
    Portal,
    StepState,
    Workflow,
)
from bizproc_admin.models.application_steps import OVER
from bizproc_admin.models.call_receivers import NONCE_LIVES, sender_digest
from bizproc_admin.receiving import application_events, tell_console
from bizproc_admin.receiving.keeping import look_at_tests, state_of
from bizproc_admin.secrets.fields import UnreadableSecret
from bizproc_admin.syncing import rereading

log = logging.getLogger(__name__)

AT_ONCE: Final = 500
#: Seconds after which calls are taken, or workflows read, by another one: whoever was at it died.
TAKE_LEASE, READ_LEASE = 30, 60
#: Seconds after which somebody who found another one at the calls looks again.
LOOK_AGAIN: Final = 1.0
#: Calls of one workflow within so long are one reading of it.
READ_EVERY: Final = timedelta(seconds=5)
#: Seconds from one reading of a portal to the next: in a burst, each is of many.
READ_REST: Final = 0.5
#: Workflows that are read in one go; the next ones in another, so that people come in between.
READ_AT_ONCE: Final = 200
UNVERIFIED_LIVES: Final = timedelta(hours=24)


def take_calls(portal_pk: int) -> None:
    """Do what follows from the calls of a portal that nobody has looked at yet.

    One at a time, and only of those that are there now: while they keep coming, a few of them cost
    as much as hundreds do, and each that comes is rung for.
    """
    with alone(f"taking-calls-{portal_pk}", lease=TAKE_LEASE) as is_alone:
        if is_alone:
            portal = Portal.objects.get(pk=portal_pk)
            settle_unverified(portal)
            take_due(portal)
    if is_alone:
        start_readings(portal_pk)
    else:
        doorbell.ring("take_calls", portal_pk, queue=doorbell.INTERACTIVE, after=LOOK_AGAIN)


@contextmanager
def alone(key: str, *, lease: float) -> Iterator[bool]:
    """Keep others away from something within the block; False where somebody is at it."""
    is_alone = cache.add(key, "under way", timeout=lease)
    try:
        yield is_alone
    finally:
        if is_alone:
            cache.delete(key)


def take_due(portal: Portal) -> None:
    due = ApplicationStep.objects.filter(portal=portal, is_due=True).order_by("pk")
    last = due.values_list("pk", flat=True).last()
    if last is None:
        return
    due = due.filter(pk__lte=last).only("pk", "workflow_remote_id", "name", "code")
    while calls := list(due[:AT_ONCE]):
        take(portal, calls)


def take(portal: Portal, calls: list[ApplicationStep]) -> None:
    """Do what follows from some calls, in one transaction with the note that it was done.

    What can be read beforehand is: on SQLite every further call waits for the transaction.
    """
    remote_ids = {call.workflow_remote_id for call in calls}
    known = dict(
        Workflow.objects.filter(portal=portal, remote_id__in=remote_ids).values_list(
            "remote_id", "pk"
        )
    )
    over = executions_over(portal, remote_ids)
    presumed = presumed_of(
        {
            (known[call.workflow_remote_id], call.code)
            for call in calls
            if call.workflow_remote_id in known
        }
    )
    to_read = {
        call.workflow_remote_id
        for call in calls
        if call.code == tell_console.CODE or call.workflow_remote_id not in known
    }
    with transaction.atomic():
        ApplicationStep.objects.link(portal, known)
        if over:
            ApplicationStep.objects.waiting().filter(pk__in=over).update(
                state=StepState.ELSEWHERE, settled_at=timezone.now()
            )
        if presumed:
            ApplicationStep.objects.filter(pk__in=presumed).delete()
        if to_read:
            ask_for_reading(portal, to_read)
        ApplicationStep.objects.filter(pk__in=[call.pk for call in calls]).update(is_due=False)


def executions_over(portal: Portal, remote_ids: Iterable[str]) -> list[int]:
    """Return which executions of steps are surely over, because the same step ran again later.

    The portal runs a step of one workflow again only after its execution before has ended, and it
    was not ended by an answer from here: those are in other states. What is later is told by the
    portal's clock, whichever call came first; of two in one second neither is taken for the later.
    """
    calls = (
        ApplicationStep.objects.verified()
        .filter(portal=portal, workflow_remote_id__in=list(remote_ids))
        .exclude(name="")
        .exclude(called_at=None)
    )
    # read first: of what comes in between only the later reading tells
    waiting = list(
        calls.filter(state=StepState.WAITING).values_list(
            "pk", "workflow_remote_id", "name", "called_at"
        )
    )
    latest: dict[tuple[str, str], Any] = {
        (remote_id, name): called_at
        for remote_id, name, called_at in calls.values_list("workflow_remote_id", "name")
        .annotate(latest=Max("called_at"))
        .order_by()
    }
    return [pk for pk, remote_id, name, called_at in waiting if called_at < latest[remote_id, name]]


def presumed_of(pairs: set[tuple[int, str]]) -> list[int]:
    """Return what was only presumed, of workflows and actions that have called."""
    presumed = ApplicationStep.objects.filter(
        workflow__in={workflow for workflow, _ in pairs}, state=StepState.PRESUMED
    )
    return [
        pk for pk, *pair in presumed.values_list("pk", "workflow", "code") if tuple(pair) in pairs
    ]


def settle_unverified(portal: Portal) -> None:
    """Promote what turns out to be of the portal once its token is known, and drop the rest."""
    receiver = CallReceiver.objects.filter(portal=portal, client_id=portal.client_id).first()
    if receiver is None or receiver.token is None:
        return
    try:
        sender = sender_digest(receiver.token.reveal())
    except UnreadableSecret:
        return
    unverified = ApplicationStep.objects.filter(portal=portal, state=StepState.UNVERIFIED)
    if not unverified.exists():
        return
    with transaction.atomic():
        ours = unverified.filter(sender=sender)
        for is_subscribed in (True, False):
            ours.filter(is_subscribed=is_subscribed).update(
                state=state_of(is_subscribed=is_subscribed),
                settled_at=None if is_subscribed else F("received_at"),
                client_id=portal.client_id,
                sender="",
                is_due=True,
            )
        # one that came without its proof, because it was too large, may still be anybody's
        unverified.exclude(sender="").delete()


# --- reading workflows again ---------------------------------------------------------------------


def ask_for_reading(portal: Portal, remote_ids: Iterable[str]) -> None:
    """Have workflows read as soon as they may be: each at most once in READ_EVERY."""
    now = timezone.now()
    wanted = set(remote_ids)
    here = CalledWorkflow.objects.filter(portal=portal, remote_id__in=wanted)
    known = set(here.values_list("remote_id", flat=True))
    CalledWorkflow.objects.bulk_create(
        [
            CalledWorkflow(portal=portal, remote_id=remote_id, due_at=now)
            for remote_id in sorted(wanted - known)
        ],
        ignore_conflicts=True,
    )
    resting = Q(read_at__gt=now - READ_EVERY)
    here.filter(resting, due_at=None).update(due_at=F("read_at") + READ_EVERY)
    here.exclude(resting).filter(due_at=None).update(due_at=now)


def start_readings(portal_pk: int, *, rest: float = 0.0) -> None:
    """Ring for the next reading of what calls have asked for, when it is due and after a rest."""
    first = (
        CalledWorkflow.objects.filter(portal=portal_pk)
        .exclude(due_at=None)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    if first is not None:
        after = max(rest, (first - timezone.now()).total_seconds())
        doorbell.ring("read_called", portal_pk, queue=doorbell.INTERACTIVE, after=after)


def read_called(portal_pk: int) -> None:
    """Read some of the workflows that calls have asked for, the longest due first.

    One reading of a portal at a time: what is asked for meanwhile is in the next, all of it.
    """
    with alone(f"reading-called-{portal_pk}", lease=READ_LEASE) as is_alone:
        if is_alone:
            read_due(Portal.objects.get(pk=portal_pk))
    if is_alone:
        start_readings(portal_pk, rest=READ_REST)


def read_due(portal: Portal) -> None:
    now = timezone.now()
    due = CalledWorkflow.objects.filter(portal=portal, due_at__lte=now)
    remote_ids = []
    for pk, remote_id in due.order_by("due_at").values_list("pk", "remote_id")[:READ_AT_ONCE]:
        # whoever changes the row reads the workflow
        if due.filter(pk=pk).update(due_at=None, read_at=now):
            remote_ids.append(remote_id)
    if remote_ids:
        rereading.read_called(portal, remote_ids)
        ApplicationStep.objects.link(portal, remote_ids)


def start_due(*, start: doorbell.Start) -> None:
    """Start what no message was rung for, or whose message was lost."""
    now = timezone.now()
    calls = ApplicationStep.objects.filter(is_due=True)
    for pk in calls.values_list("portal", flat=True).distinct().order_by():
        start("take_calls", pk, queue=doorbell.INTERACTIVE)
    unanswered = CallReceiver.objects.filter(asked_at__lt=now - NONCE_LIVES).exclude(nonce="")
    for pk in list(unanswered.values_list("portal", flat=True)):
        unanswered.filter(portal=pk).update(nonce="")
        look_at_tests(pk)
    application_events.start_due_looks(start=start)
    readings = CalledWorkflow.objects.filter(due_at__lte=timezone.now())
    for pk in readings.values_list("portal", flat=True).distinct().order_by():
        start("read_called", pk, queue=doorbell.INTERACTIVE)


def forget_old() -> None:
    """Forget unverified calls after a day, and which workflows were read because of calls."""
    now = timezone.now()
    ApplicationStep.objects.filter(
        state=StepState.UNVERIFIED, received_at__lt=now - UNVERIFIED_LIVES
    ).delete()
    CalledWorkflow.objects.filter(due_at=None, read_at__lt=now - UNVERIFIED_LIVES).delete()
    erase_values(before=now - timedelta(days=settings.CALL_VALUES_DAYS))


def erase_values(*, before: datetime) -> None:
    """Erase what steps were given that have been over since then; that they were stays."""
    over = ApplicationStep.objects.filter(
        state__in=OVER, settled_at__lt=before, properties__isnull=False
    )
    while pks := list(over.values_list("pk", flat=True)[:AT_ONCE]):
        ApplicationStep.objects.filter(pk__in=pks).update(properties=None)
