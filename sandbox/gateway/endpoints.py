"""What the gateway offers of workflows, each by the portal's own method.

https://vibecode.bitrix24.com/docs
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox import ledger, php
from sandbox.due import apply_later
from sandbox.engine import event_tokens
from sandbox.engine.application_steps import WAIT
from sandbox.gateway.keys import APPLICATION, Keyholder
from sandbox.gateway.refusals import GatewayRefusal
from sandbox.lists.listing import PAGE_SIZE, Page
from sandbox.methods.registry import METHODS, Params
from sandbox.oauth import addresses
from sandbox.state.faults import Broken, Fault
from sandbox.state.portal import Portal
from sandbox.state.records import GatewaySpent

ENTITIES = {
    "deal": ["crm", "CCrmDocumentDeal", "DEAL_"],
    "lead": ["crm", "CCrmDocumentLead", "LEAD_"],
    "contact": ["crm", "CCrmDocumentContact", "CONTACT_"],
    "company": ["crm", "CCrmDocumentCompany", "COMPANY_"],
}
_COLUMNS = [
    "ID", "MODIFIED", "OWNED_UNTIL", "MODULE_ID", "ENTITY", "DOCUMENT_ID", "STARTED", "STARTED_BY",
    "TEMPLATE_ID",
]  # fmt: skip
_MOST_ROWS = 5000
_UPPER = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True)
class Request:
    """One call of the gateway: who calls, and with what.

    What it would do to the portal is done later where a fault says so.
    """

    portal: Portal
    holder: Keyholder
    query: dict[str, Any]
    body: dict[str, Any]
    id: str = ""
    late: Fault | None = None

    def perform(self, name: str, values: dict[str, Any], start: int | None = None) -> Any:
        """Call a method of the portal as whoever the key acts for."""
        wanted = Params(php.upper_names(values), start)
        if self.late is not None:
            apply_later(self.portal, self.late, METHODS[name], self.holder.caller, wanted)
            raise Broken(self.late)
        return ledger.run(self.portal, self.holder.caller, METHODS[name], wanted)

    def needs(self, *names: str) -> list[Any]:
        """Return required fields of the body; refuse when one is missing."""
        missing = [name for name in names if php.is_empty(self.body.get(name))]
        if missing:
            raise GatewayRefusal("MISSING_PARAMS", f"Required: {', '.join(missing)}")
        return [self.body[name] for name in names]


@dataclass(frozen=True)
class Reply:
    """What goes into the envelope; without data the answer is an empty 204."""

    data: Any = None
    meta: dict[str, Any] | None = None
    status: int = 200


@dataclass(frozen=True)
class Endpoint:
    """One address of the gateway; `name` is what faults and the list of calls know it by."""

    name: str
    http_method: str
    pattern: re.Pattern[str]
    function: Callable[[Request], Reply]
    writes: bool
    scopes: tuple[str, ...]
    path: str = field(compare=False, default="")


ENDPOINTS: list[Endpoint] = []


def endpoint(
    http_method: str, *paths: str, writes: bool = False, scopes: tuple[str, ...] = ("bizproc",)
) -> Callable[[Callable[[Request], Reply]], Callable[[Request], Reply]]:
    """Register a function under one or more paths; `{id}` in one stands for an id."""

    def register(function: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
        for path in paths:
            pattern = re.compile(re.escape(path).replace(r"\{id\}", r"(?P<id>[^/]+)"))
            name = f"gateway.{function.__name__}"
            ENDPOINTS.append(
                Endpoint(name, http_method, pattern, function, writes, scopes, path=path)
            )
        return function

    return register


@endpoint("GET", "me", scopes=())
def me(request: Request) -> Reply:
    """Tell what the key may do, and for whom it acts."""
    key, user = request.holder.key, request.holder.caller.user
    portal = addresses.known(request.portal)
    told = {
        "type": "application" if key.key.startswith(APPLICATION) else "personal",
        "name": key.name,
        "portal": key.portal or portal.portal_host,
        "scopes": key.scopes,
        "access": "read" if key.read_only else "write",
        "user": {"id": user.id, "name": user.full_name, "isAdmin": user.admin},
    }
    return Reply(told)


@endpoint("GET", "guide", scopes=())
def guide(request: Request) -> Reply:
    """Tell what addresses there are."""
    return Reply([{"method": one.http_method, "path": f"/v1/{one.path}"} for one in ENDPOINTS])


@endpoint("GET", "openapi.json", scopes=())
def openapi(request: Request) -> Reply:
    """Tell the same in the form of OpenAPI."""
    paths: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        paths.setdefault(f"/v1/{one.path}", {})[one.http_method.lower()] = {"responses": {}}
    about = {"title": "VibeCode", "version": "1"}
    return Reply({"openapi": "3.0.0", "info": about, "paths": paths})


@endpoint("GET", "workflows")
def workflows(request: Request) -> Reply:
    """List running workflows, those changed last first, fifty from an offset on."""
    query = request.query
    wanted = {"TEMPLATE_ID": query.get("templateId"), "STARTED_BY": query.get("startedBy")}
    page = request.perform(
        "bizproc.workflow.instances",
        {
            "SELECT": _COLUMNS,
            "ORDER": {"MODIFIED": "DESC"},
            "FILTER": {key: given for key, given in wanted.items() if not php.is_empty(given)},
        },
        start=max(0, php.intval(query.get("offset"))),
    )
    return Reply(page.rows, {"total": page.total})


@endpoint("POST", "workflows/start", writes=True)
def start(request: Request) -> Reply:
    """Start a workflow on a document of the CRM."""
    template, kind, number = request.needs("templateId", "entityType", "entityId")
    if kind not in ENTITIES:
        raise GatewayRefusal("MISSING_PARAMS", f"entityType: one of {', '.join(ENTITIES)}")
    module, entity, prefix = ENTITIES[kind]
    given = {
        "TEMPLATE_ID": template,
        "DOCUMENT_ID": [module, entity, f"{prefix}{php.text(number)}"],
        "PARAMETERS": request.body.get("parameters") or {},
    }
    return Reply({"workflowId": request.perform("bizproc.workflow.start", given)})


@endpoint("POST", "workflows/event", writes=True)
def event(request: Request) -> Reply:
    """Answer a step that waits; a token is good once."""
    (token,) = request.needs("eventToken")
    portal = request.portal
    if not _is_good(portal, token):
        raise GatewayRefusal("BITRIX_ACCESS_DENIED")
    given = {
        "EVENT_TOKEN": token,
        "RETURN_VALUES": request.body.get("returnValues") or {},
        "LOG_MESSAGE": request.body.get("logMessage") or "",
    }
    done = request.perform("bizproc.event.send", given)
    portal.gateway_spent.put(_id_of(portal, token), GatewaySpent(_id_of(portal, token)))
    portal.commit()
    return Reply(done)


@endpoint("POST", "workflows/activity-log", writes=True)
def activity_log(request: Request) -> Reply:
    """Write a line into the log of a step; the workflow stays where it is."""
    token, message = request.needs("eventToken", "logMessage")
    given = {"EVENT_TOKEN": token, "LOG_MESSAGE": message}
    return Reply(request.perform("bizproc.activity.log", given))


@endpoint("DELETE", "workflows/{id}", writes=True)
def end(request: Request) -> Reply:
    """End a workflow: with force at once, else when its current step is done."""
    portal = request.portal
    workflow = portal.workflows.get(request.id)
    if workflow is None or workflow.ended is not None:
        raise GatewayRefusal("ENTITY_NOT_FOUND", "Workflow not found")
    given = {"ID": workflow.id, "STATUS": php.text(request.query.get("status"))}
    caller = request.holder.caller
    caller.must_be_admin()
    if php.text(request.query.get("force")).lower() in ("true", "1"):
        request.perform("bizproc.workflow.terminate", given)
        return Reply(status=204)
    portal.late.append(
        {
            "due": portal.now() + portal.gateway_soft_delay,
            "method": "bizproc.workflow.terminate",
            "user_id": caller.id,
            "code": caller.code,
            "client_id": "",
            "scopes": list(caller.scopes),
            "params": given,
        }
    )
    portal.touched = True
    portal.commit()
    return Reply(status=204)


@endpoint("GET", "bizproc-templates", "entities/bizproc-templates")
def templates(request: Request) -> Reply:
    """List workflow templates, the portal's pages joined, with names in camel case."""
    query = request.query
    names = query.get("select")
    names = php.values(names) if php.is_array(names) else php.text(names).split(",")
    wanted = [_UPPER.sub("_", php.text(name).strip()).upper() for name in names]
    limit = min(max(php.intval(query.get("limit")) or PAGE_SIZE, 1), _MOST_ROWS)
    rows: list[Any] = []
    page = Page([], next=0)
    while page.next is not None and len(rows) < limit:
        page = request.perform(
            "bizproc.workflow.template.list",
            {"SELECT": list(filter(None, wanted)) or _TEMPLATE_COLUMNS, "ORDER": {"ID": "ASC"}},
            start=page.next,
        )
        rows += page.rows
    total = page.total or 0
    more = {"total": total, "hasMore": total > limit, "truncated": total > _MOST_ROWS == limit}
    return Reply([_camel(row) for row in rows[:limit]], more)


