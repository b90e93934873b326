"""The inbox of workflow tasks: whose, in which order, how it looks, and what it costs."""

import re
import uuid
from datetime import timedelta
from time import time

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.lists import repainting
from bizproc_admin.models import Assignment, Command, LinkedPerson, Person, Role, WorkflowTask
from tests.conftest import account
from tests.http.open_lists import OpenList

LIST = "/workflow-tasks/"


@pytest.fixture
def person(task):
    return task.assignments.get().person


@pytest.fixture
def another(task, person):
    """Make further open tasks of the same workflow, by hand, that wait for a person."""

    def make(name="Another", *, due=None, who=person, **fields):
        number = WorkflowTask.objects.order_by("-remote_id").first().remote_id + 1
        now = timezone.now()
        made = WorkflowTask.objects.create(
            portal=task.portal, remote_id=number, workflow=task.workflow, name=name,
            activity=fields.pop("activity", task.activity), modified_at=now, observed_at=now,
            waiting_since=now, overdue_at=now + due if due is not None else None,
            search_text=f"{name.casefold()} {task.workflow.search_text}",
            parameters=fields.pop("parameters", task.parameters),
            **fields,
        )  # fmt: skip
        Assignment.objects.create(task=made, person=who)
        return made

    return make


@pytest.fixture
def colleague(portal, task):
    return Person.objects.create(
        portal=portal, remote_id=900, name="Boris Titov", search_text="boris titov",
        user_type="employee", observed_at=timezone.now(),
    )  # fmt: skip


def names(answer):
    return [str(line.task) for line in answer.context["list"].lines]


def htmx(client, url, **data):
    return client.get(url, data, headers={"HX-Request": "true"})


# --- whose --------------------------------------------------------------------------------------


def test_a_person_sees_what_waits_for_them_first(as_, approver, task, another, colleague):
    another("Of somebody else", who=colleague)
    answer = as_(approver).get(LIST)
    assert answer.status_code == 200
    assert names(answer) == [str(task)]
    assert "My team" not in answer.content.decode()
    assert "(1) Workflow tasks" in answer.content.decode()


def test_an_account_of_nobody_sees_everybodys_or_is_told_why_nothing(
    as_, administrator, auditor, manager, participant, task
):
    for who in (administrator, auditor):
        answer = as_(who).get(LIST)
        assert names(answer) == [str(task)]
        assert "(1)" not in answer.content.decode()
    for who in (manager, participant):
        answer = as_(who).get(LIST)
        assert names(answer) == []
        assert "Your account is not linked to a person" in answer.content.decode()


def test_a_manager_sees_the_tasks_of_those_below(
    as_, manager, portal, task, person, colleague, another
):
    department = portal.departments.create(
        remote_id=77, name="D", head=colleague, observed_at=timezone.now()
    )
    person.departments.add(department)
    LinkedPerson.objects.create(user=manager, portal=portal, person=colleague)
    own = another("Of the manager", who=colleague)
    answer = as_(manager).get(LIST)
    assert names(answer) == [str(own)]
    parts = as_(manager).get(f"{LIST}counts/").context["list"].parts
    assert [(part.id, part.count) for part in parts] == [("whose-mine", 1), ("whose-team", 1)]
    assert names(as_(manager).get(LIST, {"whose": "team"})) == [str(task)]
    # what one may not ask for is not an error, and shows nothing
    assert names(as_(manager).get(LIST, {"whose": "everybody"})) == []


def test_an_answered_part_waits_no_more(as_, approver, task, person):
    task.assignments.update(status=1)
    assert names(as_(approver).get(LIST)) == []
    assert "Nothing waits for you" in as_(approver).get(LIST).content.decode()


# --- groups, order, filters ---------------------------------------------------------------------


