"""The list of all commands: what was asked here, by whom, and where it stands."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import Command, CommandState, Portal, Workflow
from tests.http.open_lists import OpenList

LIST = reverse("command_list")


@pytest.fixture
def client(as_, auditor):
    return as_(auditor)


@pytest.fixture
def command(workflow, administrator):
    def make(state, action="workflow.terminate", **fields):
        on = fields.pop("on", workflow)
        return Command.objects.create(
            key=uuid.uuid4(), portal=on.portal, workflow=on, action=action, effect="end",
            target_kind="workflow", target_id=str(uuid.uuid4()), target_label="Holiday · Deal 7",
            actor=fields.pop("actor", administrator), actor_name="Anna Weber", state=state,
            **fields,
        )  # fmt: skip

    return make


def shown(client, **params):
    answer = client.get(LIST, params)
    assert answer.status_code == 200
    return [line.command for line in answer.context["list"].lines]


def test_every_command_stands_there_newest_first_with_what_it_does(client, command):
    first, second = command(CommandState.CONFIRMED), command(CommandState.INTENT)
    assert shown(client) == [second, first]
    page = client.get(LIST).content.decode()
    assert "Terminate Holiday · Deal 7" in page
    assert "Anna Weber" in page
    assert reverse("command_detail", args=[first.pk]) in page


def test_each_state_is_a_part_with_its_count_under_the_other_filters(client, command):
    command(CommandState.CONFIRMED)
    command(CommandState.REJECTED)
    command(CommandState.CANCELLED, error_code="taken_back")
    command(CommandState.UNKNOWN, action="workflow.kill")
    parts = client.get(f"{LIST}counts/").context["list"].parts
    assert {part.id.removeprefix("state-"): part.count for part in parts} == {
        "all": 4, "requested": 0, "unknown": 1, "delivered": 0, "confirmed": 1, "refused": 1,
        "taken_back": 1, "gone": 0,
    }  # fmt: skip
    killed = client.get(f"{LIST}counts/", {"action": "workflow.kill"}).context["list"].parts
    assert [part.id for part in killed if part.count] == ["state-all", "state-unknown"]


def test_what_was_taken_back_is_not_among_the_refused(client, command):
    refused = command(CommandState.CANCELLED)
    back = command(CommandState.CANCELLED, error_code="taken_back")
    assert shown(client, state="refused") == [refused]
    assert shown(client, state="taken_back") == [back]


def test_filters_narrow_and_their_opposites_do_not(client, command, workflow, auditor):
    old = command(CommandState.INTENT, reason="Leaver")
    Command.objects.filter(pk=old.pk).update(requested_at=timezone.now() - timedelta(days=3))
    new = command(CommandState.CONFIRMED, action="workflow.kill", actor=auditor)
    assert shown(client, action="workflow.kill") == [new]
    assert shown(client, time="1d") == [new]
    assert shown(client, time="7d") == [new, old]
    assert shown(client, person=str(auditor.pk)) == [new]
    assert shown(client, template=str(workflow.template_id)) == [new, old]
    assert shown(client, q="leaver") == [old]
    assert shown(client, q="nobody wrote this") == []


@pytest.mark.parametrize("most", [0, 1000])
def test_a_word_of_many_workflows_finds_the_same_commands_as_one_of_few(
    client, command, workflow, monkeypatch, most
):
    monkeypatch.setattr("bizproc_admin.models.commands.MOST_FEW", most)
    one = command(CommandState.CONFIRMED)
    assert shown(client, q=workflow.document_name.upper()) == [one]
    assert shown(client, q=f"{workflow.document_name} of another") == []


@pytest.mark.parametrize("chip", ["action", "person", "template", "time"])
def test_a_chip_tells_its_choices_with_counts(client, command, chip):
    command(CommandState.CONFIRMED)
    answer = client.get(reverse("command_choices", args=[chip]))
    assert sum(choice.count for choice in answer.context["choices"]) >= 1
    assert client.get(reverse("command_choices", args=["colour"])).status_code == 404


@pytest.mark.usefixtures("live_db")  # each change is committed, as it is in life
def test_an_open_list_learns_what_became_of_its_rows(client, command):
    row = command(CommandState.INTENT)
    page = OpenList(client, LIST).settle()
    Command.objects.filter(pk=row.pk).update(state=CommandState.UNKNOWN)
    assert "checking" in page.ask().content.decode()


def test_another_portals_commands_are_not_shown(client, command, workflow):
    other = Portal.objects.create(name="Zero", address="https://elsewhere.example/")
    there = Workflow.objects.get(pk=workflow.pk)
    there.pk, there.portal = None, other
    there.save()
    command(CommandState.CONFIRMED, on=there)
    assert shown(client) == []


@pytest.mark.parametrize(
    ("bad", "rows"),
    [({"state": "sideways"}, 0), ({"time": "x"}, 0), ({"page": "x"}, 1), ({"size": 7}, 1)],
)
def test_an_address_written_by_hand_breaks_nothing_and_shows_nothing_unasked(
    client, command, bad, rows
):
    command(CommandState.CONFIRMED)
    assert len(shown(client, **bad)) == rows
