"""Conditions of branches: lists of [field, operator, value, joiner] under one of five names."""

from typing import Any

from sandbox import php
from sandbox.engine.expressions import evaluate, look_up
from sandbox.engine.tree import Node, properties
from sandbox.state.portal import Portal
from sandbox.state.records import Workflow


def holds(portal: Portal, workflow: Workflow, branch: Node) -> bool:
    """Tell whether a branch may be entered; one without a condition always may."""
    conditions = properties(branch)
    if "fieldcondition" in conditions:
        return _joined(portal, workflow, conditions["fieldcondition"], holder="Document")
    if "propertyvariablecondition" in conditions:
        return _joined(portal, workflow, conditions["propertyvariablecondition"], holder="")
    if "mixedcondition" in conditions:
        return _joined(portal, workflow, conditions["mixedcondition"], holder="")
    return True


def _joined(portal: Portal, workflow: Workflow, items: Any, *, holder: str) -> bool:
    # AND binds tighter than OR: the list is a row of AND groups with OR between them.
    groups: list[list[bool]] = [[]]
    for item in php.values(items):
        field, operator, expected, joiner, source = _parts(item, holder)
        actual = _actual(portal, workflow, field, source)
        expected = evaluate(portal, workflow, expected)
        if php.intval(joiner) == 1 and groups[-1]:
            groups.append([])
        groups[-1].append(compare(actual, operator, expected))
    return any(all(group) for group in groups)


def _parts(item: Any, holder: str) -> tuple[str, str, Any, Any, str]:
    if isinstance(item, dict) and "field" in item:
        source = item.get("object") or holder
        return (
            item["field"],
            item.get("operator", "="),
            item.get("value"),
            item.get("joiner"),
            source,
        )
    row = [*php.values(item), "", "=", "", 0]
    return str(row[0]), str(row[1]), row[2], row[3] if len(php.values(item)) > 3 else 0, holder


def _actual(portal: Portal, workflow: Workflow, field: str, source: str) -> Any:
    if source:
        return look_up(portal, workflow, source, field)
    if field in workflow.parameters:
        return workflow.parameters[field]
    return workflow.variables.get(field)


def compare(actual: Any, operator: str, expected: Any) -> bool:
    """Compare as the portal does: numbers as numbers, anything else as text."""
    if operator == "empty":
        return php.is_empty(actual)
    if operator == "!empty":
        return not php.is_empty(actual)
    choices = php.values(expected) if php.is_array(expected) else [expected]
    if operator in ("in", "!in"):
        return any(_equal(actual, choice) for choice in choices) == (operator == "in")
    if operator in ("contain", "!contain"):
        owned = [php.text(item) for item in php.values(actual)] or [php.text(actual)]
        found = any(
            php.text(choice) in owned
            if php.is_array(actual)
            else php.text(choice).casefold() in php.text(actual).casefold()
            for choice in choices
        )
        return found == (operator == "contain")
    if operator == "between" and len(choices) == 2:
        return compare(actual, ">=", choices[0]) and compare(actual, "<=", choices[1])
    if operator in ("=", "!="):
        return _equal(actual, expected) == (operator == "=")
    return _ordered(actual, operator, expected)


def _numbers(left: Any, right: Any) -> tuple[float, float] | None:
    try:
        return float(php.text(left) or 0), float(php.text(right) or 0)
    except ValueError:
        return None


def _equal(actual: Any, expected: Any) -> bool:
    if php.is_array(actual):
        return any(_equal(item, expected) for item in php.values(actual))
    numbers = _numbers(actual, expected)
    return numbers[0] == numbers[1] if numbers else php.text(actual) == php.text(expected)


def _ordered(actual: Any, operator: str, expected: Any) -> bool:
    numbers = _numbers(actual, expected)
    left, right = numbers or (php.text(actual), php.text(expected))
    outcomes = {
        ">": left > right,  # type: ignore[operator]  # both are numbers, or both are texts
        ">=": left >= right,  # type: ignore[operator]  # as above
        "<": left < right,  # type: ignore[operator]  # as above
        "<=": left <= right,  # type: ignore[operator]  # as above
    }
    return outcomes.get(operator, False)
