"""Answering a workflow task on its page: every outcome, against the portal's ledger."""

import json
import uuid
from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.audit import By
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandState,
    LinkedPerson,
    Person,
    PersonToken,
    Role,
    WorkflowTask,
)
from bizproc_admin.uploads import MOST_TOGETHER
from bizproc_admin.wording.command_errors import command_error
from tests.conftest import account

COMPLETE, DELEGATE = "bizproc.task.complete", "bizproc.task.delegate"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def no_time_to_take_back(settings):
    settings.UNDO_TIME = 0


@pytest.fixture
def employee(task):
    return task.assignments.get().person


@pytest.fixture
def other(portal, sandbox, sync, task):
    number = sandbox.add_user("Boris", "Titov")
    sync()
    sandbox.clear_calls()
    return Person.objects.get(portal=portal, remote_id=number)


@pytest.fixture
def acting(administrator, other, portal, gives_token):
    """An administrator here who administers the portal too, and has signed in through it."""
    chief = Person.objects.get(portal=portal, remote_id=1)
    LinkedPerson.objects.create(user=administrator, portal=portal, person=chief)
    gives_token(chief)
    return administrator


@pytest.fixture
def post(as_, committing, task):
    def send(who, name="completion", *, to=None, htmx=True, csrf=False, **data):
        data.setdefault("key", str(uuid.uuid4()))
        url = reverse(f"workflow_task_{name}", args=[(to or task).pk])
        with committing():
            return as_(who, csrf=csrf).post(url, data, headers=HTMX if htmx else {})

    return send


def page(as_, who, task):
    return as_(who).get(reverse("workflow_task_detail", args=[task.pk])).content.decode()


def methods(sandbox):
    return [entry["method"] for entry in sandbox.ledger()]


def kinds(command):
    return [(e.kind, e.outcome) for e in command.audit_entries.order_by("pk")]


# --- done ---------------------------------------------------------------------------------------


def test_an_answer_is_confirmed_and_the_page_says_so(post, as_, approver, task, sandbox):
    answer = post(approver, answer="1", comment="Согласовано")
    assert answer.status_code == 200
    assert answer["HX-Reswap"] == "none"
    assert f"workflow-task-{task.pk}-changed" in answer["HX-Trigger"]
    assert "workflow-task-answered" in answer["HX-Trigger"]
    command = Command.objects.get()
    assert command.state == CommandState.CONFIRMED
    assert command.inputs["comment"] == "Согласовано"
    assert methods(sandbox) == [COMPLETE]
    assert kinds(command) == [
        ("intent", "intent"), ("attempt", "sending"), ("outcome", "accepted"),
        ("reconcile", "confirmed"),
    ]  # fmt: skip
    said = page(as_, approver, task)
    assert "confirmed" in said
    assert 'id="completion"' not in said


def test_without_htmx_the_next_task_opens_or_the_list(post, approver, task):
    answer = post(approver, htmx=False, answer="1")
    assert answer.status_code == 302
    assert answer.url == reverse("workflow_task_list")


def test_fields_and_files_reach_the_portal(as_, approver, task, committing, sandbox, post):
    fields = [
        {"Id": "Budget", "Type": "double", "Name": "Budget", "Required": True},
        {"Id": "Scan", "Type": "file", "Name": "Scan"},
    ]
    WorkflowTask.objects.filter(pk=task.pk).update(
        activity="RequestInformationActivity", parameters={"Fields": fields, "StatusOkLabel": "Go"}
    )
    scan = SimpleUploadedFile("скан.pdf", b"%PDF")
    post(approver, answer="3", f_0="1 500,50", f_1=scan)
    command = Command.objects.get()
    assert command.inputs["fields"] == {"Budget": "1500.50"}
    assert command.inputs["files"][0]["name"] == "скан.pdf"


