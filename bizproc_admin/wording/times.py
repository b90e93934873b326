"""Times in words: how long ago, when exactly, and between which two moments.

Everything here is pure: it reads the clock only where no moment is given, and the time zone from
Django's current one, so that a page rendered for somebody shows that person's time.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from bizproc_admin import zones

MINUTE, HOUR, DAY = 60, 3600, 86400
YEAR = 365 * DAY
# From here on hours no longer matter beside days.
HOURS_MATTER_UNTIL = 10 * DAY


def age(value: datetime | timedelta | None, now: datetime | None = None) -> str:
    """Return how long something has lasted: "just now", "12 min", "4 h", "3 d 4 h", "1 y 20 d"."""
    seconds = _seconds(value, now)
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return _("just now")
    return _spelled(seconds)


def about(value: timedelta) -> str:
    """Return how long something has lasted in one unit, where room is short: "4 h", "505 d"."""
    seconds = int(value.total_seconds())
    if seconds < HOUR:
        return _minutes(seconds // MINUTE)
    return _hours(seconds // HOUR) if seconds < DAY else _days(seconds // DAY)


def elapsed(value: datetime | timedelta | None, now: datetime | None = None) -> str:
    """Return how long something took or how old it is, with seconds below a minute: "12 s"."""
    seconds = _seconds(value, now)
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return ngettext("%(count)d s", "%(count)d s", seconds) % {"count": seconds}
    return _spelled(seconds)


def waited(value: datetime | None, now: datetime | None = None) -> str:
    """Return how long somebody has been asked for something: "waits 4 h"."""
    seconds = _seconds(value, now)
    if seconds is None:
        return ""
    is_new = seconds < MINUTE
    return _("asked just now") if is_new else _("waits %(age)s") % {"age": _spelled(seconds)}


def in_seconds(value: datetime | timedelta | None, now: datetime | None = None) -> int | str:
    """Return how long something has lasted in whole seconds, for a page that counts on."""
    seconds = _seconds(value, now)
    return "" if seconds is None else seconds


def moment(value: datetime | None, now: datetime | None = None) -> str:
    """Return when, as short as it stays clear: "today 14:02", "yesterday 14:02", "12 Nov 14:02"."""
    if value is None:
        return ""
    shown, today = zones.local(value), timezone.localtime(now).date()
    return _("%(day)s %(time)s") % {"day": _day(shown.date(), today), "time": _clock(shown)}


def full_moment(value: datetime | None) -> str:
    """Return when to the second, with the time zone: "20 Nov 2026, 14:02:07 MSK"."""
    if value is None:
        return ""
    shown = zones.local(value)
    day = _date(shown.date(), "j M Y", get_language())
    return f"{day}, {_full_clock(shown)} {shown.tzname() or ''}".rstrip()


def to_the_second(value: datetime | None, now: datetime | None = None) -> str:
    """Return when, for steps that follow each other closely: "today 14:02:07"."""
    if value is None:
        return ""
    shown, today = zones.local(value), timezone.localtime(now).date()
    return _("%(day)s %(time)s") % {"day": _day(shown.date(), today), "time": _full_clock(shown)}


def read_ago(age: str, is_unread: bool) -> str:  # noqa: FBT001  # as a template gives it
    """Return how long ago something was read, and whether a newer reading is missed."""
    if is_unread:
        return _("read %(age)s ago, a new reading has not come yet") % {"age": age}
    return _("read %(age)s ago") % {"age": age}


def between(earliest: datetime | None, latest: datetime | None, now: datetime | None = None) -> str:
    """Say the two moments something happened between, as exact as they are known."""
    if earliest is None and latest is None:
        return _("at an unknown time")
    if earliest is None:
        return _("before %(moment)s") % {"moment": moment(latest, now)}
    if latest is None:
        return _("after %(moment)s") % {"moment": moment(earliest, now)}
    first, last = zones.local(earliest), zones.local(latest)
    today = timezone.localtime(now).date()
    if first.replace(second=0, microsecond=0) == last.replace(second=0, microsecond=0):
        return moment(latest, now)
    if first.date() != last.date():
        return _("between %(first)s and %(last)s") % {
            "first": moment(earliest, now),
            "last": moment(latest, now),
        }
    clocks = {"first": _clock(first), "last": _clock(last)}
    if first.date() == today:
        return _("between %(first)s and %(last)s") % clocks
    return _("%(day)s between %(first)s and %(last)s") % {
        "day": _day(first.date(), today),
        **clocks,
    }


def between_days(first: date | None, last: date | None) -> str:
    """Say which days are meant, both included; one that is missing leaves that side open."""
    if first == last or not first or not last:
        day = first or last
        said = _date(day, "j M Y", get_language()) if day else ""
        if first == last:
            return said
        return (_("from %(day)s") if first else _("to %(day)s")) % {"day": said}
    form = "j M" if first.year == last.year else "j M Y"
    return f"{_date(first, form, get_language())} – {_date(last, 'j M Y', get_language())}"


def _seconds(value: datetime | timedelta | None, now: datetime | None) -> int | None:
    if value is None or value == "":
        return None
    past = value if isinstance(value, timedelta) else (now or timezone.now()) - value
    # A portal's clock may be ahead of ours: nothing is younger than now.
    return max(0, int(past.total_seconds()))


def _spelled(seconds: int) -> str:
    if seconds < HOUR:
        return _minutes(seconds // MINUTE)
    if seconds < DAY:
        return _hours(seconds // HOUR)
    days, hours = seconds // DAY, seconds % DAY // HOUR
    if seconds < HOURS_MATTER_UNTIL and hours:
        return f"{_days(days)} {_hours(hours)}"
    if seconds < YEAR:
        return _days(days)
    years, rest = seconds // YEAR, seconds % YEAR // DAY
    return f"{_years(years)} {_days(rest)}" if rest else _years(years)


def patterns() -> str:
    """Return how ages are said, for a page that goes on counting: "just now|# min|# h|# d|# y".

    The words of a unit are abbreviations, the same for every number.
    """
    said = [_minutes(0), _hours(0), _days(0), _years(0)]
    return "|".join([_("just now"), *(text.replace("0", "#") for text in said)])


def _minutes(count: int) -> str:
    return ngettext("%(count)d min", "%(count)d min", count) % {"count": count}


def _hours(count: int) -> str:
    return ngettext("%(count)d h", "%(count)d h", count) % {"count": count}


def _days(count: int) -> str:
    return ngettext("%(count)d d", "%(count)d d", count) % {"count": count}


def _years(count: int) -> str:
    return ngettext("%(count)d y", "%(count)d y", count) % {"count": count}


def _day(day: date, today: date) -> str:
    if day == today:
        return _("today")
    if day == today - timedelta(days=1):
        return _("yesterday")
    if day == today + timedelta(days=1):
        return _("tomorrow")
    return _date(day, "j M" if day.year == today.year else "j M Y", get_language())


# A list shows the same few days hundreds of times, and formatting one costs more than the rest.
@lru_cache(maxsize=2048)
def _date(day: date, form: str, language: str | None) -> str:
    return date_format(day, form)


def _clock(local: datetime) -> str:
    return f"{local.hour:02}:{local.minute:02}"


def _full_clock(local: datetime) -> str:
    return f"{_clock(local)}:{local.second:02}"
