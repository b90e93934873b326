"""Serving a portal: what is due of its commands, one after another, the most urgent first.

A portal is served as a whole, by a message that names it alone: however many commands wait and
however often it is rung for, the next thing done is the most urgent one there is.
"""

import logging
import time
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import Exists, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from bizproc_admin import doorbell
from bizproc_admin.commands.bulk_sending import carry_on, goes_in_batches
from bizproc_admin.commands.confirming import confirm_delivered
from bizproc_admin.commands.holding import pause_lost, pause_where_refused_alike
from bizproc_admin.commands.operations import look_after, start_due
from bizproc_admin.commands.sending import carry_out
from bizproc_admin.commands.settling import free_the_dead, settle
from bizproc_admin.models import Command, CommandState, Portal
from bizproc_admin.models.commands import BULK
from bizproc_admin.portals import outages

log = logging.getLogger(__name__)

# commands of one portal that are worked on at once: people's own, whatever mass actions do, and
# those of mass actions, unless as many of people's are
AT_ONCE, AT_ONCE_OF_BULK = 2, 1
# seconds after which a thread goes on with another portal's work
SLICE = 20.0
# a command that somebody took is taken by another after this, should that one have died unnoticed
HELD_FOR = timedelta(seconds=180)


def portals_due(now: datetime) -> list[int]:
    """Return the portals that have commands due and may be asked."""
    due = Command.objects.due(now).values_list("portal_id", flat=True).distinct()
    resting = Portal.objects.filter(failures__gte=outages.LEFT_ALONE_AFTER, retry_at__gt=now)
    return sorted(set(due.exclude(portal__in=resting).order_by()))


def sweep(*, start: doorbell.Start = doorbell.ring, grace: timedelta = timedelta()) -> None:
    """Find what dead workers held, and start the service of every portal with something due.

    What has become due only within the grace is on its way already.
    """
    free_the_dead()
    pause_lost()
    confirm_delivered()
    look_after(timezone.now())
    start_due(timezone.now(), start=start)
    expires = 2 * settings.SWEEP_INTERVAL
    for pk in portals_due(timezone.now() - grace):
        start("serve_portal", pk, queue=doorbell.INTERACTIVE, expires=expires)


def serve(portal_pk: int, *, worker: str, serves_bulk: bool = True) -> None:
    """Carry out and settle what is due of a portal's commands, until nothing is or time is up.

    Safe to call again at any time, and beside itself. A part of a mass action may hold its thread
    for seconds, until the portal's pace lets it: one call leaves them alone.
    """
    until = time.monotonic() + SLICE
    while (command := take_next(portal_pk, worker=worker, takes_bulk=serves_bulk)) is not None:
        try:
            work_on(command, worker=worker)
        finally:
            # what was settled meanwhile has left it, and changes no more
            Command.objects.open().filter(pk=command.pk, taken_by=worker).update(
                taken_by="", taken_until=None
            )
        if time.monotonic() > until:
            doorbell.ring("serve_portal", portal_pk, queue=doorbell.INTERACTIVE)
            return
    log.debug("served portal=%s", portal_pk)


def work_on(command: Command, *, worker: str) -> None:
    """Do what is due of a command that is taken, with others of its operation if it has one."""
    if goes_in_batches(command):
        carry_on(command, worker=worker, is_called=partial(is_called, command.portal_id))
        return
    if command.state == CommandState.INTENT:
        carry_out(command.pk, worker=worker)
    else:
        settle(command.pk)
    if command.bulk is not None:
        command.refresh_from_db(fields=["state"])
        pause_where_refused_alike(command.bulk, [command])


def take_next(portal_pk: int, *, worker: str, takes_bulk: bool = True) -> Command | None:
    """Take the most urgent command that is due and that nobody is at; None without any."""
    now = timezone.now()
    if Portal.objects.filter(
        pk=portal_pk, failures__gte=outages.LEFT_ALONE_AFTER, retry_at__gt=now
    ).exists():
        return None
    here = Command.objects.filter(portal=portal_pk)
    held = list(here.filter(taken_until__gt=now).values_list("origin", flat=True))
    of_bulk = held.count(BULK)
    if len(held) - of_bulk >= AT_ONCE:
        return None
    due = here.due(now)
    found = first_of(due.exclude(origin=BULK))
    if found is None and takes_bulk and of_bulk < AT_ONCE_OF_BULK and len(held) < AT_ONCE:
        found = first_of(due.filter(origin=BULK))
    if found is None:
        return None
    taken = here.filter(pk=found.pk, state=found.state, epoch=found.epoch).filter(
        Q(taken_until=None) | Q(taken_until__lte=now)
    )
    if found.origin == BULK:
        # another thread may have looked at the same moment; two would keep each other waiting
        taken = taken.exclude(Exists(here.filter(origin=BULK, taken_until__gt=now)))
    if not taken.update(taken_by=worker[:100], taken_until=now + HELD_FOR):
        return take_next(portal_pk, worker=worker, takes_bulk=takes_bulk)
    note_queue(found, now)
    return found


def is_called(portal_pk: int) -> bool:
    """Tell whether something that people asked for themselves is due, and nobody is at it."""
    here = Command.objects.filter(portal=portal_pk).exclude(origin=BULK)
    return here.due(timezone.now()).exists()


def first_of(due: QuerySet[Command]) -> Command | None:
    """Return what comes first: what was sent and is not proven yet, then what waits longest."""
    checks = due.exclude(state=CommandState.INTENT).order_by("next_check_at", "pk")
    intents = due.filter(state=CommandState.INTENT).order_by(
        Coalesce("next_check_at", "not_before", "requested_at"), "pk"
    )
    return checks.first() or intents.first()


def note_queue(command: Command, now: datetime) -> None:
    """Note how long an intent that was due has waited for its turn: that is nobody's silence."""
    if command.state != CommandState.INTENT:
        return
    due_at = max(filter(None, (command.requested_at, command.not_before, command.next_check_at)))
    waited = (now - due_at).total_seconds()
    if waited > settings.SWEEP_INTERVAL:
        Command.objects.filter(pk=command.pk).update(queued=F("queued") + waited)


def ahead_of(command: Command) -> int:
    """Count the commands of the portal that are worked on or due before this one."""
    now = timezone.now()
    others = Command.objects.filter(portal=command.portal_id).exclude(pk=command.pk)
    if command.origin != BULK:
        others = others.exclude(origin=BULK)
    due = others.due(now)
    checks = due.exclude(state=CommandState.INTENT).count()
    return checks + due.filter(state=CommandState.INTENT, pk__lt=command.pk).count()
