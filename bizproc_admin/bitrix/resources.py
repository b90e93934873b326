"""The lists of the portal, noun by noun, with the quirks of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from . import witnesses
from .chunks import Chunk, Cursor, Page
from .filters import Filter
from .list_calls import ODD_ROWS_OF_ALL, ODD_ROWS_OF_CHANGES, Listing
from .list_reads import Resource
from .objects import DepartmentRow, StructureRow, TaskRow, TemplateRow, UserRow, WorkflowRow
from .passes import OverlapPass, PagePass, Want

#: A task comes as a row per person; so many tasks seldom fill more than one page.
_TASKS_A_CALL: Final = 20
_WORKFLOWS_A_CALL: Final = 50
#: Of the whole list: pages overlap by a row, so that 10,000 rows take 205 of them.
_PAGES_AT_FIRST: Final = 10
_USERS_A_CALL: Final = 50
#: Some structures are longer than 200 KB.
_STRUCTURES_A_CALL: Final = 5


class Workflows(Resource[WorkflowRow]):
    """Running workflows; the portal lists no ended ones."""

    listing = Listing(
        method="bizproc.workflow.instances",
        kind="workflow",
        parse=WorkflowRow.from_api,
        select=WorkflowRow.SELECT,
        sorted_by={"order": {"ID": "ASC"}},
        refuses_others=True,
        has_text_ids=True,
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
        wanted = self.listing.call(Want(start=start), filter or {})
        params = {**wanted.params, "order": dict(order or {"ID": "ASC"})}
        reply = self._reader.ask(wanted.method, params)
        entries = self.listing.entries(reply, filter or {})
        return Page(
            rows=tuple(entry.row for entry in entries if entry.row is not None),
            odd=tuple(entry.odd for entry in entries if entry.odd is not None),
            total=reply.total if start >= 0 else None,
            next=reply.next if start >= 0 else None,
            sent_at=reply.sent_at,
            time=reply.time,
        )

    def everything(
        self, filter: Filter | None = None, *, resume: Cursor | None = None
    ) -> Iterator[Chunk[WorkflowRow]]:
        """Read the whole list, 10,000 rows in 5 requests and 100,000 in at most 42.

        Calls bizproc.workflow.instances, which takes offsets exactly to the row.
        """
        return self._walk(OverlapPass(resume, at_first=_PAGES_AT_FIRST), filter or {})

    def changed_since(
        self, moment: datetime, *, resume: Cursor | None = None
    ) -> Iterator[Chunk[WorkflowRow]]:
        """Read what was saved at or after a moment of the portal's clock.

        Calls bizproc.workflow.instances.
        """
        return self._changes({">=MODIFIED": moment}, resume=resume)

    def owned_until_since(
        self, moment: datetime, *, resume: Cursor | None = None
    ) -> Iterator[Chunk[WorkflowRow]]:
        """Read the workflows whose lock ends at or after a moment of the portal's clock.

        Calls bizproc.workflow.instances. Taking and losing a lock does not touch MODIFIED.
        """
        return self._changes({">=OWNED_UNTIL": moment}, resume=resume)

    def by_ids(self, ids: Iterable[str]) -> Chunk[WorkflowRow]:
        """Read just these workflows; the ones that are absent from the answer have ended.

        Calls bizproc.workflow.instances. Without ids nothing is sent: the portal misreads an
        empty list.
        """
        # Nothing is counted with a negative start, and no answer exceeds a page.
        return self._by_ids(ids, size=_WORKFLOWS_A_CALL, start=-1)

    def of_documents(
        self, template_id: int, document_ids: Sequence[str]
    ) -> Iterator[Chunk[WorkflowRow]]:
        """Read the running workflows of one template on some documents.

        Calls bizproc.workflow.instances. A template is of one document type, so that its documents
        are told apart by their ids alone.
        """
        filter: Filter = {"TEMPLATE_ID": template_id, "DOCUMENT_ID": list(document_ids)}
        return self._changes(filter, resume=None)

    def _changes(self, filter: Filter, *, resume: Cursor | None) -> Iterator[Chunk[WorkflowRow]]:
        return self._walk(OverlapPass(resume), filter, at_least=ODD_ROWS_OF_CHANGES)


class WorkflowTasks(Resource[TaskRow]):
    """Workflow tasks, one row per task and person."""

    listing = Listing(
        method="bizproc.task.list",
        kind="task",
        parse=TaskRow.from_api,
        select=TaskRow.SELECT,
        sorted_by={"order": {"ID": "ASC"}},
        witnesses=witnesses.WORKFLOWS,
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
        return self._pages({">=MODIFIED": moment}, resume=resume, at_least=ODD_ROWS_OF_CHANGES)

    def of_workflow(self, workflow_id: str) -> Iterator[Chunk[TaskRow]]:
        """Read the tasks of any status of one workflow.

        Calls bizproc.task.list.
        """
        return self._pages({"WORKFLOW_ID": workflow_id}, at_least=ODD_ROWS_OF_CHANGES)

    def of_documents(
        self, template_id: int, document_ids: Sequence[str]
    ) -> Iterator[Chunk[TaskRow]]:
        """Read the tasks of any status of one template's workflows on some documents.

        Calls bizproc.task.list, which still tells of workflows that ended within the last day.
        """
        filter: Filter = {"WORKFLOW_TEMPLATE_ID": template_id, "DOCUMENT_ID": list(document_ids)}
        return self._pages(filter, at_least=ODD_ROWS_OF_CHANGES)

    def by_ids(self, ids: Iterable[int]) -> Chunk[TaskRow]:
        """Read just these tasks whole, each with the rows of all its people.

        Calls bizproc.task.list. Without ids nothing is sent. Groups that do not fit a page are
        halved until they do; a task of more than 50 people is read page by page, and named in
        `edge_task_ids` when it changed in between.
        """
        wanted = list(dict.fromkeys(ids))
        if any(one < 1 for one in wanted):
            raise ValueError("a task id is above 0; the portal takes 0 for any")
        return self._by_ids(wanted, size=_TASKS_A_CALL, start=0)

    def _pages(
        self,
        filter: Filter,
        *,
        resume: Cursor | None = None,
        at_least: int = ODD_ROWS_OF_ALL,
    ) -> Iterator[Chunk[TaskRow]]:
        walk = PagePass(resume, key=("ID", "USER_ID"))
        return self._walk(walk, filter, at_least=at_least)


class WorkflowTemplates(Resource[TemplateRow]):
    """Workflow templates, without the automation templates the portal hides."""

    listing = Listing(
        method="bizproc.workflow.template.list",
        kind="template",
        parse=TemplateRow.from_api,
        select=TemplateRow.SELECT,
        sorted_by={"order": {"ID": "ASC"}},
        witnesses=witnesses.WORKFLOWS,
        refuses_others=True,
    )

    def everything(self, *, expected: int | None = None) -> Iterator[Chunk[TemplateRow]]:
        """Read all templates, inactive ones too, without what they are made of.

        Calls bizproc.workflow.template.list. Where as many as expected are there, and they fill no
        more than 2,400, one request is enough.
        """
        known = Cursor(requests=0, total=expected, offset=0) if expected else None
        return self._walk(PagePass(known), {})


class TemplateStructures(Resource[StructureRow]):
    """What workflow templates are made of."""

    listing = Listing(
        method="bizproc.workflow.template.list",
        kind="template",
        parse=StructureRow.from_api,
        select=StructureRow.SELECT,
        sorted_by={"order": {"ID": "ASC"}},
        witnesses=witnesses.WORKFLOWS,
        refuses_others=True,
    )

    def by_ids(self, ids: Iterable[int]) -> tuple[Chunk[StructureRow], list[int]]:
        """Read the structures of just these templates; and which of them no answer can hold.

        Calls bizproc.workflow.template.list, five ids a call, halved down to one when the answer
        is longer than we are willing to hold.
        """
        too_long: list[int] = []
        return self._by_ids(ids, size=_STRUCTURES_A_CALL, start=0, too_long=too_long), too_long


class Users(Resource[UserRow]):
    """People, active and dismissed."""

    listing = Listing(
        method="user.get",
        kind="user",
        parse=UserRow.from_api,
        sorted_by={"sort": "ID", "order": "ASC"},
        witnesses=witnesses.PEOPLE,
    )

    def everything(self, *, resume: Cursor | None = None) -> Iterator[Chunk[UserRow]]:
        """Read everybody.

        Calls user.get, which leaves out bots and guests by itself.
        """
        return self._walk(PagePass(resume), {})

    def by_ids(self, ids: Iterable[int]) -> Chunk[UserRow]:
        """Read just these people, active or dismissed.

        Calls user.get. Who may not see everybody is answered, too: `absent` is empty then.
        """
        return self._by_ids(sorted(ids), size=_USERS_A_CALL, start=0, must_see_all=False)


class Departments(Resource[DepartmentRow]):
    """Active departments."""

    listing = Listing(
        method="department.get",
        kind="department",
        parse=DepartmentRow.from_api,
        sorted_by={"sort": "ID", "order": "ASC"},
        witnesses=witnesses.DEPARTMENTS,
    )

    def everything(self, *, resume: Cursor | None = None) -> Iterator[Chunk[DepartmentRow]]:
        """Read all departments.

        Calls department.get, which falls back to page 1 past the end.
        """
        return self._walk(PagePass(resume), {})
