"""Answering and delegating as commands: every outcome, against the portal's ledger."""

import uuid
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from bizproc_admin import bitrix, commands, syncing
from bizproc_admin.access import portal_sign_in
from bizproc_admin.actions import CompleteTask, DelegateTask, NotPossible, TerminateWorkflow
from bizproc_admin.actions.answers import SentFile
from bizproc_admin.audit import By
from bizproc_admin.commands import sending
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandFile,
    CommandState,
    LinkedPerson,
    Person,
    PersonToken,
    Role,
    WorkflowTask,
)
from bizproc_admin.portals import clients, tokens
from bizproc_admin.secrets import fields
from bizproc_admin.syncing import workflow_tasks
from bizproc_admin.syncing.names import Names
from bizproc_admin.wording.command_errors import command_error
from tests.conftest import account

COMPLETE, DELEGATE = "bizproc.task.complete", "bizproc.task.delegate"


@pytest.fixture
def employee(task):
    return task.assignments.get().person


@pytest.fixture
def other(portal, sandbox, sync, task):
    """Another employee, whom a task can be given to."""
    number = sandbox.add_user("Boris", "Titov")
    sync()
    sandbox.clear_calls()
    return Person.objects.get(portal=portal, remote_id=number)


def ask(action, who, committing, **more):
    with committing():
        return commands.issue(action, by=By(account=who), key=uuid.uuid4(), **more)


def answer(task, who, committing, status=1, **more):
    person = task.assignments.filter(gone_at=None).first().person
    action = CompleteTask(task=task, person=person, answer=status, reason="", **more)
    return fresh(ask(action, who, committing))


def delegate(task, who, committing, to, **more):
    person = task.assignments.filter(gone_at=None).first().person
    action = DelegateTask(task=task, from_person=person, to_person=to, reason="On leave")
    return fresh(ask(action, who, committing, **more))


def fresh(command):
    return Command.objects.get(pk=command.pk)


def methods(sandbox):
    return [entry["method"] for entry in sandbox.ledger()]


def kinds(command):
    return [(e.kind, e.outcome) for e in command.audit_entries.order_by("pk")]


def later(command, seconds):
    span = timedelta(seconds=seconds)
    Command.objects.filter(pk=command.pk).update(
        sent_at=fresh(command).sent_at - span, next_check_at=timezone.now() - timedelta(seconds=1)
    )


# --- answering ----------------------------------------------------------------------------------


def test_an_answer_is_confirmed_only_by_a_reading_and_moves_the_workflow_on(
    task, approver, committing, sandbox
):
    command = answer(task, approver, committing, comment="Согласовано")
    assert command.state == CommandState.CONFIRMED
    assert methods(sandbox) == [COMPLETE]
    assert kinds(command) == [
        ("intent", "intent"),
        ("attempt", "sending"),
        ("outcome", "accepted"),
        ("reconcile", "confirmed"),
    ]
    task.refresh_from_db()
    assert (task.is_open, task.status) == (False, 1)
    assert task.assignments.get().status == 1
    # what follows on the portal has been read too: this workflow ends with the answer
    task.workflow.refresh_from_db()
    assert not task.workflow.is_running


def test_what_a_pass_read_before_an_answer_changes_nothing_back(
    task, approver, committing, portal, monkeypatch
):
    """The pass merges only after the answer has been confirmed, and nobody has read again yet."""
    reader = clients.reader(portal)
    before = reader.workflow_tasks.by_ids([task.remote_id])
    monkeypatch.setattr(syncing, "read_screens", lambda pk: None)
    assert answer(task, approver, committing).state == CommandState.CONFIRMED
    workflow_tasks.merge(Names(portal), reader, before.rows, observed_at=before.sent_at)
    task.refresh_from_db()
    assert (task.is_open, task.assignments.get().status) == (False, 1)


def test_an_answer_confirmed_late_changes_no_newer_reading_back(
    task, approver, committing, sandbox, employee, sync, monkeypatch
):
    look = CompleteTask.look

    def late(self, reader):
        seen = look(self, reader)
        if seen.verdict != "untouched":
            WorkflowTask.objects.update(is_open=False, status=2, observed_at=timezone.now())
        return seen

    monkeypatch.setattr(CompleteTask, "look", late)
    monkeypatch.setattr(syncing, "read_screens", lambda pk: None)
    assert answer(task, approver, committing).state == CommandState.CONFIRMED
    task.refresh_from_db()
    assert task.status == 2


