"""The emulated portal: everything it holds, its lock, its clock and its memory of what happened.

The portal keeps state and nothing else: rules are in `engine`, answers in `methods`, HTTP in
`server`. Whoever changes or reads the state holds `lock` while doing so.
"""

import heapq
import random
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sandbox import language
from sandbox.state.clock import Clock, utc_text
from sandbox.state.faults import Faults
from sandbox.state.limits import Limits, RequestsPerMinute
from sandbox.state.records import (
    Action,
    Application,
    Code,
    Department,
    Document,
    DocumentId,
    EventHandler,
    GatewayCode,
    GatewayKey,
    GatewaySession,
    GatewaySpent,
    Grant,
    OutgoingCall,
    PortalSession,
    Task,
    Template,
    User,
    Webhook,
    Workflow,
)
from sandbox.state.tables import Table, TaskTable, WorkflowTable

DAY = 86400.0
ADMINISTRATOR, EMPLOYEE = 1, 2
ALL_SCOPES = ["bizproc", "crm", "department", "disk", "im", "lists", "task", "user"]
ACCESS_LIFETIME = 3600.0
#: What these methods answer is the id of what they have made.
_MAKING = ("bizproc.workflow.start", "bizproc.workflow.template.add")
_REMEMBERED_CALLS = 20_000
_REMEMBERED_LISTS = 100


class Store(Protocol):
    """Where a portal saves itself."""

    def save(self, portal: "Portal") -> None:
        """Write what changed since the last save, atomically."""


