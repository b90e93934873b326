"""The inbox of workflow tasks: whose there are, how many, and what is next."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db.models import Count, Q
from django.http import QueryDict
from django.urls import reverse

from bizproc_admin.access.permissions import Request
from bizproc_admin.htmx import wants_part
from bizproc_admin.lists.shown import Shown
from bizproc_admin.lists.task_filters import GROUPS, Scopes, WorkflowTaskFilterForm
from bizproc_admin.lists.task_lines import TaskLine, headed, task_lines
from bizproc_admin.models import Account, Command, Person, Portal, Role, WorkflowTask
from bizproc_admin.models.counting import is_told
from bizproc_admin.models.workflow_tasks import WorkflowTaskQuerySet


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


def visible(request: Request) -> WorkflowTaskQuerySet:
    """Give the tasks an account may see on the portal it looks at."""
    return WorkflowTask.objects.visible_to(request.user).at(request.portal)


def lines_of(
    shown: Shown[WorkflowTaskFilterForm, WorkflowTask, TaskLine], tasks: Sequence[WorkflowTask]
) -> list[TaskLine]:
    lines = task_lines(tasks, request=shown.request, filters=shown.filters)
    if not shown.filters.is_grouped:
        return lines
    return headed(lines, groups_of(shown))


def groups_of(shown: Shown[WorkflowTaskFilterForm, WorkflowTask, TaskLine]) -> dict[str, int]:
    """Count the tasks of each group by deadline; none where there are more than are counted."""
    filters = shown.filters
    if not is_told(shown.total):
        return {}
    rows = shown.as_opened(filters.narrow(visible(shown.request)))
    tests = {group: filters.test("condition", group) for group in GROUPS}
    counts: dict[str, int] = rows.order_by().aggregate(
        **{group: Count("pk", filter=test) for group, test in tests.items()}
    )
    return counts


def waiting_count(portal: Portal | None) -> tuple[int, int] | None:
    """Count what waits for the viewer's person, and what of it is overdue; None for who is none.

    The portal is the request's: it carries the viewer's person by key. What waits for oneself one
    may see.
    """
    own: int | None = getattr(portal, "person_key", None)
    if portal is None or own is None:
        return None
    filters = WorkflowTaskFilterForm({}, portal=portal, scopes={"mine": {own}})
    waiting = filters.narrow(WorkflowTask.objects.at(portal)).order_by()
    counts = waiting.aggregate(
        total=Count("pk"), overdue=Count("pk", filter=filters.test("condition", "overdue"))
    )
    return counts["total"], counts["overdue"]


def next_after(request: Request, task: WorkflowTask) -> str:
    """Give the address of the list's next task that waits for the account's person, or nothing.

    What has an answer under way is not asked again; after the last one the first comes.
    """
    own = request.user.person_at(request.portal)
    if own is None:
        return ""
    filters = filters_behind(request)
    answered = Command.objects.open().exclude(task=None).filter(portal=request.portal)
    rows = filters.ordered(filters.narrow(visible(request).waiting_for({own.pk}))).filter(
        ~Q(pk__in=answered.values("task")) | Q(pk=task.pk)
    )
    keys = list(rows.values_list("pk", flat=True))
    here = keys.index(task.pk) if task.pk in keys else -1
    others = [*keys[here + 1 :], *keys[: max(here, 0)]]
    if not others:
        return ""
    return reverse("workflow_task_detail", args=[others[0]]) + filters.kept_open
