"""The frame of a page that stays open: its counts, and what is wrong with the workers."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import heartbeats
from bizproc_admin.models import ApplicationStep, StepState, Worker, Workflow

pytestmark = pytest.mark.portable

FRAME = "/frame/"
OPEN_PAGE = {"HX-Request": "true", "HX-Current-URL": "http://testserver/workflows/?page=2"}


@pytest.fixture
def frame(as_, administrator, workflow):
    client = as_(administrator)
    return lambda: flat(client.get(FRAME, headers=OPEN_PAGE))


def flat(answer):
    """Return a page with blanks where its lines break."""
    return " ".join(answer.content.decode().split())


def test_an_open_page_is_told_the_count_of_now_and_keeps_its_place(frame):
    running = Workflow.objects.running().count()
    page = frame()
    assert f'<span class="nav__count">{running}</span>' in page
    assert page.count('aria-current="page"') == 1
    assert 'href="/workflows/" aria-current="page"' in page


def test_an_open_page_learns_that_a_worker_ended_and_that_it_is_back(frame):
    page = frame()
    assert "worker is not running" in page
    assert 'hx-trigger="every 3s"' in page
    for queue in heartbeats.QUEUES:
        now = timezone.now()
        Worker.objects.create(name=queue, queue=queue, started_at=now, seen_at=now)
    page = frame()
    assert "worker is not running" not in page
    assert 'hx-trigger="every 15s"' in page


def test_the_frame_costs_four_queries_more_than_the_signing_in(as_, auditor, workflow):
    client = as_(auditor)
    client.get(FRAME, headers=OPEN_PAGE)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(FRAME, headers=OPEN_PAGE)
    # session, account, portals with role and zone; then the counts and the workers
    assert len(asked) <= 6


def test_a_filtered_list_counts_for_the_navigation_by_one_query(as_, administrator, workflow):
    """What runs the list has counted; the others are counted together."""
    client, template = as_(administrator), workflow.template_id
    url = f"{reverse('workflow_list')}?template={template}&q=e"
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(url)
    # one of them is for what is told of operations
    assert len(asked) <= 16
    assert counts_of(page) == {
        "workflow_list": Workflow.objects.running().count(),
        "application_step_list": None,
        "operation_list": None,
    }
    ApplicationStep.objects.create(
        portal=workflow.portal, workflow=workflow, state=StepState.WAITING, since=timezone.now()
    )
    assert counts_of(client.get(url))["application_step_list"] == 1


def counts_of(page):
    names = ("workflow_list", "application_step_list", "operation_list")
    found = {entry["url"]: entry["count"] for entry in page.context["nav"]}
    return {name: found[reverse(name)] for name in names}


def test_a_page_that_goes_on_watching_claims_no_reading_that_is_late(as_, administrator, workflow):
    Workflow.objects.filter(pk=workflow.pk).update(
        observed_at=timezone.now() - 9 * heartbeats.FORGOTTEN_AFTER
    )
    client = as_(administrator)
    address = reverse("workflow_detail", args=[workflow.pk])
    assert "a new reading has not come yet" in client.get(f"{address}?read=4").content.decode()
    page = client.get(f"{address}?read=watching", headers={"HX-Request": "true"}).content.decode()
    assert "a new reading has not come yet" not in page
    assert "read=watching" in page


def test_the_repainted_part_of_a_workflow_names_its_document_in_the_head_too(
    as_, administrator, workflow
):
    address = reverse("workflow_detail", args=[workflow.pk])
    part = as_(administrator).get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.count("hx-swap-oob") == 1
    assert f"<title>{workflow.document_name} · {workflow.template_name}" in part


def test_the_age_at_the_head_of_the_overview_comes_with_its_body(as_, administrator, portal):
    said = flat(as_(administrator).get("/", headers={"HX-Request": "true"}))
    assert 'id="overview-pulse" hx-swap-oob="true"' in said
    assert as_(administrator).get("/").content.decode().count('id="overview-pulse"') == 1


def test_the_initials_beside_ones_own_name_are_those_of_every_list(as_, administrator):
    administrator.first_name, administrator.last_name = "Anna Maria", "«Koroleva»"
    administrator.save()
    page = as_(administrator).get("/").content.decode()
    assert '<span class="avatar" aria-hidden="true">AK</span>' in page
