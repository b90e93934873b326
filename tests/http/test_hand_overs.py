"""Handing over what somebody leaves behind: their open tasks, by template, to whom is chosen."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bizproc_admin import commands
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Assignment,
    BulkOperation,
    BulkState,
    Command,
    CommandState,
    Department,
    Person,
    WorkflowTask,
)

METHOD = "bizproc.task.delegate"
EMPLOYEE, ADMINISTRATOR = 14, 1


@pytest.fixture
def left(portal, sandbox, sync, workflow):
    """Somebody who has left: tasks of three templates wait for them, one that Boris takes part in.

    Gives them, Boris and Clara, who work there.
    """
    leaver = workflow.tasks.get().assignments.get().person.remote_id
    boris, clara = sandbox.add_user("Boris", "Titov"), sandbox.add_user("Clara", "Weber")
    for name in ("Free", "Free", "Closed"):
        sandbox.ask([leaver], Name=name, DelegationType="2" if name == "Closed" else "1")
    sandbox.ask([leaver, boris], Name="Both", DelegationType="0")
    sync()
    sandbox.clear_calls()
    people = Person.objects.filter(portal=portal)
    return [people.get(remote_id=number) for number in (leaver, boris, clara)]


def url(person):
    return reverse("hand_over", args=[person.pk])


def chosen(person):
    return {"rule": "person", "to_person": f"user_{person.remote_id}"}


def post(client, leaver, data):
    return client.post(url(leaver), {"key": str(uuid.uuid4()), **data})


def given():
    """Return whom each task of the one operation goes to, by the task's name."""
    operation = BulkOperation.objects.get()
    items = [item for part in operation.parts.all() for item in part.items]
    names = WorkflowTask.objects.in_bulk([pk for pk, _seen, _own in items])
    return sorted((names[pk].name, own["to"]) for pk, _seen, own in items)


def test_who_has_left_and_has_tasks_comes_first(as_, administrator, left):
    Person.objects.filter(pk=left[0].pk).update(is_active=False)
    client = as_(administrator)
    response = client.get(reverse("hand_over_list"))
    assert next(iter(response.context["people"])) == left[0]
    assert "5 open tasks" in response.content.decode()
    found = client.get(reverse("hand_over_list"), {"q": "titov"})
    assert list(found.context["people"]) == [left[1]]
    assert "Nobody found" in client.get(reverse("hand_over_list"), {"q": "zzz"}).content.decode()
    page = client.get(reverse("person_detail", args=[left[0].pk])).content.decode()
    assert url(left[0]) in page


def test_tasks_are_shown_by_template_with_what_delegation_allows(as_, administrator, left):
    response = as_(administrator).get(url(left[0]))
    page = response.content.decode()
    groups = [group for group, _own, _stays in response.context["rows"]]
    assert sum(group.count for group in groups) == response.context["task_count"] == 5
    assert {"anyone", "nobody", "subordinates"} <= {one for g in groups for one in g.policies}
    assert "may be given by an administrator alone" in page
    assert "1 running workflow was started by them" in page or response.context["started"] != 1
    assert response.context["blocked"] == 5


def test_tasks_go_to_one_person_but_for_those_they_have_a_part_in(
    as_, administrator, left, sandbox, portal
):
    leaver, boris, _clara = left
    response = post(as_(administrator), leaver, chosen(boris))
    operation = BulkOperation.objects.get()
    assert response.url == reverse("operation_confirmation", args=[operation.pk])
    assert (operation.state, operation.total) == (BulkState.DRAFT, 4)
    assert "Both" not in [name for name, _to in given()]
    assert {to for _name, to in given()} == {boris.remote_id}
    assert sandbox.calls(METHOD) == []
    commands.confirm(operation, by=By(account=administrator), reason="Has left.")
    commands.prepare(operation.pk, worker="test")
    commands.serve(portal.pk, worker="test")
    states = Command.objects.filter(bulk=operation).values_list("state", flat=True)
    assert list(states) == [CommandState.CONFIRMED] * 4
    assert len([e for e in sandbox.ledger() if e["method"] == METHOD]) == 4
    assert Assignment.objects.waiting().filter(person=boris).count() == 5


