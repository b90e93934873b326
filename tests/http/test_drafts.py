"""What is typed into a form is there again, for whoever typed it and nobody else."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import jobs
from bizproc_admin.models import (
    Assignment,
    Command,
    Draft,
    LinkedPerson,
    Person,
    Role,
    WorkflowTask,
)
from tests.conftest import account

pytestmark = pytest.mark.portable

COMMENT = "Сумма верна, но договор ещё не подписан."
FIELDS = [
    {"Id": "Budget", "Type": "double", "Name": "Budget"},
    {"Id": "Day", "Type": "date", "Name": "Day"},
    {"Id": "Urgent", "Type": "bool", "Name": "Urgent"},
    {"Id": "Way", "Type": "select", "Name": "Way", "Options": {"a": "By rail", "b": "By road"}},
    {"Id": "Who", "Type": "user", "Name": "Who"},
    {"Id": "Notes", "Type": "string", "Name": "Notes", "Multiple": True},
    {"Id": "Scan", "Type": "file", "Name": "Scan"},
]


@pytest.fixture(autouse=True)
def no_time_to_take_back(settings):
    settings.UNDO_TIME = 0


@pytest.fixture
def keep(as_, task):
    def send(who, **typed):
        address = reverse("workflow_task_draft", args=[task.pk])
        return as_(who).post(address, {"key": str(uuid.uuid4()), **typed})

    return send


@pytest.fixture
def request_task(task):
    WorkflowTask.objects.filter(pk=task.pk).update(
        activity="RequestInformationActivity", parameters={"Fields": FIELDS}
    )
    return task


def panel(as_, who, task):
    return as_(who).get(reverse("workflow_task_detail", args=[task.pk]))


def test_a_comment_is_there_again_and_can_be_discarded(as_, approver, task, keep, sandbox):
    said = keep(approver, comment=COMMENT).content.decode()
    assert "Kept as a draft" in said
    shown = panel(as_, approver, task).content.decode()
    assert COMMENT in shown
    assert "Kept as a draft" in shown
    discarded = keep(approver, comment=COMMENT, discard="1").content.decode()
    assert COMMENT not in discarded
    assert COMMENT not in panel(as_, approver, task).content.decode()
    assert not Draft.objects.exists()
    assert sandbox.ledger() == []


def test_every_kind_of_field_is_there_again_right_or_wrong(as_, approver, request_task, keep):
    person = request_task.assignments.get().person
    keep(
        approver, f_0="12,5 or so", f_1="2026-02-30", f_2="on", f_3="b",
        f_4=f"user_{person.remote_id}", f_5=["первое", "второе"], comment=COMMENT,
    )  # fmt: skip
    form = panel(as_, approver, request_task).context["form"]
    values = {name: form[name].value() for name in ("f_0", "f_1", "f_2", "f_3", "f_5", "comment")}
    assert values == {
        "f_0": "12,5 or so", "f_1": "2026-02-30", "f_2": True, "f_3": "b",
        "f_5": ["первое", "второе"], "comment": COMMENT,
    }  # fmt: skip
    assert form.fields["f_4"].chosen == [person]
    assert set(Draft.objects.get().values) == {f"f_{place}" for place in range(6)} | {"comment"}


def test_of_a_chosen_file_the_name_is_kept_and_asked_about(as_, approver, request_task, keep):
    keep(approver, f_6_gone="offer.pdf")
    assert Draft.objects.get().values["f_6_gone"] == ["offer.pdf"]
    said = panel(as_, approver, request_task).content.decode()
    assert "“offer.pdf” is no longer in this form" in said
    keep(approver, f_6_gone="offer.pdf", f_6_without="1")
    assert not Draft.objects.exists()


def test_a_form_as_it_was_first_shown_is_no_draft(approver, request_task, keep):
    keep(approver, f_0="12")
    said = keep(approver, f_0="", f_3="", f_5="", comment=" ").content.decode()
    assert "Kept as a draft" not in said
    assert not Draft.objects.exists()


def test_an_answer_that_leaves_takes_the_draft_with_it(as_, approver, task, keep, committing):
    keep(approver, comment=COMMENT)
    address = reverse("workflow_task_completion", args=[task.pk])
    with committing():
        as_(approver).post(address, {"key": str(uuid.uuid4()), "answer": "1", "comment": COMMENT})
    assert Command.objects.get().inputs["comment"] == COMMENT
    assert not Draft.objects.exists()
    # what was still on its way when the answer left is not kept
    assert keep(approver, comment=COMMENT).status_code == 204
    assert not Draft.objects.exists()


def test_an_answer_from_a_row_leaves_what_was_typed(as_, approver, task, keep, settings):
    settings.UNDO_TIME = 60
    keep(approver, comment=COMMENT)
    address = reverse("workflow_task_completion", args=[task.pk])
    as_(approver).post(address, {"key": str(uuid.uuid4()), "answer": "1", "row": "1"})
    assert Command.objects.get().inputs["comment"] == ""
    assert Draft.objects.get().values == {"comment": [COMMENT]}


def test_an_answer_that_is_refused_here_leaves_the_draft(as_, approver, task, keep):
    keep(approver, comment=COMMENT)
    address = reverse("workflow_task_completion", args=[task.pk])
    answer = as_(approver).post(address, {"key": str(uuid.uuid4()), "comment": COMMENT})
    assert answer.status_code == 422
    assert Draft.objects.get().values == {"comment": [COMMENT]}


def test_nobody_reads_the_draft_of_another(as_, approver, administrator, task, keep, portal):
    keep(approver, comment=COMMENT)
    deputy = account("deputy", "Deputy", Role.PARTICIPANT)
    colleague = Person.objects.at(portal).exclude(assignments__task=task).first()
    LinkedPerson.objects.create(user=deputy, portal=portal, person=colleague)
    Assignment.objects.create(task=task, person=colleague)
    for who in (administrator, deputy):
        assert COMMENT not in panel(as_, who, task).content.decode()


def test_who_may_see_a_task_and_is_not_asked_keeps_no_draft(keep, administrator):
    assert keep(administrator, comment=COMMENT).status_code == 204
    assert not Draft.objects.exists()


def test_drafts_nobody_can_send_any_more_are_deleted(approver, task, keep):
    keep(approver, comment=COMMENT)
    jobs.tidy()
    assert Draft.objects.count() == 1
    Draft.objects.update(saved_at=timezone.now() - timedelta(days=31))
    jobs.tidy()
    assert not Draft.objects.exists()
    keep(approver, comment=COMMENT)
    Assignment.objects.filter(task=task).update(status=1)
    WorkflowTask.objects.filter(pk=task.pk).update(is_open=False, status=1)
    jobs.tidy()
    assert not Draft.objects.exists()