def test_tasks_stand_by_deadline_in_groups_with_counts(as_, approver, task, another):
    WorkflowTask.objects.filter(pk=task.pk).update(overdue_at=None, name="none")
    end = timedelta(hours=1)
    another("later", due=timedelta(days=3))
    another("overdue", due=timedelta(hours=-2))
    another("long overdue", due=timedelta(days=-2))
    another("moment", due=timedelta(seconds=50))
    another("soon", due=end)
    answer = as_(approver).get(LIST)
    assert names(answer) == ["long overdue", "overdue", "moment", "soon", "later", "none"]
    heads = [
        (line.group_label, line.heading)
        for line in answer.context["list"].lines
        if line.heading is not None
    ]
    told = [(str(label), count) for label, count in heads]
    assert told[0] == ("Overdue", 2)
    assert told[-1] == ("No deadline", 1)
    page = answer.content.decode()
    assert "due now" in page and "due in just now" not in page
    assert "2 h overdue" in page and "2 d overdue" in page and "no deadline" in page
    turned = names(as_(approver).get(LIST, {"sort": "-deadline"}))
    assert turned == ["later", "soon", "moment", "overdue", "long overdue", "none"]
    by_name = as_(approver).get(LIST, {"sort": "name"})
    assert names(by_name) == sorted(names(answer))
    assert not any(line.heading for line in by_name.context["list"].lines)


def test_today_ends_at_the_viewers_midnight(as_, approver, task, person, another, monkeypatch):
    Person.objects.filter(pk=person.pk).update(time_zone="Pacific/Kiritimati")
    answer = as_(approver).get(LIST)
    with timezone.override("Pacific/Kiritimati"):
        now = timezone.localtime()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert answer.context["list"].filters.test("condition", "today")
    another("before", due=midnight - now - timedelta(minutes=1))
    another("after", due=midnight - now + timedelta(minutes=1))
    answer = as_(approver).get(LIST)
    groups = {str(line.task): line.group for line in answer.context["list"].lines}
    assert groups["after"] == "later"
    assert groups["before"] in ("today", "overdue")


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"q": "another"}, ["Another"]),
        ({"q": "поставка"}, 2),
        ({"kind": "review"}, ["Another"]),
        ({"kind": "approval"}, 1),
        ({"condition": "overdue"}, ["Another"]),
        ({"condition": "none"}, 1),
        ({"q": "nothing-like-it"}, []),
        ({"kind": "nonsense"}, []),
        ({"size": "9", "page": "-1", "upto": "x", "sort": "; drop"}, 2),
    ],
)
def test_filters_narrow_and_bad_ones_leave_nothing(as_, approver, task, another, given, left):
    WorkflowTask.objects.filter(pk=task.pk).update(overdue_at=None)
    another(activity="ReviewActivity", due=timedelta(hours=-1))
    found = names(as_(approver).get(LIST, given))
    assert (len(found) if isinstance(left, int) else found) == left


def test_an_empty_page_says_which_filters_leave_nothing(as_, approver, task):
    page = as_(approver).get(LIST, {"q": "nothing-like-it"}).content.decode()
    assert "No workflow task matches" in page
    assert "nothing-like-it" in page


@pytest.mark.parametrize("chip", ["template", "kind", "condition", "starter", "assignee"])
def test_a_chip_tells_its_choices_with_counts(as_, administrator, task, chip):
    answer = htmx(as_(administrator), reverse("workflow_task_choices", args=[chip]))
    assert answer.status_code == 200
    # the portal itself has started it, which is nobody to choose
    expected = 0 if chip == "starter" else 1
    assert sum(choice.count for choice in answer.context["choices"]) == expected
    assert as_(administrator).get(reverse("workflow_task_choices", args=[chip])).status_code == 200


# --- rows ---------------------------------------------------------------------------------------


def test_a_row_offers_the_portals_own_answers(as_, approver, task, another):
    WorkflowTask.objects.filter(pk=task.pk).update(
        parameters={
            "StatusYesLabel": "Согласовать",
            "StatusNoLabel": "Нет",
            "CommentRequired": "YR",
        }
    )
    page = as_(approver).get(LIST).content.decode()
    assert re.search(r'<button[^>]*name="answer" value="1"[^>]*><span[^>]*>Согласовать<', page)
    # what needs words is given in the panel
    assert re.search(r'<a [^>]* data-panel data-act="disagree"[^>]*><span[^>]*>Нет…<', page)
    assert 'name="answer" value="2"' not in page


