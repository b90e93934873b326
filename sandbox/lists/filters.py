"""Filters of lists, with the portal's own quirks.

A key that is not an UPPER-CASE field with one of five operators is dropped in silence, so that the
list comes back unfiltered; each one dropped is noted as a complaint. The two families of lists
treat wildcards, NULL and empty arrays differently.
"""

import operator as operators
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sandbox import php
from sandbox.state.clock import PORTAL_ZONE, parse_moment

Predicate = Callable[[Any], bool]

_KEY = re.compile(r"(<=|>=|<|>|!)?(.*)", re.DOTALL)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


@dataclass(frozen=True)
class Condition:
    """One accepted key of a filter; dates are read already, "now" and "-1 day" among them."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Narrowing:
    """A filter after reading: what holds, and what was dropped."""

    conditions: tuple[Condition, ...]
    dropped: tuple[str, ...]


def read(
    value: Any,
    fields: dict[str, str],
    *,
    now: float,
    newer: bool = False,
    zone: tzinfo = PORTAL_ZONE,
) -> Narrowing:
    """Read a filter; unknown keys, lower case and other operators are dropped.

    The newer rules, documented but not seen in a build, take "=" and "!=" and names in any case.
    """
    conditions, dropped = [], []
    for key, wanted in php.items(value):
        if newer:
            key = re.sub(r"^(!?)=", r"\1", key).upper()
        match = _KEY.fullmatch(key)
        if match is not None and match[2] in fields:
            if fields[match[2]] == "datetime":
                wanted = _moments(wanted, now=now, zone=zone)
            conditions.append(Condition(match[2], match[1] or "", wanted))
        else:
            dropped.append(key)
    return Narrowing(tuple(conditions), tuple(dropped))


def orm_predicate(condition: Condition, kind: str) -> Predicate:
    """Build the test of the workflow and template lists: LIKE, and NULL rows left out of "!"."""
    wanted = condition.value
    if condition.operator in _COMPARE:
        return _range(condition.operator, _first(wanted), kind)
    if php.is_array(wanted):
        matches = _any_of([_orm_equal(item, kind) for item in php.values(wanted)])
        if not php.values(wanted):
            if condition.operator == "!":
                return lambda actual: True
            return (lambda actual: actual == "") if kind == "string" else (lambda actual: False)
    else:
        matches = _orm_equal(wanted, kind)
    if condition.operator != "!":
        return matches
    if kind == "string":
        return lambda actual: not matches(actual)
    return lambda actual: actual is not None and not matches(actual)


def sql_predicate(condition: Condition, kind: str) -> Predicate:
    """Build the test of the task list: no wildcards, and "!" takes NULL rows along."""
    wanted = condition.value
    choices = php.values(wanted) if php.is_array(wanted) else [wanted]
    if not choices:
        # An empty array adds no condition at all: everything comes back.
        return lambda actual: True
    if condition.operator in _COMPARE:
        if kind == "datetime" and any(choice is None for choice in choices):
            return lambda actual: actual is None
        return _any_of([_range(condition.operator, choice, kind) for choice in choices])
    matches = _any_of([_sql_equal(choice, kind) for choice in choices])
    if condition.operator != "!":
        return matches
    return lambda actual: actual is None or not matches(actual)


def _moments(wanted: Any, *, now: float, zone: tzinfo) -> Any:
    if php.is_array(wanted):
        return [parse_moment(item, now=now, zone=zone) for item in php.values(wanted)]
    return parse_moment(wanted, now=now, zone=zone)


def _first(wanted: Any) -> Any:
    if php.is_array(wanted):
        return next(iter(php.values(wanted)), None)
    return wanted


def _any_of(predicates: list[Predicate]) -> Predicate:
    if len(predicates) == 1:
        return predicates[0]
    return lambda actual: any(predicate(actual) for predicate in predicates)


def _range(sign: str, wanted: Any, kind: str) -> Predicate:
    compare = _COMPARE[sign]
    if kind == "int":
        limit: Any = php.intval(wanted)
    elif kind == "datetime":
        if wanted is None:
            return lambda actual: False
        limit = wanted
    else:
        folded = php.text(wanted).casefold()
        return lambda actual: actual is not None and compare(actual.casefold(), folded)
    return lambda actual: actual is not None and compare(actual, limit)


def _orm_equal(wanted: Any, kind: str) -> Predicate:
    if kind == "datetime":
        return lambda actual: actual == wanted
    text = php.text(wanted)
    if kind == "int":
        number = php.intval(wanted)
        if number == 0:
            return lambda actual: actual is None or actual == 0
        return lambda actual: actual == number
    if text == "":
        return lambda actual: actual is None or actual == ""
    if not text.isdigit() and ("%" in text or "_" in text):
        pattern = like(text)
        return lambda actual: actual is not None and pattern.fullmatch(actual) is not None
    folded = text.casefold()
    return lambda actual: actual is not None and actual.casefold() == folded


def _sql_equal(wanted: Any, kind: str) -> Predicate:
    if kind == "datetime":
        return lambda actual: actual == wanted
    if kind == "int":
        number = php.intval(wanted)
        if number == 0:
            return lambda actual: actual is None or actual == 0
        return lambda actual: actual == number
    folded = php.text(wanted).casefold()
    if folded == "":
        return lambda actual: actual is None or actual == ""
    return lambda actual: actual is not None and actual.casefold() == folded


def like(text: str) -> re.Pattern[str]:
    """Turn a LIKE pattern into a regular expression."""
    parts = [{"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in text]
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