def test_an_uploaded_file_lies_on_no_disk_before_it_is_encrypted(
    settings, approver, task, committing, post
):
    settings.FILE_UPLOAD_TEMP_DIR = "/nowhere"
    asking_for_a_scan(task)
    content = b"%PDF" * 1_000_000
    post(approver, answer="3", f_0=SimpleUploadedFile("скан.pdf", content))
    assert Command.objects.get().inputs["files"][0]["sha256"] == sha256(content).hexdigest()


def test_a_file_too_large_is_refused_beside_its_field_and_the_comment_stays(
    settings, approver, task, post
):
    settings.FILE_UPLOAD_TEMP_DIR = "/nowhere"
    asking_for_a_scan(task)
    heavy = SimpleUploadedFile("скан.pdf", bytes(MOST_TOGETHER + 1))
    answer = post(approver, answer="3", f_0=heavy, comment="Смотрите скан")
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "A file may have at most 10.0\xa0MB." in said
    assert "Смотрите скан" in said
    assert not Command.objects.exists()


def asking_for_a_scan(task):
    WorkflowTask.objects.filter(pk=task.pk).update(
        activity="RequestInformationActivity",
        parameters={"Fields": [{"Id": "Scan", "Type": "file", "Name": "Scan"}]},
    )


# --- invalid, twice, in the way -----------------------------------------------------------------


def test_what_was_typed_stays_beside_what_is_wrong_with_it(post, approver, task, sandbox):
    WorkflowTask.objects.filter(pk=task.pk).update(
        parameters={
            **task.parameters,
            "CommentRequired": "YR",
            "Fields": [{"Id": "N", "Type": "int", "Name": "Number"}],
        }
    )
    answer = post(approver, answer="2", f_0="many")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "needs a comment" in text
    assert 'value="many"' in text
    assert not Command.objects.exists()
    assert sandbox.calls() == []
    assert post(approver, htmx=False, answer="2").status_code == 422


def test_a_quick_answer_that_is_not_enough_is_said_and_changes_nothing(post, approver, task):
    WorkflowTask.objects.filter(pk=task.pk).update(
        parameters={**task.parameters, "CommentRequired": "Y"}
    )
    answer = post(approver, answer="1", row="1")
    assert answer.status_code == 204
    assert "needs a comment" in answer["HX-Trigger"]
    assert not Command.objects.exists()


def test_a_form_sent_twice_is_one_answer(post, approver, sandbox):
    key = str(uuid.uuid4())
    for _ in range(2):
        assert post(approver, answer="1", key=key).status_code in (200, 409)
    assert Command.objects.count() == 1
    assert methods(sandbox) == [COMPLETE]


def test_a_reused_key_with_another_answer_is_refused(post, approver, settings):
    settings.UNDO_TIME = 60
    key = str(uuid.uuid4())
    assert post(approver, answer="1", key=key).status_code == 200
    answer = post(approver, answer="2", key=key)
    assert answer.status_code == 409
    assert "sent before" in answer.content.decode()


def test_a_second_answer_while_the_first_is_under_way_is_told_so(post, approver, settings):
    settings.UNDO_TIME = 60
    post(approver, answer="1")
    answer = post(approver, answer="2")
    assert answer.status_code == 409
    assert "You have answered this already" in answer.content.decode()
    assert "nothing was sent a second time" in answer.content.decode()
    assert Command.objects.count() == 1


# --- who may not --------------------------------------------------------------------------------


def test_nobody_answers_for_somebody_else(post, administrator, auditor, task, sandbox):
    assert post(administrator, answer="1").status_code == 403
    assert post(auditor, answer="1").status_code == 403
    assert not Command.objects.exists()
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.DENIED).count() == 2
    assert sandbox.calls() == []


def test_a_stranger_and_a_visitor_find_no_task(post, task, portal):
    stranger = account("sam", "Sam", Role.PARTICIPANT)
    assert post(stranger, answer="1").status_code == 404
    assert post(None, answer="1", htmx=False).status_code == 302
    assert not Command.objects.exists()


def test_an_answer_without_a_csrf_token_is_refused(post, approver):
    assert post(approver, answer="1", csrf=True).status_code == 403


