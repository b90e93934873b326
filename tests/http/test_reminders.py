"""A reminder of a workflow task, copied from its page and from its workflow's."""

import pytest
from django.urls import reverse

from bizproc_admin.models import Assignment

pytestmark = pytest.mark.portable


def text_of(client, name, pk):
    return client.get(reverse(name, args=[pk])).content.decode()


@pytest.mark.parametrize("page", ["workflow_task_detail", "workflow_detail"])
def test_a_reminder_names_who_is_asked_for_what_and_where(as_, administrator, task, page):
    pk = task.pk if page == "workflow_task_detail" else task.workflow_id
    said = text_of(as_(administrator), page, pk)
    reminder = said.split('readonly tabindex="-1" aria-hidden="true">')[1:]
    [text] = [one.split("</textarea>")[0] for one in reminder if "waiting for you" in one]
    person = task.assignments.get().person
    for part in (str(person), str(task), f"http://testserver/workflow-tasks/{task.pk}/"):
        assert part in text


def test_nobody_is_reminded_of_what_waits_for_nobody(as_, administrator, approver, task):
    assert "waiting for you since" not in text_of(as_(approver), "workflow_task_detail", task.pk)
    Assignment.objects.update(status=1)
    for name, pk in (("workflow_task_detail", task.pk), ("workflow_detail", task.workflow_id)):
        assert "waiting for you since" not in text_of(as_(administrator), name, pk)


def test_a_task_is_delegated_from_the_page_of_its_workflow(as_, administrator, auditor, task):
    delegation = f'href="{reverse("workflow_task_delegation", args=[task.pk])}"'
    assert delegation in text_of(as_(administrator), "workflow_detail", task.workflow_id)
    assert delegation not in text_of(as_(auditor), "workflow_detail", task.workflow_id)
    person = task.assignments.get().person
    assert reverse("person_detail", args=[person.pk]) in text_of(
        as_(auditor), "workflow_detail", task.workflow_id
    )
