"""Comparing values in branches."""

import pytest

from sandbox.engine.conditions import compare


@pytest.mark.parametrize(
    ("actual", "operator", "expected", "holds"),
    [
        ("10", "=", 10, True),
        ("10", "=", "10.0", True),
        ("a", "!=", "b", True),
        ("9", "<", "10", True),
        ("b", ">", "a", True),
        ("10", ">=", "10", True),
        ("", "<=", "0", True),
        ("x", "in", ["x", "y"], True),
        ("z", "!in", ["x", "y"], True),
        ("Long text", "contain", "TEXT", True),
        (["user_1", "user_2"], "contain", "user_2", True),
        (["user_1"], "!contain", "user_2", True),
        ("0", "empty", "", True),
        ("a", "!empty", "", True),
        ("5", "between", ["1", "5"], True),
        ("6", "between", ["1", "5"], False),
        (["a", "b"], "=", "b", True),
        ("a", "unknown", "a", False),
    ],
)
def test_operators_compare_numbers_as_numbers_and_the_rest_as_text(
    actual, operator, expected, holds
):
    assert compare(actual, operator, expected) is holds