def test_a_template_may_have_a_receiver_of_its_own_or_stay(as_, administrator, left):
    leaver, boris, clara = left
    client = as_(administrator)
    groups = {
        task.name: task.workflow.template_id
        for task in WorkflowTask.objects.waiting_for([leaver.pk]).select_related("workflow")
    }
    response = post(client, leaver, {
        **chosen(boris),
        f"own_{groups['Both']}": f"user_{clara.remote_id}",
        f"stays_{groups['Closed']}": "on",
    })  # fmt: skip
    assert response.status_code == 302
    assert [name for name, _to in given()].count("Closed") == 0
    assert dict(given())["Both"] == clara.remote_id
    assert dict(given())["Free"] == boris.remote_id


def test_the_head_of_the_department_gets_them(as_, administrator, left, portal):
    leaver, boris, clara = left
    department = Department.objects.create(
        portal=portal, remote_id=77, name="Sales", head=boris, observed_at=portal.now()
    )
    leaver.departments.set([department])
    client = as_(administrator)
    assert "The head of their department: Boris Titov" in client.get(url(leaver)).content.decode()
    post(client, leaver, {"rule": "head"})
    assert {to for _name, to in given()} == {boris.remote_id}
    both = post(client, leaver, {**chosen(clara), "rule": "head"})
    assert "a person is chosen below as well" in both.content.decode()
    # one who has left is no head that tasks could go to
    Person.objects.filter(pk=boris.pk).update(is_active=False)
    response = post(client, leaver, {"rule": "head"})
    assert response.status_code == 422
    assert BulkOperation.objects.count() == 1


@pytest.mark.parametrize("fault", ["nobody", "themselves", "dismissed", "all stay", "all taken"])
def test_what_cannot_be_handed_over_is_said_beside_the_field(as_, administrator, left, fault):
    leaver, boris, clara = left
    keys = set(
        WorkflowTask.objects.waiting_for([leaver.pk]).values_list("workflow__template", flat=True)
    )
    data, words = {
        "nobody": ({"rule": "person"}, "Choose who gets the tasks."),
        "themselves": (chosen(leaver), "The tasks are theirs already"),
        "dismissed": (chosen(clara), "only be given to people who work there"),
        "all stay": (
            {**chosen(boris), **{f"stays_{key}": "on" for key in keys}}, "there is nothing to hand"
        ),
        "all taken": (chosen(boris), "has a part in each of them already"),
    }[fault]  # fmt: skip
    if fault == "dismissed":
        Person.objects.filter(pk=clara.pk).update(is_active=False)
    if fault == "all taken":
        for task in WorkflowTask.objects.waiting_for([leaver.pk]):
            Assignment.objects.get_or_create(task=task, person=boris)
    response = post(as_(administrator), leaver, data)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not BulkOperation.objects.filter(total__gt=0).exists()
    # what was chosen is still there
    if fault not in ("nobody", "all stay"):
        assert f'value="{data["to_person"]}" checked' in response.content.decode().replace(
            "\n       ", " "
        )


def test_only_who_may_act_for_others_finds_receivers(as_, administrator, left, approver):
    leaver, *_others = left
    asked = {"leaver": leaver.pk, "purpose": "to_person", "q": "tit"}
    page = as_(administrator).get(reverse("person_search"), asked).content.decode()
    assert "Boris" in page and "handover-to_person_found" in page
    asked["q"] = leaver.last_name or leaver.name
    assert (
        "choice__label"
        not in as_(administrator).get(reverse("person_search"), asked).content.decode()
    )
    assert as_(approver).get(reverse("person_search"), asked).status_code == 404


def test_the_templates_of_many_tasks_are_read_at_once(as_, administrator, left, sandbox, sync):
    client, leaver = as_(administrator), left[0]
    client.get(url(leaver))
    with CaptureQueriesContext(connection) as before:
        templates = len(client.get(url(leaver)).context["rows"])
    for name in ("Fourth", "Fifth", "Sixth"):
        sandbox.ask([leaver.remote_id], Name=name, DelegationType="1")
    sync()
    with CaptureQueriesContext(connection) as after:
        assert len(client.get(url(leaver)).context["rows"]) == templates + 3
    assert len(after) == len(before)
