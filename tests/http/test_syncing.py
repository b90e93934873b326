"""The mirror: what passes read, what disappears, what is never guessed."""

import itertools
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import bitrix, syncing
from bizproc_admin.models import (
    Assignment,
    Document,
    EndCause,
    Feed,
    Person,
    Portal,
    SyncRun,
    Workflow,
    WorkflowTask,
    WorkflowTemplate,
)
from bizproc_admin.syncing import passes
from bizproc_admin.syncing.summaries import summarise
from bizproc_admin.wording.freshness import why_of_run
from tests.http.participations import let_start


def incremental(name, portal):
    feed = Feed.objects.get(portal=portal, name=name)
    Feed.objects.filter(pk=feed.pk).update(
        next_at=None, next_full_at=timezone.now() + timedelta(hours=1)
    )
    syncing.sync(feed.pk, worker="test")
    run = SyncRun.objects.filter(feed=feed).latest_first().first()
    assert not run.is_full
    return run


def test_a_workflow_arrives_with_its_document_template_people_and_state(workflow):
    assert workflow.is_running
    assert workflow.document.name == "Поставка насосов"
    assert workflow.document_name == "Поставка насосов"
    assert workflow.document_kind == "deal"
    assert workflow.template.name == workflow.template_name != ""
    task = workflow.tasks.get()
    assert workflow.open_tasks == 1
    assert workflow.waiting_copy == str(task.assignments.order_by("pk").first().person)
    assert "поставка" in workflow.search_text


def test_a_pass_over_many_workflows_misses_none(sandbox, portal, sync):
    sandbox.load("demo", workflows=300, seed=5)
    sync()
    ids = {w["id"] for w in sandbox.workflows() if w["ended"] is None}
    assert set(Workflow.objects.running().values_list("remote_id", flat=True)) == ids
    assert Person.objects.filter(name="").count() == 0
    hidden = WorkflowTemplate.objects.filter(is_hidden=True)
    assert hidden.exists()
    assert str(hidden.first()).startswith("Hidden automation template")


def test_a_second_pass_that_finds_nothing_new_changes_nothing(sandbox, portal, sync):
    sandbox.load("demo", workflows=120, seed=5)
    sync()
    before = list(Workflow.objects.order_by("pk").values())
    sync()
    after = list(Workflow.objects.order_by("pk").values())
    for row in [*before, *after]:
        row.pop("observed_at")
    assert after == before


def test_a_workflow_that_vanished_has_ended_with_its_cause_unknown(workflow, sandbox, sync, portal):
    seen = workflow.observed_at
    sandbox.end_workflow(workflow.remote_id)
    sync()
    workflow.refresh_from_db()
    assert not workflow.is_running
    assert workflow.end_cause == EndCause.UNKNOWN
    assert workflow.ended_after == seen
    assert workflow.ended_after < workflow.ended_before
    assert not workflow.tasks.open().exists()


def test_a_workflow_missing_from_a_list_is_asked_for_by_id_before_it_is_said_to_have_ended(
    workflow, sandbox, portal, monkeypatch
):
    """The list skips a row, as one does whose pages shift: the workflow goes on."""
    monkeypatch.setattr(passes.Pass, "take_workflows", lambda self, chunk: None)
    Feed.objects.filter(name="workflows").update(next_at=None, next_full_at=None)
    syncing.sync(Feed.objects.get(name="workflows").pk, worker="test")
    workflow.refresh_from_db()
    assert workflow.is_running
    asked = [c for c in sandbox.calls("bizproc.workflow.instances") if workflow.remote_id in str(c)]
    assert asked


def test_a_failing_pass_keeps_the_old_rows_and_says_why(workflow, sandbox, portal):
    sandbox.fail_next("OVERLOAD_LIMIT", method="bizproc.workflow.instances", times=9)
    Feed.objects.filter(name="workflows").update(next_at=None, next_full_at=None)
    syncing.sync(Feed.objects.get(name="workflows").pk, worker="test")
    sandbox.clear_faults()
    feed = Feed.objects.get(name="workflows")
    assert feed.failing_since
    assert feed.failure_code == "overloaded"
    assert feed.failure_values["vendor_code"] == "OVERLOAD_LIMIT"
    assert feed.lease_until is None
    workflow.refresh_from_db()
    assert workflow.is_running


def test_an_incremental_pass_brings_what_changed(workflow, sandbox, portal):
    new = sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_778"])
    run = incremental("workflows", portal)
    assert run.created == 1
    assert Workflow.objects.get(remote_id=new).is_running
    incremental("workflow_tasks", portal)
    assert Workflow.objects.get(remote_id=new).open_tasks == 1


def test_an_incremental_pass_learns_of_locks_and_of_their_end(workflow, sandbox, portal):
    sandbox.lock_workflow(workflow.remote_id, locked_minutes=0)
    incremental("workflows", portal)
    workflow.refresh_from_db()
    assert workflow.owned_until is not None
    sandbox.unlock_workflow(workflow.remote_id)
    incremental("workflows", portal)
    workflow.refresh_from_db()
    assert workflow.owned_until is None


