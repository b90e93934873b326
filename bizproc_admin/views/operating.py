"""Whether all is well: for machines, and for the frame of a page that stays open."""

from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bizproc_admin import heartbeats
from bizproc_admin.access import sessions
from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.audit import triggers
from bizproc_admin.models import Command, Feed, Portal, Worker
from bizproc_admin.wording.freshness import of_feed


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Report web, database, broker, workers and feeds: 200 when all is well, else 503.

    Tells numbers and states only: no names, addresses or texts of a portal. Answers under whatever
    address it is asked, see `middleware.HealthMiddleware`.
    """
    report: dict[str, object] = {"web": "ok"}
    well = False
    try:
        found = heartbeats.report()
        report["workers"] = {crew.queue: crew.state for crew in found.crews}
        report["processes"] = [process(one, found) for one in found.processes]
        report["oldest_due"] = seconds(found.oldest_due)
        report["broker"] = "away" if found.is_broker_away else "ok"
        report["left_to_people"] = left_to_people(found.now)
        feeds = Feed.objects.select_related("portal").filter(
            portal__in=Portal.objects.filter(is_connected=True)
        )
        states = {
            f"{feed.portal_id}/{feed.name}": of_feed(feed.portal, feed).state for feed in feeds
        }
        report["feeds"] = states
        report["database"] = "ok"
        guards = triggers.faults()
        report["guards"] = guards or "ok"
        well = found.is_well and not guards and not {"failed", "late"} & set(states.values())
    except DatabaseError:
        report["database"] = "down"
    return JsonResponse(
        {"status": "ok" if well else "failing", **report}, status=200 if well else 503
    )


def left_to_people(now: datetime) -> dict[str, object]:
    """Say how much has waited for a person's word for hours, and since when the oldest was sent."""
    left = Command.objects.left_to_people(now).aggregate(count=Count("pk"), oldest=Min("sent_at"))
    return {"count": left["count"], "oldest": age(left["oldest"], now)}


def state_of(feed: Feed) -> str:
    return of_feed(feed.portal, feed).state


def process(worker: Worker, found: heartbeats.Report) -> dict[str, object]:
    """Say how one process is doing; moments are told as ages in seconds."""
    is_alive = any(worker in crew.alive for crew in found.crews)
    return {
        "queue": worker.queue,
        "state": "ok" if is_alive else "silent",
        "seen": age(worker.seen_at, found.now),
        "job_began": age(worker.began_at, found.now),
        "busy": worker.busy,
        "threads": worker.threads,
        "broker_reached": age(worker.broker_at, found.now),
    }


def age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else seconds(now - moment)


def seconds(span: timedelta | None) -> float | None:
    """Give a span in seconds, to a tenth."""
    return None if span is None else round(max(0.0, span.total_seconds()), 1)


@require_safe
@requires(Capability.SEE_OVERVIEW)
def frame(request: Request) -> HttpResponse:
    """Give an open page its navigation with fresh counts, and what is wrong with the workers."""
    sessions.seen(request, request.user)
    return render(request, "frame.html")
