"""Whether all is well: for machines, and for the frame of a page that stays open."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bizproc_admin import heartbeats, sessions, triggers
from bizproc_admin.models import Feed, Portal
from bizproc_admin.permissions import Capability, Request, requires
from bizproc_admin.views.freshness import of_feed


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Report web, database, workers and feeds: 200 when all is well, else 503 with what is not.

    Tells numbers and states only: no names, addresses or texts of a portal.
    """
    report: dict[str, object] = {"web": "ok"}
    try:
        report["workers"] = {
            queue: "down" if queue in heartbeats.down() else "ok" for queue in heartbeats.QUEUES
        }
        feeds = Feed.objects.select_related("portal").filter(
            portal__in=Portal.objects.filter(is_connected=True)
        )
        report["feeds"] = {
            f"{feed.portal_id}/{feed.name}": of_feed(feed.portal, feed).state for feed in feeds
        }
        report["database"] = "ok"
        report["guards"] = triggers.faults() or "ok"
    except DatabaseError:
        report["database"] = "down"
    well = (
        report["database"] == "ok"
        and report["guards"] == "ok"
        and "down" not in report.get("workers", {}).values()  # type: ignore[attr-defined]
        and not {"failed", "late"} & set(report.get("feeds", {}).values())  # type: ignore[attr-defined]
    )
    return JsonResponse(
        {"status": "ok" if well else "failing", **report}, status=200 if well else 503
    )


@require_safe
@requires(Capability.SEE_OVERVIEW)
def frame(request: Request) -> HttpResponse:
    """Give an open page its navigation with fresh counts, and what is wrong with the workers."""
    sessions.seen(request, request.user)
    return render(request, "frame.html")
