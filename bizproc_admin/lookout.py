"""What a worker process does by itself: look for due work, and carry out what nobody brought.

The broker only makes it quick. Every few seconds each worker process asks the database what is due
and does with its idle threads what the broker has not brought: work goes on while the broker is
away, and a worker that the broker has lost is not idle for ever. Claims and leases in the database
keep two processes from doing one thing twice.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Final

from celery import current_app
from django.conf import settings
from django.db import close_old_connections
from django.db.utils import DatabaseError
from django.utils import timezone

from bizproc_admin import audit, commands, doorbell, heartbeats, receiving, syncing
from bizproc_admin.models import Chore, Command, Recipe, Revision
from bizproc_admin.portals import screens

log = logging.getLogger(__name__)

# what has only just become due is on its way through the broker
GRACE: Final = timedelta(seconds=1)
TIDY_EVERY: Final = 3600.0
REPEATS_EVERY: Final = 30.0
TRIM_EVERY: Final = 30.0
COUNT_EVERY: Final = 120.0
#: The exit code of a worker that has ended itself, to be started again.
ENDED_ITSELF: Final = 70

Work = tuple[str, tuple[int | str, ...]]


class Lookout:
    """One worker process's own hands: threads for what is due, and what they are at."""

    def __init__(self, queue: str, *, node: str, threads: int, watches: bool = True) -> None:
        """Work for one queue; watches is False where the broker's jobs run in other processes."""
        self.queue = queue
        self.threads = threads
        self.watches = watches
        self.pulse = heartbeats.Pulse(queue, node=node, threads=threads)
        self.stopped = threading.Event()
        self._own: set[Work] = set()
        self._brought: dict[str, Work] = {}
        self._last_brought = self._last_begun = time.monotonic()
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lookout")

    # --- what is under way -----------------------------------------------------------------------

    @property
    def busy(self) -> int:
        """Give how many jobs are under way in this process."""
        with self._guard:
            return len(self._brought) + len(self._own)

    def begun(self, task_id: str, work: Work) -> None:
        """Note that a job begins that the broker brought."""
        with self._guard:
            self._brought[task_id] = work
            self._last_brought = self._last_begun = time.monotonic()
        self.pulse.began_at = timezone.now()

    def ended(self, task_id: str) -> None:
        """Note that such a job is over."""
        with self._guard:
            self._brought.pop(task_id, None)

    def take(
        self,
        job: str,
        *keys: int | str,
        queue: str = doorbell.BACKGROUND,
        after: float = 0,
        expires: float | None = None,
    ) -> None:
        """Carry out a job here, unless it is of another queue or under way here already."""
        work = (job, keys)
        with self._guard:
            under_way = self._own.union(self._brought.values())
            if queue != self.queue or work in under_way:
                return
            self._own.add(work)
        self._pool.submit(self._do, work)

    def _do(self, work: Work) -> None:
        job, keys = work
        self._last_begun = time.monotonic()
        self.pulse.began_at = timezone.now()
        try:
            close_old_connections()
            current_app.tasks[f"bizproc_admin.jobs.{job}"].run(*keys)
        except Exception:  # as in a job of Celery's: it is told, and the next look finds the rest
            log.exception("job_broke job=%s keys=%s", job, keys)
        finally:
            close_old_connections()
            with self._guard:
                self._own.discard(work)

    # --- looking ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Look, and tell that this process lives, each in a thread of its own."""
        for name, act, every in (
            ("heartbeat", self.beat, settings.HEARTBEAT_INTERVAL),
            ("lookout", self.look, settings.SWEEP_INTERVAL),
        ):
            run = threading.Thread(target=self._repeat, args=[act, every], name=name, daemon=True)
            run.start()

    def stop(self) -> None:
        """Take no more; end what is under way, and leave the list of those that live."""
        self.stopped.set()
        self._pool.shutdown(cancel_futures=True)
        self.pulse.stop()

    def _repeat(self, act: Callable[[], None], every: float) -> None:
        while not self.stopped.is_set():
            try:
                close_old_connections()
                act()
            except DatabaseError:  # the next time tries again; the gap itself is the alarm
                pass
            except Exception:  # nothing may end this thread: it is what finds lost work
                log.exception("lookout_broke act=%s", act.__name__)
            self.stopped.wait(every)

    def look(self) -> None:
        """Find claims of dead workers, whoever's; then what is due here, while a thread is idle."""
        is_idle = self.busy < self.threads
        commands.sweep(start=self.take if is_idle else ignore, grace=GRACE)
        if Chore.objects.claim("write repeats up", every=REPEATS_EVERY):
            audit.close_repeats()
        if not is_idle:
            return
        if self.queue == doorbell.INTERACTIVE:
            screens.ask_where_due(start=self.take)
            syncing.start_due_probes(start=self.take)
            syncing.find_lost_looks(start=self.take)
            syncing.start_due_files(start=self.take)
            receiving.start_due(start=self.take)
            if Chore.objects.claim("follow people", every=settings.FOLLOW_INTERVAL):
                syncing.follow_people(start=self.take)
        else:
            syncing.start_due_passes(start=self.take)
            for pk in Recipe.objects.due(timezone.now()).values_list("pk", flat=True):
                self.take("prepare_recipe", pk)
            if Chore.objects.claim("trim revisions", every=TRIM_EVERY):
                Revision.objects.trim()
            if Chore.objects.claim("count figures", every=COUNT_EVERY):
                self.take("count_figures")
            if Chore.objects.claim("tidy", every=TIDY_EVERY):
                self.take("tidy")

    # --- telling ---------------------------------------------------------------------------------

    def beat(self) -> None:
        """Tell the database that this process lives and what it is at; end it when it is deaf."""
        if self.queue == doorbell.INTERACTIVE:
            self.pulse.due_at = Command.objects.oldest_due(timezone.now())
        self.pulse.busy = self.busy
        self.pulse.beat()
        waiting, now = self.asked_broker(), time.monotonic()
        is_idle = self.watches and waiting is not None and not self.busy
        if not (is_idle and waiting):
            self._last_brought = now
        if not (is_idle and self.pulse.due_at):
            self._last_begun = now
        if now - min(self._last_brought, self._last_begun) > settings.DEAF_TIME:
            self.give_up()

    def asked_broker(self) -> int | None:
        """Ask how many messages wait for this process; None where the broker is away."""
        with suppress(*doorbell.AWAY), doorbell.connection() as broker:
            channel = broker.default_channel
            self.pulse.broker_at = timezone.now()
            with suppress(*broker.channel_errors):  # a queue in which nothing ever was
                return int(channel.queue_declare(self.queue, passive=True).message_count)
            return 0
        self.pulse.broker_at = self.pulse.broker_at or self.pulse.started_at
        return None

    def give_up(self) -> None:
        """End this process, which nothing reaches any more, to be started again by its keeper.

        Its threads are idle, the broker and the database have just answered, and there is work: it
        waits in the broker, or is due, and none of it begins. Nothing that is under way is lost.
        """
        log.critical("worker_deaf queue=%s seconds=%d", self.queue, settings.DEAF_TIME)
        with suppress(DatabaseError):
            self.pulse.stop()
        logging.shutdown()
        os._exit(ENDED_ITSELF)


def ignore(
    job: str,
    *keys: int | str,
    queue: str = "",
    after: float = 0,
    expires: float | None = None,
) -> None:
    """Start nothing."""
