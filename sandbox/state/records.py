"""What a portal holds: people, departments, workflow templates, workflows and their tasks."""

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

RUNNING, COMPLETED, TERMINATED = 1, 2, 4

TASK_RUNNING, TASK_YES, TASK_NO, TASK_OK, TASK_TIMEOUT, TASK_CANCELLED = 0, 1, 2, 3, 4, 5
ANSWER_WAITING, ANSWER_YES, ANSWER_NO, ANSWER_OK, ANSWER_CANCEL = 0, 1, 2, 3, 4

DocumentId = tuple[str, str, str]
AUTOMATION = 8
#: The two kinds of actions, in the words of the methods.
ACTIVITY, ROBOT = "activity", "robot"


@dataclass(slots=True)
class User:
    """A person of the portal; what is None is absent from rows.

    Most have no zone name: they live by the zone of their browser, of which the portal keeps the
    offset at the last visit, in seconds east of its own.
    """

    id: int
    name: str
    last_name: str
    second_name: str = ""
    email: str | None = ""
    active: bool = True
    admin: bool = False
    departments: list[int] = field(default_factory=list)
    position: str = ""
    gender: str = ""
    phone: str = ""
    time_zone: str | None = ""
    time_zone_offset: int = 0
    registered: float = 0.0
    last_login: float | None = None
    online: bool = False
    user_type: str = "employee"

    @property
    def full_name(self) -> str:
        """Return the name as the portal prints it."""
        return f"{self.name} {self.last_name}".strip()


@dataclass(slots=True)
class Department:
    """A department of the company's structure."""

    id: int
    name: str
    parent: int | None = None
    head: int | None = None
    sort: int = 500
    active: bool = True


@dataclass(slots=True)
class Template:
    """A workflow template; its structure is kept under a key because workflows copy it."""

    id: int
    name: str
    document_type: DocumentId
    structure_key: str
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    auto_execute: int = 0
    modified: float = 0.0
    is_modified: bool = False
    user_id: int = 1
    system_code: str = ""


@dataclass(slots=True)
class Workflow:
    """A workflow; an ended one is kept for a day because its tasks still show its state."""

    id: str
    template_id: int
    structure_key: str
    document: DocumentId
    started: float
    started_by: int
    modified: float
    owned_until: float | None = None
    status: int = RUNNING
    ended: float | None = None
    state_title: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    waits: dict[str, dict[str, Any]] = field(default_factory=dict)
    open_branches: dict[str, int] = field(default_factory=dict)
    #: What loops and states remember by their paths: values to come, the state that follows.
    progress: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Assignment:
    """One person's part of a workflow task."""

    user_id: int
    status: int = ANSWER_WAITING
    original_user_id: int = 0
    answered: float | None = None


@dataclass(slots=True)
class Task:
    """A workflow task: work that waits for people."""

    id: int
    workflow_id: str
    path: str
    activity: str
    activity_name: str
    name: str
    description: str
    created: float
    modified: float
    overdue: float | None = None
    status: int = TASK_RUNNING
    delegation: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)

    def assignment_of(self, user_id: int) -> Assignment | None:
        """Return this person's part, if there is one."""
        return next((part for part in self.assignments if part.user_id == user_id), None)


@dataclass(slots=True)
class Document:
    """What a workflow runs on."""

    id: DocumentId
    type: DocumentId
    name: str
    created_by: int = 1
    assigned_to: int = 1
    deleted: bool = False


@dataclass(slots=True)
class Webhook:
    """An inbound webhook: a person, a secret code and the scopes it was given."""

    user_id: int
    code: str
    scopes: list[str]
    active: bool = True


@dataclass(slots=True)
class Application:
    """A local application: its secret, its scopes, where it is opened, and who may use it."""

    id: int
    client_id: str
    client_secret: str
    name: str = "Local application"
    scopes: list[str] = field(default_factory=list)
    redirect_uri: str = ""
    users: list[int] | None = None
    installed: bool = True
    active: bool = True
    payment_expired: bool = False


@dataclass(slots=True)
class Action:
    """What an application has registered: an action of the designer, or an automation rule too.

    Names and descriptions are a text or a map of languages; `document_type` is empty or a triple.
    """

    key: str
    client_id: str
    code: str
    kind: str
    handler: str = ""
    auth_user_id: int = 0
    use_subscription: str = ""
    name: Any = ""
    description: Any = ""
    properties: dict[str, Any] = field(default_factory=dict)
    return_properties: dict[str, Any] = field(default_factory=dict)
    document_type: list[str] = field(default_factory=list)
    filter: Any = field(default_factory=dict)
    placement_handler: str = ""
    id: int = 0

    @property
    def type(self) -> str:
        """Return the type its steps have in templates."""
        return f"rest_{self.key}"


def action_key(client_id: str, code: str) -> str:
    """Return what an action is known by inside: the same for both kinds."""
    return hashlib.md5(f"{client_id}@{code}".encode(), usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class OutgoingCall:
    """A form that waits to be posted to an application; `name` is the action's code.

    The next call goes before one that `is_overtaken`; without a next one it goes when it is due.
    """

    id: int
    client_id: str
    name: str
    address: str
    form: dict[str, Any]
    due: float
    user_id: int = 0
    auth: dict[str, Any] = field(default_factory=dict)
    is_overtaken: bool = False


@dataclass(slots=True)
class EventHandler:
    """An address an application has bound to an event; 0 acts for whoever causes it."""

    id: int
    client_id: str
    event: str
    handler: str
    user_id: int = 0


@dataclass(slots=True)
class Code:
    """What a person brings from the portal to an application: once, and only for a moment."""

    code: str
    client_id: str
    user_id: int
    expires: float
    used: bool = False


@dataclass(slots=True)
class Grant:
    """An access token of one person, with the refresh token that was given beside it."""

    access_token: str
    refresh_token: str
    client_id: str
    user_id: int
    issued: float
    access_expires: float
    refresh_expires: float
    spent: bool = False


@dataclass(slots=True)
class PortalSession:
    """Somebody signed in to the portal itself, with a browser."""

    key: str
    user_id: int


@dataclass(slots=True)
class GatewayKey:
    """A key of the gateway; that of an application acts for whoever signs in, so for nobody itself.

    One that is not connected has lost the portal's tokens. `portal` is the host that it says it is
    of; empty is this portal's.
    """

    key: str
    user_id: int
    scopes: list[str]
    redirect_uris: list[str] = field(default_factory=list)
    name: str = "bizproc-admin"
    read_only: bool = False
    connected: bool = True
    active: bool = True
    portal: str = ""


@dataclass(slots=True)
class GatewayCode:
    """What a person brings from the gateway to an application: once, and only for a moment."""

    code: str
    key: str
    user_id: int
    redirect_uri: str
    expires: float


@dataclass(slots=True)
class GatewaySession:
    """Somebody signed in for an application key of the gateway."""

    token: str
    key: str
    user_id: int
    expires: float


@dataclass(slots=True)
class GatewaySpent:
    """An event that was answered through the gateway, which takes its token once."""

    event: str


def pack(record: Any) -> dict[str, Any]:
    """Turn a record into plain values for the state file."""
    if isinstance(record, Workflow):
        # asdict copies deeply; workflows are many and their parts are plain already.
        return {name: getattr(record, name) for name in Workflow.__slots__}
    return asdict(record)


def unpack(kind: type[Any], values: dict[str, Any]) -> Any:
    """Build a record from the state file's plain values."""
    for name in ("document", "document_type", "id", "type"):
        if kind is not Action and isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    if kind is Task:
        values["assignments"] = [Assignment(**part) for part in values["assignments"]]
    return kind(**values)
