"""The list of workflow templates: how they are used, what is wrong with them, who sees what."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import Person, Workflow, WorkflowTemplate
from bizproc_admin.models.template_figures import count_anew
from tests.language import plain

URL = "/templates/"


def approval(title, *users, **more):
    return {
        "Type": "ApproveActivity",
        "Properties": {"Title": title, "Users": list(users), **more},
        "Children": [],
    }


def sequence(*steps):
    return {
        "Type": "SequentialWorkflowActivity",
        "Properties": {"Title": "Template"},
        "Children": list(steps),
    }


@pytest.fixture
def add(sandbox):
    return lambda name, *steps, **more: sandbox.add_template(
        name, structure=sequence(*steps), **more
    )


def names(answer):
    return [line.template.name for line in answer.context["list"].lines]


def line_of(answer, name):
    return next(one for one in answer.context["list"].lines if one.template.name == name)


def test_templates_that_cannot_go_well_are_marked(as_, administrator, portal, sandbox, sync, add):
    gone = sandbox.add_user("Dmitri", "Sokolov", active=False)
    add("Asks who left", approval("Lawyers", f"user_{gone}"))
    add("Asks nobody", approval("Board"))
    add("Asks a stranger", approval("Chief", "user_99999"))
    add("Unknown action", {"Type": "AiAgentActivity", "Properties": {"Title": "Think"}})
    add("Switched off", {**approval("Lawyers", f"user_{gone}"), "Activated": "N"})
    add("Fine", approval("Head", "user_1"))
    sync()
    client = as_(administrator)
    answer = client.get(URL)
    faults = {line.template.name: line.faults for line in answer.context["list"].lines}
    assert {name: [plain(one) for one in said] for name, said in faults.items() if said} == {
        "Asks who left": ["Asks Dmitri Sokolov, who was dismissed: “Lawyers”"],
        "Asks nobody": ["Asks nobody: “Board”"],
        "Asks a stranger": ["Asks person 99999, whom the portal does not list: “Chief”"],
        "Unknown action": ["Unknown action AiAgentActivity: “Think”"],
    }
    assert set(names(client.get(URL, {"condition": "broken"}))) == {
        "Asks who left",
        "Asks nobody",
        "Asks a stranger",
        "Unknown action",
    }


def test_somebody_dismissed_later_breaks_a_template_that_did_not_change(
    as_, administrator, portal, sandbox, sync, add
):
    person = sandbox.add_user("Dmitri", "Sokolov")
    add("Contract", approval("Lawyers", f"user_{person}"))
    sync()
    assert line_of(as_(administrator).get(URL), "Contract").faults == []
    Person.objects.filter(remote_id=person).update(is_active=False)
    assert line_of(as_(administrator).get(URL), "Contract").faults != []


def test_figures_come_from_the_own_history(as_, administrator, workflow, portal):
    now = timezone.now()
    template = workflow.template
    for days, hours_unseen in ((1, 0), (2, 0), (3, 0), (10, 30)):
        Workflow.objects.create(
            portal=portal,
            remote_id=f"ended.{days}",
            template=template,
            document=workflow.document,
            started_at=now - timedelta(days=days),
            modified_at=now,
            is_running=False,
            ended_after=now - timedelta(hours=hours_unseen),
            ended_before=now,
            observed_at=now,
        )
    Workflow.objects.filter(pk=workflow.pk).update(overdue_at=now - timedelta(days=1))
    count_anew(portal)
    answer = as_(administrator).get(URL)
    line = line_of(answer, template.name)
    assert (line.running, line.overdue, line.figures.ended) == (1, 100, 4)
    assert (line.median, line.slowest, line.figures.sample) == (
        timedelta(days=2),
        timedelta(days=3),
        3,
    )
    page = answer.content.decode()
    assert "100 % overdue" in page
    assert "95 % within 3 d, of 3" in page


def test_automation_the_portal_hides_stands_in_a_part_of_its_own(as_, administrator, workflow):
    WorkflowTemplate.objects.filter(pk=workflow.template_id).update(is_hidden=True, name="")
    client = as_(administrator)
    assert workflow.template_id not in [one.pk for one in client.get(URL).context["list"].lines]
    (line,) = client.get(URL, {"show": "automation"}).context["list"].lines
    assert (line.pk, line.running, line.state) == (workflow.template_id, 1, "")


def test_what_is_not_read_since_it_changed_is_found_once(
    as_, administrator, portal, sandbox, sync, add
):
    add("Read")
    number = add("Changed", approval("Board", "user_1"))
    for title in ("Chief", "Lawyers"):
        sync()
        sandbox.advance(minutes=5)
        sandbox.change_template(number, structure=sequence(approval(title, "user_1")))
    sync()
    WorkflowTemplate.objects.update(is_structure_due=False)
    template = WorkflowTemplate.objects.get(remote_id=number)
    assert template.versions.count() == 3
    WorkflowTemplate.objects.filter(pk=template.pk).update(is_structure_due=True)
    WorkflowTemplate.objects.create(portal=portal, remote_id=4711, is_structure_due=True)
    answer = as_(administrator).get(URL, {"condition": "unread"})
    assert names(answer) == ["Changed"]
    assert line_of(answer, "Changed").state == "due"
    counted = as_(administrator).get(f"{URL}counts/", {"condition": "unread"})
    assert [part.count for part in counted.context["list"].parts] == [1, 0, 0]


def test_templates_known_before_there_was_a_list_are_found(as_, administrator, portal):
    WorkflowTemplate.objects.create(portal=portal, remote_id=4711, search_text="")
    fill = import_module("bizproc_admin.migrations.0030_search_words_of_templates").fill
    fill(apps, None)
    found = as_(administrator).get(URL, {"show": "automation", "q": "4711"})
    assert [one.template.remote_id for one in found.context["list"].lines] == [4711]


def test_filters_and_heads_narrow_and_sort(as_, administrator, portal, sync, add):
    add("Договор", auto_execute=1)
    add("Lead", document_type=["crm", "CCrmDocumentLead", "LEAD"], auto_execute=0)
    sync()
    client = as_(administrator)
    assert names(client.get(URL, {"q": "дОГОВОР"})) == ["Договор"]
    assert names(client.get(URL, {"kind": "lead"})) == ["Lead"]
    assert "Договор" in names(client.get(URL, {"start": "creation"}))
    assert "Lead" not in names(client.get(URL, {"start": "creation"}))
    every = set(names(client.get(URL)))
    for key in client.get(URL).context["list"].heads:
        for sign in ("", "-"):
            assert set(names(client.get(URL, {"sort": sign + key}))) == every
    for chip in ("kind", "start", "condition", "person"):
        assert client.get(f"{URL}choices/{chip}/").status_code == 200


def test_a_manager_sees_templates_of_own_work_and_no_figures_of_others(
    as_, manager, approver, workflow, sync, add
):
    add("Nobody's business", approval("Board", "user_1"))
    sync()
    count_anew(workflow.portal)
    client = as_(approver)
    (line,) = client.get(URL).context["list"].lines
    assert (line.pk, line.running, line.figures) == (workflow.template_id, 1, None)
    assert client.get(URL, {"condition": "broken"}).context["list"].filters.problems
    assert names(as_(manager).get(URL)) == []


def test_the_page_costs_the_same_for_one_template_and_for_fifty(
    as_, administrator, portal, sync, add, django_assert_max_num_queries
):
    client = as_(administrator)
    add("One", approval("Board"), approval("Chief", "user_99999"))
    sync()
    client.get(URL)
    with django_assert_max_num_queries(18) as few:
        client.get(URL)
    for number in range(49):
        people = [] if number % 2 else ["user_99999", "user_1"]
        add(f"Template {number}", approval("Board", *people), approval("Chief", "user_1"))
    sync()
    with django_assert_max_num_queries(len(few)):
        assert len(client.get(URL).context["list"].lines) == 50


def test_the_navigation_leads_to_the_list(as_, administrator, portal):
    page = as_(administrator).get(reverse("overview")).content.decode()
    assert f'href="{URL}"' in page
