"""Every function that Celery runs. Jobs take keys, delegate and return nothing."""

from functools import partial
from typing import Any

from celery import shared_task
from celery.signals import (
    celeryd_after_setup,
    task_postrun,
    task_prerun,
    worker_init,
    worker_ready,
    worker_shutdown,
)

from bizproc_admin import commands, doorbell, gates, heartbeats, receiving, syncing
from bizproc_admin.access import sessions
from bizproc_admin.audit import triggers
from bizproc_admin.lists import stale_workflows
from bizproc_admin.lookout import Lookout
from bizproc_admin.models import Draft, Feed, TemplateFile

PREFIX = "bizproc_admin.jobs."
lookouts: list[Lookout] = []


@shared_task(name=PREFIX + "serve_portal")
def serve_portal(pk: int) -> None:
    ring_again = partial(doorbell.ring, "serve_portal", pk, queue=doorbell.INTERACTIVE)
    with gates.entered(pk, again=ring_again, is_for_people=True) as room:
        if room:
            for_all = room is gates.Room.SHARED
            commands.serve(pk, worker=heartbeats.worker_name(), serves_bulk=for_all)


@shared_task(name=PREFIX + "prepare_operation")
def prepare_operation(pk: int) -> None:
    commands.prepare(pk, worker=heartbeats.worker_name())


@shared_task(name=PREFIX + "close_operation")
def close_operation(pk: int) -> None:
    commands.close(pk)


@shared_task(name=PREFIX + "prepare_recipe")
def prepare_recipe(pk: int) -> None:
    stale_workflows.prepare_recipe(pk)


@shared_task(name=PREFIX + "sync_feed")
def sync_feed(feed_pk: int) -> None:
    portal_pk = Feed.objects.values_list("portal_id", flat=True).get(pk=feed_pk)
    with gates.entered(portal_pk) as room:
        if room:
            syncing.sync(feed_pk, worker=heartbeats.worker_name())


@shared_task(name=PREFIX + "read_screens")
def read_screens(pk: int) -> None:
    with gates.entered(pk) as room:
        if room:
            syncing.read_screens(pk)


@shared_task(name=PREFIX + "learn_names")
def learn_names(pk: int, *seen: int) -> None:
    with gates.entered(pk) as room:
        if room:
            syncing.learn_names(pk, seen)


@shared_task(name=PREFIX + "follow_portal")
def follow_portal(pk: int) -> None:
    with gates.entered(pk) as room:
        if room:
            syncing.follow_portal(pk)


@shared_task(name=PREFIX + "probe_portal")
def probe_portal(pk: int) -> None:
    with gates.entered(pk) as room:
        if room:
            syncing.probe_if_asked_for(pk)


@shared_task(name=PREFIX + "look_at_address")
def look_at_address(pk: int) -> None:
    syncing.look_at_address(pk)


@shared_task(name=PREFIX + "read_template_file")
def read_template_file(pk: int) -> None:
    syncing.read_file(pk)


@shared_task(name=PREFIX + "take_calls")
def take_calls(pk: int) -> None:
    receiving.take_calls(pk)


@shared_task(name=PREFIX + "read_called")
def read_called(pk: int) -> None:
    with gates.entered(pk) as room:
        if room:
            receiving.read_called(pk)


@shared_task(name=PREFIX + "look_at_application")
def look_at_application(pk: int) -> None:
    receiving.look_at_application(pk)


@shared_task(name=PREFIX + "count_figures")
def count_figures() -> None:
    syncing.count_figures()


@shared_task(name=PREFIX + "tidy")
def tidy() -> None:
    heartbeats.forget()
    sessions.forget_old()
    syncing.forget_old_runs()
    receiving.forget_old()
    Draft.objects.outdated().delete()
    syncing.forget_tokens()
    TemplateFile.objects.outdated().delete()


@worker_init.connect
def worker_is_named(**_: Any) -> None:
    """Choose the name before a pool may fork, so that all of it claims under one name."""
    heartbeats.worker_name()
    triggers.tell()


@celeryd_after_setup.connect
def worker_begins(instance: Any, **_: Any) -> None:
    """Begin to look for due work before the broker is asked for: it may be away."""
    if instance.pool_cls.__module__.endswith(".thread"):
        look_out(instance, watches=True)


@worker_ready.connect
def worker_is_ready(sender: Any, **_: Any) -> None:
    """Begin it now where the pool has forked: no thread may run before that."""
    if not lookouts:
        look_out(sender.controller, watches=False)


def look_out(worker: Any, *, watches: bool) -> None:
    gates.opened(worker.concurrency)
    for queue in worker.app.amqp.queues.consume_from:
        one = Lookout(queue, node=worker.hostname, threads=worker.concurrency, watches=watches)
        lookouts.append(one)
        one.start()


@task_prerun.connect
def job_begins(task_id: str, task: Any, args: Any, **_: Any) -> None:
    for one in lookouts:
        one.begun(task_id, (task.name.removeprefix(PREFIX), tuple(args)))


@task_postrun.connect
def job_is_over(task_id: str, **_: Any) -> None:
    for one in lookouts:
        one.ended(task_id)


@worker_shutdown.connect
def worker_has_stopped(**_: Any) -> None:
    """Leave the list only once the last job is done: until then its claims are its own."""
    for one in lookouts:
        one.stop()
