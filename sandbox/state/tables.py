"""Tables of records in memory, with what must be found fast and saved cheaply.

A table remembers which rows changed since the last save. The table of workflows also keeps the
running ones sorted by id, by last save and by start, so that any page of 100,000 rows is a slice.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from sandbox.state.records import Task, Workflow

Key = TypeVar("Key")
Row = TypeVar("Row")


class Table(Generic[Key, Row]):
    """Rows by key; every change goes through put() and drop()."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: dict[Key, Row] = {}
        self.changed: dict[Key, Row | None] = {}

    def __getitem__(self, key: Key) -> Row:
        return self.rows[key]

    def __contains__(self, key: object) -> bool:
        return key in self.rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: Key) -> Row | None:
        """Return a row, or None."""
        return self.rows.get(key)

    def put(self, key: Key, row: Row) -> None:
        """Add a row or note that it changed."""
        self.rows[key] = row
        self.changed[key] = row

    def drop(self, key: Key) -> None:
        """Remove a row."""
        if self.rows.pop(key, None) is not None:
            self.changed[key] = None


class SortedIds:
    """The ids of running workflows in the order of one column."""

    def __init__(self) -> None:
        """Start empty."""
        self.entries: list[tuple[float | str, str]] = []

    def add(self, value: float | str, workflow_id: str) -> None:
        """Put an id in its place."""
        insort(self.entries, (value, workflow_id))

    def discard(self, value: float | str, workflow_id: str) -> None:
        """Take an id out."""
        position = bisect_left(self.entries, (value, workflow_id))
        if position < len(self.entries) and self.entries[position] == (value, workflow_id):
            del self.entries[position]


class WorkflowTable(Table[str, Workflow]):
    """Workflows, with the running ones sorted."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.sorted = {name: SortedIds() for name in ("ID", "MODIFIED", "STARTED")}
        self._placed: dict[str, tuple[float, float]] = {}
        self._bulk = False

    @property
    def running(self) -> int:
        """Return how many workflows run."""
        return len(self._placed)

    def is_running(self, workflow_id: str) -> bool:
        """Tell whether a workflow runs."""
        return workflow_id in self._placed

    def put(self, key: str, row: Workflow) -> None:
        """Add or change a workflow and keep the sorted ids right."""
        super().put(key, row)
        if not self._bulk:
            self._place(row)

    def drop(self, key: str) -> None:
        """Remove a workflow altogether."""
        super().drop(key)
        if not self._bulk:
            self._take_out(key)

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Add very many workflows and sort only once, at the end."""
        self._bulk = True
        try:
            yield
        finally:
            self._bulk = False
            self.sort_anew()

    def sort_anew(self) -> None:
        """Build the sorted ids from the rows."""
        running = [row for row in self.rows.values() if row.ended is None]
        self._placed = {row.id: (row.modified, row.started) for row in running}
        self.sorted["ID"].entries = sorted((row.id, row.id) for row in running)
        self.sorted["MODIFIED"].entries = sorted((row.modified, row.id) for row in running)
        self.sorted["STARTED"].entries = sorted((row.started, row.id) for row in running)

    def _place(self, row: Workflow) -> None:
        placed = (row.modified, row.started)
        before = self._placed.get(row.id)
        if row.ended is not None:
            self._take_out(row.id)
        elif before != placed:
            self._take_out(row.id)
            self._placed[row.id] = placed
            self.sorted["ID"].add(row.id, row.id)
            self.sorted["MODIFIED"].add(row.modified, row.id)
            self.sorted["STARTED"].add(row.started, row.id)

    def _take_out(self, key: str) -> None:
        before = self._placed.pop(key, None)
        if before is not None:
            self.sorted["ID"].discard(key, key)
            self.sorted["MODIFIED"].discard(before[0], key)
            self.sorted["STARTED"].discard(before[1], key)


class TaskTable(Table[int, Task]):
    """Workflow tasks, found by their workflow too."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._of_workflow: dict[str, list[int]] = {}

    def put(self, key: int, row: Task) -> None:
        """Add or change a task."""
        if key not in self.rows:
            self._of_workflow.setdefault(row.workflow_id, []).append(key)
        super().put(key, row)

    def drop(self, key: int) -> None:
        """Remove a task."""
        row = self.rows.get(key)
        if row is not None:
            remaining = self._of_workflow[row.workflow_id]
            remaining.remove(key)
            if not remaining:
                del self._of_workflow[row.workflow_id]
        super().drop(key)

    def of_workflow(self, workflow_id: str) -> list[Task]:
        """Return the tasks of a workflow, oldest first."""
        return [self.rows[key] for key in self._of_workflow.get(workflow_id, [])]
