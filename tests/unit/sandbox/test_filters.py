"""What filters keep, drop and match."""

import pytest

from sandbox.lists.filters import Condition, orm_predicate, read, sql_predicate

FIELDS = {"ID": "string", "STARTED_BY": "int", "OWNED_UNTIL": "datetime"}
NOW = 1_800_000_000.0


def orm(key, value, kind):
    (condition,) = read({key: value}, {"X": kind}, now=NOW).conditions
    return orm_predicate(condition, kind)


def sql(key, value, kind):
    (condition,) = read({key: value}, {"X": kind}, now=NOW).conditions
    return sql_predicate(condition, kind)


@pytest.mark.parametrize("key", ["ID", "!ID", "<ID", "<=ID", ">ID", ">=ID"])
def test_five_operators_and_equality_are_kept(key):
    assert read({key: 1}, FIELDS, now=NOW).conditions[0].field == "ID"


@pytest.mark.parametrize("key", ["=ID", "!=ID", "@ID", "%ID", "id", "<>ID", "UNKNOWN", "", "0"])
def test_anything_else_is_dropped_in_silence(key):
    narrowing = read({key: 1}, FIELDS, now=NOW)
    assert narrowing.conditions == ()
    assert narrowing.dropped == (key,)


def test_the_newer_rules_take_equals_signs_and_any_case():
    conditions = read({"=id": 1, "!=Id": 2}, FIELDS, now=NOW, newer=True).conditions
    keys = [condition.field + condition.operator for condition in conditions]
    assert keys == ["ID", "ID!"]


def test_a_filter_that_is_no_array_is_ignored():
    assert read("ID", FIELDS, now=NOW).conditions == ()


def test_texts_are_matched_like_patterns_regardless_of_case():
    assert orm("X", "lead_%", "string")("LEAD_77")
    assert orm("X", "deal_1", "string")("DEALX1")
    assert not orm("X", "deal_1", "string")("DEAL_11")


def test_in_the_task_list_a_percent_sign_is_only_a_percent_sign():
    assert not sql("X", "lead_%", "string")("LEAD_77")
    assert sql("X", "lead_77", "string")("LEAD_77")


def test_an_empty_array_matches_nothing_in_workflow_lists():
    assert not orm("X", [], "int")(5)
    assert not orm("X", [], "string")("a")
    assert orm("X", [], "string")("")
    assert orm("!X", [], "int")(5)


def test_an_empty_array_adds_no_condition_in_the_task_list():
    assert sql("X", [], "int")(5)
    assert sql("X", [], "string")("a")


def test_negation_leaves_null_out_of_workflow_lists_and_keeps_it_in_the_task_list():
    assert not orm("!X", 5, "int")(None)
    assert sql("!X", 5, "int")(None)
    assert orm("!X", 5, "int")(6)
    assert not sql("!X", [5, 6], "int")(6)


@pytest.mark.parametrize("build", [orm, sql])
def test_zero_matches_null_and_arrays_mean_or(build):
    assert build("X", 0, "int")(None)
    assert build("X", "0", "int")(0)
    assert build("X", [3, "4"], "int")(4)
    assert not build("X", [3, 4], "int")(5)


def test_an_empty_text_matches_rows_without_a_date():
    assert orm("X", "", "datetime")(None)
    assert not orm("X", "", "datetime")(5)
    assert orm("!X", "", "datetime")(5)


def test_a_range_over_an_array_takes_its_first_number():
    assert orm(">X", [5, 100], "int")(6)
    assert not orm(">X", [5, 100], "int")(5)


def test_dates_are_compared_with_their_offsets():
    later = orm(">=X", "2026-01-01T03:00:00+03:00", "datetime")
    assert later(1_767_225_600)  # 2026-01-01T00:00:00Z
    assert not later(1_767_225_599)


def test_an_unreadable_date_finds_rows_without_one_in_the_task_list():
    assert sql(">X", "soon", "datetime")(None)
    assert not sql(">X", "soon", "datetime")(5)


def test_conditions_are_values_that_can_be_compared():
    assert Condition("ID", "", 1) == Condition("ID", "", 1)
