"""What changes a portal through the gateway, in the shapes of the portal's writer. Sent once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from bizproc_admin.bitrix.application_writes import ApplicationStepWrites
from bizproc_admin.bitrix.errors import BadAnswer
from bizproc_admin.bitrix.objects import Written
from bizproc_admin.bitrix.writer import WorkflowWrites, Writer

from .transport import NAME, GatewayReply, GatewayTransport, Request

#: Module and entity of a document, and the beginning of its id -> what the gateway calls it.
ENTITIES: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("crm", "CCrmDocumentDeal"): ("deal", "DEAL_"),
    ("crm", "CCrmDocumentLead"): ("lead", "LEAD_"),
    ("crm", "CCrmDocumentContact"): ("contact", "CONTACT_"),
    ("crm", "CCrmDocumentCompany"): ("company", "COMPANY_"),
}


class GatewayWriter(Writer):
    """Change one portal through the gateway; what that does not offer is refused as NotOffered."""

    def __init__(self, transport: GatewayTransport, **options: Any) -> None:
        super().__init__(transport, **options)
        self._gateway = transport
        self.workflows: GatewayWorkflowWrites = GatewayWorkflowWrites(self)
        self.application_steps: GatewayStepWrites = GatewayStepWrites(self)

    def reserve(self, method: str) -> None:
        """Obtain the permit for the next write: the gateway counts all requests alike."""
        super().reserve(NAME)

    def request(self, request: Request) -> GatewayReply:
        """Send one write, once, with the permit that was reserved for it."""
        return self._gateway.request(
            request,
            is_write=True,
            purpose=self._purpose,
            patience=self._patience,
            permit=self._permits.pop(NAME, None),
        )


class GatewayWorkflowWrites(WorkflowWrites):
    """Start and end workflows."""

    def __init__(self, writer: GatewayWriter) -> None:
        super().__init__(writer)
        self._gateway = writer

    def start(
        self,
        *,
        template_id: int,
        document_id: Sequence[str],
        parameters: Mapping[str, Any] | None = None,
    ) -> Written:
        """Start a workflow on a deal, lead, contact or company; `result` is its id.

        Calls POST workflows/start.
        """
        module, entity, number = document_id
        kind, prefix = ENTITIES[module, entity]
        content = {
            "templateId": template_id,
            "entityType": kind,
            "entityId": number.removeprefix(prefix),
            "parameters": dict(parameters or {}),
        }
        reply = self._gateway.request(
            Request(name="start", path="workflows/start", verb="POST", content=content)
        )
        found = reply.data.get("workflowId") if isinstance(reply.data, Mapping) else None
        if not isinstance(found, str) or not found.strip():
            raise BadAnswer("the answer names no workflow", method="gateway.start")
        return replace(_written(reply), result=found)

    def terminate(self, workflow_id: str, *, status: str | None = None) -> Written:
        """End a workflow once its current step is done; that may take as long as the step takes.

        Calls DELETE workflows/{id}.
        """
        return self._end(workflow_id, {"status": status} if status else {})

    def kill(self, workflow_id: str) -> Written:
        """End a workflow at once; what the portal keeps of it is not documented.

        Calls DELETE workflows/{id} with force.
        """
        return self._end(workflow_id, {"force": "true"})

    def _end(self, workflow_id: str, query: Mapping[str, str]) -> Written:
        path = f"workflows/{quote(workflow_id, safe='.')}"
        reply = self._gateway.request(Request(name="end", path=path, verb="DELETE", query=query))
        if reply.status != 204:
            raise BadAnswer("the answer is not empty", method="gateway.end", status=reply.status)
        return replace(_written(reply), result=True)


class GatewayStepWrites(ApplicationStepWrites):
    """Answer steps that wait for an application."""

    def __init__(self, writer: GatewayWriter) -> None:
        super().__init__(writer)
        self._gateway = writer

    def answer(
        self, token: str, *, values: Mapping[str, Any] | None = None, message: str | None = None
    ) -> Written:
        """Answer a step, once: a token that was used is refused as a forged one is.

        Calls POST workflows/event.
        """
        content: dict[str, Any] = {"eventToken": token, "returnValues": dict(values or {})}
        if message:
            content["logMessage"] = message
        return self._told("event", "workflows/event", content)

    def write_log(self, token: str, message: str) -> Written:
        """Write a line into the log of a step. Calls POST workflows/activity-log."""
        if not message.strip():
            raise ValueError("a line of the log is not empty")
        content = {"eventToken": token, "logMessage": message}
        return self._told("activity_log", "workflows/activity-log", content)

    def _told(self, name: str, path: str, content: Mapping[str, Any]) -> Written:
        reply = self._gateway.request(Request(name=name, path=path, verb="POST", content=content))
        if reply.data is not True:
            raise BadAnswer("the answer is not true", method=f"gateway.{name}")
        return _written(reply)


def _written(reply: GatewayReply) -> Written:
    return Written(
        result=reply.data,
        time=reply.time,
        duration_ms=reply.duration_ms,
        status=reply.status,
        sent_at=reply.sent_at,
    )
