"""What the gateway says no to: its limit, revoked and read-only keys, sessions that are over.

Nothing is lost by it and nothing is done twice.
"""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import (
    AnswerStep,
    KillWorkflow,
    StartWorkflow,
    TerminateWorkflow,
    WriteLogLine,
)
from bizproc_admin.audit import By
from bizproc_admin.commands import sending
from bizproc_admin.models import (
    Command,
    CommandState,
    FeedName,
    GatewayConnection,
    MethodBudget,
    Outage,
    PaceBucket,
    Portal,
    SyncRun,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.portals import clients
from bizproc_admin.wording.command_errors import command_error
from tests.http import waiting
from tests.http.gateways import (
    connect,
    issue,
    known,
    passed,
    replace_key,
    sent,
    serve,
    sign_in,
)

pytestmark = pytest.mark.portable

State = CommandState
# what is written -> what the gateway calls it, and the portal's ledger
WRITES = {
    "start": ("gateway.start", "bizproc.workflow.start"),
    "soft": ("gateway.end", "bizproc.workflow.terminate"),
    "force": ("gateway.end", "bizproc.workflow.terminate"),
    "event": ("gateway.event", "bizproc.event.send"),
    "log": ("gateway.activity_log", "bizproc.activity.log"),
}


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


@pytest.fixture
def action_of(sandbox, template_id, app):
    """Give the action of one of the writes on a portal, with all it needs there."""

    def make(write, portal):
        if write == "start":
            passed(portal)
            document = sandbox.create_document(["crm", "CCrmDocumentDeal", "DEAL"])["document_id"]
            template = WorkflowTemplate.objects.get(portal=portal, remote_id=template_id)
            return StartWorkflow(
                template=template, document=tuple(document), parameters={}, reason=""
            )
        if write == "soft":
            return TerminateWorkflow(workflow=known(portal, sandbox, template_id), reason="r")
        if write == "force":
            return KillWorkflow(workflow=known(portal, sandbox, template_id), reason="r")
        kind, given = waiting.register(sandbox, app)
        waiting.workflow_of(sandbox, waiting.template(sandbox, kind))
        call = app.next()
        passed(portal)
        sandbox.advance(60)
        step = waiting.kept(portal, call, definition=given)
        if write == "event":
            return AnswerStep(step=step, values={"result": "clean"}, reason="")
        return WriteLogLine(step=step, message="Half done", reason="")

    return make


def done(sandbox, write):
    return [one for one in sandbox.ledger() if one["method"] == WRITES[write][1]]


def ended_well(command, write):
    return (
        command.state
        in {
            "start": (State.CONFIRMED,),
            "soft": (State.ACCEPTED, State.CONFIRMED),
            "force": (State.CONFIRMED,),
            "event": (State.DELIVERED, State.CONFIRMED),
            "log": (State.DELIVERED, State.CONFIRMED),
        }[write]
    )


def minute_over(sandbox):
    """Let the minute go by in which too much was asked, here and there."""
    sandbox.advance(60)
    MethodBudget.objects.update(blocked_until=0)
    PaceBucket.objects.update(tat=0)


def page_of(client, portal):
    return client.get(reverse("portal_detail", args=[portal.pk])).content.decode()


# --- the limit ----------------------------------------------------------------------------------


def test_the_limit_is_obeyed_by_all_that_is_asked_of_the_source(
    client, gateway, sandbox, committing, administrator, template_id
):
    with committing():
        connect(client, sandbox, sandbox.gateway_key, address="https://southwind.bitrix24.com")
    other = Portal.objects.exclude(pk=gateway.pk).get()
    workflow = known(gateway, sandbox, template_id)
    passed(other)
    sandbox.clear_calls()
    sandbox.set_limits("real")
    sandbox.advance(60 - sandbox.now() % 60)
    sandbox.fill_gateway_limit(300)

    command = issue(KillWorkflow(workflow=workflow, reason="r"), administrator, committing)
    assert (command.state, command.error_code) == (State.INTENT, "pace_exceeded")
    (refused,) = sandbox.calls()
    assert (refused["status"], refused["error"]) == (429, "RATE_LIMITED")
    blocked = MethodBudget.objects.get().blocked_until - timezone.now().timestamp()
    assert 50 < blocked <= 60

    # neither it nor the other portal behind the same gateway asks before that is over
    before = SyncRun.objects.count()
    run = passed(other, FeedName.WORKFLOWS)
    assert (run.state, SyncRun.objects.count()) == (SyncRun.State.COMPLETE, before)
    command = serve(command, committing)
    assert (command.state, command.sends) == (State.INTENT, 0)
    assert len(sandbox.calls()) == 1

    minute_over(sandbox)
    command = serve(command, committing)
    assert command.state == State.CONFIRMED
    assert len(done(sandbox, "force")) == 1
    assert passed(other, FeedName.WORKFLOWS).pk != run.pk


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_is_one_too_many_is_done_later_and_once(
    gateway, sandbox, committing, administrator, action_of, write
):
    action = action_of(write, gateway)
    sandbox.fail_next("RATE_LIMITED", method=WRITES[write][0], delay=40)
    began = timezone.now()
    command = issue(action, administrator, committing)
    assert (command.state, command.error_code, command.sends) == (State.INTENT, "RATE_LIMITED", 0)
    assert command.next_check_at >= began + timedelta(seconds=40)
    assert done(sandbox, write) == []
    minute_over(sandbox)
    command = serve(command, committing)
    assert ended_well(command, write)
    assert command.sends == 1
    sandbox.advance(10)
    assert len(done(sandbox, write)) == 1


# --- keys ---------------------------------------------------------------------------------------


def test_a_revoked_key_is_said_and_work_goes_on_with_a_new_one(
    client, gateway, sandbox, committing, administrator, template_id
):
    workflow = known(gateway, sandbox, template_id)
    sandbox.change_gateway_key(sandbox.gateway_key, active=False)
    run = passed(gateway, FeedName.WORKFLOWS)
    assert (run.state, run.error_code) == (SyncRun.State.FAILED, "key_refused")
    assert Workflow.objects.running().count() == 1
    page = page_of(client, gateway)
    assert "The gateway does not accept the console&#x27;s key since" in page
    assert ">Key not accepted<" in page
    command = issue(KillWorkflow(workflow=workflow, reason="r"), administrator, committing)
    assert (command.state, command.error_code) == (State.INTENT, "INVALID_API_KEY")
    assert "put it in under Portals" in command_error(command)
    assert sandbox.ledger() == []
    with committing():
        client.post(reverse("portal_probing", args=[gateway.pk]))
    page = page_of(client, gateway)
    assert "it was revoked, has run out, or has no portal" in page
    with committing():
        replace_key(client, gateway, sandbox, sandbox.add_gateway_key())
    assert Portal.objects.get().is_connected
    assert passed(gateway, FeedName.WORKFLOWS).state == SyncRun.State.COMPLETE
    command = serve(command, committing)
    assert command.state == State.CONFIRMED
    assert len(done(sandbox, "force")) == 1


def test_a_key_that_is_revoked_just_before_a_write_has_it_refused(
    gateway, sandbox, committing, administrator, template_id
):
    workflow = known(gateway, sandbox, template_id)
    sandbox.fail_next("INVALID_API_KEY", method="gateway.end")
    command = issue(KillWorkflow(workflow=workflow, reason="r"), administrator, committing)
    assert (command.state, command.error_code) == (State.REJECTED, "INVALID_API_KEY")
    assert "Nothing was changed" in command_error(command)
    assert sandbox.ledger() == []


@pytest.mark.parametrize("write", WRITES)
def test_a_key_that_may_only_read_has_each_write_refused(
    gateway, sandbox, committing, administrator, action_of, write
):
    action = action_of(write, gateway)
    sandbox.change_gateway_key(sandbox.gateway_key, read_only=True)
    command = issue(action, administrator, committing)
    assert (command.state, command.error_code) == (State.REJECTED, "WRITE_BLOCKED_READONLY_KEY")
    assert "may only read" in command_error(command)
    assert done(sandbox, write) == []


# --- sessions -----------------------------------------------------------------------------------


@pytest.fixture
def signed_in(client, sandbox, committing):
    """A portal reached by the key of an application, that somebody has signed in for."""
    with committing():
        connect(client, sandbox, sandbox.gateway_app_key)
    portal = Portal.objects.get()
    with committing():
        sign_in(client, sandbox, portal)
    return portal


def test_a_session_that_ends_in_a_walk_ends_nothing_else(
    client, signed_in, sandbox, committing, template_id
):
    for _ in range(60):
        known_id = sandbox.start_workflow(template_id, started_by=1)
    assert passed(signed_in).state == SyncRun.State.COMPLETE
    sandbox.end_workflow(known_id)
    passed(signed_in, FeedName.WORKFLOWS)
    sandbox.fail_next("TOKEN_EXPIRED", method="gateway.workflows", skip=1)
    run = passed(signed_in, FeedName.WORKFLOWS)
    assert (run.state, run.error_code) == (SyncRun.State.FAILED, "session_over")
    assert Workflow.objects.running().count() == 60
    assert not GatewayConnection.objects.get().has_session
    page = page_of(client, signed_in)
    assert "Somebody has to sign in for the gateway&#x27;s key since" in page
    assert "none: somebody has to sign in" in page
    # nothing is asked meanwhile, and the connection is not thought broken
    sandbox.clear_calls()
    passed(signed_in, FeedName.WORKFLOWS)
    with committing():
        client.post(reverse("portal_probing", args=[signed_in.pk]))
    assert sandbox.calls() == []
    assert Portal.objects.get().is_connected
    with committing():
        sign_in(client, sandbox, signed_in)
    assert "Somebody has to sign in" not in page_of(client, signed_in)
    assert passed(signed_in, FeedName.WORKFLOWS).state == SyncRun.State.COMPLETE
    assert Workflow.objects.running().count() == 59


@pytest.mark.parametrize("write", WRITES)
def test_a_session_that_ends_before_a_write_leaves_it_to_the_next(
    client, signed_in, sandbox, committing, administrator, action_of, write
):
    action = action_of(write, signed_in)
    sandbox.fail_next("TOKEN_EXPIRED", method=WRITES[write][0])
    command = issue(action, administrator, committing)
    command = serve(command, committing)
    assert (command.state, command.error_code, command.sends) == (State.INTENT, "TOKEN_EXPIRED", 0)
    assert command.next_check_at > timezone.now() + timedelta(minutes=50)
    assert done(sandbox, write) == []
    with committing():
        sign_in(client, sandbox, signed_in)
    command = Command.objects.get()
    assert ended_well(command, write)
    sandbox.advance(10)
    assert len(sent(sandbox, WRITES[write][0])) == 2
    assert len(done(sandbox, write)) == 1


def test_a_session_that_has_run_out_is_said_without_asking(
    client, signed_in, sandbox, committing, administrator, template_id
):
    workflow = known(signed_in, sandbox, template_id)
    GatewayConnection.objects.update(session_until=timezone.now())
    command = issue(KillWorkflow(workflow=workflow, reason="r"), administrator, committing)
    assert (command.state, command.error_code) == (State.INTENT, "TOKEN_EXPIRED")
    assert sandbox.calls() == []
    assert Portal.objects.get().outage == Outage.SESSION
    assert "Sign in for the key" in page_of(client, signed_in)


def test_what_waits_while_somebody_signs_in_does_not_miss_it(
    signed_in, sandbox, administrator, template_id
):
    action = KillWorkflow(workflow=known(signed_in, sandbox, template_id), reason="r")
    by = By(account=administrator)
    command = commands.issue(action, by=by, key=uuid.uuid4())
    over = clients.SessionOver("TOKEN_EXPIRED", "", method="gateway.workflows")
    sending.wait_for_session(command, over)
    assert Command.objects.get().next_check_at <= timezone.now()
    GatewayConnection.objects.update(session_until=timezone.now())
    sending.wait_for_session(command, over)
    assert Command.objects.get().next_check_at > timezone.now() + timedelta(minutes=50)


def test_what_an_older_session_is_told_does_not_end_the_one_there_is(
    client, signed_in, sandbox, committing
):
    reader = clients.reader(signed_in)
    sandbox.end_gateway_sessions()
    with committing():
        sign_in(client, sandbox, signed_in)
    with pytest.raises(clients.SessionOver):
        reader.workflows.fifty()
    assert GatewayConnection.objects.get().has_session
    assert Portal.objects.get().outage is None


# --- answers that are lost ----------------------------------------------------------------------


@pytest.mark.parametrize("applied", [True, False], ids=["done", "not-done"])
@pytest.mark.parametrize("fault", ["BITRIX_UNAVAILABLE", "QUEUE_TIMEOUT", "html_page"])
@pytest.mark.parametrize("write", ["start", "soft", "force"])
def test_an_answer_that_says_nothing_is_settled_by_what_is_seen(
    gateway, sandbox, committing, administrator, action_of, write, fault, applied
):
    action = action_of(write, gateway)
    sandbox.fail_next(fault, method=WRITES[write][0], applied=applied)
    command = issue(action, administrator, committing)
    outcomes = list(command.audit_entries.order_by("pk").values_list("outcome", flat=True))
    assert outcomes[:3] == ["intent", "sending", "unknown"]
    sandbox.advance(10)
    for _ in range(4):
        command = later(command, committing)
    found = {
        ("start", True): State.NEEDS_HUMAN,
        ("start", False): State.NEEDS_HUMAN,
        ("soft", True): State.GONE,
        ("soft", False): State.NEEDS_HUMAN,
        ("force", True): State.GONE,
        ("force", False): State.CONFIRMED,  # it was seen to run, and sent again
    }
    assert command.state == found[write, applied]
    is_again = (write, applied) == ("force", False)
    assert len(sent(sandbox, WRITES[write][0])) == 1 + is_again
    assert len(done(sandbox, write)) == (applied or is_again)
    if write == "start":
        assert len(command.evidence.get("candidates", ())) == applied


def later(command, committing):
    """Let the time go by in which something may still come of what was sent."""
    open_ones = Command.objects.open().filter(pk=command.pk)
    open_ones.update(sent_at=command.sent_at - timedelta(minutes=5))
    return serve(command, committing)
