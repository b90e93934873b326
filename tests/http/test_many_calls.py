"""Many calls at once: each costs little, and waits for nobody longer than it must."""

import sqlite3
import threading
import time
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.test import Client
from django.urls import reverse

from bizproc_admin import receiving
from bizproc_admin.models import ApplicationStep, CalledWorkflow, StepState
from bizproc_admin.models.application_steps import ApplicationStepQuerySet
from bizproc_admin.receiving import following, keeping, turns
from tests.conftest import connected
from tests.http.calling import call_of, calls, event_token, proven_by


@pytest.fixture(autouse=True)
def nobody_is_remembered():
    keeping._looks.clear()
    keeping._known.clear()


def test_a_call_passes_by_all_that_is_for_people_and_is_guarded_still(portal):
    proven_by(portal)
    answer = calls(portal)
    assert answer.status_code == 200
    assert not answer.has_header("Vary")
    assert not answer.has_header("Set-Cookie")
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert len(answer["X-Request-ID"]) == 12


def test_a_call_to_another_host_name_is_refused(portal):
    proven_by(portal)
    answer = calls(portal, client=Client(raise_request_exception=False), HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert ApplicationStep.objects.count() == 0


@pytest.mark.parametrize("ending", ["", "?a=1", "x/", "%00/", "/"])
def test_what_only_looks_like_the_address_of_calls_keeps_nothing(portal, ending):
    proven_by(portal)
    address = reverse("receive_calls", args=[portal.calls_id])
    answer = Client(raise_request_exception=False).post(
        address.rstrip("/") + ending, b"a=1", "application/x-www-form-urlencoded"
    )
    assert answer.status_code in (301, 302, 404, 500) if ending != "/" else 403
    assert ApplicationStep.objects.count() == 0


def test_a_call_whose_row_goes_in_the_same_moment_is_asked_for_again(portal, monkeypatch):
    proven_by(portal)
    monkeypatch.setattr(ApplicationStepQuerySet, "insert_new", lambda *_: False)
    assert calls(portal).status_code == 503


@pytest.mark.django_db(transaction=True)
def test_calls_that_wait_for_another_process_are_written_at_once_when_it_is_done(
    live_db, sandbox, monkeypatch
):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite lets one write at a time")
    portal = connected(sandbox.webhook_url, name="Northwind")
    proven_by(portal)
    commits = []
    write = turns._begin_and_write
    monkeypatch.setattr(
        turns, "_begin_and_write", lambda writes: (commits.append(len(writes)), write(writes))
    )
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    statuses = []

    def call():
        statuses.append(calls(portal, call_of()).status_code)
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.6)
    assert statuses == []
    other.execute("COMMIT")
    other.close()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert ApplicationStep.objects.count() == 6
    # whoever waited longest for the turn, and then all who came meanwhile
    assert sum(commits) == 6
    assert len(commits) <= 3


@pytest.mark.django_db(transaction=True)
def test_a_call_that_finds_no_turn_is_asked_for_again(live_db, sandbox, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite lets one write at a time")
    portal = connected(sandbox.webhook_url, name="Northwind")
    proven_by(portal)
    calls(portal)
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert calls(portal).status_code == 503
    other.execute("ROLLBACK")
    other.close()
    assert calls(portal).status_code == 200
    with connection.cursor() as cursor:
        # whoever writes next on this connection waits as before
        assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] >= 20_000


