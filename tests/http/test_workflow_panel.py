"""A workflow in the panel beside the list: what it tells, at which address, and to whom."""

import pytest
from django.urls import reverse

from bizproc_admin.models import Assignment, Workflow

LIST = "/workflows/"


@pytest.fixture
def client(as_, administrator, workflow):
    return as_(administrator)


def beside(client, workflow, where=LIST, **given):
    """Ask for a workflow as the list at some address does."""
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{where}"}
    address = reverse("workflow_detail", args=[workflow.pk])
    return client.get(address, {"beside": "", **given}, headers=headers)


def test_the_panel_tells_where_it_stands_who_is_asked_and_what_can_be_done(client, workflow):
    answer = beside(client, workflow)
    page = answer.content.decode()
    assert "<html" not in page and page.lstrip().startswith("<aside")
    asked = Assignment.objects.filter(task__workflow=workflow, status=0).first()
    assert workflow.document_name in page and workflow.template_name in page
    assert asked.person.name in page and "Delegate…" in page
    assert workflow.remote_id in page
    assert f'href="{reverse("workflow_termination", args=[workflow.pk])}"' in page
    assert f'href="{reverse("workflow_detail", args=[workflow.pk])}"' in page  # the page itself
    # without htmx the same address is the page
    whole = client.get(reverse("workflow_detail", args=[workflow.pk]), {"beside": ""})
    assert b"<html" in whole.content


def test_opening_is_a_step_back_and_what_is_opened_next_takes_its_place(client, workflow):
    opened = beside(client, workflow, where=f"{LIST}?idle=30d&sort=idle&page=2")
    assert opened["HX-Push-Url"] == f"{LIST}?idle=30d&sort=idle&page=2&open={workflow.pk}"
    following = beside(client, workflow, where=f"{LIST}?open=999&idle=30d")
    assert following["HX-Replace-Url"] == f"{LIST}?open={workflow.pk}&idle=30d"
    assert "HX-Push-Url" not in following
    again = beside(client, workflow, where=f"{LIST}?open={workflow.pk}")
    assert not {"HX-Push-Url", "HX-Replace-Url"} & set(again.headers)


def test_an_address_that_names_one_shows_the_list_with_it_open(client, workflow):
    page = client.get(LIST, {"open": workflow.pk, "sort": "idle"}).content.decode()
    assert f'data-opened="{workflow.pk}"' in page and 'id="workflow-rows"' in page
    for unknown in (10**9, "x", "9" * 30):
        answer = client.get(LIST, {"open": unknown})
        assert answer.status_code == 200 and b'data-opened=""' in answer.content


def test_an_open_panel_is_answered_when_there_is_something_new(client, workflow):
    version = beside(client, workflow).content.decode().split("version=")[1].split('"')[0]
    assert beside(client, workflow, version=version).status_code == 204
    Workflow.objects.filter(pk=workflow.pk).update(is_running=False, end_cause="unknown")
    answer = beside(client, workflow, version=version)
    page = answer.content.decode()
    assert "Ended" in page and 'id="workflow-panel-body"' in page and "<aside" not in page
    assert not {"HX-Push-Url", "HX-Replace-Url"} & set(answer.headers)


def test_who_may_not_see_a_workflow_sees_no_panel_of_it(as_, participant, workflow):
    client = as_(participant)
    assert beside(client, workflow).status_code == 404
    page = client.get(LIST, {"open": workflow.pk}).content.decode()
    assert 'data-opened=""' in page and workflow.document_name not in page
