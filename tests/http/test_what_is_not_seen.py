"""What a connection may not see has not ended: nothing is marked, and the page says why."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from bizproc_admin import commands, syncing
from bizproc_admin.actions import CompleteTask, DelegateTask, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.bitrix.list_calls import Listing
from bizproc_admin.bitrix.transport import Transport
from bizproc_admin.models import (
    Assignment,
    Command,
    CommandState,
    Department,
    Feed,
    LinkedPerson,
    Person,
    SyncRun,
    Workflow,
    WorkflowTask,
    WorkflowTemplate,
)
from bizproc_admin.secrets.fields import Secret
from tests.conftest import account

pytestmark = pytest.mark.portable

OWNER = 1


def run_pass(name, portal, *, full=True):
    feed = Feed.objects.get(portal=portal, name=name)
    later = None if full else timezone.now() + timedelta(hours=1)
    Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=later)
    syncing.sync(feed.pk, worker="test")
    return SyncRun.objects.filter(feed=feed).latest_first().first()


def known(portal):
    """Give all that could be marked as over, as it stands."""
    return {
        "workflows": set(Workflow.objects.values_list("remote_id", "is_running")),
        "tasks": set(WorkflowTask.objects.values_list("remote_id", "is_open", "gone_at")),
        "parts": set(Assignment.objects.values_list("task", "person", "status", "gone_at")),
        "templates": set(WorkflowTemplate.objects.values_list("remote_id", "gone_at")),
        "people": set(Person.objects.values_list("remote_id", "is_active", "email", "gone_at")),
        "departments": set(Department.objects.values_list("remote_id", "gone_at", "head")),
        "members": set(Person.departments.through.objects.values_list("person", "department")),
    }


def lost(before, portal):
    """Give what is no longer as it was; more may have become known."""
    now = known(portal)
    return {name: rows - now[name] for name, rows in before.items() if rows - now[name]}


def lose_rights(sandbox, how):
    match how:
        case "rights":
            sandbox.change_user(OWNER, admin=False)
        case "extranet":
            sandbox.change_user(OWNER, user_type="extranet", admin=False)
        case "extranet administrator":
            sandbox.change_user(OWNER, user_type="extranet")


def give_webhook(sandbox, portal, scopes):
    path = sandbox.add_webhook(OWNER, scopes)
    portal.webhook = Secret(sandbox.portal_url.rstrip("/") + path)
    portal.save()


@pytest.fixture
def company(sandbox, portal, workflow, sync):
    """A portal with a few dozen workflows, people and departments; who owns what is mixed."""
    sandbox.load("demo", workflows=60, seed=7)
    sync()
    assert WorkflowTask.objects.open().count() > 10
    assert Department.objects.filter(gone_at=None).count() > 1
    return known(portal)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("name", ["workflows", "workflow_tasks", "workflow_templates", "people"])
@pytest.mark.parametrize("how", ["rights", "extranet"])
def test_an_owner_who_is_no_administrator_any_more_ends_nothing(
    company, sandbox, portal, name, full, how
):
    lose_rights(sandbox, how)
    run = run_pass(name, portal, full=full)
    assert (run.state, run.error_code) == (SyncRun.State.FAILED, "not_administrator")
    assert not lost(company, portal)
    sandbox.change_user(OWNER, admin=True, user_type="employee")
    assert run_pass(name, portal, full=full).state == SyncRun.State.COMPLETE
    assert Feed.objects.get(portal=portal, name=name).failure_code == ""
    assert not lost(company, portal)


def test_an_administrator_who_is_an_extranet_user_sees_not_everybody(company, sandbox, portal):
    lose_rights(sandbox, "extranet administrator")
    assert run_pass("people", portal).error_code == "not_administrator"
    assert not lost(company, portal)


def test_the_pages_say_in_words_what_an_owner_without_rights_means(
    company, sandbox, portal, as_, administrator, manager
):
    lose_rights(sandbox, "rights")
    run = run_pass("workflow_tasks", portal)
    assert run.error_code == "not_administrator"
    body = as_(administrator).get(f"/portals/{portal.pk}/").content.decode()
    assert "no longer an administrator of the portal" in body
    assert "not_administrator" in body
    assert "Give the owner administrator rights" in body
    assert "no longer an administrator of the portal" in (
        as_(manager).get("/workflow-tasks/").content.decode()
    )


def test_a_look_at_a_workflow_by_an_owner_without_rights_withdraws_no_task(
    workflow, sandbox, portal
):
    before = known(portal)
    lose_rights(sandbox, "rights")
    syncing.read_again(workflow.portal, [workflow.pk])
    assert not lost(before, portal)


@pytest.mark.parametrize("scope", ["bizproc", "user", "department"])
def test_a_permission_that_is_taken_away_ends_nothing(company, sandbox, portal, scope):
    left = [one for one in ("bizproc", "user", "department") if one != scope]
    give_webhook(sandbox, portal, left)
    states = set()
    for name in ("workflows", "workflow_tasks", "workflow_templates", "people"):
        for full in (True, False):
            states.add(run_pass(name, portal, full=full).state)
    assert SyncRun.State.FAILED in states
    assert not lost(company, portal)


def test_a_narrower_permission_for_people_erases_nothing_it_leaves_out(company, sandbox, portal):
    assert Person.objects.exclude(email="").exists()
    give_webhook(sandbox, portal, ["bizproc", "user_brief", "department"])
    assert run_pass("people", portal).state == SyncRun.State.COMPLETE
    assert not lost(company, portal)


def test_who_is_not_shown_is_not_taken_for_dismissed(company, sandbox, portal):
    person = Person.objects.get(remote_id=2)
    follower = account("olga", "Olga Petrova", None)
    follower.follows_portal, follower.home = True, portal
    follower.save()
    LinkedPerson.objects.create(user=follower, portal=portal, person=person)
    for how in ("rights", "extranet", "extranet administrator"):
        lose_rights(sandbox, how)
        syncing.follow_portal(portal.pk)
        assert not lost(company, portal), how
        sandbox.change_user(OWNER, admin=True, user_type="employee")


# --- commands ------------------------------------------------------------------------------------


def test_an_answer_in_doubt_stays_in_doubt_while_the_owner_sees_only_a_part(
    task, approver, sandbox, portal, settings
):
    settings.SETTLE_TIME = 0
    person = task.assignments.get().person
    command = commands.issue(
        CompleteTask(task=task, person=person, answer=1, reason=""),
        by=By(account=approver),
        key=uuid4(),
    )
    sandbox.fail_next("timeout_after_apply", method="bizproc.task.complete", hold=0.1)
    settings.READ_TIMEOUT = 0.5
    # the owner loses the rights between the look before the answer and the one after it
    sandbox.fail_next("ACCESS_DENIED", method="bizproc.workflow.instances", times=9, skip=1)
    commands.carry_out(command.pk, worker="test")
    command.refresh_from_db()
    assert command.state == CommandState.UNKNOWN
    assert command.error_code != "workflow_ended"
    commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.UNKNOWN
    task.refresh_from_db()
    assert task.is_open
    sandbox.clear_faults()
    commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED


@pytest.mark.parametrize("kind", ["complete", "delegate", "terminate"])
def test_an_intent_whose_look_proves_nothing_waits(
    task, approver, administrator, sandbox, portal, kind
):
    person = task.assignments.get().person
    other = Person.objects.exclude(pk=person.pk).filter(user_type="employee").first()
    action, actor = {
        "complete": (CompleteTask(task=task, person=person, answer=1, reason=""), approver),
        "delegate": (
            DelegateTask(task=task, from_person=person, to_person=other, reason="away"),
            administrator,
        ),
        "terminate": (TerminateWorkflow(workflow=task.workflow, reason="no"), administrator),
    }[kind]
    command = commands.issue(action, by=By(account=actor), key=uuid4())
    lose_rights(sandbox, "rights")
    commands.carry_out(command.pk, worker="test")
    command.refresh_from_db()
    assert (command.state, command.error_code) == (CommandState.INTENT, "not_administrator")
    assert sandbox.ledger() == []
    sandbox.change_user(OWNER, admin=True)
    Command.objects.filter(pk=command.pk).update(next_check_at=None, not_before=None)
    commands.carry_out(command.pk, worker="test")
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED


# --- lists that break off ------------------------------------------------------------------------


def test_a_pass_over_a_list_that_counts_more_than_it_gives_marks_nothing(
    sandbox, portal, sync, monkeypatch, as_, administrator
):
    sandbox.load("demo", workflows=200, seed=7)
    sync()
    open_tasks = WorkflowTask.objects.open().count()
    assert open_tasks > 60
    answer_of = Transport._answer

    def without_next(self, method, envelope, exchange):
        answer = answer_of(self, method, envelope, exchange)
        return replace(answer, next=None) if method == "bizproc.task.list" else answer

    monkeypatch.setattr(Transport, "_answer", without_next)
    assert run_pass("workflow_tasks", portal).state == SyncRun.State.COMPLETE
    assert WorkflowTask.objects.open().count() == open_tasks

    def first_page_only(self, want, filter):
        return call_of(self, replace(want, start=0), filter)

    call_of = Listing.call
    monkeypatch.setattr(Listing, "call", first_page_only)
    run = run_pass("workflow_tasks", portal)
    assert (run.state, run.error_code) == (SyncRun.State.FAILED, "incomplete")
    assert WorkflowTask.objects.open().count() == open_tasks
    body = as_(administrator).get(f"/portals/{portal.pk}/").content.decode()
    assert "counts more rows than it gives" in body