def test_of_writes_in_one_turn_all_fail_or_none(portal, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite lets one write at a time")
    done = []

    def fails():
        raise OperationalError("disk I/O error")

    writes = [turns._Write(act=lambda: bool(done.append(1)) or True), turns._Write(act=fails)]
    turns._carry_out(writes)
    assert [(one.is_over, one.error is not None) for one in writes] == [(True, True)] * 2


def test_what_was_not_committed_is_kept_for_nobody_whatever_went_wrong(portal):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite lets one write at a time")

    def fails():
        raise IntegrityError("FOREIGN KEY constraint failed")

    writes = [turns._Write(act=lambda: True), turns._Write(act=fails)]
    with pytest.raises(IntegrityError):
        turns._carry_out(writes)
    assert [(one.is_over, one.is_kept) for one in writes] == [(True, False)] * 2


def test_a_burst_is_rung_for_once_a_second_and_each_call_is_looked_at_after_it(portal, monkeypatch):
    now, looks, came = [100.0], [], []
    monkeypatch.setattr(keeping, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(
        keeping.doorbell, "ring", lambda *_, after, **__: looks.append(now[0] + after)
    )
    for step in [0.0] + [0.125] * 24 + [5.0, 0.5]:
        now[0] += step
        came.append(now[0])
        keeping._ring(portal.pk)
    assert looks == [100.0, 101.0, 102.0, 103.0, 104.0, 108.0, 109.0]
    assert all(any(call <= look <= call + 1 for look in looks) for call in came)


def test_calls_taken_in_portions_are_neither_lost_nor_doubled_nor_put_in_another_order(
    portal, workflow, monkeypatch
):
    monkeypatch.setattr(following, "AT_ONCE", 4)
    monkeypatch.setattr(following.doorbell, "ring", lambda *_, **__: None)
    proven_by(portal)
    now = int(time.time())
    # of one step of a workflow, and not in the order in which the portal made them
    runs = [
        call_of(workflow.remote_id, ts=str(now - ago), event_token=event_token(workflow.remote_id))
        for ago in (30, 10, 90, 50, 20, 70)
    ]
    others = [call_of(f"unknown.{number % 3}") for number in range(9)]
    for form in [*runs, *others, *runs[:2]]:
        assert calls(portal, form).status_code == 200
    receiving.take_calls(portal.pk)
    steps = ApplicationStep.objects.order_by("called_at")
    ours = steps.filter(workflow=workflow)
    assert [one.state for one in ours] == [StepState.ELSEWHERE] * 5 + [StepState.WAITING]
    assert [one.repeats for one in ours] == [0, 0, 0, 1, 0, 1]
    assert (steps.count(), steps.filter(is_due=True).count()) == (15, 0)
    asked = CalledWorkflow.objects.exclude(due_at=None).order_by("remote_id")
    assert [one.remote_id for one in asked] == ["unknown.0", "unknown.1", "unknown.2"]


def test_calls_that_come_while_others_are_taken_wait_for_the_next_look(
    portal, workflow, monkeypatch
):
    rings, taken = [], []
    monkeypatch.setattr(
        following.doorbell, "ring", lambda job, *_, after=0, **__: rings.append((job, after))
    )
    proven_by(portal)
    take = following.take

    def meanwhile(portal, due):
        taken.append(len(due))
        if len(taken) == 1:
            calls(portal, call_of(workflow.remote_id))
            receiving.take_calls(portal.pk)
        take(portal, due)

    monkeypatch.setattr(following, "take", meanwhile)
    calls(portal, call_of(workflow.remote_id))
    rings.clear()
    receiving.take_calls(portal.pk)
    # whoever finds another one at it looks again, in a while
    assert (taken, rings[-1]) == ([1], ("take_calls", following.LOOK_AGAIN))
    assert ApplicationStep.objects.filter(is_due=True).count() == 1
    monkeypatch.setattr(following, "take", take)
    receiving.take_calls(portal.pk)
    assert ApplicationStep.objects.filter(is_due=True).count() == 0


def test_a_call_that_comes_while_others_are_compared_is_in_nobodys_way(portal, workflow):
    proven_by(portal)
    calls(portal, call_of(workflow.remote_id))
    came = []

    def comes_in_between(execute, sql, *given):
        answer = execute(sql, *given)
        if "called_at" in sql and "SELECT" in sql and not came:
            came.append(sql)
            token = event_token(workflow.remote_id, "A9_9_9_9")
            calls(portal, call_of(workflow.remote_id, event_token=token))
        return answer

    with connection.execute_wrapper(comes_in_between):
        assert following.executions_over(portal, [workflow.remote_id]) == []
    assert came
    assert ApplicationStep.objects.count() == 2
