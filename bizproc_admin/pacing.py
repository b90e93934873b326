"""The portal's rate limit as a database row, shared by every process of the installation.

A GCRA in one SQL statement: a row comes back when the request may leave now. Background work
leaves the last 30 % of the burst to people's commands (reliability: limits).
"""

import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import connection

from bizproc_admin import bitrix
from bizproc_admin.models import MethodBudget, PaceBucket, Portal

BACKGROUND_SHARE = 0.7
SLOWEST_INTERVAL = 4.0
RECOVERY = 0.003  # seconds of interval won back per second without a refusal
LONGEST_NAP = 0.5
# background work stops using a method at this share of its operating time (seconds)
OPERATING_LIMIT = 480.0
OPERATING_STOP = 0.8

# em: what a request costs now. The wait is in the WHERE, so that no row means "not yet".
TAKE = """
INSERT INTO {table} (portal_id, tat, interval, slowed_at)
VALUES (%(portal)s, %(now)s + %(base)s, %(base)s, 0)
ON CONFLICT (portal_id) DO UPDATE SET tat = {later} + {em}
WHERE {later} + {em} - %(now)s <= %(burst)s * {em}
RETURNING tat
"""
LATER = "(CASE WHEN {table}.tat > %(now)s THEN {table}.tat ELSE %(now)s END)"
EM = (
    "(CASE WHEN {table}.interval - (%(now)s - {table}.slowed_at) * %(recovery)s > %(base)s "
    "THEN {table}.interval - (%(now)s - {table}.slowed_at) * %(recovery)s ELSE %(base)s END)"
)


class DatabasePacer:
    """Pace the requests to one portal; bitrix.Pacer kept in PaceBucket and MethodBudget."""

    def __init__(
        self,
        portal: Portal,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.portal_id = portal.pk
        self.now = now
        self.clock = clock
        self.sleep = sleep
        self.base = 1.0 / settings.PACE_PER_SECOND
        self.burst = settings.PACE_BURST

    def acquire(self, method: str, *, interactive: bool, deadline: float) -> None:
        """Wait for a permit until the deadline (a time.monotonic value), else PaceExceeded."""
        while (wait := self.blocked_for(method, interactive=interactive)) > 0:
            self.nap(wait, until=deadline, method=method)
        while not self.take(interactive=interactive):
            self.nap(self.base, until=deadline, method=method)

    def take(self, *, interactive: bool) -> bool:
        """Take one permit if there is one now."""
        table = PaceBucket._meta.db_table
        statement = TAKE.format(table=table, later=LATER, em=EM).format(table=table)
        burst = self.burst if interactive else self.burst * BACKGROUND_SHARE
        with connection.cursor() as cursor:
            cursor.execute(
                statement,
                {
                    "portal": self.portal_id,
                    "now": self.now(),
                    "base": self.base,
                    "burst": burst,
                    "recovery": RECOVERY,
                },
            )
            return cursor.fetchone() is not None

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

    def blocked_for(self, method: str, *, interactive: bool) -> float:
        """Give the seconds a method has to wait; background work also heeds its operating time."""
        budget = MethodBudget.objects.filter(portal_id=self.portal_id, method=method).first()
        if budget is None:
            return 0.0
        wait = budget.blocked_until - self.now()
        worn_out = budget.operating >= OPERATING_LIMIT * OPERATING_STOP
        if worn_out and not interactive:
            wait = max(wait, budget.resets_at - self.now())
        return max(0.0, wait)

    def nap(self, seconds: float, *, until: float, method: str) -> None:
        """Sleep, or raise PaceExceeded when that would end past the caller's patience."""
        if self.clock() + seconds > until:
            raise bitrix.PaceExceeded("no permit in time", method=method, retry_after=seconds)
        self.sleep(min(seconds, LONGEST_NAP))