def test_it_is_sent_with_the_persons_own_hands(task, approver, employee, committing, sandbox):
    command = answer(task, approver, committing)
    assert command.as_person == employee
    call = sandbox.calls(COMPLETE)[0]
    assert call["user_id"] == str(employee.remote_id)


def test_the_connection_of_the_portal_is_never_used_to_answer(task, approver, committing, sandbox):
    PersonToken.objects.all().delete()
    with pytest.raises(NotPossible, match="token_needed_to_answer"):
        answer(task, approver, committing)
    assert sandbox.calls() == []


def test_nobody_answers_for_somebody_else(task, administrator, approver, committing, sandbox):
    for who in (administrator, account("maria2", "Maria", Role.MANAGER)):
        with pytest.raises(PermissionDenied):
            answer(task, who, committing)
    assert not Command.objects.exists()
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.DENIED).count() == 2
    assert sandbox.calls() == []


def test_answered_on_the_portal_meanwhile_is_an_outcome_and_nothing_is_sent(
    task, approver, committing, sandbox, employee
):
    sandbox.complete_task(task.remote_id, user_id=employee.remote_id, answer="no")
    sandbox.clear_calls()
    before = len(sandbox.ledger())
    command = answer(task, approver, committing)
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "already_answered")
    assert "Already answered by" in command_error(command)
    assert "rejected" in command_error(command)
    assert sandbox.calls(COMPLETE) == []
    assert len(sandbox.ledger()) == before
    task.refresh_from_db()
    assert not task.is_open


def test_the_same_answer_given_there_is_not_counted_as_ours(
    task, approver, committing, sandbox, employee
):
    sandbox.complete_task(task.remote_id, user_id=employee.remote_id, answer="yes")
    command = answer(task, approver, committing)
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "already_answered")


def test_a_workflow_that_ended_meanwhile_is_an_outcome(task, approver, committing, sandbox):
    sandbox.end_workflow(task.workflow.remote_id)
    command = answer(task, approver, committing)
    assert command.state == CommandState.CANCELLED
    assert command.error_code in ("workflow_ended", "already_answered")
    assert sandbox.calls(COMPLETE) == []


def test_a_task_delegated_away_is_an_outcome(task, approver, committing, sandbox, other, employee):
    sandbox.delegate(task.remote_id, employee.remote_id, other.remote_id)
    command = answer(task, approver, committing)
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "delegated_away")
    assert "Boris Titov" in command_error(command)
    assert sandbox.calls(COMPLETE) == []


def test_a_lost_answer_that_was_applied_is_confirmed_by_evidence_and_never_repeated(
    task, approver, committing, sandbox
):
    sandbox.fail_next("timeout_after_apply", method=COMPLETE, hold=3)
    command = answer(task, approver, committing)
    assert command.state == CommandState.CONFIRMED
    assert methods(sandbox) == [COMPLETE]
    assert len(sandbox.calls(COMPLETE)) == 1


def test_a_lost_answer_that_was_not_applied_is_sent_again_only_after_the_settle_time(
    task, approver, committing, sandbox, settings
):
    sandbox.fail_next("timeout_before_apply", method=COMPLETE, hold=3)
    command = answer(task, approver, committing)
    assert command.state == CommandState.UNKNOWN
    with committing():
        commands.settle(command.pk)
    assert fresh(command).state == CommandState.UNKNOWN
    assert methods(sandbox) == []
    later(command, settings.SETTLE_TIME + 1)
    with committing():
        commands.settle(command.pk)
    assert fresh(command).state == CommandState.CONFIRMED
    assert methods(sandbox) == [COMPLETE]


def test_a_lost_answer_while_somebody_else_settled_it_is_not_claimed(
    task, approver, committing, sandbox, employee
):
    """The portal answers nothing, and meanwhile the person rejects there."""
    sandbox.fail_next("timeout_before_apply", method=COMPLETE, hold=3)
    command = answer(task, approver, committing)
    sandbox.complete_task(task.remote_id, user_id=employee.remote_id, answer="no")
    with committing():
        commands.settle(command.pk)
    command = fresh(command)
    assert (command.state, command.error_code) == (CommandState.NOT_APPLIED, "already_answered")
    assert len(sandbox.calls(COMPLETE)) == 1