class Portal:
    """One emulated Bitrix24 portal."""

    def __init__(self, *, seed: int = 1, limits: str = "off", clock: Clock | None = None) -> None:
        """Make an empty portal whose secrets follow from the seed."""
        self.seed = seed
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.limits = Limits(self.clock, on=limits == "real")
        self.gateway_limit = RequestsPerMinute(self.clock)
        self.faults = Faults()
        self.store: Store | None = None
        self.scenario = "empty"
        self.first: dict[str, Any] = {"scenario": "empty"}
        self.revision = 0
        self.complaints: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED_CALLS)
        self.calls: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED_CALLS)
        #: What became of calls to applications.
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED_CALLS)
        #: Set when something may have to be sent, or done after an answer.
        self.stirred = threading.Event()
        self.webhooks: list[Webhook] = []
        #: Where the portal is reached; the server that serves it says so.
        self.address = "http://127.0.0.1"
        #: The public addresses, when they were told; see `oauth.addresses`.
        self.public_url = self.auth_url = ""
        self.first_public_url = ""
        self.former_hosts: frozenset[str] = frozenset()
        self.password = "sandbox"  # noqa: S105 - everybody's, and the sign-in page tells it
        #: The application settings that options give, kept over every scenario.
        self.redirect_uri = ""
        self.token_lifetime = self.first_token_lifetime = ACCESS_LIFETIME
        self.language = self.first_language = "en"
        self.first_zone = ""
        self.first_newer_statuses = False
        self.clear()

    def clear(self) -> None:
        """Forget everything but the secrets, as before the first scenario."""
        self.rng = random.Random(self.seed)
        self.users: Table[int, User] = Table()
        self.departments: Table[int, Department] = Table()
        self.templates: Table[int, Template] = Table()
        self.structures: Table[str, list[dict[str, Any]]] = Table()
        self.documents: Table[DocumentId, Document] = Table()
        #: What importing templates made of a document type's fields; see `document_fields`.
        self.document_fields: Table[DocumentId, dict[str, Any]] = Table()
        self.workflows = WorkflowTable()
        self.tasks = TaskTable()
        self.applications: Table[str, Application] = Table()
        self.actions: Table[str, Action] = Table()
        self.handlers: Table[int, EventHandler] = Table()
        #: What waits to be posted to applications, by number.
        self.outgoing: Table[int, OutgoingCall] = Table()
        self.codes: Table[str, Code] = Table()
        self.grants: Table[str, Grant] = Table()
        self.sessions: Table[str, PortalSession] = Table()
        self.gateway_keys: Table[str, GatewayKey] = Table()
        self.gateway_codes: Table[str, GatewayCode] = Table()
        self.gateway_sessions: Table[str, GatewaySession] = Table()
        self.gateway_spent: Table[str, GatewaySpent] = Table()
        self.ledger: list[dict[str, Any]] = []
        self.saved_ledger = 0
        self.late: list[dict[str, Any]] = []
        #: kind -> id -> the fields to show otherwise and those to leave out; see `overriding`.
        self.overrides: dict[str, dict[str, dict[str, Any]]] = {}
        #: The templates whose workflows are being started, one inside the other.
        self.starting: list[int] = []
        self.timers: list[tuple[float, str, str]] = []
        self.numbers: dict[str, int] = {}
        self.last_uniqid = 0
        self._lists: dict[Hashable, Any] = {}
        self.calls.clear()
        self.deliveries.clear()
        self.complaints.clear()
        self.faults.clear()
        self.limits.clear()
        self.gateway_limit.clear()
        #: How many seconds a workflow's current step goes on after it was to end softly.
        self.gateway_soft_delay = 3.0
        self.clock.offset = 0.0
        self.clock.set_zone(self.first_zone)
        self.public_url, self.former_hosts = self.first_public_url, frozenset()
        #: How long each change takes, as time goes here.
        self.write_seconds = 0.0
        self.newer_filters = False
        self.strict_auto_execute = False
        #: Whether the vendor's servers, which carry the calls, know a portal on premises.
        self.has_queue = True
        #: How answers reach steps: inside the call, as before 26.x, or so many seconds after it.
        self.answers_at_once, self.event_delay = False, 0.0
        #: How many workflows one document may have running; 0 for any number.
        self.most_workflows_of_document = 0
        self.newer_statuses = self.first_newer_statuses
        self.token_lifetime = self.first_token_lifetime
        self.language = self.first_language
        self.touched = True
        self.erased = True
        self.revision += 1

    # -- time ---------------------------------------------------------------------------------

    def now(self) -> float:
        """Return the portal's time."""
        return self.clock.now()

    @contextmanager
    def at(self, moment: float | None) -> Iterator[None]:
        """Tell something as if it were that moment."""
        before, self.clock.moment = self.clock.moment, moment
        try:
            yield
        finally:
            self.clock.moment = before

    def wake_at(self, moment: float, workflow_id: str, path: str) -> None:
        """Remember that a workflow has something to do at a moment."""
        heapq.heappush(self.timers, (moment, workflow_id, path))

    def order_timers(self) -> None:
        """Put the timers in order after many were added at once."""
        heapq.heapify(self.timers)

    def pop_timer(self) -> None:
        """Forget the earliest timer."""
        heapq.heappop(self.timers)

    # -- numbers ------------------------------------------------------------------------------

    def next_number(self, kind: str) -> int:
        """Return the next id of a kind of record."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return self.numbers[kind]

    def reserve_number(self, kind: str, number: int) -> None:
        """Make sure a number that was given by hand is not given again."""
        self.numbers[kind] = max(self.numbers.get(kind, 0), number)

    def uniqid(self) -> str:
        """Make a workflow id like PHP's uniqid with more entropy."""
        micro = int(self.now() * 1_000_000)
        if self.clock.moment is None:
            micro = self.last_uniqid = max(micro, self.last_uniqid + 1)
        else:
            micro += self.rng.randrange(1_000_000)
        seconds, rest = divmod(micro, 1_000_000)
        return f"{seconds:08x}{rest:05x}{self.rng.random() * 10:.8f}"

    # -- what happened ------------------------------------------------------------------------

    def complain(self, kind: str, detail: str, **more: Any) -> None:
        """Note something that the portal ignores in silence and that a client should not send."""
        self.complaints.append({"kind": kind, "detail": detail, **more, "at": utc_text(self.now())})

    def applied(
        self,
        method: str,
        *,
        caller: int,
        params: dict[str, Any],
        result: Any,
        more: dict[str, Any] | None = None,
    ) -> None:
        """Write a line into the ledger: this REST write really changed the portal."""
        target = params.get("ID") or params.get("TASK_ID") or params.get("TASK_IDS")
        target = target or params.get("CODE")
        self.ledger.append(
            {
                "seq": len(self.ledger) + 1,
                "method": method,
                "at": utc_text(self.now()),
                "caller_id": caller,
                "target": result if method in _MAKING else target,
                "params": params,
                "result": result,
                **(more or {}),
            }
        )

    def found(self, key: Hashable, search: Callable[[], Any]) -> Any:
        """Return what a search found, and the same for this key until the portal changes."""
        if key not in self._lists:
            if len(self._lists) >= _REMEMBERED_LISTS:
                self._lists.clear()
            self._lists[key] = search()
        return self._lists[key]

    def say(self, key: str, **values: str) -> str:
        """Return one of the portal's texts in its language."""
        return language.text(self.language, key, **values)

    def commit(self) -> None:
        """Save what changed; to be called after every change, under the lock."""
        tables = self.tables().values()
        if self.touched or any(table.changed for table in tables):
            self.revision += 1
            self._lists.clear()
            if self.store is not None:
                self.store.save(self)
            for table in self.tables().values():
                table.changed.clear()
            self.saved_ledger = len(self.ledger)
            self.touched = False
            self.erased = False
        if len(self.outgoing) or self.late:
            self.stirred.set()

    def tables(self) -> dict[str, Table[Any, Any]]:
        """Return the tables by the names the state file uses."""
        return {
            "user": self.users,
            "department": self.departments,
            "template": self.templates,
            "structure": self.structures,
            "document": self.documents,
            "document_fields": self.document_fields,
            "workflow": self.workflows,
            "task": self.tasks,
            "application": self.applications,
            "action": self.actions,
            "outgoing": self.outgoing,
            "handler": self.handlers,
            "code": self.codes,
            "grant": self.grants,
            "session": self.sessions,
            "gateway_key": self.gateway_keys,
            "gateway_code": self.gateway_codes,
            "gateway_session": self.gateway_sessions,
            "gateway_spent": self.gateway_spent,
        }

    # -- people -------------------------------------------------------------------------------

    def make_webhooks(self) -> None:
        """Make the administrator's and the employee's webhooks, the same ones every time."""
        self.webhooks.clear()
        rng = random.Random(f"webhooks of {self.seed}")
        for user_id in (ADMINISTRATOR, EMPLOYEE):
            self.add_webhook(user_id, rng=rng)

    def add_webhook(
        self, user_id: int, *, scopes: list[str] | None = None, rng: random.Random | None = None
    ) -> Webhook:
        """Give a person one more webhook."""
        letters = "abcdefghijklmnopqrstuvwxyz0123456789"
        code = "".join((rng or self.rng).choices(letters, k=16))
        webhook = Webhook(user_id, code, list(ALL_SCOPES if scopes is None else scopes))
        self.webhooks.append(webhook)
        self.touched = True
        return webhook

    def is_head_of(self, chief: int, person: int) -> bool:
        """Tell whether somebody heads a department of this person, or one above it."""
        user = self.users.get(person)
        for number in user.departments if user else []:
            department = self.departments.get(number)
            climbed: set[int] = set()
            while department is not None and department.id not in climbed:
                if department.head == chief and chief != person:
                    return True
                climbed.add(department.id)
                department = self.departments.get(department.parent or 0)
        return False

    # -- documents ----------------------------------------------------------------------------

    def structure_of(self, record: Template | Workflow) -> dict[str, Any]:
        """Return the root activity of a template, or of the copy a workflow keeps."""
        return self.structures[record.structure_key][0]

    def open_tasks(self) -> list[Task]:
        """Return the tasks that wait for people."""
        return [task for task in self.tasks if task.status == 0]
