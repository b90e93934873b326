"""Addresses of earlier versions lead to what they were, whatever is sent there."""

import uuid

import pytest
from django.urls import reverse

from bizproc_admin import commands
from bizproc_admin.actions import CompleteTask
from bizproc_admin.audit import By
from bizproc_admin.models import CommandState

pytestmark = pytest.mark.portable


@pytest.fixture
def waiting(task, approver):
    """An answer that can still be taken back."""
    person = task.assignments.get().person
    action = CompleteTask(task=task, person=person, answer=1, reason="")
    return commands.issue(action, by=By(account=approver), key=uuid.uuid4(), delay=60)


def test_a_bookmark_of_the_dialog_leads_to_it(as_, administrator, workflow):
    answer = as_(administrator).get(f"/workflows/{workflow.pk}/removal/", follow=True)
    assert answer.redirect_chain == [(reverse("workflow_kill", args=[workflow.pk]), 308)]
    assert b"That cannot be undone" in answer.content


@pytest.mark.parametrize("address", ["/commands/{0}/withdrawal/", "/commands/withdrawals/"])
def test_an_open_page_of_an_earlier_version_still_takes_back(as_, approver, waiting, address):
    client = as_(approver)
    client.post(address.format(waiting.pk), {"command": waiting.pk}, follow=True)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error_code) == (CommandState.CANCELLED, "taken_back")
