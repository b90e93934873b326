"""What every list of the portal shares: how it is asked, how its rows are checked and read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from . import filters
from .chunks import Identified, Odd
from .envelopes import Call, Reply
from .errors import BadAnswer
from .fields import Fields, OddRow, Raw
from .filters import Filter
from .passes import Want
from .transport import Transport
from .witnesses import Witness

T = TypeVar("T")
Row = TypeVar("Row", bound=Identified)

#: A page fails only when most of its rows are odd, and at least so many: one row never stops a
#: whole list, and few changes never those of a long one.
ODD_ROWS_OF_ALL: Final = 2
ODD_ROWS_OF_CHANGES: Final = 20


class Asks(Protocol):
    """The part of a reader that lists need."""

    @property
    def transport(self) -> Transport:
        """Return the transport."""

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Reply:
        """Call one read method."""

    def ask_many(self, calls: Sequence[Call]) -> list[Reply]:
        """Call up to 50 read methods in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[Row]):
    """One row as the portal wrote it, and what could be read of it: `row` or else `odd`."""

    raw: Raw
    key: int | str | None
    row: Row | None
    odd: Odd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Row]):
    """How one list of the portal is asked: its method, its parameters and its rows.

    `witnesses` are asked in the same request and prove that the reader sees everything. A list
    without any proves nothing by what it leaves out, except where it refuses everybody else.
    """

    method: str
    kind: str
    parse: Callable[[object], Row]
    select: Sequence[str] = ()
    # user.get and department.get sort by other names than the bizproc lists.
    sorted_by: Mapping[str, Any]
    witnesses: Sequence[Witness] = ()
    refuses_others: bool = False
    has_text_ids: bool = False

    def call(self, want: Want, filter: Filter) -> Call:
        """Build the call for one wanted page."""
        sent = filters.for_portal(filter)
        params: dict[str, Any] = {**self.sorted_by, "start": want.start}
        if self.select:
            params["select"] = list(dict.fromkeys([*self.select, *filters.names(filter)]))
        if sent:
            params["filter"] = sent
        return Call(method=self.method, params=params)

    def entries(self, reply: Reply, filter: Filter) -> list[Entry[Row]]:
        """Take the rows out of a reply, hold them against the filter, and read what can be.

        A row that does not match the filter raises FilterIgnored; one that cannot be compared
        with it is as odd as one that cannot be read.
        """
        rows = reply.result
        if isinstance(rows, Mapping):
            rows = list(rows.values())
        if not isinstance(rows, list):
            raise BadAnswer(f"{self.kind} list is {type(rows).__name__}", method=self.method)
        return [self._entry(raw, filter) for raw in rows]

    def _entry(self, raw: Any, filter: Filter) -> Entry[Row]:
        key: int | str | None = None
        row: Row | None = None
        error: OddRow | None = None
        try:
            fields = Fields(raw, kind=self.kind)
            key = fields.required_text("ID") if self.has_text_ids else fields.positive("ID")
            row = self.parse(raw)
        except OddRow as wrong:
            error = wrong
        if filter and isinstance(raw, Mapping):
            unclear = filters.check(
                Fields(raw, kind=self.kind), filter, unreadable=error.field if error else ""
            )
            error = error or unclear
        if error is not None:
            written = raw.get("ID") if isinstance(raw, Mapping) else None
            shown = "" if written is None else f"{written}"[:_LONGEST_ID]
            odd = Odd(kind=self.kind, id=shown, field=error.field, code=error.oddity, key=key)
            return Entry(raw=raw if key is not None else {}, key=key, row=None, odd=odd)
        return Entry(raw=raw, key=key, row=row, odd=None)

    def refuse_mostly_odd(self, entries: Sequence[Entry[Row]], *, at_least: int) -> None:
        """Raise BadAnswer when most rows of a page cannot be read: the portal means another row."""
        odd = [entry.odd for entry in entries if entry.odd is not None]
        if len(odd) >= at_least and 2 * len(odd) > len(entries):
            first = odd[0]
            raise BadAnswer(
                f"{len(odd)} of {len(entries)} rows cannot be read, the first for "
                f"{self.kind}.{first.field}: {first.code} (ID {first.id!r})",
                method=self.method,
            )


_LONGEST_ID: Final = 64
