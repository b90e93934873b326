"""What is worked out of very many rows is shown for half a minute, to the account it was for."""

import pytest
from django.urls import reverse

from bizproc_admin.models import LinkedPerson, Person, Workflow, counting


@pytest.fixture
def few_are_counted(monkeypatch, workflow):
    """Two workflows run, and that is more than anybody counts."""
    Workflow.objects.create(
        portal=workflow.portal,
        remote_id="another",
        template=workflow.template,
        document=workflow.document,
        started_at=workflow.started_at,
        modified_at=workflow.modified_at,
        observed_at=workflow.observed_at,
    )
    monkeypatch.setattr(counting, "MOST_COUNTED", 1)


@pytest.mark.portable
def test_figures_of_very_many_are_kept_and_never_shown_to_another(
    as_, administrator, manager, workflow, few_are_counted
):
    def running(account):
        return as_(account).get(reverse("overview")).context["counts"]["running"]

    assert running(administrator) == 2
    Workflow.objects.filter(remote_id="another").update(is_running=False)
    assert running(administrator) == 2
    assert running(manager) == 0
    # who is over others from now on does not look at what was worked out for the smaller circle
    starter = Person.objects.earliest("pk")
    LinkedPerson.objects.create(user=manager, portal=workflow.portal, person=starter)
    Workflow.objects.create(
        portal=workflow.portal,
        remote_id="own",
        template=workflow.template,
        document=workflow.document,
        started_by=starter,
        started_at=workflow.started_at,
        modified_at=workflow.modified_at,
        observed_at=workflow.observed_at,
    )
    assert running(manager) >= 1


@pytest.mark.portable
def test_figures_of_few_are_worked_out_each_time(as_, administrator, workflow):
    client = as_(administrator)
    assert client.get(reverse("overview")).context["counts"]["running"] == 1
    workflow.mark_ended(cause="unknown", after=workflow.started_at, before=workflow.modified_at)
    assert client.get(reverse("overview")).context["counts"]["running"] == 0
