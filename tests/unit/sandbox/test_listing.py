"""Pages of fifty, SELECT and ORDER."""

import pytest

from sandbox.lists.listing import Page, by_offset, by_page, order, select
from sandbox.refusals import Refusal

ROWS = list(range(120))


def same(row):
    return row


def test_an_offset_is_exact_and_next_disappears_on_the_last_page():
    page = by_offset(ROWS, 30, same)
    assert (page.rows[0], page.next, page.total) == (30, 80, 120)
    assert by_offset(ROWS, 80, same).next is None
    assert by_offset(ROWS, 500, same) == Page([], 120, None)


def test_a_negative_offset_counts_nothing_and_an_empty_page_points_to_minus_one():
    page = by_offset(ROWS, -1, same)
    assert (len(page.rows), page.total, page.next) == (50, 0, None)
    assert by_offset([], -1, same) == Page([], 0, -1)


def test_page_numbers_round_down_and_fall_back_to_the_first_page():
    assert by_page(ROWS, 30, same).rows[0] == 0
    assert by_page(ROWS, 70, same).rows[0] == 50
    assert by_page(ROWS, 100, same) == Page(list(range(100, 120)), 120, None)
    past = by_page(ROWS, 150, same)
    assert (past.rows[0], past.next) == (0, 50)


def test_pages_are_not_counted_from_minus_one_and_an_empty_one_points_nowhere():
    assert by_page(ROWS, -1, same) == Page(ROWS[:50], 0, None)
    assert by_page([], -1, same) == Page([], 0, None)


def test_select_ignores_unknown_names_and_falls_back_to_the_default():
    assert select(["id", "NAME", "nope"], ["ID", "NAME"], ["ID"]) == ["ID", "NAME"]
    assert select(["nope"], ["ID"], ["ID"]) == ["ID"]
    assert select("NAME", ["ID", "NAME"], ["ID"]) == ["ID"]


@pytest.mark.parametrize("item", [["ID"], {"ID": "ID"}, None])
def test_select_takes_scalars_only_and_null_is_none(item):
    with pytest.raises(Refusal) as refused:
        select(["ID", item], ["ID"], ["ID"])
    assert refused.value.code == "ERROR_SELECT_VALIDATION_FAILURE"


def test_any_direction_but_desc_means_ascending():
    assert order({"id": "DESC", "NAME": "down", "x": "desc"}, ["ID", "NAME"], {}) == {
        "ID": True,
        "NAME": False,
    }
    assert order({"x": "asc"}, ["ID"], {"ID": True}) == {"ID": True}
    assert order("ID", ["ID"], {"ID": True}) == {"ID": True}
