"""Names of documents are learnt from tasks that are done, slowly, once, and what is seen first."""

import pytest

from bizproc_admin import syncing
from bizproc_admin.bitrix import whole
from bizproc_admin.models import Document, Workflow, WorkflowTask
from bizproc_admin.syncing import learning
from sandbox.scenarios.templates import delay, review, sequence
from sandbox.state.portal import ADMINISTRATOR, EMPLOYEE

pytestmark = pytest.mark.portable
LIST = "/workflows/"
TASKS = "bizproc.task.list"


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


@pytest.fixture
def starts(sandbox, template_id):
    """Start workflows that wait without a task; with a name, somebody has read it before."""
    reads = sandbox.add_template(
        "Reading", structure=sequence(review("Read", [f"user_{EMPLOYEE}"]), delay(amount=9))
    )

    def start(number, name=""):
        document = ["crm", "CCrmDocumentDeal", f"DEAL_{number}"]
        one = sandbox.start_workflow(
            reads if name else template_id, document_id=document, document_name=name
        )
        for task in sandbox.tasks(one):
            sandbox.complete_task(task["id"], EMPLOYEE, "ok")
        return one

    return start


def of(remote_id):
    return Workflow.objects.select_related("document").get(remote_id=remote_id)


def asked(sandbox):
    """Return the workflows whose tasks were asked for, each as often as it was."""
    calls = [one for one in sandbox.calls(TASKS) if "WORKFLOW_ID" in one["params"]["filter"]]
    return [key for call in calls for key in call["params"]["filter"]["WORKFLOW_ID"]]


def test_a_name_is_learnt_from_a_done_task_and_is_found(client, portal, sandbox, starts, sync):
    known, unknown = starts(1, "Поставка насосов"), starts(2)
    sync()
    assert not Document.objects.exclude(name="").exists()
    assert client.get(LIST, {"q": "насосов"}).context["list"].page.rows == []
    sandbox.clear_calls()
    syncing.learn_names(portal.pk)
    assert (of(known).document.name, of(unknown).document.name) == ("Поставка насосов", "")
    assert client.get(LIST, {"q": "насосов"}).context["list"].page.rows == [of(known)]
    assert "Поставка насосов" in client.get(LIST).content.decode()
    assert sorted(asked(sandbox)) == sorted([known, unknown])
    methods = {one["method"] for one in sandbox.calls()}
    assert methods <= {"bizproc.workflow.instances", TASKS, "batch"}


def test_what_has_no_task_is_asked_for_again_once_it_has_changed(portal, sandbox, starts, sync):
    unknown = starts(2)
    sync()
    syncing.learn_names(portal.pk)
    sandbox.clear_calls()
    syncing.learn_names(portal.pk)
    sync()
    syncing.learn_names(portal.pk)
    assert (asked(sandbox), of(unknown).wants_name) == ([], False)
    sandbox.advance(30)
    sandbox.lock_workflow(unknown)
    sync()
    assert of(unknown).wants_name
    syncing.learn_names(portal.pk)
    assert asked(sandbox) == [unknown]


def test_what_somebody_looks_at_comes_first(
    client, portal, sandbox, starts, sync, committing, monkeypatch
):
    monkeypatch.setattr(learning, "AT_ONCE", 2)
    first, *_others = [starts(number, f"Deal {number}") for number in range(1, 5)]
    sync()
    with committing():
        client.get(LIST, {"q": "DEAL_1"})
    assert of(first).document.name == "Deal 1"
    assert Document.objects.exclude(name="").count() == 1
    sandbox.clear_calls()
    with committing():
        client.get(LIST, {"q": "DEAL_1"})
    assert sandbox.calls() == [], "a page that shows only what is known asks for nothing"


def test_a_pass_over_tasks_goes_on_learning_until_all_is_known(
    portal, sandbox, starts, sync, committing, monkeypatch
):
    monkeypatch.setattr(learning, "AT_ONCE", 2)
    for number in range(5):
        starts(number, f"Deal {number}")
    for count in (2, 4, 5, 5):
        with committing():
            sync()
        assert Document.objects.exclude(name="").count() == count


def no_rights(sandbox):
    sandbox.change_user(ADMINISTRATOR, admin=False)


def refused(sandbox):
    sandbox.fail_next("ACCESS_DENIED", method=TASKS)


@pytest.mark.parametrize("silence", [no_rights, refused])
def test_what_the_portal_did_not_tell_stays_due(portal, sandbox, starts, sync, silence):
    known = starts(1, "Поставка насосов")
    sync()
    silence(sandbox)
    syncing.learn_names(portal.pk)
    assert (of(known).document.name, of(known).wants_name) == ("", True)
    sandbox.change_user(ADMINISTRATOR, admin=True)
    sandbox.clear_faults()
    syncing.learn_names(portal.pk)
    assert of(known).document.name == "Поставка насосов"


def test_through_a_gateway_nothing_is_asked(gateway, sandbox, starts):
    starts(1, "Поставка насосов")
    syncing.sync(gateway.feeds.get(name="workflows").pk, worker="test")
    assert Workflow.objects.count() == 1
    sandbox.clear_calls()
    syncing.learn_names(gateway.pk)
    assert sandbox.calls() == []


def test_a_reading_in_several_requests_takes_no_task_of_another_one_for_gone(
    portal, sandbox, sync, monkeypatch
):
    monkeypatch.setattr(whole, "_AT_ONCE", 1)
    for number in (1, 2):
        sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", f"DEAL_{number}"])
    sync()
    sandbox.clear_calls()
    syncing.read_again(portal, Workflow.objects.values_list("pk", flat=True))
    assert len(sandbox.calls(TASKS)) == 2
    assert WorkflowTask.objects.open().count() == 2
