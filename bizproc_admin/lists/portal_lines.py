"""What a portal's page says of its feeds, and of the passes over them."""

from dataclasses import dataclass
from typing import Self

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from bizproc_admin.models import Feed, FeedName, Portal, SyncRun
from bizproc_admin.syncing.passes import NOT_OFFERED
from bizproc_admin.wording.freshness import (
    Freshness,
    OddRow,
    odd_rows,
    of_feed,
    why_of_feed,
    why_of_run,
)
from bizproc_admin.wording.times import elapsed


@dataclass(frozen=True, kw_only=True)
class FeedLine:
    """A feed of a portal: how old what was read is, and what keeps it from being read."""

    label: str
    feed: Feed | None
    freshness: Freshness

    @property
    def why(self) -> str:
        return why_of_feed(self.feed)

    @property
    def odd(self) -> list[OddRow]:
        return odd_rows(self.feed)


@dataclass(frozen=True, kw_only=True)
class PortalLine:
    """A portal with its feeds, each of which may have been read or not."""

    portal: Portal
    feeds: list[FeedLine]

    @classmethod
    def of(cls, portal: Portal) -> Self:
        feeds = {feed.name: feed for feed in portal.feeds.all()}
        return cls(
            portal=portal,
            feeds=[
                FeedLine(
                    label=str(name.label),
                    feed=feeds.get(name.value),
                    freshness=of_feed(portal, feeds.get(name.value)),
                )
                for name in FeedName
                if not (portal.is_by_gateway and name in NOT_OFFERED)
            ],
        )

    @property
    def is_failing(self) -> bool:
        return any(line.feed and line.feed.failing_since for line in self.feeds)


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """A pass over a feed, how long it took, and why it failed."""

    run: SyncRun

    @property
    def took(self) -> str:
        return took(self.run)

    @property
    def why(self) -> str:
        return why_of_run(self.run)


def took(run: SyncRun) -> str:
    """Say how long a pass took, with tenths below a minute."""
    if run.finished_at is None:
        return ""
    span = run.finished_at - run.started_at
    if span.total_seconds() < 60:
        return _("%(seconds)s s") % {"seconds": number_format(span.total_seconds(), 1)}
    return elapsed(span)
