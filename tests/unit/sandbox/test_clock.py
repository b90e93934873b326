"""Reading and writing moments."""

import threading

import pytest

from sandbox.state.clock import Clock, database_text, iso, parse_moment

NOON = 1_767_225_600.0 + 9 * 3600  # 2026-01-01 12:00 at the portal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T12:00:00+03:00", NOON),
        ("2026-01-01T09:00:00Z", NOON),
        ("2026-01-01T09:00:00 00:00", NOON),
        ("2026-01-01T12:00:00", NOON),
        ("2026-01-01 12:00:00", NOON),
        ("01.01.2026 12:00", NOON),
        ("@1767258000", NOON),
        ("now", NOON),
        ("today", NOON - 12 * 3600),
        ("2 hours ago", NOON - 7200),
        ("+1 day", NOON + 86400),
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01 03:00:00", 0.0),
        ("@0", 0.0),
        ("soon", None),
        ("", None),
        ("2026-13-45", None),
        (True, None),
    ],
)
def test_dates_without_an_offset_are_the_portals(text, expected):
    assert parse_moment(text, now=NOON) == expected


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("9999-12-31T23:59:59-12:00", "9999"),
        ("@" + "9" * 400, "9999"),
        ("+999999999999 years", "9999"),
        ("0001-01-01", "0001"),
        ("-999999999999 years", "0001"),
    ],
)
def test_a_date_beyond_the_calendar_is_its_last_or_first_one(text, year):
    written = iso(parse_moment(text, now=NOON))
    assert written is not None
    assert written.startswith(year)


@pytest.mark.parametrize("seconds", [1e12, 1e300, -NOON - 1])
def test_the_portals_time_cannot_be_moved_out_of_the_calendar(seconds):
    clock = Clock(source=lambda: NOON)
    with pytest.raises(ValueError, match="between the years"):
        clock.advance(seconds)
    assert clock.now() == NOON


def test_moments_are_written_with_the_portals_offset_and_without_fractions():
    assert iso(NOON + 0.9) == "2026-01-01T12:00:00+03:00"
    assert iso(None) is None
    assert database_text(NOON) == "2026-01-01 12:00:00"


def test_a_moment_of_the_past_is_seen_by_the_thread_that_tells_it_only():
    clock = Clock(source=lambda: NOON)
    clock.moment = 5.0
    seen = []
    other = threading.Thread(target=lambda: seen.append(clock.now()))
    other.start()
    other.join()
    assert (clock.now(), seen) == (5.0, [NOON])
    clock.moment = None
    clock.advance(60)
    assert clock.now() == NOON + 60
