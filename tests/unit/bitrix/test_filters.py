"""Filters the portal would drop in silence never leave, and its rows are held against them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import filters
from bizproc_admin.bitrix.fields import Fields

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 999, tzinfo=UTC)


@pytest.mark.parametrize("key", ["id", "=ID", "!=ID", "@ID", "%NAME", "><ID", "Id", "", "ID ", ">"])
def test_what_the_portal_would_ignore_is_refused(key):
    with pytest.raises(ValueError, match="return everything"):
        filters.for_portal({key: 1})


@pytest.mark.parametrize("value", [[], (), set()])
def test_an_empty_list_is_never_sent(value):
    with pytest.raises(ValueError, match="empty list"):
        filters.for_portal({"WORKFLOW_ID": value})


def test_a_comparison_with_a_list_a_naive_moment_or_a_fraction_is_refused():
    for bad in ({">ID": [1]}, {">=MODIFIED": datetime(2026, 1, 1)}, {"ID": 1.5}, {"ID": None}):
        with pytest.raises(ValueError):
            filters.for_portal(bad)


def test_moments_are_written_with_offset_and_whole_seconds():
    zone = timezone(timedelta(hours=3))
    sent = filters.for_portal({">=MODIFIED": MOMENT.astimezone(zone), "!STATUS": (0, 1)})
    assert sent == {">=MODIFIED": "2026-03-01T15:00:00+03:00", "!STATUS": [0, 1]}


ROW = {
    "ID": "66e81a641752F8.5",
    "STATUS": "0",
    "STARTED_BY": None,
    "MODIFIED": "2026-03-01T15:00:00+03:00",
    "OWNED_UNTIL": None,
    "ACTIVE": True,
}


@pytest.mark.parametrize(
    "filter",
    [
        {},
        {"ID": "66e81a641752f8.5"},
        {"ID": ["x", "66e81a641752f8.5"]},
        {"!ID": "other"},
        {"!ID": ["other"]},
        {">ID": "66e8"},
        {"<ID": "66f"},
        {"STATUS": 0},
        {"STARTED_BY": 0},
        {"<=STATUS": 0},
        {"!STATUS": 1},
        {">=MODIFIED": MOMENT},
        {"<=MODIFIED": MOMENT},
        {"MODIFIED": MOMENT},
        {"OWNED_UNTIL": ""},
        {"ACTIVE": True},
    ],
)
def test_a_row_that_matches_passes(filter):
    assert filters.check(Fields(ROW, kind="workflow"), filter) is None


@pytest.mark.parametrize(
    "filter",
    [
        {"ID": "66e8"},
        {"ID": ["a", "b"]},
        {"!ID": ["66e81a641752f8.5"]},
        {"<ID": "66e8"},
        {"STATUS": 1},
        {">STATUS": 0},
        {">MODIFIED": MOMENT},
        {"<MODIFIED": MOMENT},
        {">=OWNED_UNTIL": MOMENT},
        {"ACTIVE": False},
    ],
)
def test_a_row_that_does_not_match_shows_that_the_filter_was_ignored(filter):
    with pytest.raises(bitrix.FilterIgnored, match="workflow"):
        filters.check(Fields(ROW, kind="workflow"), filter)


def test_a_row_without_the_filtered_field_is_as_odd_as_one_that_cannot_be_read():
    odd = filters.check(Fields(ROW, kind="workflow"), {"TEMPLATE_ID": 5})
    assert (odd.field, odd.oddity) == ("TEMPLATE_ID", "missing")
    row = Fields({**ROW, "MODIFIED": "12026-03-01T15:00:00+03:00"}, kind="workflow")
    odd = filters.check(row, {">=MODIFIED": MOMENT})
    assert (odd.field, odd.oddity) == ("MODIFIED", "no_moment")


def test_a_field_that_cannot_be_compared_hides_no_other_that_does_not_match():
    row = Fields({**ROW, "MODIFIED": "never", "STATUS": "1"}, kind="workflow")
    with pytest.raises(bitrix.FilterIgnored, match="STATUS"):
        filters.check(row, {"MODIFIED": MOMENT, "STATUS": 0})
