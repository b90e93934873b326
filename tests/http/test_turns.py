"""People's commands come first: their order, what they wait for, and what one job does for all."""

from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import bitrix, commands, gates, jobs, syncing
from bizproc_admin.actions import CompleteTask, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands.waiting import LONGEST_QUEUE, is_overdue
from bizproc_admin.models import (
    Command,
    CommandState,
    PaceBucket,
    Portal,
    ScreenReading,
    SyncRun,
    Watched,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.models.commands import BULK
from bizproc_admin.portals import pacing, screens
from bizproc_admin.wording.command_errors import command_error
from tests.conftest import account


@pytest.fixture
def many(sandbox, portal, sync):
    for _ in range(12):
        sandbox.start_workflow()
    sync()
    sandbox.clear_calls()
    return list(Workflow.objects.running().order_by("pk"))


def ask(workflow, actor, *, origin="screen"):
    action = TerminateWorkflow(workflow=workflow, reason="It hangs.")
    return commands.issue(action, by=By(account=actor, origin=origin), key=uuid4())


def test_what_a_person_asked_for_comes_before_any_mass_action(many, administrator, sandbox):
    bulk = [ask(one, administrator, origin=BULK) for one in many[:8]]
    single = ask(many[8], administrator)
    first = commands.serving.take_next(single.portal_id, worker="a")
    assert first.pk == single.pk
    # one more of people may be worked on beside it, but no part of a mass action but one
    second = commands.serving.take_next(single.portal_id, worker="b")
    assert second.pk == bulk[0].pk
    assert commands.serving.take_next(single.portal_id, worker="c") is None


def test_a_click_does_not_wait_for_parts_of_mass_actions_that_wait_for_the_pace(
    many, administrator, portal
):
    """Two threads that look at the same moment may hold one each, for seconds."""
    for one in [ask(one, administrator, origin=BULK) for one in many[:2]]:
        Command.objects.filter(pk=one.pk).update(
            taken_by="a", taken_until=timezone.now() + timedelta(seconds=60)
        )
    ask(many[2], administrator, origin=BULK)
    clicks = [ask(one, administrator) for one in many[3:6]]
    taken = [commands.serving.take_next(portal.pk, worker=name) for name in "bcd"]
    # nor do more than two of people's own at once
    assert taken == [clicks[0], clicks[1], None]


def test_a_part_of_a_mass_action_is_taken_by_one_of_two_that_look_at_the_same_moment(
    many, administrator, portal, monkeypatch
):
    for one in many[:2]:
        ask(one, administrator, origin=BULK)
    first_of, rivals = commands.serving.first_of, []

    def meanwhile(due):
        if not rivals:
            rivals.append(None)  # the rival itself looks undisturbed
            rivals.append(commands.serving.take_next(portal.pk, worker="rival"))
        return first_of(due)

    monkeypatch.setattr(commands.serving, "first_of", meanwhile)
    assert commands.serving.take_next(portal.pk, worker="slow") is None
    assert rivals[1] is not None
    assert Command.objects.filter(taken_until__gt=timezone.now()).count() == 1


def test_one_message_serves_all_that_is_due(many, administrator, sandbox, portal):
    asked = [ask(one, administrator) for one in many[:3]]
    commands.serve(portal.pk, worker="test")
    states = Command.objects.values_list("state", "taken_by", "taken_until")
    assert set(states) == {(CommandState.CONFIRMED, "", None)}
    assert len(asked) == len(sandbox.ledger()) == 3


def test_ending_a_workflow_takes_three_requests(many, administrator, sandbox, portal):
    ask(many[0], administrator)
    commands.serve(portal.pk, worker="test")
    requests = [call["method"] for call in sandbox.calls() if not call["in_batch"]]
    assert requests == ["batch", "bizproc.workflow.terminate", "batch"]


def test_answers_of_one_person_ask_the_portal_once_a_minute_whose_token_it_is(
    sandbox, portal, sync, task, approver, committing, gives_token
):
    person = task.assignments.get().person
    sandbox.start_workflow()
    sandbox.start_workflow()
    sync()
    sandbox.clear_calls()
    for one in WorkflowTask.objects.open():
        if not one.assignments.filter(person=person).exists():
            continue
        commands.issue(
            CompleteTask(task=one, person=person, answer=1, reason=""),
            by=By(account=approver),
            key=uuid4(),
        )
    count = Command.objects.count()
    assert count >= 2
    commands.serve(portal.pk, worker="test")
    assert set(Command.objects.values_list("state", flat=True)) == {CommandState.CONFIRMED}
    asked = [call["method"] for call in sandbox.calls() if not call["in_batch"]]
    assert asked.count("profile") == 1
    assert len(asked) <= 3 * count + 1


def test_a_command_that_waits_for_the_pace_says_how_many_wait_before_it(
    many, administrator, sandbox, portal, as_, settings, monkeypatch
):
    monkeypatch.setattr(pacing.DatabasePacer, "nap", refuse)
    PaceBucket.objects.update_or_create(
        portal=portal, defaults={"tat": timezone.now().timestamp() + 3600}
    )
    asked = [ask(one, administrator) for one in many[:3]]
    commands.serve(portal.pk, worker="test")
    Command.objects.update(next_check_at=timezone.now())
    last = Command.objects.get(pk=asked[-1].pk)
    assert (last.state, last.error_code, command_error(last)) == ("intent", "pace_exceeded", "")
    page = as_(administrator).get(reverse("command_detail", args=[last.pk])).content.decode()
    assert "2 commands wait before it" in page
    assert "limit is used up" not in page
    assert sandbox.calls() == []


def refuse(self, seconds, *, until, method):
    raise bitrix.PaceExceeded("no permit in time", method=method, retry_after=seconds)


def test_waiting_for_the_pace_is_no_failed_try_and_is_over_soon(
    many, administrator, sandbox, portal, monkeypatch
):
    monkeypatch.setattr(pacing.DatabasePacer, "nap", refuse)
    PaceBucket.objects.update_or_create(
        portal=portal, defaults={"tat": timezone.now().timestamp() + 3600}
    )
    command = ask(many[0], administrator)
    for _ in range(20):
        Command.objects.update(next_check_at=None)
        commands.serve(portal.pk, worker="test")
    command.refresh_from_db()
    assert command.checks == 0
    assert command.next_check_at < timezone.now() + timedelta(seconds=11)
    assert command.queued > 0


def test_waiting_for_the_queue_prolongs_the_hour_to_a_day_at_most(many, administrator):
    command = ask(many[0], administrator)
    now = timezone.now()
    command.requested_at = now - timedelta(hours=3)
    assert is_overdue(command)
    command.queued = 2.5 * 3600
    assert not is_overdue(command)
    command.queued = 100 * 3600
    command.requested_at = now - LONGEST_QUEUE + timedelta(minutes=1)
    assert not is_overdue(command)
    command.requested_at = now - LONGEST_QUEUE - timedelta(minutes=1)
    assert is_overdue(command)


def test_a_pass_that_waits_for_its_turn_does_not_say_that_reading_fails(
    workflow, portal, sandbox, monkeypatch
):
    monkeypatch.setattr(pacing.DatabasePacer, "nap", refuse)
    PaceBucket.objects.update(tat=timezone.now().timestamp() + 3600, kept_tat=2e9)
    feed = portal.feeds.get(name="workflows")
    before = SyncRun.objects.filter(feed=feed).count()
    portal.feeds.filter(pk=feed.pk).update(next_at=None)
    syncing.sync(feed.pk, worker="test")
    feed.refresh_from_db()
    assert feed.failing_since is None
    assert feed.lease_until is None
    assert SyncRun.objects.filter(feed=feed).count() == before
    assert feed.next_at < timezone.now() + timedelta(seconds=10)


def test_a_portal_that_does_not_answer_keeps_its_commands_and_is_served_when_it_does(
    many, administrator, sandbox, portal
):
    command = ask(many[0], administrator)
    Portal.objects.update(failures=9, retry_at=timezone.now() + timedelta(seconds=30))
    assert commands.portals_due(timezone.now()) == []
    # no worker is deaf because it leaves the portal alone
    assert Command.objects.oldest_due(timezone.now()) is None
    commands.serve(portal.pk, worker="test")
    assert sandbox.calls() == []
    Portal.objects.update(retry_at=timezone.now())
    assert commands.portals_due(timezone.now()) == [portal.pk]
    assert Command.objects.oldest_due(timezone.now()) is not None
    commands.serve(portal.pk, worker="test")
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED


def test_of_a_portal_left_alone_what_waits_too_long_is_given_up(
    many, administrator, sandbox, portal
):
    command = ask(many[0], administrator)
    Command.objects.update(requested_at=timezone.now() - timedelta(hours=2))
    Portal.objects.update(failures=9, retry_at=timezone.now() + timedelta(seconds=30))
    commands.sweep()
    command.refresh_from_db()
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "portal_unreachable")