def test_a_refusal_of_the_step_is_shown_in_the_portals_words_and_not_repeated(
    portal, sandbox, sync, committing, gives_token, door
):
    number = sandbox.ask([2], CommentRequired="YR", CommentLabelMessage="Причина")
    sync()
    task = portal.workflow_tasks.get(remote_id=number)
    person = task.assignments.get().person
    who = account("olga", "Olga Petrova", Role.PARTICIPANT)
    LinkedPerson.objects.create(user=who, portal=portal, person=person)
    gives_token(person)
    command = answer(task, who, committing, status=2)
    assert (command.state, command.error_code) == (CommandState.REJECTED, "ERROR_TASK_EXECUTION")
    assert "Причина" in command_error(command)
    assert len(sandbox.calls(COMPLETE)) == 1
    task.refresh_from_db()
    assert task.is_open


def test_a_lie_is_disputed_and_never_called_confirmed(task, approver, committing, sandbox):
    sandbox.fail_next("lie", method=COMPLETE)
    command = answer(task, approver, committing)
    assert command.state == CommandState.DISPUTED
    assert methods(sandbox) == []


# --- taking back -------------------------------------------------------------------------------


def test_within_the_time_for_taking_back_nothing_is_sent(
    task, approver, committing, sandbox, employee, monkeypatch
):
    action = CompleteTask(task=task, person=employee, answer=1, reason="")
    command = fresh(ask(action, approver, committing, delay=5))
    assert command.state == CommandState.INTENT
    assert command.can_be_taken_back
    assert sandbox.calls() == []
    with committing():
        commands.sweep()
    assert sandbox.calls() == []
    assert commands.take_back(command, by=By(account=approver))
    command = fresh(command)
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "taken_back")
    assert command.audit_entries.get(kind="taken_back").actor == approver
    later = timezone.now() + timedelta(seconds=6)
    monkeypatch.setattr(timezone, "now", lambda: later)
    with committing():
        commands.sweep()
        commands.carry_out(command.pk, worker="test")
    assert sandbox.calls() == []


