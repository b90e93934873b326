"""The portal's time: the real clock plus an offset that tests may move, in the portal's zone.

Everything that depends on time (delays, overdue tasks, the leaky bucket) asks this clock, so that
``advance(minutes=6)`` is all it takes to see what happens later.
"""

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

#: The zone of a portal that was told no other.
PORTAL_ZONE = timezone(timedelta(hours=3))
#: The first and the last moment that a calendar shows.
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
#: As far as the portal's own time goes; what it plans from there is still a date.
_FURTHEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
_ZERO = timedelta()
_RELATIVE = re.compile(
    r"^([+-]?\d{1,12})\s*(second|sec|minute|min|hour|day|week|month|year)s?(\s+ago)?$"
)
_UNIT_SECONDS = {
    "second": 1,
    "sec": 1,
    "minute": 60,
    "min": 60,
    "hour": 3600,
    "day": 86400,
    "week": 604800,
    "month": 2592000,
    "year": 31536000,
}
_PLAIN_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%Y%m%d",
)


class Clock:
    """Real time moved by an offset, or frozen at a moment while the past is being told."""

    def __init__(self, *, offset: float = 0.0, source: Callable[[], float] = time.time) -> None:
        """Start at the source's time plus the offset, in seconds."""
        self.offset = offset
        self.zone: tzinfo = PORTAL_ZONE
        self._source = source
        # Only the thread that tells the past sees it; others keep to the real time.
        self._told = threading.local()

    @property
    def moment(self) -> float | None:
        """Return the moment this thread is told to believe in, if any."""
        moment: float | None = getattr(self._told, "moment", None)
        return moment

    @moment.setter
    def moment(self, moment: float | None) -> None:
        self._told.moment = moment

    def now(self) -> float:
        """Return the portal's time as Unix seconds."""
        moment = self.moment
        return self._source() + self.offset if moment is None else moment

    def advance(self, seconds: float) -> None:
        """Move the portal's time forward (or back, with a negative number)."""
        if not 0 <= self._source() + self.offset + seconds <= _FURTHEST:
            raise ValueError("The portal's time stays between the years 1970 and 9000.")
        self.offset += seconds

    def set_zone(self, name: str) -> None:
        """Live in the zone of this IANA name, in the usual one when it is empty."""
        try:
            self.zone = ZoneInfo(name) if name else PORTAL_ZONE
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"There is no time zone {name!r}.") from error

    @property
    def zone_name(self) -> str:
        """Return the IANA name of the zone, an empty text for the usual one."""
        return "" if self.zone is PORTAL_ZONE else str(self.zone)

    def ahead(self, name: str) -> int:
        """Return by how many seconds a zone is ahead of the portal's now."""
        now = datetime.fromtimestamp(self.now(), UTC)
        there, here = now.astimezone(ZoneInfo(name)), now.astimezone(self.zone)
        return round(((there.utcoffset() or _ZERO) - (here.utcoffset() or _ZERO)).total_seconds())

    def iso(self, moment: float | None) -> str | None:
        """Write a moment as the portal's answers do."""
        return iso(moment, self.zone)

    def database_text(self, moment: float | None) -> str | None:
        """Write a moment as the portal's database column holds it."""
        return database_text(moment, self.zone)

    def read(self, value: object) -> float | None:
        """Read a date as the portal does; one without an offset is in its zone."""
        return parse_moment(value, now=self.now(), zone=self.zone)


def iso(moment: float | None, zone: tzinfo = PORTAL_ZONE) -> str | None:
    """Write a moment as the portal does: ISO 8601, its zone's offset then, whole seconds."""
    if moment is None:
        return None
    # The offsets of the time before time zones had seconds; PHP leaves them out.
    return _in_zone(moment, zone).isoformat()[:25]


def database_text(moment: float | None, zone: tzinfo = PORTAL_ZONE) -> str | None:
    """Write a moment as the portal's database column holds it."""
    if moment is None:
        return None
    return _in_zone(moment, zone).isoformat(" ")[:19]


def _in_zone(moment: float, zone: tzinfo) -> datetime:
    # The last (the first) hours of the calendar have no date in other zones: they are told in UTC.
    shown = datetime.fromtimestamp(int(moment), UTC)
    try:
        return shown.astimezone(zone)
    except OverflowError:
        return shown


def parse_moment(value: object, *, now: float, zone: tzinfo = PORTAL_ZONE) -> float | None:
    """Read a date as PHP's strtotime does for the usual forms; None when it cannot be read."""
    text = str(value).strip()
    if not text or isinstance(value, bool):
        return None
    for read in (_iso_moment, _plain_moment):
        if (moment := read(text, zone)) is not None:
            return bounded(moment)
    moment = _relative_moment(text.lower(), int(now), zone)
    return None if moment is None else bounded(moment)


def bounded(moment: float) -> float:
    """Return a moment, or the last (the first) one that a calendar can show."""
    return max(_EARLIEST, min(_LATEST, moment))


def _iso_moment(text: str, zone: tzinfo) -> float | None:
    if not re.match(r"^\d{4}-\d\d-\d\d", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        # A "+" that was not encoded in a query string arrives as a space; strtotime reads it.
        try:
            moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text))
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return _timestamp(moment)


def _plain_moment(text: str, zone: tzinfo) -> float | None:
    for pattern in _PLAIN_FORMATS:
        try:
            return _timestamp(datetime.strptime(text, pattern).replace(tzinfo=zone))
        except ValueError:
            continue
    if re.match(r"^@-?\d+$", text):
        return float(text[1:])
    return None


def _timestamp(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


def _relative_moment(text: str, now: float, zone: tzinfo) -> float | None:
    midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    words = {
        "now": now,
        "today": midnight.timestamp(),
        "midnight": midnight.timestamp(),
        "yesterday": (midnight - timedelta(days=1)).timestamp(),
        "tomorrow": (midnight + timedelta(days=1)).timestamp(),
    }
    if text in words:
        return words[text]
    match = _RELATIVE.match(text)
    if match is None:
        return None
    seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
    return now - seconds if match[3] else now + seconds


def utc_text(moment: float) -> str:
    """Write a moment in UTC, for the control plane."""
    return datetime.fromtimestamp(moment, UTC).isoformat()