def test_an_answered_workflow_task_keeps_who_answered_and_how(workflow, sandbox, portal):
    task = workflow.tasks.get()
    person = task.assignments.first().person
    sandbox.complete_task(task.remote_id, person.remote_id, "yes")
    incremental("workflow_tasks", portal)
    task.refresh_from_db()
    assert task.status == WorkflowTask.Status.APPROVED
    assert not task.is_open
    assert task.assignments.get(person=person).status == Assignment.Status.YES


def test_the_name_of_a_document_is_kept_and_shared(workflow, sandbox, sync):
    other = sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_777"])
    sync()
    assert Workflow.objects.get(remote_id=other).document_name == "Поставка насосов"
    assert Document.objects.count() == 1


@pytest.fixture
def nameless(sandbox, sync):
    """Workflows on documents that no task has named, of a template the portal does not list."""
    for number in (9, 1000, 7707707):
        sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", f"DEAL_{number}"])
    sync()
    Document.objects.update(name="")
    WorkflowTemplate.objects.update(name="", remote_id=4104104)
    Person.objects.update(name="")
    let_start(Person.objects.earliest("pk"), Workflow.objects.all())
    summarise(Workflow.objects.values_list("pk", flat=True))
    return Workflow.objects.order_by("pk")


def test_what_has_no_name_is_kept_without_words_and_found_by_its_number(nameless):
    for workflow in nameless:
        assert workflow.template_copy == workflow.document_copy == workflow.starter_copy == ""
        assert workflow.waiting_copy == ""
        for word in ("name not known", "deal ", "hidden", "person"):
            assert word not in workflow.search_text
    assert [w.document.number for w in Workflow.objects.matching("deal 7707707")] == ["7707707"]
    assert Workflow.objects.matching("4104104").count() == 3


def test_what_has_no_name_comes_after_what_has_one_by_kind_and_number(nameless):
    named = nameless[1].document
    Document.objects.filter(pk=named.pk).update(name="Я последний")
    summarise(Workflow.objects.values_list("pk", flat=True))
    ordered = Workflow.objects.order_by("document_order")
    assert [workflow.document_name for workflow in ordered] == [
        "Я последний",
        "Deal 9, name not known",
        "Deal 7707707, name not known",
    ]


def test_what_has_no_name_is_said_on_every_page_that_names_it(nameless, as_, administrator):
    client, workflow = as_(administrator), nameless[0]
    task = workflow.tasks.get()
    for address in (
        reverse("workflow_list"),
        reverse("workflow_detail", args=[workflow.pk]),
        reverse("workflow_termination", args=[workflow.pk]),
        f"{reverse('workflow_task_list')}?whose=everybody",
        reverse("workflow_task_detail", args=[task.pk]),
        reverse("overview"),
    ):
        body = client.get(address).content.decode()
        assert "Hidden automation template 4104104" in body, address
        assert "Deal 9, name not known" in body, address
    for list_name, chip in itertools.product(
        ("workflow", "workflow_task"), ("template", "starter")
    ):
        address = reverse(f"{list_name}_choices", args=[chip])
        body = client.get(f"{address}?whose=all").content.decode()
        said = {"template": "Hidden automation template 4104104", "starter": "Person "}[chip]
        assert said in body, address


def test_a_document_without_a_name_says_so(db, portal):
    document = Document(portal=portal, document_id="DEAL_777", kind="deal")
    assert str(document) == "Deal 777, name not known"
    assert document.link.endswith("/crm/deal/details/777/")


def test_an_older_observation_never_overwrites_a_newer_one(workflow, portal, sandbox):
    future = timezone.now() + timedelta(minutes=5)
    Workflow.objects.update(observed_at=future, modified_at=future)
    incremental("workflows", portal)
    workflow.refresh_from_db()
    assert workflow.modified_at == future


def test_an_ended_workflow_lives_again_only_when_asked_for_by_id_later(workflow, portal, sandbox):
    Workflow.objects.update(
        is_running=False, ended_before=timezone.now(), observed_at=timezone.now()
    )
    syncing.read_again(workflow.portal, [workflow.pk])
    workflow.refresh_from_db()
    assert workflow.is_running
    assert workflow.end_cause == ""
    assert workflow.ended_before is None


def test_one_pass_at_a_time(portal, sandbox):
    feed = Feed.objects.get(portal=portal, name="workflows")
    Feed.objects.filter(pk=feed.pk).update(lease_until=timezone.now() + timedelta(minutes=1))
    syncing.sync(feed.pk, worker="second")
    assert sandbox.calls() == []
    assert not SyncRun.objects.exists()


def test_a_pass_goes_on_where_its_slice_ended(portal, sandbox, sync, monkeypatch):
    sandbox.load("demo", workflows=3000, seed=5)
    monkeypatch.setattr(passes, "SLICE", 0.0)
    feed = Feed.objects.get(portal=portal, name="workflows")
    syncing.sync(feed.pk, worker="test")
    feed.refresh_from_db()
    assert feed.position
    run = SyncRun.objects.get()
    assert run.state == SyncRun.State.RUNNING
    while feed.position:
        syncing.sync(feed.pk, worker="another")
        feed.refresh_from_db()
    run.refresh_from_db()
    assert run.state == SyncRun.State.COMPLETE
    assert SyncRun.objects.count() == 1
    assert Workflow.objects.running().count() == 3000