def test_after_it_the_answer_leaves_and_cannot_be_taken_back(
    task, approver, committing, sandbox, employee
):
    action = CompleteTask(task=task, person=employee, answer=1, reason="")
    command = fresh(ask(action, approver, committing, delay=5))
    Command.objects.filter(pk=command.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    with committing():
        commands.sweep()
    command = fresh(command)
    assert command.state == CommandState.CONFIRMED
    assert not commands.take_back(command, by=By(account=approver))
    assert fresh(command).state == CommandState.CONFIRMED


def test_taking_back_what_a_worker_has_just_claimed_is_too_late(
    task, approver, committing, employee, monkeypatch
):
    action = CompleteTask(task=task, person=employee, answer=1, reason="")
    command = fresh(ask(action, approver, committing, delay=5))
    Command.objects.filter(pk=command.pk).update(state=CommandState.SENDING, epoch=1, sends=1)
    assert not commands.take_back(command, by=By(account=approver))
    assert fresh(command).state == CommandState.SENDING


# --- files --------------------------------------------------------------------------------------


@pytest.fixture
def request_task(portal, sandbox, sync, door):
    fields = [
        {"Name": "Scan", "Title": "Скан", "Type": "file", "Required": "1"},
        {"Name": "Amount", "Title": "Сумма", "Type": "double"},
    ]
    number = sandbox.ask([2], kind="RequestInformationActivity", RequestedInformation=fields)
    sync()
    return portal.workflow_tasks.get(remote_id=number)


def test_a_file_is_kept_encrypted_until_the_command_settles_and_then_deleted(
    request_task, portal, gives_token, committing, sandbox
):
    person = request_task.assignments.get().person
    who = account("olga", "Olga Petrova", Role.PARTICIPANT)
    LinkedPerson.objects.create(user=who, portal=portal, person=person)
    gives_token(person)
    sent = SentFile.of("Scan", "скан.pdf", b"%PDF \xff\x00 the content")
    action = CompleteTask(
        task=request_task, person=person, answer=3, reason="", files=(sent,),
        fields={"Amount": "12.50"},
    )  # fmt: skip
    command = ask(action, who, committing, delay=5)
    kept = CommandFile.objects.get()
    assert (kept.name, kept.content) == ("скан.pdf", sent.content)
    assert "content" not in str(command.inputs)
    Command.objects.update(not_before=None)
    with committing():
        commands.carry_out(command.pk, worker="test")
    assert fresh(command).state == CommandState.CONFIRMED
    assert not CommandFile.objects.exists()
    applied = sandbox.ledger()[0]
    assert "скан.pdf" in str(applied)


def test_a_file_of_an_answer_that_was_taken_back_is_deleted(
    request_task, portal, gives_token, committing
):
    person = request_task.assignments.get().person
    who = account("olga", "Olga Petrova", Role.PARTICIPANT)
    LinkedPerson.objects.create(user=who, portal=portal, person=person)
    gives_token(person)
    action = CompleteTask(
        task=request_task, person=person, answer=3, reason="",
        files=(SentFile.of("Scan", "a.pdf", b"x"),),
    )  # fmt: skip
    command = ask(action, who, committing, delay=5)
    commands.take_back(command, by=By(account=who))
    assert not CommandFile.objects.exists()


# --- delegating ---------------------------------------------------------------------------------


def test_an_administrator_moves_anybodys_task_through_the_portals_connection(
    task, administrator, committing, sandbox, other, employee
):
    command = delegate(task, administrator, committing, other)
    assert command.state == CommandState.CONFIRMED
    assert command.as_person is None
    assert command.on_behalf_of == str(employee)
    assert methods(sandbox) == [DELEGATE]
    waiting = task.assignments.filter(gone_at=None).get()
    assert waiting.person == other
    entry = command.audit_entries.get(kind="intent")
    assert (entry.actor_name, entry.on_behalf_of) == ("Anna Koroleva", str(employee))


def test_a_person_delegates_with_their_own_hands(task, approver, committing, sandbox, other):
    command = delegate(task, approver, committing, other)
    # only a head of the receiver may: the portal says so, and it is shown
    assert command.state == CommandState.REJECTED
    assert command.error_code == "ERROR_DELEGATION_NOT_ALLOWED"
    assert sandbox.calls(DELEGATE)[0]["user_id"] == str(approver.person_at(task.portal).remote_id)
    assert methods(sandbox) == []


def test_a_head_delegates_what_waits_for_a_subordinate(
    portal, sandbox, sync, task, other, committing, gives_token
):
    head = sandbox.add_user("Marina", "Lebedeva")
    department = sandbox.add_department("Sales", head=head)
    for user in (2, other.remote_id):
        sandbox.change_user(user, departments=[department])
    sync()
    person = Person.objects.get(portal=portal, remote_id=head)
    who = account("marina", "Marina Lebedeva", Role.MANAGER)
    LinkedPerson.objects.create(user=who, portal=portal, person=person)
    gives_token(person)
    command = delegate(task, who, committing, other)
    assert command.state == CommandState.CONFIRMED
    assert command.as_person == person
    assert methods(sandbox) == [DELEGATE]


def test_a_manager_without_a_token_delegates_nothing(task, manager, committing, other, portal):
    sales = portal.departments.first()
    sales.head = Person.objects.create(portal=portal, remote_id=900, name="Head")
    sales.save()
    LinkedPerson.objects.create(user=manager, portal=portal, person=sales.head)
    with pytest.raises(NotPossible, match="token_needed_to_delegate"):
        delegate(task, manager, committing, other)


def test_a_strangers_task_is_not_delegated(task, manager, committing, other, sandbox):
    with pytest.raises(PermissionDenied):
        delegate(task, manager, committing, other)
    assert sandbox.calls(DELEGATE) == []


def test_a_task_is_given_only_to_working_employees_who_are_not_in_it_yet(
    task, administrator, committing, other, employee
):
    with pytest.raises(NotPossible, match="already_takes_part"):
        delegate(task, administrator, committing, employee)
    other.is_active = False
    with pytest.raises(NotPossible, match="receiver_works_no_more"):
        delegate(task, administrator, committing, other)


def test_a_lost_delegation_is_settled_by_who_has_the_task(
    task, administrator, committing, sandbox, other
):
    sandbox.fail_next("timeout_after_apply", method=DELEGATE, hold=3)
    command = delegate(task, administrator, committing, other)
    assert command.state == CommandState.CONFIRMED
    assert methods(sandbox) == [DELEGATE]


def test_a_lost_delegation_while_a_third_person_has_the_task_now_is_not_claimed(
    task, administrator, committing, sandbox, other, employee
):
    third = sandbox.add_user("Vera", "Zakharova")
    sandbox.fail_next("timeout_before_apply", method=DELEGATE, hold=3)
    command = delegate(task, administrator, committing, other)
    sandbox.delegate(task.remote_id, employee.remote_id, third)
    with committing():
        commands.settle(command.pk)
    assert fresh(command).state == CommandState.GONE
    assert fresh(command).error_code == "delegated_away"


def test_a_lost_delegation_to_whom_another_part_went_meanwhile_is_not_claimed(
    portal, sandbox, sync, administrator, committing, monkeypatch
):
    """Both were asked for before the receiver took part; then the receiver settles the task."""
    numbers = [sandbox.add_user(name) for name in ("Boris", "Vera", "Gleb")]
    number = sandbox.ask(numbers[:2], ApproveType="any")
    sync()
    first, second, receiver = (Person.objects.get(portal=portal, remote_id=one) for one in numbers)
    task = portal.workflow_tasks.get(remote_id=number)
    begun = [
        commands.issue(
            DelegateTask(task=task, from_person=one, to_person=receiver, reason="On leave"),
            by=By(account=administrator),
            key=uuid.uuid4(),
        )
        for one in (first, second)
    ]
    commands.carry_out(begun[0].pk, worker="test")
    sandbox.fail_next("timeout_before_apply", method=DELEGATE, hold=3)
    commands.carry_out(begun[1].pk, worker="test")
    sandbox.clear_faults()
    sandbox.complete_task(number, receiver.remote_id, "yes")
    commands.settle(begun[1].pk)
    assert fresh(begun[0]).state == CommandState.CONFIRMED
    assert fresh(begun[1]).word == "refused"
    assert "already takes part" in command_error(fresh(begun[1]))
    assert methods(sandbox) == [DELEGATE]


def test_acting_for_somebody_keeps_both_names(
    task, sandbox, committing, portal, gives_token, employee, sync
):
    who = account("anna2", "Anna Koroleva", Role.PORTAL_ADMINISTRATOR)
    own = Person.objects.get(portal=portal, remote_id=1)
    LinkedPerson.objects.create(user=who, portal=portal, person=own)
    gives_token(own)
    assert delegate(task, who, committing, own).state == CommandState.CONFIRMED
    task.refresh_from_db()
    action = CompleteTask(
        task=task, person=own, answer=1, reason="On leave", on_behalf=str(employee)
    )
    command = fresh(ask(action, who, committing))
    assert command.state == CommandState.CONFIRMED
    entry = command.audit_entries.get(kind="attempt")
    assert (entry.actor_name, entry.on_behalf_of) == ("Anna Koroleva", str(employee))
    assert methods(sandbox) == [DELEGATE, COMPLETE]


# --- tokens -------------------------------------------------------------------------------------


def test_an_expired_token_is_refreshed_once_and_the_answer_goes_out(
    task, approver, committing, sandbox
):
    before = PersonToken.objects.get()
    sandbox.expire_tokens()
    command = answer(task, approver, committing)
    assert command.state == CommandState.CONFIRMED
    after = PersonToken.objects.get()
    assert after.version == before.version + 1
    assert after.access_token.reveal() != before.access_token.reveal()
    assert after.refresh_token.reveal() != before.refresh_token.reveal()
    assert len(sandbox.calls("oauth.token")) == 1
    assert methods(sandbox) == [COMPLETE]


def test_a_dead_refresh_token_lets_the_work_wait_and_a_new_sign_in_lets_it_go_on(
    task, approver, committing, sandbox, comes_in, client, employee
):
    sandbox.revoke_tokens()
    command = answer(task, approver, committing)
    assert (command.state, command.error_code) == (CommandState.INTENT, "reconnect_needed")
    assert "sign in with Bitrix24 again" in command_error(command)
    assert PersonToken.objects.get().lost_at is not None
    assert sandbox.calls(COMPLETE) == []
    # it waits for longer than anything else would
    Command.objects.update(requested_at=timezone.now() - timedelta(days=3), next_check_at=None)
    with committing():
        commands.sweep()
    assert fresh(command).state == CommandState.INTENT
    task.portal.__class__.objects.update(admits_everybody=True)
    with committing():
        comes_in(client, employee.remote_id)
    assert fresh(command).state == CommandState.CONFIRMED
    assert methods(sandbox) == [COMPLETE]


def test_a_refresh_whose_answer_was_lost_is_tried_again_and_only_a_refusal_is_final(
    task, approver, committing, sandbox
):
    sandbox.expire_tokens()
    sandbox.fail_next("timeout_before_apply", method="oauth.token", hold=3)
    command = answer(task, approver, committing)
    assert command.state == CommandState.INTENT
    assert PersonToken.objects.get().lost_at is None
    assert PersonToken.objects.get().refreshing_until is None
    Command.objects.update(next_check_at=None)
    with committing():
        commands.sweep()
    assert fresh(command).state == CommandState.CONFIRMED


def test_a_pair_that_was_rotated_and_lost_needs_a_new_sign_in(task, approver, committing, sandbox):
    sandbox.expire_tokens()
    sandbox.fail_next("timeout_after_apply", method="oauth.token", hold=3)
    command = answer(task, approver, committing)
    Command.objects.update(next_check_at=None)
    with committing():
        commands.sweep()
    command = fresh(command)
    assert (command.state, command.error_code) == (CommandState.INTENT, "reconnect_needed")


def test_a_refresh_that_was_held_up_past_its_lease_still_brings_the_pair(
    door, gives_token, task, monkeypatch
):
    """Another process tries the same refresh token meanwhile, and is told that it is spent."""
    person = task.assignments.get().person
    row = gives_token(person)
    PersonToken.objects.update(expired_at=timezone.now())
    refresh = bitrix.TokenServer.refresh

    def held_up(self, spent):
        pair = refresh(self, spent)
        monkeypatch.setattr(bitrix.TokenServer, "refresh", refresh)
        PersonToken.objects.update(refreshing_until=timezone.now() - timedelta(seconds=1))
        with pytest.raises(tokens.ReconnectNeeded):
            tokens.usable(person)
        return pair

    monkeypatch.setattr(bitrix.TokenServer, "refresh", held_up)
    assert tokens.usable(person).version == row.version + 1
    assert not tokens.is_lost(person)


def test_an_application_that_was_removed_is_no_persons_loss(task, approver, committing, sandbox):
    sandbox.expire_tokens()
    sandbox.remove_application()
    command = answer(task, approver, committing)
    assert command.state == CommandState.INTENT
    assert PersonToken.objects.get().lost_at is None
    assert sandbox.calls(COMPLETE) == []


# --- rights when it is carried out --------------------------------------------------------------


def test_a_dismissed_person_stops_also_in_running_work(
    task, approver, committing, sandbox, employee
):
    approver.follows_portal, approver.home = True, task.portal
    approver.save()
    task.portal.__class__.objects.update(admits_everybody=True)
    action = CompleteTask(task=task, person=employee, answer=1, reason="")
    command = ask(action, approver, committing, delay=60)
    sandbox.change_user(employee.remote_id, active=False)
    syncing.follow_portal(task.portal_id)
    Command.objects.update(not_before=None)
    with committing():
        commands.carry_out(command.pk, worker="test")
    command = fresh(command)
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "no_longer_allowed")
    assert sandbox.calls(COMPLETE) == []


