"""The page of a workflow template: its steps, who is asked where, and what is kept from whom."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.diagrams.reading import read
from bizproc_admin.models import AuditEntry, Person, WorkflowTask, WorkflowTemplate
from bizproc_admin.models.template_versions import Structure, TemplateVersion, keep_structure
from bizproc_admin.wording.audit_entries import sentence_of
from tests.language import SIGN

pytestmark = pytest.mark.portable

SECRET = "s3cr3t-of-the-hook"


def activity(kind, *children, name="", title="", **properties):
    given = {"Title": title or kind, **properties}
    return {"Type": kind, "Name": name, "Properties": given, "Children": list(children)}


def branch(*children, when=None):
    condition = {"fieldcondition": when} if when else {}
    return activity("IfElseBranchActivity", *children, **condition)


@pytest.fixture
def task(workflow):
    return workflow.tasks.get()


@pytest.fixture
def template(workflow, task):
    """The workflow's template, seen with a structure whose approval is where the task waits."""
    TemplateVersion.objects.all().delete()  # what the passes have read
    person = task.assignments.get().person
    asking = activity(
        "ApproveActivity",
        activity("SequenceActivity"),
        activity("SequenceActivity", activity("TerminateActivity", title="Stop here")),
        name=task.activity_name,
        title="Lawyers approve",
        Users=[f"user_{person.remote_id}", "author"],
        ApproveType="vote",
        ApproveMinPercent="60",
    )
    steps = [
        asking,
        activity(
            "IfElseActivity",
            branch(activity("WebHookActivity", title="Tell the archive",
                            Handler=f"https://hook.example.com/rest/{SECRET}/"),
                   when=[["OPPORTUNITY", ">", "1000000", "0"]]),
            branch(activity("acme_sign_v2", title="Sign it")),
            title="How much is it?",
        ),
        activity("IMNotifyActivity", title="Tell them", MessageUserTo=["{=Constant:Boss}"]),
        activity("CodeActivity", title="Archive", ExecuteCode=f"$a = '{SECRET}';\necho $a;"),
    ]  # fmt: skip
    keep_structure(
        workflow.template,
        Structure(
            template=[activity("SequentialWorkflowActivity", *steps, name="Template")],
            parameters={"Sum": {"Name": "Amount", "Type": "double", "Required": "1"}},
            variables={"Note": {"Name": "A note", "Type": "text", "Default": "kept"}},
            constants={"Boss": {"Name": "The boss", "Type": "string", "Default": SECRET}},
        ),
        modified_at=timezone.now(),
        changed_by=None,
        seen_at=timezone.now(),
    )
    return workflow.template


def page_of(client, template, **query):
    answer = client.get(reverse("workflow_template_detail", args=[template.pk]), query)
    assert answer.status_code == 200
    return answer


def test_every_step_is_drawn_and_outlined_with_who_is_asked(as_, administrator, template, task):
    answer = page_of(as_(administrator), template)
    page = answer.content.decode()
    drawing, outline = page.split('<ol class="outline')
    person = task.assignments.get().person
    for words in (
        "Lawyers approve", f"Vote, over 60 % of {person}, the author of the document",
        "amount over 1000000", "otherwise", "Tell the archive", "Calls hook.example.com", "Sign it",
        "Unknown activity acme_sign_v2", "Message to The boss", "PHP code, 2 lines", "agreed",
        "refused, or too late",
    ):  # fmt: skip
        assert words in drawing, words
        assert words in outline, words
    assert answer.context["diagram"].picture.width > 232
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert page.count(f"{reverse('workflow_start')}?template={template.pk}") == 1
    assert "A note" in page
    assert "Amount" in page


