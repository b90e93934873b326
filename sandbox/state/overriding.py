"""Rows that the portal shows otherwise than it holds them: fields of any JSON value, or left out.

Real portals send what no rule here would make: empty texts for dates, `false` for lists, numbers of
twenty digits. Filters, orders and rights go on by what is held; only the shown row differs.
"""

from typing import Any

from sandbox.state.portal import Portal

#: What an id names: a task's stands for all its rows, of which there may be one a person.
KINDS = ("workflow", "template", "task", "user", "department")


def override(
    portal: Portal, kind: str, key: str, *, fields: dict[str, Any], absent: list[str]
) -> None:
    """Show these fields with these values, or not at all, until it is cleared."""
    row = portal.overrides.setdefault(kind, {}).setdefault(key, {"fields": {}, "absent": []})
    for name in absent:
        row["fields"].pop(name, None)
    row["absent"] = sorted({*row["absent"], *absent} - set(fields))
    row["fields"].update(fields)


def shown(
    portal: Portal, kind: str, key: int | str, row: dict[str, Any], *, add: bool = False
) -> dict[str, Any]:
    """Return a row as it is to be shown; `add` lets it gain fields that it did not have."""
    planned = portal.overrides.get(kind, {}).get(str(key))
    if planned is None:
        return row
    for name, value in planned["fields"].items():
        if add or name in row:
            row[name] = value
    for name in planned["absent"]:
        row.pop(name, None)
    return row
