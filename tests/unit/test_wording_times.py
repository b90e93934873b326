"""Times in words, exactly as a page says them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from bizproc_admin.templatetags.times import ago, exact, waits
from bizproc_admin.wording.times import age, between, elapsed, full_moment, moment, read_ago

NOW = datetime(2026, 11, 20, 12, 42, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lasted", "said"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=4, minutes=40), "4 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(days=3, minutes=4), "3 d"),
        (timedelta(days=53, hours=5), "53 d"),
        (timedelta(days=365), "1 y"),
        (timedelta(days=412), "1 y 47 d"),
    ],
)
def test_an_age_is_said_in_the_two_units_that_matter(lasted, said):
    assert age(lasted) == said
    assert age(NOW - lasted, NOW) == said


def test_an_age_below_a_minute_has_seconds_only_where_freshness_is_meant():
    assert elapsed(timedelta(seconds=12)) == "12 s"
    assert elapsed(timedelta(minutes=12)) == "12 min"
    assert age(timedelta(seconds=12)) == "just now"


def test_what_has_only_come_waits_not_yet():
    assert ">asked just now<" in waits(NOW - timedelta(seconds=59), NOW)
    assert ">waits 1 min<" in waits(NOW - timedelta(seconds=60), NOW)
    assert waits(None) == ""


def test_what_never_happened_is_said_as_nothing():
    assert [age(None), elapsed(None), moment(None), full_moment(None), exact(None), ago(None)] == [
        ""
    ] * 6


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (datetime(2026, 11, 20, 8, 2, tzinfo=UTC), "today 08:02"),
        (datetime(2026, 11, 19, 8, 2, tzinfo=UTC), "yesterday 08:02"),
        (datetime(2026, 11, 21, 8, 2, tzinfo=UTC), "tomorrow 08:02"),
        (datetime(2026, 11, 12, 9, 14, tzinfo=UTC), "12 Nov 09:14"),
        (datetime(2025, 9, 28, 16, 40, tzinfo=UTC), "28 Sep 2025 16:40"),
    ],
)
def test_a_moment_is_said_as_short_as_it_stays_clear(when, said):
    with timezone.override(UTC):
        assert moment(when, NOW) == said


def test_today_is_the_day_of_the_person_who_reads():
    late_evening = datetime(2026, 11, 19, 22, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Moscow")):
        assert moment(late_evening, NOW) == "today 01:30"


def test_an_exact_time_carries_the_machine_readable_one_and_the_zone():
    with timezone.override(ZoneInfo("Europe/Moscow")):
        said = exact(datetime(2026, 11, 20, 8, 2, 7, tzinfo=UTC), NOW)
    assert said == (
        '<time datetime="2026-11-20T08:02:07Z" title="20 Nov 2026, 11:02:07 MSK">today 11:02</time>'
    )


def test_an_age_keeps_the_exact_time_in_its_title():
    with timezone.override(UTC):
        said = ago(NOW - timedelta(days=3, hours=4), NOW)
    assert 'title="17 Nov 2026, 08:42:07 UTC"' in said
    assert said.endswith(">3 d 4 h</time>")


@pytest.mark.parametrize(
    ("earliest", "latest", "said"),
    [
        ((20, 12, 2), (20, 12, 3), "between 12:02 and 12:03"),
        ((20, 12, 2), (20, 12, 2), "today 12:02"),
        ((18, 12, 2), (18, 12, 3), "18 Nov between 12:02 and 12:03"),
        ((19, 23, 59), (20, 0, 3), "between yesterday 23:59 and today 00:03"),
        (None, (20, 12, 3), "before today 12:03"),
        ((20, 12, 2), None, "after today 12:02"),
        (None, None, "at an unknown time"),
    ],
)
def test_a_time_known_only_in_bounds_is_said_in_bounds(earliest, latest, said):
    def at(parts):
        return datetime(2026, 11, *parts, tzinfo=UTC) if parts else None

    with timezone.override(UTC):
        assert between(at(earliest), at(latest), NOW) == said


def test_a_reading_says_how_long_ago_it_was_and_what_is_missed():
    assert read_ago("5 s", False) == "read 5 s ago"
    assert read_ago("{age}", True) == "read {age} ago, a new reading has not come yet"
