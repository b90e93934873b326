"""The doorbell: the only place that enqueues. The database is the truth, the broker only rings."""

from celery import current_app
from django.db import transaction

INTERACTIVE = "interactive"
BACKGROUND = "background"


def ring(job: str, *keys: int | str, queue: str = BACKGROUND, after: float = 0) -> None:
    """Enqueue a job of jobs.py by name once the transaction has committed, to run after seconds.

    A broker that cannot be reached is no error of the caller: what was committed is found by the
    sweeper.
    """

    def send() -> None:
        current_app.tasks[f"bizproc_admin.jobs.{job}"].apply_async(
            keys, queue=queue, retry=False, countdown=after or None
        )

    transaction.on_commit(send, robust=True)
