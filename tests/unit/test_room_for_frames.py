"""Calls cost the same wherever in a request they stand."""

from collections.abc import Callable
from statistics import median
from timeit import timeit
from typing import Any

from bizproc_admin.middleware import RoomMiddleware


def cost_of_calls(depth: int) -> float:
    """Return what calls cost so many calls further down."""
    if depth:
        return cost_of_calls(depth - 1)
    return min(timeit(lambda: None, number=500) for _ in range(3))


def test_no_call_costs_many_times_another_for_how_deep_it_is():
    get_response: Callable[[Any], Any] = cost_of_calls
    costs = [RoomMiddleware(get_response)(depth) for depth in range(300)]
    assert max(costs) < 10 * median(costs)
