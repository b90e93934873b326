"""A first look at a portal: who are we there, what may we do, does it keep its word?

Only reads. Each finding has a code and values, to be put into words for the administrator who
connects a portal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from .catalogue import METHODS
from .chunks import Chunk
from .errors import BadAnswer, BitrixError, FilterIgnored, NoAnswer, NotSent, Values
from .identity import AppInfo, Profile
from .reader import Reader
from .refusals import MethodExhausted, PlanRequired, PortalClosed, RateLimited, ServerFault

T = TypeVar("T")

_WANTED_SCOPES: Final = (
    ("bizproc", METHODS["bizproc.workflow.instances"].scopes, True),
    ("user", METHODS["user.get"].scopes, True),
    ("department", METHODS["department.get"].scopes, False),
)
#: These say nothing about the connection: another look may go well in a moment.
_PASSING: Final = (NotSent, NoAnswer, RateLimited, MethodExhausted, PortalClosed, ServerFault)
#: Later than anything a portal can have saved.
_FAR_AHEAD: Final = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: `needed` ones decide whether the portal can be used.

    `code` and `values` are those of the error where one kept it from being in order.
    """

    name: str
    ok: bool
    code: str
    values: Values = field(default_factory=dict)
    needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything the first look found."""

    profile: Profile | None
    scopes: tuple[str, ...]
    app: AppInfo | None
    clock_offset: timedelta | None
    server_time: datetime | None
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Return whether everything needed is in order."""
        return all(one.ok for one in self.findings if one.needed)

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Return the findings that are not in order."""
        return tuple(one for one in self.findings if not one.ok)


def probe(reader: Reader) -> Findings:
    """Look a portal over, with about ten reads, and tell what was found.

    Raises BitrixError where it could not be looked over: nothing was found out then.
    """
    found: list[Finding] = []
    profile = _try(found, "reachable", reader.system.profile)
    if profile is None:
        return Findings(
            profile=None,
            scopes=(),
            app=None,
            clock_offset=None,
            server_time=None,
            findings=tuple(found),
        )
    name = f"{profile.name} {profile.last_name}".strip()
    whom: Values = {"name": name} if name else {"person": profile.id}
    code = "acts_as" if name else "acts_as_nameless"
    found.append(Finding(name="reachable", ok=True, code=code, values=whom))
    found.append(_administrator(reader, profile))
    scopes = _try(found, "scopes", reader.system.scope) or ()
    found += _scopes(scopes)
    app = _try(found, "licence", reader.system.app_info, needed=False)
    if app is not None:
        code = "licence" if app.license else "licence_not_named"
        licence: Values = {"licence": app.license} if app.license else {}
        found.append(Finding(name="licence", ok=True, code=code, values=licence, needed=False))
    server_time = _try(found, "clock", reader.system.server_time)
    offset = None
    if server_time is not None:
        offset = server_time - reader.transport.now()
        found.append(_clock(offset))
    found += _lists(reader)
    return Findings(
        profile=profile,
        scopes=scopes,
        app=app,
        clock_offset=offset,
        server_time=server_time,
        findings=tuple(found),
    )


def _try(
    found: list[Finding], name: str, read: Callable[[], T], *, needed: bool = True
) -> T | None:
    """Read one thing; when that fails, note the failure as a finding."""
    try:
        return read()
    except BitrixError as error:
        found.append(_failed(name, error, needed=needed))
        return None


def _failed(name: str, error: BitrixError, *, needed: bool = True) -> Finding:
    """Say that something needed is not so; an error that may pass is no finding and is raised."""
    if needed and (
        isinstance(error, _PASSING) or (isinstance(error, BadAnswer) and error.transient)
    ):
        raise error
    if isinstance(error, PlanRequired):
        name = "plan"
    return Finding(name=name, ok=False, code=error.code, values=error.values, needed=needed)


def _administrator(reader: Reader, profile: Profile) -> Finding:
    """Ask both ways, because the two tests differ on unusual portals."""
    try:
        admin = profile.admin and reader.system.user_admin()
    except BitrixError as error:
        return _failed("administrator", error)
    code = "of_administrator" if admin else "of_no_administrator"
    return Finding(name="administrator", ok=admin, code=code)


def _scopes(scopes: tuple[str, ...]) -> Iterator[Finding]:
    """Say of each permission we use whether the webhook has it."""
    for name, alternatives, needed in _WANTED_SCOPES:
        ok = any(one in scopes for one in alternatives)
        code = "has_permission" if ok else "lacks_permission"
        values: Values = {"permission": name}
        yield Finding(name=f"scope-{name}", ok=ok, code=code, values=values, needed=needed)


def _clock(offset: timedelta) -> Finding:
    seconds = round(offset.total_seconds())
    values: Values = {}
    if abs(seconds) <= 60:
        code = "clock_agrees"
    else:
        code = "clock_ahead" if seconds > 0 else "clock_behind"
        values["seconds"] = abs(seconds)
    return Finding(name="clock", ok=True, code=code, values=values, needed=False)


def _lists(reader: Reader) -> Iterator[Finding]:
    """Read a page of each list, and try the filters every later read relies on."""
    yield from _workflows(reader)
    readable: tuple[tuple[str, str, Callable[[], Iterator[Chunk[Any]]], bool], ...] = (
        ("workflow-tasks", "lists_workflow_tasks", reader.workflow_tasks.everything_open, True),
        ("templates", "lists_workflow_templates", reader.workflow_templates.everything, True),
        ("people", "lists_people", reader.users.everything, True),
        ("departments", "lists_departments", reader.departments.everything, False),
    )
    for name, code, read, needed in readable:
        try:
            chunk = next(read())
        except BitrixError as error:
            yield _failed(name, error, needed=needed)
        else:
            values: Values = {"count": chunk.total or len(chunk.rows)}
            yield Finding(name=name, ok=True, code=code, values=values, needed=needed)


def _workflows(reader: Reader) -> Iterator[Finding]:
    try:
        newest = reader.workflows.page(order={"MODIFIED": "DESC"})
    except BitrixError as error:
        yield _failed("workflows", error)
        return
    count = newest.total if newest.total is not None else len(newest.rows)
    yield Finding(name="workflows", ok=True, code="lists_workflows", values={"count": count})
    try:
        uncounted = reader.workflows.page(start=-1)
    except BitrixError as error:
        yield _failed("uncounted", error)
    else:
        ok = len(uncounted.rows) == len(newest.rows)
        code = "uncounted_agrees" if ok else "uncounted_differs"
        yield Finding(name="uncounted", ok=ok, code=code)
    yield _date_filters(reader, [row.modified for row in newest.rows])


def _date_filters(reader: Reader, modified: list[datetime]) -> Finding:
    """See that a filter in the far future brings nothing and one in the middle brings its part."""
    try:
        ahead = reader.workflows.page(filter={">=MODIFIED": reader.transport.now() + _FAR_AHEAD})
        part = None
        if modified:
            part = reader.workflows.page(filter={">=MODIFIED": modified[len(modified) // 2]})
    except BitrixError as error:
        return _failed("date-filters", error)
    if ahead.rows or (part is not None and not part.rows):
        return _failed("date-filters", FilterIgnored("the date filter brought the wrong rows"))
    code = "date_filters_honoured" if part is not None else "date_filters_untried"
    return Finding(name="date-filters", ok=True, code=code)
