"""What a test or a demo does to the portal from outside the REST API.

The Python class and the HTTP control plane offer exactly these operations. Nothing here is written
to the ledger: that is for REST writes only.
"""

from typing import Any

from bizproc_admin.sandbox import documents, php, scenarios
from bizproc_admin.sandbox.dispatch import bring_up_to_date
from bizproc_admin.sandbox.engine import runner
from bizproc_admin.sandbox.faults import Fault
from bizproc_admin.sandbox.portal import Portal
from bizproc_admin.sandbox.records import (
    ANSWER_CANCEL,
    ANSWER_NO,
    ANSWER_OK,
    ANSWER_YES,
    TASK_RUNNING,
    Department,
    User,
    Workflow,
    pack,
)

_ANSWERS = {
    "yes": ANSWER_YES,
    "no": ANSWER_NO,
    "ok": ANSWER_OK,
    "cancel": ANSWER_CANCEL,
    "1": ANSWER_YES,
    "2": ANSWER_NO,
    "3": ANSWER_OK,
    "4": ANSWER_CANCEL,
}


class Hands:
    """The operations, each under the portal's lock and saved at once."""

    def __init__(self, portal: Portal) -> None:
        """Act on this portal."""
        self._portal = portal

    # -- the whole portal ---------------------------------------------------------------------

    def reset(self) -> None:
        """Go back to how the sandbox first started; addresses and secrets stay."""
        portal = self._portal
        with portal.lock:
            scenarios.load(portal, **portal.first)
            portal.commit()

    def load(self, scenario: str, *, workflows: int | None = None, seed: int | None = None) -> None:
        """Replace everything by a scenario; addresses and secrets stay."""
        portal = self._portal
        with portal.lock:
            scenarios.load(portal, scenario, workflows=workflows, seed=seed)
            portal.commit()

    def advance(
        self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> float:
        """Move the clock on and do everything that became due; returns the portal's time."""
        portal = self._portal
        with portal.lock:
            portal.clock.advance(seconds + 60 * minutes + 3600 * hours + 86400 * days)
            portal.touched = True
            bring_up_to_date(portal)
            return portal.now()

    def now(self) -> float:
        """Return the portal's time as Unix seconds."""
        return self._portal.now()

    # -- faults and limits --------------------------------------------------------------------

    def fail_next(
        self,
        kind: str,
        *,
        times: int = 1,
        method: str | None = None,
        skip: int = 0,
        hold: float = 90.0,
        delay: float = 45.0,
        applied: bool = False,
    ) -> None:
        """Make the next calls go wrong; see `faults` for the kinds, others are vendor codes."""
        fault = Fault(kind, int(times), method, int(skip), float(hold), float(delay), applied)
        with self._portal.lock:
            self._portal.faults.plan(fault)

    def clear_faults(self) -> None:
        """Forget the planned faults."""
        with self._portal.lock:
            self._portal.faults.clear()

    def faults(self) -> list[dict[str, object]]:
        """Return the faults still planned."""
        return self._portal.faults.pending()

    def set_filter_rules(self, rules: str) -> None:
        """Read filters as the "module" does, or as the newer "documented" rules say."""
        self._portal.newer_filters = rules == "documented"

    def set_limits(self, limits: str) -> None:
        """Switch the limits to "real" or "off"."""
        self._portal.limits.on = limits == "real"

    def fill_bucket(self, requests: float, source: str = "127.0.0.1") -> None:
        """Count requests of a neighbour on the same address."""
        with self._portal.lock:
            self._portal.limits.fill(source, float(requests))

    def spend(self, method: str, seconds: float) -> None:
        """Add operating time to a method for every webhook."""
        portal = self._portal
        with portal.lock:
            for webhook in portal.webhooks:
                portal.limits.spend(webhook.code, method, float(seconds), began=portal.now())

    # -- what happened ------------------------------------------------------------------------

    def calls(self, method: str | None = None) -> list[dict[str, Any]]:
        """Return the REST calls since the start, oldest first."""
        with self._portal.lock:
            return [c for c in self._portal.calls if method in (None, c["method"])]

    def clear_calls(self) -> None:
        """Forget the calls and the complaints."""
        with self._portal.lock:
            self._portal.calls.clear()
            self._portal.complaints.clear()

    def complaints(self) -> list[dict[str, Any]]:
        """Return what the portal ignored in silence and a client should not have sent."""
        with self._portal.lock:
            return list(self._portal.complaints)

    def ledger(self) -> list[dict[str, Any]]:
        """Return the REST writes that were really applied, oldest first."""
        with self._portal.lock:
            bring_up_to_date(self._portal)
            return list(self._portal.ledger)

    def workflows(self) -> list[dict[str, Any]]:
        """Return the workflows as the portal holds them, ended ones of the last day included."""
        with self._portal.lock:
            bring_up_to_date(self._portal)
            return [pack(workflow) for workflow in self._portal.workflows]

    def workflow(self, workflow_id: str) -> dict[str, Any] | None:
        """Return one workflow as the portal holds it, or None."""
        with self._portal.lock:
            bring_up_to_date(self._portal)
            found = self._portal.workflows.get(workflow_id)
            return None if found is None else pack(found)

    def tasks(self, workflow_id: str | None = None) -> list[dict[str, Any]]:
        """Return the workflow tasks, of one workflow or all."""
        with self._portal.lock:
            bring_up_to_date(self._portal)
            return [pack(t) for t in self._portal.tasks if workflow_id in (None, t.workflow_id)]

    # -- people and templates -----------------------------------------------------------------

    def add_user(self, name: str, last_name: str = "", **more: Any) -> int:
        """Add a person; more fields as in `records.User`."""
        portal = self._portal
        with portal.lock:
            number = int(more.pop("id", 0)) or portal.next_number("user")
            portal.reserve_number("user", number)
            more.setdefault("departments", [next(iter(portal.departments)).id])
            more.setdefault("registered", portal.now())
            more.setdefault("email", f"user{number}@company.example")
            user = User(id=number, name=name, last_name=last_name, **more)
            portal.users.put(number, user)
            portal.commit()
            return number

    def change_user(self, user_id: int, **changes: Any) -> None:
        """Change a person's fields, e.g. active=False for a dismissal."""
        portal = self._portal
        with portal.lock:
            user = portal.users[int(user_id)]
            for name, value in changes.items():
                setattr(user, name, value)
            portal.users.put(user.id, user)
            portal.commit()

    def add_department(
        self, name: str, parent: int | None = 1, head: int | None = None, sort: int = 500
    ) -> int:
        """Add a department."""
        portal = self._portal
        with portal.lock:
            number = portal.next_number("department")
            portal.departments.put(number, Department(number, name, parent, head, sort))
            portal.commit()
            return number

    def add_webhook(self, user_id: int, scopes: list[str] | None = None) -> str:
        """Give a person a webhook; returns its path from the portal's address."""
        portal = self._portal
        with portal.lock:
            webhook = portal.add_webhook(int(user_id), scopes=scopes)
            portal.commit()
            return f"/rest/{webhook.user_id}/{webhook.code}/"

    def revoke_webhook(self, user_id: int) -> None:
        """Switch off every webhook of a person."""
        portal = self._portal
        with portal.lock:
            for webhook in portal.webhooks:
                if webhook.user_id == int(user_id):
                    webhook.active = False
            portal.touched = True
            portal.commit()

    def add_template(
        self,
        name: str = "Template",
        document_type: list[str] | None = None,
        structure: Any = None,
        parameters: dict[str, Any] | None = None,
        auto_execute: int = 0,
        **more: Any,
    ) -> int:
        """Add a workflow template; the structure is the root activity or a list of one."""
        portal = self._portal
        with portal.lock:
            template = scenarios.add_template(
                portal,
                name=name,
                document_type=tuple(document_type or scenarios.DEAL),
                structure=structure,
                parameters=parameters,
                auto_execute=int(auto_execute),
                **more,
            )
            portal.commit()
            return template.id

    def remove_template(self, template_id: int) -> None:
        """Delete a template; workflows keep their copy."""
        portal = self._portal
        with portal.lock:
            portal.templates.drop(int(template_id))
            portal.commit()

    # -- workflows and tasks ------------------------------------------------------------------

    def start_workflow(
        self,
        template_id: int = 1,
        document_id: list[str] | None = None,
        started_by: int = 0,
        parameters: dict[str, Any] | None = None,
        locked_minutes: float | None = None,
        started: float | None = None,
        document_name: str = "",
    ) -> str:
        """Start a workflow as the portal itself or a person does.

        `locked_minutes=30` leaves it locked, with OWNED_UNTIL 30 minutes in the past; a negative
        number means a lock that still holds. `started` is Unix seconds.
        """
        portal = self._portal
        with portal.lock:
            template = portal.templates[int(template_id)]
            document = documents.read_id(document_id) if document_id else None
            if document is None:
                document = scenarios.new_document(portal, template.document_type)
            kind = documents.type_of(portal, document, hint=template.document_type)
            documents.remember(portal, document, kind or template.document_type, name=document_name)
            moment = portal.clock.moment if started is None else float(started)
            before = portal.clock.moment
            portal.clock.moment = moment
            try:
                workflow = runner.start(
                    portal, template, document, started_by=int(started_by), parameters=parameters
                )
            finally:
                portal.clock.moment = before
            if locked_minutes is not None:
                workflow.owned_until = int(portal.now() - 60 * float(locked_minutes))
                portal.workflows.put(workflow.id, workflow)
            portal.commit()
            return workflow.id

    def lock_workflow(self, workflow_id: str, locked_minutes: float = 0) -> None:
        """Lock a workflow so that OWNED_UNTIL lies this many minutes in the past."""
        portal = self._portal
        with portal.lock:
            workflow = portal.workflows[workflow_id]
            workflow.owned_until = int(portal.now() - 60 * float(locked_minutes))
            portal.workflows.put(workflow_id, workflow)
            portal.commit()

    def unlock_workflow(self, workflow_id: str) -> None:
        """Take a workflow's lock away."""
        portal = self._portal
        with portal.lock:
            workflow = portal.workflows[workflow_id]
            workflow.owned_until = None
            portal.workflows.put(workflow_id, workflow)
            portal.commit()

    def end_workflow(self, workflow_id: str) -> None:
        """Let a workflow come to its end by itself."""
        portal = self._portal
        with portal.lock:
            runner.end(portal, self._unfinished(workflow_id))
            portal.commit()

    def terminate_workflow(self, workflow_id: str, status: str = "") -> None:
        """Abort a workflow as somebody on the portal does."""
        portal = self._portal
        with portal.lock:
            runner.terminate(portal, self._unfinished(workflow_id), title=status)
            portal.commit()

    def kill_workflow(self, workflow_id: str) -> None:
        """Delete a workflow as somebody on the portal does."""
        portal = self._portal
        with portal.lock:
            runner.remove(portal, self._unfinished(workflow_id))
            portal.commit()

    def touch_workflow(self, workflow_id: str) -> None:
        """Save a workflow without changing it, so that its MODIFIED moves."""
        portal = self._portal
        with portal.lock:
            workflow = self._unfinished(workflow_id)
            workflow.modified = int(portal.now())
            portal.workflows.put(workflow_id, workflow)
            portal.commit()

    def complete_task(
        self,
        task_id: int,
        user_id: int,
        answer: str | int = "yes",
        comment: str = "",
        fields: dict[str, Any] | None = None,
    ) -> None:
        """Answer a task for a person: yes, no, ok or cancel."""
        portal = self._portal
        with portal.lock:
            bring_up_to_date(portal)
            runner.complete_task(
                portal,
                int(task_id),
                user_id=int(user_id),
                status=_ANSWERS[php.text(answer).lower()],
                comment=comment,
                fields=fields,
            )
            portal.commit()

    def delegate(self, task_id: int, from_user_id: int, to_user_id: int) -> None:
        """Hand a waiting assignment over to somebody else."""
        portal = self._portal
        with portal.lock:
            task = portal.tasks[int(task_id)]
            part = task.assignment_of(int(from_user_id))
            if part is None or part.status or task.status != TASK_RUNNING:
                raise ValueError("The user is not responsible for this assignment.")
            if task.assignment_of(int(to_user_id)) is not None:
                raise ValueError("The selected employee is already a participant.")
            part.user_id = int(to_user_id)
            task.modified = int(portal.now())
            portal.tasks.put(task.id, task)
            portal.commit()

    def _unfinished(self, workflow_id: str) -> Workflow:
        workflow = self._portal.workflows.get(workflow_id)
        if workflow is None or workflow.ended is not None:
            raise ValueError(f"No workflow {workflow_id} is running.")
        return workflow
