"""The list of application actions and the page of one: what uses it, waits, and is missing."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    StepState,
    TemplateMention,
    WorkflowTemplate,
)
from tests.http.application_actions import HANDLER, form_of, registering, text

pytestmark = pytest.mark.portable

LIST = "application_action_list"
NAMES = {"en": "Check", "ru": "Проверка"}
DEFINITION = {"HANDLER": HANDLER, "USE_SUBSCRIPTION": "Y", "NAME": NAMES}


@pytest.fixture
def hands(administrator, door, gives_token):
    person, _made = Person.objects.get_or_create(portal=door, remote_id=1)
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    return person


@pytest.fixture
def registered(door):
    """Keep actions as if they had been registered and listed."""
    now = timezone.now()
    door.actions_listed_at = now
    door.save()

    def register(code="check", **changes):
        given = {
            "client_id": door.client_id, "kind": "robot", "definition": DEFINITION,
            "listed_at": now, **changes,
        }  # fmt: skip
        return ApplicationAction.objects.create(portal=door, code=code, **given)

    return register


def used_in(workflow, action, *, is_active=True):
    return TemplateMention.objects.create(
        template=workflow.template, kind="step", value=action.step_type, place="step", step=3,
        title="Check the contract", is_active=is_active,
    )  # fmt: skip


def step_of(workflow, action, state, *, waited):
    now = timezone.now()
    return ApplicationStep.objects.create(
        portal=action.portal, client_id=action.client_id, code=action.code, workflow=workflow,
        workflow_remote_id=workflow.remote_id, token_digest=f"{state}{waited}", state=state,
        since=now - timedelta(minutes=waited),
        settled_at=now if state == StepState.CONFIRMED else None,
    )  # fmt: skip


def test_a_row_tells_what_uses_an_action_and_what_waits(as_, auditor, workflow, registered):
    action = registered()
    used_in(workflow, action)
    step_of(workflow, action, StepState.WAITING, waited=600)
    step_of(workflow, action, StepState.PRESUMED, waited=50)
    for waited in (2, 4, 90):
        step_of(workflow, action, StepState.CONFIRMED, waited=waited)
    client = as_(auditor)
    (line,) = client.get(reverse(LIST)).context["lines"]
    assert (line.used_by, line.running) == ([workflow.template], 1)
    assert (line.waiting, line.presumed) == (1, 1)
    assert round(line.middle.total_seconds()) == 240
    page = text(client.get(line.url))
    assert str(workflow.template) in page
    assert str(workflow.document) in page
    assert "Проверка" in page
    for hidden in ("Change…", "Delete…", "Register"):
        assert hidden not in page


def test_what_is_switched_off_or_gone_does_not_use_it(as_, auditor, workflow, registered):
    action = registered()
    used_in(workflow, action, is_active=False)
    (line,) = as_(auditor).get(reverse(LIST)).context["lines"]
    assert line.used_by == []
    TemplateMention.objects.update(is_active=True)
    WorkflowTemplate.objects.update(gone_at=timezone.now())
    (line,) = as_(auditor).get(reverse(LIST)).context["lines"]
    assert line.used_by == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Registered"),
        ({"definition": None}, "Registered by other means"),
        ({"missing_since": timezone.now()}, "Missing on the portal"),
        ({"listed_at": None}, "Not listed yet"),
    ],
)
def test_each_state_is_said(as_, administrator, registered, changes, said):
    action = registered(**changes)
    client = as_(administrator)
    assert said in text(client.get(reverse(LIST)))
    client.get(reverse("application_action_detail", args=[action.pk]))


def test_what_an_earlier_application_registered_stands_apart(as_, administrator, registered):
    action = registered(client_id="local.earlier")
    page = as_(administrator).get(reverse(LIST))
    assert ([one.action for one in page.context["earlier"]], page.context["lines"]) == (
        [action],
        [],
    )
    client = as_(administrator)
    page = text(client.get(reverse("application_action_detail", args=[action.pk])))
    assert "Of an earlier application" in page
    assert "Register for this application" in page
    assert client.get(reverse("application_action_change", args=[action.pk])).status_code == 404
    assert client.get(reverse("application_action_deletion", args=[action.pk])).status_code == 404


def test_the_list_costs_the_same_for_one_and_for_many(as_, auditor, workflow, registered):
    client = as_(auditor)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))
        # of the steps that wait a number comes, however many they are
        (counted,) = [
            one for one in queries if "'presumed'" in one["sql"] and '"code"' in one["sql"]
        ]
        assert "GROUP BY" in counted["sql"]
        return len(queries)

    used_in(workflow, registered("a0"))
    cost()
    few = cost()
    for number in range(1, 20):
        used_in(workflow, registered(f"a{number}"))
    assert cost() == few


def test_a_deletion_says_what_it_breaks_and_asks_for_the_code(
    as_, administrator, hands, workflow, registered, committing, sandbox
):
    client = as_(administrator)
    registering(client, committing)
    action = ApplicationAction.objects.get()
    used_in(workflow, action)
    step_of(workflow, action, StepState.WAITING, waited=5)
    url = reverse("application_action_deletion", args=[action.pk])
    page = text(client.get(url))
    assert str(workflow.template) in page
    assert "1 workflow runs by them" in page
    assert "1 step waits for an answer" in page
    given = {"key": "00000000-0000-4000-8000-000000000001", "reason": "Not needed any more"}
    for typed in ("", "Check", "check2"):
        assert client.post(url, {**given, "confirmation": typed}).status_code == 422
    assert len(sandbox.ledger()) == 1
    with committing():
        client.post(url, {**given, "confirmation": "check"})
    assert [entry["method"] for entry in sandbox.ledger()][1:] == ["bizproc.robot.delete"]
    assert "Missing on the portal" in text(client.get(reverse(LIST)))


def test_a_registration_under_way_stands_in_the_list(as_, administrator, hands, door):
    client = as_(administrator)
    client.post(reverse("application_action_registration"), form_of())
    page = client.get(reverse(LIST))
    assert [one.inputs["code"] for one in page.context["pending"]] == ["check"]
    assert "is being registered" in text(page)


def test_the_list_is_read_again_when_somebody_asks(as_, administrator, door):
    feed = Feed.objects.filter(portal=door, name=FeedName.WORKFLOW_TEMPLATES)
    feed.update(next_at=timezone.now() + timedelta(hours=1))
    as_(administrator).post(reverse("application_action_listing"))
    assert feed.get().next_at is None


def test_the_first_sign_in_of_an_administrator_has_the_actions_listed(comes_in, as_, door):
    feed = Feed.objects.filter(portal=door, name=FeedName.WORKFLOW_TEMPLATES)
    feed.update(next_at=timezone.now() + timedelta(hours=1))
    comes_in(as_(None), 1)
    assert feed.get().next_at is None


def test_a_missing_action_breaks_the_templates_that_hold_it(
    as_, administrator, workflow, registered
):
    action = registered(missing_since=timezone.now())
    used_in(workflow, action)
    client = as_(administrator)
    broken = client.get(reverse("workflow_template_list"), {"condition": "broken"})
    assert "The portal lacks the action Check of the application" in text(broken)
    for changes in (
        {"missing_since": None},
        {"client_id": "other", "missing_since": timezone.now()},
    ):
        ApplicationAction.objects.filter(pk=action.pk).update(**changes)
        sound = client.get(reverse("workflow_template_list"), {"condition": "broken"})
        assert "lacks the action" not in text(sound)


def test_steps_of_an_action_are_called_by_its_name(as_, administrator, workflow, registered):
    used_in(workflow, registered())
    page = text(as_(administrator).get(reverse("template_mention_list"), {"kind": "step"}))
    assert "Check" in page


def test_another_application_is_warned_of(
    as_, administrator, door, registered, monkeypatch, capsys
):
    registered()
    client = as_(administrator)
    page = text(client.get(reverse("portal_application", args=[door.pk])))
    assert "1 action or rule is registered by the application set up now" in page
    removal = text(client.get(reverse("portal_application_removal", args=[door.pk])))
    assert "1 action or rule of the application can no longer be listed" in removal
    monkeypatch.setattr(
        "bizproc_admin.management.commands.application.read_key", lambda: "a-secret"
    )
    call_command("application", "local.other", "--token-url", door.token_url)
    assert "Another application means other steps: 1 actions" in capsys.readouterr().err