def test_without_a_token_nothing_is_asked_for(post, approver, employee, sandbox):
    PersonToken.objects.all().delete()
    answer = post(approver, answer="1")
    assert answer.status_code == 409
    assert "Sign in with Bitrix24" in answer.content.decode()
    assert not Command.objects.exists()


# --- the world has moved on: calm outcomes ------------------------------------------------------


@pytest.mark.parametrize("how", ["answered", "ended", "delegated"])
def test_what_happened_meanwhile_is_calmly_told(
    post, as_, approver, task, sandbox, employee, other, how
):
    if how == "answered":
        sandbox.complete_task(task.remote_id, user_id=employee.remote_id, answer="no")
    elif how == "ended":
        sandbox.end_workflow(task.workflow.remote_id)
    else:
        sandbox.delegate(task.remote_id, employee.remote_id, other.remote_id)
    sandbox.clear_calls()
    assert post(approver, answer="1").status_code == 200
    command = Command.objects.get()
    assert command.state == CommandState.CANCELLED
    url = reverse("workflow_task_detail", args=[task.pk])
    said = as_(approver).get(url, headers=HTMX).content.decode()
    assert command_error(command).split(".")[0] in said.replace("&#x27;", "'")
    assert "notice--calm" in said
    assert "notice--danger" not in said
    assert sandbox.calls(COMPLETE) == []


def test_a_task_closed_in_the_mirror_already_is_said_at_once(post, approver, task, sandbox):
    WorkflowTask.objects.filter(pk=task.pk).update(is_open=False, status=1)
    task.assignments.update(status=1)
    answer = post(approver, answer="1")
    assert answer.status_code == 409
    assert "Already answered by" in answer.content.decode()
    assert sandbox.calls() == []


def test_a_refusal_is_said_next_to_the_form_with_what_was_typed(post, as_, approver, task, sandbox):
    sandbox.fail_next("ERROR_TASK_EXECUTION", method=COMPLETE)
    post(approver, answer="2", comment="Слишком дорого")
    command = Command.objects.get()
    assert command.state == CommandState.REJECTED
    said = page(as_, approver, task)
    assert command_error(command) in said
    assert "the portal refused" in said
    assert "Слишком дорого" in said
    assert 'id="completion"' in said


def test_files_of_a_refused_answer_must_be_chosen_again(post, as_, approver, task, sandbox):
    asking_for_a_scan(task)
    sandbox.fail_next("ERROR_TASK_EXECUTION", method=COMPLETE)
    post(approver, answer="3", f_0=SimpleUploadedFile("a.pdf", b"%PDF"))
    said = page(as_, approver, task)
    assert "choose them again" in said
    assert "“a.pdf” is no longer in this form" in said
    assert post(approver, answer="3", f_0_gone="a.pdf").status_code == 422
    assert Command.objects.count() == 1


def test_a_file_that_a_form_lost_is_said_at_its_field_and_the_next_press_sends_nothing(
    post, approver, task, sandbox
):
    asking_for_a_scan(task)
    first = post(approver, f_0=SimpleUploadedFile("скан.pdf", b"%PDF"))
    said = first.content.decode()
    assert first.status_code == 422
    assert "“скан.pdf” is no longer in this form" in said
    assert 'name="f_0_gone" value="скан.pdf"' in said
    second = post(approver, answer="3", f_0_gone="скан.pdf")
    assert second.status_code == 422
    assert "held back" in second.content.decode()
    assert not Command.objects.exists()
    assert post(approver, answer="3", f_0_gone="скан.pdf", f_0_without="1").status_code == 200
    assert Command.objects.get().inputs["files"] == []


def test_a_lost_answer_is_unknown_and_said(post, as_, approver, task, sandbox):
    sandbox.fail_next("timeout_before_apply", method=COMPLETE, hold=3)
    post(approver, answer="1")
    command = Command.objects.get()
    assert command.state == CommandState.UNKNOWN
    said = page(as_, approver, task)
    assert "unknown, checking" in said
    assert "every 3s" in said
    assert 'id="completion"' not in said
    assert methods(sandbox) == []


