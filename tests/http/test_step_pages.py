"""The pages of steps that wait for an application: the list, one of them, its form, a token."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.audit import By
from bizproc_admin.forms.parameters import name_of
from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    CallReceiver,
    Command,
    Person,
    StepState,
    Workflow,
)
from bizproc_admin.views.workflow_panels import MOST_STEPS
from tests.http import waiting
from tests.http.open_lists import OpenList
from tests.http.participations import let_start

LIST = reverse("application_step_list")
TOKEN = reverse("application_step_token")
SEND = "bizproc.event.send"


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


def detail(step):
    return reverse("application_step_detail", args=[step.pk])


def answer_url(step):
    return reverse("application_step_answer", args=[step.pk])


def key_of(page):
    return page.context["form"]["key"].value()


def filled(client, step, **more):
    """Return what the form of a step holds once it is filled in."""
    page = client.get(detail(step))
    form = page.context["form"]
    values = {"result": "clean", "score": "82", "valid": "2027-05-31", **more.pop("values", {})}
    return {
        "key": form["key"].value(),
        "asked": form["asked"].value(),
        "reason": "Connector down",
        **{name_of(key): value for key, value in values.items()},
        **more,
    }


def text_of(page):
    return page.content.decode()


# --- the list -----------------------------------------------------------------------------------


def test_a_step_that_waits_is_a_line_with_what_waits_and_since_when(client, step):
    ApplicationStep.objects.filter(pk=step.pk).update(until_at=timezone.now() + timedelta(days=400))
    page = client.get(LIST)
    (line,) = page.context["list"].lines
    assert (line.title, line.action) == ("Check the counterparty", "1C connector")
    assert ("777" in line.subject, str(line.look.text)) == (True, "Waiting")
    assert line.until.startswith("until ")
    assert detail(step) in text_of(page)
    parts = client.get(f"{LIST}counts/").context["list"].parts
    counts = {part.id: part.count for part in parts}
    assert (counts["state-all"], counts["state-waiting"], counts["state-answered"]) == (1, 1, 0)
    assert [one["count"] for one in page.context["nav"] if one["url"] == LIST] == [1]


def test_how_long_ago_a_call_came_is_said_from_the_first_second_on(client, step):
    now = timezone.now()
    CallReceiver.objects.create(
        portal=step.portal, client_id=step.portal.client_id, last_call_at=now, rejected=2
    )
    (said,) = re.findall(r"last call [^<]*<time[^>]*>([^<]*)</time> ago", text_of(client.get(LIST)))
    assert re.fullmatch(r"\d+ s", said)


def test_parts_chips_and_words_narrow_it(client, step):
    def found(**given):
        return [line.pk for line in client.get(LIST, given).context["list"].lines]

    assert found(state="waiting") == found(q="777") == found(q=step.workflow_remote_id) == [step.pk]
    assert found(action="check") == found(until="never") == [step.pk]
    assert found(template=step.workflow.template_id) == [step.pk]
    assert found(state="timed_out") == found(q="nothing") == found(until="late") == []
    assert found(action="other") == []
    chip = client.get(reverse("application_step_choices", args=["action"]))
    assert "check" in text_of(chip)


def test_what_was_answered_stands_among_all_for_a_day(client, step):
    def shown():
        return [line.pk for line in client.get(LIST).context["list"].lines]

    here = ApplicationStep.objects.filter(pk=step.pk)
    here.update(state=StepState.CONFIRMED, settled_at=timezone.now() - timedelta(hours=23))
    assert shown() == [step.pk]
    here.update(settled_at=timezone.now() - timedelta(hours=25))
    assert shown() == []
    assert client.get(LIST, {"state": "answered"}).context["list"].lines[0].pk == step.pk


@pytest.mark.usefixtures("live_db")  # each change is committed, as it is in life
def test_an_open_list_asks_what_became_of_its_rows(client, step):
    page = OpenList(client, LIST).settle()
    ApplicationStep.objects.filter(pk=step.pk).update(state=StepState.TIMED_OUT)
    assert "Timed out" in text_of(page.ask())


def test_one_that_is_being_answered_says_so(client, step):
    client.post(answer_url(step), filled(client, step))
    (line,) = client.get(LIST).context["list"].lines
    assert str(line.look.text) == "Requested"


# --- one step -----------------------------------------------------------------------------------


def test_its_page_shows_what_it_was_given_by_names_and_the_call(client, step, sandbox):
    page = client.get(detail(step))
    given = {one.name: (one.value, one.raw) for one in page.context["given"]}
    assert given["Company"] == ("Müller GmbH", "")
    who = given["Asked by"]
    assert (who[0] != "user_2", who[1]) == (True, "user_2")
    assert "The call itself" in text_of(page)
    labels = [field.label for _value, field in page.context["form"].questions]
    assert labels == ["Result", "Score", "Valid until", "Note"]


def test_it_is_answered_by_its_form_with_typed_values(client, step, committing, sandbox):
    sandbox.set_build("26")
    with committing():
        made = client.post(answer_url(step), filled(client, step, message="By hand"))
    assert (made.status_code, made.url) == (302, detail(step))
    (line,) = [one for one in sandbox.ledger() if one["method"] == SEND]
    assert line["applied"]["values"] == {"result": "clean", "score": "82", "valid": "31.05.2027"}
    command = Command.objects.get()
    assert (command.state, command.reason) == ("confirmed", "Connector down")
    page = client.get(detail(step))
    assert page.context["form"] is None
    assert "by the task “Утвердить счёт”" in text_of(page)
    assert "Confirmed" in text_of(page)


def test_the_same_form_sent_twice_is_one_answer(client, step, committing, sandbox):
    data = filled(client, step)
    with committing():
        client.post(answer_url(step), data)
        again = client.post(answer_url(step), data)
    assert Command.objects.count() == 1
    assert again.status_code == 302
    assert len(sandbox.calls(SEND)) == 1


def test_while_it_is_being_answered_there_is_no_form_and_afterwards_one_again(
    client, step, committing, sandbox
):
    client.post(answer_url(step), filled(client, step))
    assert client.get(detail(step)).context["form"] is None
    command = Command.objects.get()
    commands.take_back(command, by=By(account=command.actor))
    part = text_of(client.get(detail(step), headers={"HX-Request": "true"}))
    assert "Answer anew" in part
    assert client.get(detail(step)).context["form"] is not None


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(client, step, sandbox):
    data = filled(client, step, values={"result": "", "score": "many"}, reason="")
    page = client.post(answer_url(step), {**data, name_of("note"): "Длинный текст"})
    assert page.status_code == 422
    form = page.context["form"]
    assert set(form.errors) == {name_of("result"), name_of("score"), "reason"}
    assert "Длинный текст" in text_of(page)
    assert "many" in text_of(page)
    assert not Command.objects.exists()


def test_a_second_answer_is_shown_the_first(client, step, as_, other_administrator):
    data = filled(as_(other_administrator), step)
    client.post(answer_url(step), filled(client, step))
    other = as_(other_administrator).post(answer_url(step), data)
    assert other.status_code == 409
    assert "has answered this step" in text_of(other)
    assert Command.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [({"missing_since": timezone.now()}, "would be dropped"), ({"definition": None}, "Import")],
)
def test_without_a_definition_on_the_portal_the_form_refuses(client, step, change, words):
    data = filled(client, step)
    ApplicationAction.objects.update(**change)
    page = client.get(detail(step))
    assert page.context["form"] is None
    assert words in text_of(page)
    assert client.post(answer_url(step), data).status_code == 409
    assert not Command.objects.exists()


def test_a_definition_changed_meanwhile_is_said_and_nothing_is_lost(client, step):
    data = filled(client, step)
    action = ApplicationAction.objects.get()
    action.definition["RETURN_PROPERTIES"]["more"] = {"NAME": "More"}
    action.save()
    page = client.post(answer_url(step), data)
    assert page.status_code == 422
    assert "has been changed since" in text_of(page)
    assert "Connector down" in text_of(page)
    assert page.context["form"]["asked"].value() != data["asked"]


def test_one_settled_while_somebody_types_says_so_and_keeps_what_was_typed(client, step):
    data = filled(client, step)
    ApplicationStep.objects.filter(pk=step.pk).update(
        state=StepState.TIMED_OUT, settled_at=timezone.now()
    )
    part = client.get(detail(step), headers={"HX-Request": "true"})
    assert "went on without it" in text_of(part)
    assert "step-answer" not in text_of(part)
    page = client.post(answer_url(step), data)
    assert page.status_code == 409
    assert "does not wait for an answer any more" in text_of(page)
    assert "Connector down" in text_of(page)


def test_one_whose_time_is_over_is_not_guessed_to_have_gone_on(client, step):
    ApplicationStep.objects.filter(pk=step.pk).update(
        until_at=timezone.now() - timedelta(minutes=5)
    )
    assert "has not been seen to go on" in text_of(client.get(detail(step)))


def test_a_line_for_the_log_alone_is_written(client, step, committing, sandbox):
    url = reverse("application_step_log", args=[step.pk])
    page = client.get(detail(step))
    key = page.context["log_form"]["key"].value()
    assert client.post(url, {"key": key, "message": ""}).status_code == 422
    with committing():
        client.post(url, {"key": key, "message": "Half done"})
    (line,) = [one for one in sandbox.ledger() if one["method"] == "bizproc.activity.log"]
    assert line["applied"]["message"] == "Half done"
    assert ApplicationStep.objects.get().state == StepState.WAITING


def test_an_auditor_reads_and_answers_nothing(as_, auditor, step):
    client = as_(auditor)
    page = client.get(detail(step))
    assert page.status_code == 200
    assert page.context["form"] is None
    assert client.post(answer_url(step), {}).status_code == 403
    assert client.get(TOKEN).status_code == 403


# --- a token that a person brings ---------------------------------------------------------------


@pytest.fixture
def token(door, sandbox, app, sync):
    """The token of a step whose call did not come here."""
    kind, given = waiting.register(sandbox, app)
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind))
    call = app.next()
    sync()
    sandbox.advance(60)
    row = waiting.kept(door, call, definition=given)
    ApplicationStep.objects.all().delete()
    return row.token.reveal()


def brought(client, token):
    page = client.get(TOKEN)
    return client.post(TOKEN, {"key": key_of(page), "token": token}, follow=True)


def test_a_genuine_token_is_checked_and_its_step_answered(client, token, committing, sandbox):
    with committing():
        page = brought(client, f"  {token} ")
    step = ApplicationStep.objects.get()
    assert (step.state, step.is_pasted, step.code) == (StepState.WAITING, True, "check")
    assert page.redirect_chain[-1][0] == detail(step)
    assert [one for one in sandbox.ledger() if "activity.log" in one["method"]] == []
    page = client.get(detail(step))
    assert "brought by a person" in text_of(page)
    with committing():
        client.post(answer_url(step), filled(client, step))
    assert ApplicationStep.objects.get().state == StepState.CONFIRMED


def test_a_forged_token_is_said_to_be(client, token, committing):
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    with committing():
        brought(client, forged)
    step = ApplicationStep.objects.get()
    assert step.state == StepState.UNVERIFIED
    page = client.get(detail(step))
    assert "not genuine" in text_of(page)
    assert page.context["form"] is None


def test_what_is_no_token_or_of_an_unknown_workflow_is_said_beside_it(client, step):
    told = f"{step.workflow_remote_id}|Check|{'a' * 32}"
    for wrong in ("", "abc", "a|b.c", told, f"{told}.{'0' * 63}", "x" * 1001):
        page = client.post(TOKEN, {"key": key_of(client.get(TOKEN)), "token": wrong})
        assert page.status_code == 422
        assert "token" in page.context["form"].errors
    other = f"unknown|Check|{'a' * 32}.{'0' * 64}"
    page = client.post(TOKEN, {"key": key_of(client.get(TOKEN)), "token": other})
    assert "not known here" in str(page.context["form"].errors["token"])
    assert ApplicationStep.objects.count() == 1


# --- its workflow -------------------------------------------------------------------------------


def test_its_workflow_s_page_timeline_and_diagram_show_that_it_waits(client, step):
    page = client.get(reverse("workflow_detail", args=[step.workflow.pk]))
    assert "Waits for an application: Check the counterparty" in text_of(page)
    assert detail(step) in text_of(page)
    assert any("Check the counterparty" in event.text for event in page.context["timeline"])
    course = client.get(reverse("workflow_course", args=[step.workflow.pk]))
    assert "Waits for the application" in text_of(course)
    ApplicationStep.objects.update(state=StepState.CONFIRMED, settled_at=timezone.now())
    page = client.get(reverse("workflow_detail", args=[step.workflow.pk]))
    assert "Waits for an application" not in text_of(page)
    assert any("Called the application" in event.text for event in page.context["timeline"])


def test_of_a_loop_the_latest_steps_are_told_and_no_values_are_read_for_it(client, step):
    ApplicationStep.objects.bulk_create(
        ApplicationStep(
            portal=step.portal,
            client_id=step.client_id,
            code=step.code,
            name=step.name,
            workflow=step.workflow,
            workflow_remote_id=step.workflow_remote_id,
            token_digest=f"{number:064x}",
            since=step.since - timedelta(hours=number + 1),
            state=StepState.CONFIRMED,
            settled_at=step.since,
        )
        for number in range(MOST_STEPS)
    )
    page = client.get(reverse("workflow_detail", args=[step.workflow.pk]))
    assert "Waits for an application: Check the counterparty" in text_of(page)
    with CaptureQueriesContext(connection) as asked:
        course = client.get(reverse("workflow_course", args=[step.workflow.pk]))
    assert "Waits for the application" in text_of(course)
    assert not [one for one in asked if 'applicationstep"."properties' in one["sql"]]


def test_who_takes_part_sees_that_it_waits_and_not_what_it_was_given(as_, manager, step, portal):
    person = Person.objects.get(portal=portal, remote_id=1)
    let_start(person, Workflow.objects.filter(pk=step.workflow.pk))
    manager.linked_people.create(portal=portal, person=person)
    page = text_of(as_(manager).get(reverse("workflow_detail", args=[step.workflow.pk])))
    assert "Waits for an application: Check the counterparty" in page
    assert "Müller GmbH" not in page
    assert detail(step) not in page


def test_people_are_searched_for_a_value_that_asks_for_some(client, as_, auditor, step):
    action = ApplicationAction.objects.get()
    action.definition["RETURN_PROPERTIES"]["who"] = {"NAME": "Who", "TYPE": "user"}
    action.save()
    page = text_of(client.get(detail(step)))
    asked = f"{reverse('person_search')}?step={step.pk}&amp;purpose={name_of('who')}"
    assert asked in page
    given = {"step": step.pk, "purpose": name_of("who"), "q": "a"}
    assert "user_" in text_of(client.get(reverse("person_search"), given))
    assert client.get(reverse("person_search"), {**given, "purpose": "x"}).status_code == 404
    assert as_(auditor).get(reverse("person_search"), given).status_code in (403, 404)
