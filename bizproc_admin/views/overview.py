"""The overview: what needs somebody now, how much runs and waits, and how old all of that is."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Min, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page
from bizproc_admin.lists.inbox import waiting_count
from bizproc_admin.lists.needs import needs_of
from bizproc_admin.lists.workflow_lines import workflow_lines
from bizproc_admin.models import (
    Account,
    Command,
    Feed,
    FeedName,
    Portal,
    Role,
    TemplateFigures,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.models.counting import (
    KEPT,
    SAMPLED,
    glance_of,
    is_told,
    key_of,
)
from bizproc_admin.models.template_figures import COUNTED, IDLE
from bizproc_admin.models.workflows import LOCK_GRACE, WorkflowQuerySet
from bizproc_admin.models.workloads import are_counted, running_count
from bizproc_admin.wording import acts, freshness

# a template of which only some workflows are counted
NOTHING = {"running": 0, "waiting": 0, "overdue": 0, "locked": 0, "is_least": True}
MOST_TEMPLATES, MOST_OLDEST, MOST_LOCKS = 12, 5, 3


@require_safe
@requires(Capability.SEE_OVERVIEW)
def overview(request: Request) -> HttpResponse:
    """Show what needs somebody now; a participant's home is the inbox."""
    portal = request.portal
    if request.user.role == Role.PARTICIPANT:
        return redirect("workflow_task_list")
    visible = Workflow.objects.visible_to(request.user).at(portal)
    now = portal.now() if portal else timezone.now()
    running = visible.running()
    counts, per_template = figures_of(running, now, portal=portal, viewer=request.user)
    rows = running.with_names()
    longest = list(rows.order_by("started_at")[:MOST_OLDEST])
    locks = rows.filter(owned_until__lt=now - LOCK_GRACE).order_by("owned_until")
    lines = workflow_lines([*longest, *locks[:MOST_LOCKS]])
    shown = per_template[:MOST_TEMPLATES]
    nameless = [row["template_id"] for row in shown if not row["template_copy"]]
    hidden = WorkflowTemplate.objects.in_bulk(nameless) if nameless else {}
    feeds = {feed.name: feed for feed in Feed.objects.filter(portal=portal)} if portal else {}
    commands = Command.objects.filter(portal=portal).latest_first()
    if not request.user.sees_all:
        commands = commands.filter(workflow__in=visible)
    latest = list(commands.filter(bulk=None)[:8])
    context = {
        "counts": counts,
        "oldest": lines[: len(longest)],
        "templates": [
            {**row, "name": row["template_copy"] or str(hidden[row["template_id"]])}
            for row in shown
        ],
        "template_count": len(per_template),
        "freshness": freshness.of_feed(portal, feeds.get(FeedName.WORKFLOWS.value))
        if portal
        else None,
        "is_first_copy": portal is not None
        and portal.is_connected
        and not (feeds.get(FeedName.WORKFLOWS.value) and feeds["workflows"].fresh_at),
        "waits": waiting_count(portal),
        "feeds": [
            {
                "name": name,
                "label": name.label,
                "freshness": freshness.of_feed(portal, feeds.get(name.value)),
                "feed": feeds.get(name.value),
            }
            for name in FeedName
            if freshness.is_told(portal, name)
        ]
        if portal
        else [],
        "needs": needs_of(
            request.user, portal, now=now, locked=counts["locked"], locks=lines[len(longest) :]
        )
        if portal
        else None,
        "commands": [(command, acts.kind(command)) for command in latest],
        "unlinked": not request.user.sees_all and not request.user.circle,
    }
    return page(request, "overview/overview.html", context, partial="body")


def figures_of(
    running: WorkflowQuerySet, now: datetime, *, portal: Portal | None, viewer: Account
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Count running workflows in all and by template, most first.

    Of more than are counted, what the workers counted last is told to who sees them all. Anybody
    else is told of some of them, and each number by template may be greater (is_least).
    """
    conditions = {
        "waiting": Q(open_tasks__gt=0),
        "overdue": Q(overdue_at__lt=now),
        "locked": Q(owned_until__lt=now - LOCK_GRACE),
        "idle": Q(modified_at__lt=now - IDLE),
    }
    total = running_count(viewer, portal) if portal else 0
    is_exact = not are_counted(portal) if viewer.sees_all else is_told(total)
    if is_exact:
        tests = {name: Count("pk", filter=test) for name, test in conditions.items()}
        templates = (
            running.order_by()
            .values("template_id", "template_copy")
            .annotate(running=Count("pk"), oldest=Min("started_at"), **tests)
        )
        return in_all([{**row} for row in templates])
    if viewer.sees_all:
        figures = TemplateFigures.objects.filter(template__portal=portal, running__gt=0)
        named = figures.values(*COUNTED, "template_id", template_copy=F("template__name"))
        return in_all([{**row} for row in named])

    def some() -> tuple[dict[str, int], list[dict[str, Any]]]:
        counts = {name: glance_of(running.filter(test)) for name, test in conditions.items()}
        return {"running": total, **counts}, some_by_template(running, now)

    return cache.get_or_set(key_of("overview", viewer, portal), some, KEPT) or some()


def in_all(
    templates: list[dict[str, Any]],
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Add up what is counted by template; most first."""
    names = ("running", "waiting", "overdue", "locked", "idle")
    counts = {name: sum(row[name] for row in templates) for name in names}
    return counts, most_first(templates)


def some_by_template(running: WorkflowQuerySet, now: datetime) -> list[dict[str, Any]]:
    """Count by template as many of the workflows as are counted, whichever those are."""
    columns = ("template_id", "template_copy", "open_tasks", "overdue_at", "owned_until")
    found: dict[int, dict[str, Any]] = {}
    for key, name, tasks, overdue_at, owned_until in running.order_by().values_list(*columns)[
        :SAMPLED
    ]:
        row = found.setdefault(key, {"template_id": key, "template_copy": name, **NOTHING})
        row["running"] += 1
        row["waiting"] += tasks > 0
        row["overdue"] += overdue_at is not None and overdue_at < now
        row["locked"] += owned_until is not None and owned_until < now - LOCK_GRACE
    return most_first(found.values())


def most_first(templates: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(templates, key=lambda row: (-row["running"], row["template_copy"]))