# --- taking back ----------------------------------------------------------------------------------


@pytest.fixture
def to_take_back(settings, post, approver):
    settings.UNDO_TIME = 60
    post(approver, answer="1")
    return Command.objects.get()


def take_back(client, command, **headers):
    return client.post(reverse("command_take_back", args=[command.pk]), headers=headers)


def test_an_answer_waits_and_can_be_taken_back(to_take_back, as_, approver, task, sandbox):
    client = as_(approver)
    commands.carry_out(to_take_back.pk, worker="test")
    assert sandbox.calls(COMPLETE) == []
    row = client.get(reverse("workflow_task_row", args=[task.pk])).content.decode()
    assert "sending in" in row and "Undo" in row and "every 1s" in row
    bar = client.get("/workflow-tasks/pulse/?take_back").content.decode()
    assert reverse("command_take_back", args=[to_take_back.pk]) in bar
    answer = take_back(client, to_take_back, **HTMX)
    assert answer.status_code == 204
    assert f"workflow-task-{task.pk}-changed" in answer["HX-Trigger"]
    to_take_back.refresh_from_db()
    assert (to_take_back.state, to_take_back.error_code) == (CommandState.CANCELLED, "taken_back")
    said = page(as_, approver, task)
    assert "taken back" in said
    assert 'id="completion"' in said
    assert "hidden" in client.get("/workflow-tasks/pulse/?take_back").content.decode()
    assert sandbox.ledger() == []


def test_the_next_task_that_waits_is_named_with_the_decision(
    post, settings, approver, task, employee
):
    settings.UNDO_TIME = 60
    now = timezone.now()
    second = WorkflowTask.objects.create(
        portal=task.portal, remote_id=99_999, workflow=task.workflow, name="Second",
        activity=task.activity, parameters=task.parameters, modified_at=now, observed_at=now,
        waiting_since=now, overdue_at=now + timedelta(days=900),
    )  # fmt: skip
    second.assignments.create(person=employee)
    url = reverse("workflow_task_detail", args=[second.pk])
    assert url in post(approver, answer="1")["HX-Trigger"]
    # the first has an answer under way: it is not asked again
    assert '"next": ""' in post(approver, to=second, answer="1")["HX-Trigger"]


def test_the_next_task_is_one_of_the_list_and_in_its_order(settings, approver, task, employee, as_):
    settings.UNDO_TIME = 60
    now = timezone.now()
    made = [
        task.workflow.tasks.create(
            portal=task.portal, remote_id=99_990 + number, name=f"Next {number}",
            search_text=text, activity=task.activity, parameters=task.parameters,
            modified_at=now, observed_at=now, waiting_since=now - timedelta(days=number),
        )
        for number, text in enumerate(["found", "other", "found", "found"])
    ]  # fmt: skip
    for one in made:
        one.assignments.create(person=employee)

    def next_of(one, where):
        headers = HTMX | {"HX-Current-URL": f"http://testserver{where}"}
        data = {"key": str(uuid.uuid4()), "answer": "1"}
        url = reverse("workflow_task_completion", args=[one.pk])
        answer = as_(approver).post(url, data, headers=headers)
        return json.loads(answer["HX-Trigger"])["workflow-task-answered"]["next"]

    own = reverse("workflow_task_detail", args=[made[2].pk])
    kept = "?q=found&sort=-waiting"
    assert next_of(made[2], own + kept) == f"/workflow-tasks/{made[0].pk}/{kept}"
    assert next_of(made[0], "/workflow-tasks/" + kept) == f"/workflow-tasks/{made[3].pk}/{kept}"
    # the last of the list: no other task is offered, though others wait
    assert next_of(made[3], own + kept) == ""


