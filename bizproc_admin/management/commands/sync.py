"""Run passes now, in the foreground."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bizproc_admin import heartbeats, syncing
from bizproc_admin.models import Feed, FeedName, SyncRun
from bizproc_admin.wording.freshness import why_of_run

ORDER = (
    FeedName.PEOPLE,
    FeedName.WORKFLOW_TEMPLATES,
    FeedName.WORKFLOWS,
    FeedName.WORKFLOW_TASKS,
)


class Command(BaseCommand):
    help = "Copy every feed of every connected portal once, in the foreground, and print the runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="full passes, due or not")

    def handle(self, *args: Any, full: bool, **options: Any) -> None:
        for name in ORDER:
            for feed in Feed.objects.filter(name=name, portal__is_connected=True):
                self.run(feed, full=full)

    def run(self, feed: Feed, *, full: bool) -> None:
        due = {"next_at": None, **({"next_full_at": None} if full else {})}
        Feed.objects.filter(pk=feed.pk).update(**due)
        while True:
            syncing.sync(feed.pk, worker=heartbeats.worker_name())
            feed.refresh_from_db()
            run = SyncRun.objects.filter(feed=feed).latest_first().first()
            if run is None or run.state != SyncRun.State.RUNNING:
                break
        if run is not None:
            self.stdout.write(
                f"{feed.portal} {feed.name}: {run.state}, {run.read} read, {run.created} new, "
                f"{run.changed} changed, {run.ended} ended, {run.requests} requests "
                f"{why_of_run(run)}"
            )