def test_an_administrator_demoted_a_moment_ago_is_not_obeyed(
    task, sandbox, committing, portal, gives_token, other, sync
):
    """No look has noticed it yet: the portal is asked with their own token before the write."""
    number = sandbox.add_user("Greta", "Lang", admin=True)
    sync()
    own = Person.objects.get(portal=portal, remote_id=number)
    own.is_administrator = True
    own.save()
    who = account("greta", "Greta Lang", Role.PORTAL_ADMINISTRATOR)
    who.follows_portal, who.home = True, portal
    who.save()
    LinkedPerson.objects.create(user=who, portal=portal, person=own)
    gives_token(own)
    sandbox.change_user(number, admin=False)
    command = delegate(task, who, committing, other)
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "no_longer_allowed")
    assert sandbox.calls(DELEGATE) == []
    who = type(who).objects.get(pk=who.pk)
    assert who.role is None


def test_whoever_lost_the_person_meanwhile_is_not_obeyed(
    task, approver, committing, sandbox, employee
):
    action = CompleteTask(task=task, person=employee, answer=1, reason="")
    command = ask(action, approver, committing, delay=60)
    LinkedPerson.objects.all().delete()
    Command.objects.update(not_before=None)
    with committing():
        commands.carry_out(command.pk, worker="test")
    assert fresh(command).error_code == "no_longer_allowed"
    assert sandbox.calls(COMPLETE) == []


