"""The list of people and one person: who is seen, what waits for them, who has left work behind."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.lists.chips import Choice
from bizproc_admin.models import (
    Assignment,
    Document,
    LinkedPerson,
    Person,
    Portal,
    Workflow,
    WorkflowTask,
    WorkflowTemplate,
)

LIST = "/people/"


@pytest.fixture
def make(portal):
    """Make people, departments and what waits for people."""

    class Maker:
        def __init__(self):
            self.number = 100
            self.template = WorkflowTemplate.objects.create(portal=portal, remote_id=7)
            self.document = Document.objects.create(
                portal=portal, module="crm", entity="E", document_id="D", kind="deal"
            )

        def person(self, name, *, of=None, on=portal, **facts):
            self.number += 1
            search = f"{self.number} {name} {facts.get('position', '')}".casefold()
            made = Person.objects.create(
                portal=on, remote_id=self.number, name=name, search_text=search, **facts
            )
            if of is not None:
                made.departments.add(of)
            return made

        def department(self, name, *, head=None, parent=None):
            self.number += 1
            return portal.departments.create(
                remote_id=self.number, name=name, head=head, parent=parent,
                observed_at=timezone.now(),
            )  # fmt: skip

        def workflow(self, starter=None, *, is_running=True):
            self.number += 1
            now = timezone.now()
            return Workflow.objects.create(
                portal=portal, remote_id=f"w{self.number}", template=self.template,
                document=self.document, started_at=now, modified_at=now, observed_at=now,
                started_by=starter, is_running=is_running, template_copy="Leave request",
                document_copy="Request 7",
            )  # fmt: skip

        def task(self, *people, overdue=False, name="Approve the leave", status=0):
            self.number += 1
            now = timezone.now()
            task = WorkflowTask.objects.create(
                portal=portal, remote_id=self.number, workflow=self.workflow(), name=name,
                modified_at=now, observed_at=now, waiting_since=now,
                overdue_at=now + timedelta(days=-1 if overdue else 1),
            )  # fmt: skip
            for person in people:
                Assignment.objects.create(task=task, person=person, status=status)
            return task

    return Maker()


@pytest.fixture
def sales(make, manager, portal):
    """A manager whose person heads a department of two, and a stranger outside of it."""
    head = make.person("Maria Hoffmann", position="Head of sales")
    department = make.department("Sales", head=head)
    LinkedPerson.objects.create(user=manager, portal=portal, person=head)
    return {
        "head": head,
        "first": make.person("Olga Petrova", of=department, position="Buyer"),
        "second": make.person("Igor Levin", of=department),
        "stranger": make.person("Zoe Stranger", of=make.department("Finance")),
        "department": department,
    }


def names(answer):
    return [line.person.name for line in answer.context["list"].lines]


def row(answer, person):
    return next(one for one in answer.context["list"].lines if one.pk == person.pk)


def test_a_row_counts_what_waits_for_a_person(as_, auditor, make):
    person, other = make.person("Olga Petrova"), make.person("Igor Levin")
    make.task(person)
    make.task(person, other, overdue=True)
    make.task(person, status=1)
    Assignment.objects.filter(task=make.task(person)).update(gone_at=timezone.now())
    closed = make.task(person)
    WorkflowTask.objects.filter(pk=closed.pk).update(is_open=False)
    make.workflow(person)
    make.workflow(person, is_running=False)
    found = row(as_(auditor).get(LIST), person).person
    assert (found.open_count, found.overdue_count, found.running_count) == (2, 1, 1)
    assert row(as_(auditor).get(LIST), other).person.open_count == 1


def test_the_counts_lead_to_the_tasks_and_workflows(as_, auditor, make):
    person = make.person("Olga Petrova")
    make.task(person, overdue=True)
    make.workflow(person)
    page = as_(auditor).get(LIST).content.decode()
    assert f"/workflow-tasks/?whose=everybody&amp;assignee={person.pk}" in page
    assert f"assignee={person.pk}&amp;condition=overdue" in page
    assert f"/workflows/?starter={person.pk}" in page


def test_those_who_left_and_whom_tasks_wait_for_stand_first_and_out(as_, auditor, make):
    make.person("Anton Zorin", is_active=False)
    busy = make.person("Boris Titov")
    left = make.person("Yuri Gone", is_active=False)
    vanished = make.person("Zina Gone", gone_at=timezone.now())
    idle = make.person("Clara Idle")
    for _ in range(5):
        make.task(busy)
    for _ in range(2):
        make.task(left)
    make.task(vanished, left)
    answer = as_(auditor).get(LIST)
    assert names(answer)[:4] == [left.name, vanished.name, busy.name, idle.name]
    assert names(answer)[-1] == "Anton Zorin"
    page = answer.content.decode()
    assert "3 open tasks wait for 2 people who have left" in page
    assert "3 open tasks wait for somebody who has left" in page
    assert "1 open task waits for somebody who has left" in page


def test_nobody_left_behind_needs_no_words(as_, auditor, make):
    make.task(make.person("Olga Petrova"))
    make.person("Anton Zorin", is_active=False)
    assert "who has left" not in as_(auditor).get(LIST).content.decode()


def test_a_manager_sees_the_own_circle_alone(as_, manager, sales, make):
    make.task(make.person("Far Gone", is_active=False))
    answer = as_(manager).get(LIST)
    assert set(names(answer)) == {"Maria Hoffmann", "Olga Petrova", "Igor Levin"}
    assert "who has left" not in answer.content.decode()
    assert [
        chip.choices for chip in answer.context["list"].filters.chips() if chip.name == "department"
    ] == [[Choice(key=str(sales["department"].pk), label="Sales", count=2, is_chosen=False)]]


def test_a_managers_links_lead_to_what_a_manager_may_ask_for(as_, manager, sales, make):
    make.task(sales["head"], sales["first"])
    page = as_(manager).get(LIST).content.decode()
    assert f"whose=mine&amp;assignee={sales['head'].pk}" in page
    assert f"whose=team&amp;assignee={sales['first'].pk}" in page


def test_a_manager_without_a_person_is_told_why_nobody_is_there(as_, manager, make):
    make.person("Olga Petrova")
    answer = as_(manager).get(LIST)
    assert names(answer) == []
    assert "not linked to a person" in answer.content.decode()


def test_people_of_another_portal_are_not_there(as_, administrator, make):
    other = Portal.objects.create(name="Southwind", address="https://south.bitrix24.com")
    stranger = make.person("Sven Sund", on=other)
    assert "Sven Sund" not in as_(administrator).get(LIST).content.decode()
    administrator.home = make.template.portal
    administrator.save()
    assert as_(administrator).get(reverse("person_detail", args=[stranger.pk])).status_code == 404


def test_a_department_is_shown_with_whom_it_is_headed_by(as_, auditor, sales):
    page = as_(auditor).get(LIST)
    assert row(page, sales["head"]).units == [("Sales", True)]
    assert row(page, sales["first"]).units == [("Sales", False)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=petrova", {"Olga Petrova"}),
        ("q=buyer", {"Olga Petrova"}),
        ("q=OLGA+buy", {"Olga Petrova"}),
        ("q=nobody", set()),
        ("state=dismissed", {"Yuri Gone"}),
        ("load=open", {"Olga Petrova", "Yuri Gone"}),
        ("load=overdue", {"Yuri Gone"}),
        ("state=working&load=open", {"Olga Petrova"}),
    ],
)
def test_filters_narrow_the_list(as_, auditor, sales, make, query, expected):
    gone = make.person("Yuri Gone", is_active=False)
    make.task(sales["first"])
    make.task(gone, overdue=True)
    assert set(names(as_(auditor).get(f"{LIST}?{query}"))) == expected


def test_a_department_narrows_the_list_and_may_be_one_of_several(as_, auditor, sales):
    address = f"{LIST}?department={sales['department'].pk}"
    assert set(names(as_(auditor).get(address))) == {"Olga Petrova", "Igor Levin"}
    finance = sales["stranger"].departments.get().pk
    assert len(names(as_(auditor).get(f"{address}&department={finance}"))) == 3


@pytest.mark.parametrize("query", ["department=x", "state=nonsense", "load=nonsense"])
def test_a_filter_that_is_not_understood_is_said_and_shows_nobody(as_, auditor, sales, query):
    answer = as_(auditor).get(f"{LIST}?{query}")
    assert "so no row is shown" in answer.content.decode()
    assert names(answer) == []


@pytest.mark.parametrize("query", ["sort=nonsense", "page=99", "page=x", "size=7", "upto=x"])
def test_an_address_written_by_hand_breaks_nothing(as_, auditor, sales, query):
    assert len(names(as_(auditor).get(f"{LIST}?{query}"))) == 4


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("name", "Igor Levin"),
        ("-name", "Zoe Stranger"),
        ("-open", "Olga Petrova"),
        ("-overdue", "Igor Levin"),
        ("-running", "Zoe Stranger"),
        ("-seen", "Maria Hoffmann"),
    ],
)
def test_heads_sort_the_list(as_, auditor, manager, sales, make, sort, first):
    make.task(sales["first"])
    make.task(sales["first"])
    make.task(sales["second"], overdue=True)
    make.workflow(sales["stranger"])
    manager.last_login = timezone.now()
    manager.save()
    assert names(as_(auditor).get(f"{LIST}?sort={sort}"))[0] == first


def test_the_last_sign_in_is_that_of_the_persons_account(as_, auditor, manager, sales):
    manager.last_login = timezone.now()
    manager.save()
    answer = as_(auditor).get(LIST)
    assert row(answer, sales["head"]).person.signed_in_at == manager.last_login
    assert row(answer, sales["first"]).person.signed_in_at is None


def test_pages_follow_each_other_without_gaps(as_, auditor, make):
    for number in range(60):
        make.person(f"Person {number:02}")
    pages = [names(as_(auditor).get(f"{LIST}?sort=name&size=25&page={n}")) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert [name for page in pages for name in page] == [f"Person {n:02}" for n in range(60)]


@pytest.mark.parametrize("sort", ["", "-open", "overdue", "-seen", "-name"])
def test_the_far_end_of_a_list_is_in_the_same_order(as_, auditor, make, sort):
    people = [make.person(f"Person {number:02}", is_active=number % 4 != 0) for number in range(60)]
    for number, person in enumerate(people[::3]):
        for _ in range(number % 3):
            make.task(person, overdue=number % 2 == 0)
    client = as_(auditor)
    whole = names(client.get(f"{LIST}?sort={sort}&size=100"))
    pages = [names(client.get(f"{LIST}?sort={sort}&size=25&page={n}")) for n in (1, 2, 3)]
    assert [name for page in pages for name in page] == whole


def test_it_costs_the_same_for_one_person_and_for_fifty(as_, auditor, make):
    head = make.person("Head")
    client = as_(auditor)
    client.get(LIST)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        return len(queries)

    one = cost()
    department = make.department("Sales", head=head)
    for number in range(49):
        person = make.person(f"Person {number}", of=department, is_active=number % 5 != 0)
        make.task(person, head)
        make.workflow(person)
    assert cost() == one


def test_htmx_is_given_the_table_alone(as_, auditor, sales):
    answer = as_(auditor).get(LIST, headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div class="stack" id="person-table">')


def test_without_people_or_a_portal_the_page_says_so(as_, administrator, portal):
    assert "Nobody was read yet" in as_(administrator).get(LIST).content.decode()
    assert "Nobody matches" in as_(administrator).get(f"{LIST}?q=x").content.decode()


def test_without_a_portal_it_says_how_to_connect_one(as_, administrator, auditor):
    assert "Connect your portal" in as_(administrator).get(LIST).content.decode()
    assert "No portal is connected yet" in as_(auditor).get(LIST).content.decode()


# --- one person ---------------------------------------------------------------------------------


def card(person):
    return reverse("person_detail", args=[person.pk])


def test_a_card_shows_what_waits_and_what_was_started(as_, auditor, make):
    person = make.person("Olga Petrova", position="Buyer")
    make.task(person, name="Approve the budget", overdue=True)
    make.workflow(person)
    page = as_(auditor).get(card(person)).content.decode()
    for words in ("Buyer", "Approve the budget", "1 overdue", "1 running", "Leave request"):
        assert words in page


def test_a_card_shows_fifty_tasks_and_leads_to_the_rest(as_, auditor, make):
    person = make.person("Olga Petrova")
    for _ in range(53):
        make.task(person)
    answer = as_(auditor).get(card(person))
    assert len(answer.context["tasks"]) == 50
    assert "3 more in the inbox" in answer.content.decode()
    assert f"/workflow-tasks/?whose=everybody&amp;assignee={person.pk}" in answer.content.decode()


def test_a_card_says_that_work_waits_for_somebody_who_has_left(as_, auditor, make):
    person = make.person("Yuri Gone", is_active=False)
    make.task(person)
    assert "1 open task waits for somebody who has left" in (
        as_(auditor).get(card(person)).content.decode()
    )


def test_a_card_shows_who_heads_and_who_is_below(as_, auditor, make, sales):
    chief = make.person("Carla Chief")
    company = make.department("Company", head=chief)
    sales["department"].parent = company
    sales["department"].save()
    sales["head"].departments.add(sales["department"])
    head = as_(auditor).get(card(sales["head"]))
    assert [(one["person"], one["of"]) for one in head.context["heads"]] == [(chief, "Company")]
    assert set(head.context["below"]) == {sales["first"], sales["second"]}
    below = as_(auditor).get(card(sales["first"]))
    assert [one["person"] for one in below.context["heads"]] == [sales["head"]]
    assert below.context["below_count"] == 0


def test_departments_that_hang_in_a_circle_hang_nothing(as_, auditor, make):
    person = make.person("Olga Petrova")
    upper = make.department("Upper")
    lower = make.department("Lower", parent=upper)
    upper.parent = lower
    upper.save()
    person.departments.add(lower)
    assert as_(auditor).get(card(person)).context["heads"] == []


def test_a_card_is_seen_within_the_circle_alone(as_, manager, sales):
    client = as_(manager)
    assert client.get(card(sales["head"])).status_code == 200
    assert client.get(card(sales["first"])).status_code == 200
    assert client.get(card(sales["stranger"])).status_code == 404


def test_a_manager_reads_who_is_above_without_a_way_there(as_, manager, make, sales):
    chief = make.person("Carla Chief")
    sales["department"].parent = make.department("Company", head=chief)
    sales["department"].save()
    sales["head"].departments.add(sales["department"])
    page = as_(manager).get(card(sales["head"])).content.decode()
    assert "Carla Chief" in page
    assert card(chief) not in page


def test_the_navigation_leads_to_the_people(as_, manager, participant, portal):
    assert f'href="{LIST}"' in as_(manager).get("/").content.decode()
    assert f'href="{LIST}"' not in as_(participant).get("/workflows/").content.decode()


def test_what_has_no_name_yet_costs_no_query_a_row(as_, administrator, make):
    """Neither of the tasks that wait nor of the workflows they started."""
    olga, client = make.person("Olga"), as_(administrator)
    client.get(reverse("person_detail", args=[olga.pk]))

    def queries(rows):
        for number in range(rows):
            task, started = make.task(olga), make.workflow(olga)
            for workflow in (task.workflow, started):
                workflow.document = Document.objects.create(
                    portal=workflow.portal, module="crm", entity="E", kind="deal",
                    document_id=f"{rows}-{number}-{workflow.pk}",
                )  # fmt: skip
                workflow.document_copy = workflow.template_copy = ""
                workflow.save()
        with CaptureQueriesContext(connection) as asked:
            page = client.get(reverse("person_detail", args=[olga.pk]))
        assert page.content.decode().count("name not known") >= 2 * rows
        return len(asked)

    assert queries(1) == queries(4)
