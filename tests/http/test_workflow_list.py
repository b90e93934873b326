"""The list of workflows: filters, order, pages, and what it costs."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import (
    Assignment,
    Command,
    Document,
    Feed,
    LinkedPerson,
    Person,
    Workflow,
    WorkflowTemplate,
    counting,
)
from tests.http.open_lists import OpenList
from tests.http.participations import let_start

LIST = "/workflows/"


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


@pytest.fixture
def many(sandbox, portal, sync):
    sandbox.load("demo", workflows=180, seed=5)
    sync()
    sandbox.clear_calls()


def rows(client, **params):
    answer = client.get(LIST, params)
    assert answer.status_code == 200
    return answer.context["list"].page.rows


def test_no_page_calls_the_portal(client, many, sandbox):
    client.get(LIST)
    client.get("/")
    assert sandbox.calls() == []


def test_newest_first_fifty_a_page(client, many):
    found = rows(client)
    assert len(found) == 50
    assert [w.started_at for w in found] == sorted((w.started_at for w in found), reverse=True)


@pytest.mark.parametrize(
    ("sort", "column"),
    [
        ("template", "template_copy"),
        ("document", "document_order"),
        ("state", "state_text"),
        ("waiting", "waiting_copy"),
        ("starter", "starter_copy"),
        ("started", "started_at"),
    ],
)
def test_every_column_sorts_both_ways_and_no_row_is_lost(client, many, sort, column):
    for key in (sort, f"-{sort}"):
        pages = [rows(client, sort=key, page=n, size=50) for n in (1, 2, 3, 4)]
        found = [w for page in pages for w in page]
        assert len({w.pk for w in found}) == 180
        values = list(Workflow.objects.order_by(column).values_list(column, flat=True))
        expected = values if key == sort else values[::-1]
        assert [getattr(w, column) for w in found] == expected


def test_idle_time_sorts_longest_first_downwards(client, many):
    found = rows(client, sort="-idle")
    assert [w.modified_at for w in found] == sorted(w.modified_at for w in found)


def test_text_is_found_in_any_case_in_cyrillic_too(client, workflow):
    for text in ("поставка", "ПОСТАВКА", "Насосов поставка", workflow.remote_id):
        assert rows(client, q=text) == [workflow]
    assert rows(client, q="нет такого") == []


def test_filters_narrow_and_combine(client, many):
    person = Person.objects.filter(assignments__status=0, assignments__gone_at=None).first()
    for w in rows(client, waiting=person.pk, size=250):
        assert w.tasks.filter(assignments__person=person, is_open=True).exists()
    kinds = {w.document_kind for w in rows(client, kind="deal", size=250)}
    assert kinds == {"deal"}
    old = timezone.now() - timedelta(days=90)
    assert all(w.started_at < old for w in rows(client, age="90d", size=250))
    template = Workflow.objects.first().template
    assert {w.template_id for w in rows(client, template=template.pk, size=250)} == {template.pk}
    assert all(w.started_by is None for w in rows(client, starter="system", size=250))


def test_locked_workflows_are_found(client, workflow, sandbox, sync):
    assert rows(client, condition="locked") == []
    sandbox.lock_workflow(workflow.remote_id, locked_minutes=30)
    sync()
    assert rows(client, condition="locked") == [workflow]
    assert b"Locked since" in client.get(LIST, {"condition": "locked"}).content or (
        workflow.state_text in client.get(LIST).content.decode()
    )


def test_ended_ones_are_shown_when_asked_for(client, workflow):
    Workflow.objects.update(is_running=False)
    assert rows(client) == []
    assert rows(client, show="ended") == [workflow]
    assert rows(client, show="all") == [workflow]


def test_age_and_idle_stop_at_the_end_of_a_workflow(client, workflow):
    began = timezone.now() - timedelta(days=400)
    Workflow.objects.update(
        is_running=False,
        started_at=began,
        modified_at=began + timedelta(hours=1),
        ended_after=began + timedelta(days=2),
        ended_before=began + timedelta(days=2),
    )
    page = client.get(LIST, {"show": "all"}).content.decode()
    assert ">2 d</time>" in page
    assert ">1 d 23 h</time>" in page
    assert ">1 y 33 d</time>" in client.get(LIST, {"show": "ended"}).content.decode()
    detail = client.get(reverse("workflow_detail", args=[workflow.pk])).content.decode()
    assert "Ran for" in detail
    for show in ("ended", "all"):
        assert rows(client, show=show, age="1d") == [workflow]
        assert rows(client, show=show, age="30d") == []
        assert rows(client, show=show, idle="1d") == [workflow]
        assert rows(client, show=show, idle="7d") == []


@pytest.mark.parametrize(
    "bad",
    [
        {"sort": "password"},
        {"page": "minus one"},
        {"page": "999999"},
        {"size": "7"},
        {"template": "1; DROP TABLE"},
        {"kind": "nonsense"},
        {"age": "forever"},
        {"waiting": "99999999999999999999999"},
        {"q": "x" * 300},
        {"q": "\x00"},
        {"upto": "x"},
    ],
)
def test_a_bad_value_is_ignored_and_never_an_error(client, workflow, bad):
    assert client.get(LIST, bad).status_code == 200


def test_new_rows_wait_until_they_are_asked_for(client, workflow, sandbox, sync):
    answer = client.get(LIST)
    upto = answer.context["list"].page.upto
    sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_900"])
    sync()
    assert rows(client, upto=upto) == [workflow]
    pulse = client.get(reverse("workflow_pulse"), {"upto": upto})
    assert pulse.context["list"].newer == 1
    assert len(rows(client)) == 2


def test_htmx_gets_the_table_alone_and_caches_know(client, workflow):
    answer = client.get(LIST, headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert "HX-Request" in answer["Vary"]
    history = client.get(LIST, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<html" in history.content


def test_a_page_costs_the_same_for_one_row_and_for_fifty(client, many):
    def cost(**params):
        with CaptureQueriesContext(connection) as captured:
            found = rows(client, **params)
        counts = [one["sql"].count("COUNT(") for one in captured]
        return len(found), len(captured), sum(counts)

    client.get(LIST)
    fifty, queries_of_fifty, counts = cost(q=".")  # every id has a point
    one, queries_of_one, _ = cost(q=Workflow.objects.first().remote_id)
    assert (fifty, one) == (50, 1)
    # one of them names the templates that have no name of their own, where a page shows any, one
    # counts the steps that the navigation tells of, one what there is without filters
    assert queries_of_one <= queries_of_fifty <= 16
    assert cost()[2] < counts  # nothing is counted twice: what runs is what the list has counted


def test_the_text_of_a_document_cannot_run(client, workflow):
    evil = "<script>alert(1)</script>"
    workflow.document.name = evil
    workflow.document.save()
    Workflow.objects.update(state_text=evil, document_copy=evil)
    for address in (LIST, reverse("workflow_detail", args=[workflow.pk])):
        assert evil not in client.get(address).content.decode()


def test_a_failing_feed_says_why_and_keeps_the_rows(client, workflow):
    Feed.objects.filter(name="workflows").update(
        failing_since=timezone.now(),
        failure_code="refused",
        failure_values={"text": "no rights", "vendor_code": "X"},
    )
    page = client.get(LIST)
    assert workflow in page.context["list"].page.rows
    assert b"no rights" in page.content


def test_a_worker_that_does_not_run_is_said_on_every_page(client, workflow):
    for address in (LIST, "/", reverse("workflow_detail", args=[workflow.pk])):
        assert b"worker is not running" in client.get(address).content


def test_a_manager_without_a_linked_person_is_told_why_the_list_is_empty(as_, manager, workflow):
    page = as_(manager).get(LIST).content.decode()
    assert workflow.remote_id not in page
    assert "linked" in page


def test_the_page_of_a_workflow_outlives_it(client, workflow, sandbox, sync):
    sandbox.kill_workflow(workflow.remote_id)
    sync()
    page = client.get(reverse("workflow_detail", args=[workflow.pk])).content.decode()
    assert "Поставка насосов" in page
    assert "cause unknown" in page
    assert workflow.remote_id in page


def test_a_workflow_is_called_by_its_document_and_by_its_template_while_that_has_no_name(
    client, workflow
):
    address = reverse("workflow_detail", args=[workflow.pk])
    heading = re.compile(r"<h1[^>]*>\s*(?:<a[^>]*>)?([^<]+)")
    page = client.get(address).content.decode()
    assert heading.search(page)[1] == "Поставка насосов"
    assert f"<title>Поставка насосов · {workflow.template_name}" in page
    Workflow.objects.update(document_copy="")
    Document.objects.update(name="")
    page = client.get(address).content.decode()
    assert heading.search(page)[1] == workflow.template_name
    assert "Deal 777, name not known" in page
    # a reading that learns the name brings the heading along, once
    Workflow.objects.update(document_copy="Насосы")
    part = client.get(address, {"read": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert heading.search(part)[1] == "Насосы"
    assert part.count("hx-swap-oob") == 1


def test_opening_a_workflow_reads_just_it_again_unless_it_is_fresh(
    client, workflow, sandbox, committing
):
    with committing():
        client.post(reverse("workflow_reading", args=[workflow.pk]))
    assert sandbox.calls() == []
    Workflow.objects.update(observed_at=timezone.now() - timedelta(seconds=30))
    with committing():
        client.post(reverse("workflow_reading", args=[workflow.pk]))
    assert {c["method"] for c in sandbox.calls()} - {"batch"} == {
        "bizproc.workflow.instances",
        "bizproc.task.list",
    }


@pytest.mark.parametrize(
    "chip", ["template", "kind", "starter", "waiting", "condition", "age", "idle"]
)
def test_every_chip_offers_its_choices_with_and_without_htmx(client, many, chip):
    address = reverse("workflow_choices", args=[chip])
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.context["choices"]
    assert b"<html" not in answer.content
    assert b"<html" in client.get(address).content


def test_rows_that_cannot_exist_are_passed_over(client, workflow):
    page = OpenList(client, LIST)
    page.rows = {"99999999999999999999": "x", str(workflow.pk): "other", "x": "", "\u0661": "y"}
    answer = page.ask()
    assert answer.status_code == 200
    assert f"workflow-row-{workflow.pk}" in answer.content.decode()


def test_a_row_says_whom_it_waits_for(client, workflow):
    assignment = workflow.tasks.get().assignments.get()
    assert client.get(LIST).context["list"].lines[0].waits == [assignment]
    row = client.get(reverse("workflow_row", args=[workflow.pk])).content.decode()
    assert str(assignment.person) in row
    assignment.status = 1
    assignment.save()
    assert client.get(LIST).context["list"].lines[0].waits == []


@pytest.mark.parametrize("address", [LIST, "/workflow-tasks/"])
def test_a_template_is_named_in_a_chip_to_whom_may_see_one_of_its_workflows(
    as_, administrator, participant, portal, many, address
):
    template = WorkflowTemplate.objects.filter(workflows__isnull=False).first()
    WorkflowTemplate.objects.filter(pk=template.pk).update(name="Secret bonus")
    asked = {"template": template.pk}
    assert "Secret bonus" in as_(administrator).get(address, asked).content.decode()
    link = LinkedPerson.objects.create(
        user=participant, portal=portal, person=stranger_to(template)
    )
    said = as_(participant).get(address, asked).content.decode()
    assert "Secret bonus" not in said
    assert "so no row is shown" in said
    workflow = Workflow.objects.filter(template=template).first()
    let_start(link.person, Workflow.objects.filter(pk=workflow.pk))
    assert "Secret bonus" in as_(participant).get(address, asked).content.decode()


def stranger_to(template):
    """Give somebody who has part in no workflow of a template."""
    mine = Workflow.objects.filter(template=template)
    concerned = Assignment.objects.filter(task__workflow__in=mine).values("person")
    starters = mine.exclude(started_by=None).values("started_by")
    strangers = Person.objects.exclude(pk__in=concerned).exclude(pk__in=starters)
    return strangers.working().first()


def test_how_many_match_stands_beside_the_title_of_how_many_there_are(client, many):
    running = Workflow.objects.running().count()
    locked = Workflow.objects.running().order_by("pk").first()
    Workflow.objects.exclude(pk=locked.pk).update(owned_until=None)
    Workflow.objects.filter(pk=locked.pk).update(owned_until=timezone.now() - timedelta(days=2))
    assert f"<b>{running}</b>" in client.get(LIST).content.decode()
    page = client.get(LIST, {"condition": "locked"}, HTTP_HX_REQUEST="true").content.decode()
    assert '<div class="page-head__about" id="workflow-about" hx-swap-oob="true">' in page
    assert "".join(page.split()).count(f"<b>1</b>of{running}") == 1


def test_each_state_is_one_click_away_with_its_count(client, many):
    shown = client.get(f"{LIST}counts/").context["list"]
    counts = {one.id.split("-", 1)[1]: one.count for one in [*shown.parts, *shown.states]}
    running = Workflow.objects.running()
    waiting = running.filter(open_tasks__gt=0).count()
    assert (counts["running"], counts["ended"]) == (running.count(), 0)
    assert (counts["waiting"], counts["no-task"]) == (waiting, running.count() - waiting)
    for state in shown.states:
        assert len(rows(client, size=250, condition=state.id.split("-", 1)[1])) == state.count
    chosen = client.get(LIST, {"condition": "waiting"}).context["list"].states[0]
    assert chosen.is_current
    assert "condition" not in chosen.url  # a second click shows them all again
    assert client.get(LIST, {"show": "ended"}).context["list"].states == []


def test_what_was_counted_for_one_account_is_told_to_no_other(as_, client, many, manager):
    assert client.get(f"{LIST}counts/").context["list"].parts[0].count > 0
    assert as_(manager).get(f"{LIST}counts/").context["list"].parts[0].count == 0


def test_more_rows_than_are_counted_are_all_reached(client, many, monkeypatch):
    monkeypatch.setattr(counting, "MOST_COUNTED", 20)
    assert counting.count_of(Workflow.objects.all()) == 21  # no further than that
    page = client.get(LIST).content.decode()
    assert 'id="workflow-total">20+<' in page
    assert "pager-last" not in page
    found = [rows(client, page=number) for number in (1, 2, 3, 4)]
    assert sorted(w.pk for some in found for w in some) == sorted(
        Workflow.objects.running().values_list("pk", flat=True)
    )
    assert 'id="pager-next"' not in client.get(LIST, {"page": 4}).content.decode()
    assert client.get(LIST, {"page": 99}).context["list"].page.number == 1


def test_the_order_and_the_last_column_follow_the_question(client, many):
    now, found = timezone.now(), list(Workflow.objects.running().order_by("pk")[:30])
    Workflow.objects.update(owned_until=None, overdue_at=None, modified_at=now)
    for days, workflow in enumerate(found):
        Workflow.objects.filter(pk=workflow.pk).update(
            owned_until=now - timedelta(days=1 + days * 7 % 30),
            overdue_at=now - timedelta(days=1 + days * 11 % 30),
            modified_at=now - timedelta(days=40 + days * 13 % 30),
        )
    for asked, column, label in (
        ({"condition": "locked"}, "owned_until", "Locked"),
        ({"condition": "overdue"}, "overdue_at", "Overdue"),
        ({"idle": "30d"}, "modified_at", "Idle"),
    ):
        shown = client.get(LIST, asked).context["list"]
        times = [getattr(workflow, column) for workflow in shown.page.rows]
        assert len(times) == 30
        assert times == sorted(times)  # the longest first
        assert shown.last_head.label.startswith(label)
        assert shown.last_head.said
        assert [line.since for line in shown.lines] == times
    Workflow.objects.filter(pk__in=[one.pk for one in found]).update(is_running=False)
    for days, workflow in enumerate(found):
        ended = now - timedelta(days=days * 17 % 30)
        Workflow.objects.filter(pk=workflow.pk).update(ended_before=ended)
    shown = client.get(LIST, {"show": "ended"}).context["list"]
    ends = [workflow.ended_before for workflow in shown.page.rows]
    assert ends == sorted(ends, reverse=True)
    assert shown.last_head.said.startswith("newest first")
    # a column that is not shown sorts nothing
    assert client.get(LIST, {"sort": "locked"}).context["list"].filters.sorted_by == "-started"


def test_a_row_asked_for_alone_shows_the_column_its_list_shows(client, workflow):
    Workflow.objects.update(owned_until=timezone.now() - timedelta(days=77))
    page = client.get(LIST, {"condition": "locked"}).content.decode()
    (asks,) = re.findall(r'data-asks="([^"]*)"', page)
    address = asks.replace("%s", str(workflow.pk))
    assert ">77 d</time>" in page
    assert ">77 d</time>" in client.get(address).content.decode()
    assert ">77 d</time>" not in client.get(address.partition("?")[0]).content.decode()


def test_who_ended_it_and_why_stands_in_its_row(
    client, as_, administrator, manager, portal, workflow
):
    Workflow.objects.update(is_running=False, end_cause="terminated", ended_before=timezone.now())
    Command.objects.create(
        portal=workflow.portal, workflow=workflow, action="workflow.terminate", key=uuid4(),
        actor=administrator, actor_name="Anna Koroleva", state="confirmed",
        settled_at=timezone.now(), target_kind="workflow", target_id=workflow.remote_id,
        effect="end", reason="Signed by hand",
    )  # fmt: skip
    page = client.get(LIST, {"show": "ended"})
    assert page.context["list"].lines[0].ended_by == "Anna Koroleva"
    assert "Signed by hand" in page.content.decode()
    # a reason is for those who see commands
    person = workflow.tasks.get().assignments.first().person
    manager.linked_people.create(portal=portal, person=person)
    page = as_(manager).get(LIST, {"show": "ended"}).content.decode()
    assert "Anna Koroleva" in page and "Signed by hand" not in page
    Workflow.objects.update(end_cause="unknown")
    assert client.get(LIST, {"show": "ended"}).context["list"].lines[0].ended_by == ""
