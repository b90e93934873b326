"""Times, ratios and the table they are printed in."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure with its target; is_met is None where there is nothing to reach."""

    what: str
    figure: str
    target: str = ""
    is_met: bool | None = None


def medians_ms(*works: Callable[[], object], times: int = 15) -> list[float]:
    """Give each work's median time in milliseconds, after two runs to warm up.

    They take turns, so that whatever else the machine does meets all of them alike.
    """
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(times + 2):
        for work, times_taken in zip(works, taken, strict=True):
            began = time.perf_counter()
            work()
            if turn >= 2:
                times_taken.append((time.perf_counter() - began) * 1000)
    return [statistics.median(one) for one in taken]


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(title: str, lines: Sequence[Line]) -> bool:
    """Print a table; True when no target was missed."""
    words = {True: "met", False: "MISSED", None: ""}
    rows = [(line.what, line.figure, line.target, words[line.is_met]) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    print(f"\n{title}")
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        print("  " + "  ".join(cells).rstrip())
    return all(line.is_met is not False for line in lines)
