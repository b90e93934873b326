"""Time zones of portals and people, and moments at the edges of time.

A portal tells its offset with every moment and its zone's name never. People have a name, or an
offset relative to the portal's zone: so many seconds east of it, whatever its clocks show.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

# what a zone's rule is learnt from lies within a year or so: rules change
_LEARNT_FROM = timedelta(days=400)
_MOST_EVIDENCE = 60
# no clock on earth is further from UTC
_FURTHEST = timedelta(hours=15)
_ZERO = timedelta()
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
# of zones that fit equally the one where a portal is likeliest to live, by those who have one
_LIKELY = (
    "Europe/Moscow", "Europe/Berlin", "UTC", "Europe/Kyiv", "Europe/London", "Europe/Samara",
    "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk", "Asia/Irkutsk", "Asia/Yakutsk",
    "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka", "Europe/Kaliningrad", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Dhaka", "Asia/Yangon", "Asia/Tehran", "Asia/Kabul", "Asia/Tokyo",
    "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "America/Sao_Paulo",
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
    "America/Mexico_City", "America/Bogota", "America/Halifax", "America/Santiago",
)  # fmt: skip


class Relative(tzinfo):
    """A zone whose clocks are a fixed span ahead of another one's and change when those do."""

    def __init__(self, base: tzinfo, ahead: timedelta) -> None:
        self.base = base
        self.ahead = ahead

    def __getinitargs__(self) -> tuple[tzinfo, timedelta]:
        return self.base, self.ahead

    def __str__(self) -> str:
        return f"{self.base}{_signed(self.ahead)}"

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None if when is None else (self._there(when).utcoffset() or _ZERO) + self.ahead

    def dst(self, when: datetime | None) -> timedelta | None:
        return None if when is None else self._there(when).dst()

    def tzname(self, when: datetime | None) -> str | None:
        return None if when is None else f"UTC{_signed(self.utcoffset(when) or _ZERO)}"

    def fromutc(self, when: datetime) -> datetime:
        there = when.replace(tzinfo=UTC).astimezone(self.base)
        return (there.replace(tzinfo=None) + self.ahead).replace(tzinfo=self, fold=there.fold)

    def _there(self, when: datetime) -> datetime:
        wall = moved(when.replace(tzinfo=None), -self.ahead)
        return wall.replace(tzinfo=self.base, fold=when.fold)


def named(name: str) -> tzinfo | None:
    """Return the zone of an IANA name; None for what names none."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):
        return None


def of_person(home: tzinfo, *, name: str, ahead: int | None) -> tzinfo:
    """Return somebody's zone: by its name, else so many seconds ahead of the portal's."""
    if zone := named(name):
        return zone
    span = timedelta(minutes=round((ahead or 0) / 60))
    here = datetime.now(UTC).astimezone(home).utcoffset() or _ZERO
    return Relative(home, span) if span and abs(here + span) <= _FURTHEST else home


def local(value: datetime) -> datetime:
    """Return a moment on the viewer's clock; in UTC where that clock has no date for it."""
    try:
        return timezone.localtime(value)
    except OverflowError:
        return value.astimezone(UTC)


def moved(value: datetime, span: timedelta) -> datetime:
    """Return a moment so much later (earlier), or the last (first) one that a calendar has."""
    try:
        return value + span
    except OverflowError:
        return (_LAST if span > _ZERO else _FIRST).replace(tzinfo=value.tzinfo)


def at_wall(wall: datetime) -> datetime:
    """Return the moment at which the viewer's clock shows this, the first one where it does twice.

    Raises ValueError where it never does, OverflowError where no calendar has the moment.
    """
    zone = timezone.get_current_timezone()
    moment = wall.replace(tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError(wall)
    return moment


# --- the portal's zone, by what it sends --------------------------------------------------------


def evidence_of(moments: Iterable[datetime | None]) -> dict[str, str]:
    """Return what moments as the portal wrote them tell of its zone: one of a month and offset."""
    now = datetime.now(UTC)
    found: dict[str, str] = {}
    for moment in moments:
        if moment is not None and abs(moment - now) < _LEARNT_FROM:
            found.setdefault(f"{moment:%Y-%m %z}", moment.isoformat(timespec="seconds"))
    return found


def learnt(known: Mapping[str, str], fresh: Mapping[str, str]) -> dict[str, str]:
    """Return the evidence to keep: what is new beside what was known, unless they contradict."""
    together = {**known, **fresh}
    if not _fitting(together, _LIKELY) and not _fitting(together, names()):
        together = dict(fresh)
    return dict(sorted(together.items())[-_MOST_EVIDENCE:])


def proposed(evidence: Mapping[str, str], liked: Sequence[str]) -> str:
    """Return the name of the likeliest zone that fits what the portal sent; "" where none does.

    liked are names that the portal's people have, the most frequent first.
    """
    if not evidence:
        return ""
    return _fitting(evidence, liked) or _fitting(evidence, _LIKELY) or _fitting(evidence, names())


def fits(name: str, evidence: Mapping[str, str]) -> bool:
    """Return whether a zone shows all that a portal sent as the portal did."""
    return _fitting(evidence, [name]) == name


def offset_of(zone: tzinfo) -> str:
    """Return a zone's present offset: "UTC+03:00"."""
    return f"UTC{_signed(datetime.now(UTC).astimezone(zone).utcoffset() or _ZERO)}"


@cache
def names() -> tuple[str, ...]:
    """Return the names of zones to choose from: places, and UTC."""
    aliases = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")
    places = (name for name in available_timezones() if "/" in name)
    return ("UTC", *sorted(name for name in places if not name.startswith(aliases)))


def _fitting(evidence: Mapping[str, str], candidates: Iterable[str]) -> str:
    moments = [datetime.fromisoformat(text) for text in evidence.values()]
    for name in candidates:
        zone = named(name)
        if zone and all(one.astimezone(zone).utcoffset() == one.utcoffset() for one in moments):
            return name
    return ""


def _signed(span: timedelta) -> str:
    minutes = abs(int(span.total_seconds())) // 60
    return f"{'-' if span < _ZERO else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
