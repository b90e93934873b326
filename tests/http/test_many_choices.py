"""Of a chip with more choices than are shown each is found, and what is chosen stays."""

import pytest

from bizproc_admin.lists import column_choices, list_page, waiting_people
from bizproc_admin.models import Assignment, Person, Workflow

pytestmark = pytest.mark.portable
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


@pytest.fixture
def few_are_shown(monkeypatch):
    for module in (column_choices, list_page, waiting_people):
        monkeypatch.setattr(module, "MOST", 13)


@pytest.fixture
def crowd(workflow, portal):
    """Fifteen people who are asked by the same task; the last one is Ёлкина."""
    task = workflow.tasks.get()
    names = [*(f"Иван {number:02}" for number in range(14)), "Мария Ёлкина"]
    people = [
        Person.objects.create(portal=portal, remote_id=500 + place, name=name)
        for place, name in enumerate(names)
    ]
    Assignment.objects.bulk_create(Assignment(task=task, person=one) for one in people)
    return people


def chosen_of(answer):
    return [(choice.label, choice.is_chosen) for choice in answer.context["choices"]]


@pytest.mark.parametrize(
    ("address", "chip"),
    [("/workflows/", "waiting"), ("/workflow-tasks/", "assignee")],
)
def test_somebody_beyond_those_shown_is_found_by_a_part_of_the_name(
    client, few_are_shown, crowd, address, chip
):
    url, everybody = f"{address}choices/{chip}/", {"whose": "everybody"}
    answer = client.get(url, everybody, headers=HTMX)
    assert len(answer.context["choices"]) == 13
    assert f'hx-get="{url}"' in answer.content.decode()
    found = client.get(url, {**everybody, "find": "елки"}, headers=HTMX)
    assert chosen_of(found) == [("Мария Ёлкина", False)]
    nobody = client.get(url, {**everybody, "find": "никого"}, headers=HTMX)
    assert "Nothing to choose from" in nobody.content.decode()


def test_what_is_chosen_stays_whatever_is_found(client, few_are_shown, crowd):
    url, first = "/workflows/choices/waiting/", crowd[-1]
    found = client.get(url, {"waiting": first.pk, "find": "иван 03"}, headers=HTMX)
    assert chosen_of(found) == [("Мария Ёлкина", True), ("Иван 03", False)]


def test_a_template_beyond_those_shown_is_found(client, few_are_shown, workflow):
    Workflow.objects.update(template_copy="Согласование договора")
    url = "/workflows/choices/template/"
    assert chosen_of(client.get(url, {"find": "ДОГОВОР"})) == [("Согласование договора", False)]
    assert chosen_of(client.get(url, {"find": "отпуск"})) == []


def test_few_choices_are_narrowed_where_they_stand(client, crowd):
    page = client.get("/workflows/choices/waiting/", headers=HTMX).content.decode()
    assert "data-narrow" in page
    assert "hx-get" not in page