def test_without_htmx_the_list_is_kept_by_the_form(as_, approver, task):
    shown = as_(approver).get(reverse("workflow_task_detail", args=[task.pk]) + "?sort=-waiting")
    action = reverse("workflow_task_completion", args=[task.pk]) + "?sort=-waiting"
    assert f'action="{action}"' in shown.content.decode()
    data = {"key": str(uuid.uuid4()), "answer": "1"}
    assert as_(approver).post(action, data).url == "/workflow-tasks/?sort=-waiting"


def test_that_it_was_taken_back_is_told_for_a_while_and_its_end_repaints_no_form(
    to_take_back, as_, approver, task, monkeypatch
):
    client = as_(approver)
    take_back(client, to_take_back)
    url = reverse("workflow_task_detail", args=[task.pk])
    first = client.get(url)
    assert 'id="task-outcome"' in first.content.decode()
    later = timezone.now() + timedelta(minutes=1)
    monkeypatch.setattr("bizproc_admin.lists.task_lines.timezone.now", lambda: later)
    assert 'id="task-outcome"' not in client.get(url).content.decode()
    version = first.context["state_version"]
    assert client.get(url, {"version": version}, headers=HTMX).status_code == 204


def test_what_a_colleague_does_leaves_ones_own_form_alone(
    as_, approver, task, other, settings, committing
):
    settings.UNDO_TIME = 60
    task.assignments.create(person=other)
    boris = account("boris2", "Boris Titov", Role.PARTICIPANT)
    LinkedPerson.objects.create(user=boris, portal=task.portal, person=other)
    url = reverse("workflow_task_detail", args=[task.pk])
    client = as_(approver)
    version = client.get(url).context["state_version"]
    Command.objects.create(
        key=uuid.uuid4(), digest="", portal=task.portal, action="workflow_task.complete",
        effect=f"part:{other.remote_id}", target_kind="workflow_task", target_id="1",
        target_label="", workflow=task.workflow, task=task, actor=boris, actor_name="Boris",
        actor_role="", inputs={"answer": 1},
    )  # fmt: skip
    assert client.get(url, {"version": version}, headers=HTMX).status_code == 204
    row = client.get(reverse("workflow_task_row", args=[task.pk])).content.decode()
    assert 'name="answer"' in row
    assert 'id="completion"' in client.get(url).content.decode()


def test_too_late_to_take_back_is_said(to_take_back, as_, approver, sandbox):
    Command.objects.filter(pk=to_take_back.pk).update(state=CommandState.SENDING, sends=1)
    answer = take_back(as_(approver), to_take_back, **HTMX)
    assert "Too late" in answer["HX-Trigger"]
    assert take_back(as_(approver), to_take_back).status_code == 302


def test_only_who_asked_or_an_administrator_takes_back(
    to_take_back, as_, administrator, participant, auditor
):
    assert take_back(as_(participant), to_take_back).status_code == 404
    assert take_back(as_(auditor), to_take_back).status_code == 403
    assert take_back(as_(administrator), to_take_back).status_code == 302
    to_take_back.refresh_from_db()
    assert to_take_back.error_code == "taken_back"


# --- delegating ---------------------------------------------------------------------------------


def test_ones_own_part_is_delegated_without_a_reason(
    post, as_, approver, portal, other, sandbox, sync, employee
):
    number = sandbox.ask([employee.remote_id], DelegationType="1")
    sync()
    mine = portal.workflow_tasks.get(remote_id=number)
    url = reverse("workflow_task_delegation", args=[mine.pk])
    assert as_(approver).get(url).status_code == 200
    answer = post(approver, "delegation", to=mine, to_person=f"user_{other.remote_id}")
    assert answer.status_code == 200
    assert "dialog-close" in answer["HX-Trigger"]
    command = Command.objects.get()
    assert (command.state, command_error(command)) == (CommandState.CONFIRMED, "")
    assert command.on_behalf_of == str(employee)
    assert methods(sandbox) == [DELEGATE]
    said = page(as_, approver, mine)
    assert "Delegation to Boris Titov" in said
    assert "no longer asked" in said


