"""Registering and changing application actions by the form; what is wrong stands beside it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import ApplicationAction, Command, CommandState, LinkedPerson, Person
from tests.http.application_actions import HANDLER, form_of, property_of, registering, text

pytestmark = pytest.mark.portable

URL = "application_action_registration"


@pytest.fixture
def client(as_, administrator, door, sync, gives_token):
    """The administrator has signed in through the portal once."""
    sync()
    person = Person.objects.get(portal=door, remote_id=1)
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    return as_(administrator)


def kept(code="check"):
    return ApplicationAction.objects.get(code=code)


def test_a_rule_is_registered_by_the_form(client, committing, sandbox, portal):
    answer = registering(client, committing)
    command = Command.objects.get()
    assert answer.url == reverse("command_detail", args=[command.pk])
    assert command.state == CommandState.CONFIRMED
    (entry,) = sandbox.ledger()
    assert entry["method"] == "bizproc.robot.add"
    assert (entry["applied"]["handler"], entry["applied"]["use_subscription"]) == (HANDLER, "Y")
    row = kept()
    assert row.timeout == 3600
    assert row.definition == {
        "HANDLER": HANDLER,
        "USE_SUBSCRIPTION": "Y",
        "NAME": {"en": "Check the contract", "de": "Vertrag prüfen"},
        "PROPERTIES": {
            "contract": {
                "NAME": {"en": "Contract"}, "TYPE": "string", "REQUIRED": "N", "MULTIPLE": "N",
            },
        },
        "RETURN_PROPERTIES": {
            "Verdict": {
                "NAME": {"en": "Verdict"}, "TYPE": "select", "REQUIRED": "N", "MULTIPLE": "N",
                "OPTIONS": {"ok": "Fine"},
            },
        },
        "FILTER": {"INCLUDE": ["b24", ["crm", "CCrmDocumentDeal"]]},
    }  # fmt: skip
    page = text(client.get(reverse("application_action_detail", args=[row.pk])))
    for said in (
        "Check the contract",
        "Vertrag prüfen",
        "Contract",
        "Fine",
        HANDLER,
        row.step_type,
    ):
        assert said in page


WRONG = [
    ({"code": ""}, "code", "required"),
    ({"code": "a b"}, "code", "Latin letters"),
    ({"code": "ж"}, "code", "Latin letters"),
    ({"code": "0"}, "code", "needs a code"),
    ({"code": "c" * 129}, "code", "128"),
    ({"handler": ""}, "handler", "required"),
    ({"handler": "https://localhost/x"}, "handler", "contains a dot"),
    ({"handler": "https://.example/x"}, "handler", "contains a dot"),
    ({"handler": "ftp://a.example/"}, "handler", "https:// and http://"),
    ({"handler": "https://a.example/" + "x" * 990}, "handler", "1,000"),
    ({"subscription": None}, "subscription", "required"),
    ({"subscription": "maybe"}, "subscription", "Select"),
    ({"names_text": ["", ""]}, "names", "required"),
    ({"names_text": ["0", ""]}, "names", "a name in one language"),
    ({"names_key": ["en", "en"]}, "names", "stands twice"),
    ({"names_key": ["", "de"]}, "names", "in which language"),
    ({"timeout": "-1"}, "timeout", "greater"),
    ({"include": ["tasks,"]}, "include", "Rules are a list"),
    ({"document_type": "a|b|c"}, "document_type", "Select"),
    ({"user_number": "none"}, "user_number", "whole number"),
    ({"reason": " "}, "reason", "required"),
]


@pytest.mark.parametrize(("changes", "field", "said"), WRONG)
def test_what_the_portal_would_not_take_stands_beside_its_field(
    client, committing, sandbox, changes, field, said
):
    answer = registering(client, committing, **changes)
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors[field])
    assert "Ordered by legal" in text(answer) or field == "reason"
    assert sandbox.ledger() == []
    assert Command.objects.count() == 0


WRONG_PROPERTIES = [
    ({"id": "1st"}, "id", "begins with a Latin letter"),
    ({"id": "a-b"}, "id", "begins with a Latin letter"),
    ({"id": ""}, "id", "required"),
    ({"names_text": [""]}, "names", "required"),
    ({"names_text": ["0"]}, "names", "a name in one language"),
    ({"type": ""}, "type", "required"),
    ({"type": "no type"}, "type", "no type"),
    ({"type": "select"}, "options", "at least one option"),
    ({"options_key": ["a"], "options_text": [""]}, "options", "both the value and its title"),
    ({"names_text": ["x" * 2001]}, "names", "2,000"),
]


@pytest.mark.parametrize(("changes", "field", "said"), WRONG_PROPERTIES)
def test_what_is_wrong_with_a_property_stands_beside_it(
    client, committing, sandbox, changes, field, said
):
    given = {f"given-0-{name}": value for name, value in changes.items()}
    answer = registering(client, committing, **given)
    assert answer.status_code == 422
    (one,) = answer.context["form"].given.forms
    assert said in " ".join(one.errors[field])
    assert said in text(answer)
    assert sandbox.ledger() == []


def test_two_properties_of_one_id_are_refused_whatever_its_case(client, committing):
    second = property_of("given-1", "Contract")
    answer = registering(client, committing, **{"given-count": "2", **second})
    assert answer.status_code == 422
    assert all("id" in one.errors for one in answer.context["form"].given.forms)


def test_properties_too_long_for_the_portal_are_refused_before_it_does(client, committing, sandbox):
    many = {"given-count": "40"}
    for place in range(40):
        many |= property_of(f"given-{place}", f"p{place}", default="x" * 1700)
    answer = registering(client, committing, **many)
    assert answer.status_code == 422
    assert "65,535" in text(answer)
    assert sandbox.ledger() == []


def test_a_property_more_or_less_keeps_what_was_typed_and_complains_of_nothing(client):
    more = client.post(reverse(URL), form_of(more="given", code="", reason=""))
    assert more.status_code == 200
    form = more.context["form"]
    assert [one["id"].value() for one in form.given.forms] == ["contract", None]
    assert "field__error" not in text(more)
    assert "Vertrag prüfen" in text(more)
    three = {"given-count": "3", **property_of("given-1", "two"), **property_of("given-2", "three")}
    less = client.post(reverse(URL), form_of(less="given:0", **three))
    assert [one["id"].value() for one in less.context["form"].given.forms] == ["two", "three"]
    for odd in ("given:9", "given:x", "other:0", "given"):
        same = client.post(reverse(URL), form_of(less=odd))
        assert same.context["form"].given.count == 1
    assert Command.objects.count() == 0


def test_several_defaults_are_lines_and_expressions_stay(client, committing):
    default = "Author;\n{=Document:CREATED_BY}"
    given = property_of("given-0", "people", type="user", default=default, is_multiple="on")
    registering(client, committing, **given)
    (one,) = kept().definition["PROPERTIES"].values()
    assert one["DEFAULT"] == ["Author;", "{=Document:CREATED_BY}"]
    page = client.get(reverse("application_action_change", args=[kept().pk]))
    (shown,) = page.context["form"].given.forms
    assert shown["default"].value() == "Author;\n{=Document:CREATED_BY}"


def test_the_form_of_a_change_is_filled_and_says_whom_it_does_not_reach(
    client, committing, sandbox
):
    registering(client, committing)
    url = reverse("application_action_change", args=[kept().pk])
    page = client.get(url)
    assert "Templates that were saved before keep what they hold" in text(page)
    assert "kind" not in page.context["form"].fields
    with committing():
        client.post(url, form_of(subscription="N", names_text=["Check", ""]))
    command = Command.objects.latest("pk")
    assert (command.state, command.error_code) == (CommandState.GONE, "accepted_only")
    assert kept().definition["NAME"] == {"en": "Check"}
    assert kept().definition["USE_SUBSCRIPTION"] == "N"
    assert [entry["method"] for entry in sandbox.ledger()] == [
        "bizproc.robot.add", "bizproc.robot.update",
    ]  # fmt: skip
    assert "Accepted: the portal shows no definitions" in text(
        client.get(reverse("command_detail", args=[command.pk]))
    )


def test_whom_one_calls_that_others_registered_is_not_taken_for_granted(client, settings, door):
    settings.PUBLIC_URL = "https://console.example"
    now = timezone.now()
    action = ApplicationAction.objects.create(
        portal=door, client_id=door.client_id, kind="robot", code="theirs", listed_at=now
    )
    page = client.get(reverse("application_action_change", args=[action.pk]))
    assert page.context["form"]["handler"].value() == ""
    assert "Another program may rely on it" in text(page)


def test_a_code_that_is_there_is_refused_of_either_kind(client, committing, sandbox):
    registering(client, committing)
    for kind, said in (("robot", "change that one"), ("activity", "as the other kind")):
        answer = registering(client, committing, kind=kind)
        assert answer.status_code == 422
        assert said in " ".join(answer.context["form"].errors["code"])
    assert len(sandbox.ledger()) == 1


def test_a_refused_one_is_corrected_and_sent_again(client, committing, sandbox):
    sandbox.fail_next("ERROR_WRONG_HANDLER_URL", method="bizproc.robot.add")
    registering(client, committing)
    command = Command.objects.get()
    assert command.state == CommandState.REJECTED
    page = client.get(reverse("command_detail", args=[command.pk]))
    again = f"{reverse(URL)}?again={command.pk}"
    assert again in text(page)
    form = client.get(again)
    assert "It was refused before" in text(form)
    assert form.context["form"]["code"].value() == "check"
    assert "does not accept the address" in " ".join(form.context["form"].errors["handler"])


def test_one_that_is_missing_is_registered_again(client, committing, sandbox):
    registering(client, committing)
    sandbox.portal.actions.drop(kept().step_type.removeprefix("rest_"))
    ApplicationAction.objects.update(missing_since=kept().listed_at)
    page = text(client.get(reverse("application_action_detail", args=[kept().pk])))
    assert "Missing on the portal" in page
    url = f"{reverse(URL)}?action={kept().pk}"
    assert url in page
    assert client.get(url).context["form"]["code"].value() == "check"
    with committing():
        client.post(url, form_of())
    assert kept().is_there


def test_the_console_s_own_address_is_proposed(client, settings, portal):
    settings.PUBLIC_URL = "https://console.example"
    portal.refresh_from_db()
    form = client.get(reverse(URL)).context["form"]
    assert form["handler"].value() == f"https://console.example/calls/{portal.calls_id}/"
    ready = client.get(f"{reverse(URL)}?ready=tell_console").context["form"]
    assert (ready["code"].value(), ready["subscription"].value()) == ("tell_console", "N")


def test_without_an_application_nothing_is_registered(as_, administrator, portal):
    assert as_(administrator).get(reverse(URL)).status_code == 404
    page = text(as_(administrator).get(reverse("application_action_list")))
    assert "No application" in page
    assert "Set up the application" in page


def test_without_a_token_of_one_s_own_it_is_said(as_, administrator, door, committing, sandbox):
    client = as_(administrator)
    assert "Sign in with Bitrix24" in text(client.get(reverse(URL)))
    answer = registering(client, committing)
    assert answer.status_code == 409
    assert "sign in with Bitrix24 as a portal administrator" in text(answer)
    assert sandbox.ledger() == []


def test_the_same_form_twice_is_one_command(client, committing, sandbox):
    given = form_of()
    for _ in range(2):
        with committing():
            client.post(reverse(URL), given)
    # the second is told that the code is there
    assert Command.objects.count() == 1
    assert len(sandbox.ledger()) == 1
