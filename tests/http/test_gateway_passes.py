"""What is followed through the gateway, and what is not: passes, pages, and what is not offered."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import syncing
from bizproc_admin.models import (
    EndCause,
    Feed,
    FeedName,
    GatewayConnection,
    Portal,
    SyncRun,
    Workflow,
)
from bizproc_admin.wording.freshness import of_feed
from tests.http.gateways import DEAL, known, passed

pytestmark = pytest.mark.portable


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


def test_a_pass_reads_what_runs_and_two_in_a_row_end_what_is_gone(
    client, gateway, sandbox, template_id
):
    ids = []
    for _ in range(60):
        sandbox.advance(1)
        ids.append(sandbox.start_workflow(template_id, DEAL, started_by=1))
    run = passed(gateway)
    assert (run.state, run.is_full) == (SyncRun.State.COMPLETE, True)
    assert Workflow.objects.running().count() == 60
    assert run.requests == 4  # two walks of two pages: the second meets nothing new
    assert Workflow.objects.first().started_by.remote_id == 1
    gateway.refresh_from_db()
    assert gateway.utc_offset == 0 or gateway.proposed_zone != "UTC"
    # no tasks are told: that none is known is not said to be none
    overview = client.get(reverse("overview"))
    assert [one["name"] for one in overview.context["feeds"]] == [
        FeedName.WORKFLOWS, FeedName.WORKFLOW_TEMPLATES,
    ]  # fmt: skip
    assert "a task is past its deadline" not in overview.content.decode()
    tasks = client.get(reverse("workflow_task_list")).content.decode()
    assert "No task is told" in tasks
    assert "first copy" not in tasks
    people = client.get(reverse("person_list")).content.decode()
    assert "first copy" not in people
    assert re.findall(r'data-label="Open tasks">\s*<span class="faint">(.)<', people) == ["—"]
    for address in ("workflow_list", "workflow_task_list"):
        page = client.get(reverse(address)).content.decode()
        assert "not told through the gateway" in page
        assert "timer or another system" not in page
    none = client.get(reverse("workflow_list"), {"condition": "no-task"})
    assert "Waits" not in none.content.decode()
    sandbox.end_workflow(ids[0])
    passed(gateway, FeedName.WORKFLOWS)
    # one pass without it proves nothing
    assert Workflow.objects.running().count() == 60
    passed(gateway, FeedName.WORKFLOWS)
    (ended,) = Workflow.objects.ended()
    assert (ended.remote_id, ended.end_cause) == (ids[0], EndCause.UNKNOWN)


def test_a_pass_that_meets_something_it_missed_in_each_walk_ends_nothing(
    gateway, sandbox, template_id, monkeypatch
):
    ids = [sandbox.start_workflow(template_id, DEAL) for _ in range(3)]
    passed(gateway)
    sandbox.end_workflow(ids[0])
    passed(gateway, FeedName.WORKFLOWS)
    while_merging(monkeypatch, lambda: missed(ids[1]))
    run = passed(gateway, FeedName.WORKFLOWS)
    assert (run.state, run.error_code) == (SyncRun.State.FAILED, "list_never_rests")
    assert (run.requests, Workflow.objects.ended().exists()) == (3, False)


def test_what_starts_during_a_pass_keeps_it_from_nothing(
    gateway, sandbox, template_id, monkeypatch
):
    for _ in range(60):
        sandbox.start_workflow(template_id, DEAL)
    passed(gateway)

    def starts():
        sandbox.advance(2)
        sandbox.start_workflow(template_id, DEAL)

    while_merging(monkeypatch, starts)
    run = passed(gateway, FeedName.WORKFLOWS)
    # two pages of one walk, then those of another that met nothing which the first had missed
    assert (run.state, run.requests) == (SyncRun.State.COMPLETE, 4)
    assert Workflow.objects.running().count() == 62


def while_merging(monkeypatch, happens):
    """Let something happen on the portal whenever a page has just been merged."""
    original = syncing.passes.workflows.merge

    def merge(*args, **kwargs):
        merged = original(*args, **kwargs)
        happens()
        return merged

    monkeypatch.setattr(syncing.passes.workflows, "merge", merge)


def missed(remote_id):
    """Have it as if no page had shown a workflow yet."""
    before = timezone.now() - timedelta(hours=1)
    Workflow.objects.filter(remote_id=remote_id).update(observed_at=before)


def test_how_long_a_pass_takes_is_said_and_that_many_make_it_slow(
    client, gateway, sandbox, template_id, monkeypatch, settings
):
    known(gateway, sandbox, template_id)
    run = passed(gateway, FeedName.WORKFLOWS)
    SyncRun.objects.filter(pk=run.pk).update(started_at=run.finished_at - timedelta(seconds=70))
    address = reverse("portal_detail", args=[gateway.pk])
    page = client.get(address).content.decode()
    assert "A pass takes" in page
    assert "follows slowly" not in page
    # with thousands a reading is expected as late as a pass makes it
    feed = Feed.objects.get(portal=gateway, name=FeedName.WORKFLOWS)
    feed.fresh_at = timezone.now() - timedelta(minutes=4)
    assert of_feed(gateway, feed).state == "late"
    settings.GATEWAY_PER_SECOND, feed.full_requests = 4, 268
    assert of_feed(gateway, feed).state == "fresh"
    feed.fresh_at = timezone.now() - timedelta(minutes=10)
    assert of_feed(gateway, feed).state == "late"
    monkeypatch.setattr("bizproc_admin.views.portals.FOLLOWED_FAST", 0)
    (said,) = re.findall(r"[^>]*follows slowly[^<]*", client.get(address).content.decode())
    assert said.strip() == "1 min: so many run that this connection follows slowly"


def test_a_portal_that_is_disconnected_is_asked_no_more_and_keeps_what_was_read(
    client, gateway, sandbox, template_id, committing
):
    known(gateway, sandbox, template_id)
    address = reverse("portal_disconnection", args=[gateway.pk])
    assert "at the gateway the key" in client.get(address).content.decode()
    with committing():
        client.post(address)
    assert not GatewayConnection.objects.exists()
    gateway.refresh_from_db()
    assert (gateway.is_connected, gateway.has_connection) == (False, False)
    page = client.get(reverse("portal_detail", args=[gateway.pk])).content.decode()
    assert "There is no connection to look over" in page
    assert "VibeCode gateway" not in page
    Portal.objects.update(probe_at=timezone.now())
    started = []
    syncing.start_due_probes(start=lambda *args, **options: started.append(args))
    assert started == []
    assert "Its tasks are not told" in client.get(reverse("workflow_list")).content.decode()


def test_what_the_gateway_lacks_is_not_offered(client, gateway, sandbox, template_id):
    workflow = known(gateway, sandbox, template_id)
    listed = client.get(reverse("workflow_template_list")).content.decode()
    for name in ("application_action_list", "template_mention_list", "template_upload"):
        assert f'href="{reverse(name)}"' not in listed
    assert "to be read again" not in listed
    address = reverse("workflow_template_detail", args=[workflow.template_id])
    template = client.get(address).content.decode()
    assert "What templates are made of is not told through the gateway" in template
    assert "template-deletion" not in template
    page = client.get(reverse("workflow_detail", args=[workflow.pk])).content.decode()
    assert "whether somebody is asked stands in the portal itself" in page
    assert "End by force…" in page
    menu = client.get(reverse("workflow_menu", args=[workflow.pk])).content.decode()
    assert "End by force…" in menu
    rows = client.get(reverse("workflow_list")).content.decode()
    asked = {
        "key": uuid.uuid4(), "portal": workflow.portal_id, "list": "workflow",
        "verb": "workflow.kill", "row": workflow.pk,
    }  # fmt: skip
    ending = client.post(reverse("operation_creation"), asked, follow=True).content.decode()
    assert "End 1 workflow by force" in ending
    assert "without waiting for their current step" in ending
    for text in (page, menu, rows, ending):
        assert "Kill" not in text
    assert "data-choose" not in client.get(reverse("workflow_task_list")).content.decode()