def test_a_typed_name_that_fits_one_person_is_enough(post, approver, other):
    assert post(approver, "delegation", to_person_find="titov").status_code == 200
    assert Command.objects.get().inputs["to"] == other.remote_id


def test_somebody_elses_part_needs_a_reason(post, administrator, other, sandbox):
    to = f"user_{other.remote_id}"
    answer = post(administrator, "delegation", to_person=to)
    assert answer.status_code == 422
    assert not Command.objects.exists()
    assert post(administrator, "delegation", to_person=to, reason="On leave").status_code == 200
    command = Command.objects.get()
    assert (command.state, command.reason) == (CommandState.CONFIRMED, "On leave")


@pytest.mark.parametrize("to", ["", "user_999999", "x"])
def test_nobody_is_no_receiver(post, approver, to):
    assert post(approver, "delegation", to_person=to).status_code == 422
    assert not Command.objects.exists()


def test_a_participant_gives_away_their_own_part_only(post, as_, approver, other, portal, task):
    task.assignments.create(person=other)
    form = as_(approver).get(reverse("workflow_task_delegation", args=[task.pk])).context["form"]
    assert form.only is not None
    answer = post(approver, "delegation", to_person="user_1", from_person=other.pk)
    assert answer.status_code in (409, 422)
    assert not Command.objects.exists()


def test_a_refused_delegation_is_said_and_nothing_changes(
    post, as_, approver, task, other, sandbox
):
    sandbox.fail_next("ERROR_DELEGATION_NOT_ALLOWED", method=DELEGATE)
    post(approver, "delegation", to_person=f"user_{other.remote_id}")
    command = Command.objects.get()
    assert command.state == CommandState.REJECTED
    said = page(as_, approver, task)
    assert command_error(command) in said
    assert 'id="completion"' in said


def test_an_answered_task_is_no_longer_delegated(post, approver, task, other):
    WorkflowTask.objects.filter(pk=task.pk).update(is_open=False, status=1)
    answer = post(approver, "delegation", to_person=f"user_{other.remote_id}")
    assert answer.status_code == 409
    assert not Command.objects.exists()


# --- answering for somebody ---------------------------------------------------------------------


def test_an_administrator_takes_over_and_answers_with_both_names_kept(
    post, as_, acting, task, employee, sandbox
):
    dialog = as_(acting).get(reverse("workflow_task_takeover", args=[task.pk]))
    assert str(employee) in dialog.content.decode()
    assert "lets nobody answer for another" in dialog.content.decode()
    assert post(acting, "takeover").status_code == 422
    assert post(acting, "takeover", reason="He left").status_code == 200
    given = Command.objects.get()
    assert (given.state, given.on_behalf_of) == (CommandState.CONFIRMED, str(employee))
    said = page(as_, acting, task)
    assert "You answer on behalf of" in said
    assert 'id="completion"' in said
    assert post(acting, answer="1").status_code == 200
    answered = Command.objects.latest("pk")
    assert (answered.state, answered.on_behalf_of) == (CommandState.CONFIRMED, str(employee))
    assert answered.as_person == acting.person_at(task.portal)
    assert methods(sandbox) == [DELEGATE, COMPLETE]


def test_only_who_acts_for_others_takes_over(post, manager, approver, administrator, task):
    assert post(manager, "takeover", reason="x").status_code == 403
    assert post(approver, "takeover", reason="x").status_code == 403
    # an account that stands for nobody could not answer what it was given
    assert post(administrator, "takeover", reason="x").status_code == 409
    assert not Command.objects.exists()


def test_what_could_not_be_answered_is_not_taken_over(post, acting, task):
    PersonToken.objects.filter(person=acting.person_at(task.portal)).delete()
    answer = post(acting, "takeover", reason="He left")
    assert answer.status_code == 409
    assert "Sign in with Bitrix24 once" in answer.content.decode()
    assert not Command.objects.exists()


