"""What the portal answers, as typed and frozen values.

`from_api` is strict about the fields we use (a wrong one raises `BadAnswer` naming it) and deaf
to all others. Every moment is aware; `"STARTED_BY": "0"` (the system) becomes None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NewType, Self

from .fields import Fields, Raw

WorkflowId = NewType("WorkflowId", str)
TemplateId = NewType("TemplateId", int)
TaskId = NewType("TaskId", int)
UserId = NewType("UserId", int)
DepartmentId = NewType("DepartmentId", int)

#: The longest texts by which workflows and documents are found again.
_ID: Final = 64
_MODULE: Final = 50
_NAME: Final = 255


_LONGEST_SPAN: Final = 6
_FURTHEST_APART: Final = 26 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredActions:
    """What the calling application has registered: "activity" or "robot" by code."""

    kinds: Mapping[str, str]
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTime:
    """Hold the portal's own account of a call; every part is optional, because portals differ."""

    duration: float | None = None
    operating: float | None = None
    operating_reset_at: datetime | None = None
    finished_at: datetime | None = None

    @classmethod
    def from_api(cls, raw: object) -> Self | None:
        """Read it leniently: it is an aside, and must never spoil the answer it comes with."""
        if not isinstance(raw, Mapping):
            return None
        reset = _number(raw.get("operating_reset_at"))
        finished = None
        if isinstance(text := raw.get("date_finish"), str):
            try:
                finished = datetime.fromisoformat(text)
            except ValueError:
                finished = None
        if finished is not None and finished.tzinfo is None:
            finished = None
        return cls(
            duration=_number(raw.get("duration")),
            operating=_number(raw.get("operating")),
            operating_reset_at=None if reset is None else _from_unix(reset),
            finished_at=finished,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRow:
    """One running workflow."""

    id: WorkflowId
    modified: datetime
    owned_until: datetime | None
    module: str
    entity: str
    document_id: str
    started: datetime | None
    started_by: UserId | None
    template_id: TemplateId | None
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    SELECT = (
        "ID",
        "MODIFIED",
        "OWNED_UNTIL",
        "MODULE_ID",
        "ENTITY",
        "DOCUMENT_ID",
        "STARTED",
        "STARTED_BY",
        "TEMPLATE_ID",
    )

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a row of bizproc.workflow.instances."""
        row = Fields(raw, kind="workflow")
        starter, template = row.optional_id("STARTED_BY"), row.optional_id("TEMPLATE_ID")
        return cls(
            id=WorkflowId(row.required_text("ID", longest=_ID)),
            modified=row.moment("MODIFIED"),
            owned_until=row.optional_moment("OWNED_UNTIL"),
            module=row.text("MODULE_ID", longest=_MODULE),
            entity=row.text("ENTITY", longest=_NAME),
            document_id=row.text("DOCUMENT_ID", longest=_NAME),
            started=row.optional_moment("STARTED"),
            started_by=None if starter is None else UserId(starter),
            template_id=None if template is None else TemplateId(template),
            raw=row.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One workflow task for one person: a task of three people comes as three rows."""

    id: TaskId
    workflow_id: WorkflowId
    user_id: UserId
    user_status: int
    status: int
    name: str
    description: str
    activity: str
    activity_name: str
    modified: datetime
    overdue: datetime | None
    workflow_started: datetime | None
    workflow_started_by: UserId | None
    template_id: TemplateId | None
    workflow_state: str
    module: str
    entity: str
    document_id: str
    document_name: str
    document_url: str
    parameters: Raw = field(default_factory=dict, compare=False)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    #: Never WORKFLOW_TEMPLATE_NAME: it drops the tasks of deleted templates.
    SELECT = (
        "ID",
        "WORKFLOW_ID",
        "USER_ID",
        "USER_STATUS",
        "STATUS",
        "NAME",
        "DESCRIPTION",
        "ACTIVITY",
        "ACTIVITY_NAME",
        "MODIFIED",
        "OVERDUE_DATE",
        "WORKFLOW_STARTED",
        "WORKFLOW_STARTED_BY",
        "WORKFLOW_TEMPLATE_ID",
        "WORKFLOW_STATE",
        "MODULE_ID",
        "ENTITY",
        "DOCUMENT_ID",
        "DOCUMENT_NAME",
        "PARAMETERS",
    )

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a row of bizproc.task.list."""
        row = Fields(raw, kind="task")
        starter = row.optional_id("WORKFLOW_STARTED_BY")
        template = row.optional_id("WORKFLOW_TEMPLATE_ID")
        return cls(
            id=TaskId(row.positive("ID")),
            workflow_id=WorkflowId(row.required_text("WORKFLOW_ID", longest=_ID)),
            user_id=UserId(row.positive("USER_ID")),
            user_status=row.count("USER_STATUS"),
            status=row.count("STATUS"),
            name=row.line("NAME"),
            description=row.text("DESCRIPTION"),
            activity=row.text("ACTIVITY"),
            activity_name=row.text("ACTIVITY_NAME"),
            modified=row.moment("MODIFIED"),
            overdue=row.optional_moment("OVERDUE_DATE"),
            workflow_started=row.optional_moment("WORKFLOW_STARTED"),
            workflow_started_by=None if starter is None else UserId(starter),
            template_id=None if template is None else TemplateId(template),
            workflow_state=row.line("WORKFLOW_STATE"),
            module=row.text("MODULE_ID", longest=_MODULE),
            entity=row.text("ENTITY", longest=_NAME),
            document_id=row.text("DOCUMENT_ID", longest=_NAME),
            document_name=row.line("DOCUMENT_NAME"),
            document_url=row.text("DOCUMENT_URL"),
            parameters=row.mapping("PARAMETERS"),
            raw=row.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """One workflow template; automation templates are never listed by the portal."""

    id: TemplateId
    name: str
    description: str
    module: str
    entity: str
    document_type: str
    auto_execute: int
    parameters: Raw = field(compare=False)
    modified: datetime | None
    is_modified: bool
    user_id: UserId | None
    system_code: str
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    SELECT = (
        "ID",
        "NAME",
        "DESCRIPTION",
        "MODULE_ID",
        "ENTITY",
        "DOCUMENT_TYPE",
        "AUTO_EXECUTE",
        "PARAMETERS",
        "MODIFIED",
        "IS_MODIFIED",
        "USER_ID",
        "SYSTEM_CODE",
    )

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a row of bizproc.workflow.template.list."""
        row = Fields(raw, kind="template")
        author = row.optional_id("USER_ID")
        kind = row.raw.get("DOCUMENT_TYPE")
        # Documented as a text, answered as [module, entity, type].
        last = kind[-1] if isinstance(kind, list) and kind else kind
        document_type = Fields({**row.raw, "DOCUMENT_TYPE": last}, kind="template")
        return cls(
            id=TemplateId(row.positive("ID")),
            name=row.line("NAME"),
            description=row.text("DESCRIPTION"),
            module=row.text("MODULE_ID"),
            entity=row.text("ENTITY"),
            document_type=document_type.text("DOCUMENT_TYPE"),
            auto_execute=row.optional_number("AUTO_EXECUTE"),
            parameters=row.mapping("PARAMETERS"),
            modified=row.optional_moment("MODIFIED"),
            is_modified=row.raw.get("IS_MODIFIED") in ("Y", True),
            user_id=None if author is None else UserId(author),
            system_code=row.text("SYSTEM_CODE"),
            raw=row.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureRow:
    """What one workflow template is made of: the tree of activities and three maps by id.

    The parts are as the portal sent them, an empty one an empty list.
    """

    id: TemplateId
    modified: datetime | None
    user_id: UserId | None
    template: object = field(compare=False, repr=False)
    parameters: object = field(compare=False, repr=False)
    variables: object = field(compare=False, repr=False)
    constants: object = field(compare=False, repr=False)

    SELECT = ("ID", "MODIFIED", "USER_ID", "TEMPLATE", "PARAMETERS", "VARIABLES", "CONSTANTS")

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a row of bizproc.workflow.template.list."""
        row = Fields(raw, kind="template")
        author = row.optional_id("USER_ID")
        return cls(
            id=TemplateId(row.positive("ID")),
            modified=row.optional_moment("MODIFIED"),
            user_id=None if author is None else UserId(author),
            template=row.raw.get("TEMPLATE"),
            parameters=row.raw.get("PARAMETERS"),
            variables=row.raw.get("VARIABLES"),
            constants=row.raw.get("CONSTANTS"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One person of the portal, active or dismissed.

    A narrower permission leaves fields out: `tells` says whether a field was there.
    """

    id: UserId
    active: bool
    name: str
    last_name: str
    second_name: str
    email: str
    position: str
    time_zone: str
    zone_offset: int | None = None
    user_type: str
    department_ids: tuple[DepartmentId, ...]
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a row of user.get; what a narrower permission leaves out is empty."""
        row = Fields(raw, kind="user")
        return cls(
            id=UserId(row.positive("ID")),
            active=row.boolean("ACTIVE"),
            name=row.line("NAME"),
            last_name=row.line("LAST_NAME"),
            second_name=row.line("SECOND_NAME"),
            email=row.text("EMAIL"),
            position=row.line("WORK_POSITION"),
            time_zone=row.text("TIME_ZONE"),
            zone_offset=_span(row.raw.get("TIME_ZONE_OFFSET")),
            user_type=row.text("USER_TYPE"),
            department_ids=tuple(DepartmentId(one) for one in row.ids("UF_DEPARTMENT")),
            raw=row.raw,
        )

    def tells(self, name: str) -> bool:
        """Return whether the portal gave a field at all, be it empty."""
        return name in self.raw


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentRow:
    """One active department; the root has no parent."""

    id: DepartmentId
    name: str
    sort: int
    parent_id: DepartmentId | None
    head_id: UserId | None
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a row of department.get."""
        row = Fields(raw, kind="department")
        parent, head = row.optional_id("PARENT"), row.optional_id("UF_HEAD")
        return cls(
            id=DepartmentId(row.positive("ID")),
            name=row.line("NAME"),
            sort=row.optional_number("SORT"),
            parent_id=None if parent is None else DepartmentId(parent),
            head_id=None if head is None else UserId(head),
            raw=row.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the portal answered to a write: `true` proves little, the target is read again."""

    result: object
    time: AnswerTime | None
    duration_ms: int
    status: int
    sent_at: datetime


def _number(value: object) -> float | None:
    """Return a number, or None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None


def _span(value: object) -> int | None:
    """Return seconds that one clock of the earth may be ahead of another, or None."""
    written = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    digits = written.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_SPAN):
        return None
    return int(written) if abs(int(written)) <= _FURTHEST_APART else None


def _from_unix(seconds: float) -> datetime | None:
    """Return a moment, or None when the number is no moment."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
