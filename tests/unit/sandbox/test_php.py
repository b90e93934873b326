"""Values as the portal's language sees them."""

import pytest

from sandbox import php


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("select[]=ID&select[]=STARTED", {"select": ["ID", "STARTED"]}),
        ("filter[%3ESTARTED_BY]=0", {"filter": {">STARTED_BY": "0"}}),
        ("DOCUMENT_ID[0]=crm&DOCUMENT_ID[1]=X", {"DOCUMENT_ID": ["crm", "X"]}),
        ("a[1]=x&a[0]=y", {"a": {"1": "x", "0": "y"}}),
        ("a[b][c][]=1&a[b][c][]=2", {"a": {"b": {"c": ["1", "2"]}}}),
        ("a.b=1&c d=2", {"a_b": "1", "c_d": "2"}),
        ("a[b=1", {"a_b": "1"}),
        ("a[5]=x&a[]=y", {"a": {"5": "x", "6": "y"}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("q=%D0%9E%D0%BB%D1%8F+1", {"q": "Оля 1"}),
        ("flag", {"flag": ""}),
        ("=1&&x=", {"x": ""}),
    ],
)
def test_query_strings_nest_by_brackets_and_later_values_win(text, expected):
    assert php.parse_query(text) == expected


@pytest.mark.parametrize("value", ["", "0", 0, 0.0, None, False, [], {}])
def test_php_calls_these_values_empty(value):
    assert php.is_empty(value)


@pytest.mark.parametrize("value", ["00", " ", "false", "0.0", 1, [0], {"a": 0}])
def test_php_does_not_call_these_values_empty(value):
    assert not php.is_empty(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12", 12), (" 7x", 7), ("-1", -1), ("x7", 0), ("", 0), (None, 0), (True, 1), (3.9, 3),
     ([5], 1), ([], 0), ("6b00.5", 6)],
)  # fmt: skip
def test_whole_numbers_are_read_from_the_front(value, expected):
    assert php.intval(value) == expected


def test_an_array_is_a_list_only_when_its_keys_count_from_zero():
    assert php.shape({}) == []
    assert php.shape({"0": "a", "1": "b"}) == ["a", "b"]
    assert php.shape({"0": "a", "2": "b"}) == {"0": "a", "2": "b"}
    assert php.shape({"1": "a", "0": "b"}) == {"1": "a", "0": "b"}