def test_who_only_reads_gets_no_answers(as_, auditor, task):
    page = as_(auditor).get(LIST).content.decode()
    assert 'name="answer"' not in page
    assert "/delegation/" not in page


def test_open_rows_are_repainted_only_when_they_say_something_new(as_, approver, task, monkeypatch):
    client = as_(approver)
    page = OpenList(client, LIST).settle()
    # ages go on by themselves; the rest of what is said of time is painted anew now and then
    WorkflowTask.objects.filter(pk=task.pk).update(waiting_since=timezone.now() - timedelta(days=3))
    assert page.ask().status_code == 204
    monkeypatch.setattr(repainting, "time", lambda: time() + repainting.PAINTED_FOR)
    before = page.rows[str(task.pk)]
    assert f"workflow-task-row-{task.pk}" in page.ask().content.decode()
    # what a row says itself comes first: the page tints it when that changes
    aged = page.rows[str(task.pk)]
    assert aged != before and aged[:8] == before[:8]
    monkeypatch.undo()
    WorkflowTask.objects.filter(pk=task.pk).update(name="Renamed")
    answer = page.ask()
    assert answer.status_code == 200
    assert page.rows[str(task.pk)][:8] != before[:8]
    assert "Renamed" in answer.content.decode()


def test_a_row_alone_says_what_it_says_in_its_list(as_, approver, administrator, task):
    own, all_ = as_(approver), as_(administrator)
    for client, shows_who in ((own, False), (all_, True)):
        listing = client.get(LIST).content.decode()
        address = re.search(r'data-asks="([^"]*)"', listing)[1].replace("%s", str(task.pk))
        row = client.get(address).content.decode()
        waits = "inbox__waits"
        assert (waits in row) == (waits in listing) == shows_who


def test_newer_tasks_wait_until_they_are_asked_for(as_, approver, task, another):
    client = as_(approver)
    upto = client.get(LIST).context["list"].page.upto
    another("Newer")
    assert "1 newer" in htmx(client, LIST + "pulse/", upto=upto).content.decode()
    assert names(client.get(LIST, {"upto": upto})) == [str(task)]


def test_a_list_costs_the_same_for_one_and_for_fifty(as_, approver, task, another, colleague):
    client = as_(approver)

    def cost(url):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    def asking():
        page = OpenList(client, LIST)
        with CaptureQueriesContext(connection) as queries:
            assert page.ask().status_code == 200
        return len(queries)

    client.get(LIST)
    one = cost(LIST), asking()
    pks = [another(f"Task {n}", due=timedelta(hours=n - 20)).pk for n in range(49)]
    for pk in pks[::5]:
        Assignment.objects.create(task_id=pk, person=colleague)
    assert (cost(LIST), asking()) == one
    assert one[0] <= 21


def test_the_order_by_deadline_is_a_walk_along_an_index(as_, administrator, task):
    rows = WorkflowTask.objects.at(task.portal).open()
    plan = rows.order_by(F("overdue_at").asc(nulls_last=True), "pk").values("pk")[:50].explain()
    if connection.vendor == "sqlite":
        assert "workflow_task_overdue" in plan
        assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("whose", ["bogus", "everybody"])
def test_whose_that_is_not_known_is_said_and_shows_nothing(as_, approver, task, whose):
    answer = as_(approver).get(LIST, {"whose": whose})
    assert names(answer) == []
    assert "Whose: this filter of the address is not known here" in answer.content.decode()


# --- one task -----------------------------------------------------------------------------------


def test_a_task_is_a_page_and_a_panel_beside_the_list(as_, approver, task):
    client = as_(approver)
    url = reverse("workflow_task_detail", args=[task.pk])
    page = client.get(url)
    assert page.status_code == 200 and b"<h1" in page.content and b"<html" in page.content
    answer = client.get(
        url + "?beside",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/workflow-tasks/?q=a"},
    )
    assert b"<html" not in answer.content
    assert answer["HX-Push-Url"] == f"/workflow-tasks/?q=a&open={task.pk}"
    opened = client.get(LIST, {"open": task.pk})
    assert b'id="completion"' in opened.content
    assert client.get(LIST, {"open": 10**9}).status_code == 200


