"""An operation is carried out in batches: few requests, each target's own truth, nothing twice."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from bizproc_admin import bitrix, commands
from bizproc_admin.actions import (
    AnswerStep,
    CompleteTask,
    DelegateTask,
    Item,
    KillWorkflow,
    TerminateWorkflow,
)
from bizproc_admin.audit import By
from bizproc_admin.commands import bulk_sending
from bizproc_admin.models import (
    Account,
    Assignment,
    AuditEntry,
    BulkOperation,
    BulkState,
    Command,
    CommandState,
    LinkedPerson,
    MethodBudget,
    Person,
    Portal,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.portals import pacing
from bizproc_admin.wording.command_errors import said
from tests.http import waiting
from tests.http.gateways import known

TERMINATE = "bizproc.workflow.terminate"
KILL = "bizproc.workflow.kill"


@pytest.fixture
def many(sandbox, portal, sync):
    def make(count):
        for _ in range(count):
            sandbox.start_workflow(started_by=1)
        sync()
        sandbox.clear_calls()
        return list(
            Workflow.objects.running()
            .select_related("portal", "template", "document")
            .order_by("pk")
        )

    return make


def ask(targets, actor, kind=TerminateWorkflow, *, seen=None, own=None, **inputs):
    by = By(account=actor)
    operation = commands.freeze(
        kind,
        portal=targets[0].portal,
        items=[
            Item(pk=one.pk, seen=(seen or {}).get(one.pk), own=(own or {}).get(one.pk, {}))
            for one in targets
        ],
        by=by,
        key=uuid.uuid4(),
        source={},
        inputs=inputs,
    )
    commands.confirm(operation, by=by, reason="They hang.")
    commands.prepare(operation.pk, worker="test")
    operation.refresh_from_db()
    assert (operation.state, operation.left_out) == (BulkState.READY, [])
    return operation


def serve(portal, **how):
    commands.serve(portal.pk, worker="test", **how)


def states(operation):
    counts = {}
    for state in operation.commands.values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    return counts


def requests(sandbox):
    return [call["method"] for call in sandbox.calls() if not call["in_batch"]]


def state_of(operation):
    operation.refresh_from_db()
    return operation.state, operation.pause_code


def test_two_hundred_are_ended_with_a_request_for_every_twenty_of_them(
    many, administrator, sandbox, portal, door, gives_token
):
    """Everything included: looks, who the actor is, writes, settling."""
    workflows = many(200)
    person = Person.objects.get(portal=portal, remote_id=1)
    LinkedPerson.objects.create(user=administrator, portal=portal, person=person)
    gives_token(person)
    operation = ask(workflows, administrator)
    assert set(operation.commands.values_list("as_person", flat=True)) == {person.pk}
    serve(portal)
    assert states(operation) == {CommandState.CONFIRMED: 200}
    assert len(requests(sandbox)) <= 1.3 * 200 / 25
    assert len(sandbox.ledger()) == len({entry["target"] for entry in sandbox.ledger()}) == 200
    assert not Workflow.objects.running().exists()
    # each of them is on record as a single one would be
    kinds = AuditEntry.objects.filter(command=operation.commands.first()).order_by("seq")
    assert list(kinds.values_list("kind", "outcome")) == [
        ("intent", "intent"), ("attempt", "sending"), ("outcome", "accepted"),
        ("reconcile", "confirmed"),
    ]  # fmt: skip
    # the first batch is a small one; how long it took is known to every worker from then on
    assert len(sandbox.calls(TERMINATE)) == 200
    assert 0 < pacing.seconds_of_one(portal.pk, TERMINATE) < 0.3


def test_an_answer_lost_after_seventeen_of_fifty_is_settled_by_reading_and_nothing_is_done_twice(
    many, administrator, sandbox, portal, settings
):
    settings.SETTLE_TIME = 0
    pacing.learn_seconds_of_one(portal.pk, KILL, 0.1, is_certain=True)
    operation = ask(many(50), administrator, KillWorkflow)
    sandbox.fail_next("timeout_before_apply", method=KILL, skip=17, hold=0)
    serve(portal)
    assert len(sandbox.ledger()) == 50
    assert len({entry["target"] for entry in sandbox.ledger()}) == 50
    # who ended the seventeen nobody has told: they are not counted as ours
    assert states(operation) == {CommandState.GONE: 17, CommandState.CONFIRMED: 33}
    assert sorted(operation.commands.values_list("sends", flat=True)) == [1] * 17 + [2] * 33
    # between the two a reading has shown which of them run
    assert requests(sandbox) == ["batch"] * 6


def test_each_target_has_its_own_truth(many, administrator, sandbox, portal, other_administrator):
    ended, changed, refused, failed, *others = many(12)
    seen = {changed.pk: timezone.now() - timedelta(days=1)}
    operation = ask([ended, changed, refused, failed, *others], administrator, seen=seen)
    sandbox.end_workflow(ended.remote_id)
    sandbox.clear_calls()
    sandbox.fail_next("ERROR_WRONG_WORKFLOW_ID", method=TERMINATE)
    sandbox.fail_next("ERROR_CORE", method=TERMINATE)
    serve(portal)
    told = {one.target_id: (one.state, one.error_code) for one in operation.commands.order_by("pk")}
    assert told[ended.remote_id] == ("gone", "already_ended")
    assert told[changed.remote_id] == ("cancelled", "changed_since_view")
    assert told[refused.remote_id] == ("rejected", "ERROR_WRONG_WORKFLOW_ID")
    assert told[failed.remote_id] == ("unknown", "ERROR_CORE")
    assert {told[one.remote_id] for one in others} == {("confirmed", "")}
    assert {entry["target"] for entry in sandbox.ledger()} >= {one.remote_id for one in others}
    assert state_of(operation) == (BulkState.READY, "")


def test_five_equal_refusals_in_a_row_pause_it_and_nothing_more_is_sent(
    many, administrator, sandbox, portal
):
    operation = ask(many(30), administrator)
    sandbox.fail_next("ERROR_WRONG_WORKFLOW_ID", method=TERMINATE, times=30)
    serve(portal)
    assert state_of(operation) == (BulkState.PAUSED, "refused_alike")
    assert said("refused_alike", operation.pause_values).startswith("The portal refused 5 in a row")
    assert operation.pause_values["reason"]["vendor_code"] == "ERROR_WRONG_WORKFLOW_ID"
    assert states(operation) == {CommandState.REJECTED: 10, CommandState.INTENT: 20}
    serve(portal)
    assert len(sandbox.calls(TERMINATE)) == 10
    # whoever resumes it knows of those: one more of them is no row of five
    commands.resume(operation, by=By(account=administrator))
    Command.objects.filter(bulk=operation, state=CommandState.INTENT).exclude(
        pk=operation.commands.filter(state=CommandState.INTENT).earliest("pk").pk
    ).update(next_check_at=timezone.now() + timedelta(hours=1))
    serve(portal)
    assert states(operation) == {CommandState.REJECTED: 11, CommandState.INTENT: 19}
    assert state_of(operation) == (BulkState.READY, "")


def test_it_is_over_once_nothing_is_left_even_where_it_was_paused_or_the_last_were_refused_alike(
    many, administrator, sandbox, portal
):
    *some, last = many(6)
    refused, paused = ask(some, administrator), ask([last], administrator)
    sandbox.fail_next("ERROR_WRONG_WORKFLOW_ID", method=TERMINATE, times=5)
    commands.pause(paused, by=By(account=administrator))
    commands.sweep()
    serve(portal)
    assert (states(refused), state_of(refused)[0]) == ({"rejected": 5}, BulkState.READY)
    paused.commands.update(state=CommandState.GONE)
    commands.sweep()
    assert state_of(refused)[0] == state_of(paused)[0] == BulkState.FINISHED
    retried = commands.retry(refused, by=By(account=administrator), key=uuid.uuid4())
    assert retried.total == 5


@pytest.mark.parametrize(
    ("fault", "code", "where"),
    [
        ("INVALID_CREDENTIALS", "invalid_credentials", {"method": "batch", "skip": 1}),
        ("OVERLOAD_LIMIT", "overloaded", {"method": "batch", "skip": 1}),
        ("insufficient_scope", "insufficient_scope", {"method": TERMINATE, "times": 12}),
    ],
)
def test_a_lost_connection_pauses_it_and_is_no_refusal_of_any_target(
    many, administrator, sandbox, portal, fault, code, where
):
    operation = ask(many(12), administrator)
    sandbox.fail_next(fault, **where)
    serve(portal)
    assert state_of(operation) == (BulkState.PAUSED, fault)
    assert operation.pause_values["code"] == code
    assert states(operation) == {CommandState.INTENT: 12}
    assert set(operation.commands.values_list("sends", flat=True)) == {0}
    assert sandbox.ledger() == []


def test_a_look_that_is_refused_pauses_it_and_one_that_always_fails_does_so_in_the_end(
    many, administrator, sandbox, portal
):
    operation = ask(many(2), administrator)
    sandbox.fail_next("ACCESS_DENIED", method="batch")
    serve(portal)
    assert state_of(operation) == (BulkState.PAUSED, "ACCESS_DENIED")
    assert operation.pause_values["code"] == "access_denied"
    commands.resume(operation, by=By(account=administrator))
    told = []
    # the pace is waited for as long as it takes, anything else for five minutes
    for fault in ("OPERATION_TIME_LIMIT", *["expired_token"] * 3):
        sandbox.fail_next(fault, method="batch")
        serve(portal)
        told.append(state_of(operation))
        since = operation.touched_at - timedelta(minutes=4)
        BulkOperation.objects.update(touched_at=since, waits_until=None)
    assert told == [(BulkState.READY, "")] * 3 + [(BulkState.PAUSED, "expired_token")]
    assert states(operation) == {CommandState.INTENT: 2}


def test_a_portal_that_is_left_alone_pauses_it(many, administrator, sandbox, portal):
    operation = ask(many(3), administrator)
    Portal.objects.update(failures=9, retry_at=timezone.now() + timedelta(seconds=30))
    commands.sweep()
    assert state_of(operation) == (BulkState.PAUSED, "resting")
    assert sandbox.calls() == []


def test_who_may_no_longer_stops_their_operation_with_the_next_batch(
    many, administrator, sandbox, portal, monkeypatch
):
    operation = ask(many(30), administrator)
    write_many = bitrix.write_many

    def demoted(*given):
        administrator.groups.clear()
        return write_many(*given)

    monkeypatch.setattr(bitrix, "write_many", demoted)
    serve(portal)
    assert state_of(operation) == (BulkState.PAUSED, "no_longer_allowed")
    assert states(operation) == {CommandState.CONFIRMED: 10, CommandState.INTENT: 20}


def test_a_deactivated_actor_stops_it_even_while_it_waits(many, administrator, sandbox, portal):
    operation = ask(many(3), administrator)
    BulkOperation.objects.update(waits_until=timezone.now() + timedelta(minutes=9))
    Account.objects.filter(pk=administrator.pk).update(is_active=False)
    commands.sweep()
    assert state_of(operation) == (BulkState.PAUSED, "no_longer_allowed")
    assert sandbox.calls() == []


def test_the_limit_of_operating_time_is_waited_for_as_a_whole(many, administrator, sandbox, portal):
    operation = ask(many(12), administrator)
    now = timezone.now().timestamp()
    MethodBudget.objects.create(
        portal=portal, method=TERMINATE, operating=390.0, resets_at=now + 300, told_at=now
    )
    serve(portal)
    serve(portal)
    operation.refresh_from_db()
    assert 290 < (operation.waits_until - timezone.now()).total_seconds() < 301
    assert (operation.state, operation.waits_code) == (BulkState.READY, "pace_exceeded")
    assert sandbox.calls(TERMINATE) == []
    assert len(requests(sandbox)) == 1
    assert states(operation) == {CommandState.INTENT: 12}
    # what is refused inside of a batch waits alike
    MethodBudget.objects.all().delete()
    BulkOperation.objects.update(waits_until=None)
    sandbox.fail_next("OPERATION_TIME_LIMIT", method=TERMINATE, skip=4, times=6)
    serve(portal)
    assert states(operation) == {CommandState.CONFIRMED: 4, CommandState.INTENT: 8}
    operation.refresh_from_db()
    assert operation.waits_until > timezone.now() + timedelta(seconds=30)


def test_a_click_waits_for_no_more_than_the_batch_that_is_under_way(
    many, administrator, sandbox, portal, monkeypatch
):
    *some, clicked = many(31)
    pacing.learn_seconds_of_one(portal.pk, TERMINATE, 1.5, is_certain=True)
    operation = ask(some, administrator)
    write_many, batches = bitrix.write_many, []

    def clicking(writer, writes):
        batches.append(len(writes))
        if len(batches) == 1:
            action = TerminateWorkflow(workflow=clicked, reason="It hangs.")
            commands.issue(action, by=By(account=administrator), key=uuid.uuid4())
        return write_many(writer, writes)

    monkeypatch.setattr(bitrix, "write_many", clicking)
    serve(portal)
    assert [entry["target"] for entry in sandbox.ledger()][10] == clicked.remote_id
    assert states(operation) == {CommandState.CONFIRMED: 30}
    assert batches[0] == 10


def test_a_batch_is_as_large_as_the_portal_answers_in_time(many, administrator, portal):
    command = ask(many(1), administrator).commands.get()

    def size(seconds, *, is_certain=True):
        pacing.learn_seconds_of_one(portal.pk, TERMINATE, seconds, is_certain=is_certain)
        return bulk_sending.size_for(command)

    assert bulk_sending.size_for(command) == 10
    assert size(0.2, is_certain=False) == 10
    assert [size(0.2), size(0.6), size(0.2), size(7.5), size(40)] == [50, 25, 37, 2, 1]
    # an answer that never came is no sign of speed
    assert size(0.1, is_certain=False) == 1


def test_two_threads_share_no_part_of_an_operation(
    many, administrator, sandbox, portal, monkeypatch
):
    operation = ask(many(25), administrator)
    write_many, beside = bitrix.write_many, []

    def meanwhile(writer, writes):
        if not beside:
            beside.append(len(sandbox.ledger()))
            serve(portal)
            beside.append(len(sandbox.ledger()))
        return write_many(writer, writes)

    monkeypatch.setattr(bitrix, "write_many", meanwhile)
    serve(portal)
    assert beside == [0, 0]
    assert states(operation) == {CommandState.CONFIRMED: 25}
    assert len(sandbox.ledger()) == 25


def test_a_text_that_a_batch_would_read_a_reference_in_goes_alone(
    many, administrator, sandbox, portal
):
    unreadable, *others = many(4)
    operation = ask([unreadable, *others], administrator, status="$result[w0] is over")
    sandbox.override_row("workflow", unreadable.remote_id, fields={"MODIFIED": "tomorrow"})
    serve(portal)
    # the one that cannot be read is looked at later, and is in nobody's way
    assert states(operation) == {CommandState.CONFIRMED: 3, CommandState.INTENT: 1}
    assert operation.commands.get(state=CommandState.INTENT).checks >= 1
    assert state_of(operation) == (BulkState.READY, "")
    assert [call["in_batch"] for call in sandbox.calls(TERMINATE)] == [False] * 3
    assert sandbox.calls(TERMINATE)[0]["params"]["STATUS"] == "$result[w0] is over"


def test_parts_of_tasks_are_passed_on_ten_at_a_time(many, administrator, sandbox, portal):
    many(23)
    tasks = WorkflowTask.objects.open().select_related("portal", "workflow").order_by("pk")
    parts = Assignment.objects.waiting().values("person")
    receiver = Person.objects.exclude(pk__in=parts).exclude(is_active=False).latest("remote_id")
    own = {one.pk: {"from": one.assignments.get().person.remote_id} for one in tasks}
    operation = ask(tasks, administrator, DelegateTask, own=own, to=receiver.remote_id)
    serve(portal)
    assert states(operation) == {CommandState.CONFIRMED: operation.total}
    assert len(sandbox.ledger()) == operation.total >= 23
    assert len(requests(sandbox)) <= 6


def test_one_person_answers_ten_at_a_time_with_their_own_token(
    many, sandbox, portal, approver, task
):
    many(14)
    person = task.assignments.get().person
    mine = WorkflowTask.objects.open().filter(assignments__person=person)
    operation = ask(
        mine, approver, CompleteTask, person=person.remote_id, answer=1, comment="Fine & well"
    )
    sandbox.fail_next("expired_token", method="batch", skip=1)
    serve(portal)
    BulkOperation.objects.update(waits_until=None)
    Command.objects.filter(state=CommandState.INTENT).update(next_check_at=None)
    serve(portal)
    assert states(operation) == {CommandState.CONFIRMED: operation.total}
    assert len(sandbox.ledger()) == operation.total >= 14
    assert sandbox.calls("bizproc.task.complete")[0]["params"]["COMMENT"] == "Fine & well"


def test_through_the_gateway_each_goes_alone_and_a_session_that_is_over_pauses_it(
    gateway, sandbox, template_id, administrator
):
    workflows = [known(gateway, sandbox, template_id) for _ in range(3)]
    operation = ask(workflows, administrator, KillWorkflow)
    sandbox.fail_next("TOKEN_EXPIRED", method="gateway.end", skip=2)
    serve(gateway)
    assert len(sandbox.ledger()) == 2
    assert states(operation) == {CommandState.CONFIRMED: 2, CommandState.INTENT: 1}
    assert state_of(operation) == (BulkState.PAUSED, "TOKEN_EXPIRED")
    serve(gateway)
    assert len(sandbox.ledger()) == 2


def test_once_resumed_it_goes_on_at_once(many, administrator, sandbox, portal):
    operation = ask(many(12), administrator)
    commands.pause(operation, by=By(account=administrator))
    later = timezone.now() + timedelta(minutes=9)
    BulkOperation.objects.update(waits_until=later)
    tried = operation.commands.earliest("pk")
    Command.objects.filter(pk=tried.pk).update(next_check_at=later)
    serve(portal)
    assert sandbox.calls() == []
    commands.resume(operation, by=By(account=administrator))
    # what waits for a later try is tried now; the others, which may be thousands, are left alone
    assert set(operation.commands.values_list("next_check_at", "due_since")) == {(None, None)}
    serve(portal)
    assert states(operation) == {CommandState.CONFIRMED: 12}


def test_a_lost_token_pauses_it_and_is_no_refusal_of_any_target(
    many, sandbox, portal, approver, task
):
    many(2)
    person = task.assignments.get().person
    mine = WorkflowTask.objects.open().filter(assignments__person=person)
    operation = ask(mine, approver, CompleteTask, person=person.remote_id, answer=1)
    sandbox.revoke_tokens()
    serve(portal)
    assert state_of(operation) == (BulkState.PAUSED, "reconnect_needed")
    assert states(operation) == {CommandState.INTENT: operation.total}
    assert sandbox.ledger() == []


def test_steps_that_wait_are_answered_together(door, sandbox, app, sync, administrator):
    kind, given = waiting.register(sandbox, app)
    number = waiting.template(sandbox, kind)
    for place in range(3):
        waiting.workflow_of(sandbox, number, document=[*waiting.DEAL[:2], f"DEAL_{place}"])
    calls = [app.next() for _ in range(3)]
    sync()
    sandbox.advance(60)
    sandbox.clear_calls()
    made = [
        commands.issue(
            AnswerStep(
                step=waiting.kept(door, one, definition=given),
                values={"result": "clean", "note": "100 % & more", "score": place},
                reason="",
            ),
            by=By(account=administrator),
            key=uuid.uuid4(),
        )
        for place, one in enumerate(calls)
    ]
    operation = BulkOperation.objects.create(
        key=uuid.uuid4(), portal=door, action=AnswerStep.name, actor=administrator, total=3,
        state=BulkState.READY,
    )  # fmt: skip
    rows = Command.objects.filter(pk__in=[one.pk for one in made])
    rows.update(bulk=operation, origin="bulk")
    before = len(sandbox.ledger())
    serve(door)
    assert requests(sandbox) == ["batch"] * 3
    answers = sandbox.ledger()[before:]
    assert len(answers) == 3
    assert {one["params"]["RETURN_VALUES"]["note"] for one in answers} == {"100 % & more"}
    assert set(states(operation)) <= {CommandState.CONFIRMED, CommandState.DELIVERED}
