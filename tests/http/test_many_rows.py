"""Where very many workflows run, pages tell what the workers counted last, or count some of them.

What was counted for one account is told to no other.
"""

import re
from copy import copy

import pytest
from django.core.cache import cache
from django.urls import reverse

from bizproc_admin import lookout, syncing
from bizproc_admin.models import (
    Assignment,
    LinkedPerson,
    Participation,
    Person,
    PersonFigures,
    Workflow,
    WorkflowTemplate,
    counting,
)
from bizproc_admin.models.workloads import are_counted
from bizproc_admin.templatetags.numbers import counted

pytestmark = pytest.mark.portable


@pytest.fixture
def starter(workflow):
    person = Person.objects.earliest("pk")
    workflow.started_by = person
    workflow.starter_copy = person.name
    workflow.save()
    return person


@pytest.fixture
def another(workflow, starter):
    """A second workflow, of a template of its own, which is older."""
    template = WorkflowTemplate.objects.create(
        portal=workflow.portal, remote_id=977, name="Согласование договора"
    )
    return Workflow.objects.create(
        portal=workflow.portal,
        remote_id="another",
        template=template,
        template_copy=template.name,
        document=workflow.document,
        started_by=starter,
        started_at=workflow.started_at.replace(year=2020),
        modified_at=workflow.modified_at,
        observed_at=workflow.observed_at,
    )


@pytest.fixture
def few_are_many(monkeypatch, another):
    """Two workflows run, and that is more than anybody counts."""
    monkeypatch.setattr(counting, "MOST_COUNTED", 1)
    monkeypatch.setattr(counting, "MANY", 0)
    for module in ("views.overview", "lists.template_lines"):
        monkeypatch.setattr(f"bizproc_admin.{module}.SAMPLED", 1)
    monkeypatch.setattr(counting, "SAMPLED", 1)
    monkeypatch.setattr(counting, "GLANCED", 1)


def overview(client):
    return client.get(reverse("overview")).context


def choices(client, chip, **asked):
    answer = client.get(reverse("workflow_choices", args=[chip]), asked)
    found = answer.context["choices"]
    return [(one.label, one.count, one.is_least) for one in found], answer.content.decode()


def test_the_overview_tells_what_the_workers_counted(as_, administrator, few_are_many, another):
    client = as_(administrator)
    assert overview(client)["counts"]["running"] == 2, "counted here until the workers have"
    syncing.count_figures()
    assert overview(client)["counts"]["running"] == 2
    rows = overview(client)["templates"]
    assert {row["name"]: row["running"] for row in rows}[another.template.name] == 1
    Workflow.objects.filter(pk=another.pk).update(is_running=False)
    assert overview(client)["counts"]["running"] == 2
    syncing.count_figures()
    assert overview(client)["counts"]["running"] == 1


def test_before_the_workers_have_counted_nobody_is_said_to_have_no_work(
    as_, administrator, few_are_many, starter
):
    client, url = as_(administrator), reverse("person_list")
    asked = Assignment.objects.get(status=0, gone_at=None).person
    first = client.get(url, {"sort": "-running"}).context["list"].lines[0].person
    assert (first, first.running_count) == (starter, 2)
    lines = client.get(url, {"load": "open"}).context["list"].lines
    assert [(line.person, line.person.open_count) for line in lines] == [(asked, 1)]


def test_the_workers_count_before_it_is_told_of(portal, another, monkeypatch):
    monkeypatch.setattr(counting, "MANY", 2)
    syncing.count_figures()
    assert PersonFigures.objects.exists()
    assert not are_counted(portal)
    monkeypatch.setattr(counting, "MANY", 1)
    assert are_counted(portal)


def test_the_background_worker_counts_now_and_then(portal, monkeypatch):
    taken = []
    one = lookout.Lookout("background", node="n", threads=1, watches=False)
    monkeypatch.setattr(one, "take", lambda *job, **_: taken.append(job))
    one.look()
    one.look()
    assert taken.count(("count_figures",)) == 1


def test_whoever_sees_a_part_is_told_of_that_part_alone(
    as_, manager, few_are_many, workflow, starter
):
    syncing.count_figures()
    assert overview(as_(manager))["counts"]["running"] == 0
    LinkedPerson.objects.create(user=manager, portal=workflow.portal, person=starter)
    told = overview(as_(manager))
    assert counted(told["counts"]["running"]) == "1+"
    assert [(row["running"], row["is_least"]) for row in told["templates"]] == [(1, True)]