def test_who_finds_no_room_is_called_again_once_somebody_leaves(monkeypatch):
    monkeypatch.setattr(gates, "_threads", 6)
    called = []
    with gates.entered(1):
        with gates.entered(1):
            for _ in range(3):
                with gates.entered(1, again=lambda: called.append("again")) as room:
                    assert not room
            assert called == []
        assert called == ["again"]
    assert called == ["again"]


def test_a_ring_that_finds_no_room_is_served_without_a_sweep(
    workflow, administrator, committing, monkeypatch
):
    command = ask(workflow, administrator)  # its own ring is lost
    monkeypatch.setattr(gates, "_threads", 4)
    here = workflow.portal_id
    with committing(), gates.entered(here), gates.entered(here, is_for_people=True):
        jobs.serve_portal(here)
        command.refresh_from_db()
        assert command.state == CommandState.INTENT
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED


def test_no_portal_holds_more_than_half_of_a_workers_threads(monkeypatch):
    monkeypatch.setattr(gates, "_threads", 6)
    with ExitStack() as stack:
        rooms = [stack.enter_context(gates.entered(1, is_for_people=True)) for _ in range(4)]
        assert rooms == [gates.Room.SHARED, gates.Room.SHARED, gates.Room.KEPT, gates.Room.FULL]
        with gates.entered(2) as other:
            assert other
    with gates.entered(1) as again:
        assert again


