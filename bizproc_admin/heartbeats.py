"""Heartbeats: each worker process tells the database every few seconds that it lives, and how.

That a process lives does not prove that it works: so it tells, too, when a job last began in it and
when it last reached the broker.
"""

import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bizproc_admin.models import Worker

QUEUES = ("interactive", "background")
FORGOTTEN_AFTER = timedelta(days=1)
# what is due for longer while threads are idle is told
LATE_AFTER = timedelta(seconds=30)


@cache
def worker_name() -> str:
    """Give this process's name; unique for ever, so that a dead worker's claims stay its own."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"


def beat(queue: str) -> None:
    """Write one heartbeat of this process."""
    Pulse(queue).beat()


class Pulse:
    """What this process tells of itself; others set busy and the moments."""

    def __init__(self, queue: str, *, node: str = "", threads: int = 0) -> None:
        self.queue, self.node, self.threads = queue, node[:255], threads
        self.started_at = timezone.now()
        self.busy = 0
        self.began_at: datetime | None = None
        self.broker_at: datetime | None = None
        self.due_at: datetime | None = None

    def beat(self) -> None:
        """Write one heartbeat."""
        told = {
            "queue": self.queue,
            "node": self.node,
            "threads": self.threads,
            "busy": self.busy,
            "began_at": self.began_at,
            "broker_at": self.broker_at,
            "due_at": self.due_at,
            "seen_at": timezone.now(),
        }
        Worker.objects.update_or_create(
            name=worker_name(),
            defaults=told,
            create_defaults={**told, "started_at": self.started_at},
        )

    def stop(self) -> None:
        """Take this worker off the list: it ended on purpose."""
        Worker.objects.filter(name=worker_name(), queue=self.queue).delete()


@dataclass(frozen=True, kw_only=True)
class Crew:
    """The workers of one queue: those that live, and those that fell silent without an end.

    Who has been followed by another process at the same place is neither.
    """

    queue: str
    alive: tuple[Worker, ...]
    silent: tuple[Worker, ...]

    @property
    def state(self) -> str:
        """Give "ok", "down", or how many of how many live: "1 of 2"."""
        if not self.alive:
            return "down"
        known = len(self.alive) + len(self.silent)
        return "ok" if not self.silent else f"{len(self.alive)} of {known}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """How the processes that work in the background are doing."""

    crews: tuple[Crew, ...]
    now: datetime

    @property
    def down(self) -> list[str]:
        """Give the queues without a living worker."""
        return [crew.queue for crew in self.crews if not crew.alive]

    @property
    def is_broker_away(self) -> bool:
        """Tell whether no living worker has reached the broker lately."""
        told = [one.broker_at for crew in self.crews for one in crew.alive if one.broker_at]
        limit = timedelta(seconds=settings.HEARTBEAT_LIMIT)
        return bool(told) and self.now - max(told) > limit

    @property
    def oldest_due(self) -> timedelta | None:
        """Give for how long the command that is due the longest has been due; None: none is."""
        due = [one.due_at for crew in self.crews for one in crew.alive if one.due_at]
        return max(timedelta(), self.now - min(due)) if due else None

    @property
    def is_stuck(self) -> bool:
        """Tell whether commands are due for long and nothing begins, though threads are idle."""
        workers = self.crews[0].alive
        waits = self.oldest_due
        if waits is None or waits < LATE_AFTER or any(one.busy for one in workers):
            return False
        return all(self.now - (one.began_at or one.started_at) > LATE_AFTER for one in workers)

    @property
    def is_well(self) -> bool:
        well = all(crew.state == "ok" for crew in self.crews)
        return well and not self.is_broker_away and not self.is_stuck

    @property
    def processes(self) -> list[Worker]:
        """Give every process that is known, the silent ones too."""
        return [one for crew in self.crews for one in (*crew.alive, *crew.silent)]

    @property
    def lines(self) -> list[str]:
        """Say of each process what is known, and for how long something has been due."""
        told = [line_of(one, self) for one in self.processes]
        if self.oldest_due is not None:
            told.append(
                _("The oldest command has been due for %(age)s.") % {"age": span(self.oldest_due)}
            )
        return told


def line_of(worker: Worker, found: Report) -> str:
    """Say of one process when it was seen, when a job last began, and whether it has a broker."""
    values = {
        "queue": worker.queue,
        "seen": span(found.now - worker.seen_at),
        "began": span(found.now - (worker.began_at or worker.started_at)),
        "busy": worker.busy,
        "threads": worker.threads,
        "broker": span(found.now - (worker.broker_at or worker.started_at)),
    }
    return (
        _(
            "%(queue)s: seen %(seen)s ago; a job last began %(began)s ago, %(busy)d of %(threads)d "
            "threads busy; broker last reached %(broker)s ago."
        )
        % values
    )


def span(value: timedelta) -> str:
    """Say a span of time in whole seconds, as operators read it: "75 s"."""
    return _("%(seconds)d s") % {"seconds": max(0, int(value.total_seconds()))}


def report() -> Report:
    """Say how the workers are doing, by one query."""
    now = timezone.now()
    limit = now - timedelta(seconds=settings.HEARTBEAT_LIMIT)
    rows = list(Worker.objects.order_by("started_at"))
    living = {row.node for row in rows if row.seen_at >= limit}
    return Report(crews=tuple(crew_of(queue, rows, living, limit) for queue in QUEUES), now=now)


def crew_of(queue: str, rows: Iterable[Worker], living: set[str], limit: datetime) -> Crew:
    own = [row for row in rows if row.queue == queue]
    silent = [row for row in own if row.seen_at < limit and row.node and row.node not in living]
    alive = [row for row in own if row.seen_at >= limit]
    return Crew(queue=queue, alive=tuple(alive), silent=tuple(silent))


def down() -> list[str]:
    """Give the queues without a living worker."""
    return report().down


def notice(found: Report | None = None) -> str | None:
    """Say what waits because a worker or the broker is not running, None while all is well."""
    found = found or report()
    if found.is_well:
        return None
    if "interactive" in found.down:
        return _("Actions wait: the worker is not running. They are kept and will be carried out.")
    if found.down:
        return _("The lists are not being renewed: the background worker is not running.")
    if found.is_stuck:
        return _("Actions wait: they are due, and the worker begins none. They are kept.")
    if found.is_broker_away:
        return _(
            "The message broker cannot be reached: what is asked for is kept and begins within "
            "some seconds instead of at once."
        )
    crew = next(crew for crew in found.crews if crew.state != "ok")
    return ngettext(
        "%(alive)d of %(known)d workers is running: what is asked for may begin later.",
        "%(alive)d of %(known)d workers are running: what is asked for may begin later.",
        len(crew.alive),
    ) % {"alive": len(crew.alive), "known": len(crew.alive) + len(crew.silent)}


def forget() -> None:
    """Remove workers that have been silent for a day."""
    Worker.objects.filter(seen_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