_TEMPLATE_COLUMNS = [
    "ID", "MODULE_ID", "ENTITY", "DOCUMENT_TYPE", "AUTO_EXECUTE", "NAME", "DESCRIPTION", "MODIFIED",
    "IS_MODIFIED", "USER_ID", "SYSTEM_CODE",
]  # fmt: skip


def _action_endpoints(kind: str) -> None:
    """Offer the registering of actions or rules to applications."""
    path = {"activity": "bizproc-activities", "robot": "bizproc-robots"}[kind]

    def is_application(request: Request) -> None:
        if request.holder.caller.application is None:
            raise GatewayRefusal("OAUTH_REQUIRED")

    def register(request: Request) -> Reply:
        is_application(request)
        return Reply(request.perform(f"bizproc.{kind}.add", _snake(request.body)))

    def listed(request: Request) -> Reply:
        is_application(request)
        codes = request.perform(f"bizproc.{kind}.list", {})
        return Reply(codes, {"total": len(codes)})

    def change(request: Request) -> Reply:
        is_application(request)
        given = {"CODE": request.id, "FIELDS": _snake(request.body)}
        return Reply(request.perform(f"bizproc.{kind}.update", given))

    def remove(request: Request) -> Reply:
        is_application(request)
        request.perform(f"bizproc.{kind}.delete", {"CODE": request.id})
        return Reply(status=204)

    for function, name, http_method, place, writes in (
        (register, "register", "POST", path, True),
        (listed, "list", "GET", path, False),
        (change, "change", "PATCH", path + "/{id}", True),
        (remove, "remove", "DELETE", path + "/{id}", True),
    ):
        if kind == "robot" and name == "change":
            continue
        function.__name__ = f"{name}_{kind}"
        endpoint(http_method, place, writes=writes)(function)


_action_endpoints("activity")
_action_endpoints("robot")


def _is_good(portal: Portal, token: Any) -> bool:
    """Tell whether a token is the portal's and its step still waits for it."""
    found = event_tokens.read(portal, token) if isinstance(token, str) else None
    if found is None or found.id in portal.gateway_spent:
        return False
    workflow = portal.workflows.get(found.workflow_id)
    waits = workflow.waits.values() if workflow is not None and workflow.ended is None else ()
    return any(wait["kind"] == WAIT and wait["event"] == found.id for wait in waits)


def _id_of(portal: Portal, token: str) -> str:
    found = event_tokens.read(portal, token)
    return found.id if found is not None else ""


def _camel(row: dict[str, Any]) -> dict[str, Any]:
    def name(key: str) -> str:
        first, *rest = key.lower().split("_")
        return first + "".join(part.capitalize() for part in rest)

    return {name(key): value for key, value in row.items()}


def _snake(values: dict[str, Any]) -> dict[str, Any]:
    return {_UPPER.sub("_", key).upper(): value for key, value in values.items()}