def test_how_many_wait_at_a_step_and_how_long_stands_under_it(
    as_, administrator, template, task, workflow
):
    now = template.portal.now()
    WorkflowTask.objects.filter(pk=task.pk).update(
        waiting_since=now - timedelta(days=3), overdue_at=now - timedelta(days=1)
    )
    other = WorkflowTask.objects.get(pk=task.pk)
    other.pk, other.remote_id, other.waiting_since = None, 991, now - timedelta(days=1)
    other.save()
    client = as_(administrator)
    step = page_of(client, template).context["diagram"].boxes[1].box
    feet = [(part.text.replace(SIGN, ""), part.tone) for part in step.lines.foot]
    assert feet == [
        ("2", "strong"), ("wait", ""), ("median 2 d", ""), ("max 3 d", "late"),
    ]  # fmt: skip
    chosen = page_of(client, template, step=step.step.key)
    assert [one.pk for one in chosen.context["chosen"].tasks] == [task.pk, other.pk]
    assert workflow.document_name in chosen.content.decode().split('id="step"')[1]
    listed = client.get(
        reverse("workflow_task_list"), {"whose": "everybody", "step": task.activity_name}
    )
    assert {line.task.pk for line in listed.context["list"].lines} == {task.pk, other.pk}
    none = client.get(reverse("workflow_task_list"), {"whose": "everybody", "step": "A1_2_3_4"})
    assert "Step: this filter of the address is not known here" in none.content.decode()


def test_a_task_at_a_step_the_template_no_longer_has_is_named(as_, administrator, template, task):
    WorkflowTask.objects.filter(pk=task.pk).update(activity_name="A9_9_9_9")
    page = page_of(as_(administrator), template).content.decode()
    assert "Some tasks wait at steps that are no longer in the template" in page
    assert "step=A9_9_9_9" in page


@pytest.mark.parametrize("role", ["administrator", "auditor", "participant"])
def test_no_address_code_or_constant_is_on_the_page(as_, request, template, role, task):
    account = request.getfixturevalue(role)
    if role == "participant":
        account.linked_people.create(person=task.assignments.get().person, portal=template.portal)
    for query in ({}, {"step": "4"}, {"step": "9"}, {"folds": "all"}):
        assert SECRET not in page_of(as_(account), template, **query).content.decode()


def test_others_see_titles_and_who_is_asked_alone(as_, participant, template, task):
    person = task.assignments.get().person
    participant.linked_people.create(person=person, portal=template.portal)
    page = page_of(as_(participant), template).content.decode()
    for words in ("Lawyers approve", f"over 60 % of {person}", "Tell the archive", "Amount"):
        assert words in page, words
    assert "whose=everybody" not in page
    for words in ("1000000", "hook.example.com", "Message to", "A note", "Constants"):
        assert words not in page, words
    constants = reverse("workflow_template_constants", args=[template.pk])
    assert as_(participant).post(constants).status_code == 403


def test_constants_are_shown_after_a_click_that_the_history_keeps(as_, auditor, template):
    client = as_(auditor)
    address = reverse("workflow_template_constants", args=[template.pk])
    assert SECRET not in client.get(address).content.decode()
    assert not AuditEntry.objects.filter(action="workflow_template.constants_seen").exists()
    assert SECRET in client.post(address).content.decode()
    entry = AuditEntry.objects.get(action="workflow_template.constants_seen")
    assert (entry.actor, entry.target_label) == (auditor, template.name)
    assert "Saw the constants of a template" in sentence_of(entry, {})
    assert SECRET not in str(entry.detail.inputs)


@pytest.mark.parametrize(
    "query",
    [
        {"folds": "x"},
        {"folds": "99999.3m.-1"},
        {"step": "-1"},
        {"step": "9" * 30},
        {"folds": "all"},
    ],
)
def test_an_odd_address_still_shows_the_page(as_, administrator, template, query):
    assert page_of(as_(administrator), template, **query).context["diagram"].picture


def test_a_fold_is_kept_in_the_address(as_, administrator, template):
    client = as_(administrator)
    question = next(b for b in page_of(client, template).context["diagram"].boxes if b.box.fold)
    assert "Tell the archive" in page_of(client, template).content.decode()
    path = reverse("workflow_template_detail", args=[template.pk])
    folded = client.get(path + question.url.partition("#")[0])
    drawn = [shown.box.lines.title for shown in folded.context["diagram"].boxes]
    assert "Tell the archive" not in drawn
    assert "2 steps folded" in folded.content.decode()
    assert "Tell the archive" in folded.content.decode()  # the outline leaves nothing out


def test_what_is_chosen_is_shown_though_it_lies_in_a_folded_block(as_, administrator, template):
    folded = next(s.box for s in page_of(as_(administrator), template).context["diagram"].boxes
                  if s.box.fold).fold  # fmt: skip
    answer = page_of(as_(administrator), template, folds=folded)
    hidden = next(s for s in template_steps(template) if s.title == "Tell the archive")
    assert hidden.key not in drawn_keys(answer)
    chosen = page_of(as_(administrator), template, folds=folded, step=hidden.key)
    assert hidden.key in drawn_keys(chosen)
    fold_url = next(s.url for s in chosen.context["diagram"].boxes if s.box.fold == folded)
    assert "step=" not in fold_url


