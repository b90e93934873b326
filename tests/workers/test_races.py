"""What happens at the same moment, in threads and processes that share a real database."""

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from bizproc_admin import audit, commands
from bizproc_admin.access import portal_sign_in
from bizproc_admin.actions import KillWorkflow, NotPossible, TerminateWorkflow
from bizproc_admin.audit import AuditAction, By
from bizproc_admin.models import (
    Account,
    AuditEntry,
    Command,
    CommandState,
    Person,
    PersonToken,
    Portal,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.portals import clients
from sandbox import Sandbox

from .conftest import ROOT, messages_travel

pytestmark = pytest.mark.worker

AT_ONCE = 6

PACED = """
import json, sys, time, django
django.setup()
from bizproc_admin import bitrix
from bizproc_admin.models import Portal
from bizproc_admin.portals.pacing import DatabasePacer
pacer = DatabasePacer(Portal.objects.get())
print("ready", flush=True)
sys.stdin.readline()
admitted, until = [], time.time() + 2
while (now := time.time()) < until:
    pacer.now = lambda: now
    if pacer.take(purpose=bitrix.Purpose.VERIFY):
        admitted.append(now)
    time.sleep(0.002)
print(json.dumps(admitted))
"""


def test_two_administrators_at_the_same_moment_make_one_remote_call(
    workflow: Workflow,
    sandbox: Sandbox,
    administrator: Account,
    other_administrator: Account,
) -> None:
    def ask(number: int) -> object:
        kind, who = [
            (TerminateWorkflow, administrator),
            (KillWorkflow, other_administrator),
        ][number % 2]
        action = kind(workflow=workflow, reason="It hangs.")
        try:
            return commands.issue(action, by=By(account=who), key=uuid.uuid4()).pk
        except commands.TargetBusy as busy:
            return busy

    with messages_travel():
        answers = at_once(ask)

    command = Command.objects.get()
    assert answers.count(command.pk) == 1
    seen_by_others = [a for a in answers if isinstance(a, commands.TargetBusy)]
    assert {busy.command.pk for busy in seen_by_others} == {command.pk}
    assert len(seen_by_others) == AT_ONCE - 1

    at_once(lambda number: commands.carry_out(command.pk, worker=f"worker {number}"))

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    calls = [c for c in sandbox.calls() if c["method"] == actual_method(command)]
    assert len(calls) == len(sandbox.ledger()) == 1


def test_twenty_forms_at_the_same_moment_make_one_command_and_no_error(
    workflow: Workflow, sandbox: Sandbox, administrator: Account
) -> None:
    """Each is carried out at once here: what is in the way of another is soon gone."""

    def ask(number: int) -> object:
        kind = (TerminateWorkflow, KillWorkflow)[number % 2]
        action = kind(workflow=Workflow.objects.get(pk=workflow.pk), reason="It hangs.")
        try:
            return commands.issue(action, by=By(account=administrator), key=uuid.uuid4()).pk
        except (commands.TargetBusy, NotPossible):
            return None

    answers = [one for one in at_once(ask, count=20) if one is not None]

    assert answers == [Command.objects.get().pk]
    assert len(sandbox.ledger()) == 1


def test_no_command_is_made_on_what_has_ended_since_it_was_looked_up(
    workflow: Workflow, task: WorkflowTask, administrator: Account
) -> None:
    action = KillWorkflow(workflow=Workflow.objects.get(pk=workflow.pk), reason="It hangs.")
    Workflow.objects.update(is_running=False)
    with pytest.raises(NotPossible):
        commands.issue(action, by=By(account=administrator), key=uuid.uuid4())
    assert not Command.objects.exists()
    assert not AuditEntry.objects.filter(kind=AuditEntry.Kind.INTENT).exists()


def test_one_form_sent_many_times_at_once_is_one_command(
    workflow: Workflow, administrator: Account
) -> None:
    key = uuid.uuid4()
    action = TerminateWorkflow(workflow=workflow, reason="It hangs.")

    with messages_travel():
        answers = at_once(
            lambda _: commands.issue(action, by=By(account=administrator), key=key).pk
        )

    assert set(answers) == {Command.objects.get().pk}
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.INTENT).count() == 1


