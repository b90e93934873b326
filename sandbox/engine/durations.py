"""Durations in activities: a number and a unit."""

from datetime import tzinfo
from typing import Any

from sandbox import php
from sandbox.state.clock import PORTAL_ZONE, bounded, parse_moment

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = 100 * 366 * 86400


def seconds(amount: Any, unit: Any) -> float:
    """Return a duration in seconds, a century at most; unknown units are seconds."""
    text = php.text(amount)
    number = float(text) if php.is_numeric(text) else 0.0
    return min(number * _UNITS.get(php.text(unit) or "s", 1), _LONGEST)


def moment(value: Any, *, now: float, zone: tzinfo = PORTAL_ZONE) -> float | None:
    """Read a date property; Unix seconds are taken as they are."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return bounded(float(value))
    return parse_moment(value, now=now, zone=zone) if value else None