def template_steps(template):
    return list(read(template.versions.latest_first().first().structure.opened().template).walk())


def drawn_keys(answer):
    return {shown.box.step.key for shown in answer.context["diagram"].boxes}


def test_a_dismissed_approver_is_named_so(as_, administrator, template, task):
    person = task.assignments.get().person
    Person.objects.filter(pk=person.pk).update(is_active=False)
    assert f"{person} (dismissed)" in page_of(as_(administrator), template).content.decode()


def test_without_a_structure_the_page_says_so(as_, administrator, workflow):
    TemplateVersion.objects.all().delete()
    page = page_of(as_(administrator), workflow.template).content.decode()
    assert "were not read from the portal yet" in page
    assert "Amount" not in page.split("How it goes")[0]


def test_of_automation_the_steps_that_wait_are_named(as_, administrator, template, task):
    TemplateVersion.objects.all().delete()
    WorkflowTemplate.objects.filter(pk=template.pk).update(is_hidden=True)
    page = page_of(as_(administrator), template).content.decode()
    assert "does not show the steps of its automation" in page
    assert "Tasks wait at these steps" in page
    assert f"step={task.activity_name}" in page
    assert reverse("workflow_start") not in page.split("page-head")[1].split("page-body")[0]


def test_a_template_nobody_has_to_do_with_is_not_found(as_, participant, template):
    answer = as_(participant).get(reverse("workflow_template_detail", args=[template.pk]))
    assert answer.status_code == 404


def course_of(client, workflow):
    answer = client.get(reverse("workflow_course", args=[workflow.pk]))
    assert answer.status_code == 200
    return answer


def test_a_workflow_is_shown_where_it_stands(as_, administrator, template, workflow, task):
    answer = course_of(as_(administrator), workflow)
    step = next(one for one in answer.context["diagram"].boxes if one.box.lines.mark)
    assert (step.box.lines.title, step.box.lines.mark) == ("Lawyers approve", "here")
    assert step.url == reverse("workflow_task_detail", args=[task.pk])
    page = answer.content.decode()
    assert page.count('data-mark="here"') == 2  # in the drawing and in the outline
    assert "Here now" in page
    assert (
        reverse("workflow_course", args=[workflow.pk])
        in as_(administrator).get(reverse("workflow_detail", args=[workflow.pk])).content.decode()
    )


def test_an_answer_shows_which_branch_was_taken(as_, administrator, template, workflow, task):
    client = as_(administrator)
    branches = {1: {"agreed"}, 2: {"refused, or too late"}, 4: {"refused, or too late"}, 0: set()}
    for status, branch in branches.items():
        WorkflowTask.objects.filter(pk=task.pk).update(is_open=False, status=status)
        boxes = [one.box for one in course_of(client, workflow).context["diagram"].boxes]
        marked = {box.lines.title.replace(SIGN, "") for box in boxes if box.lines.mark}
        assert marked == {"Lawyers approve", *branch}, status


def test_a_workflow_runs_on_the_version_of_its_start(as_, administrator, template, workflow):
    latest = template.versions.latest_first().first()
    TemplateVersion.objects.filter(pk=latest.pk).update(
        modified_at=workflow.started_at - timedelta(days=1),
        first_seen_at=workflow.started_at - timedelta(days=1),
        last_seen_at=workflow.started_at + timedelta(days=1),
    )
    keep_structure(
        template,
        Structure(template=[activity("SequentialWorkflowActivity")], parameters={}, variables={},
                  constants={}),
        modified_at=timezone.now(), changed_by=None, seen_at=timezone.now(),
    )  # fmt: skip
    answer = course_of(as_(administrator), workflow)
    assert answer.context["is_of_start"]
    assert "Lawyers approve" in answer.content.decode()
    assert "Lawyers approve" not in page_of(as_(administrator), template).content.decode()


def test_a_task_whose_step_is_in_no_version_is_named(as_, administrator, template, workflow, task):
    WorkflowTask.objects.filter(pk=task.pk).update(activity_name="A9_9_9_9")
    page = course_of(as_(administrator), workflow).content.decode()
    assert "Not in this template" in page
    assert 'data-mark="here"' not in page
