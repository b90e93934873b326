"""The portal's rate limit as a database row, shared by every process of the installation.

A GCRA in one SQL statement: a row comes back when the request may leave now. Background work
leaves a part of the burst to people's commands (bitrix.pacing: SHARES), and passes have a small
rate of their own that nobody can use up. Of one portal at most two calls are under way at once, one
of them for people alone; and a portal that does not answer is asked again in a while only.
"""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection

from bizproc_admin import bitrix, heartbeats
from bizproc_admin.bitrix.pacing import SHARES
from bizproc_admin.models import MethodBudget, PaceBucket, Place, Portal
from bizproc_admin.portals import outages

# the part of the rate that passes keep, whatever else is asked
KEPT_FOR_PASSES = 0.2
# by so many requests they may go beyond the burst, so that nobody is in their way
BEYOND_BURST = 2
SLOWEST_INTERVAL = 4.0
RECOVERY = 0.003  # seconds of interval won back per second without a refusal
LONGEST_NAP = 0.5
SHORTEST_NAP = 0.02
# where a call is under way: one place for everything, one that is kept for people
PLACE_OF_ALL, PLACE_OF_PEOPLE = 1, 2
PLACE_NAP = 0.1
# seconds after which a place is free again that a dead process held
PLACE_MARGIN = 15.0
# background work stops using a method at this share of its operating time (seconds)
OPERATING_LIMIT = 480.0
OPERATING_STOP = 0.8

# em: what a request costs now. The wait is in the WHERE, so that no row means "not yet".
TAKE = """
INSERT INTO {table} (portal_id, tat, interval, slowed_at, kept_tat)
VALUES (%(portal)s, %(now)s + %(base)s, %(base)s, 0, 0)
ON CONFLICT (portal_id) DO UPDATE SET tat = {later} + {em}
WHERE {later} + {em} - %(now)s <= %(burst)s * {em}
RETURNING tat
"""
# what passes are owed: a bucket of one request that fills at their part of the rate
TAKE_KEPT = """
UPDATE {table} SET tat = {later} + {em}, kept_tat = {kept} + {em} / %(share)s
WHERE portal_id = %(portal)s
AND {kept} <= %(now)s
AND {later} + {em} - %(now)s <= (%(burst)s + %(beyond)s) * {em}
RETURNING tat
"""
KEPT = "(CASE WHEN {table}.kept_tat > %(now)s THEN {table}.kept_tat ELSE %(now)s END)"
LATER = "(CASE WHEN {table}.tat > %(now)s THEN {table}.tat ELSE %(now)s END)"
EM = (
    "(CASE WHEN {table}.interval - (%(now)s - {table}.slowed_at) * %(recovery)s > %(base)s "
    "THEN {table}.interval - (%(now)s - {table}.slowed_at) * %(recovery)s ELSE %(base)s END)"
)


def held_until(portal: Portal, method: str) -> datetime | None:
    """Return until when background work does not call a method, as far as the portal has told."""
    budget = MethodBudget.objects.filter(portal=portal, method=method).first()
    if budget is None:
        return None
    until, now = budget.blocked_until, time.time()
    if budget.operating >= OPERATING_LIMIT * OPERATING_STOP:
        until = max(until, budget.resets_at)
    return datetime.fromtimestamp(until, UTC) if until > now else None


def slowed_to(portal: Portal) -> float | None:
    """Return the requests a second that a portal is asked at most while that is below its rate."""
    bucket = PaceBucket.objects.filter(pk=portal.pk).first()
    if bucket is None:
        return None
    base = 1.0 / settings.PACE_PER_SECOND
    interval = bucket.interval - (time.time() - bucket.slowed_at) * RECOVERY
    return 1.0 / interval if interval > base * 1.05 else None


def rate_of(portal: Portal) -> float:
    """Return how many requests a second a portal is asked at most now."""
    base: float = settings.GATEWAY_PER_SECOND if portal.is_by_gateway else settings.PACE_PER_SECOND
    return min(base, slowed_to(portal) or base)


