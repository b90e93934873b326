"""Passes over feeds: when they are due, one at a time, and what each of them reads."""

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from bizproc_admin import bitrix, doorbell, zones
from bizproc_admin.bitrix.gateway import GatewayReader, Walks
from bizproc_admin.models import Account, Feed, FeedName, Portal, SyncRun
from bizproc_admin.models.template_figures import count_anew
from bizproc_admin.portals import clients, naming
from bizproc_admin.syncing import (
    application_actions,
    application_steps,
    clocks,
    people,
    walking,
    workflow_tasks,
    workflow_templates,
    workflows,
)
from bizproc_admin.syncing.following import bring_accounts
from bizproc_admin.syncing.merging import Merged
from bizproc_admin.syncing.names import Names
from bizproc_admin.syncing.runs import (
    SLOW,
    LeaseLost,
    complete,
    current_run,
    fail,
    hold,
    is_readable,
    lease,
    release,
    set_aside,
    wait_for_turn,
)

log = logging.getLogger(__name__)

SLICE = 20.0
# what cannot be read through the gateway
NOT_OFFERED = (FeedName.WORKFLOW_TASKS, FeedName.PEOPLE)
LOOK_BACK = timedelta(minutes=2)


def start_due_passes(*, start: doorbell.Start = doorbell.ring) -> None:
    """Start every feed whose next pass is due and that nobody is at.

    Workflows wait for the first pass over people and templates, so that they come with names.
    """
    now = timezone.now()
    due = Feed.objects.filter(portal__is_connected=True).filter(
        Q(next_at=None) | Q(next_at__lte=now), Q(lease_until=None) | Q(lease_until__lt=now)
    )
    due = due.exclude(portal__is_by_gateway=True, name__in=NOT_OFFERED)
    for feed in due.select_related("portal"):
        if feed.name not in SLOW and names_are_coming(feed.portal):
            continue
        start("sync_feed", feed.pk)


def names_are_coming(portal: Portal) -> bool:
    names = [one for one in SLOW if not (portal.is_by_gateway and one in NOT_OFFERED)]
    return Feed.objects.filter(
        portal=portal, name__in=names, full_at=None, failing_since=None, position__isnull=True
    ).exists()


def sync(feed_pk: int, *, worker: str) -> None:
    """Do one slice of one pass over a feed; another one that is at it is left alone."""
    feed = lease(feed_pk, worker=worker)
    if feed is None:
        return
    run = current_run(feed)
    try:
        is_done = Pass(feed, run, clients.reader(feed.portal, purpose=purpose_of(feed))).slice()
        hold(feed)
    except LeaseLost:
        log.warning("lease_lost feed=%s run=%s", feed.pk, run.pk)
        return
    except bitrix.PaceExceeded:
        wait_for_turn(feed, run)
        return
    except bitrix.BitrixError as error:
        fail(feed, run, error)
        return
    except Exception:
        # the boundary that marks the row failed: nothing else would ever end this run
        log.exception("pass_broke feed=%s run=%s", feed.pk, run.pk)
        fail(feed, run, None)
        raise
    if is_done:
        complete(feed, run)
        if feed.name != FeedName.PEOPLE:
            application_steps.reconcile(feed.portal)
        if feed.name == FeedName.WORKFLOW_TASKS:
            naming.ask(feed.portal_id)
    else:
        release(feed)
        doorbell.ring("sync_feed", feed.pk)


def purpose_of(feed: Feed) -> bitrix.Purpose:
    """Return what a feed's requests are for: names change seldom, and wait for all the rest."""
    return bitrix.Purpose.LEARNING if feed.name in SLOW else bitrix.Purpose.PASSES


def forget_old_runs() -> None:
    """Delete the sync runs older than they are kept."""
    SyncRun.objects.outdated().delete()


