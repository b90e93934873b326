"""Rows that cannot be read are set aside: named, kept as they were, in no other's way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bizproc_admin import syncing
from bizproc_admin.models import (
    Assignment,
    Department,
    Feed,
    FeedName,
    Person,
    SyncRun,
    Workflow,
    WorkflowTask,
    WorkflowTemplate,
)
from sandbox.scenarios.templates import delay, sequence
from tests.http.gateways import DEAL, passed

pytestmark = pytest.mark.portable

TWENTY_DIGITS = 10**19
FIVE_DIGIT_YEAR = "12026-01-01T00:00:00+03:00"
NEVER = "0000-00-00 00:00:00"


def run_pass(name, portal, *, full=True):
    feed = Feed.objects.get(portal=portal, name=name)
    later = None if full else timezone.now() + timedelta(hours=1)
    Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=later)
    syncing.sync(feed.pk, worker="test")
    return SyncRun.objects.filter(feed=feed).latest_first().first()


@pytest.fixture
def busy(sandbox, portal, workflow, sync):
    """Enough of everything that one row is never most of a page."""
    sandbox.load("demo", workflows=20, seed=7)
    sync()
    sandbox.advance(minutes=30)
    return portal


ODD = [
    ("workflow", {"OWNED_UNTIL": NEVER}, "OWNED_UNTIL", "no_moment"),
    ("workflow", {"MODIFIED": FIVE_DIGIT_YEAR}, "MODIFIED", "no_moment"),
    ("workflow", {"MODIFIED": None}, "MODIFIED", "no_moment"),
    ("workflow", {"MODIFIED": "2026-01-01T00:00:00"}, "MODIFIED", "no_moment"),
    ("workflow", {"STARTED": 5}, "STARTED", "no_moment"),
    ("workflow", {"STARTED_BY": -3}, "STARTED_BY", "not_above_zero"),
    ("workflow", {"STARTED_BY": TWENTY_DIGITS}, "STARTED_BY", "too_large"),
    ("workflow", {"TEMPLATE_ID": [1]}, "TEMPLATE_ID", "no_number"),
    ("workflow", {"ENTITY": "x" * 256}, "ENTITY", "too_long"),
    ("workflow", {"DOCUMENT_ID": {"a": 1}}, "DOCUMENT_ID", "no_text"),
    ("task", {"PARAMETERS": False}, "PARAMETERS", "no_object"),
    ("task", {"PARAMETERS": "none"}, "PARAMETERS", "no_object"),
    ("task", {"STATUS": None}, "STATUS", "no_number"),
    ("task", {"STATUS": TWENTY_DIGITS}, "STATUS", "too_large"),
    ("task", {"STATUS": 2**31}, "STATUS", "too_large"),
    ("task", {"USER_ID": ""}, "USER_ID", "no_number"),
    ("task", {"USER_ID": str(TWENTY_DIGITS)}, "USER_ID", "too_large"),
    ("task", {"USER_STATUS": True}, "USER_STATUS", "no_number"),
    ("task", {"OVERDUE_DATE": FIVE_DIGIT_YEAR}, "OVERDUE_DATE", "no_moment"),
    ("task", {"WORKFLOW_ID": ""}, "WORKFLOW_ID", "empty"),
    ("task", {"WORKFLOW_ID": "f" * 65}, "WORKFLOW_ID", "too_long"),
    ("task", {"NAME": ["a"]}, "NAME", "no_text"),
    ("template", {"MODIFIED": NEVER}, "MODIFIED", "no_moment"),
    ("template", {"AUTO_EXECUTE": -1}, "AUTO_EXECUTE", "no_number"),
    ("template", {"USER_ID": TWENTY_DIGITS}, "USER_ID", "too_large"),
    ("template", {"PARAMETERS": 7}, "PARAMETERS", "no_object"),
    ("template", {"DOCUMENT_TYPE": [1, 2, {}]}, "DOCUMENT_TYPE", "no_text"),
    ("user", {"UF_DEPARTMENT": [""]}, "UF_DEPARTMENT", "no_number"),
    ("user", {"UF_DEPARTMENT": [TWENTY_DIGITS]}, "UF_DEPARTMENT", "no_number"),
    ("user", {"ACTIVE": None}, "ACTIVE", "no_boolean"),
    ("user", {"NAME": {}}, "NAME", "no_text"),
    ("department", {"UF_HEAD": "boss"}, "UF_HEAD", "no_number"),
    ("department", {"PARENT": TWENTY_DIGITS}, "PARENT", "too_large"),
    ("department", {"SORT": 2**40}, "SORT", "too_large"),
    ("department", {"NAME": 1.5}, "NAME", "no_text"),
]
FEEDS = {
    "workflow": "workflows",
    "task": "workflow_tasks",
    "template": "workflow_templates",
    "user": "people",
    "department": "people",
}


def one_of(kind):
    """Give the number of one of a kind, and how it stands in the mirror."""
    match kind:
        case "workflow":
            row = Workflow.objects.running().order_by("-remote_id").first()
            return row.remote_id, lambda: facts(Workflow, row, "is_running", "modified_at")
        case "task":
            row = WorkflowTask.objects.open().order_by("-remote_id").first()
            return row.remote_id, lambda: (
                facts(WorkflowTask, row, "is_open", "gone_at", "name", "parameters"),
                list(Assignment.objects.filter(task=row).values("person", "status", "gone_at")),
            )
        case "template":
            row = WorkflowTemplate.objects.filter(is_hidden=False).order_by("-remote_id").first()
            return row.remote_id, lambda: facts(WorkflowTemplate, row, "gone_at", "name")
        case "user":
            row = Person.objects.filter(departments__isnull=False).order_by("-remote_id").first()
            return row.remote_id, lambda: (
                facts(Person, row, "is_active", "gone_at", "name"),
                list(row.departments.values_list("pk", flat=True)),
            )
        case _:
            row = Department.objects.filter(parent__isnull=False).order_by("-remote_id").first()
            return row.remote_id, lambda: facts(Department, row, "gone_at", "name", "parent")


def facts(model, row, *names):
    return model.objects.filter(pk=row.pk).values(*names).get()


@pytest.mark.parametrize(("kind", "fields", "field", "code"), ODD)
def test_an_odd_row_is_named_and_kept_and_the_passes_go_on(
    busy, sandbox, portal, kind, fields, field, code
):
    remote_id, stands = one_of(kind)
    before = stands()
    if kind == "workflow":
        sandbox.touch_workflow(remote_id)
    sandbox.override_row(kind, remote_id, fields=fields)
    new = sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_1"])
    run_pass("workflows", portal)
    assert Workflow.objects.filter(remote_id=new).exists()
    for full in (True, False):
        run = run_pass(FEEDS[kind], portal, full=full)
        assert (run.state, run.error_code) == (SyncRun.State.COMPLETE, "")
        assert stands() == before
        feed = Feed.objects.get(portal=portal, name=FEEDS[kind])
        assert feed.failing_since is None
        assert (feed.odd, feed.odd_count) == ([[kind, str(remote_id), field, code]], 1)


NAMELESS = [{"ID": TWENTY_DIGITS}, {"ID": None}, {"ID": "x"}, {"ID": ["1"]}, "absent"]


@pytest.mark.parametrize("kind", ["workflow", "task", "template", "user", "department"])
@pytest.mark.parametrize("fields", NAMELESS, ids=str)
def test_nobody_is_gone_while_a_row_does_not_say_whose_it_is(busy, sandbox, portal, kind, fields):
    if kind == "workflow" and fields == {"ID": "x"}:  # any text is an ID there, except an empty one
        fields = {"ID": ""}
    remote_id, stands = one_of(kind)
    before = stands()
    if fields == "absent":
        sandbox.override_row(kind, remote_id, absent=["ID"])
    else:
        sandbox.override_row(kind, remote_id, fields=fields)
    run = run_pass(FEEDS[kind], portal)
    assert (run.state, run.error_code) == (SyncRun.State.COMPLETE, "")
    assert stands() == before
    feed = Feed.objects.get(portal=portal, name=FEEDS[kind])
    assert feed.odd_count >= 1
    assert {one[2] for one in feed.odd} == {"ID"}


def test_what_is_really_gone_is_still_noticed_beside_odd_rows(busy, sandbox, portal):
    odd, stands = one_of("task")
    sandbox.override_row("task", odd, absent=["ID"])
    other = WorkflowTask.objects.open().exclude(remote_id=odd).order_by("remote_id").first()
    sandbox.kill_workflow(other.workflow.remote_id)
    run_pass("workflow_tasks", portal)
    other.refresh_from_db()
    assert not other.is_open
    assert stands()[0]["is_open"]


def test_a_pass_fails_when_most_rows_of_a_page_are_odd(busy, sandbox, portal):
    for row in Workflow.objects.running():
        sandbox.override_row("workflow", row.remote_id, fields={"MODIFIED": "tomorrow"})
    before = Workflow.objects.running().count()
    run = run_pass("workflows", portal)
    assert (run.state, run.error_code) == (SyncRun.State.FAILED, "bad_answer")
    assert "rows cannot be read" in run.error_values["detail"]
    assert Workflow.objects.running().count() == before


def test_a_single_row_never_stops_a_feed_however_short_it_is(workflow, sandbox, portal):
    sandbox.override_row("workflow", workflow.remote_id, fields={"OWNED_UNTIL": NEVER})
    sandbox.override_row("task", workflow.tasks.get().remote_id, fields={"PARAMETERS": False})
    for name in ("workflows", "workflow_tasks"):
        for full in (True, False):
            assert run_pass(name, portal, full=full).state == SyncRun.State.COMPLETE
    workflow.refresh_from_db()
    assert workflow.is_running
    assert workflow.tasks.get().is_open


def test_a_row_that_can_be_read_again_is_named_no_longer(workflow, sandbox, portal):
    sandbox.override_row("workflow", workflow.remote_id, fields={"STARTED_BY": "me"})
    run_pass("workflows", portal)
    assert Feed.objects.get(portal=portal, name="workflows").odd_count == 1
    sandbox.clear_overrides()
    run_pass("workflows", portal, full=False)
    feed = Feed.objects.get(portal=portal, name="workflows")
    assert (feed.odd, feed.odd_count) == ([], 0)


def test_the_portals_page_counts_the_odd_rows_and_names_them(
    busy, sandbox, portal, as_, administrator
):
    remote_id, _ = one_of("user")
    sandbox.override_row("user", remote_id, fields={"ACTIVE": None})
    run_pass("people", portal)
    body = as_(administrator).get(f"/portals/{portal.pk}/").content.decode()
    assert "1 row could not be read and was set aside" in body
    for told in (f">{remote_id}<", "ACTIVE", "it is neither yes nor no", "no_boolean"):
        assert told in body


def test_a_look_at_a_task_that_cannot_be_read_whole_changes_nothing(workflow, sandbox, portal):
    task = workflow.tasks.get()
    for fields in ({"PARAMETERS": False}, {"ID": None}, {"USER_ID": TWENTY_DIGITS}):
        sandbox.override_row("task", task.remote_id, fields=fields)
        syncing.read_again(workflow.portal, [workflow.pk])
        task.refresh_from_db()
        assert task.is_open
        assert task.assignments.filter(gone_at=None).count() == 1
        sandbox.clear_overrides()


def test_a_deadline_at_the_edge_of_time_is_no_odd_row(workflow, sandbox, portal):
    task = workflow.tasks.get()
    for moment in ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"):
        sandbox.override_row("task", task.remote_id, fields={"OVERDUE_DATE": moment})
        run = run_pass("workflow_tasks", portal)
        assert (run.state, run.odd_count) == (SyncRun.State.COMPLETE, 0)
        task.refresh_from_db()
        assert task.overdue_at.year in (9999, 1)


# --- through the gateway ------------------------------------------------------------------------


@pytest.fixture
def walked(gateway, sandbox):
    """Four workflows that run behind the gateway and are known here."""
    number = sandbox.add_template("Waits", structure=sequence(delay(amount=9)))
    ids = [sandbox.start_workflow(number, DEAL, started_by=1) for _ in range(4)]
    passed(gateway)
    return ids


@pytest.mark.parametrize(
    "change", [{"fields": {"MODIFIED": NEVER}}, {"fields": {"ID": ["1"]}}, {"absent": ["ID"]}],
    ids=str,
)  # fmt: skip
def test_what_the_gateway_lists_and_cannot_be_read_has_not_ended(gateway, sandbox, walked, change):
    sandbox.override_row("workflow", walked[0], **change)
    for _ in range(3):
        run = passed(gateway, FeedName.WORKFLOWS)
        assert run.state == SyncRun.State.COMPLETE
    assert Workflow.objects.running().count() == 4
    sandbox.clear_overrides()
    sandbox.end_workflow(walked[0])
    passed(gateway, FeedName.WORKFLOWS)
    # it was listed by the pass before, if not readable
    assert Workflow.objects.running().count() == 4
    passed(gateway, FeedName.WORKFLOWS)
    assert Workflow.objects.running().count() == 3


def test_what_is_gone_behind_the_gateway_is_noticed_beside_an_odd_row(gateway, sandbox, walked):
    sandbox.override_row("workflow", walked[0], fields={"MODIFIED": NEVER})
    sandbox.end_workflow(walked[1])
    for _ in range(2):
        passed(gateway, FeedName.WORKFLOWS)
    assert [one.remote_id for one in Workflow.objects.ended()] == [walked[1]]
