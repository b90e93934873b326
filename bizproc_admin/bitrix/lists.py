"""The lists of the portal, noun by noun, with the quirks of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from .envelopes import BATCH_LIMIT, Answer
from .errors import TooLong
from .fields import Raw
from .filters import Filter
from .listing import Listing, Resource
from .objects import DepartmentRow, TaskRow, TemplateRow, UserRow, WorkflowRow
from .paging import Chunk, Cursor, OverlapPass, Page, PagePass, Want

T = TypeVar("T")

#: A task comes as a row per person; so many tasks seldom fill more than one page.
_TASKS_A_COMMAND: Final = 20
_WORKFLOWS_A_COMMAND: Final = 50
_USERS_A_PAGE: Final = 50


class Workflows(Resource[WorkflowRow]):
    """Running workflows; the portal lists no ended ones."""

    listing = Listing(
        method="bizproc.workflow.instances",
        kind="workflow",
        parse=WorkflowRow.from_api,
        select=WorkflowRow.SELECT,
        sorted_by={"order": {"ID": "ASC"}},
    )

    def page(
        self,
        *,
        filter: Filter | None = None,
        order: Mapping[str, str] | None = None,
        start: int = 0,
    ) -> Page[WorkflowRow]:
        """Read one page of 50.

        Calls bizproc.workflow.instances. With a negative start nothing is counted, and an empty
        page then claims a next one.
        """
        wanted = self.listing.command(Want(start=start), filter or {})
        params = {**wanted.params, "order": dict(order or {"ID": "ASC"})}
        answer = self._reader.ask(wanted.method, params)
        rows = self.listing.rows(answer, filter or {})
        return Page(
            rows=tuple(WorkflowRow.from_api(row) for row in rows),
            total=answer.total if start >= 0 else None,
            next=answer.next if start >= 0 else None,
            sent_at=answer.sent_at,
            time=answer.time,
        )

    def everything(
        self, filter: Filter | None = None, *, resume: Cursor | None = None
    ) -> Iterator[Chunk[WorkflowRow]]:
        """Read the whole list, 100,000 rows in at most 42 requests.

        Calls bizproc.workflow.instances, which takes offsets exactly to the row.
        """
        return self._walk(OverlapPass(resume), filter or {})

    def changed_since(
        self, moment: datetime, *, resume: Cursor | None = None
    ) -> Iterator[Chunk[WorkflowRow]]:
        """Read what was saved at or after a moment of the portal's clock.

        Calls bizproc.workflow.instances.
        """
        return self.everything({">=MODIFIED": moment}, resume=resume)

    def owned_until_since(
        self, moment: datetime, *, resume: Cursor | None = None
    ) -> Iterator[Chunk[WorkflowRow]]:
        """Read the workflows whose lock ends at or after a moment of the portal's clock.

        Calls bizproc.workflow.instances. Taking and losing a lock does not touch MODIFIED.
        """
        return self.everything({">=OWNED_UNTIL": moment}, resume=resume)

    def by_ids(self, ids: Iterable[str]) -> Chunk[WorkflowRow]:
        """Read just these workflows; the ones that are absent from the answer have ended.

        Calls bizproc.workflow.instances. Without ids nothing is sent: the portal misreads an
        empty list.
        """
        wanted = list(dict.fromkeys(ids))
        parts = []
        for group in _groups(wanted, _WORKFLOWS_A_COMMAND * BATCH_LIMIT):
            asked: list[Filter] = [{"ID": part} for part in _groups(group, _WORKFLOWS_A_COMMAND)]
            # Nothing is counted with a negative start, and no answer exceeds a page.
            answers = self._reader.ask_many(
                [self.listing.command(Want(start=-1), one) for one in asked]
            )
            parts += [
                (answer, self.listing.rows(answer, one))
                for answer, one in zip(answers, asked, strict=True)
            ]
        requests = -(-len(wanted) // (_WORKFLOWS_A_COMMAND * BATCH_LIMIT))
        return self._gathered(parts, requests=requests)


class WorkflowTasks(Resource[TaskRow]):
    """Workflow tasks, one row per task and person."""

    listing = Listing(
        method="bizproc.task.list",
        kind="task",
        parse=TaskRow.from_api,
        select=TaskRow.SELECT,
        sorted_by={"order": {"ID": "ASC"}},
    )

    def everything_open(self, *, resume: Cursor | None = None) -> Iterator[Chunk[TaskRow]]:
        """Read every running task.

        Calls bizproc.task.list, which rounds offsets to pages and falls back to page 1 past the
        end: tasks at a page's edge may be torn and are named in `edge_task_ids`.
        """
        return self._pages({"STATUS": 0}, resume=resume)

    def changed_since(
        self, moment: datetime, *, resume: Cursor | None = None
    ) -> Iterator[Chunk[TaskRow]]:
        """Read the tasks of any status saved at or after a moment of the portal's clock.

        Calls bizproc.task.list.
        """
        return self._pages({">=MODIFIED": moment}, resume=resume)

    def of_workflow(self, workflow_id: str) -> Iterator[Chunk[TaskRow]]:
        """Read the tasks of any status of one workflow.

        Calls bizproc.task.list.
        """
        return self._pages({"WORKFLOW_ID": workflow_id})

    def by_ids(self, ids: Iterable[int]) -> Chunk[TaskRow]:
        """Read just these tasks whole, each with the rows of all its people.

        Calls bizproc.task.list. Without ids nothing is sent. Groups that do not fit a page are
        halved until they do; a task of more than 50 people is read page by page and then named in
        `edge_task_ids`, because it may have changed in between.
        """
        wanted = list(dict.fromkeys(ids))
        if any(one < 1 for one in wanted):
            raise ValueError("a task id is above 0; the portal takes 0 for any")
        open_groups = list(_groups(wanted, _TASKS_A_COMMAND))
        limit = BATCH_LIMIT
        parts: list[tuple[Answer, list[Raw]]] = []
        torn: set[int] = set()
        requests = 0
        while open_groups:
            taken, open_groups = open_groups[:limit], open_groups[limit:]
            asked: list[Filter] = [{"ID": group} for group in taken]
            requests += 1
            try:
                answers = self._reader.ask_many(
                    [self.listing.command(Want(start=0), one) for one in asked]
                )
            except TooLong:
                if len(taken) == 1 and len(taken[0]) == 1:
                    raise
                limit = max(1, len(taken) // 2)
                open_groups = [*_halved(taken), *open_groups]
                continue
            for group, one, answer in zip(taken, asked, answers, strict=True):
                if answer.next is None:
                    parts.append((answer, self.listing.rows(answer, one)))
                elif len(group) > 1:
                    middle = len(group) // 2
                    open_groups += [group[:middle], group[middle:]]
                else:
                    torn.update(group)
                    for page in self._raw_pages(one):
                        requests += 1
                        parts.append(page)
        return self._gathered(parts, requests=requests, torn=frozenset(torn))

    def of_person(self, task_id: int, user_id: int) -> Chunk[TaskRow]:
        """Read one task of any status as one person has it: a row, or none.

        Calls bizproc.task.list. People other than administrators may ask it about themselves and
        those below them; a task that others have closed for this person has no row any more.
        """
        if task_id < 1 or user_id < 1:
            raise ValueError("an id is above 0; the portal takes 0 for any")
        wanted: Filter = {"ID": task_id, "USER_ID": user_id}
        answer = self._reader.ask_many([self.listing.command(Want(start=0), wanted)])[0]
        return self._gathered([(answer, self.listing.rows(answer, wanted))], requests=1)

    def rows_of(self, task_id: int) -> Chunk[TaskRow]:
        """Read one task of any status with the rows of all its people, as an administrator.

        Calls bizproc.task.list. Anybody else is given only the own row, without an error.
        """
        return self.by_ids([task_id])

    def _pages(self, filter: Filter, *, resume: Cursor | None = None) -> Iterator[Chunk[TaskRow]]:
        return self._walk(PagePass(resume, key=("ID", "USER_ID")), filter)

    def _raw_pages(self, filter: Filter) -> Iterator[tuple[Answer, list[Raw]]]:
        start: int | None = 0
        while start is not None:
            answer = self._reader.ask_many([self.listing.command(Want(start=start), filter)])[0]
            yield answer, self.listing.rows(answer, filter)
            # Never backwards: past the end the portal starts again at page 1.
            start = answer.next if answer.next is not None and answer.next > start else None


class WorkflowTemplates(Resource[TemplateRow]):
    """Workflow templates, without the automation templates the portal hides."""

    listing = Listing(
        method="bizproc.workflow.template.list",
        kind="template",
        parse=TemplateRow.from_api,
        select=TemplateRow.SELECT,
        sorted_by={"order": {"ID": "ASC"}},
    )

    def everything(self, *, resume: Cursor | None = None) -> Iterator[Chunk[TemplateRow]]:
        """Read all templates, inactive ones too.

        Calls bizproc.workflow.template.list.
        """
        return self._walk(PagePass(resume), {})


class Users(Resource[UserRow]):
    """People, active and dismissed."""

    listing = Listing(
        method="user.get",
        kind="user",
        parse=UserRow.from_api,
        sorted_by={"sort": "ID", "order": "ASC"},
    )

    def everything(self, *, resume: Cursor | None = None) -> Iterator[Chunk[UserRow]]:
        """Read everybody.

        Calls user.get, which leaves out bots and guests by itself.
        """
        return self._walk(PagePass(resume), {})

    def by_ids(self, ids: Iterable[int]) -> Iterator[Chunk[UserRow]]:
        """Read just these people, active or dismissed; who is absent is gone.

        Calls user.get.
        """
        for group in _groups(sorted(ids), _USERS_A_PAGE):
            yield from self._walk(PagePass(None), {"ID": group})


class Departments(Resource[DepartmentRow]):
    """Active departments."""

    listing = Listing(
        method="department.get",
        kind="department",
        parse=DepartmentRow.from_api,
        sorted_by={"sort": "ID", "order": "ASC"},
    )

    def everything(self, *, resume: Cursor | None = None) -> Iterator[Chunk[DepartmentRow]]:
        """Read all departments.

        Calls department.get, which falls back to page 1 past the end.
        """
        return self._walk(PagePass(resume), {})


def _halved(groups: Sequence[list[T]]) -> Iterator[list[T]]:
    """Give the groups, or the two halves of a single one."""
    if len(groups) > 1:
        yield from groups
        return
    middle = max(1, len(groups[0]) // 2)
    yield from (half for half in (groups[0][:middle], groups[0][middle:]) if half)


def _groups(items: Sequence[T], size: int) -> Iterator[list[T]]:
    for first in range(0, len(items), size):
        yield list(items[first : first + size])
