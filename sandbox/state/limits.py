"""The cloud's two limits: a leaky bucket per source, and the time spent in a method.

Both run on the portal's clock, so that ``advance`` drains buckets.
"""

from sandbox.state.clock import Clock

BUCKET_SIZE = 50
LEAK_PER_SECOND = 2.0
OPERATING_LIMIT = 480.0
_RECORDED_FROM = 0.1
_BUCKETS = 10
_MINUTE = 60


class RequestsPerMinute:
    """Counts the requests of each source in a minute, as the gateway does."""

    MOST = 300

    def __init__(self, clock: Clock) -> None:
        """Count by this clock."""
        self._clock = clock
        self._counts: dict[str, tuple[int, int]] = {}

    def clear(self) -> None:
        """Forget all sources."""
        self._counts.clear()

    def admit(self, source: str) -> tuple[bool, dict[str, str]]:
        """Count one request; tell whether it is within the limit, and the headers that say so."""
        now = self._clock.now()
        minute = int(now // _MINUTE)
        began, count = self._counts.get(source, (minute, 0))
        count = count + 1 if began == minute else 1
        self._counts[source] = (minute, count)
        ends = (minute + 1) * _MINUTE
        return count <= self.MOST, {
            "X-RateLimit-Limit": str(self.MOST),
            "X-RateLimit-Remaining": str(max(0, self.MOST - count)),
            "X-RateLimit-Reset": str(ends),
            "X-RateLimit-Reset-After": str(max(1, int(ends - now + 0.999))),
        }


class Limits:
    """Counts requests per source and operating time per webhook and method."""

    def __init__(self, clock: Clock, *, on: bool) -> None:
        """Count by this clock; when off, nothing is ever refused."""
        self.on = self._at_first = on
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}
        self._spent: dict[tuple[str, str], dict[int, tuple[float, float]]] = {}

    def clear(self) -> None:
        """Empty all buckets and count as at first."""
        self.on = self._at_first
        self._levels.clear()
        self._spent.clear()

    def admit(self, source: str) -> bool:
        """Count one HTTP request of a source; False when its bucket overflows."""
        if not self.on:
            return True
        now = self._clock.now()
        level, seen = self._levels.get(source, (0.0, now))
        level = max(0.0, level - max(0.0, now - seen) * LEAK_PER_SECOND)
        admitted = level + 1 <= BUCKET_SIZE
        self._levels[source] = (level + 1 if admitted else level, now)
        return admitted

    def fill(self, source: str, requests: float) -> None:
        """Count requests that a neighbour on the same address sent."""
        now = self._clock.now()
        level, seen = self._levels.get(source, (0.0, now))
        level = max(0.0, level - max(0.0, now - seen) * LEAK_PER_SECOND)
        self._levels[source] = (min(BUCKET_SIZE, level + requests), now)

    def exhausted(self, code: str, method: str) -> bool:
        """Tell whether a webhook has used up its time for a method."""
        return self.on and self.operating(code, method) > OPERATING_LIMIT

    def spend(self, code: str, method: str, seconds: float, *, began: float) -> None:
        """Add the time a call took; short ones are not recorded."""
        if seconds <= _RECORDED_FROM:
            return
        buckets = self._spent.setdefault((code, method), {})
        minute = int(began // _MINUTE)
        first, total = buckets.get(minute, (began, 0.0))
        buckets[minute] = (first, total + seconds)

    def operating(self, code: str, method: str) -> float:
        """Return the time spent in a method over the last ten one-minute buckets."""
        return sum(total for _, total in self._recent(code, method))

    def reset_at(self, code: str, method: str, *, began: float) -> int:
        """Return when the oldest bucket drops out, as Unix time."""
        recent = self._recent(code, method)
        first = min((first for first, _ in recent), default=began)
        return int(first + _BUCKETS * _MINUTE)

    def _recent(self, code: str, method: str) -> list[tuple[float, float]]:
        buckets = self._spent.get((code, method))
        if not buckets:
            return []
        oldest = int(self._clock.now() // _MINUTE) - _BUCKETS + 1
        for minute in [minute for minute in buckets if minute < oldest]:
            del buckets[minute]
        return list(buckets.values())
