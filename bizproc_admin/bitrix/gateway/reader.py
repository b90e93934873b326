"""What may be asked of a portal through the gateway, in the shapes of the portal's own reader."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bizproc_admin.bitrix import addresses
from bizproc_admin.bitrix.chunks import Chunk, Cursor, Odd, Row
from bizproc_admin.bitrix.errors import BadAnswer, BitrixError, Values
from bizproc_admin.bitrix.fields import Fields, OddRow
from bizproc_admin.bitrix.list_calls import ODD_ROWS_OF_ALL
from bizproc_admin.bitrix.objects import TaskRow, TemplateRow, WorkflowRow
from bizproc_admin.bitrix.reader import Reader
from bizproc_admin.bitrix.resources import Workflows, WorkflowTemplates
from bizproc_admin.bitrix.whole import Whole, WholeWorkflows

from .transport import GatewayReply, GatewayTransport, Request
from .walks import PAGE, Walks

#: A look at one workflow goes through so many pages of its template and starter, and no more.
MOST_PAGES: Final = 20
_MOST_TEMPLATES: Final = 5000
_TEMPLATE_NAMES: Final = {
    "id": "ID",
    "moduleId": "MODULE_ID",
    "entity": "ENTITY",
    "documentType": "DOCUMENT_TYPE",
    "autoExecute": "AUTO_EXECUTE",
    "name": "NAME",
    "description": "DESCRIPTION",
    "parameters": "PARAMETERS",
    "modified": "MODIFIED",
    "userId": "USER_ID",
    "systemCode": "SYSTEM_CODE",
}


class CannotBeChecked(BitrixError):
    """So much runs by the same template and starter that one workflow cannot be looked for now."""

    code = "cannot_be_checked"


class OtherPortal(BitrixError):
    """A key, or the session it is used with, is of another portal, whose host is named."""

    code = "other_portal"

    def __init__(self, detail: str = "", *, method: str = "", host: str = "") -> None:
        super().__init__(detail, method=method)
        self.host = host

    @property
    def values(self) -> Values:
        """Return what is particular of this error: the host of the other portal."""
        return super().values | {"host": self.host}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """By what a workflow is looked for: its template and who started it."""

    template_id: int | None
    started_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayProfile:
    """Whom a key acts for and what it may do, as far as the gateway tells."""

    user_id: int | None
    name: str
    is_admin: bool | None
    scopes: tuple[str, ...]
    may_write: bool | None
    portal: str

    def accept(self, address: str) -> None:
        """Make sure that it may be of the portal at an address; raises OtherPortal.

        What the gateway calls a portal is not documented: only another host says that it is none.
        """
        told = addresses.read(self.portal) or addresses.read(f"https://{self.portal}")
        expected = addresses.read(address)
        if told and expected and "." in told.host and told.host != expected.host:
            raise OtherPortal(f"it is {told.host}", method="gateway.me", host=told.host)


Find = Callable[[Sequence[str]], Mapping[str, Whereabouts]]


class GatewayReader(Reader):
    """Ask one portal through the gateway; what that does not offer is refused as NotOffered.

    `find` says of the ids of workflows what they are looked for by; an id it does not know is
    looked for among all.
    """

    tells_tasks = False

    def __init__(self, transport: GatewayTransport, *, find: Find, **options: Any) -> None:
        super().__init__(transport, **options)
        self._gateway = transport
        self.workflows: GatewayWorkflows = GatewayWorkflows(self)
        self.whole_workflows: GatewayWholeWorkflows = GatewayWholeWorkflows(self, find)
        self.workflow_templates: GatewayTemplates = GatewayTemplates(self)

    def request(self, request: Request) -> GatewayReply:
        """Send one reading request, repeating it when that can help."""
        return self._repeating(
            lambda: self._gateway.request(
                request, is_write=False, purpose=self._purpose, patience=self._patience
            )
        )

    def profile(self) -> GatewayProfile:
        """Read whom the key acts for; what the gateway does not tell is None. Calls GET me."""
        told = self.request(Request(name="me", path="me")).data
        if not isinstance(told, Mapping):
            raise BadAnswer("the answer is no object", method="gateway.me")
        user = told.get("user")
        row = Fields(user if isinstance(user, Mapping) else {}, kind="user")
        scopes = told.get("scopes")
        access, admin = told.get("access"), row.raw.get("isAdmin")
        return GatewayProfile(
            user_id=row.optional_id("id"),
            name=row.line("name"),
            is_admin=admin if isinstance(admin, bool) else None,
            scopes=tuple(map(str, scopes)) if isinstance(scopes, list) else (),
            may_write=None if access is None else access != "read",
            portal=str(told.get("portal") or ""),
        )


class GatewayWorkflows(Workflows):
    """Running workflows, those changed last first."""

    def __init__(self, reader: GatewayReader) -> None:
        super().__init__(reader)
        self._gateway = reader

    def fifty(self, offset: int = 0, *, of: Whereabouts | None = None) -> Chunk[WorkflowRow]:
        """Read fifty workflows from an offset on, of one template or starter or of all.

        Calls GET workflows. `total` of the chunk counts all of them.
        """
        query: dict[str, str | int] = {"offset": offset}
        if of is not None and of.template_id:
            query["templateId"] = of.template_id
        if of is not None and of.started_by:
            query["startedBy"] = of.started_by
        reply = self._gateway.request(Request(name="workflows", path="workflows", query=query))
        rows, odd = _read(reply.data, WorkflowRow.from_api, kind="workflow")
        if of is not None:
            rows = tuple(row for row in rows if _is_of(row, of))
        size = len(reply.data)
        return Chunk(
            rows=rows,
            sent_at=reply.sent_at,
            requests=1,
            total=reply.total,
            complete=False,
            cursor=Cursor(requests=1, total=reply.total, offset=offset + size, ended=size < PAGE),
            time=reply.time,
            odd=odd,
        )

    def of_documents(self, template_id: int, ids: Sequence[str]) -> Iterator[Chunk[WorkflowRow]]:
        """Read what runs by one template on some documents.

        Raises CannotBeChecked where too much runs by the template.
        """
        of = Whereabouts(template_id=template_id, started_by=None)
        wanted = set(ids)
        found, last = look(self, of)
        rows = tuple(row for row in found.values() if row.document_id in wanted)
        yield _whole(rows, last)


class GatewayWholeWorkflows(WholeWorkflows):
    """Single workflows, each looked for among those of its template and starter."""

    def __init__(self, reader: GatewayReader, find: Find) -> None:
        super().__init__(reader)
        self._workflows = reader.workflows
        self._find = find

    def read(self, ids: Iterable[str]) -> list[Whole]:
        """Read these workflows; their tasks are not told.

        One that is absent from two walks that began one after the other runs no more. Raises
        CannotBeChecked where too much runs beside one of them.
        """
        wanted = list(dict.fromkeys(ids))
        places = self._find(wanted)
        groups: dict[Whereabouts | None, list[str]] = {}
        for one in wanted:
            groups.setdefault(places.get(one), []).append(one)
        return [self._of(of, group) for of, group in groups.items()]

    def _of(self, of: Whereabouts | None, ids: list[str]) -> Whole:
        found, last = look(self._workflows, of, until=set(ids))
        rows = tuple(row for key, row in found.items() if key in set(ids))
        workflows = _whole(rows, last)
        tasks: Chunk[TaskRow] = Chunk(
            rows=(),
            sent_at=last.sent_at,
            requests=0,
            total=0,
            complete=False,
            cursor=Cursor(requests=0, total=0, offset=0, ended=True),
        )
        return Whole(asked=tuple(ids), workflows=workflows, tasks=tasks, unread=frozenset())


class GatewayTemplates(WorkflowTemplates):
    """Workflow templates, with their parameters and without what they are made of."""

    def __init__(self, reader: GatewayReader) -> None:
        super().__init__(reader)
        self._gateway = reader

    def everything(self, *, expected: int | None = None) -> Iterator[Chunk[TemplateRow]]:
        """Read all templates in one request. Calls GET bizproc-templates."""
        query: dict[str, str | int] = {
            "select": ",".join(_TEMPLATE_NAMES), "limit": _MOST_TEMPLATES,
        }  # fmt: skip
        reply = self._gateway.request(
            Request(name="templates", path="bizproc-templates", query=query)
        )
        raw = [_upper(one) for one in reply.data] if isinstance(reply.data, list) else reply.data
        rows, odd = _read(raw, TemplateRow.from_api, kind="template")
        is_whole = reply.total is None or reply.total <= len(rows) + len(odd)
        yield Chunk(
            rows=rows,
            sent_at=reply.sent_at,
            requests=1,
            total=reply.total,
            complete=is_whole,
            cursor=Cursor(requests=1, total=reply.total, offset=len(rows), ended=True),
            time=reply.time,
            proven=is_whole,
            odd=odd,
            doubtful=frozenset(one.key for one in odd if one.key is not None),
        )


def look(
    workflows: GatewayWorkflows, of: Whereabouts | None, *, until: set[str] | None = None
) -> tuple[dict[str, WorkflowRow], Chunk[WorkflowRow]]:
    """Walk what runs by one template and starter: all of it, or until some ids are found.

    Returns the rows by id, and the first page, dated by the first request, `complete` where the
    walk showed that nothing is missing. Raises CannotBeChecked beyond 20 pages a walk.
    """
    found: dict[str, WorkflowRow] = {}
    walks = Walks()
    odd: tuple[Odd, ...] = ()
    first: Chunk[WorkflowRow] | None = None
    while not walks.is_over:
        page = workflows.fifty(walks.offset, of=of)
        first = first or page
        if (page.total or 0) > MOST_PAGES * (PAGE - 5):
            raise CannotBeChecked(f"{page.total} run beside it", method="gateway.workflows")
        new = [row for row in page.rows if row.id not in found]
        found |= {row.id: row for row in new}
        odd += tuple(one for one in page.odd if one not in odd)
        if until is not None and until <= found.keys():
            break
        walks.take(size=page.cursor.offset - walks.offset, total=page.total, new=len(new))
    if walks.is_over and not walks.is_complete:
        raise CannotBeChecked("the list never rests", method="gateway.workflows")
    if first is None:
        raise BadAnswer("nothing was asked", method="gateway.workflows")
    return found, _dated(first, odd=odd, is_complete=walks.is_complete)


def _dated(page: Chunk[WorkflowRow], *, odd: tuple[Odd, ...], is_complete: bool) -> Any:
    return Chunk(
        rows=(),
        sent_at=page.sent_at,
        requests=page.requests,
        total=page.total,
        complete=is_complete,
        cursor=page.cursor,
        time=page.time,
        proven=True,
        odd=odd,
        doubtful=frozenset(one.key for one in odd if one.key is not None),
    )


def _whole(rows: tuple[WorkflowRow, ...], last: Chunk[WorkflowRow]) -> Chunk[WorkflowRow]:
    return Chunk(
        rows=rows,
        sent_at=last.sent_at,
        requests=last.requests,
        total=len(rows),
        complete=last.complete,
        cursor=last.cursor,
        time=last.time,
        proven=last.proven,
        odd=last.odd,
        doubtful=last.doubtful,
    )


def _is_of(row: WorkflowRow, of: Whereabouts) -> bool:
    """Tell whether a row is what was asked for: a filter that is ignored must not be believed."""
    template = of.template_id in (None, 0, row.template_id)
    return template and of.started_by in (None, 0, row.started_by)


def _read(
    raw: object, parse: Callable[[object], Row], *, kind: str
) -> tuple[tuple[Row, ...], tuple[Odd, ...]]:
    """Read rows one by one; what cannot be read is set aside, unless that is most of them."""
    if not isinstance(raw, list):
        raise BadAnswer(f"{kind} list is {type(raw).__name__}", method="gateway")
    rows: list[Row] = []
    odd: list[Odd] = []
    for one in raw:
        try:
            rows.append(parse(one))
        except OddRow as error:
            key = one.get("ID") if isinstance(one, Mapping) else None
            shown = "" if key is None else f"{key}"[:64]
            # what is odd about its id does not say whose it is
            known = shown if error.field != "ID" else ""
            odd.append(
                Odd(kind=kind, id=shown, field=error.field, code=error.oddity, key=known or None)
            )
    if len(odd) >= ODD_ROWS_OF_ALL and 2 * len(odd) > len(raw):
        what = f"{len(odd)} of {len(raw)} rows cannot be read, the first for {odd[0].field}"
        raise BadAnswer(what, method="gateway")
    return tuple(rows), tuple(odd)


def _upper(raw: object) -> object:
    if not isinstance(raw, Mapping):
        return raw
    return {_TEMPLATE_NAMES.get(name, name): value for name, value in raw.items()}
