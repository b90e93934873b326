"""Filters about time: between two days, and for longer than a span of one's own."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from bizproc_admin.models import Command, LinkedPerson, Person, Workflow, WorkflowTask

WORKFLOWS, TASKS, COMMANDS = "/workflows/", "/workflow-tasks/", "/commands/"
pytestmark = pytest.mark.portable


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


def rows(client, address, **params):
    answer = client.get(address, params)
    assert answer.status_code == 200
    return answer.context["list"].page.rows


def noon(day):
    return timezone.make_aware(datetime(day.year, day.month, day.day, 12))


def test_workflows_are_found_by_the_days_they_started_or_ended_between(client, workflow):
    first, last = date(2026, 3, 4), date(2026, 3, 9)
    Workflow.objects.update(started_at=noon(first))
    assert rows(client, WORKFLOWS, since=first, until=first) == [workflow]
    assert rows(client, WORKFLOWS, since=first + timedelta(days=1)) == []
    assert rows(client, WORKFLOWS, until=first - timedelta(days=1)) == []
    Workflow.objects.update(is_running=False, ended_after=noon(last), ended_before=noon(last))
    assert rows(client, WORKFLOWS, show="ended", since=last, until=last) == [workflow]
    assert rows(client, WORKFLOWS, show="ended", until=first) == []
    # among all of them the start is asked about
    assert rows(client, WORKFLOWS, show="all", until=first) == [workflow]
    page = client.get(WORKFLOWS, {"show": "ended", "since": first, "until": last}).content.decode()
    assert "4 Mar – 9 Mar 2026" in page


def test_the_days_are_those_of_the_viewer_s_zone(client, workflow, administrator, portal):
    person = Person.objects.filter(portal=portal).first()
    Person.objects.filter(pk=person.pk).update(time_zone="Asia/Vladivostok")
    LinkedPerson.objects.create(user=administrator, portal=portal, person=person)
    Workflow.objects.update(started_at=datetime(2026, 3, 4, 20, tzinfo=UTC))
    assert rows(client, WORKFLOWS, since="2026-03-05", until="2026-03-05") == [workflow]
    assert rows(client, WORKFLOWS, until="2026-03-04") == []


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"since": "2026-03-09", "until": "2026-03-04"}, "This day is before the first one."),
        ({"until": "0001-01-01"}, "Nothing can be of that day."),
        ({"since": "2026-02-30"}, "Enter a valid date."),
    ],
)
@pytest.mark.parametrize(
    ("address", "chip"), [(WORKFLOWS, "age"), (TASKS, "waits"), (COMMANDS, "time")]
)
def test_a_day_that_cannot_be_is_said_beside_its_field_and_kept(
    client, workflow, address, chip, params, said
):
    assert rows(client, address, **params) == []
    page = client.get(address, params).content.decode()
    assert said in page, "where the rows would be"
    assert "is not known here" not in page
    assert f"{address}counts/" not in page, "no part tells a number of rows that are not shown"
    for headers in ({}, {"HX-Request": "true"}):
        choices = client.get(f"{address}choices/{chip}/", params, headers=headers).content.decode()
        assert said in choices, "beside the field"
        described = re.search(r'aria-invalid="true" aria-describedby="([\w-]+)"', choices)
        assert described and f'<p class="field__error" id="{described[1]}">' in choices
        assert "optional" not in choices
        for name, value in params.items():
            assert f'name="{name}" value="{value}"' in page, "kept until the chip is opened"
            assert choices.count(f'value="{value}"') == 1


@pytest.mark.parametrize(("typed", "is_found"), [("44", True), ("44d", True), ("46", False)])
def test_so_many_days_of_one_s_own_are_asked_for(client, workflow, typed, is_found):
    now = workflow.portal.now()
    Workflow.objects.update(modified_at=now - timedelta(days=45), started_at=now - timedelta(45))
    for name in ("age", "idle"):
        answer = client.get(WORKFLOWS, {name: typed})
        assert answer.context["list"].page.rows == ([workflow] if is_found else [])
        assert f"over {typed.removesuffix('d')} days" in answer.content.decode()
    # a span that was typed counts before the one that is still chosen beside it
    chosen = client.get(f"{WORKFLOWS}?idle=90d&idle={typed}").context["list"].page.rows
    assert chosen == ([workflow] if is_found else [])
    assert client.get(f"{WORKFLOWS}?idle=30d&idle=").context["list"].page.rows == [workflow]


@pytest.mark.parametrize("strange", ["0", "-3", "forever", "99999", "1.5", "10x"])
def test_a_span_that_is_none_shows_no_row(client, workflow, strange):
    assert rows(client, WORKFLOWS, age=strange) == []
    assert (
        "is not known here, so no row is shown"
        in client.get(WORKFLOWS, {"age": strange}).content.decode()
    )


def test_tasks_are_found_by_how_long_they_wait_and_since_when(client, task):
    asked = task.workflow.portal.now() - timedelta(days=45)
    WorkflowTask.objects.update(waiting_since=asked)
    day = timezone.localtime(asked).date()
    everybody = {"whose": "everybody"}
    assert rows(client, TASKS, waits="30d", **everybody) == [task]
    assert rows(client, TASKS, waits="46", **everybody) == []
    assert rows(client, TASKS, since=day, until=day, **everybody) == [task]
    assert rows(client, TASKS, since=day + timedelta(days=1), **everybody) == []


def test_commands_are_found_by_the_days_they_were_asked_for(client, workflow, administrator):
    command = Command.objects.create(
        key=uuid4(), portal=workflow.portal, workflow=workflow, action="workflow.terminate",
        target_kind="workflow", actor=administrator, state="confirmed",
    )  # fmt: skip
    today = timezone.localdate()
    assert rows(client, COMMANDS, since=today, until=today) == [command]
    assert rows(client, COMMANDS, until=today - timedelta(days=1)) == []


@pytest.mark.parametrize(("chip", "has_own"), [("age", True), ("idle", True), ("kind", False)])
def test_a_chip_of_spans_offers_a_number_of_one_s_own(client, workflow, chip, has_own):
    choices = client.get(f"{WORKFLOWS}choices/{chip}/", {"age": "45d", "idle": "12"})
    assert ("data-own" in choices.content.decode()) is has_own
    assert client.get(f"{WORKFLOWS}choices/since/").status_code == 404
