"""Passes over 6,000 running workflows behind the gateway: fifty rows and a quarter second each."""

import time

from benchmarks.measuring import Line
from benchmarks.portals import administrator, running_sandbox
from bizproc_admin import syncing
from bizproc_admin.audit import By
from bizproc_admin.bitrix.gateway import GatewayKey
from bizproc_admin.models import Feed, FeedName, Portal, SyncRun
from bizproc_admin.portals import gateways

WORKFLOWS = 6_000
PATIENCE = 600.0


def measured() -> list[Line]:
    """Read everything twice, as a worker does, slice after slice."""
    lines: list[Line] = []
    with running_sandbox(workflows=WORKFLOWS, limits="real") as sandbox:
        key = GatewayKey(sandbox.gateway_url, sandbox.gateway_key)
        by = By(account=administrator())
        portal = gateways.connect(sandbox.gateway_url.removesuffix("/gateway/v1"), key, by=by)
        syncing.probe_portal(portal.pk)
        one_pass(portal, FeedName.WORKFLOW_TEMPLATES)
        for title in ("first pass", "pass again"):
            run = one_pass(portal, FeedName.WORKFLOWS)
            assert run.finished_at is not None
            seconds = (run.finished_at - run.started_at).total_seconds()
            # two walks of pages that overlap, one of them to see that nothing is new
            is_whole = run.state == SyncRun.State.COMPLETE and run.ended == 0
            lines += [
                Line(what=f"{title} over {WORKFLOWS:,}, requests", figure=str(run.requests)),
                Line(
                    what=f"{title} over {WORKFLOWS:,}, wall time",
                    figure=f"{seconds:.0f} s",
                    target="< 120 s",
                    is_met=is_whole and seconds < 120,
                ),
            ]
    return lines


def one_pass(portal: Portal, name: FeedName) -> SyncRun:
    """Do one pass to its end."""
    feed = Feed.objects.get(portal=portal, name=name)
    Feed.objects.filter(pk=feed.pk).update(next_at=None)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        syncing.sync(feed.pk, worker="benchmark")
        run = SyncRun.objects.filter(feed=feed).order_by("pk").last()
        if run is not None and run.state != SyncRun.State.RUNNING:
            return run
        time.sleep(0.1)
    raise TimeoutError(f"the pass over {name} did not end")
