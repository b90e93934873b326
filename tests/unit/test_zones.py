"""Zones of portals and people, and moments at the edges of time."""

import copy
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone as django_timezone

from bizproc_admin import zones
from bizproc_admin.zones import Relative

BERLIN, MOSCOW = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Moscow")
WINTER, SUMMER = datetime(2027, 1, 15, 12, tzinfo=UTC), datetime(2027, 7, 15, 12, tzinfo=UTC)
EAST = [timezone(timedelta(hours=3)), BERLIN, Relative(MOSCOW, timedelta(hours=4))]
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def test_a_zone_relative_to_the_portals_follows_its_rule():
    zone = Relative(BERLIN, timedelta(hours=6))
    assert WINTER.astimezone(zone).isoformat() == "2027-01-15T19:00:00+07:00"
    assert SUMMER.astimezone(zone).isoformat() == "2027-07-15T20:00:00+08:00"
    assert datetime(2027, 7, 15, 20, tzinfo=zone).astimezone(UTC) == SUMMER
    assert SUMMER.astimezone(zone).tzname() == "UTC+08:00"
    assert copy.deepcopy(SUMMER.astimezone(zone)) == SUMMER


@pytest.mark.parametrize("minutes", range(-180, 181, 30))
def test_every_moment_around_a_change_of_clocks_comes_back_as_itself(minutes):
    zone = Relative(BERLIN, timedelta(hours=-5, minutes=-30))
    for change in (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)):
        moment = change + timedelta(minutes=minutes)
        assert moment.astimezone(zone).astimezone(UTC) == moment


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "\0", "x" * 300]
)
def test_what_names_no_zone_is_none(name):
    assert zones.named(name) is None


@pytest.mark.parametrize(
    ("name", "ahead", "winter", "summer"),
    [
        ("Asia/Tokyo", 0, "21:00", "21:00"),
        ("Mars/Olympus", 3600, "14:00", "15:00"),
        ("", None, "13:00", "14:00"),
        ("", 14400, "17:00", "18:00"),
        ("", -7200, "11:00", "12:00"),
        ("", 93_600, "13:00", "14:00"),
    ],
)
def test_a_person_lives_by_a_name_then_by_the_portals_rule_and_an_offset(
    name, ahead, winter, summer
):
    zone = zones.of_person(BERLIN, name=name, ahead=ahead)
    assert [f"{at.astimezone(zone):%H:%M}" for at in (WINTER, SUMMER)] == [winter, summer]


@pytest.mark.parametrize("zone", [*EAST, timezone(timedelta(hours=-8)), ZoneInfo("UTC")])
@pytest.mark.parametrize("moment", [FIRST, LAST, SUMMER])
def test_every_moment_can_be_shown_in_every_zone(zone, moment):
    with django_timezone.override(zone):
        assert zones.local(moment) == moment


def test_a_moment_is_moved_no_further_than_the_calendar_goes():
    day = timedelta(days=1)
    assert zones.moved(LAST, day) == LAST
    assert zones.moved(FIRST, -day) == FIRST
    assert zones.moved(SUMMER, day) - SUMMER == day


def test_a_wall_clock_is_read_by_the_rule_of_its_day():
    with django_timezone.override(BERLIN):
        assert zones.at_wall(datetime(2027, 1, 15, 13)) == WINTER
        assert zones.at_wall(datetime(2027, 7, 15, 14)) == SUMMER
        twice = zones.at_wall(datetime(2027, 10, 31, 2, 30))
        assert twice.isoformat() == "2027-10-31T02:30:00+02:00"
        with pytest.raises(ValueError, match="2027"):
            zones.at_wall(datetime(2027, 3, 28, 2, 30))
    with django_timezone.override(EAST[0]), pytest.raises(OverflowError):
        zones.at_wall(datetime(1, 1, 1))


# --- the portal's zone ---------------------------------------------------------------------------


def evidence(zone, *, months=range(0, 360, 30)):
    now = datetime.now(UTC)
    return zones.evidence_of((now - timedelta(days=d)).astimezone(ZoneInfo(zone)) for d in months)


@pytest.mark.parametrize(
    "name",
    ["Europe/Moscow", "Europe/Berlin", "Europe/London", "UTC", "America/New_York", "Asia/Kolkata",
     "Australia/Sydney", "America/Sao_Paulo", "Pacific/Auckland", "Asia/Kathmandu"],
)  # fmt: skip
def test_a_year_of_moments_tells_where_a_portal_lives(name):
    assert zones.proposed(evidence(name), []) == name


def test_the_zone_that_people_have_goes_before_others_that_fit_as_well():
    seen = evidence("Europe/Paris")
    assert zones.proposed(seen, ["Asia/Tokyo", "Europe/Paris"]) == "Europe/Paris"
    assert zones.proposed(seen, ["Asia/Tokyo"]) == "Europe/Berlin"
    assert zones.proposed({}, ["Asia/Tokyo"]) == ""


def test_evidence_is_one_moment_a_month_and_offset_of_the_last_year():
    known = evidence("Europe/Berlin", months=range(2000))
    assert len(known) < 20
    assert zones.evidence_of([None, FIRST, LAST]) == {}


def test_a_portal_that_has_moved_is_learnt_anew():
    before, after = evidence("Europe/Berlin"), evidence("Asia/Kolkata", months=[0])
    assert zones.proposed(zones.learnt(before, after), []) == "Asia/Kolkata"
    both = zones.learnt(before, evidence("Europe/Berlin", months=[400, 1]))
    assert zones.proposed(both, []) == "Europe/Berlin"
    assert set(before) <= set(both)
