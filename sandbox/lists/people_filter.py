"""The rich filter of user.get: fifteen operators, arrays, and a few keys of its own."""

import re
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from sandbox import php
from sandbox.lists.filters import like
from sandbox.state.clock import PORTAL_ZONE, parse_moment
from sandbox.state.records import User

FIELDS = {
    "ID": "int",
    "ACTIVE": "bool",
    "NAME": "string",
    "LAST_NAME": "string",
    "SECOND_NAME": "string",
    "EMAIL": "string",
    "WORK_POSITION": "string",
    "PERSONAL_GENDER": "string",
    "PERSONAL_MOBILE": "string",
    "WORK_PHONE": "string",
    "TIME_ZONE": "string",
    "USER_TYPE": "string",
    "IS_ONLINE": "string",
    "LAST_LOGIN": "datetime",
    "DATE_REGISTER": "datetime",
    "UF_DEPARTMENT": "ints",
}
_KEY = re.compile(r"(!=%|!%=|!=|!%|!@|!|>=|>|<=|<|=%|%=|=|%|@)?([A-Z_0-9]+)")
UserTest = Callable[[User], bool]


def value_of(user: User, name: str) -> Any:
    """Return a field of a person."""
    match name:
        case "WORK_POSITION":
            return user.position
        case "PERSONAL_GENDER":
            return user.gender
        case "PERSONAL_MOBILE" | "WORK_PHONE":
            return user.phone
        case "IS_ONLINE":
            return "Y" if user.online and user.active else "N"
        case "DATE_REGISTER":
            return int(user.registered)
        case "LAST_LOGIN":
            return None if user.last_login is None else int(user.last_login)
        case "UF_DEPARTMENT":
            return user.departments
        case _:
            return getattr(user, name.lower())


def matches(key: str, wanted: Any, *, now: float, zone: tzinfo = PORTAL_ZONE) -> UserTest | None:
    """Build the test of one key, or return None for a key nobody knows."""
    if key == "NAME_SEARCH":
        words = php.text(wanted).casefold().split()
        return lambda user: all(
            any(part.startswith(word) for part in _words(user)) for word in words
        )
    found = _KEY.fullmatch(key)
    if found is None or found[2] not in FIELDS:
        return None
    operator, name = found[1] or "", found[2]
    kind = FIELDS[name]
    if kind == "bool":
        expected = not (php.is_empty(wanted) or wanted == "N")
        if operator.startswith("!"):
            expected = not expected
        return lambda user: user.active == expected
    if kind == "datetime":
        wanted = _moments(wanted, now, zone)
        if wanted is None:
            return lambda user: False
    return _test(name, kind, operator, wanted)


def _words(user: User) -> list[str]:
    return f"{user.name} {user.last_name} {user.email or ''} {user.position}".casefold().split()


def _moments(wanted: Any, now: float, zone: tzinfo) -> Any:
    if php.is_array(wanted):
        moments = [parse_moment(item, now=now, zone=zone) for item in php.values(wanted)]
        return None if None in moments else moments
    return parse_moment(wanted, now=now, zone=zone)


def _test(name: str, kind: str, operator: str, wanted: Any) -> UserTest:
    negated = operator.startswith("!")
    base = operator.lstrip("!")
    choices = php.values(wanted) if php.is_array(wanted) else [wanted]

    def holds(user: User) -> bool:
        actual = value_of(user, name)
        found = any(_one(actual, base, choice, kind) for choice in choices)
        return found != negated

    return holds


def _one(actual: Any, operator: str, wanted: Any, kind: str) -> bool:
    if kind == "ints":
        return any(_one(item, operator, wanted, "int") for item in actual)
    if operator in (">", ">=", "<", "<="):
        return _ordered(actual, operator, wanted, kind)
    if actual is None:
        return php.is_empty(wanted)
    if kind in ("int", "datetime"):
        return bool(actual == (php.intval(wanted) if kind == "int" else int(wanted)))
    text = php.text(wanted).casefold()
    if operator == "%":
        return text in actual.casefold()
    if operator in ("=%", "%="):
        return like(text).fullmatch(actual) is not None
    return bool(actual.casefold() == text)


def _ordered(actual: Any, operator: str, wanted: Any, kind: str) -> bool:
    if actual is None:
        return False
    if kind == "string":
        left: Any = actual.casefold()
        right: Any = php.text(wanted).casefold()
    else:
        left, right = actual, php.intval(wanted)
    if operator[0] == ">":
        return bool(left > right or (operator == ">=" and left == right))
    return bool(left < right or (operator == "<=" and left == right))
