"""How old a list's data is, in words a page can show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin import bitrix
from bizproc_admin.models import Feed, FeedName, Portal, SyncRun
from bizproc_admin.models.sync_runs import CUT_OFF, OWN_ERROR
from bizproc_admin.portals.gateways import FEEDS
from bizproc_admin.wording.findings import said_of
from bizproc_admin.wording.outages import outage
from bizproc_admin.wording.portal_errors import Value, for_readers, technical_code

# what a reading failed of, where more is to be said of it than of other calls
FAILURES = {
    CUT_OFF: gettext_lazy("cut off"),
    OWN_ERROR: gettext_lazy("An error of this program stopped the pass; see its log."),
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

    state is fresh, late, failed, never, off, or untold where the connection does not tell it at
    all; age is None until the first pass, at is when it was nothing; after late_after
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
    at: datetime | None = None


def freshness_of(portal: Portal | None, name: FeedName) -> Freshness:
    """Return the freshness of one feed of a portal."""
    if portal is None:
        return Freshness(state="off", age=None)
    if not is_told(portal, name):
        return Freshness(state="untold", age=None)
    feed = Feed.objects.filter(portal=portal, name=name).first()
    return replace(of_feed(portal, feed), at=feed.fresh_at if feed else None)


def is_told(portal: Portal, name: FeedName) -> bool:
    """Tell whether a portal's connection tells a feed: the gateway has no tasks and no people."""
    return name in FEEDS or not portal.is_by_gateway


def of_feed(portal: Portal, feed: Feed | None) -> Freshness:
    """Return the freshness of a feed that is already at hand."""
    age = timezone.now() - feed.fresh_at if feed and feed.fresh_at else None
    if not portal.is_connected:
        return Freshness(state="off", age=age, why=problem_of(portal))
    if told := outage(portal):
        code = technical_code(feed.failure_code, feed.failure_values) if feed else ""
        return Freshness(state="failed", age=age, why=told.whole, code=code, is_told=True)
    if feed is not None and feed.failing_since:
        return Freshness(
            state="failed",
            age=age,
            why=why(feed.failure_code, feed.failure_values),
            code=technical_code(feed.failure_code, feed.failure_values),
        )
    if age is None:
        return Freshness(state="never", age=None)
    slow = feed is not None and feed.name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES)
    period = settings.SYNC_SLOW if slow else settings.SYNC_INCREMENTAL
    if portal.is_by_gateway and feed is not None:
        # a pass reads everything, and leaves as much time to others as it took
        period = max(period, 2 * feed.full_requests / settings.GATEWAY_PER_SECOND)
    late_after = int(period * LATE_AFTER)
    late = age > timedelta(seconds=late_after)
    return Freshness(state="late" if late else "fresh", age=age, late_after=late_after)


def why(code: str, values: Mapping[str, Value]) -> str:
    """Return why a reading failed; nothing where it did not."""
    if code in FAILURES:
        return str(FAILURES[code])
    return for_readers(code, values) if code else ""


def why_of_feed(feed: Feed | None) -> str:
    """Return why a feed was not read lately; nothing where it was."""
    return why(feed.failure_code, feed.failure_values) if feed else ""


def why_of_run(run: SyncRun) -> str:
    """Return why a pass failed, with what only whoever looks after the portal can use."""
    text = why(run.error_code, run.error_values)
    detail = run.error_values.get("detail")
    if not detail or run.error_code in FAILURES:
        return text
    return _("%(why)s Technical line: %(detail)s") % {"why": text, "detail": detail}


def problem_of(portal: Portal) -> str:
    """Return what keeps a portal's connection from being used, as far as it was found out."""
    return said_of(portal.problem_code, portal.problem_values) if portal.problem_code else ""


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