def test_who_has_no_hands_to_delegate_with_is_told_before_filling_a_form_in(
    post, as_, approver, task, other
):
    PersonToken.objects.all().delete()
    url = reverse("workflow_task_delegation", args=[task.pk])
    assert "Sign in with Bitrix24 once" in as_(approver).get(url).content.decode()
    assert post(approver, "delegation", to_person=f"user_{other.remote_id}").status_code == 409
    assert not Command.objects.exists()


# --- once more ----------------------------------------------------------------------------------


def test_a_form_sent_again_after_it_was_taken_back_is_not_said_to_leave(
    post, approver, task, sandbox, settings
):
    settings.UNDO_TIME = 60
    key = str(uuid.uuid4())
    post(approver, answer=1, key=key)
    commands.take_back(Command.objects.get(), by=By(account=approver))
    answer = post(approver, answer=1, key=key)
    assert answer.status_code == 409
    assert "came to nothing" in answer.content.decode()
    assert key not in answer.content.decode()
    assert sandbox.calls(COMPLETE) == []


def test_what_was_typed_stands_there_again_after_it_was_taken_back(
    post, as_, approver, task, settings
):
    settings.UNDO_TIME = 60
    post(approver, answer=1, comment="Nur mit Rabatt")
    commands.take_back(Command.objects.get(), by=By(account=approver))
    assert "Nur mit Rabatt" in page(as_, approver, task)


def test_what_was_typed_stands_there_when_somebody_was_quicker(post, as_, approver, task):
    WorkflowTask.objects.filter(pk=task.pk).update(is_open=False, status=1)
    task.assignments.update(status=1)
    answer = post(approver, answer="1", comment="Ein langer Text")
    assert answer.status_code == 409
    said = answer.content.decode()
    assert "what you typed, not sent" in said
    assert "readonly data-select>Ein langer Text</textarea>" in said
    assert 'id="completion"' not in said


def test_the_reason_of_a_delegation_that_came_too_late_stands_there(post, approver, task, other):
    WorkflowTask.objects.filter(pk=task.pk).update(is_open=False, status=1)
    given = {"to_person": f"user_{other.remote_id}", "reason": "On leave till Monday"}
    answer = post(approver, "delegation", **given)
    assert answer.status_code == 409
    assert "readonly data-select>On leave till Monday</textarea>" in answer.content.decode()


def test_what_was_typed_survives_a_token_lost_meanwhile(post, approver, task):
    PersonToken.objects.update(lost_at=timezone.now())
    answer = post(approver, answer=1, comment="Ein langer Text")
    assert answer.status_code == 409
    assert "Ein langer Text" in answer.content.decode()


def test_the_reason_of_a_delegation_is_not_for_whom_it_is_about(
    post, as_, administrator, approver, other, task
):
    post(administrator, "delegation", to_person=f"user_{other.remote_id}", reason="Leaves Friday")
    assert Command.objects.get().reason == "Leaves Friday"
    assert "Leaves Friday" not in page(as_, approver, task)
    assert "Leaves Friday" in page(as_, administrator, task)


def test_somebody_who_is_gone_is_given_nothing(post, administrator, other, sandbox):
    Person.objects.filter(pk=other.pk).update(gone_at=timezone.now())
    post(administrator, "delegation", to_person=f"user_{other.remote_id}", reason="x")
    assert not Command.objects.exists()


@pytest.mark.parametrize("number", ["1" * 5000, "-1", "x", ""])
def test_an_odd_number_of_a_task_finds_nobody(as_, administrator, task, number):
    url = reverse("person_search")
    answer = as_(administrator).get(url, {"for": number, "purpose": "delegation", "q": "a"})
    assert answer.status_code == 404


def test_a_text_with_a_null_in_it_finds_people_all_the_same(as_, administrator, other, task):
    given = {"for": task.pk, "purpose": "delegation", "q": "Tit\x00ov"}
    answer = as_(administrator).get(reverse("person_search"), given)
    assert "Boris Titov" in answer.content.decode()
