"""What became of an answer reaches whoever gave it, wherever they are by then."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Assignment,
    Command,
    CommandState,
    SeenOutcome,
    WorkflowTask,
)
from bizproc_admin.views import news as views
from bizproc_admin.wording.command_errors import command_error
from tests.language import plain

# each act is committed, as it is in life: PostgreSQL counts transactions
pytestmark = pytest.mark.usefixtures("live_db")
COMPLETE = "bizproc.task.complete"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def no_time_to_take_back(settings):
    settings.UNDO_TIME = 0


@pytest.fixture
def answer(as_, approver, task, committing):
    def give(**data):
        address = reverse("workflow_task_completion", args=[task.pk])
        with committing():
            return as_(approver).post(
                address, {"key": str(uuid.uuid4()), "answer": "1", **data}, headers=HTMX
            )

    return give


@pytest.fixture
def refused(answer, sandbox):
    sandbox.fail_next("ERROR_TASK_EXECUTION", method=COMPLETE)
    answer()
    command = Command.objects.get()
    assert command.state == CommandState.REJECTED
    return command


def told(as_, who, page="/workflows/"):
    return [item.outcome.command.pk for item in news(as_, who, page).items]


def news(as_, who, page="/workflows/"):
    return as_(who).get(page).context["news"]


@pytest.mark.parametrize("page", ["/workflow-tasks/", "/workflows/", "/own-account/"])
def test_a_refused_answer_is_told_on_every_page_until_it_is_dismissed(
    as_, approver, refused, task, page
):
    client = as_(approver)
    said = client.get(page).content.decode()
    assert 'id="news" role="alert"' in said
    assert "the portal refused" in said
    assert f'href="{reverse("workflow_task_detail", args=[task.pk])}">{task}</a>' in said
    assert command_error(refused) in said
    # counted on the entry of the tasks, in the column and in the tabs of a phone
    counted = 'data-news><span aria-hidden="true">!</span><span data-news-count>1<'
    assert " ".join(said.split()).count(counted) == 2
    dismissed = client.post(reverse("dismissal_creation"), {"command": refused.pk})
    assert dismissed.status_code == 302
    said = client.get(page).content.decode()
    assert "the portal refused" not in said.replace("news__", "") or page == "/workflow-tasks/"
    assert told(as_, approver, page) == []
    assert said.count("data-news hidden") == 2
    assert SeenOutcome.objects.get().word == "refused"


def test_an_answer_that_somebody_was_quicker_with_is_told(as_, approver, task, answer, sandbox):
    sandbox.complete_task(task.remote_id, task.assignments.get().person.remote_id, "no")
    answer()
    command = Command.objects.get()
    assert command.error_code == "already_answered"
    assert told(as_, approver) == [command.pk]


def test_an_unknown_outcome_is_told_and_what_becomes_of_it_is_told_anew(
    as_, approver, answer, sandbox
):
    sandbox.fail_next("timeout_before_apply", method=COMPLETE, hold=3)
    answer()
    command = Command.objects.get()
    assert command.state == CommandState.UNKNOWN
    assert told(as_, approver) == [command.pk]
    client = as_(approver)
    client.post(reverse("dismissal_creation"), {"command": command.pk}, headers=HTMX)
    assert told(as_, approver) == []
    # still unknown, though in another way: nothing new
    Command.objects.update(state=CommandState.NEEDS_HUMAN)
    assert told(as_, approver) == []
    Command.objects.update(state=CommandState.NOT_APPLIED, settled_at=timezone.now())
    assert told(as_, approver) == [command.pk]


def test_what_was_asked_for_is_said_to_the_ear_and_does_not_stay(
    as_, approver, answer, task, monkeypatch
):
    answer()
    assert Command.objects.get().state == CommandState.CONFIRMED
    shown = news(as_, approver)
    assert shown.items == []
    assert [plain(one.outcome.title) for one in shown.said] == ["“Accept”: confirmed"]
    said = as_(approver).get("/workflows/").content.decode()
    assert f"“Accept”: confirmed, {task}. A reading of the portal agrees." in said
    monkeypatch.setattr(views, "JUST_NOW", timedelta(0))
    assert news(as_, approver).said == []


def test_what_a_person_took_back_is_no_news(as_, approver, answer, settings):
    settings.UNDO_TIME = 60
    answer()
    commands.take_back(Command.objects.get(), by=By(account=approver))
    shown = news(as_, approver)
    assert shown.items == []
    assert [plain(one.outcome.title) for one in shown.said] == ["“Accept”: taken back"]


def test_an_answer_given_anew_is_told_of_alone(as_, approver, refused, answer):
    assert told(as_, approver) == [refused.pk]
    answer(comment="anew")
    assert Command.objects.count() == 2
    assert told(as_, approver) == []


def test_nobody_is_told_of_what_another_asked_for_and_nobody_dismisses_it(
    as_, approver, administrator, refused
):
    assert told(as_, administrator) == []
    as_(administrator).post(reverse("dismissal_creation"), {"command": refused.pk})
    assert told(as_, approver) == [refused.pk]


def test_a_refused_termination_is_told_too(as_, administrator, workflow, committing, sandbox):
    sandbox.fail_next("ERROR_WRONG_WORKFLOW_ID", method="bizproc.workflow.terminate")
    Command.objects.create(
        key=uuid.uuid4(), digest="", portal=workflow.portal, action="workflow.terminate",
        effect="end", target_kind="workflow", target_id=workflow.remote_id, workflow=workflow,
        target_label=str(workflow), actor=administrator, actor_name="Anna", actor_role="",
        state=CommandState.REJECTED, error_text="It is locked.", settled_at=timezone.now(),
    )  # fmt: skip
    said = as_(administrator).get("/audit/").content.decode()
    assert "It is locked." in said
    assert reverse("workflow_detail", args=[workflow.pk]) in said
    sandbox.reset()


def test_an_open_page_asks_and_is_told_only_what_is_new(as_, approver, refused):
    client = as_(approver)
    first = client.get(reverse("news_list"), headers=HTMX)
    assert "the portal refused" in first.content.decode()
    digest = first.context["news"].digest
    again = client.get(reverse("news_list"), {"told": digest}, headers=HTMX)
    assert again.status_code == 204
    answer = client.post(
        reverse("dismissal_creation"), {"command": [refused.pk, "x", "9" * 9]}, headers=HTMX
    )
    assert (answer.status_code, answer["HX-Trigger"]) == (204, '{"news-changed": true}')
    client.post(reverse("dismissal_creation"), {"command": refused.pk})
    assert client.get(reverse("news_list"), {"told": digest}).status_code == 200


def test_several_answers_leave_in_one_bar_and_are_taken_back_together(
    as_, approver, task, answer, settings, sandbox
):
    settings.UNDO_TIME = 60
    answer()
    second = WorkflowTask.objects.get(pk=task.pk)
    second.pk, second.remote_id, second.name = None, 990, "Second"
    second.save()
    Assignment.objects.create(task=second, person=task.assignments.get().person)
    address = reverse("workflow_task_completion", args=[second.pk])
    client = as_(approver)
    client.post(address, {"key": str(uuid.uuid4()), "answer": "1"}, headers=HTMX)
    bar = client.get(
        reverse("workflow_task_pulse"), {"take_back": ""}, headers=HTMX
    ).content.decode()
    assert "2 answers leave" in bar
    assert "Second" in bar.split("Undo last")[0]
    keys = list(Command.objects.values_list("pk", flat=True))
    assert client.get("/workflows/").content.decode().count('id="take-back-bar"') == 1
    taken = client.post(reverse("take_back_creation"), {"command": keys}, headers=HTMX)
    assert taken.status_code == 204
    assert f"workflow-task-{task.pk}-changed" in taken["HX-Trigger"]
    assert set(Command.objects.values_list("error_code", flat=True)) == {"taken_back"}
    assert "toast" not in taken["HX-Trigger"]
    late = client.post(reverse("take_back_creation"), {"command": keys}, headers=HTMX)
    assert "Too late for" in late["HX-Trigger"]
    assert sandbox.ledger() == []


def test_how_many_people_were_found_is_said(as_, approver, task, portal):
    given = {"for": task.pk, "purpose": "delegation", "q": "a"}
    said = as_(approver).get(reverse("person_search"), given).content.decode()
    assert "data-announce>" in said
    found = said.count('class="choice"')
    assert f"{found} pe" in said
