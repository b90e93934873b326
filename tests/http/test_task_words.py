"""What is said of commands on workflow tasks outside of the inbox."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import CompleteTask, DelegateTask
from bizproc_admin.audit import By
from bizproc_admin.models import CommandState, Person, Role
from bizproc_admin.wording import acts
from bizproc_admin.wording.timelines import command_events, task_events

pytestmark = pytest.mark.portable


@pytest.fixture
def employee(task):
    return task.assignments.get().person


@pytest.fixture
def answered(task, approver, employee, committing):
    action = CompleteTask(
        task=task, person=employee, answer=1, comment="Согласовано", reason="",
        on_behalf="Ivan Sidorov",
    )  # fmt: skip
    with committing():
        return commands.issue(action, by=By(account=approver), key=uuid.uuid4())


@pytest.fixture
def delegated(task, administrator, employee, portal, committing, sandbox, sync):
    number = sandbox.add_user("Boris", "Titov")
    sync()
    other = Person.objects.get(portal=portal, remote_id=number)
    action = DelegateTask(task=task, from_person=employee, to_person=other, reason="On leave")
    with committing():
        return commands.issue(action, by=By(account=administrator), key=uuid.uuid4())


def text_of(client, name, *args):
    return client.get(reverse(name, args=args)).content.decode()


def test_the_page_of_an_answer_names_it_and_for_whom(as_, administrator, answered, task):
    caption = task.answers[0].caption
    said = text_of(as_(administrator), "command_detail", answered.pk)
    for words in (caption, "On behalf of", "Ivan Sidorov", "Согласовано", "With whose hands"):
        assert words in said
    assert reverse("workflow_task_detail", args=[task.pk]) in said
    assert "the workflow has ended" not in said
    assert "Read again: the task is as asked" in said


def test_the_page_of_a_delegation_names_who_receives(as_, administrator, delegated, employee):
    said = text_of(as_(administrator), "command_detail", delegated.pk)
    for words in ("To whom", "Boris Titov", "Whose part", str(employee), "On leave"):
        assert words in said


def test_the_course_of_a_workflow_says_from_whom_to_whom(
    as_, administrator, delegated, employee, task
):
    client = as_(administrator)
    words = f"Delegation of “{task}” from {employee} to Boris Titov"
    workflow = text_of(client, "workflow_detail", task.workflow_id)
    assert workflow.count(words) >= 3  # twice in its course and once among the commands
    assert words in text_of(client, "workflow_task_detail", task.pk)


@pytest.mark.parametrize("which", ["answered", "delegated"])
def test_the_audit_history_says_for_whom(as_, auditor, request, which):
    command = request.getfixturevalue(which)
    assert f"for {command.on_behalf_of}" in text_of(as_(auditor), "audit_entry_list")
    entry = command.audit_entries.first()
    assert command.on_behalf_of in text_of(as_(auditor), "audit_entry_detail", entry.pk)


def test_the_audit_history_says_which_answer(as_, auditor, answered, task):
    caption = task.answers[0].caption
    assert f"Answer “{caption}”: {task}" in text_of(as_(auditor), "audit_entry_list")


def test_the_audit_history_says_to_whom(as_, auditor, delegated, task):
    client = as_(auditor)
    assert f"Delegate to Boris Titov: {task}" in text_of(client, "audit_entry_list")
    entry = delegated.audit_entries.first()
    page = text_of(client, "audit_entry_detail", entry.pk)
    assert "Delegate to Boris Titov" in page
    assert "workflow_task<" not in page


def test_what_somebody_else_did_is_told_with_their_name(
    as_, approver, delegated, administrator, task
):
    said = f"Delegation to Boris Titov by {delegated.actor_name}"
    assert said in text_of(as_(approver), "workflow_task_detail", task.pk)
    own = text_of(as_(administrator), "workflow_task_detail", task.pk)
    assert "Delegation to Boris Titov: " in own


def test_who_gave_the_part_away_has_no_share_in_the_answer(task, employee, portal):
    taker = Person.objects.create(
        portal=portal, remote_id=7001, name="Vera Z", observed_at=timezone.now()
    )
    task.assignments.update(gone_at=timezone.now())
    task.assignments.create(person=taker, status=1)
    task.status, task.is_open = 1, False
    assert [event.detail for event in task_events(task)] == ["Vera Z"]


def test_the_course_names_whom_an_open_task_waits_for_and_since_when(task, employee):
    since = timezone.now() - timedelta(days=9)
    task.waiting_since = since
    gone = Person.objects.create(portal=task.portal, remote_id=901, name="Vera Z")
    task.assignments.create(person=gone, gone_at=timezone.now())
    (event,) = task_events(task)
    assert (event.text, event.detail) == (f"Waiting: {task}", str(employee))
    assert event.at == since


def test_a_task_that_everybody_has_answered_waits_for_nobody(as_, administrator, task):
    task.assignments.update(status=1)
    (event,) = task_events(task)
    assert event.text == f"{task}: everybody has answered"
    said = text_of(as_(administrator), "workflow_task_detail", task.pk)
    assert "Everybody has answered; the portal has not closed it yet" in said
    assert "Waits for" not in said and "overdue" not in said


def test_an_answer_is_not_mistaken_for_an_ending(as_, administrator, approver, task, employee):
    client = as_(administrator)
    action = CompleteTask(task=task, person=employee, answer=1, reason="")
    command = commands.issue(action, by=By(account=approver), key=uuid.uuid4(), delay=60)
    assert command.state == CommandState.INTENT
    row = text_of(client, "workflow_row", task.workflow_id)
    assert "Requested" not in row
    page = text_of(client, "workflow_detail", task.workflow_id)
    assert "Answer “" in page
    assert reverse("workflow_task_detail", args=[task.pk]) in page
    dialog = text_of(client, "workflow_termination", task.workflow_id)
    assert "is already terminating this" not in dialog


def test_the_course_of_a_workflow_tells_answers_in_the_portals_words(answered, task):
    answered.refresh_from_db()
    requested, settled = command_events(answered, answered.actor, {})
    caption = task.answers[0].caption
    assert requested.text == (
        f"Answer “{caption}” to “{task}” requested by Olga Petrova on behalf of Ivan Sidorov"
    )
    assert settled.text.endswith(": Confirmed")


@pytest.mark.parametrize(
    ("fields", "words", "tone"),
    [
        ({"state": "cancelled", "error_code": "taken_back"}, "taken back", ""),
        ({"state": "cancelled", "error_code": "already_answered"}, "nothing was sent", ""),
        ({"state": "not_applied", "error_code": "timed_out", "sends": 1}, "overtaken", ""),
        ({"state": "gone", "error_code": "timed_out", "sends": 1}, "not known whether", "warn"),
        ({"state": "rejected", "error_code": "ERROR_TASK_EXECUTION"}, "Refused", "danger"),
    ],
)
def test_what_was_overtaken_is_no_refusal(answered, fields, words, tone):
    # in memory alone: the database lets no settled command change
    answered.settled_at = timezone.now()
    for name, value in fields.items():
        setattr(answered, name, value)
    settled = command_events(answered, answered.actor, {})[-1]
    assert words in settled.text
    assert settled.tone == tone


def test_a_command_on_a_workflow_says_what_it_said(answered):
    answered.task, answered.action = None, "workflow.terminate"
    assert acts.event(answered) == "Terminate"


def test_the_overview_tells_what_waits_for_oneself(as_, approver, administrator, task):
    approver.groups.set([Group.objects.get_or_create(name=Role.MANAGER.value)[0]])
    assert "Waiting for you" in text_of(as_(approver), "overview")
    assert "Waiting for you" not in text_of(as_(administrator), "overview")


@pytest.mark.parametrize("who", ["approver", "auditor"])
def test_the_navigation_counts_what_waits_for_oneself(as_, request, task, who):
    page = text_of(as_(request.getfixturevalue(who)), "frame")
    assert ('data-count="1"' in page) is (who == "approver")