class Pass:
    """One slice of a pass: reads chunks until the time is up, and knows where to go on."""

    def __init__(self, feed: Feed, run: SyncRun, reader: bitrix.Reader) -> None:
        self.feed = feed
        self.run = run
        self.reader = reader
        self.portal = feed.portal
        self.names = Names(feed.portal)
        self.until = time.monotonic() + SLICE
        noted = feed.position and feed.position.get("newest")
        self.newest = datetime.fromisoformat(noted) if noted else None

    def slice(self) -> bool:
        """Do what fits into one slice; True when the pass is over."""
        is_over = self.read()
        if is_over:
            self.move_on()
        return is_over

    def read(self) -> bool:
        if isinstance(self.reader, GatewayReader):
            return self.read_by_gateway(self.reader)
        match FeedName(self.feed.name):
            case FeedName.PEOPLE:
                self.people()
                return True
            case FeedName.WORKFLOW_TEMPLATES:
                return self.templates()
            case FeedName.WORKFLOWS:
                return self.all_workflows() if self.run.is_full else self.changed_workflows()
            case _:
                return self.open_tasks() if self.run.is_full else self.changed_tasks()

    def read_by_gateway(self, reader: GatewayReader) -> bool:
        if FeedName(self.feed.name) is FeedName.WORKFLOWS:
            return self.walked_workflows(reader)
        listed = bitrix.Chunk.joined(self.chunks(reader.workflow_templates.everything()))
        self.note_odd(listed.odd)
        self.count(workflow_templates.merge(self.names, listed))
        return True

    # --- workflows ---

    def walked_workflows(self, reader: GatewayReader) -> bool:
        place = self.feed.position
        walks = Walks.from_json(place["walks"]) if place else Walks()
        noted = place and place.get("front")
        front = datetime.fromisoformat(noted) if noted else None
        while not walks.is_over:
            if self.time_is_up():
                return False
            (page,) = self.chunks(iter([reader.workflows.fifty(walks.offset)]))
            self.run.requests += 1
            since = self.run.started_at
            new = walking.count_new(self.portal, page.rows, since=since, front=front)
            if walks.pages == 0:
                front = walking.front_of(page.rows)
            self.note_odd(page.odd)
            is_readable(self.feed, "workflow", [row.id for row in page.rows])
            merged = workflows.merge(
                self.names, page.rows, observed_at=page.sent_at, asked_by_id=True
            )
            self.count(merged)
            clocks.learn_zone(
                self.portal, [at for r in page.rows for at in (r.started, r.modified)]
            )
            walks.take(size=page.cursor.offset - walks.offset, total=page.total, new=new)
            self.feed.position = {
                "run": self.run.pk,
                "walks": walks.as_json(),
                "front": front.isoformat() if front else None,
            }
            self.hold()
        self.feed.position = None
        self.run.ended += walking.end_missing(self.feed, self.run, walks)
        count_anew(self.portal)
        return True

    def all_workflows(self) -> bool:
        for chunk in self.chunks(self.reader.workflows.everything(resume=self.resume())):
            self.take_workflows(chunk)
            self.keep_place(chunk)
            if not chunk.complete and self.time_is_up():
                return False
        self.feed.position = None
        missing = workflows.unseen_since(self.portal, self.run.started_at)
        for start in range(0, len(missing), 2500):
            self.count(workflows.ask_by_id(self.names, self.reader, missing[start : start + 2500]))
            self.hold()
        count_anew(self.portal)
        return True

    def changed_workflows(self) -> bool:
        since = self.since()
        for chunk in self.chunks(self.reader.workflows.changed_since(since)):
            self.take_workflows(chunk)
        for chunk in self.chunks(self.reader.workflows.owned_until_since(since)):
            self.take_workflows(chunk)
        held = self.portal.workflows.filter(
            is_running=True, owned_until__isnull=False, observed_at__lt=self.run.started_at
        ).values_list("remote_id", flat=True)
        self.count(workflows.ask_by_id(self.names, self.reader, held[:2500]))
        return True

    def take_workflows(self, chunk: bitrix.Chunk[bitrix.WorkflowRow]) -> None:
        self.note_odd(chunk.odd)
        is_readable(self.feed, "workflow", [row.id for row in chunk.rows])
        merged = workflows.merge(self.names, chunk.rows, observed_at=chunk.sent_at)
        self.count(merged)
        if merged.again:
            self.count(workflows.ask_by_id(self.names, self.reader, merged.again))
        clocks.learn_zone(self.portal, [at for r in chunk.rows for at in (r.started, r.modified)])
        self.note_newest(row.modified for row in chunk.rows)

    # --- workflow tasks ---

    def open_tasks(self) -> bool:
        for chunk in self.chunks(self.reader.workflow_tasks.everything_open(resume=self.resume())):
            self.take_tasks(chunk)
            self.keep_place(chunk)
            if not chunk.complete and self.time_is_up():
                return False
        self.feed.position = None
        missing = workflow_tasks.unseen_since(self.portal, self.run.started_at)
        self.count(workflow_tasks.ask_by_id(self.names, self.reader, missing))
        return True

    def changed_tasks(self) -> bool:
        for chunk in self.chunks(self.reader.workflow_tasks.changed_since(self.since())):
            self.take_tasks(chunk)
        return True

    def take_tasks(self, chunk: bitrix.Chunk[bitrix.TaskRow]) -> None:
        self.note_odd(chunk.odd)
        rows = workflow_tasks.whole(chunk)
        is_readable(self.feed, "task", [row.id for row in rows])
        self.count(workflow_tasks.merge(self.names, self.reader, rows, observed_at=chunk.sent_at))
        self.count(workflow_tasks.ask_by_id(self.names, self.reader, chunk.edge_task_ids))
        clocks.learn_zone(self.portal, [at for r in chunk.rows for at in (r.overdue, r.modified)])
        self.note_newest(row.modified for row in chunk.rows)

    # --- names ---

    def people(self) -> None:
        users = bitrix.Chunk.joined(self.chunks(self.reader.users.everything()))
        self.note_odd(users.odd)
        self.count(people.merge_users(self.portal, users.rows, observed_at=users.sent_at))
        departments = bitrix.Chunk.joined(self.chunks(self.reader.departments.everything()))
        self.note_odd(departments.odd)
        people.merge_departments(self.portal, departments, users)
        clocks.propose_zone(self.portal)
        bring_accounts(
            Account.objects.filter(follows_portal=True, linked_people__portal=self.portal)
        )

    def templates(self) -> bool:
        """Read which templates there are, then what those that changed are made of."""
        if not self.feed.position:
            expected = workflow_templates.expected(self.names)
            everything = self.reader.workflow_templates.everything(expected=expected)
            listed = bitrix.Chunk.joined(self.chunks(everything))
            self.note_odd(listed.odd)
            self.count(workflow_templates.merge(self.names, listed))
            self.run.requests += application_actions.read(
                self.portal, purpose=purpose_of(self.feed)
            )
            # from here on others need not wait for the names
            self.feed.position = {"run": self.run.pk}
            self.hold()
        for chunk in self.chunks(self.structures()):
            self.note_odd(chunk.odd)
            if self.time_is_up():
                return False
        return True

    def structures(self) -> Iterator[bitrix.Chunk[bitrix.StructureRow]]:
        for numbers in workflow_templates.due_structures(self.names):
            yield workflow_templates.merge_structures(self.names, self.reader, numbers)

    # --- bookkeeping ---

    def chunks(self, source: Iterator[bitrix.Chunk[Any]]) -> Iterator[bitrix.Chunk[Any]]:
        """Hand the chunks on; count their requests and learn the portal's clock as they come."""
        before = self.reader.transport.requests
        for chunk in source:
            self.run.requests += self.reader.transport.requests - before
            before = self.reader.transport.requests
            if self.portal.is_by_gateway:
                clocks.learn_clock(self.portal, chunk.time)
            elif chunk.time is not None:
                clocks.learn_offset(self.portal, chunk.time)
            yield chunk
            self.hold()
        self.run.requests += self.reader.transport.requests - before

    def count(self, merged: Merged) -> None:
        self.run.read += merged.read
        self.run.created += merged.created
        self.run.changed += merged.changed
        self.run.ended += merged.ended
        self.note_odd(merged.odd)

    def note_odd(self, rows: Iterable[bitrix.Odd]) -> None:
        """Count the rows set aside and name them, each once, however often it was met."""
        for row in rows:
            set_aside(self.run, row)

    def keep_place(self, chunk: bitrix.Chunk[Any]) -> None:
        """Note where the next slice goes on: after the rows that have just been merged."""
        self.feed.position = {
            "run": self.run.pk,
            "cursor": chunk.cursor.as_json(),
            "newest": self.newest.isoformat() if self.newest else None,
        }
        self.hold()

    def hold(self) -> None:
        """Keep the lease, the place and the counts."""
        hold(self.feed)
        self.run.save()

    def resume(self) -> bitrix.Cursor | None:
        position = self.feed.position
        return bitrix.Cursor.from_json(position["cursor"]) if position else None

    def since(self) -> datetime:
        newest = self.feed.newest_modified or self.portal.now() - timedelta(days=1)
        return zones.moved(newest, -LOOK_BACK)

    def note_newest(self, moments: Iterator[datetime]) -> None:
        self.newest = max(filter(None, (self.newest, *moments)), default=None)

    def move_on(self) -> None:
        """Let the next pass over changes begin where this one is sure to have read everything.

        That is never past the moment this pass began on the portal's clock: a row may have changed
        after it was read, or say that it was saved in the future.
        """
        if self.newest is None:
            return
        began = self.run.started_at + timedelta(seconds=self.portal.clock_offset)
        newest = min(self.newest, began)
        if self.feed.newest_modified is None or newest > self.feed.newest_modified:
            self.feed.newest_modified = newest

    def time_is_up(self) -> bool:
        return time.monotonic() > self.until