def test_reading_one_workflow_again_reads_only_it(workflow, sandbox, portal):
    sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_1"])
    sandbox.clear_calls()
    syncing.read_again(workflow.portal, [workflow.pk])
    assert {c["method"] for c in sandbox.calls()} - {"batch"} <= {
        "bizproc.workflow.instances",
        "bizproc.task.list",
    }
    assert Workflow.objects.count() == 1


@pytest.mark.parametrize("webhook", ["webhook_url", "employee_webhook_url"])
def test_a_probe_reads_only_and_says_in_words_what_it_found(portal, sandbox, webhook):
    from bizproc_admin.secrets.fields import Secret

    portal.webhook = Secret(getattr(sandbox, webhook))
    portal.save()
    syncing.probe_portal(portal.pk)
    portal.refresh_from_db()
    is_administrator = webhook == "webhook_url"
    assert portal.is_connected is is_administrator
    found = {finding["name"]: finding["ok"] for finding in portal.findings}
    assert found["administrator"] is is_administrator
    assert sandbox.ledger() == []


def test_a_pass_that_breaks_off_leaves_what_it_did_not_read_to_the_next(sandbox, portal, sync):
    for _ in range(60):
        sandbox.start_workflow()
    sync()
    first, *_, last = Workflow.objects.order_by("remote_id")
    sandbox.advance(minutes=1)
    for workflow in Workflow.objects.all():
        sandbox.touch_workflow(workflow.remote_id)
    sandbox.advance(minutes=10)
    sandbox.touch_workflow(first.remote_id)
    sandbox.fail_next("html_page", method="bizproc.workflow.instances", skip=1, times=9)
    assert incremental("workflows", portal).state == SyncRun.State.FAILED
    sandbox.clear_faults()
    Portal.objects.update(retry_at=timezone.now())  # it is left alone for half a minute
    assert incremental("workflows", portal).state == SyncRun.State.COMPLETE
    before = last.modified_at
    last.refresh_from_db()
    assert last.modified_at > before


def test_a_time_in_the_future_does_not_hide_what_changes_before_it(workflow, sandbox, portal, sync):
    sandbox.advance(hours=2)
    sandbox.touch_workflow(workflow.remote_id)
    sandbox.advance(hours=-2)
    incremental("workflows", portal)
    other = sandbox.start_workflow()
    incremental("workflows", portal)
    assert Workflow.objects.filter(remote_id=other).exists()


@pytest.mark.parametrize("breaks", [False, True])
def test_a_slice_that_outlived_its_lease_leaves_the_feed_to_who_took_it(
    portal, sandbox, monkeypatch, breaks
):
    sandbox.start_workflow()
    feed = Feed.objects.get(portal=portal, name="workflows")
    take = passes.Pass.take_workflows
    soon = timezone.now() + timedelta(minutes=1)

    def slow(self, chunk):
        take(self, chunk)
        Feed.objects.filter(pk=feed.pk).update(leased_by="another", lease_until=soon)
        if breaks:
            raise bitrix.NoAnswer("silence")

    monkeypatch.setattr(passes.Pass, "take_workflows", slow)
    syncing.sync(feed.pk, worker="first")
    feed.refresh_from_db()
    assert (feed.leased_by, feed.lease_until) == ("another", soon)
    assert feed.failing_since is None
    assert SyncRun.objects.get().state == SyncRun.State.RUNNING


def test_a_list_of_rows_that_cannot_be_understood_is_named_to_the_operator(
    workflow, portal, sandbox
):
    other = sandbox.start_workflow()
    for one in (workflow.remote_id, other):
        sandbox.override_row("workflow", one, fields={"MODIFIED": 5})
    Feed.objects.filter(name="workflows").update(next_at=None, next_full_at=None)
    syncing.sync(Feed.objects.get(name="workflows").pk, worker="test")
    run = SyncRun.objects.latest_first().first()
    assert run.state == SyncRun.State.FAILED
    first = min(workflow.remote_id, other)
    assert why_of_run(run).endswith(
        "Technical line: 2 of 2 rows cannot be read, the first for "
        f"workflow.MODIFIED: no_moment (ID '{first}')"
    )


def test_whoever_looks_at_a_list_is_told_that_a_failed_reading_changed_nothing(
    as_, administrator, manager, portal, sandbox
):
    sandbox.fail_next("html_page", method="bizproc.workflow.instances", times=9)
    run = incremental("workflows", portal)
    assert "Technical line: no JSON" in why_of_run(run)
    Portal.objects.update(failures=0, failing_since=None)  # it answers, but for this list
    body = as_(manager).get("/workflows/").content.decode()
    assert "It was only read: nothing was changed there." in body
    assert "Whether it did" not in body
    assert "Technical line" not in body
    body = as_(administrator).get(f"/portals/{portal.pk}/").content.decode()
    assert "Technical line: no JSON" in body
