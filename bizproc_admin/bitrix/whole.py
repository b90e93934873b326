"""Workflows together with their tasks: all that somebody looks at, in one request."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .chunks import Chunk, Cursor, Odd
from .envelopes import BATCH_LIMIT, Call, Reply
from .filters import Filter
from .list_calls import Asks, Listing
from .list_reads import Resource, counts_more, groups_of
from .objects import TaskRow, WorkflowRow
from .passes import Want
from .resources import Workflows, WorkflowTasks

#: Most workflows have a few tasks, each of a few people: so many seldom fill more than a page.
_TASKS_OF_A_CALL: Final = 10
_WORKFLOWS_A_CALL: Final = 50
#: 200 workflows take 4 calls for themselves and 20 for their tasks.
_AT_ONCE: Final = BATCH_LIMIT // 5 * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What one look showed: the workflows asked for that run, and the tasks of all of them.

    `asked` are the ids of this look. `unread` are those of workflows with more tasks than were
    read, or with some that do not say whose they are.
    """

    asked: tuple[str, ...]
    workflows: Chunk[WorkflowRow]
    tasks: Chunk[TaskRow]
    unread: frozenset[str]


class WholeWorkflows(Resource[WorkflowRow]):
    """Read workflows with their tasks, of any status.

    The list of workflows refuses everybody but administrators: in the same request it proves that
    the tasks are all there are.
    """

    listing = Workflows.listing

    def __init__(self, reader: Asks) -> None:
        super().__init__(reader)

    def read(self, ids: Iterable[str]) -> list[Whole]:
        """Read these workflows and their tasks, 200 in a request.

        Calls bizproc.workflow.instances and bizproc.task.list.
        """
        wanted = list(dict.fromkeys(ids))
        return [self._at_once_read(part) for part in groups_of(wanted, _AT_ONCE)]

    def _at_once_read(self, ids: list[str]) -> Whole:
        tasks = WorkflowTasks.listing
        by_id = list(groups_of(ids, _WORKFLOWS_A_CALL))
        by_workflow = list(groups_of(ids, _TASKS_OF_A_CALL))
        asked: list[tuple[Call, Filter]] = []
        for group in by_id:
            one: Filter = {"ID": group}
            asked.append((self.listing.call(Want(start=-1), one), one))
        for group in by_workflow:
            one = {"WORKFLOW_ID": group}
            asked.append((tasks.call(Want(start=0), one), one))
        replies, proven = self._ask([call for call, _ in asked])
        filters = [one for _, one in asked]
        first = len(by_id)
        unread: set[str] = set()
        whole: list[tuple[Reply, Filter]] = []
        for group, reply, one in zip(by_workflow, replies[first:], filters[first:], strict=True):
            entries = tasks.entries(reply, one)
            if counts_more(entries, reply) or any(entry.key is None for entry in entries):
                unread.update(group)
            else:
                whole.append((reply, one))
        found = zip(replies[:first], filters[:first], strict=True)
        sent_at = replies[0].sent_at
        return Whole(
            asked=tuple(ids),
            workflows=_chunk(self.listing, list(found), sent_at=sent_at, proven=proven),
            tasks=_chunk(tasks, whole, sent_at=sent_at, proven=proven),
            unread=frozenset(unread),
        )


def _chunk(
    listing: Listing[Any],
    replies: list[tuple[Reply, Filter]],
    *,
    sent_at: datetime,
    proven: bool,
) -> Chunk[Any]:
    entries = [entry for reply, one in replies for entry in listing.entries(reply, one)]
    odd: tuple[Odd, ...] = tuple(entry.odd for entry in entries if entry.odd is not None)
    rows = tuple(entry.row for entry in entries if entry.row is not None)
    return Chunk(
        rows=rows,
        sent_at=sent_at,
        requests=1,
        total=len(rows),
        complete=True,
        cursor=Cursor(requests=1, total=len(rows), offset=0, ended=True),
        time=replies[-1][0].time if replies else None,
        proven=proven,
        odd=odd,
        doubtful=frozenset(one.key for one in odd if one.key is not None),
    )