def test_one_who_is_no_administrator_any_more_does_not_act_with_the_portals_connection(
    task, administrator, committing, sandbox, other, employee
):
    LinkedPerson.objects.create(user=administrator, portal=task.portal, person=employee)
    action = DelegateTask(task=task, from_person=employee, to_person=other, reason="On leave")
    command = ask(action, administrator, committing, delay=60)
    assert command.as_person is None
    administrator.groups.set(Group.objects.filter(name=Role.PARTICIPANT.value))
    Command.objects.update(not_before=None)
    with committing():
        commands.carry_out(command.pk, worker="test")
    assert fresh(command).error_code == "no_longer_allowed"
    assert sandbox.calls(DELEGATE) == []


def test_the_token_of_a_person_somebody_no_longer_is_is_not_used(
    workflow, committing, sandbox, gives_token, portal, sync
):
    number = sandbox.add_user("Second", "Admin", admin=True)
    sync()
    first, second = (Person.objects.get(portal=portal, remote_id=one) for one in (1, number))
    who = account("greta", "Greta Lang", Role.PORTAL_ADMINISTRATOR)
    link = LinkedPerson.objects.create(user=who, portal=portal, person=first)
    gives_token(first)
    command = ask(TerminateWorkflow(workflow=workflow, reason="x"), who, committing, delay=60)
    assert command.as_person == first
    link.person = second
    link.save()
    Command.objects.update(not_before=None)
    with committing():
        commands.carry_out(command.pk, worker="test")
    assert fresh(command).error_code == "no_longer_allowed"
    assert sandbox.ledger() == []


