"""The doorbell: the only place that enqueues. The database is the truth, the broker only rings.

Ringing never holds anybody up: a thread of each process publishes. What could not be rung for is
found by the workers, which look for due work themselves every few seconds (`lookout`).
"""

import atexit
import logging
import os
import queue as queues
import threading
import time
from contextlib import suppress
from typing import Any, Final, Protocol

from celery import current_app
from celery.app.task import Task
from django.db import transaction
from kombu.connection import Connection
from kombu.exceptions import KombuError

log = logging.getLogger(__name__)

INTERACTIVE = "interactive"
BACKGROUND = "background"

# a broker that did not take a ring is left alone for so many seconds; meanwhile nothing is rung
REST: Final = 2.0
# more than this waits for a broker that hangs: the rest is found by the workers
MOST_WAITING: Final = 1000
# seconds after which a broker that does not answer is given up
PATIENCE: Final = 1.0
# what a broker that cannot be reached raises
AWAY: Final = (OSError, KombuError)


class Start(Protocol):
    """What starts a job by name: `ring`, or a worker's own hands."""

    def __call__(
        self,
        job: str,
        *keys: int | str,
        queue: str = BACKGROUND,
        after: float = 0,
        expires: float | None = None,
    ) -> None: ...


def ring(
    job: str,
    *keys: int | str,
    queue: str = BACKGROUND,
    after: float = 0,
    expires: float | None = None,
) -> None:
    """Enqueue a job of jobs.py by name once the transaction has committed, to run after seconds.

    One that is not begun within `expires` seconds is dropped: it will have been rung for again.

    Takes no time, also where the broker cannot be reached: what was committed is found by the
    workers.
    """
    options = {"queue": queue, "countdown": after or None, "expires": expires}
    transaction.on_commit(lambda: _send(job, keys, options), robust=True)


def open_the_way() -> None:
    """Connect to the broker now: the first ring of a process would take half a second."""
    _bell().post(None)


def flush(timeout: float = 5.0) -> bool:
    """Wait until everything rung for so far has been published or given up."""
    return _bell().drain(timeout)


def connection() -> Connection:
    """Give a connection to the broker that gives up soon, for publishing and asking."""
    options = {
        "max_retries": 0,
        "socket_connect_timeout": PATIENCE,
        "socket_timeout": PATIENCE,
        "retry_on_timeout": False,
    }
    made: Connection = current_app.connection_for_write(
        connect_timeout=PATIENCE, transport_options=options
    )
    return made


def _send(job: str, keys: tuple[int | str, ...], options: dict[str, Any]) -> None:
    task: Task[Any, Any] = current_app.tasks[f"bizproc_admin.jobs.{job}"]
    if current_app.conf.task_always_eager:
        task.apply_async(keys, **options)
        return
    _bell().post((task, keys, options))


class _Bell:
    """One process's thread that publishes, and what waits for it."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.waiting: queues.Queue[Any] = queues.Queue(MOST_WAITING)
        self.rests_until = 0.0
        self.is_away = False
        threading.Thread(target=self.run, name="doorbell", daemon=True).start()
        atexit.register(self.drain)

    def post(self, ring: Any) -> None:
        try:
            self.waiting.put_nowait(ring)
        except queues.Full:
            log.warning("ring_dropped waiting=%s", MOST_WAITING)

    def drain(self, timeout: float = 2 * PATIENCE) -> bool:
        """Wait until all that was rung for so far is published or given up, also at the end."""
        if self.pid != os.getpid():
            return True
        done = threading.Event()
        self.post(done.set)
        return done.wait(timeout)

    def run(self) -> None:
        producer: Any = None
        while True:
            ring = self.waiting.get()
            if callable(ring):
                ring()
                continue
            if time.monotonic() < self.rests_until:
                continue
            try:
                producer = producer or current_app.amqp.Producer(connection())
                publish(producer, ring)
            except AWAY as error:
                self.missed(error)
                close(producer)
                producer = None
            else:
                self.reached()

    def missed(self, error: BaseException) -> None:
        self.rests_until = time.monotonic() + REST
        if not self.is_away:
            log.warning("broker_away %s", type(error).__name__)
        self.is_away = True

    def reached(self) -> None:
        if self.is_away:
            log.warning("broker_back")
        self.is_away = False


def publish(producer: Any, ring: Any) -> None:
    if ring is None:
        producer.connection.ensure_connection(max_retries=1, timeout=PATIENCE)
        return
    task, keys, options = ring
    task.apply_async(keys, producer=producer, retry=False, **options)


def close(producer: Any) -> None:
    """Let go of a connection that is of no use any more."""
    with suppress(*AWAY):
        producer.connection.close()


_guard = threading.Lock()
_bells: list[_Bell] = []


def _bell() -> _Bell:
    """Give this process's bell; a process that was forked from another one makes its own."""
    with _guard:
        if not _bells or _bells[-1].pid != os.getpid():
            _bells[:] = [_Bell()]
        return _bells[-1]
