"""Structures of templates: each one that was seen is kept, and nobody claims which held unseen."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from bizproc_admin import bitrix, syncing
from bizproc_admin.models import (
    Feed,
    FeedName,
    SyncRun,
    TemplateStructure,
    TemplateVersion,
    WorkflowTemplate,
)
from bizproc_admin.models.template_versions import (
    Structure,
    keep_structure,
    opened,
    structure_of,
    version_at,
)
from bizproc_admin.syncing import passes, workflow_templates

MONDAY = datetime(2026, 3, 2, 9, tzinfo=timezone.get_fixed_timezone(0))
SECRET = "https://example.com/rest/1/abcdefgh12345678/"


def sequence(title):
    return {"Type": "SequentialWorkflowActivity", "Properties": {"Title": title}, "Children": []}


def structure(title):
    constants = {"C": {"Name": SECRET}}
    return Structure(template=[sequence(title)], parameters=[], variables={}, constants=constants)


@pytest.fixture(autouse=True)
def seconds_are_over(request):
    """What these tests make is no longer taken for just made, but where that is the point."""
    with pytest.MonkeyPatch.context() as patch:
        if "in_a_second" not in request.node.name:
            patch.setattr(workflow_templates, "BLURRED", timedelta())
        yield


@pytest.fixture
def template(portal):
    return WorkflowTemplate.objects.create(portal=portal, remote_id=7, name="Contract")


@pytest.fixture
def keeps(template):
    def keep(title, *, changed, seen):
        return keep_structure(
            template,
            None if title is None else structure(title),
            modified_at=MONDAY + timedelta(hours=changed),
            changed_by=None,
            seen_at=MONDAY + timedelta(hours=seen),
        )

    return keep


def test_the_same_structure_seen_again_is_the_same_version(template, keeps):
    version, is_new = keeps("first", changed=0, seen=1)
    again, is_new_again = keeps("first", changed=2, seen=3)
    assert (version.pk, is_new, is_new_again) == (again.pk, True, False)
    assert again.last_seen_at == MONDAY + timedelta(hours=3)
    assert structure_of(template) == structure("first")


def test_one_that_comes_back_is_a_version_of_its_own_and_kept_once(template, keeps):
    for hour, title in enumerate(("first", "second", "first")):
        keeps(title, changed=hour, seen=hour)
    assert [v.structure.opened() for v in template.versions.latest_first()] == [
        structure("first"),
        structure("second"),
        structure("first"),
    ]
    assert TemplateStructure.objects.count() == 2


def test_nothing_of_a_structure_lies_open_in_the_database(keeps):
    keeps("first", changed=0, seen=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM bizproc_admin_templatestructure")
        stored = bytes(cursor.fetchone()[0])
    assert b"abcdefgh" not in stored
    assert b"first" not in stored


def test_what_held_between_two_looks_cannot_be_told(template, keeps):
    first, _ = keeps("first", changed=0, seen=24)
    keeps("first", changed=0, seen=48)
    second, _ = keeps("second", changed=60, seen=72)
    at = {
        hour: version_at(template, MONDAY + timedelta(hours=hour)) for hour in (-1, 1, 48, 50, 61)
    }
    assert at == {-1: None, 1: first, 48: first, 50: None, 61: second}


def test_one_too_large_to_read_is_a_version_without_a_structure(template, keeps):
    keeps("first", changed=0, seen=1)
    version, is_new = keeps(None, changed=2, seen=3)
    assert is_new
    assert version.is_too_large
    assert structure_of(template) is None


def test_one_nested_deeper_than_can_be_written_is_too_large(template):
    deep = []
    for _ in range(5000):
        deep = [deep]
    nested = Structure(template=deep, parameters=[], variables=[], constants=[])
    version, _ = keep_structure(
        template, nested, modified_at=MONDAY, changed_by=None, seen_at=MONDAY
    )
    assert version.is_too_large


def asked(sandbox):
    """Give the calls for templates since the last look: the ids each asked for, [] for a list."""
    told = [
        call["params"].get("filter", {}).get("ID", [])
        for call in sandbox.calls()
        if call["method"] == "bizproc.workflow.template.list"
    ]
    sandbox.clear_calls()
    return told


def test_one_changed_twice_in_a_second_is_not_taken_for_read(portal, sandbox, sync):
    number = sandbox.add_template("Template", structure=sequence("v1"))
    sync()
    # the portal's MODIFIED is of whole seconds, and the person the same
    sandbox.change_template(number, structure=sequence("v2"))
    WorkflowTemplate.objects.get(remote_id=number)
    sync()
    read = structure_of(WorkflowTemplate.objects.get(remote_id=number))
    assert read.template[0]["Properties"]["Title"] == "v2"


def test_only_what_changed_is_read_again(portal, sandbox, sync):
    ids = [sandbox.add_template(f"Template {n}", structure=sequence(f"v1 {n}")) for n in range(12)]
    sync()
    asked(sandbox)
    sync()
    assert asked(sandbox) == [[]]
    sandbox.advance(minutes=5)
    sandbox.change_template(ids[3], structure=sequence("v2"), user_id=1)
    sync()
    calls = asked(sandbox)
    assert [[], [str(ids[3])]] == [[str(one) for one in call] for call in calls]
    changed = WorkflowTemplate.objects.get(remote_id=ids[3])
    assert [
        opened(v).template[0]["Properties"]["Title"] for v in changed.versions.latest_first()
    ] == [
        "v2",
        "v1 3",
    ]
    assert not WorkflowTemplate.objects.filter(is_hidden=False, is_structure_due=True).exists()


def test_five_hundred_unchanged_templates_cost_one_request_a_pass(portal, sandbox, sync):
    for number in range(499):
        sandbox.add_template(f"Template {number}")
    sync()
    assert WorkflowTemplate.objects.filter(is_hidden=False).count() == 500
    assert TemplateVersion.objects.count() == 500
    sandbox.clear_calls()
    feed = Feed.objects.get(portal=portal, name=FeedName.WORKFLOW_TEMPLATES)
    Feed.objects.filter(pk=feed.pk).update(next_at=None)
    syncing.sync(feed.pk, worker="test")
    run = SyncRun.objects.filter(feed=feed).latest_first().first()
    assert (run.requests, run.read) == (1, 500)
    lists = [call for call in sandbox.calls() if call["method"].endswith("template.list")]
    assert len(lists) == 10
    heavy = {"TEMPLATE", "VARIABLES", "CONSTANTS"}
    assert not any(heavy & set(call["params"]["select"]) for call in lists)


def test_a_structure_no_answer_can_hold_is_kept_as_too_large(portal, sandbox, sync, monkeypatch):
    monkeypatch.setitem(bitrix.Transport.__init__.__kwdefaults__, "response_limit", 60_000)
    ids = [sandbox.add_template(f"Template {n}", structure=sequence(f"{n}")) for n in range(7)]
    sandbox.change_template(ids[4], structure=sequence("x" * 80_000), user_id=1)
    sync()
    states = {t.remote_id: t.versions.get().is_too_large for t in WorkflowTemplate.objects.all()}
    assert {number for number, is_too_large in states.items() if is_too_large} == {ids[4]}
    asked(sandbox)
    sync()
    assert asked(sandbox) == [[]]


def test_a_changed_template_says_so_until_it_is_read(portal, sandbox, sync, monkeypatch):
    number = sandbox.add_template("Contract", structure=sequence("first"))
    sync()
    monkeypatch.setattr(passes.Pass, "structures", lambda self: iter(()))
    sandbox.advance(minutes=5)
    sandbox.change_template(number, structure=sequence("second"), user_id=1)
    sync()
    template = WorkflowTemplate.objects.get(remote_id=number)
    assert template.is_structure_due
    assert structure_of(template).template[0]["Properties"]["Title"] == "first"
    monkeypatch.undo()
    sync()
    template.refresh_from_db()
    assert not template.is_structure_due
    assert structure_of(template).template[0]["Properties"]["Title"] == "second"
