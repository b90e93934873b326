"""Starting workflows as commands: every outcome, against the portal's ledger."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import NotPossible, StartWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands import TargetBusy
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandState,
    LinkedPerson,
    Person,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.syncing.names import Names
from bizproc_admin.wording import acts
from bizproc_admin.wording.command_errors import command_error
from bizproc_admin.wording.looks import look_of
from bizproc_admin.wording.meanings import meaning, step_of
from tests.http.participations import let_start

START = "bizproc.workflow.start"
OTHER_DEAL = ("crm", "CCrmDocumentDeal", "DEAL_901")
ENDS_AT_ONCE = [
    {
        "Type": "SequentialWorkflowActivity",
        "Name": "Template",
        "Activated": "Y",
        "Properties": {"Title": "At once"},
        "Children": [],
    }
]


@pytest.fixture
def template(workflow):
    """What the workflow there is was started from: it waits for a person."""
    return workflow.template


@pytest.fixture
def own_hands(administrator, door, workflow, gives_token):
    """The administrator, signed in through the portal once: starts are made with that token."""
    person = Person.objects.get(portal=door, remote_id=1)
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    return person


def ask(action, who, committing):
    with committing():
        made = commands.issue(action, by=By(account=who), key=uuid.uuid4())
    return fresh(made)


def start(template, who, committing, document=OTHER_DEAL, **more):
    given = {"parameters": {}, "reason": "", **more}
    return ask(StartWorkflow(template=template, document=document, **given), who, committing)


def fresh(command):
    return Command.objects.get(pk=command.pk)


def settle(command, committing, seconds=0):
    """Let so many seconds pass for a command, and have it looked into."""
    span = timedelta(seconds=seconds)
    Command.objects.open().filter(pk=command.pk).update(
        sent_at=fresh(command).sent_at - span, next_check_at=timezone.now() - timedelta(seconds=1)
    )
    with committing():
        commands.settle(command.pk)
    return fresh(command)


def kinds(command):
    return [(e.kind, e.outcome) for e in command.audit_entries.order_by("pk")]


def starts(sandbox):
    return [entry for entry in sandbox.ledger() if entry["method"] == START]


# --- an answer that came ------------------------------------------------------------------------


def test_it_is_confirmed_by_reading_the_workflow_whose_id_the_portal_answered(
    template, administrator, committing, sandbox
):
    command = start(template, administrator, committing, parameters={"Amount": "1250.5"})
    assert command.state == CommandState.CONFIRMED
    assert kinds(command) == [
        ("intent", "intent"),
        ("attempt", "sending"),
        ("outcome", "accepted"),
        ("reconcile", "confirmed"),
    ]
    (made,) = starts(sandbox)
    assert command.result == made["result"]
    sent = sandbox.workflow(command.result)
    assert sent["parameters"]["Amount"] == "1250.5"
    workflow = command.workflow
    assert (workflow.remote_id, workflow.is_running) == (command.result, True)
    assert (workflow.template, workflow.document.document_id) == (template, "DEAL_901")
    assert workflow.started_by.remote_id == 1
    assert ("Amount", "1250.5") in acts.facts(command)
    steps = [step_of(entry) for entry in command.audit_entries.order_by("pk")]
    assert "the workflow has been started" in steps[-1]


def test_one_that_ended_at_once_is_the_portal_s_word_alone(
    administrator, committing, sandbox, sync, workflow
):
    number = sandbox.add_template("At once", structure=ENDS_AT_ONCE)
    sync()
    template = WorkflowTemplate.objects.get(remote_id=number)
    command = start(template, administrator, committing)
    assert (command.state, command.error_code) == (CommandState.GONE, "ended_at_once")
    assert command.result == starts(sandbox)[0]["result"]
    assert command.result in command_error(command)
    assert "the portal says" in str(look_of(command.state, command.error_code).text)
    assert "the portal's word alone" in meaning(command)
    # nothing is claimed that nobody has seen
    assert command.workflow is None
    assert not Workflow.objects.filter(remote_id=command.result).exists()


def test_the_portal_s_refusal_is_final(template, administrator, committing, sandbox):
    command = start(template, administrator, committing, document=("crm", "X", "DEAL_1"))
    assert command.state == CommandState.REJECTED
    assert starts(sandbox) == []
    assert command.workflow is None


# --- an answer that was lost --------------------------------------------------------------------

LOST = ["timeout_after_apply", "reset_mid_response", "html_page", "truncated_json"]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_settled_by_the_one_workflow_of_one_s_own_token(
    template, administrator, own_hands, committing, sandbox, fault
):
    sandbox.fail_next(fault, method=START)
    command = start(template, administrator, committing)
    assert command.as_person == own_hands
    assert ("outcome", "unknown") in kinds(command)
    if not starts(sandbox):
        assert command.state == CommandState.UNKNOWN
        return
    assert (command.state, command.word) == (CommandState.EVIDENT, "confirmed")
    assert command.workflow.remote_id == command.result == starts(sandbox)[0]["result"]
    assert len(sandbox.calls(START)) == 1


def test_the_portal_s_clock_is_the_one_of_the_reading_before_it(
    template, administrator, own_hands, committing, sandbox
):
    # put forward since the last pass has learnt how far it is ahead
    sandbox.advance(3600)
    sandbox.fail_next("timeout_after_apply", method=START)
    command = start(template, administrator, committing)
    assert command.evidence["ahead"] > 3000
    assert command.state == CommandState.EVIDENT


def test_with_a_webhook_a_person_says_which_workflow_came_of_it(
    template, administrator, committing, sandbox
):
    sandbox.fail_next("timeout_after_apply", method=START)
    command = start(template, administrator, committing)
    assert command.state == CommandState.NEEDS_HUMAN
    assert command.workflow is None
    # of others' starts at the same time nothing is asked: the webhook has an owner
    (found,) = command.evidence["candidates"]
    assert found["id"] == starts(sandbox)[0]["result"]
    workflow = Workflow.objects.get(remote_id=found["id"])
    assert commands.recognise(command, workflow, by=By(account=administrator), reason="Mine")
    command = fresh(command)
    assert (command.state, command.workflow) == (CommandState.CONFIRMED, workflow)
    entry = command.audit_entries.get(kind=AuditEntry.Kind.HUMAN_DECISION)
    assert entry.detail.after == {"workflow": workflow.remote_id}
    assert step_of(entry) == "A person said which workflow came of it"
    assert len(sandbox.calls(START)) == 1


def test_two_that_may_be_it_are_for_a_person_even_with_one_s_own_token(
    template, administrator, own_hands, committing, sandbox
):
    sandbox.fail_next("timeout_before_apply", method=START)
    command = start(template, administrator, committing)
    assert command.state == CommandState.UNKNOWN
    for _ in range(2):
        sandbox.start_workflow(
            template_id=template.remote_id, document_id=list(OTHER_DEAL), started_by=1
        )
    command = settle(command, committing)
    assert command.state == CommandState.NEEDS_HUMAN
    assert len(command.evidence["candidates"]) == 2


def test_somebody_else_s_start_is_no_evidence_for_one_s_own_token(
    template, administrator, own_hands, committing, sandbox, settings
):
    sandbox.fail_next("timeout_before_apply", method=START)
    command = start(template, administrator, committing)
    sandbox.start_workflow(
        template_id=template.remote_id, document_id=list(OTHER_DEAL), started_by=2
    )
    command = settle(command, committing)
    assert command.state == CommandState.UNKNOWN
    command = settle(command, committing, settings.SETTLE_TIME + 1)
    assert command.state == CommandState.NEEDS_HUMAN
    assert command.workflow is None


def test_that_nothing_is_found_proves_nothing_and_it_is_never_sent_again_by_itself(
    template, administrator, own_hands, committing, sandbox, settings
):
    sandbox.fail_next("timeout_before_apply", method=START)
    command = start(template, administrator, committing)
    for _ in range(3):
        command = settle(command, committing, settings.SETTLE_TIME + 1)
        assert command.state == CommandState.NEEDS_HUMAN
    assert len(sandbox.calls(START)) == 1
    commands.decide(command, by=By(account=administrator), reason="Looked at the deal: none.")
    assert fresh(command).state == CommandState.NOT_APPLIED


def test_what_shows_later_still_settles_it(
    template, administrator, own_hands, committing, sandbox, settings
):
    sandbox.fail_next("timeout_before_apply", method=START)
    command = start(template, administrator, committing)
    sent_at = command.sent_at
    command = settle(command, committing, settings.SETTLE_TIME + 1)
    assert command.state == CommandState.NEEDS_HUMAN
    assert command in Command.objects.due(timezone.now() + timedelta(minutes=10))
    sandbox.start_workflow(
        template_id=template.remote_id, document_id=list(OTHER_DEAL), started_by=1
    )
    Command.objects.filter(pk=command.pk).update(sent_at=sent_at)
    assert settle(command, committing).state == CommandState.EVIDENT


def test_one_that_has_ended_since_is_found_by_its_tasks(
    template, administrator, own_hands, committing, sandbox
):
    sandbox.fail_next("timeout_before_apply", method=START)
    command = start(template, administrator, committing)
    remote_id = sandbox.start_workflow(
        template_id=template.remote_id, document_id=list(OTHER_DEAL), started_by=1
    )
    task = sandbox.tasks(remote_id)[0]
    sandbox.complete_task(task["id"], task["assignments"][0]["user_id"], 1)
    assert sandbox.workflow(remote_id)["ended"] is not None
    command = settle(command, committing)
    assert (command.state, command.result) == (CommandState.EVIDENT, remote_id)
    assert not command.workflow.is_running


def test_a_workflow_that_came_of_another_start_is_no_evidence(
    template, administrator, own_hands, committing, sandbox, settings
):
    sandbox.fail_next("timeout_before_apply", method=START)
    lost = start(template, administrator, committing, parameters={"Amount": "1"})
    other = start(template, administrator, committing, parameters={"Amount": "2"})
    assert (lost.state, other.state) == (CommandState.UNKNOWN, CommandState.CONFIRMED)
    lost = settle(lost, committing)
    assert (lost.state, lost.workflow) == (CommandState.UNKNOWN, None)
    lost = settle(lost, committing, settings.SETTLE_TIME + 1)
    assert lost.state == CommandState.NEEDS_HUMAN
    by = By(account=administrator)
    assert not commands.recognise(lost, other.workflow, by=by, reason="This one")
    assert fresh(lost).state == CommandState.NEEDS_HUMAN


def test_one_workflow_is_no_evidence_for_two_starts_whose_answers_were_lost(
    template, administrator, own_hands, committing, sandbox
):
    sandbox.fail_next("timeout_before_apply", method=START)
    first = start(template, administrator, committing, parameters={"Amount": "1"})
    sandbox.fail_next("timeout_after_apply", method=START)
    second = start(template, administrator, committing, parameters={"Amount": "2"})
    # which of the two the one workflow came of is for a person to say
    assert second.state == CommandState.NEEDS_HUMAN
    assert settle(first, committing).state == CommandState.NEEDS_HUMAN
    commands.decide(fresh(first), by=By(account=administrator), reason="Its amount is 2")
    assert settle(second, committing).state == CommandState.EVIDENT


def test_evidence_can_be_contested_for_a_day_and_is_not_found_again(
    template, administrator, own_hands, committing, sandbox
):
    sandbox.fail_next("timeout_after_apply", method=START)
    command = start(template, administrator, committing)
    assert command in Command.objects.contestable(timezone.now())
    wrong = command.result
    assert commands.contest(command, by=By(account=administrator), reason="By hand, by me")
    command = settle(command, committing)
    assert command.state == CommandState.NEEDS_HUMAN
    assert command.workflow is None
    assert command.evidence["not_ours"] == [wrong]
    assert ("human_decision", "needs_human") in kinds(command)


def test_uncontested_evidence_is_certain_after_a_day(
    template, administrator, own_hands, committing, sandbox
):
    sandbox.fail_next("timeout_after_apply", method=START)
    command = start(template, administrator, committing)
    commands.sweep()
    assert fresh(command).state == CommandState.EVIDENT
    Command.objects.filter(pk=command.pk).update(settled_at=timezone.now() - timedelta(hours=25))
    commands.sweep()
    command = fresh(command)
    assert command.state == CommandState.CONFIRMED
    assert kinds(command)[-1] == ("outcome", "confirmed")
    assert not commands.contest(command, by=By(account=administrator), reason="Late")


# --- what keeps it from being sent --------------------------------------------------------------


def test_the_same_start_cannot_be_open_twice_but_another_can(
    template, administrator, committing, sandbox
):
    sandbox.fail_next("timeout_before_apply", method=START)
    first = start(template, administrator, committing, parameters={"Amount": "1"})
    assert first.state == CommandState.UNKNOWN
    with pytest.raises(TargetBusy):
        start(template, administrator, committing, parameters={"Amount": "1"})
    assert start(template, administrator, committing, parameters={"Amount": "2"}).result


def test_it_is_not_sent_where_another_was_started_since_the_page_was_read(
    template, workflow, administrator, committing, sandbox
):
    here = ("crm", "CCrmDocumentDeal", "DEAL_777")
    command = start(template, administrator, committing, document=here)
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "started_meanwhile")
    assert sandbox.calls(START) == []
    knowing = {"document": here, "beside": (workflow.remote_id,)}
    assert start(template, administrator, committing, **knowing).word == "confirmed"


def test_a_template_that_is_gone_cannot_be_started(
    template, administrator, committing, sandbox, sync
):
    WorkflowTemplate.objects.filter(pk=template.pk).update(gone_at=timezone.now())
    with pytest.raises(NotPossible, match="template_gone"):
        start(template, administrator, committing)
    assert Command.objects.count() == 0


def test_a_participant_starts_what_is_of_the_kinds_they_take_part_in_with_their_own_token(
    template, approver, committing, sandbox
):
    lead = Names(template.portal)
    lead.find_templates([999])
    other = lead.templates[999]
    WorkflowTemplate.objects.filter(pk=other.pk).update(
        is_hidden=False, module="crm", entity="CCrmDocumentLead", document_type="LEAD"
    )
    offered = WorkflowTemplate.objects.offered_to(approver)
    assert list(offered) == [template]
    command = start(template, approver, committing)
    assert command.as_person == approver.person_at(template.portal)
    # whether they may is for the portal to say, which takes it from them
    assert command.state in (CommandState.CONFIRMED, CommandState.REJECTED)
    other.refresh_from_db()
    with pytest.raises(PermissionDenied):
        start(other, approver, committing)
    assert Command.objects.visible_to(approver).filter(pk=command.pk).exists()


def test_without_a_token_of_their_own_a_manager_is_told_so(template, manager, workflow, committing):
    person = workflow.started_by or Person.objects.get(portal=workflow.portal, remote_id=1)
    LinkedPerson.objects.create(user=manager, portal=workflow.portal, person=person)
    let_start(person, Workflow.objects.filter(pk=workflow.pk))
    with pytest.raises(NotPossible, match="token_needed_to_start"):
        start(template, manager, committing)
