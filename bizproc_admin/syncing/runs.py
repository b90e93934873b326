"""The rows of a pass: who is at a feed, the run that is kept of it, and when the next is due."""

import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.models import Feed, FeedName, MethodBudget, SyncRun
from bizproc_admin.models.sync_runs import CUT_OFF, OWN_ERROR
from bizproc_admin.portals.outages import RETRY_AFTER
from bizproc_admin.portals.pacing import OPERATING_LIMIT

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
# a pass that found no permit in its patience tries again so soon
TURN_AFTER = timedelta(seconds=5)
# rows that cannot be read are counted without end, and named up to this many
ODD_NAMED = 200
# background work may take this share of the portal's pace and operating time
SHARE = 0.3
SLOW = (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES)
METHODS = {
    FeedName.WORKFLOWS: "bizproc.workflow.instances",
    FeedName.WORKFLOW_TASKS: "bizproc.task.list",
    FeedName.WORKFLOW_TEMPLATES: "bizproc.workflow.template.list",
    FeedName.PEOPLE: "user.get",
}


class LeaseLost(Exception):
    """A slice took longer than its lease, and the feed belongs to somebody else by now."""


def lease(feed_pk: int, *, worker: str) -> Feed | None:
    """Take the feed for one slice by a conditional update; None when it is taken or not due."""
    now = timezone.now()
    taken = Feed.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        Q(next_at=None) | Q(next_at__lte=now),
        pk=feed_pk,
        portal__is_connected=True,
    ).update(leased_by=f"{worker[:80]}/{secrets.token_hex(4)}", lease_until=now + LEASE)
    return Feed.objects.select_related("portal").get(pk=feed_pk) if taken else None


def hold(feed: Feed) -> None:
    """Keep the lease and the place, unless somebody else has taken the feed over."""
    feed.lease_until = timezone.now() + LEASE
    held = Feed.objects.filter(pk=feed.pk, leased_by=feed.leased_by)
    if not held.update(lease_until=feed.lease_until, position=feed.position):
        raise LeaseLost


def current_run(feed: Feed) -> SyncRun:
    """Return the run a resumed pass belongs to, else a new one; runs a crash cut off are closed."""
    now = timezone.now()
    open_runs = SyncRun.objects.filter(feed=feed, state=SyncRun.State.RUNNING)
    if feed.position:
        run = open_runs.filter(pk=feed.position["run"]).first()
        if run is not None:
            return run
        feed.position = None
    open_runs.update(state=SyncRun.State.FAILED, finished_at=now, error_code=CUT_OFF)
    is_full = (
        feed.name in SLOW
        or feed.portal.is_by_gateway
        or feed.next_full_at is None
        or feed.next_full_at <= now
    )
    return SyncRun.objects.create(feed=feed, is_full=is_full, started_at=now)


def complete(feed: Feed, run: SyncRun) -> None:
    """Close a pass and plan the next one."""
    now = timezone.now()
    run.state, run.finished_at = SyncRun.State.COMPLETE, now
    run.save()
    seconds = interval(feed, took=(now - run.started_at).total_seconds())
    feed.fresh_at = run.started_at
    feed.next_at = run.started_at + timedelta(seconds=seconds)
    feed.failing_since, feed.failure_code, feed.failure_values = None, "", {}
    if run.is_full:
        feed.full_at = run.started_at
        feed.full_requests = run.requests
        feed.next_full_at = run.started_at + timedelta(seconds=full_interval(feed))
        feed.odd, feed.odd_count = run.odd, run.odd_count
    else:
        for kind, row_id, field, code in run.odd:
            add_odd(feed, [kind, row_id, field, code])
    feed.position = None
    release(feed)


def interval(feed: Feed, *, took: float) -> float:
    """Return the seconds from the beginning of a pass to that of the next.

    Through the gateway each pass reads everything: it leaves as much time to others as it took.
    """
    if feed.name in SLOW:
        return float(settings.SYNC_SLOW)
    if feed.portal.is_by_gateway:
        return max(float(settings.SYNC_INCREMENTAL), 2 * took)
    return float(settings.SYNC_INCREMENTAL)


def set_aside(run: SyncRun, odd: bitrix.Odd) -> None:
    """Note a row that could not be read with the pass that met it."""
    add_odd(run, [odd.kind, odd.id, odd.field, odd.code])


def is_readable(feed: Feed, kind: str, ids: Iterable[int | str]) -> None:
    """Forget that rows could not be read which can be again."""
    if not feed.odd:
        return
    fine = {str(one) for one in ids}
    kept = [entry for entry in feed.odd if entry[0] != kind or entry[1] not in fine]
    feed.odd_count -= len(feed.odd) - len(kept)
    feed.odd = kept


def add_odd(kept: Feed | SyncRun, entry: list[str]) -> None:
    """Count a row that could not be read, and name it while there is room; each one once.

    Rows without any id cannot be told apart: each of them counts.
    """
    if entry[1] and entry in kept.odd:
        return
    kept.odd_count += 1
    if len(kept.odd) < ODD_NAMED:
        kept.odd = [*kept.odd, entry]


def full_interval(feed: Feed) -> float:
    """Return the seconds between full passes, stretched to the share background work may take."""
    by_pace = feed.full_requests / (SHARE * settings.PACE_PER_SECOND)
    budget = MethodBudget.objects.filter(
        portal=feed.portal, method=METHODS[FeedName(feed.name)]
    ).first()
    used = budget.operating / (SHARE * OPERATING_LIMIT) if budget else 0.0
    return float(max(settings.SYNC_FULL, by_pace, settings.SYNC_FULL * used))


def fail(feed: Feed, run: SyncRun, error: bitrix.BitrixError | None) -> None:
    """Close a failed pass: the old rows stay, the page says why, the next try comes soon.

    Without an error of the portal it was one of this program.
    """
    now = timezone.now()
    if not Feed.objects.filter(pk=feed.pk, leased_by=feed.leased_by).exists():
        return
    code, values = OWN_ERROR, bitrix.Values()
    if error is not None:
        code, values = error.code, error.values
        log.warning("pass_failed feed=%s run=%s %s", feed.pk, run.pk, error.for_logs)
    run.state, run.finished_at = SyncRun.State.FAILED, now
    run.error_code, run.error_values = code, values
    run.save()
    feed.failing_since = feed.failing_since or now
    feed.failure_code, feed.failure_values = code, values
    feed.next_at = now + RETRY_AFTER
    feed.position = None
    release(feed)


def wait_for_turn(feed: Feed, run: SyncRun) -> None:
    """Leave a pass until its turn comes: others ask the portal now, which is no failure of it."""
    if not Feed.objects.filter(pk=feed.pk, leased_by=feed.leased_by).exists():
        return
    feed.next_at = timezone.now() + TURN_AFTER
    if not feed.position:
        run.delete()  # it begins anew, and has nothing to tell
    release(feed)


def release(feed: Feed) -> None:
    feed.lease_until = None
    feed.leased_by = ""
    feed.save()
