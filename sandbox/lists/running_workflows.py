"""Finding running workflows fast: slices of sorted ids wherever a query allows it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, overload

from sandbox import php
from sandbox.lists.filters import Condition, orm_predicate
from sandbox.lists.listing import sort_rows
from sandbox.state.portal import Portal
from sandbox.state.records import Workflow

FIELDS = {
    "ID": "string",
    "MODIFIED": "datetime",
    "OWNED_UNTIL": "datetime",
    "MODULE_ID": "string",
    "ENTITY": "string",
    "DOCUMENT_ID": "string",
    "STARTED": "datetime",
    "STARTED_BY": "int",
    "TEMPLATE_ID": "int",
}
_SORTED = ("ID", "MODIFIED", "STARTED")
_AFTER_ALL = "\U0010ffff"


def value_of(workflow: Workflow, name: str) -> Any:
    """Return a column of a workflow."""
    match name:
        case "ID":
            return workflow.id
        case "MODIFIED":
            return workflow.modified
        case "OWNED_UNTIL":
            return workflow.owned_until
        case "MODULE_ID":
            return workflow.document[0]
        case "ENTITY":
            return workflow.document[1]
        case "DOCUMENT_ID":
            return workflow.document[2]
        case "STARTED":
            return workflow.started
        case "STARTED_BY":
            return workflow.started_by
        case _:
            return workflow.template_id


class Ids(Sequence[str]):
    """A stretch of the ids sorted by one column, forwards or backwards, without copying it."""

    def __init__(
        self, entries: list[tuple[float | str, str]], low: int, high: int, *, backwards: bool
    ) -> None:
        """Show entries low..high-1."""
        self._entries, self._low, self._high = entries, low, max(low, high)
        self._backwards = backwards

    def __len__(self) -> int:
        return self._high - self._low

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, int):
            if not 0 <= index < len(self):
                raise IndexError(index)
            place = self._high - 1 - index if self._backwards else self._low + index
            return self._entries[place][1]
        first, last, _ = index.indices(len(self))
        if self._backwards:
            part = self._entries[self._high - last : self._high - first]
            return [key for _, key in reversed(part)]
        return [key for _, key in self._entries[self._low + first : self._low + last]]


def find(
    portal: Portal, conditions: tuple[Condition, ...], ordering: dict[str, bool]
) -> Sequence[str]:
    """Return the ids of the workflows that satisfy a filter, in order."""
    key = ("running", repr(conditions), repr(ordering))
    found: Sequence[str] = portal.found(key, lambda: _search(portal, conditions, ordering))
    return found


def _search(
    portal: Portal, conditions: tuple[Condition, ...], ordering: dict[str, bool]
) -> Sequence[str]:
    table = portal.workflows
    order_name, backwards = next(iter(ordering.items()))
    keys = _named_keys(conditions)
    if keys is not None:
        return _filtered(portal, [k for k in keys if table.is_running(k)], conditions, ordering)
    for name in (*(n for n in _SORTED if n == order_name), *_SORTED):
        bounds = [c for c in conditions if c.field == name and _is_bound(c)]
        if not bounds and (conditions or name != order_name):
            continue
        low, high = _stretch(table.sorted[name].entries, bounds)
        rest = tuple(c for c in conditions if c not in bounds)
        stretch = Ids(table.sorted[name].entries, low, high, backwards=backwards)
        if not rest and name == order_name and len(ordering) == 1:
            return stretch
        return _filtered(portal, stretch[:], rest, ordering)
    return _filtered(portal, [key for _, key in table.sorted["ID"].entries], conditions, ordering)


def _filtered(
    portal: Portal,
    keys: list[str],
    conditions: tuple[Condition, ...],
    ordering: dict[str, bool],
) -> list[str]:
    if list(ordering) == ["ID"] and not conditions:
        return sorted(keys, reverse=ordering["ID"])
    rows = [portal.workflows[key] for key in keys]
    for condition in conditions:
        holds = orm_predicate(condition, FIELDS[condition.field])
        name = condition.field
        rows = [row for row in rows if holds(value_of(row, name))]
    sort_rows(rows, {**ordering, "ID": ordering.get("ID", False)}, value_of)
    return [row.id for row in rows]


def _named_keys(conditions: tuple[Condition, ...]) -> list[str] | None:
    for condition in conditions:
        if condition.field == "ID" and condition.operator == "":
            wanted = condition.value
            texts = [
                php.text(i) for i in (php.values(wanted) if php.is_array(wanted) else [wanted])
            ]
            if all(text and "%" not in text and "_" not in text for text in texts):
                return list(dict.fromkeys(text.lower() for text in texts))
    return None


def _is_bound(condition: Condition) -> bool:
    if condition.operator not in ("<", "<=", ">", ">=") or php.is_array(condition.value):
        return False
    return condition.field == "ID" or condition.value is not None


def _stretch(entries: list[tuple[float | str, str]], bounds: list[Condition]) -> tuple[int, int]:
    low, high = 0, len(entries)
    for bound in bounds:
        value: Any = php.text(bound.value).lower() if bound.field == "ID" else bound.value
        before = bisect_left(entries, (value, ""))
        after = bisect_right(entries, (value, _AFTER_ALL))
        match bound.operator:
            case ">=":
                low = max(low, before)
            case ">":
                low = max(low, after)
            case "<":
                high = min(high, before)
            case "<=":
                high = min(high, after)
    return low, high
