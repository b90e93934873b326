"""The portal's calls: kept once, proven or not, and never more than evidence."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import receiving
from bizproc_admin.models import (
    ApplicationStep,
    CallReceiver,
    Command,
    StepState,
    Workflow,
)
from bizproc_admin.models.application_steps import ApplicationStepQuerySet
from bizproc_admin.receiving import keeping
from tests.http.calling import FORM, TOKEN, call_of, calls, event_token, proven_by


@pytest.fixture(autouse=True)
def rings_each_time():
    keeping._looks.clear()
    keeping._known.clear()


def step() -> ApplicationStep:
    return ApplicationStep.objects.get()


def test_a_proven_call_of_a_step_that_waits_is_kept_with_what_it_says(portal):
    proven_by(portal)
    call = call_of(timeout_duration="3600")
    assert calls(portal, call).status_code == 200
    one = step()
    assert one.state == StepState.WAITING
    assert (one.code, one.name, one.workflow_remote_id) == ("check_stock", "A1_2_3_4", "w.1")
    assert one.token.reveal() == call["event_token"]
    assert one.properties == {"item": "Насосы", "amounts": ["1", "2"]}
    assert one.document == ["crm", "CCrmDocumentDeal", "DEAL_777"]
    assert one.user_number == 14
    assert one.called_at == datetime.fromtimestamp(int(call["ts"]), UTC)
    assert one.until_at == one.called_at + timedelta(hours=1)
    assert (one.repeats, one.settled_at, one.is_too_large) == (0, None, False)
    assert CallReceiver.objects.get().last_call_at is not None


def test_a_step_without_a_subscription_has_passed(portal):
    proven_by(portal)
    calls(portal, call_of(use_subscription="N"))
    assert step().state == StepState.PASSED
    assert step().settled_at is not None


def test_a_further_call_costs_one_row_and_no_look_and_sets_no_cookie(portal, client):
    proven_by(portal)
    calls(portal)
    with CaptureQueriesContext(connection) as queries:
        answer = calls(portal, call_of())
    words = [query["sql"].split()[0] for query in queries]
    assert [word for word in words if word in ("INSERT", "UPDATE", "DELETE")] == ["INSERT"]
    assert words.count("SELECT") == 0
    assert answer.content == b""
    assert not answer.cookies
    assert Session.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options", "patch"])
def test_only_a_post_is_heard(portal, method):
    address = reverse("receive_calls", args=[portal.calls_id])
    assert getattr(Client(), method)(address).status_code == 405
    assert ApplicationStep.objects.count() == 0


def test_a_call_is_led_nowhere_else(portal, settings):
    settings.SECURE_SSL_REDIRECT = True
    proven_by(portal)
    assert Client().get("/portals/").status_code == 301
    assert calls(portal).status_code == 200


def test_an_address_of_no_portal_is_not_found(portal):
    address = reverse("receive_calls", args=[uuid.uuid4()])
    assert Client().post(address, b"a=1", FORM).status_code == 404
    assert Client().post("/calls/1/", b"a=1", FORM).status_code == 404


def test_whoever_is_signed_in_gains_nothing_by_calling(portal, as_, administrator):
    proven_by(portal)
    forged = call_of(auth={"application_token": "guessed", "member_id": ""})
    assert calls(portal, forged, client=as_(administrator, csrf=True)).status_code == 403
    assert Command.objects.count() == 0


def test_a_wrong_token_is_refused_counted_and_keeps_nothing(portal):
    proven_by(portal)
    for wrong in ("", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
        forged = call_of(auth={"application_token": wrong, "member_id": ""})
        assert calls(portal, forged).status_code == 403
    assert ApplicationStep.objects.count() == 0
    receiver = CallReceiver.objects.get()
    assert (receiver.rejected, receiver.last_call_at) == (5, None)
    assert receiver.rejected_at is not None


def test_another_portals_member_id_is_refused_where_ours_is_known(door):
    proven_by(door)
    auth = {"application_token": TOKEN, "member_id": "somebody-elses"}
    assert calls(door, call_of(auth=auth)).status_code == 403
    assert calls(door, call_of(auth={**auth, "member_id": door.member_id})).status_code == 200


def test_the_token_of_an_earlier_application_proves_nothing(door):
    proven_by(door)
    door.client_id = "local.another"
    door.save()
    auth = {"application_token": TOKEN, "member_id": door.member_id}
    assert calls(door, call_of(auth=auth)).status_code == 200
    assert step().state == StepState.UNVERIFIED


def test_forged_calls_are_throttled_and_genuine_ones_never(portal):
    proven_by(portal)
    forged = call_of(auth={"application_token": "guessed", "member_id": ""})
    said = [calls(portal, forged).status_code for _ in range(160)]
    assert said == [403] * 60 + [429] * 100
    assert calls(portal, call_of()).status_code == 200
    assert CallReceiver.objects.get().rejected == 160
    assert ApplicationStep.objects.count() == 1
    cache.clear()
    assert calls(portal, forged).status_code == 403


def test_a_call_that_comes_again_is_one_row_that_counts(portal):
    proven_by(portal)
    call = call_of()
    for _ in range(3):
        assert calls(portal, call).status_code == 200
    assert (ApplicationStep.objects.count(), step().repeats) == (1, 2)
    ApplicationStep.objects.update(state=StepState.DELIVERED)
    assert calls(portal, call_of(**{**call, "properties": {"item": "other"}})).status_code == 200
    assert (step().state, step().properties["item"]) == (StepState.DELIVERED, "Насосы")


def test_nothing_of_auth_is_kept_but_who_the_call_was_made_for(portal):
    proven_by(portal)
    calls(portal)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM bizproc_admin_applicationstep")
        row = repr(cursor.fetchall())
    for secret in ("secret-access-token", "secret-refresh-token", TOKEN, "|A1_2_3_4|"):
        assert secret not in row


# --- before the token is known -------------------------------------------------------------------


def test_before_the_token_is_known_a_call_is_kept_and_nothing_is_done_on_it(portal, workflow):
    calls(portal, call_of(workflow.remote_id))
    receiving.take_calls(portal.pk)
    one = step()
    assert (one.state, one.workflow, one.is_due) == (StepState.UNVERIFIED, None, False)
    assert TOKEN not in one.sender


def test_once_it_is_known_calls_that_bring_it_are_promoted_and_others_dropped(portal, workflow):
    calls(portal, call_of(workflow.remote_id))
    calls(portal, call_of(workflow.remote_id, use_subscription="N"))
    forged = {"application_token": "guessed", "member_id": ""}
    calls(portal, call_of(workflow.remote_id, auth=forged))
    assert ApplicationStep.objects.count() == 3
    proven_by(portal)
    receiving.take_calls(portal.pk)
    told = ApplicationStep.objects.order_by("pk").values_list("state", "workflow", "sender")
    assert list(told) == [
        (StepState.WAITING, workflow.pk, ""),
        (StepState.PASSED, workflow.pk, ""),
    ]


def test_a_proven_repeat_makes_an_unverified_call_a_proven_one(portal):
    call = call_of()
    forged = {"application_token": "guessed", "member_id": ""}
    calls(portal, {**call, "auth": forged, "properties": {"item": "forged"}})
    proven_by(portal)
    calls(portal, call)
    assert (step().state, step().properties["item"], step().repeats) == (
        StepState.WAITING, "Насосы", 1,
    )  # fmt: skip


def test_at_most_a_thousand_unverified_calls_are_kept_for_a_day(portal, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_UNVERIFIED", 3)
    kept = call_of()
    said = [calls(portal, kept).status_code, *(calls(portal).status_code for _ in range(4))]
    assert said == [200, 200, 200, 503, 503]
    assert calls(portal, kept).status_code == 200
    assert ApplicationStep.objects.count() == 3
    ApplicationStep.objects.update(received_at=timezone.now() - timedelta(hours=25))
    receiving.forget_old()
    assert ApplicationStep.objects.count() == 0


def test_much_is_not_kept_of_what_is_not_verified(portal):
    calls(portal, call_of(properties={"text": "x" * 100_000}))
    assert (step().properties, step().is_too_large) == (None, True)


# --- what follows --------------------------------------------------------------------------------


def test_a_call_is_linked_to_its_workflow_and_presumed_steps_of_the_action_go(portal, workflow):
    proven_by(portal)
    ApplicationStep.objects.bulk_create(
        ApplicationStep(
            portal=portal, workflow=workflow, workflow_remote_id=workflow.remote_id, code=code,
            since=timezone.now(), state=StepState.PRESUMED,
        )
        for code in ("check_stock", "other")
    )  # fmt: skip
    calls(portal, call_of(workflow.remote_id))
    receiving.take_calls(portal.pk)
    rows = ApplicationStep.objects.order_by("code").values_list("code", "state", "workflow")
    assert list(rows) == [
        ("check_stock", StepState.WAITING, workflow.pk),
        ("other", StepState.PRESUMED, workflow.pk),
    ]


@pytest.mark.parametrize("comes_first", ["older", "newer"])
def test_when_a_step_has_run_again_its_earlier_execution_is_over(portal, workflow, comes_first):
    proven_by(portal)
    now = int(timezone.now().timestamp())
    moments = {"older": now - 60, "newer": now}
    for which in sorted(moments, key=lambda one: one != comes_first):
        calls(portal, call_of(workflow.remote_id, ts=str(moments[which])))
    other = call_of(workflow.remote_id, ts=str(now - 90))
    other["event_token"] = event_token(workflow.remote_id, "A9_9_9_9")
    calls(portal, other)
    receiving.take_calls(portal.pk)
    told = ApplicationStep.objects.order_by("called_at").values_list("name", "state")
    assert list(told) == [
        ("A9_9_9_9", StepState.WAITING),
        ("A1_2_3_4", StepState.ELSEWHERE),
        ("A1_2_3_4", StepState.WAITING),
    ]


def test_of_two_calls_in_one_second_neither_is_taken_for_the_later(portal, workflow):
    proven_by(portal)
    now = str(int(timezone.now().timestamp()))
    for _ in range(2):
        calls(portal, call_of(workflow.remote_id, ts=now))
    receiving.take_calls(portal.pk)
    assert ApplicationStep.objects.waiting().count() == 2


def test_a_call_of_a_workflow_nobody_knew_makes_it_known(portal, sandbox, sync, committing):
    sync()
    proven_by(portal)
    remote_id = sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_778"])
    assert not Workflow.objects.filter(remote_id=remote_id).exists()
    with committing():
        calls(portal, call_of(remote_id))
    known = Workflow.objects.get(remote_id=remote_id)
    assert step().workflow == known
    assert known.tasks.count() == 1


def test_a_call_of_a_workflow_that_is_nowhere_changes_nothing_else(portal, sandbox, committing):
    proven_by(portal)
    with committing():
        calls(portal, call_of("no.such"))
    assert (step().workflow, step().state) == (None, StepState.WAITING)
    assert Workflow.objects.count() == 0


def test_a_pass_links_calls_that_came_before_it(portal, sandbox, sync):
    proven_by(portal)
    remote_id = sandbox.start_workflow(document_id=["crm", "CCrmDocumentDeal", "DEAL_778"])
    calls(portal, call_of(remote_id))
    sync()
    assert step().workflow == Workflow.objects.get(remote_id=remote_id)


# --- what is no call, or a strange one -----------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&&==",
        b"\xff\xfe\x00",
        b'{"workflow_id": "w.1"}',
        b"workflow_id=w.1",
        b"auth[application_token]=" + TOKEN.encode(),
        b"workflow_id[]=w.1&event_token[]=t&auth[application_token]=" + TOKEN.encode(),
        b"workflow_id=" + b"w" * 65 + b"&event_token=t&auth[application_token]=" + TOKEN.encode(),
        b"workflow_id=w&event_token=" + b"t" * 1001 + b"&auth[application_token]=" + TOKEN.encode(),
        b"event=ONCRMDEALADD",
    ],
)
def test_what_is_no_call_is_refused_and_nothing_is_kept(portal, body):
    proven_by(portal)
    assert calls(portal, body).status_code in (400, 403)
    assert ApplicationStep.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ts": "0"}, {"called_at": None}),
        ({"ts": "99999999999999999999"}, {"called_at": None}),
        ({"ts": "-5"}, {"called_at": None}),
        ({"ts": "²"}, {"called_at": None}),
        ({"timeout_duration": "-1"}, {"until_at": None}),
        ({"timeout_duration": ["1"]}, {"until_at": None}),
        ({"event_token": "nonsense"}, {"name": ""}),
        ({"event_token": event_token("another")}, {"name": ""}),
        ({"event_token": "w.1|a|b|c." + "0" * 64}, {"name": ""}),
        ({"document_id": "DEAL_1"}, {"document": []}),
        ({"document_id": [["a"], "b", "c"]}, {"document": ["b", "c"]}),
        ({"properties": "text"}, {"properties": None}),
        ({"properties": ["a", "b"]}, {"properties": {"0": "a", "1": "b"}}),
        ({"properties": {"a": {"b": {"c": ["1"]}}}}, {"properties": {"a": {"b": {"c": ["1"]}}}}),
        ({"code": ["x"]}, {"code": ""}),
        ({"code": "x" * 999}, {"code": "x" * 128}),
        ({"use_subscription": ["Y"]}, {"state": StepState.PASSED}),
    ],
)
def test_a_strange_value_is_bounded_and_the_call_is_kept(portal, changes, told):
    proven_by(portal)
    assert calls(portal, call_of(**changes)).status_code == 200
    assert {name: getattr(step(), name) for name in told} == told


def test_a_wait_of_centuries_is_five_years(portal):
    proven_by(portal)
    calls(portal, call_of(timeout_duration="9" * 18))
    assert step().until_at - step().since == timedelta(days=5 * 366)


def test_bytes_that_are_no_text_are_replaced(portal):
    proven_by(portal)
    body = (
        b"workflow_id=w.1&event_token=t1&properties[a]=%ff%00%ED%A0%80&properties[b"
        b"&auth[application_token]=" + TOKEN.encode()
    )
    assert calls(portal, body).status_code == 200
    assert json.dumps(step().properties) == json.dumps({"a": "�" * 5})


def test_a_call_that_is_too_large_is_kept_without_its_values(portal):
    proven_by(portal)
    large = call_of(properties={"text": "x" * 6_000_000})
    assert calls(portal, large).status_code == 200
    one = step()
    assert (one.state, one.is_too_large, one.properties) == (StepState.WAITING, True, None)
    assert (one.workflow_remote_id, one.name) == ("w.1", "A1_2_3_4")
    many = call_of(properties={f"p{n}": "v" for n in range(60_000)})
    assert calls(portal, many).status_code == 200
    deep: object = "v"
    for _ in range(20):
        deep = {"k": deep}
    assert calls(portal, call_of(properties={"a": deep})).status_code == 200
    assert ApplicationStep.objects.filter(is_too_large=True, properties__isnull=True).count() == 3


def test_a_body_cut_before_its_proof_is_refused(portal):
    proven_by(portal)
    assert calls(portal, b"workflow_id=w.1&event_token=t&properties[a]=").status_code == 403
    assert ApplicationStep.objects.count() == 0


def test_what_cannot_be_written_is_asked_for_again(portal, monkeypatch):
    proven_by(portal)

    def locked(*_args, **_kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr(ApplicationStepQuerySet, "insert_new", locked)
    answer = calls(portal)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
