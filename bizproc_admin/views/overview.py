"""The overview: what needs somebody now, how much runs and waits, and how old all of that is."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page
from bizproc_admin.lists.inbox import waiting_count
from bizproc_admin.lists.needs import needs_of
from bizproc_admin.lists.workflow_lines import workflow_lines
from bizproc_admin.models import Command, Feed, FeedName, Role, Workflow, WorkflowTemplate
from bizproc_admin.models.counting import kept, key_of
from bizproc_admin.models.workflows import LOCK_GRACE, WorkflowQuerySet
from bizproc_admin.wording import acts
from bizproc_admin.wording.freshness import is_told, of_feed

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
    key = key_of("overview", request.user, portal)
    counts, per_template = kept(key, running, lambda: figures_of(running, now))
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
        "freshness": of_feed(portal, feeds.get(FeedName.WORKFLOWS.value)) if portal else None,
        "is_first_copy": portal is not None
        and portal.is_connected
        and not (feeds.get(FeedName.WORKFLOWS.value) and feeds["workflows"].fresh_at),
        "waits": waiting_count(portal),
        "feeds": [
            {
                "name": name,
                "label": name.label,
                "freshness": of_feed(portal, feeds.get(name.value)),
                "feed": feeds.get(name.value),
            }
            for name in FeedName
            if is_told(portal, name)
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
    running: WorkflowQuerySet, now: datetime
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Count running workflows in all and by template, most first."""
    counts = running.aggregate(
        running=Count("pk"),
        waiting=Count("pk", filter=Q(open_tasks__gt=0)),
        overdue=Count("pk", filter=Q(overdue_at__lt=now)),
        locked=Count("pk", filter=Q(owned_until__lt=now - LOCK_GRACE)),
        idle=Count("pk", filter=Q(modified_at__lt=now - timedelta(days=30))),
    )
    templates = (
        running.values("template_id", "template_copy")
        .annotate(
            running=Count("pk"),
            waiting=Count("pk", filter=Q(open_tasks__gt=0)),
            overdue=Count("pk", filter=Q(overdue_at__lt=now)),
            locked=Count("pk", filter=Q(owned_until__lt=now - LOCK_GRACE)),
            oldest=Min("started_at"),
            latest=Max("modified_at"),
        )
        .order_by("-running", "template_copy")
    )
    return counts, [{**row} for row in templates]
