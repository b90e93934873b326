"""Many workflow tasks are delegated to one person, or answered alike where they need no words."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import DelegateTask, Item
from bizproc_admin.audit import By
from bizproc_admin.lists import verbs
from bizproc_admin.models import (
    Assignment,
    BulkOperation,
    Command,
    LinkedPerson,
    Person,
    Portal,
    WorkflowTask,
)
from tests.http.test_choosing import CREATION, confirm, frozen, said

LIST = "/workflow-tasks/"
DELEGATE, COMPLETE = "workflow_task.delegate", "workflow_task.complete"


@pytest.fixture
def colleague(portal, task):
    return Person.objects.create(
        portal=portal, remote_id=900, name="Boris Titov", search_text="boris titov",
        user_type="employee", observed_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def receiver(portal, task):
    return Person.objects.create(
        portal=portal, remote_id=901, name="Игорь Левин", search_text="игорь левин",
        user_type="employee", observed_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def another(task):
    """Make further open tasks of the same workflow that wait for some people."""

    def make(*people, **fields):
        number = WorkflowTask.objects.order_by("-remote_id").first().remote_id + 1
        now = timezone.now()
        made = WorkflowTask.objects.create(
            portal=task.portal, remote_id=number, workflow=task.workflow, modified_at=now,
            name=f"Task {number}", observed_at=now, waiting_since=now,
            **{"activity": task.activity, "parameters": {}, **fields},
        )  # fmt: skip
        for person in people:
            Assignment.objects.create(task=made, person=person)
        return made

    return make


def choose(client, verb, rows, query="", **changes):
    given = {
        "key": uuid.uuid4(), "portal": Portal.objects.earliest("pk").pk,
        "list": "workflow_task", "verb": verb, "query": query,
        "rows": ".".join(str(row.pk) for row in rows), **changes,
    }  # fmt: skip
    return client.post(CREATION, given)


def items(operation):
    return [
        (pk, own) for part in operation.parts.order_by("place") for pk, _seen, own in part.items
    ]


def test_each_part_of_those_shown_goes_to_one_receiver(
    as_, administrator, task, another, colleague, receiver
):
    client, person = as_(administrator), task.assignments.get().person
    both, theirs = another(person, colleague), another(colleague)
    answered = another(person)
    answered.assignments.update(status=1)
    page = client.get(LIST).content.decode()
    assert page.count("data-choose aria-label") == 3
    chosen = [task, both, theirs, answered]
    operation, _keys = frozen(choose(client, DELEGATE, chosen))
    assert items(operation) == [
        (task.pk, {"from": person.remote_id}),
        (both.pk, {"from": person.remote_id}),
        (both.pk, {"from": colleague.remote_id}),
        (theirs.pk, {"from": colleague.remote_id}),
    ]
    # of those that wait for somebody only that one's parts are meant
    narrowed, _keys = frozen(choose(client, DELEGATE, chosen, f"?assignee={colleague.pk}"))
    assert [own["from"] for _pk, own in items(narrowed)] == [colleague.remote_id] * 2
    url = reverse("operation_confirmation", args=[operation.pk])
    theirs.assignments.update(status=1)
    text = said(client.get(url))
    assert "Delegate 4 tasks" in text
    assert f"{person} 2" in text
    assert "1 is answered, delegated or withdrawn by now" in text
    missing = confirm(client, operation)
    assert (missing.status_code, "This field is required" in said(missing)) == (422, True)
    search = client.get(
        reverse("person_search"),
        {"operation": operation.pk, "purpose": "delegation", "to_person_find": "левин"},
    )
    assert "Игорь Левин" in search.content.decode()
    assert "confirmation-to_person" in search.content.decode()
    assert confirm(client, operation, to_person=f"user_{receiver.remote_id}").status_code == 302
    commands.prepare(operation.pk, worker="test")
    assert [(one.task_id, one.inputs) for one in Command.objects.order_by("pk")] == [
        (pk, {**own, "to": receiver.remote_id}) for pk, own in items(operation)[:3]
    ]
    again, _keys = frozen(choose(client, DELEGATE, [task]))
    text = said(client.get(reverse("operation_confirmation", args=[again.pk])))
    assert "1: Anna Koroleva has asked for something" in text


def test_one_answers_ones_own_parts_alike_and_what_needs_words_is_set_aside(
    as_, approver, administrator, task, another, colleague, portal, monkeypatch
):
    # rows that lie far apart among others are asked for by their keys
    monkeypatch.setattr(verbs, "DENSE", 0)
    client, own = as_(approver), task.assignments.get().person
    simple = another(own, colleague, parameters={"StatusYesLabel": "Согласен"})
    words = another(own, parameters={"CommentRequired": "YA"})
    asks = another(own, activity="RequestInformationActivity", parameters={"Fields": [{"Id": "a"}]})
    theirs = another(colleague)
    chosen = [task, simple, words, asks, theirs]
    operation, _keys = frozen(choose(client, f"{COMPLETE}.agree", chosen))
    assert [pk for pk, _own in items(operation)] == [task.pk, simple.pk]
    assert items(operation)[1][1] == {"person": own.remote_id, "answer": 1}
    page = client.get(reverse("operation_confirmation", args=[operation.pk]))
    text = said(page)
    assert "Согласен 1" in text
    assert "2 more need your input and are not among them" in text
    assert str(words) in text
    assert "Even those" not in text
    assert confirm(client, operation).status_code == 302
    commands.prepare(operation.pk, worker="test")
    assert [one.inputs["answer"] for one in Command.objects.all()] == [1, 1]
    assert {one.as_person for one in Command.objects.all()} == {own}
    # what a rejection needs is another matter
    rejected, _keys = frozen(choose(client, f"{COMPLETE}.disagree", [words]))
    assert items(rejected) == [(words.pk, {"person": own.remote_id, "answer": 2})]
    # asked for anew, a rejection is called one
    confirm(client, rejected)
    commands.prepare(rejected.pk, worker="test")
    rejected.commands.update(state="rejected", error_code="access_denied")
    anew = commands.retry(rejected, by=By(account=approver), key=uuid.uuid4())
    page = client.get(reverse("operation_confirmation", args=[anew.pk]))
    assert page.context["verb"].name == f"{COMPLETE}.disagree"
    nothing = choose(client, f"{COMPLETE}.agree", [words, theirs])
    assert (nothing.status_code, "need your input" in said(nothing)) == (422, True)
    # who answers for nobody is offered none of it: an administrator only gives away
    assert choose(as_(administrator), f"{COMPLETE}.agree", [task]).status_code == 422


def test_a_list_that_says_who_gets_what_asks_for_nobody(
    as_, administrator, task, another, colleague, receiver, portal
):
    person = task.assignments.get().person
    other = another(person)
    given = [(task, receiver), (other, colleague)]
    items = [
        Item(pk=one.pk, own={"from": person.remote_id, "to": to.remote_id}) for one, to in given
    ]
    operation = commands.freeze(
        DelegateTask, portal=portal, items=items, by=By(account=administrator),
        key=uuid.uuid4(), source={"recipe": "leaver"},
    )  # fmt: skip
    client = as_(administrator)
    text = said(client.get(reverse("operation_confirmation", args=[operation.pk])))
    assert "To whom Игорь Левин 1 , Boris Titov 1" in text
    assert "find a person" not in text
    assert confirm(client, operation).status_code == 302
    commands.prepare(operation.pk, worker="test")
    assert [one.inputs["to"] for one in Command.objects.order_by("pk")] == [901, 900]


def test_a_manager_gives_away_what_is_of_those_below_and_with_hands_alone(
    as_, manager, task, another, colleague, receiver, portal
):
    person = task.assignments.get().person
    unit = portal.departments.create(
        remote_id=77, name="D", head=colleague, observed_at=timezone.now()
    )
    person.departments.add(unit)
    LinkedPerson.objects.create(user=manager, portal=portal, person=colleague)
    stranger = Person.objects.create(portal=portal, remote_id=902, name="X", user_type="employee")
    mixed = another(person, stranger)
    foreign = another(stranger)
    client = as_(manager)
    operation, _keys = frozen(choose(client, DELEGATE, [task, mixed, foreign], "?whose=team"))
    assert items(operation) == [
        (task.pk, {"from": person.remote_id}), (mixed.pk, {"from": person.remote_id}),
    ]  # fmt: skip
    # without a token of their own nothing can be delegated, which is told before
    url = reverse("operation_confirmation", args=[operation.pk])
    text = said(client.get(url))
    assert "Sign in with Bitrix24" in text
    given = {"reason": "Away.", "to_person": f"user_{receiver.remote_id}"}
    assert client.post(url, given).status_code == 422
    assert BulkOperation.objects.get().confirmed_at is None
    foreign_scope = choose(client, DELEGATE, [foreign], "?whose=everybody")
    assert foreign_scope.status_code == 422