# --- what the portal does after our answer ------------------------------------------------------


@pytest.fixture
def two_asked(portal, sandbox, sync, door, gives_token):
    """An approval of two people that times out after an hour, the first of them signed in."""
    second = sandbox.add_user("Boris", "Titov")
    number = sandbox.ask(
        [2, second], ApproveType="all", TimeoutDuration=60, TimeoutDurationType="m"
    )
    sync()
    person = Person.objects.get(portal=portal, remote_id=2)
    who = account("olga", "Olga Petrova", Role.PARTICIPANT)
    LinkedPerson.objects.create(user=who, portal=portal, person=person)
    gives_token(person)
    return portal.workflow_tasks.get(remote_id=number), who, person


@pytest.mark.parametrize(
    ("status", "found"), [(1, CommandState.CONFIRMED), (2, CommandState.CONFIRMED)]
)
def test_an_answer_taken_before_the_time_ran_out_is_not_called_too_late(
    two_asked, committing, sandbox, status, found
):
    task, who, person = two_asked
    sandbox.fail_next("bad_gateway", method="bizproc.task.list", skip=1, times=20)
    action = CompleteTask(task=task, person=person, answer=status, reason="")
    command = fresh(ask(action, who, committing))
    assert command.state == CommandState.ACCEPTED
    sandbox.clear_faults()
    sandbox.advance(hours=2)
    with committing():
        commands.settle(command.pk)
    assert fresh(command).state == found
    assert methods(sandbox) == [COMPLETE]


def test_a_lost_no_that_a_time_out_looks_like_is_not_claimed(two_asked, committing, sandbox):
    task, who, person = two_asked
    sandbox.fail_next("timeout_before_apply", method=COMPLETE, hold=3)
    action = CompleteTask(task=task, person=person, answer=2, reason="")
    command = fresh(ask(action, who, committing))
    sandbox.advance(hours=2)
    with committing():
        commands.settle(command.pk)
    assert (fresh(command).state, fresh(command).error_code) == (CommandState.GONE, "timed_out")


def test_what_waits_for_a_judgement_is_settled_once_its_part_is_answered(
    two_asked, committing, sandbox, sync
):
    """The task goes on: the other person has not answered yet."""
    task, who, person = two_asked
    action = CompleteTask(task=task, person=person, answer=2, reason="")
    command = ask(action, who, committing, delay=60)
    Command.objects.update(state=CommandState.NEEDS_HUMAN, sends=2, epoch=2, checks=9)
    with committing():
        commands.sweep()
    assert fresh(command).state == CommandState.NEEDS_HUMAN
    sandbox.complete_task(task.remote_id, person.remote_id, "yes")
    sync()
    task.refresh_from_db()
    assert task.is_open
    Command.objects.update(next_check_at=timezone.now())
    with committing():
        commands.sweep()
    assert fresh(command).state == CommandState.NOT_APPLIED


