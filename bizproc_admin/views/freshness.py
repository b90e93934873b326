"""How old a list's data is, in words a page can show."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bizproc_admin import bitrix
from bizproc_admin.models import Feed, FeedName, Portal
from bizproc_admin.templatetags.outages import outage

# what a reading failed of, where the code alone is kept
FAILURES = {
    bitrix.NotAdministrator.code: gettext_lazy(
        "The webhook's owner is no longer an administrator of the portal, or became an extranet "
        "user: the portal shows them only a part now, without saying so. Nothing was taken for "
        "ended; what was read before stays, with its age. Give the owner administrator rights on "
        "the portal again, or replace the webhook by one of an administrator. Reading goes on by "
        "itself then."
    ),
    bitrix.Incomplete.code: gettext_lazy(
        "The portal counts more rows than it gives. Nothing was taken for ended; it is read again "
        "by itself. If this lasts, tell whoever looks after the portal."
    ),
}
# what is wrong with a row that was set aside
ODD = {
    "missing": gettext_lazy("it is missing"),
    "empty": gettext_lazy("it is empty"),
    "no_object": gettext_lazy("it is no object"),
    "no_text": gettext_lazy("it is no text"),
    "too_long": gettext_lazy("it is too long"),
    "no_number": gettext_lazy("it is no number"),
    "too_large": gettext_lazy("the number is too large"),
    "not_above_zero": gettext_lazy("it is not above 0"),
    "no_moment": gettext_lazy("it is no date with time and offset"),
    "no_boolean": gettext_lazy("it is neither yes nor no"),
}
KINDS = {
    "workflow": gettext_lazy("Workflow"),
    "task": gettext_lazy("Workflow task"),
    "template": gettext_lazy("Workflow template"),
    "user": gettext_lazy("Person"),
    "department": gettext_lazy("Department"),
}
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
        return Freshness(
            state="failed",
            age=age,
            why=why(feed.failure_code, feed.failure),
            code=feed.failure_code,
        )
    if age is None:
        return Freshness(state="never", age=None)
    slow = feed is not None and feed.name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES)
    period = settings.SYNC_SLOW if slow else settings.SYNC_INCREMENTAL
    late_after = int(period * LATE_AFTER)
    late = age > timedelta(seconds=late_after)
    return Freshness(state="late" if late else "fresh", age=age, late_after=late_after)


def why(code: str, text: str) -> str:
    """Say why a reading failed: by its code where that is known, else in the words kept then."""
    return str(FAILURES[code]) if code in FAILURES else text


@dataclass(frozen=True, kw_only=True)
class OddRow:
    """A row of a feed that is set aside, as a page names it; code is for who looks after it."""

    kind: str
    id: str
    field: str
    what: str
    code: str


def odd_rows(feed: Feed | None) -> list[OddRow]:
    """Name the rows of a feed that could not be read."""
    return [
        OddRow(
            kind=str(KINDS.get(kind, kind)),
            id=row_id,
            field=field,
            what=str(ODD.get(code, code)),
            code=code,
        )
        for kind, row_id, field, code in (feed.odd if feed else [])
    ]
