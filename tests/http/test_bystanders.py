"""Who may do nothing about an open task reads why, and what would change that."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import Department, LinkedPerson, Person

pytestmark = pytest.mark.portable


def panel(client, task):
    answer = client.get(reverse("workflow_task_detail", args=[task.pk]))
    assert answer.status_code == 200
    return answer


def link(account, person):
    LinkedPerson.objects.create(user=account, portal=person.portal, person=person)


@pytest.fixture
def head(task, portal):
    """Somebody who heads the department of the person whom the task waits for."""
    waiting = task.assignments.get().person
    head = Person.objects.get(portal=portal, remote_id=1)
    department = Department.objects.create(
        portal=portal, remote_id=7, name="Sales", head=head, observed_at=timezone.now()
    )
    waiting.departments.set([department])
    return head


def test_a_manager_who_never_signed_in_through_the_portal_reads_what_is_missing(
    as_, manager, task, head
):
    link(manager, head)
    answer = panel(as_(manager), task)
    assert "sign in with Bitrix24 once" in answer.content.decode()
    assert not answer.context["has_acts"]


def test_a_manager_whose_token_works_is_offered_delegation_and_told_nothing(
    as_, manager, task, head, door, gives_token
):
    link(manager, head)
    gives_token(head)
    answer = panel(as_(manager), task)
    assert answer.context["has_acts"]
    assert 'id="bystander"' not in answer.content.decode()


def test_an_auditor_reads_that_the_role_does_not_act(as_, auditor, task):
    assert "Your role reads workflow tasks" in panel(as_(auditor), task).content.decode()


def test_a_portal_that_is_not_connected_is_named(as_, administrator, task, portal):
    portal.is_connected = False
    portal.save()
    assert "The portal is not connected" in panel(as_(administrator), task).content.decode()


def test_what_everybody_has_answered_is_said(as_, manager, task, head, portal):
    link(manager, head)
    task.assignments.update(status=1)
    assert "Everybody who was asked has answered" in panel(as_(manager), task).content.decode()


def test_a_colleague_of_the_same_task_reads_whose_it_is_to_give_away(
    as_, participant, task, portal
):
    colleague = Person.objects.create(portal=portal, remote_id=901, name="Зоя")
    task.assignments.create(person=colleague, status=1)
    link(participant, colleague)
    assert "whose part you may not give away" in panel(as_(participant), task).content.decode()


def test_a_description_of_thirty_thousand_characters_is_folded_and_the_form_in_reach(
    as_, approver, task
):
    task.description = "Прошу согласовать договор. " * 1200
    task.save()
    page = panel(as_(approver), task).content.decode()
    before_the_form = page.split('id="completion"')[0]
    assert '<details class="task-panel__part fold" id="task-description">' in before_the_form
    assert "Show the whole text" in before_the_form