class DatabasePacer:
    """Pace the requests to one portal; bitrix.Pacer kept in PaceBucket and MethodBudget.

    per_second and burst are the installation's settings where they are not given.
    """

    def __init__(
        self,
        portal: Portal,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        heeds_rest: bool = True,
        shares_with: int | None = None,
        per_second: float | None = None,
        burst: float | None = None,
    ) -> None:
        # who has places of its own and is left alone by itself
        self.asked_id = portal.pk
        # whose row holds the pace: portals behind one source share that of one of them
        self.portal_id = shares_with or portal.pk
        self.now = now
        self.clock = clock
        self.sleep = sleep
        self.base = 1.0 / (per_second or settings.PACE_PER_SECOND)
        self.burst = burst or settings.PACE_BURST
        self.heeds_rest = heeds_rest

    def acquire(self, method: str, *, purpose: bitrix.Purpose, deadline: float) -> bitrix.Release:
        """Wait for a permit and a place until the deadline (time.monotonic), else PaceExceeded.

        Raises Resting, without any wait, while the portal is left alone.
        """
        if self.heeds_rest and (seconds := outages.rests_for(self.asked_id)) > 0:
            raise bitrix.Resting("no answer lately", method=method, retry_after=seconds)
        while (wait := self.blocked_for(method, purpose=purpose)) > 0:
            self.nap(wait, until=deadline, method=method)
        while not self.take(purpose=purpose):
            self.nap(self.due_in(purpose=purpose), until=deadline, method=method)
        while (release := self.place(purpose=purpose)) is None:
            self.nap(PLACE_NAP, until=deadline, method=method)
        return release

    def take(self, *, purpose: bitrix.Purpose) -> bool:
        """Take one permit if there is one now."""
        values = {
            "portal": self.portal_id,
            "now": self.now(),
            "base": self.base,
            "burst": self.burst * SHARES[purpose],
            "recovery": RECOVERY,
        }
        if self.execute(TAKE, values):
            return True
        if purpose not in (bitrix.Purpose.PASSES, bitrix.Purpose.LEARNING):
            return False
        kept = {"share": KEPT_FOR_PASSES, "burst": self.burst, "beyond": BEYOND_BURST}
        return self.execute(TAKE_KEPT, values | kept)

    def execute(self, statement: str, values: dict[str, Any]) -> bool:
        """Run one of the statements above; True when it changed the row."""
        table = PaceBucket._meta.db_table
        whole = statement.format(table=table, later=LATER, em=EM, kept=KEPT).format(table=table)
        with connection.cursor() as cursor:
            cursor.execute(whole, values)
            return cursor.fetchone() is not None

    def due_in(self, *, purpose: bitrix.Purpose) -> float:
        """Return the seconds until a permit may come, as it looks now; others may be faster."""
        bucket = PaceBucket.objects.filter(pk=self.portal_id).first()
        if bucket is None:
            return SHORTEST_NAP
        now = self.now()
        cost = max(self.base, bucket.interval - (now - bucket.slowed_at) * RECOVERY)
        wait = max(bucket.tat, now) + cost - now - self.burst * SHARES[purpose] * cost
        if purpose in (bitrix.Purpose.PASSES, bitrix.Purpose.LEARNING):
            wait = min(wait, max(bucket.kept_tat - now, cost))
        return float(max(wait, SHORTEST_NAP))

    def place(self, *, purpose: bitrix.Purpose) -> bitrix.Release | None:
        """Take one of the portal's places for a call, if one is free; give what leaves it."""
        numbers = (PLACE_OF_PEOPLE, PLACE_OF_ALL) if purpose.is_for_people else (PLACE_OF_ALL,)
        holder = f"{heartbeats.worker_name()}/{secrets.token_hex(4)}"
        until = self.now() + settings.TOTAL_TIMEOUT + PLACE_MARGIN
        for number in numbers:
            mine = Place.objects.filter(portal_id=self.asked_id, number=number)
            taken_until = mine.values_list("until", flat=True).first()
            if taken_until is not None:
                # only who has seen it free writes: those who wait for a silent portal ask ten times
                # a second, and on SQLite each write would be in the way of all others
                is_free = taken_until < self.now()
                if is_free and mine.filter(until=taken_until).update(holder=holder, until=until):
                    return partial(self.leave, number, holder)
            else:
                Place.objects.bulk_create(
                    [Place(portal_id=self.asked_id, number=number, holder=holder, until=until)],
                    ignore_conflicts=True,
                )
                if mine.filter(holder=holder).exists():
                    return partial(self.leave, number, holder)
        return None

    def leave(self, number: int, holder: str) -> None:
        """Leave a place, unless somebody else has been given it meanwhile."""
        Place.objects.filter(portal_id=self.asked_id, number=number, holder=holder).update(until=0)

    def told(self, method: str, time: bitrix.AnswerTime) -> None:
        """Keep the operating time the portal reported for a method; it is a state, never a sum."""
        if not time.operating:
            return
        MethodBudget.objects.update_or_create(
            portal_id=self.portal_id,
            method=method,
            defaults={
                "operating": time.operating,
                "resets_at": (
                    time.operating_reset_at.timestamp()
                    if time.operating_reset_at
                    else self.now() + 600
                ),
                "told_at": self.now(),
            },
        )

    def rate_limited(self) -> None:
        """Take the bucket for full and halve the rate: somebody else uses the portal's limit."""
        bucket, _ = PaceBucket.objects.get_or_create(
            portal_id=self.portal_id, defaults={"interval": self.base}
        )
        interval = min(max(bucket.interval, self.base) * 2, SLOWEST_INTERVAL)
        PaceBucket.objects.filter(pk=self.portal_id).update(
            interval=interval,
            slowed_at=self.now(),
            tat=self.now() + self.burst * interval,
        )

    def method_exhausted(self, method: str, resets_at: datetime) -> None:
        """Block one method until the portal frees it."""
        MethodBudget.objects.update_or_create(
            portal_id=self.portal_id,
            method=method,
            defaults={"blocked_until": resets_at.timestamp(), "told_at": self.now()},
        )

    def blocked_for(self, method: str, *, purpose: bitrix.Purpose) -> float:
        """Return the seconds a method has to wait; background work heeds operating time, too."""
        budget = MethodBudget.objects.filter(portal_id=self.portal_id, method=method).first()
        if budget is None:
            return 0.0
        wait = budget.blocked_until - self.now()
        worn_out = budget.operating >= OPERATING_LIMIT * OPERATING_STOP
        if worn_out and not purpose.is_for_people:
            wait = max(wait, budget.resets_at - self.now())
        return max(0.0, wait)

    def nap(self, seconds: float, *, until: float, method: str) -> None:
        """Sleep, or raise PaceExceeded when that would end past the caller's patience."""
        if self.clock() + seconds > until:
            raise bitrix.PaceExceeded("no permit in time", method=method, retry_after=seconds)
        self.sleep(min(seconds, LONGEST_NAP))


def seconds_of_one(portal_pk: int, method: str) -> float:
    """Return how long a portal takes for one of many calls of a method; 0.0 if not known yet."""
    budgets = MethodBudget.objects.filter(portal=portal_pk, method=method)
    return budgets.values_list("seconds_of_one", flat=True).first() or 0.0


def learn_seconds_of_one(portal_pk: int, method: str, seconds: float, *, is_certain: bool) -> None:
    """Keep how long one took, for every process: slower at once, faster by and by.

    Of a request without an answer only that is certain which makes it slower.
    """
    before = seconds_of_one(portal_pk, method)
    if seconds < before:
        seconds = (seconds + before) / 2 if is_certain else before
    elif not before and not is_certain:
        return
    MethodBudget.objects.update_or_create(
        portal_id=portal_pk, method=method, defaults={"seconds_of_one": seconds}
    )
