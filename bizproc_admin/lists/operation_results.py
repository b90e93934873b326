"""What became of each target of an operation, as a file that spreadsheets open."""

import csv
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from bizproc_admin import commands, zones
from bizproc_admin.actions import NotPossible
from bizproc_admin.commands.freezing import actions_of
from bizproc_admin.commands.preparing import key_of
from bizproc_admin.lists.operation_filters import KINDS
from bizproc_admin.models import BulkOperation, Command, CommandState
from bizproc_admin.wording import acts, command_errors

# spreadsheets take a cell that begins like this for a formula
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
AT_ONCE = 500
# so that spreadsheets read it as UTF-8
MARK = "\ufeff"


class Line:
    """What csv writes to: it gives the line instead of keeping it."""

    def write(self, value: str) -> str:
        return value


def results_of(operation: BulkOperation) -> Iterator[str]:
    """Yield the lines of the file as its reader, who has asked just now, would read them.

    A file is written after its request is over, with the language and the zone that it had.
    """
    return lines_of(operation, get_language() or "en", timezone.get_current_timezone())


def lines_of(operation: BulkOperation, language: str, zone: tzinfo) -> Iterator[str]:
    """Yield the lines: the commands, those left out, and what was never begun."""
    with override(language), timezone.override(zone):
        yield from written_lines(operation)


def written_lines(operation: BulkOperation) -> Iterator[str]:
    writer = csv.writer(Line())
    yield MARK
    yield writer.writerow(heads())
    rows = operation.commands.select_related("task").order_by("pk").iterator(chunk_size=AT_ONCE)
    for command in rows:
        yield writer.writerow([safe(cell) for cell in cells_of(command)])
    for cells in unbegun(operation):
        yield writer.writerow([safe(cell) for cell in cells])


def heads() -> list[str]:
    return [
        _("Kind"), _("Number"), _("Target"), _("Outcome"), _("Reason"), _("Code"), _("Requested"),
        _("Sent"), _("Settled"), _("Command"),
    ]  # fmt: skip


def cells_of(command: Command) -> list[Any]:
    kind = commands.kind_of(CommandState(command.state), command.error_code)
    return [
        command.target_kind, command.target_id, acts.target(command), KINDS[kind],
        command_errors.command_error(command), command.error_code, written(command.requested_at),
        written(command.sent_at), written(command.settled_at), command.pk,
    ]  # fmt: skip


def unbegun(operation: BulkOperation) -> Iterator[list[Any]]:
    """Yield the targets that have no command: left out, or cancelled before they had one."""
    for part in operation.parts.order_by("place").iterator(chunk_size=1):
        for one in part.left_out:
            label = acts.target_said(one["labels"]) if one["labels"] else ""
            why = command_errors.said(one["code"], one["values"])
            yield cells("", one["target"], label, KINDS["refused"], why, one["code"])
        if part.place < operation.prepared:
            continue
        try:
            pairs = [(key_of(operation, one), one) for one in actions_of(operation, part)]
        except NotPossible:
            continue
        # one that broke off in the middle has commands for some of them
        keys = [key for key, _action in pairs]
        begun = set(operation.commands.filter(key__in=keys).values_list("key", flat=True))
        for action in [action for key, action in pairs if key not in begun]:
            target = action.target()
            label = acts.target_said(target.labels)
            yield cells(target.kind, target.id, label, KINDS["not_sent"], "", "")


def cells(kind: str, number: str, label: str, outcome: object, why: str, code: str) -> list[Any]:
    return [kind, number, label, outcome, why, code, "", "", "", ""]


def written(value: datetime | None) -> str:
    """Return a moment as spreadsheets sort it, in the reader's zone."""
    return f"{zones.local(value):%Y-%m-%d %H:%M:%S}" if value else ""


def safe(cell: Any) -> str:
    """Return a cell as text that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULAS) else text
