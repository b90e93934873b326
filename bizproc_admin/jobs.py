"""Every function that Celery runs. Jobs take keys, delegate and return nothing."""

import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_ready, worker_shutdown

from bizproc_admin import commands, heartbeats, sessions, syncing, triggers
from bizproc_admin.models import Draft

PREFIX = "bizproc_admin.jobs."
beating: dict[str, threading.Event] = {}


@shared_task(name=PREFIX + "carry_out_command")
def carry_out_command(pk: int) -> None:
    commands.carry_out(pk, worker=heartbeats.worker_name())


@shared_task(name=PREFIX + "settle_command")
def settle_command(pk: int) -> None:
    commands.settle(pk)


@shared_task(name=PREFIX + "sweep")
def sweep() -> None:
    commands.sweep()


@shared_task(name=PREFIX + "start_due_passes")
def start_due_passes() -> None:
    syncing.start_due_passes()


@shared_task(name=PREFIX + "sync_feed")
def sync_feed(feed_pk: int) -> None:
    syncing.sync(feed_pk, worker=heartbeats.worker_name())


@shared_task(name=PREFIX + "reread_workflow")
def reread_workflow(pk: int) -> None:
    syncing.reread_workflow(pk)


@shared_task(name=PREFIX + "follow_people")
def follow_people() -> None:
    syncing.follow_people()


@shared_task(name=PREFIX + "follow_portal")
def follow_portal(pk: int) -> None:
    syncing.follow_portal(pk)


@shared_task(name=PREFIX + "probe_portal")
def probe_portal(pk: int) -> None:
    syncing.probe_portal(pk)


@shared_task(name=PREFIX + "look_at_address")
def look_at_address(pk: int) -> None:
    syncing.look_at_address(pk)


@shared_task(name=PREFIX + "tidy")
def tidy() -> None:
    heartbeats.forget()
    sessions.forget_old()
    syncing.forget_old_runs()
    Draft.objects.outdated().delete()


@worker_init.connect
def worker_is_named(**_: Any) -> None:
    """Choose the name before a pool may fork, so that all of it claims under one name."""
    heartbeats.worker_name()
    triggers.tell()


@worker_ready.connect
def worker_is_ready(sender: Any, **_: Any) -> None:
    for queue in sender.task_consumer.queues:
        beating[queue.name] = heartbeats.start(queue.name)


@worker_shutdown.connect
def worker_has_stopped(**_: Any) -> None:
    """Leave the list only once the last job is done: until then its claims are its own."""
    for queue, stopped in beating.items():
        heartbeats.stop(queue, stopped)
