"""The doorbell: the only place that enqueues. The database is the truth, the broker only rings."""

from functools import partial

from celery import current_app
from django.db import transaction

INTERACTIVE = "interactive"
BACKGROUND = "background"


def ring(job: str, *keys: int | str, queue: str = BACKGROUND, delay: float | None = None) -> None:
    """Enqueue a job of jobs.py by name once the transaction has committed.

    A broker that cannot be reached is no error of the caller: what was committed is found by the
    sweeper.
    """
    transaction.on_commit(partial(send, job, keys, queue, delay), robust=True)


def send(job: str, keys: tuple[int | str, ...], queue: str, delay: float | None) -> None:
    current_app.tasks[f"bizproc_admin.jobs.{job}"].apply_async(
        keys, queue=queue, countdown=delay, retry=False
    )