def test_a_tasks_own_page_leads_back_to_the_list_it_was_opened_from(as_, approver, task, another):
    client, pk = as_(approver), another().pk
    kept = "?q=another&amp;sort=-waiting&amp;size=25"
    row = client.get(LIST + "?q=another&sort=-waiting&size=25").content.decode()
    assert f'href="/workflow-tasks/{pk}/{kept}"' in row
    page = client.get(f"{LIST}{pk}/?q=another&sort=-waiting&size=25").content.decode()
    assert f'<a href="/workflow-tasks/{kept}">' in page
    # what was given is understood or dropped: nobody is led elsewhere by it
    odd = client.get(f"{LIST}{pk}/?next=//evil.example&sort=evil&whose=evil").content.decode()
    assert '<a href="/workflow-tasks/">' in odd.replace("?sort=evil", "")
    assert "//evil" not in odd


def test_a_task_opened_on_its_own_page_takes_the_lists_address_along(as_, approver, task):
    answer = as_(approver).get(
        reverse("workflow_task_detail", args=[task.pk]) + "?beside",
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{LIST}7/?kind=review"},
    )
    assert answer["HX-Push-Url"] == f"/workflow-tasks/{task.pk}/?kind=review"
    assert f'action="/workflow-tasks/{task.pk}/completion/?kind=review"' in answer.content.decode()


def test_what_the_portal_lets_be_answered_there_only_leads_there(as_, approver, task):
    WorkflowTask.objects.filter(pk=task.pk).update(activity="ForumActivity", parameters={})
    page = as_(approver).get(LIST).content.decode()
    acts = page[page.index('class="inbox__acts"') :]
    link = WorkflowTask.objects.get().workflow.document.link
    assert f'href="{link}"' in acts
    assert acts.index("Open in Bitrix24") < acts.index("Delegate")


def test_the_panel_tells_what_is_asked_and_of_whom(as_, approver, task):
    WorkflowTask.objects.filter(pk=task.pk).update(
        description="[b]Проверьте[/b] <script>alert(1)</script>"
        "[url=/crm/deal/details/777/]сделку[/url]"
    )
    page = as_(approver).get(reverse("workflow_task_detail", args=[task.pk])).content.decode()
    assert "<b>Проверьте</b>" in page
    assert "alert(1)" not in page
    assert f'href="{task.portal.address.rstrip("/")}/crm/deal/details/777/"' in page
    for way in task.answers:
        assert way.caption in page
    assert task.workflow.document_name in page


def test_an_open_panel_is_left_alone_while_nothing_concerns_it(as_, approver, task):
    client = as_(approver)
    url = reverse("workflow_task_detail", args=[task.pk])
    version = client.get(url).context["state_version"]
    WorkflowTask.objects.filter(pk=task.pk).update(modified_at=timezone.now(), state_text="50 %")
    assert htmx(client, url, version=version).status_code == 204
    task.assignments.update(status=1)
    answer = htmx(client, url, version=version)
    assert answer.status_code == 200
    # no form is there any more: what the portal says of the task is kept up with
    version = answer.context["state_version"]
    WorkflowTask.objects.filter(pk=task.pk).update(state_text="100 %")
    assert htmx(client, url, version=version).status_code == 200


@pytest.mark.parametrize("name", ["detail", "row", "completion", "delegation", "takeover"])
def test_a_foreign_task_is_not_there(as_, administrator, task, name):
    stranger = account("sam", "Sam", Role.PARTICIPANT)
    url = reverse(f"workflow_task_{name}", args=[task.pk])
    assert as_(stranger).get(url).status_code == (403 if name == "takeover" else 404)
    other = reverse(f"workflow_task_{name}", args=[10**9])
    assert as_(administrator).get(other).status_code == 404


