"""Every error says what happened, what it means and what to do, in words and in a log line."""

import inspect
from datetime import UTC, datetime

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import errors

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.BitrixError)
]


def make(kind):
    if issubclass(kind, errors.MethodExhausted):
        return kind("OPERATION_TIME_LIMIT", "text", resets_at=datetime.now(UTC), wait=1)
    if issubclass(kind, errors.Refused):
        return kind("CODE", "the portal's own words", status=400, method="profile")
    if kind is errors.Moved:
        return kind(host="new.example", status=302)
    return kind("a detail", method="profile")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_speaks_to_people_and_to_logs(kind):
    error = make(kind)
    assert error.for_people[0].isupper()
    assert "{" not in error.for_people
    assert kind.__name__ in error.for_logs
    assert "\n" not in error.for_logs
    assert str(error) == error.for_logs


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_drawn_in_the_tree_and_exported(kind):
    assert kind.__name__ in (errors.__doc__ or "")
    assert getattr(bitrix, kind.__name__) is kind


def test_an_error_without_any_text_still_says_something():
    assert bitrix.Refused("", "").for_people == "The portal refused: it gave no reason"
    assert bitrix.Refused("X", " ").for_people == "The portal refused: X"


def test_a_long_text_of_the_portal_is_cut():
    assert len(bitrix.Refused("", "x" * 100_000).text) == 2_000


def test_a_log_line_stays_one_line_whatever_the_portal_says():
    error = bitrix.Refused("a\nb", "first\r\nERROR forged", status=400)
    assert "\n" not in error.for_logs
    assert "\r" not in error.for_logs


def test_all_public_names_are_there_and_sorted():
    assert all(hasattr(bitrix, name) for name in bitrix.__all__)
    assert len(set(bitrix.__all__)) == len(bitrix.__all__)
