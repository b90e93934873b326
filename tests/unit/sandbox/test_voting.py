"""When a vote is decided."""

import pytest

from sandbox.engine.voting import Votes, approval, declined, review


def decide(asked, yes, no, kind="vote", *, wait=False, minimum=50):
    return approval(Votes(asked, yes, no), kind=kind, wait_for_all=wait, minimum=minimum)


@pytest.mark.parametrize(
    ("asked", "yes", "no", "decided"),
    [(3, 0, 0, None), (3, 1, 0, None), (3, 2, 0, None), (3, 3, 0, True), (3, 2, 1, False),
     (3, 0, 1, False)],
)  # fmt: skip
def test_all_must_agree_and_the_first_no_rejects(asked, yes, no, decided):
    assert decide(asked, yes, no, "all") is decided


def test_with_any_the_first_answer_decides():
    assert decide(3, 0, 0, "any") is None
    assert decide(3, 1, 0, "any") is True
    assert decide(3, 0, 1, "any") is False


def test_half_of_two_is_not_more_than_fifty_percent_but_one_no_rejects():
    assert decide(2, 1, 0) is None
    assert decide(2, 0, 1) is False
    assert decide(2, 2, 0) is True


def test_percentages_are_cut_off():
    # One of three is 33, so a minimum of 33 is not exceeded.
    assert decide(3, 1, 0, minimum=33) is None
    assert decide(3, 1, 0, minimum=32) is True


def test_a_minimum_of_a_hundred_can_be_reached():
    assert decide(2, 2, 0, minimum=100) is True


def test_waiting_for_all_decides_only_when_everybody_has_voted():
    assert decide(4, 3, 0, wait=True) is None
    assert decide(4, 3, 1, wait=True) is True
    assert decide(4, 2, 2, wait=True) is False


def test_reviews_and_declines_follow_their_own_kind():
    assert review(asked=3, read=1, kind="any")
    assert not review(asked=3, read=2, kind="all")
    assert review(asked=3, read=3, kind="all")
    assert declined(asked=3, cancelled=1, kind="any")
    assert not declined(asked=3, cancelled=2, kind="all")
