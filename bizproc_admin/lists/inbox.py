"""The inbox of workflow tasks: whose there are, how many, and what is next."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count, Max, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from bizproc_admin.access.permissions import Request
from bizproc_admin.htmx import wants_part
from bizproc_admin.lists.paging import Page, page_of
from bizproc_admin.lists.task_filters import GROUPS, SCOPES, Scopes, WorkflowTaskFilterForm
from bizproc_admin.lists.task_lines import equip
from bizproc_admin.models import Account, Command, Person, Portal, Role, WorkflowTask


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many tasks the filters leave, in all and by deadline; newest is the greatest key."""

    total: int
    newest: int
    groups: dict[str, int]


def scopes_of(account: Account, portal: Portal | None) -> Scopes:
    """Give whose tasks an account may ask for at a portal, the nearest first."""
    own = account.person_at(portal)
    scopes: dict[str, set[int] | None] = {}
    if own is not None:
        scopes["mine"] = {own.pk}
        if team := team_of(account, own):
            scopes["team"] = team
    if account.sees_all:
        scopes["everybody"] = None
    return scopes


def team_of(account: Account, own: Person) -> set[int]:
    """Give the keys of those below an account's person; only who leads here has a team."""
    if account.role not in (Role.MANAGER, Role.PORTAL_ADMINISTRATOR):
        return set()
    below = Person.objects.at(own.portal).subordinates_of(own)
    return set(below.values_list("pk", flat=True))


def filters_of(request: Request) -> WorkflowTaskFilterForm:
    scopes = scopes_of(request.user, request.portal)
    return WorkflowTaskFilterForm(
        request.GET, portal=request.portal, scopes=scopes, viewer=request.user
    )


def filters_behind(request: Request) -> WorkflowTaskFilterForm:
    """Give the filters of the inbox a task was opened from: its own address carries them along."""
    where = request.htmx.current_url_abs_path if wants_part(request) else None
    given = request.GET if where is None else QueryDict(urlsplit(where).query)
    scopes = scopes_of(request.user, request.portal)
    return WorkflowTaskFilterForm(given, portal=request.portal, scopes=scopes, viewer=request.user)


def visible(request: Request) -> QuerySet[WorkflowTask]:
    """Give the tasks an account may see on the portal it looks at."""
    return WorkflowTask.objects.visible_to(request.user).at(request.portal)


def counted(rows: QuerySet[WorkflowTask], filters: WorkflowTaskFilterForm) -> Counts:
    """Count tasks in all and by deadline, in one query."""
    found = rows.order_by().aggregate(
        total=Count("pk"),
        newest=Max("pk"),
        **{group: Count("pk", filter=filters.test(group)) for group in GROUPS},
    )
    return Counts(
        total=found["total"],
        newest=found["newest"] or 0,
        groups={group: found[group] for group in GROUPS},
    )


def listed(request: Request, filters: WorkflowTaskFilterForm) -> tuple[Page, Counts]:
    """Give the page of tasks the filters ask for, anchored at the newest row there was."""
    rows = filters.narrow(visible(request))
    upto = filters.value("upto")
    if upto is not None:
        rows = rows.filter(pk__lte=upto)
    known = counted(rows, filters)
    if upto is None and not filters.has_filters and filters.whose_shown == "mine":
        request.waiting_counts = (known.total, known.groups["overdue"])
    upto = upto if upto is not None else known.newest
    found = page_of(
        rows.filter(pk__lte=upto).for_rows().order_by(*filters.order),  # type: ignore[attr-defined]
        number=filters.value("page") or 1,
        size=filters.page_size,
        total=known.total,
    )
    equip(found.rows, request=request, filters=filters)
    head(found.rows, filters, known)
    return (
        Page(rows=found.rows, number=found.number, size=found.size, total=found.total, upto=upto),
        known,
    )


def head(rows: Any, filters: WorkflowTaskFilterForm, known: Counts) -> None:
    """Give the first row of each group its heading: the group, its name and how many it has."""
    before = None
    for task in rows:
        task.heading = None
        if filters.is_grouped and task.group != before:
            before = task.group
            task.heading = {"label": GROUPS[before], "count": known.groups[before]}


def scopes_shown(request: Request, filters: WorkflowTaskFilterForm, known: Counts) -> list[Any]:
    """Give the parts of the inbox with their counts; what is shown has been counted already."""
    tasks = visible(request)
    current = filters.whose_shown
    shown = []
    for key in filters.scopes:
        is_counted = key == current and not filters.has_filters and not filters.value("upto")
        shown.append(
            {
                "key": key,
                "label": SCOPES[key],
                "count": known.total if is_counted else filters.scoped(tasks, key).count(),
                "current": key == current,
                "url": filters.query(
                    whose=None if key == next(iter(filters.scopes)) else key,
                    page=None, upto=None, open=None, assignee=None,
                ),
            }
        )  # fmt: skip
    return shown


def waiting_count(portal: Portal | None) -> tuple[int, int] | None:
    """Count what waits for the viewer's person, and what of it is overdue; None for who is none.

    The portal is the request's: it carries the viewer's person by key. What waits for oneself one
    may see.
    """
    own: int | None = getattr(portal, "person_key", None)
    if portal is None or own is None:
        return None
    filters = WorkflowTaskFilterForm({}, portal=portal, scopes={"mine": {own}})
    known = counted(filters.narrow(WorkflowTask.objects.at(portal)), filters)
    return known.total, known.groups["overdue"]


def next_after(request: Request, task: WorkflowTask) -> str:
    """Give the address of the list's next task that waits for the account's person, or nothing.

    What has an answer under way is not asked again; after the last one the first comes.
    """
    own = request.user.person_at(request.portal)
    if own is None:
        return ""
    filters = filters_behind(request)
    tasks: Any = visible(request)
    answered = Command.objects.open().exclude(task=None).filter(portal=request.portal)
    rows = (
        filters.narrow(tasks.waiting_for({own.pk}))
        .filter(~Q(pk__in=answered.values("task")) | Q(pk=task.pk))
        .order_by(*filters.order)
    )
    keys = list(rows.values_list("pk", flat=True))
    here = keys.index(task.pk) if task.pk in keys else -1
    others = [*keys[here + 1 :], *keys[: max(here, 0)]]
    if not others:
        return ""
    return reverse("workflow_task_detail", args=[others[0]]) + filters.kept_open
