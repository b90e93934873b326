"""Heartbeats: each worker process tells the database every few seconds that it lives."""

import os
import secrets
import socket
import threading
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import close_old_connections
from django.db.utils import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from bizproc_admin.models import Worker

QUEUES = ("interactive", "background")
FORGOTTEN_AFTER = timedelta(days=1)


@cache
def worker_name() -> str:
    """Give this process's name; unique for ever, so that a dead worker's claims stay its own."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"


def beat(queue: str) -> None:
    """Write one heartbeat of this process."""
    now = timezone.now()
    Worker.objects.update_or_create(
        name=worker_name(),
        defaults={"queue": queue, "seen_at": now},
        create_defaults={"queue": queue, "seen_at": now, "started_at": now},
    )


def start(queue: str) -> threading.Event:
    """Beat in a thread until the returned event is set."""
    stopped = threading.Event()

    def run() -> None:
        while True:
            try:
                close_old_connections()
                beat(queue)
            except DatabaseError:  # the next beat tries again; the gap itself is the alarm
                pass
            if stopped.wait(settings.HEARTBEAT_INTERVAL):
                return

    threading.Thread(target=run, name="heartbeat", daemon=True).start()
    return stopped


def stop(queue: str, stopped: threading.Event) -> None:
    """Take this worker off the list: it ended on purpose."""
    stopped.set()
    Worker.objects.filter(name=worker_name(), queue=queue).delete()


def down() -> list[str]:
    """Give the queues without a living worker."""
    alive = set(Worker.objects.alive().values_list("queue", flat=True))
    return [queue for queue in QUEUES if queue not in alive]


def notice() -> str | None:
    """Say what waits because a worker is not running, None while both run."""
    missing = down()
    if "interactive" in missing:
        return _("Actions wait: the worker is not running. They are kept and will be carried out.")
    if missing:
        return _("The lists are not being renewed: the background worker is not running.")
    return None


def forget() -> None:
    """Remove workers that have been silent for a day."""
    Worker.objects.filter(seen_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
