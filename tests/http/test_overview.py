"""The overview: what needs somebody now, each with its next step."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import Assignment, Command, Person, Role, Workflow, WorkflowTask
from tests.conftest import account


def needs(client):
    answer = client.get(reverse("overview"))
    assert answer.status_code == 200
    return answer.context["needs"], answer.content.decode()


@pytest.fixture
def calm(db, workflow):
    """A portal on which nothing is late, locked or left behind."""
    WorkflowTask.objects.update(overdue_at=None)
    Workflow.objects.update(owned_until=None)
    Assignment.objects.exclude(person__is_active=True).update(status=1)


@pytest.fixture
def command(portal, workflow, administrator):
    def make(state, **more):
        return Command.objects.create(
            key=uuid.uuid4(), digest="", portal=portal, action="workflow.terminate", effect="end",
            target_kind="workflow", target_id=uuid.uuid4().hex, target_label="x",
            workflow=workflow, actor=administrator, actor_name="Anna", actor_role="", state=state,
            **more,
        )  # fmt: skip

    return make


def test_when_nothing_needs_anybody_it_says_so(as_, administrator, calm):
    shown, page = needs(as_(administrator))
    assert shown.is_nothing
    assert "Nothing needs you now" in page


def test_commands_in_doubt_and_refused_ones_lead_to_their_lists(as_, administrator, calm, command):
    command("needs_human", sent_at=timezone.now() - timedelta(hours=5))
    command("unknown", sent_at=timezone.now())
    command("rejected")
    command("cancelled", error_code="taken_back")
    shown, page = needs(as_(administrator))
    assert (shown.unknown, shown.refused, shown.left["count"]) == (2, 1, 1)
    assert "Nobody has said what came of it" in page
    for address in ("?state=unknown", "?state=refused&amp;time=1d"):
        assert f'href="{reverse("command_list")}{address}"' in page


def test_the_longest_locks_stand_there_with_who_is_asked(as_, administrator, calm, workflow):
    Workflow.objects.filter(pk=workflow.pk).update(owned_until=timezone.now() - timedelta(hours=3))
    shown, page = needs(as_(administrator))
    assert [line.pk for line in shown.locks] == [workflow.pk]
    assert shown.locked == 1
    who = Assignment.objects.waiting().filter(task__workflow=workflow).first().person
    assert f"waits for {who}" in page


def test_whose_tasks_are_overdue_leads_to_them(as_, administrator, calm, workflow):
    task = workflow.tasks.get()
    WorkflowTask.objects.filter(pk=task.pk).update(overdue_at=timezone.now() - timedelta(days=2))
    client = as_(administrator)
    shown, page = needs(client)
    waiting = Assignment.objects.waiting().filter(task=task)
    assert {one.pk for one in shown.overdue} == set(waiting.values_list("person", flat=True))
    one = shown.overdue[0]
    query = f"?whose=everybody&assignee={one.pk}&condition=overdue"
    assert query.replace("&", "&amp;") in page
    tasks = client.get(reverse("workflow_task_list") + query)
    assert tasks.context["list"].total == one.tasks == 1


def test_what_leavers_left_can_be_handed_over(as_, administrator, auditor, calm, workflow):
    person = Assignment.objects.waiting().filter(task__workflow=workflow).first().person
    Person.objects.filter(pk=person.pk).update(is_active=False)
    assert reverse("hand_over_list") in needs(as_(administrator))[1]
    assert reverse("hand_over_list") not in needs(as_(auditor))[1]


def test_a_participants_home_is_the_inbox(as_, portal):
    client = as_(account("pavel", "Pavel", Role.PARTICIPANT))
    assert client.get(reverse("overview")).url == reverse("workflow_task_list")
    page = client.get(reverse("workflow_task_list")).content.decode()
    assert f'href="{reverse("overview")}"' not in page
