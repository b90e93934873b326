"""A first look at a portal: who are we there, what may we do, does it keep its word?

Only reads. Each finding says in a plain sentence what was seen, because an administrator reads
it when connecting a portal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from .catalogue import METHODS
from .chunks import Chunk
from .errors import BadAnswer, BitrixError, FilterIgnored, NoAnswer, NotSent
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
    """One thing looked at: `needed` ones decide whether the portal can be used."""

    name: str
    ok: bool
    sentence: str
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
        """Tell whether everything needed is in order."""
        return all(one.ok for one in self.findings if one.needed)

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Give the findings that are not in order."""
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
    name = f"{profile.name} {profile.last_name}".strip() or f"user {profile.id}"
    found.append(
        Finding(name="reachable", ok=True, sentence=f"The portal answers; we act as {name}.")
    )
    found.append(_administrator(reader, profile))
    scopes = _try(found, "scopes", reader.system.scope) or ()
    found += _scopes(scopes)
    app = _try(found, "licence", reader.system.app_info, needed=False)
    if app is not None:
        sentence = f"The portal's licence is {app.license or 'not named'}."
        found.append(Finding(name="licence", ok=True, sentence=sentence, needed=False))
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
    return Finding(name=name, ok=False, sentence=error.for_readers, needed=needed)


def _administrator(reader: Reader, profile: Profile) -> Finding:
    """Ask both ways, because the two tests differ on unusual portals."""
    try:
        admin = profile.admin and reader.system.user_admin()
    except BitrixError as error:
        return _failed("administrator", error)
    if admin:
        sentence = "The webhook belongs to a portal administrator."
    else:
        sentence = (
            "The webhook does not belong to a portal administrator, so the portal will not show "
            "its workflows. Create the webhook as an administrator."
        )
    return Finding(name="administrator", ok=admin, sentence=sentence)


def _scopes(scopes: tuple[str, ...]) -> Iterator[Finding]:
    """Say of each permission we use whether the webhook has it."""
    for name, alternatives, needed in _WANTED_SCOPES:
        ok = any(one in scopes for one in alternatives)
        sentence = (
            f"The webhook has the permission {name}."
            if ok
            else f"The webhook lacks the permission {name}. Edit it in the portal and tick it."
        )
        yield Finding(name=f"scope-{name}", ok=ok, sentence=sentence, needed=needed)


def _clock(offset: timedelta) -> Finding:
    seconds = round(offset.total_seconds())
    if abs(seconds) <= 60:
        sentence = "The portal's clock agrees with ours."
    else:
        side = "ahead of" if seconds > 0 else "behind"
        sentence = f"The portal's clock is {abs(seconds)} seconds {side} ours; ages follow its."
    return Finding(name="clock", ok=True, sentence=sentence, needed=False)


def _lists(reader: Reader) -> Iterator[Finding]:
    """Read a page of each list, and try the filters every later read relies on."""
    yield from _workflows(reader)
    readable: tuple[tuple[str, str, Callable[[], Iterator[Chunk[Any]]], bool], ...] = (
        ("workflow-tasks", "workflow tasks", reader.workflow_tasks.everything_open, True),
        ("templates", "workflow templates", reader.workflow_templates.everything, True),
        ("people", "people", reader.users.everything, True),
        ("departments", "departments", reader.departments.everything, False),
    )
    for name, words, read, needed in readable:
        try:
            chunk = next(read())
        except BitrixError as error:
            yield _failed(name, error, needed=needed)
        else:
            sentence = f"The portal lists its {words} ({chunk.total or len(chunk.rows)})."
            yield Finding(name=name, ok=True, sentence=sentence, needed=needed)


def _workflows(reader: Reader) -> Iterator[Finding]:
    try:
        newest = reader.workflows.page(order={"MODIFIED": "DESC"})
    except BitrixError as error:
        yield _failed("workflows", error)
        return
    count = newest.total if newest.total is not None else len(newest.rows)
    yield Finding(name="workflows", ok=True, sentence=f"The portal lists {count} workflows.")
    try:
        uncounted = reader.workflows.page(start=-1)
    except BitrixError as error:
        yield _failed("uncounted", error)
    else:
        ok = len(uncounted.rows) == len(newest.rows)
        sentence = (
            "Lists can be read without counting them."
            if ok
            else "Reading a list without counting it gives other rows than reading it counted."
        )
        yield Finding(name="uncounted", ok=ok, sentence=sentence)
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
    if part is None:
        sentence = "Filters by date could not be tried: no workflow is running."
    else:
        sentence = "Filters by date are honoured."
    return Finding(name="date-filters", ok=True, sentence=sentence)