def test_a_step_that_fails_after_the_answer_was_taken_is_not_called_refused(
    task, approver, committing, sandbox, monkeypatch
):
    """An error of the portal's own after the vote: status 400 with a number (reference 2.1)."""
    send = CompleteTask.send

    def failing(self, writer):
        send(self, writer)
        raise bitrix.Refused("1042", "Call to a member function on null", status=400)

    monkeypatch.setattr(CompleteTask, "send", failing)
    command = answer(task, approver, committing)
    assert command.state == CommandState.GONE
    assert methods(sandbox) == [COMPLETE]


# --- waiting for a sign-in ----------------------------------------------------------------------


@pytest.fixture
def waits(task, approver, committing, employee, sandbox):
    """An answer that waits for its person to sign in again, asked for hours ago."""
    sandbox.revoke_tokens()
    command = answer(task, approver, committing)
    Command.objects.update(requested_at=timezone.now() - timedelta(hours=5), next_check_at=None)
    sandbox.clear_calls()
    return command


def test_while_it_waits_the_portal_is_not_asked(waits, committing, sandbox):
    for _ in range(5):
        Command.objects.update(next_check_at=None)
        with committing():
            commands.carry_out(waits.pk, worker="test")
    assert sandbox.calls() == []
    assert fresh(waits).state == CommandState.INTENT


def test_a_sign_in_at_the_moment_it_begins_to_wait_is_not_missed(
    task, approver, committing, sandbox, gives_token, employee, monkeypatch
):
    sandbox.revoke_tokens()
    wait = sending.wait_for_sign_in

    def overtaken(command, **since):
        gives_token(employee)
        portal_sign_in.resume_work(employee)
        wait(command, **since)

    monkeypatch.setattr(sending, "wait_for_sign_in", overtaken)
    command = answer(task, approver, committing)
    assert fresh(command).state == CommandState.CONFIRMED


def test_a_hiccup_right_after_the_sign_in_loses_nothing(
    waits, committing, sandbox, gives_token, employee
):
    gives_token(employee)
    sandbox.fail_next("bad_gateway", method="bizproc.task.list", times=2)
    with committing():
        portal_sign_in.resume_work(employee)
    assert fresh(waits).state == CommandState.INTENT
    sandbox.clear_faults()
    Command.objects.update(next_check_at=None)
    with committing():
        commands.sweep()
    assert fresh(waits).state == CommandState.CONFIRMED


def test_after_a_week_it_is_given_up_and_its_target_is_free(waits, committing, sandbox):
    Command.objects.update(requested_at=timezone.now() - timedelta(days=8))
    with committing():
        commands.carry_out(waits.pk, worker="test")
    command = fresh(waits)
    assert command.state == CommandState.CANCELLED
    assert "Nothing was sent" in command_error(command)


# --- keys ---------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_opened_is_found_out_before_anything_is_claimed(
    request_task, portal, gives_token, committing, sandbox
):
    person = request_task.assignments.get().person
    who = account("olga", "Olga Petrova", Role.PARTICIPANT)
    LinkedPerson.objects.create(user=who, portal=portal, person=person)
    gives_token(person)
    action = CompleteTask(
        task=request_task, person=person, answer=3, reason="",
        files=(SentFile.of("Scan", "a.pdf", b"x"),),
    )  # fmt: skip
    command = ask(action, who, committing, delay=60)
    foreign = Fernet(Fernet.generate_key()).encrypt(b"x")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bizproc_admin_commandfile SET content = %s", [foreign])
    Command.objects.update(not_before=None)
    with committing():
        commands.carry_out(command.pk, worker="test")
    command = fresh(command)
    assert (command.state, command.error_code) == (CommandState.INTENT, "secrets_unreadable")
    assert sandbox.calls(COMPLETE) == []


def test_a_missing_key_does_not_make_a_token_lost(door, gives_token, settings, task):
    person = task.assignments.get().person
    gives_token(person)
    PersonToken.objects.update(expired_at=timezone.now())
    keys = settings.FIELD_KEYS
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    fields.keyring.cache_clear()
    with pytest.raises(bitrix.NotSent):
        tokens.usable(person)
    settings.FIELD_KEYS = keys
    fields.keyring.cache_clear()
    assert tokens.usable(person).version == 2