def test_what_people_ask_for_finds_room_beside_a_mass_action_and_open_pages(
    many, administrator, portal, monkeypatch
):
    """Both wait in their threads for the portal's pace: a click does not wait for them."""
    monkeypatch.setattr(gates, "_threads", 6)
    bulk = [ask(one, administrator, origin=BULK) for one in many[:3]]
    click = ask(many[3], administrator)
    with gates.entered(portal.pk), gates.entered(portal.pk) as second:
        assert second
        with gates.entered(portal.pk) as third:
            assert not third
        jobs.serve_portal(portal.pk)
    click.refresh_from_db()
    assert click.state == CommandState.CONFIRMED
    # and it does not begin with what may hold it up
    states = Command.objects.filter(pk__in=[one.pk for one in bulk]).values_list("state", flat=True)
    assert set(states) == {CommandState.INTENT}
    jobs.serve_portal(portal.pk)
    assert not Command.objects.filter(origin=BULK, state=CommandState.INTENT).exists()


# --- screens -------------------------------------------------------------------------------------


def stale():
    Workflow.objects.update(observed_at=timezone.now() - timedelta(minutes=2))
    WorkflowTask.objects.update(observed_at=timezone.now() - timedelta(minutes=2))


def test_all_that_is_open_is_read_in_one_request(many, administrator, sandbox, portal, as_):
    stale()
    client = as_(administrator)
    for one in many:
        client.post(reverse("workflow_reading", args=[one.pk]))
    gone, *others = many
    sandbox.end_workflow(gone.remote_id)
    assert sandbox.calls() == []
    syncing.read_screens(portal.pk)
    assert sum(not call["in_batch"] for call in sandbox.calls()) == 1
    gone.refresh_from_db()
    assert not gone.is_running
    assert all(Workflow.objects.get(pk=one.pk).is_fresh for one in others)


def test_a_reading_asked_for_while_one_waits_is_the_same_reading(
    many, administrator, portal, as_, monkeypatch
):
    stale()
    rung = []
    monkeypatch.setattr(
        screens.ask, "__kwdefaults__", {"start": lambda *given, **how: rung.append(given)}
    )
    monkeypatch.setattr(
        screens.ask_where_due, "__kwdefaults__", {"start": lambda *given, **how: rung.append(given)}
    )
    client = as_(administrator)
    for _ in range(20):
        for one in many:
            client.post(reverse("workflow_reading", args=[one.pk]))
    assert rung == [("read_screens", portal.pk)]
    # one that nobody took expires
    ScreenReading.objects.update(rung_at=timezone.now() - screens.RUNG_FOR)
    client.post(reverse("workflow_reading", args=[many[0].pk]))
    assert len(rung) == 2


def test_what_one_account_looks_at_is_limited(sandbox, portal, sync, administrator, as_):
    sandbox.load("demo", workflows=60, seed=3)
    sync()
    for one in Workflow.objects.running().order_by("pk")[:50]:
        screens.watch(one, administrator)
    assert Watched.objects.count() == screens.MOST_OF_ONE
    screens.watch(Workflow.objects.running().latest("pk"), account("zoe", "Zoe Lang", None))
    assert Watched.objects.count() == screens.MOST_OF_ONE + 1


def test_what_is_open_is_read_again_every_twenty_seconds_and_no_longer_once_nobody_looks(
    workflow, administrator, sandbox, portal, monkeypatch
):
    rung = []
    monkeypatch.setattr(
        screens.ask, "__kwdefaults__", {"start": lambda *given, **how: rung.append(given)}
    )
    monkeypatch.setattr(
        screens.ask_where_due, "__kwdefaults__", {"start": lambda *given, **how: rung.append(given)}
    )
    screens.watch(workflow, administrator)
    syncing.read_screens(portal.pk)
    rung.clear()
    screens.ask_where_due()
    assert rung == []
    ScreenReading.objects.update(read_at=timezone.now() - screens.EVERY)
    screens.ask_where_due()
    assert rung == [("read_screens", portal.pk)]
    Watched.objects.update(until=timezone.now())
    ScreenReading.objects.update(rung_at=None, read_at=timezone.now() - screens.EVERY)
    screens.ask_where_due()
    assert len(rung) == 1


def test_an_open_task_whose_workflow_ended_is_withdrawn_by_the_next_reading(
    task, approver, sandbox, portal, as_, committing
):
    stale()
    with committing():
        as_(approver).post(reverse("workflow_task_reading", args=[task.pk]))
    sandbox.kill_workflow(task.workflow.remote_id)
    ScreenReading.objects.update(read_at=timezone.now() - screens.EVERY)
    with committing():
        screens.ask_where_due()
    task.refresh_from_db()
    assert not task.is_open