def test_looking_reads_the_task_again_unless_it_is_fresh(as_, approver, task, committing, sandbox):
    client = as_(approver)
    url = reverse("workflow_task_reading", args=[task.pk])
    with committing():
        assert client.post(url).status_code == 302
    assert sandbox.calls() == []
    WorkflowTask.objects.update(observed_at=timezone.now() - timedelta(minutes=5))
    with committing():
        assert client.post(url, headers={"HX-Request": "true"}).status_code == 204
    assert sandbox.calls()
    task.refresh_from_db()
    assert task.is_fresh


def test_who_has_no_token_is_led_to_the_sign_in(as_, approver, task, person, door):
    person.token.delete()
    answer = as_(approver).get(reverse("workflow_task_detail", args=[task.pk]))
    page = answer.content.decode()
    assert "Sign in with Bitrix24 to answer here" in page
    assert reverse("bitrix24_login", args=[task.portal.pk]) in page
    assert 'name="answer"' not in page
    assert task.portal.address.rstrip("/") in answer["Content-Security-Policy"]


# --- people -------------------------------------------------------------------------------------


def search(client, task, **given):
    return client.get(reverse("person_search"), {"for": task.pk, "purpose": "delegation", **given})


def test_people_are_found_by_name_for_a_delegation(as_, approver, task, person, colleague):
    client = as_(approver)
    found = search(client, task, q="titov")
    assert [p.pk for p in found.context["found"]] == [colleague.pk]
    assert f'value="user_{colleague.remote_id}"' in found.content.decode()
    # those who take part already are no receivers
    assert search(client, task, q=person.name).context["found"] == []
    assert search(client, task, q="").context["found"] == []


def test_likely_people_come_first_and_before_anything_is_typed(
    as_, approver, task, person, colleague
):
    """Those whom somebody delegated to of late, then those they work with."""
    Command.objects.create(
        key=uuid.uuid4(), digest="", portal=task.portal, action="workflow_task.delegate",
        effect="part", target_kind="workflow_task", target_id="0", target_label="x",
        inputs={"from": person.remote_id, "to": colleague.remote_id}, actor=approver,
        actor_name="Olga", actor_role="", state="confirmed",
    )  # fmt: skip
    client = as_(approver)
    assert search(client, task).context["likely"][0] == colleague
    found = search(client, task, q="o").context["found"]
    assert len(found) > 1
    assert found[0] == colleague


def test_found_people_can_be_searched_anew(as_, approver, task, colleague):
    client = as_(approver)
    page = client.get(f"{LIST}{task.pk}/delegation/").content.decode()
    target = re.search(r'hx-target="#([^"]+_found)"', page)[1]
    assert f'id="{target}"' in search(client, task, q="nobody").content.decode()


def test_the_chosen_stay_in_the_list_of_found_people(as_, approver, task, colleague):
    answer = search(as_(approver), task, q="nobody", to_person=f"user_{colleague.remote_id}")
    assert [p.pk for p in answer.context["chosen"]] == [colleague.pk]
    assert "checked" in answer.content.decode()


@pytest.mark.parametrize(
    "given",
    [{"for": ""}, {"for": "x"}, {"for": "9" * 30}, {"for": "999999"}, {"purpose": "f_0"},
     {"purpose": "<b>"}],
)  # fmt: skip
def test_people_are_searched_for_a_visible_task_only(as_, approver, task, given):
    assert search(as_(approver), task, **given).status_code == 404


def test_at_most_twenty_people_are_offered(as_, approver, task, portal):
    Person.objects.bulk_create(
        Person(portal=portal, remote_id=2000 + n, name=f"Namesake {n}", search_text="namesake",
               user_type="employee", observed_at=timezone.now())
        for n in range(30)
    )  # fmt: skip
    assert len(search(as_(approver), task, q="namesake").context["found"]) == 20


def test_a_dismissed_person_is_not_offered(as_, approver, task, colleague):
    Person.objects.filter(pk=colleague.pk).update(is_active=False)
    assert search(as_(approver), task, q="titov").context["found"] == []
