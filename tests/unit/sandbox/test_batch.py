"""References and shapes of batch."""

import pytest

from sandbox.http import batch
from sandbox.refusals import named

COLLECTED = {
    "result": {"a": [{"ID": "7", "LIST": [1, 2]}], "ok": True, "n": 5},
    "error": {},
    "total": {"a": 12},
    "next": {},
    "time": {},
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$result[a][0][ID]", "7"),
        ("$result[a][0][LIST]", [1, 2]),
        ("$total[a]", 12),
        ("id-$result[a][0][ID] end", "id-7 end"),
        ("$result[a][0][ID],x", "7"),
        ("$RESULT[a]", None),
        ("$result[none]", None),
        ("$result[a][9][ID]", [{"ID": "7", "LIST": [1, 2]}]),
        ("x $result[a] y", "x  y"),
        ("costs 5$", "costs 5$"),
        (["$result[n]"], [5]),
    ],
)
def test_references_resolve_as_deep_as_they_can(value, expected):
    assert batch.resolve(value, COLLECTED) == expected


def run(cmd, *, halt=0, fail=()):
    seen = []

    def perform(method, params):
        seen.append(method)
        if method in fail:
            raise named("")
        return {"result": params, "time": {}}

    return batch.run({"CMD": cmd, "HALT": halt}, perform), seen


def test_commands_run_in_order_and_failures_go_beside_the_results():
    result, seen = run({"x": "one?a=1", "y": "two", "z": "three"}, fail=("two",))
    assert seen == ["one", "two", "three"]
    assert result["result"] == {"x": {"a": "1"}, "z": {}}
    assert result["result_error"]["y"]["error"] == ""


@pytest.mark.parametrize(("halt", "ran"), [(1, 2), ("false", 2), (0, 3), ("0", 3), (None, 3)])
def test_halt_stops_after_the_first_failure_and_the_text_false_halts_too(halt, ran):
    _, seen = run(["one", "two", "three"], halt=halt, fail=("two",))
    assert len(seen) == ran


def test_empty_maps_are_lists_and_gaps_make_objects():
    result, _ = run(["one", "two"], fail=("one",))
    assert result["result"] == {"1": {}}
    assert result["result_error"] == [{"error": "", "error_description": named("").text}]
    assert result["result_total"] == []


def test_only_fifty_commands_run():
    result, seen = run([f"m{number}" for number in range(52)])
    assert len(seen) == 50
    assert {e["error"] for e in result["result_error"].values()} == {"ERROR_BATCH_LENGTH_EXCEEDED"}
    assert len(result["result_error"]) == 2


@pytest.mark.parametrize("method", ["batch", "Batch", "download", "upload"])
def test_a_batch_in_a_batch_is_refused(method):
    result, seen = run({"a": method})
    assert seen == []
    assert result["result_error"]["a"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
