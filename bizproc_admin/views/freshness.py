"""How old a list's data is, in words a page can show."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from bizproc_admin.models import Feed, FeedName, Portal
from bizproc_admin.templatetags.outages import outage

LATE_AFTER = 3  # missed passes before the age is called late


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """The age of a feed's data.

    state is fresh, late, failed, never or off; age is None until the first pass; after late_after
    seconds a fresh one is late; why says what keeps a failing feed from being read, code is the
    vendor's. is_told tells that the banner above every page says it
    already: nothing on the page repeats it.
    """

    state: str
    age: timedelta | None
    late_after: int = 0
    why: str = ""
    code: str = ""
    is_told: bool = False


def freshness_of(portal: Portal | None, name: FeedName) -> Freshness:
    """Give the freshness of one feed of a portal."""
    if portal is None:
        return Freshness(state="off", age=None)
    feed = Feed.objects.filter(portal=portal, name=name).first()
    return of_feed(portal, feed)


def of_feed(portal: Portal, feed: Feed | None) -> Freshness:
    """Give the freshness of a feed that is already at hand."""
    age = timezone.now() - feed.fresh_at if feed and feed.fresh_at else None
    if not portal.is_connected:
        return Freshness(state="off", age=age, why=portal.probe_error)
    if told := outage(portal):
        code = feed.failure_code if feed else ""
        return Freshness(state="failed", age=age, why=told.whole, code=code, is_told=True)
    if feed is not None and feed.failing_since:
        return Freshness(state="failed", age=age, why=feed.failure, code=feed.failure_code)
    if age is None:
        return Freshness(state="never", age=None)
    slow = feed is not None and feed.name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES)
    period = settings.SYNC_SLOW if slow else settings.SYNC_INCREMENTAL
    late_after = int(period * LATE_AFTER)
    late = age > timedelta(seconds=late_after)
    return Freshness(state="late" if late else "fresh", age=age, late_after=late_after)
