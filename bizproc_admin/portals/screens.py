"""Screens: what people look at is noted, and read by one job a portal for all of them together.

A reading that is asked for while one waits is the same reading. What one account looks at is
limited, and nobody looks for ever: an open page says so again and again.
"""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from bizproc_admin import doorbell
from bizproc_admin.models import Account, ScreenReading, Watched, Workflow

# all that is open is read so often, as exactly as the sweeper looks: every 20 to 25 s
EVERY = timedelta(seconds=18)
# what was just opened is read sooner, but not at any rate
SOONEST = timedelta(seconds=3)
LOOKS_FOR = timedelta(seconds=50)
# a page's word is written down at most so often
RENEWED_AFTER = timedelta(seconds=10)
# a message nobody has taken by then is rung again
RUNG_FOR = timedelta(seconds=30)
LEASE = timedelta(seconds=90)
# open pages of one account that are read for it, the newest first
MOST_OF_ONE = 20


def watch(workflow: Workflow, account: Account | None = None, *, is_fresh: bool = False) -> bool:
    """Note that somebody looks at a workflow; True when a reading of it is on its way.

    What is fresh enough for now is read with the next one.
    """
    now = timezone.now()
    until = now + LOOKS_FOR
    watched = Watched.objects.filter(pk=workflow.pk)
    if account is None and watched.exists():
        is_new = not watched.update(until=until)
    elif account is not None and watched.filter(until__gt=until - RENEWED_AFTER).exists():
        is_new = False
    else:
        is_new = not watched.live(now).exists()
        Watched.objects.update_or_create(
            workflow=workflow,
            defaults={"portal_id": workflow.portal_id, "account": account, "until": until},
        )
        if is_new and account is not None:
            keep_within_limit(account, now)
    if is_fresh:
        return False
    if account is None or is_new or is_overdue(workflow.portal_id, now):
        ask(workflow.portal_id)
    return True


def keep_within_limit(account: Account, now: datetime) -> None:
    """Forget the oldest of what one account looks at, beyond the limit."""
    live = Watched.objects.live(now).filter(account=account).order_by("-until", "-pk")
    too_many = list(live.values_list("pk", flat=True)[MOST_OF_ONE:])
    Watched.objects.filter(pk__in=too_many).delete()


def is_overdue(portal_pk: int, now: datetime) -> bool:
    return not ScreenReading.objects.filter(pk=portal_pk, read_at__gt=now - EVERY).exists()


def ask(portal_pk: int, *, start: doorbell.Start = doorbell.ring) -> None:
    """Ring for a reading of a portal's screens, unless one has been rung for and still waits."""
    now = timezone.now()
    reading, _ = ScreenReading.objects.get_or_create(pk=portal_pk)
    waiting = Q(rung_at=None) | Q(rung_at__lt=now - RUNG_FOR)
    if not ScreenReading.objects.filter(waiting, pk=portal_pk).update(rung_at=now):
        return
    since = reading.read_at + SOONEST if reading.read_at else now
    after = max(0.0, (since - now).total_seconds())
    expires = RUNG_FOR.total_seconds()
    start("read_screens", portal_pk, queue=doorbell.INTERACTIVE, after=after, expires=expires)


def ask_where_due(*, start: doorbell.Start = doorbell.ring) -> None:
    """Start the reading of every portal's screens that were not read for a while."""
    now = timezone.now()
    recent = ScreenReading.objects.filter(read_at__gt=now - EVERY)
    due = Watched.objects.live(now).exclude(portal__in=recent.values("pk"))
    for pk in due.values_list("portal_id", flat=True).distinct().order_by():
        ask(pk, start=start)


def begin(portal_pk: int) -> list[int] | None:
    """Take the reading of a portal: the workflows to be read, None where somebody is at it."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    mine = ScreenReading.objects.filter(free, pk=portal_pk)
    if not mine.update(lease_until=now + LEASE, rung_at=None, read_at=now):
        return None
    live = Watched.objects.live(now).filter(portal=portal_pk).order_by(F("until").desc())
    return list(live.values_list("pk", flat=True))


def end(portal_pk: int, read: list[int]) -> None:
    """End a reading, and forget what nobody looks at, or what was only to be read once."""
    reading = ScreenReading.objects.get(pk=portal_pk)
    ScreenReading.objects.filter(pk=portal_pk).update(lease_until=None)
    here = Watched.objects.filter(portal=portal_pk)
    here.filter(until__lt=timezone.now()).delete()
    if reading.read_at is not None:
        asked_before = reading.read_at + LOOKS_FOR
        here.filter(pk__in=read, account=None, until__lte=asked_before).delete()