def spoken(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def glancing(as_, manager, starter, another, monkeypatch):
    """A manager of both workflows, of which a page counts one."""
    monkeypatch.setattr(counting, "MANY", 0)
    monkeypatch.setattr(counting, "GLANCED", 1)
    LinkedPerson.objects.create(user=manager, portal=another.portal, person=starter)
    return as_(manager)


def test_no_page_waits_until_a_part_of_very_many_is_counted(glancing):
    url = reverse("workflow_list")
    page = spoken(glancing.get(url))
    assert "<b>1+</b>" in page
    assert 'id="workflow-total">1+</span>' in page
    assert "All rows matching these filters" not in page, "a manager ends none"
    assert re.search(r'class="nav__count[^>]*>1\+<', page)
    assert len(glancing.get(url).context["list"].lines) == 2
    followed = spoken(glancing.get(f"{url}counts/"))
    assert '<span id="workflow-matches" hx-swap-oob="innerHTML"> <b>2</b>' in followed
    assert '<span id="workflow-total" hx-swap-oob="innerHTML">2</span>' in followed
    assert re.search(r'id="show-running".*?segmented__count">2<', followed)


def test_what_filters_leave_of_very_many_follows_the_rows(glancing, another):
    asked = {"template": another.template_id}
    page = spoken(glancing.get(reverse("workflow_list"), asked))
    assert "<b>1</b> of 1+" in page
    followed = spoken(glancing.get(f"{reverse('workflow_list')}counts/", asked))
    assert "<b>1</b> of 2" in followed
    assert '<span id="workflow-total" hx-swap-oob="innerHTML">1</span>' in followed
    nothing = spoken(glancing.get(f"{reverse('workflow_list')}counts/", {"q": "nothing-has-this"}))
    assert "<b>0</b> of 2" in nothing
    assert "workflow-total" not in nothing, "no page of nothing tells a range"


def test_a_state_of_very_many_is_counted_by_itself_after_the_rows(glancing, workflow, another):
    Workflow.objects.filter(pk=another.pk).update(overdue_at=workflow.started_at)
    for overdue, said in ((1, "<b>1</b> of 2"), (2, "<b>2</b> of 2")):
        Workflow.objects.filter(pk=workflow.pk).update(
            overdue_at=workflow.started_at if overdue == 2 else None
        )
        cache.clear()
        asked = {"condition": "overdue"}
        assert said in spoken(glancing.get(f"{reverse('workflow_list')}counts/", asked))


def test_choices_and_newer_rows_of_very_many_are_glanced_at(glancing, workflow, another):
    Workflow.objects.update(overdue_at=workflow.started_at)
    answer = glancing.get(reverse("workflow_choices", args=["condition"]))
    counts = {one.key: counted(one.count) for one in answer.context["choices"]}
    assert counts["overdue"] == "1+"
    assert "1+ newer" in spoken(glancing.get(reverse("workflow_pulse"), {"upto": 0}))


def test_all_pages_of_what_was_glanced_at_are_reached(glancing, another):
    copies = [copy(another) for _ in range(60)]
    for number, one in enumerate(copies):
        one.pk, one.remote_id = None, f"copy-{number}"
    Workflow.objects.bulk_create(copies)
    found = [
        line.workflow.pk
        for number in (1, 2, 3)
        for line in glancing.get(reverse("workflow_list"), {"size": 25, "page": number})
        .context["list"]
        .lines
    ]
    assert sorted(found) == sorted(Workflow.objects.values_list("pk", flat=True))
    beyond = glancing.get(reverse("workflow_list"), {"size": 25, "page": 9}).context["list"]
    assert beyond.page.number == 1


def test_who_sees_everything_waits_for_the_number(as_, administrator, glancing):
    page = spoken(as_(administrator).get(reverse("workflow_list")))
    assert 'id="workflow-total">2</span>' in page
    assert "workflow-matches" not in spoken(as_(administrator).get("/workflows/counts/"))


def test_figures_of_few_are_worked_out_each_time(as_, administrator, workflow):
    client = as_(administrator)
    assert overview(client)["counts"]["running"] == 1
    workflow.mark_ended(cause="unknown", after=workflow.started_at, before=workflow.modified_at)
    assert overview(client)["counts"]["running"] == 0


def test_people_are_told_and_ordered_by_what_the_workers_counted(
    as_, administrator, few_are_many, starter
):
    client, url = as_(administrator), reverse("person_list")
    syncing.count_figures()
    first = client.get(url, {"sort": "-running"}).context["list"].lines[0].person
    assert (first, first.running_count) == (starter, 2)
    asked = Assignment.objects.get(status=0, gone_at=None).person
    lines = client.get(url, {"load": "open"}).context["list"].lines
    assert [(line.person, line.person.open_count) for line in lines] == [(asked, 1)]
    Assignment.objects.update(status=1)
    syncing.count_figures()
    assert client.get(url, {"load": "open"}).context["list"].lines == []


def test_a_template_tells_how_many_of_it_run(as_, administrator, manager, few_are_many, another):
    def running(account):
        client, url = as_(account), reverse("workflow_template_list")
        pages = [client.get(url, {"show": part}) for part in ("listed", "automation")]
        lines = [line for page in pages for line in page.context["list"].lines]
        return {line.template: (line.running, line.is_least) for line in lines}

    syncing.count_figures()
    assert running(administrator)[another.template] == (1, False)
    LinkedPerson.objects.create(user=manager, portal=another.portal, person=another.started_by)
    WorkflowTemplate.objects.update(auto_execute=0, is_hidden=False)
    told = running(manager)
    assert sum(count for count, _is_least in told.values()) == 1, "no more than is counted"
    assert told[another.template][1]
    alone = as_(manager).get(reverse("workflow_template_detail", args=[another.template.pk]))
    assert alone.context["line"].running == 1
    assert not alone.context["line"].is_least


def test_a_recipe_offers_what_the_workers_counted(as_, administrator, few_are_many, another):
    syncing.count_figures()
    page = as_(administrator).get(reverse("recipe_creation"))
    offered = [label for _key, label in page.context["form"].fields["template"].choices]
    assert f"{another.template.name} (1)" in offered
    Workflow.objects.filter(pk=another.pk).update(is_running=False)
    assert (
        f"{another.template.name} (1)"
        in as_(administrator).get(reverse("recipe_creation")).content.decode()
    )


def test_choices_are_counted_among_the_latest_rows(as_, administrator, few_are_many, workflow):
    client = as_(administrator)
    found, page = choices(client, "template", show="all")
    assert found == [(workflow.template_name, 1, True)]
    assert ">1+</span>" in page
    assert choices(client, "starter")[0] == [(workflow.started_by_name, 1, True)]
    assert choices(client, "waiting")[0] == [(Assignment.objects.get().person.name, 1, True)]


def test_what_runs_of_each_template_the_workers_have_counted(
    as_, administrator, manager, few_are_many, workflow, another
):
    syncing.count_figures()
    client, name = as_(administrator), another.template.name
    exact = [(name, 1, False), (workflow.template_name, 1, False)]
    assert sorted(choices(client, "template")[0]) == sorted(exact)
    assert choices(client, "template", find="ДОГОВОР")[0] == [(name, 1, False)]
    LinkedPerson.objects.create(user=manager, portal=another.portal, person=another.started_by)
    assert [least for *_one, least in choices(as_(manager), "template")[0]] == [True]


def test_what_only_other_rows_have_is_found_by_its_name(as_, administrator, few_are_many, another):
    client = as_(administrator)
    name, asked = another.template.name, {"show": "all"}
    assert choices(client, "template", find="ДОГОВОР", **asked)[0] == [(name, None, True)]
    assert choices(client, "template", find="отпуск", **asked)[0] == []
    known = Workflow.objects.exclude(pk=another.pk).get().template_name
    assert choices(client, "template", find=known, **asked)[0] == [(known, 1, True)]
    unused = WorkflowTemplate.objects.get(pk=another.template_id)
    unused.pk, unused.remote_id, unused.name = None, 990, "Договор без рабочих процессов"
    unused.save()
    assert choices(client, "template", find="ДОГОВОР", **asked)[0] == [(name, None, True)]


def test_whom_nobody_waits_for_is_not_found(as_, administrator, few_are_many, starter):
    client = as_(administrator)
    asked = Assignment.objects.get().person
    assert choices(client, "waiting", find=asked.name)[0] == [(asked.name, 1, True)]
    others = Person.objects.exclude(pk=asked.pk).exclude(name="")
    assert choices(client, "waiting", find=others[0].name)[0] == []


def test_who_takes_part_sees_the_template_whichever_version_kept_that(manager, another):
    LinkedPerson.objects.create(user=manager, portal=another.portal, person=another.started_by)
    seen = WorkflowTemplate.objects.visible_to(manager)
    assert another.template in seen
    Participation.objects.update(template=None)
    assert another.template in seen.all()
    # as the rest of the tests holds the table against what says it
    Participation.objects.all().delete()
    assert another.template not in seen.all()
    for one in Workflow.objects.all():
        one.save()
    assignments = Assignment.objects.select_related("task")
    Participation.objects.keep((one.person_id, one.task.workflow_id) for one in assignments)
