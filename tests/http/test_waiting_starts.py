"""Starts that wait: for a sign-in, which whoever asked may call off, and for a person's word."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.models import AuditEntry, Command, CommandState, PersonToken
from tests.http.test_start_pages import START, content, filled, post, template

__all__ = ["template"]  # pytest finds the fixture here


@pytest.fixture
def waiting(as_, approver, template, sandbox):
    """A start whose person has to sign in with Bitrix24 again."""
    as_(approver).post(reverse("workflow_start"), filled(template))
    command = Command.objects.get()
    PersonToken.objects.update(lost_at=timezone.now())
    commands.carry_out(command.pk, worker="test")
    command.refresh_from_db()
    assert command.state == CommandState.INTENT
    return command


def test_whoever_asked_for_a_start_that_waits_for_a_sign_in_may_take_it_back(
    as_, approver, waiting, sandbox
):
    client = as_(approver)
    outcome = reverse("workflow_start_outcome", args=[waiting.pk])
    taking_back = reverse("command_take_back", args=[waiting.pk])
    assert f'action="{taking_back}"' in content(client.get(outcome))
    answer = client.post(taking_back)
    assert (answer.status_code, answer.url) == (302, outcome)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error_code) == (CommandState.CANCELLED, "taken_back")
    assert waiting.audit_entries.filter(kind=AuditEntry.Kind.TAKEN_BACK, actor=approver).exists()
    page = content(client.get(outcome))
    assert "Taken back. Nothing was sent." in page
    assert f'action="{taking_back}"' not in page
    assert "The task waits" not in page
    # a sign-in later does not bring it about
    PersonToken.objects.update(lost_at=None)
    commands.carry_out(waiting.pk, worker="test")
    assert sandbox.calls(START) == []


def test_a_start_that_is_on_its_way_is_not_offered_to_be_taken_back(as_, approver, waiting):
    Command.objects.filter(pk=waiting.pk).update(state=CommandState.SENDING, sends=1)
    page = content(as_(approver).get(reverse("workflow_start_outcome", args=[waiting.pk])))
    assert reverse("command_take_back", args=[waiting.pk]) not in page


def test_a_start_that_waits_for_an_auditor_s_eyes_only_is_not_theirs_to_take_back(
    as_, auditor, administrator, waiting
):
    taking_back = reverse("command_take_back", args=[waiting.pk])
    page = reverse("command_detail", args=[waiting.pk])
    assert taking_back not in content(as_(auditor).get(page))
    assert taking_back in content(as_(administrator).get(page))


@pytest.fixture
def left(as_, administrator, template, committing, sandbox):
    """A start of which nobody has said what came of it, for a number of hours."""
    sandbox.fail_next("timeout_before_apply", method=START)
    post(as_(administrator), committing, filled(template))
    command = Command.objects.get()

    def since(**ago):
        sent_at = timezone.now() - timedelta(**ago)
        Command.objects.filter(pk=command.pk).update(
            state=CommandState.NEEDS_HUMAN, sent_at=sent_at
        )
        return command

    return since


def test_what_waits_for_a_person_for_more_than_four_hours_is_told(
    as_, administrator, auditor, participant, client, left
):
    def told(who):
        return "Nobody has said what came of it" in content(as_(who).get("/"))

    left(hours=3, minutes=59)
    assert not told(administrator)
    assert client.get("/healthz").json()["left_to_people"] == {"count": 0, "oldest": None}
    command = left(hours=5)
    assert told(administrator)
    assert told(auditor)
    assert not told(participant)
    page = content(as_(administrator).get("/"))
    assert "1 command has waited for a person's word for 5 h." in page
    found = client.get("/healthz").json()["left_to_people"]
    assert (found["count"], 5 * 3600 <= found["oldest"] < 5 * 3600 + 300) == (1, True)
    # once somebody has, nothing is told any more
    decision = reverse("workflow_start_decision", args=[command.pk])
    as_(administrator).post(decision, {"reason": "I looked: nothing"})
    assert not told(administrator)
    assert client.get("/healthz").json()["left_to_people"]["count"] == 0