def test_the_numbers_of_the_audit_history_have_no_gap_under_many_writers(
    live_db: None, portal: Portal, administrator: Account
) -> None:
    def write(number: int) -> None:
        for turn in range(10):
            try:
                with transaction.atomic():
                    audit.record(
                        AuditEntry.Kind.SIGN_IN,
                        AuditAction.SIGN_IN,
                        by=By(account=administrator),
                        target=portal.as_target,
                    )
                    if turn == number:
                        raise InterruptedError("this one is rolled back")
            except InterruptedError:
                pass

    at_once(write)

    entries = AuditEntry.objects.filter(portal=portal).order_by("seq")
    assert list(entries.values_list("seq", flat=True)) == list(range(1, AT_ONCE * 9 + 1))


def test_the_pace_is_shared_exactly_by_four_processes(
    live_db: None, portal: Portal, environment: dict[str, str]
) -> None:
    rate, burst = 10.0, 15
    env = {**environment, "PACE_PER_SECOND": str(rate), "PACE_BURST": str(burst)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PACED],
            env=env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [json.loads(process.communicate()[0]) for process in processes]
    admitted = sorted(moment for one in told for moment in one)

    span = admitted[-1] - admitted[0]
    assert span > 1
    assert abs(len(admitted) - (burst + rate * span)) <= 1
    for first, earlier in enumerate(admitted):
        for last, later in enumerate(admitted[first:], first):
            assert last - first < burst + rate * (later - earlier) + 1


def actual_method(command: Command) -> str:
    return f"bizproc.{command.action}"


def test_many_workers_with_one_expired_token_refresh_it_once(
    task: WorkflowTask, sandbox: Sandbox
) -> None:
    person = task.assignments.get().person
    sandbox.expire_tokens()
    sandbox.clear_calls()

    ways = at_once(lambda _number: clients.acting_as(type(person).objects.get(pk=person.pk)))

    assert len(ways) == AT_ONCE
    assert len(sandbox.calls("oauth.token")) == 1
    row = PersonToken.objects.get()
    assert (row.version, row.lost_at, row.refreshing_until) == (2, None, None)


def test_taking_back_and_sending_at_the_same_moment_end_in_one_of_the_two(
    task: WorkflowTask, sandbox: Sandbox, ask_about: Callable[[str], Command]
) -> None:
    command = ask_about("complete")

    def both(number: int) -> object:
        if number % 2:
            return commands.take_back(
                Command.objects.get(pk=command.pk),
                by=By(account=Account.objects.get(username="olga")),
            )
        return commands.carry_out(command.pk, worker=f"worker {number}")

    answers = at_once(both)

    command.refresh_from_db()
    is_taken_back = True in answers
    assert command.state == (CommandState.CANCELLED if is_taken_back else CommandState.CONFIRMED)
    assert len(sandbox.ledger()) == (0 if is_taken_back else 1)


def test_two_first_sign_ins_at_the_same_moment_make_one_account(
    workflow: Workflow, portal: Portal
) -> None:
    Portal.objects.filter(pk=portal.pk).update(admits_everybody=True)
    person = Person.objects.filter(portal=portal, linked_account=None).working().first()

    def come_in(_number: int) -> object:
        with transaction.atomic():
            return portal_sign_in.account_of(Person.objects.get(pk=person.pk), by=By(account=None))

    admitted = at_once(come_in)

    account = Account.objects.get(linked_people__person=person)
    assert [one.account for one in admitted] == [account] * AT_ONCE


def at_once(work: Callable[[int], Any], *, count: int = AT_ONCE) -> list[Any]:
    """Run the same work in several threads that begin together; give what each returned."""
    barrier = threading.Barrier(count)
    answers: list[Any] = [None] * count

    def run(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = work(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
