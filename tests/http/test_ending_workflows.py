"""Terminate and kill: every outcome, seen in the answer, the database and the portal's ledger."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.commands import sending
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandState,
    EndCause,
    Workflow,
)
from bizproc_admin.wording.command_errors import command_error

ENDINGS = [
    pytest.param("workflow_termination", "bizproc.workflow.terminate", id="terminate"),
    pytest.param("workflow_kill", "bizproc.workflow.kill", id="kill"),
]
pytestmark = pytest.mark.parametrize(("view", "method"), ENDINGS)


def form(workflow, **changes):
    values = {
        "key": str(uuid.uuid4()),
        "seen": workflow.modified_at.isoformat(),
        "reason": "Договор расторгнут",
        "status": "Stopped",
    }
    return {**values, **changes}


def post(client, view, workflow, committing, **changes):
    with committing():
        return client.post(reverse(view, args=[workflow.pk]), form(workflow, **changes))


def kinds(command):
    return [(e.kind, e.outcome) for e in command.audit_entries.order_by("pk")]


def later(command, seconds):
    """Let so many seconds pass for a command."""
    span = timedelta(seconds=seconds)
    command.refresh_from_db()
    Command.objects.open().filter(pk=command.pk).update(
        sent_at=command.sent_at - span, next_check_at=timezone.now() - timedelta(seconds=1)
    )


def test_it_is_confirmed_only_after_a_read_that_agrees(
    view, method, as_, administrator, workflow, sandbox, committing
):
    answer = post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert answer.status_code == 302
    assert answer.url == reverse("command_detail", args=[command.pk])
    assert command.state == CommandState.CONFIRMED
    assert [entry["method"] for entry in sandbox.ledger()] == [method]
    workflow.refresh_from_db()
    assert not workflow.is_running
    assert workflow.end_cause == (
        EndCause.TERMINATED if view == "workflow_termination" else EndCause.KILLED
    )
    assert kinds(command) == [
        ("intent", "intent"),
        ("attempt", "sending"),
        ("outcome", "accepted"),
        ("reconcile", "confirmed"),
    ]


def test_what_was_known_before_is_kept_with_the_attempt(
    view, method, as_, administrator, workflow, committing
):
    post(as_(administrator), view, workflow, committing)
    before = AuditEntry.objects.get(kind=AuditEntry.Kind.ATTEMPT).detail.before
    assert before["workflow"]["ID"] == workflow.remote_id
    assert [task["NAME"] for task in before["tasks"]] == [t.name for t in workflow.tasks.all()]


def test_the_reason_stays_here_and_the_status_text_goes_to_the_portal(
    view, method, as_, administrator, workflow, sandbox, committing
):
    post(as_(administrator), view, workflow, committing, status="Остановлено")
    sent = next(call for call in sandbox.calls(method))
    assert "расторгнут" not in str(sent)
    assert ("Остановлено" in str(sent["params"])) == (view == "workflow_termination")
    assert Command.objects.get().reason == "Договор расторгнут"


def test_without_htmx_the_dialog_is_a_page(view, method, as_, administrator, workflow, sandbox):
    answer = as_(administrator).get(reverse(view, args=[workflow.pk]))
    assert answer.status_code == 200
    assert b"<html" in answer.content
    assert sandbox.calls() == []


def test_with_htmx_the_dialog_is_a_part(view, method, as_, administrator, workflow):
    answer = as_(administrator).get(
        reverse(view, args=[workflow.pk]), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert b"<html" not in answer.content


def test_a_missing_reason_is_said_beside_the_field_and_nothing_is_lost(
    view, method, as_, administrator, workflow, sandbox, committing
):
    answer = post(as_(administrator), view, workflow, committing, reason="", status="Typed")
    assert answer.status_code == 422
    assert answer.context["form"].errors["reason"]
    if view == "workflow_termination":
        assert b"Typed" in answer.content
    assert not Command.objects.exists()
    assert sandbox.calls() == []


def test_the_same_form_sent_twice_is_one_command(
    view, method, as_, administrator, workflow, sandbox, committing
):
    client, key = as_(administrator), str(uuid.uuid4())
    first = post(client, view, workflow, committing, key=key)
    second = post(client, view, workflow, committing, key=key)
    assert first.url == second.url
    assert Command.objects.count() == 1
    assert len(sandbox.ledger()) == 1


def test_a_reused_key_with_other_contents_is_refused(
    view, method, as_, administrator, workflow, committing
):
    client, key = as_(administrator), str(uuid.uuid4())
    post(client, view, workflow, committing, key=key)
    answer = post(client, view, workflow, committing, key=key, reason="Another")
    assert answer.status_code == 409
    assert Command.objects.count() == 1


def test_a_second_administrator_sees_the_first_ones_command(
    view, method, as_, administrator, other_administrator, workflow, sandbox, committing
):
    client = as_(administrator)
    client.post(reverse(view, args=[workflow.pk]), form(workflow))  # rings nothing: no worker
    answer = post(as_(other_administrator), view, workflow, committing)
    assert answer.status_code == 409
    assert "Anna Koroleva" in answer.content.decode()
    assert Command.objects.count() == 1
    assert sandbox.ledger() == []


def test_an_ended_workflow_is_explained(
    view, method, as_, administrator, workflow, sandbox, committing
):
    Workflow.objects.filter(pk=workflow.pk).update(is_running=False)
    answer = post(as_(administrator), view, workflow, committing)
    assert answer.status_code == 409
    assert b"already ended" in answer.content
    # the reason is not lost with the form
    assert "what you typed, not sent" in answer.content.decode()
    assert not Command.objects.exists()


def test_one_that_ended_by_itself_meanwhile_is_not_claimed(
    view, method, as_, administrator, workflow, sandbox, committing
):
    sandbox.end_workflow(workflow.remote_id)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert command.state == CommandState.GONE
    assert command.error_code == "already_ended"
    assert sandbox.calls(method) == []
    workflow.refresh_from_db()
    assert workflow.end_cause == EndCause.UNKNOWN


def test_not_found_means_already_ended(
    view, method, as_, administrator, workflow, sandbox, committing, monkeypatch
):
    """It ends between the look and the write."""
    claim = sending.claim

    def ends_then_claims(*args, **kwargs):
        sandbox.end_workflow(workflow.remote_id)
        return claim(*args, **kwargs)

    monkeypatch.setattr(sending, "claim", ends_then_claims)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert (command.state, command.error_code) == (CommandState.GONE, "already_ended")
    assert sandbox.ledger() == []


def test_one_that_moved_on_since_the_page_was_read_is_not_touched(
    view, method, as_, administrator, workflow, sandbox, committing
):
    sandbox.advance(minutes=1)
    sandbox.touch_workflow(workflow.remote_id)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "changed_since_view")
    assert sandbox.calls(method) == []


def test_regardless_it_is_stopped_even_when_it_moved_on(
    view, method, as_, administrator, workflow, sandbox, committing
):
    sandbox.advance(minutes=1)
    sandbox.touch_workflow(workflow.remote_id)
    post(as_(administrator), view, workflow, committing, regardless="on")
    assert Command.objects.get().state == CommandState.CONFIRMED


def test_a_refusal_keeps_the_workflow_and_says_why(
    view, method, as_, administrator, workflow, sandbox, committing
):
    sandbox.fail_next("ACCESS_DENIED", method=method)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert (command.state, command.error_code) == (CommandState.REJECTED, "ACCESS_DENIED")
    assert command_error(command)
    assert sandbox.ledger() == []
    workflow.refresh_from_db()
    assert workflow.is_running


@pytest.mark.parametrize(
    "fault", ["timeout_after_apply", "reset_mid_response", "html_page", "truncated_json"]
)
def test_a_lost_answer_is_unknown_until_a_read_settles_it(
    view, method, as_, administrator, workflow, sandbox, committing, fault
):
    sandbox.fail_next(fault, method=method)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert ("outcome", "unknown") in kinds(command)
    applied = len(sandbox.ledger())
    if applied:
        assert command.state == CommandState.GONE
    else:
        assert command.state == CommandState.UNKNOWN
    assert len(sandbox.calls(method)) == 1


def test_a_write_that_never_arrived_is_sent_again_only_after_proof(
    view, method, as_, administrator, workflow, sandbox, committing, settings
):
    sandbox.fail_next("timeout_before_apply", method=method)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert command.state == CommandState.UNKNOWN
    with committing():
        commands.settle(command.pk)
    assert len(sandbox.calls(method)) == 1
    later(command, settings.SETTLE_TIME + 1)
    with committing():
        commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(sandbox.calls(method)) == 2
    assert len(sandbox.ledger()) == 1


def test_it_is_sent_at_most_three_times(
    view, method, as_, administrator, workflow, sandbox, committing, settings
):
    sandbox.fail_next("timeout_before_apply", method=method, times=9)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    for _ in range(4):
        later(command, settings.SETTLE_TIME + 1)
        with committing():
            commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.NOT_APPLIED
    assert len(sandbox.calls(method)) == 3
    sandbox.clear_faults()


def test_a_portal_that_says_true_and_does_nothing_is_not_believed(
    view, method, as_, administrator, workflow, sandbox, committing, settings
):
    sandbox.fail_next("lie", method=method, times=2)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert command.state == CommandState.DISPUTED
    for _ in range(2):
        later(command, settings.SETTLE_TIME + 1)
        with committing():
            commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.NEEDS_HUMAN
    assert len(sandbox.calls(method)) == 2
    workflow.refresh_from_db()
    assert workflow.is_running


def test_what_only_a_person_can_judge_is_closed_by_a_person(
    view, method, as_, administrator, workflow, committing
):
    client = as_(administrator)
    client.post(reverse(view, args=[workflow.pk]), form(workflow))
    command = Command.objects.get()
    Command.objects.filter(pk=command.pk).update(state=CommandState.NEEDS_HUMAN)
    answer = client.post(
        reverse("command_decision", args=[command.pk]), {"reason": "Looked at the portal: runs."}
    )
    assert answer.status_code == 302
    command.refresh_from_db()
    assert command.state == CommandState.NOT_APPLIED
    entry = command.audit_entries.get(kind=AuditEntry.Kind.HUMAN_DECISION)
    assert entry.actor == administrator
    assert entry.detail.reason == "Looked at the portal: runs."


def test_a_busy_portal_only_delays_it(
    view, method, as_, administrator, workflow, sandbox, committing
):
    sandbox.fail_next("QUERY_LIMIT_EXCEEDED", method=method)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert command.state == CommandState.INTENT
    Command.objects.update(next_check_at=timezone.now() - timedelta(seconds=1))
    with committing():
        commands.sweep()
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(sandbox.ledger()) == 1


def test_a_portal_that_cannot_be_asked_keeps_the_intent(
    view, method, as_, administrator, workflow, sandbox, committing, settings
):
    sandbox.fail_next("timeout_before_apply", method="bizproc.workflow.instances", times=9)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert command.state == CommandState.INTENT
    assert command_error(command)
    assert sandbox.calls(method) == []
    sandbox.clear_faults()
    Command.objects.update(
        next_check_at=None, requested_at=timezone.now() - timedelta(seconds=settings.GIVE_UP_TIME)
    )


@pytest.mark.parametrize("role", ["manager", "auditor", "nobody"])
def test_who_may_not_is_denied_and_it_is_on_record(
    view, method, as_, request, role, workflow, sandbox, committing
):
    who = request.getfixturevalue(role)
    answer = post(as_(who), view, workflow, committing)
    assert answer.status_code == 403
    assert not Command.objects.exists()
    assert sandbox.calls() == []
    denied = AuditEntry.objects.get(kind=AuditEntry.Kind.DENIED)
    assert denied.actor == who


def test_a_stranger_is_led_to_the_sign_in(view, method, client, workflow, committing):
    answer = post(client, view, workflow, committing)
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


def test_without_a_csrf_token_nothing_is_accepted(
    view, method, as_, administrator, workflow, committing
):
    answer = post(as_(administrator, csrf=True), view, workflow, committing)
    assert answer.status_code == 403
    assert not Command.objects.exists()


def test_an_account_demoted_meanwhile_stops_acting(
    view, method, as_, administrator, workflow, sandbox
):
    as_(administrator).post(reverse(view, args=[workflow.pk]), form(workflow))
    administrator.groups.clear()
    commands.carry_out(Command.objects.get().pk, worker="test")
    command = Command.objects.get()
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "no_longer_allowed")
    assert sandbox.calls() == []


def test_a_workflow_that_does_not_exist_is_not_found(view, method, as_, administrator, portal):
    assert as_(administrator).get(reverse(view, args=[4711])).status_code == 404


def test_a_claim_whose_worker_died_becomes_unknown_and_is_settled(
    view, method, as_, administrator, workflow, sandbox, committing
):
    as_(administrator).post(reverse(view, args=[workflow.pk]), form(workflow))
    command = Command.objects.get()
    Command.objects.update(
        state=CommandState.SENDING, worker="dead", epoch=1, sends=1, sent_at=timezone.now()
    )
    sandbox.end_workflow(workflow.remote_id)
    commands.sweep()
    command.refresh_from_db()
    assert command.state == CommandState.UNKNOWN
    assert command.error_code == "worker_lost"
    with committing():
        commands.sweep()
    command.refresh_from_db()
    assert command.state == CommandState.GONE
    workflow.refresh_from_db()
    assert workflow.end_cause == EndCause.UNCERTAIN


@pytest.mark.parametrize("seen", ["", "yesterday", "2026-02-31T10:00:00+00:00"])
def test_a_damaged_form_is_not_taken_for_regardless(
    view, method, as_, administrator, workflow, sandbox, committing, seen
):
    answer = post(as_(administrator), view, workflow, committing, seen=seen)
    assert answer.status_code == 422
    assert b"damaged" in answer.content
    assert not Command.objects.exists()


def test_a_look_that_failed_before_anything_was_sent_leaves_no_doubt(
    view, method, as_, administrator, workflow, sandbox, committing
):
    sandbox.fail_next("bad_gateway", method="bizproc.workflow.instances", times=9)
    post(as_(administrator), view, workflow, committing)
    command = Command.objects.get()
    assert (command.state, command.sends) == (CommandState.INTENT, 0)
    assert "(HTTP 502)" in command_error(command)
    page = as_(administrator).get(reverse("command_detail", args=[command.pk])).content.decode()
    assert "not known" not in page.split('id="command-body"')[1].split("</main>")[0]
    assert sandbox.ledger() == []


def test_doing_it_regardless_is_asked_only_where_the_workflow_has_moved_on(
    view, method, as_, administrator, workflow, committing
):
    client, address = as_(administrator), reverse(view, args=[workflow.pk])
    opened = client.get(address).content.decode()
    assert "even if the workflow has moved on" not in opened
    assert f'<dd class="mono">{workflow.remote_id}</dd>' in opened
    stale = (workflow.modified_at - timedelta(minutes=1)).isoformat()
    form = {"key": uuid.uuid4(), "seen": stale, "reason": "Left over"}
    answer = client.post(address, form)
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "has moved on since you opened this" in said
    assert "Left over" in said
    assert not Command.objects.exists()
    with committing():
        client.post(address, {**form, "regardless": "on"})
    command = Command.objects.get()
    assert (command.seen_modified, command.state) == (None, CommandState.CONFIRMED)


def test_the_reasons_somebody_gave_last_are_offered(
    view, method, as_, administrator, auditor, workflow
):
    for number, reason in enumerate(("Left over", "", "Moved", "Left over")):
        Command.objects.create(
            key=uuid.uuid4(), digest="", portal=workflow.portal, action="workflow.kill",
            effect="end", target_kind="workflow", target_id=str(number), target_label="x",
            actor=administrator, actor_name="Anna", actor_role="", state="rejected", reason=reason,
        )  # fmt: skip
    assert Command.objects.last_reasons(administrator) == ["Left over", "Moved"]
    assert Command.objects.last_reasons(auditor) == []
    page = as_(administrator).get(reverse(view, args=[workflow.pk])).content.decode()
    assert page.count("data-fills=") == 2


def test_ones_own_second_try_is_not_told_as_somebody_elses(
    view, method, as_, administrator, other_administrator, workflow
):
    post_first = {"key": uuid.uuid4(), "seen": workflow.modified_at.isoformat(), "reason": "x"}
    address = reverse(view, args=[workflow.pk])
    as_(administrator).post(address, post_first)
    own = as_(administrator).get(address).content.decode()
    assert "You asked for this" in own
    assert "Only one of you" not in own
    others = as_(other_administrator).get(address).content.decode()
    assert f"{administrator.name_or_login} is already" in others
