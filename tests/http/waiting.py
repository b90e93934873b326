"""Steps that wait for an application: registered, started, and kept as their calls keep them."""

import queue
from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import requests

from bizproc_admin.models import ApplicationAction, ApplicationStep, Portal, StepState, Workflow
from bizproc_admin.models.application_steps import token_digest
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from tests import canary

Call = dict[str, str]
Node = dict[str, Any]
DEAL = ["crm", "CCrmDocumentDeal", "DEAL_777"]
PROPERTIES = {"company": {"NAME": "Company"}, "asked_by": {"NAME": "Asked by", "TYPE": "user"}}
RETURNS = {
    "result": {
        "NAME": {"en": "Result", "de": "Ergebnis"}, "TYPE": "select", "REQUIRED": "Y",
        "OPTIONS": {"clean": "Clean", "remarks": "Remarks"},
    },
    "score": {"NAME": "Score", "TYPE": "int"},
    "valid": {"NAME": "Valid until", "TYPE": "date"},
    "note": {"NAME": "Note", "TYPE": "text"},
}  # fmt: skip


class Application(ThreadingHTTPServer):
    """Receives the portal's calls."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.calls: queue.Queue[Call] = queue.Queue()
        self.handler = f"http://127.0.0.1:{self.server_address[1]}/calls"

    def next(self, timeout: float = 5) -> Call:
        return self.calls.get(timeout=timeout)


class Receiver(BaseHTTPRequestHandler):
    server: Application

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.calls.put(dict(parse_qsl(body, keep_blank_values=True)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def activity(kind: str, *children: Node, name: str, **properties: Any) -> Node:
    return {"Type": kind, "Name": name, "Properties": properties, "Children": list(children)}


def call(sandbox: Sandbox, method: str, **params: Any) -> Any:
    """Call a method as the administrator's application does."""
    token = sandbox.tokens_for(1)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{sandbox.portal_url}/rest/bizproc.{method}"
    return requests.post(address, json=params, headers=headers, timeout=5).json()


def register(
    sandbox: Sandbox,
    app: Application,
    *,
    code: str = "check",
    returns: Mapping[str, Any] = RETURNS,
) -> tuple[str, dict[str, Any]]:
    given = {
        "CODE": code, "HANDLER": app.handler, "NAME": "1C connector", "USE_SUBSCRIPTION": "Y",
        "PROPERTIES": PROPERTIES, "RETURN_PROPERTIES": returns,
    }  # fmt: skip
    assert call(sandbox, "activity.add", **given)["result"] is True
    return sandbox.ledger()[-1]["applied"]["type"], given


def template(
    sandbox: Sandbox,
    kind: str,
    *more: Node,
    name: str = "Check",
    title: str = "Check the counterparty",
    **properties: Any,
) -> int:
    """Add a template of a step of an application and then one task of a person's."""
    given = {"company": "Müller GmbH", "asked_by": "user_2", "Title": title, **properties}
    review = activity(
        "ReviewActivity", name="A9", Users=["user_1"], Name="Утвердить счёт", ApproveType="any"
    )
    root = activity(
        "SequentialWorkflowActivity", activity(kind, name=name, **given), *more, review,
        name="Template",
    )  # fmt: skip
    return sandbox.add_template("Счёт на оплату", structure=[root])


def workflow_of(
    sandbox: Sandbox, number: int, *, document: list[str] = DEAL, name: str = "Счёт № 9785"
) -> str:
    return sandbox.start_workflow(template_id=number, document_id=document, document_name=name)


def kept(
    portal: Portal,
    call: Call,
    *,
    definition: dict[str, Any] | None = None,
    state: StepState = StepState.WAITING,
) -> ApplicationStep:
    """Keep a step as the call of the portal that brought it tells."""
    if definition is not None:
        ApplicationAction.objects.update_or_create(
            portal=portal,
            client_id=portal.client_id,
            code=call["code"],
            defaults={
                "kind": "activity",
                "definition": definition,
                "listed_at": datetime.now(UTC),
                "missing_since": None,
            },
        )
    called_at = datetime.fromtimestamp(int(call["ts"]), UTC)
    token, properties = call["event_token"], {}
    told, _, signature = token.rpartition(".")
    canary.also.update((told.split("|")[2], signature))
    for key, value in call.items():
        if key.startswith("properties["):
            properties[key[11:-1]] = value
    return ApplicationStep.objects.create(
        portal=portal,
        client_id=portal.client_id,
        code=call["code"],
        name=token.split("|")[1],
        workflow=Workflow.objects.filter(portal=portal, remote_id=call["workflow_id"]).first(),
        workflow_remote_id=call["workflow_id"],
        token=Secret(token),
        token_digest=token_digest(token),
        document=parts(call, "document_id"),
        document_type=parts(call, "document_type"),
        properties=properties,
        called_at=called_at,
        received_at=datetime.now(UTC),
        since=called_at,
        state=state,
    )


def parts(call: Call, name: str) -> list[str]:
    return [call[f"{name}[{place}]"] for place in range(3)]
