"""What a portal's answers tell of its clock and its time zone."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from bizproc_admin import bitrix, zones
from bizproc_admin.models import Person, Portal

# a clock that is further away is no clock
FURTHEST = timedelta(days=3650)


def offset_of(answer: bitrix.AnswerTime | None) -> float | None:
    """Return how many seconds a portal's clock is ahead of ours, by an answer that just came."""
    if answer is None or answer.finished_at is None:
        return None
    ahead = answer.finished_at - timezone.now()
    return None if abs(ahead) > FURTHEST else ahead.total_seconds()


def learn_offset(portal: Portal, answer: bitrix.AnswerTime) -> None:
    """Keep how far the portal's clock is from ours, as an answer that just came shows it."""
    offset = offset_of(answer)
    if answer.finished_at is None or offset is None:
        return
    east = answer.finished_at.utcoffset() or timedelta()
    if abs(offset - portal.clock_offset) > 2 or int(east.total_seconds()) != portal.utc_offset:
        portal.clock_offset = offset
        portal.utc_offset = int(east.total_seconds())
        portal.save(update_fields=["clock_offset", "utc_offset"])
    learn_zone(portal, [answer.finished_at])


def learn_clock(portal: Portal, answer: bitrix.AnswerTime | None) -> None:
    """Keep how far the clock of an answer is from ours, and nothing of its zone: it has none."""
    offset = offset_of(answer)
    if offset is not None and abs(offset - portal.clock_offset) > 2:
        portal.clock_offset = offset
        portal.save(update_fields=["clock_offset"])


def learn_zone(portal: Portal, moments: Iterable[datetime | None]) -> None:
    """Keep what moments as the portal wrote them tell of its zone, and propose it anew."""
    fresh = zones.evidence_of(moments)
    if fresh.keys() - portal.zone_evidence.keys():
        portal.zone_evidence = zones.learnt(portal.zone_evidence, fresh)
        portal.save(update_fields=["zone_evidence"])
        propose_zone(portal)


def propose_zone(portal: Portal) -> None:
    """Propose the zone that fits best what is known; that of most people goes before others."""
    named = Person.objects.filter(portal=portal).exclude(time_zone="").values_list("time_zone")
    counted = named.annotate(n=Count("pk")).order_by("-n", "time_zone")
    proposal = zones.proposed(portal.zone_evidence, [name for name, _count in counted])
    if proposal != portal.proposed_zone:
        portal.proposed_zone = proposal
        portal.save(update_fields=["proposed_zone"])
