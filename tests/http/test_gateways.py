"""Portals that are reached through the gateway: connected, followed, written to."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands, syncing
from bizproc_admin.actions import KillWorkflow, NotPossible, StartWorkflow, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandState,
    EndCause,
    Feed,
    FeedName,
    GatewayConnection,
    Portal,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.wording import acts
from bizproc_admin.wording.meanings import meaning
from sandbox.scenarios.templates import parameter
from tests.http.gateways import (
    ADDRESS,
    connect,
    issue,
    known,
    look_again,
    passed,
    replace_key,
    serve,
    sign_in,
)

pytestmark = pytest.mark.portable


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


def test_a_key_connects_a_portal_and_is_never_seen_again(client, gateway, sandbox):
    assert gateway.is_connected
    assert gateway.address == ADDRESS
    held = gateway.gateway
    assert (held.person_number, held.may_write, held.needs_session) == (1, True, False)
    page = client.get(reverse("portal_detail", args=[gateway.pk])).content.decode()
    assert "VibeCode gateway" in page
    assert "Not through the gateway" in page
    assert "The gateway answers; we act as " in page
    assert sandbox.gateway_key not in page
    names = {feed.name for feed in Feed.objects.filter(portal=gateway)}
    assert names == {FeedName.WORKFLOWS, FeedName.WORKFLOW_TEMPLATES}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"key": "nonsense"}, "key", "not a key of the gateway"),
        ({"key": "vibe_live_0123456789"}, "key", "sees no portal"),
        ({"gateway": "https://example.com/v1"}, "gateway", "not the vendor"),
        ({"gateway": "nonsense"}, "gateway", "not the address of the gateway"),
        ({"address": "http://northwind.bitrix24.com"}, "address", "https://"),
        ({"address": "nonsense"}, "address", "not the address of a portal"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(client, sandbox, changes, field, said):
    answer = connect(client, sandbox, **{"key": sandbox.gateway_key, **changes})
    assert answer.status_code == 422
    (error,) = answer.context["form"].errors[field]
    assert said in error
    assert not Portal.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scopes": ["crm"]}, "lacks the permission bizproc"),
        ({"user_id": 2}, "does not act for a portal administrator"),
    ],
)
def test_a_key_that_may_too_little_is_kept_and_said_so(client, sandbox, committing, given, said):
    with committing():
        connect(client, sandbox, sandbox.add_gateway_key(**given))
    portal = Portal.objects.get()
    assert not portal.is_connected
    page = client.get(reverse("portal_detail", args=[portal.pk])).content.decode()
    assert said in page


def test_a_key_that_only_reads_is_said_to_and_a_write_by_it_is_refused(
    client, sandbox, committing, administrator, template_id
):
    with committing():
        connect(client, sandbox, sandbox.add_gateway_key(read_only=True))
    portal = Portal.objects.get()
    assert portal.is_connected
    assert (
        "may only read" in client.get(reverse("portal_detail", args=[portal.pk])).content.decode()
    )
    workflow = known(portal, sandbox, template_id)
    made = issue(KillWorkflow(workflow=workflow, reason="r"), administrator, committing)
    assert (made.state, made.error_code) == (CommandState.REJECTED, "WRITE_BLOCKED_READONLY_KEY")
    assert sandbox.ledger() == []


def test_templates_are_listed_with_parameters_and_people_are_numbers(gateway, sandbox):
    sandbox.add_template("With", parameters={"Sum": parameter("Сумма", "double", "0")})
    passed(gateway, FeedName.WORKFLOW_TEMPLATES)
    found = WorkflowTemplate.objects.get(name="With")
    assert found.parameters["Sum"]["Name"] == "Сумма"
    assert not sandbox.calls("user.get")


def test_a_soft_end_is_accepted_then_waited_for_and_never_sent_again(
    as_, gateway, sandbox, template_id, administrator, committing
):
    workflow = known(gateway, sandbox, template_id)
    sandbox.set_gateway_soft_delay(3_600)
    action = TerminateWorkflow(workflow=workflow, reason="r", status="No more")
    made = issue(action, administrator, committing)
    assert made.state == CommandState.ACCEPTED
    assert "current step" in str(meaning(made))
    page = as_(administrator).get(reverse("workflow_detail", args=[workflow.pk])).content.decode()
    assert "Ends after its current step" in page
    waits = []
    for _ in range(5):
        began = timezone.now()
        made = look_again(made, committing)
        assert made.state == CommandState.ACCEPTED
        waits.append(round((made.next_check_at - began) / timedelta(minutes=1)))
    assert waits == [10, 60, 1440, 1440, 1440] or waits == [1, 10, 60, 1440, 1440]
    assert made.sends == 1
    sandbox.advance(3_601)
    made = look_again(made, committing)
    assert made.state == CommandState.CONFIRMED
    workflow.refresh_from_db()
    assert (workflow.is_running, workflow.end_cause) == (False, EndCause.TERMINATED)
    assert sandbox.workflow(workflow.remote_id)["state_title"] == "No more"
    sent = [call for call in sandbox.calls() if call["method"] == "gateway.end"]
    assert len(sent) == 1


def test_a_soft_end_is_looked_into_at_once_when_a_pass_sees_the_end(
    gateway, sandbox, template_id, administrator, committing
):
    workflow = known(gateway, sandbox, template_id)
    sandbox.set_gateway_soft_delay(60)
    made = issue(TerminateWorkflow(workflow=workflow, reason="r"), administrator, committing)
    Command.objects.filter(pk=made.pk).update(next_check_at=timezone.now() + timedelta(days=1))
    sandbox.advance(61)
    for _ in range(2):
        passed(gateway, FeedName.WORKFLOWS)
    assert not Workflow.objects.running().exists()
    with committing():
        commands.serve(gateway.pk, worker="test")
    assert Command.objects.get().state == CommandState.CONFIRMED
    assert Workflow.objects.get().end_cause == EndCause.TERMINATED


def test_a_forced_end_is_confirmed_and_its_lost_answer_is_not_claimed(
    gateway, sandbox, template_id, administrator, committing
):
    first, second = (known(gateway, sandbox, template_id) for _ in range(2))
    made = issue(KillWorkflow(workflow=first, reason="r"), administrator, committing)
    assert made.state == CommandState.CONFIRMED
    sandbox.fail_next("timeout_after_apply", method="gateway.end", hold=0)
    lost = issue(KillWorkflow(workflow=second, reason="r"), administrator, committing)
    if lost.state == CommandState.UNKNOWN:
        lost = look_again(lost, committing)
    assert lost.state == CommandState.GONE
    ends = [line for line in sandbox.ledger() if line["method"] == "bizproc.workflow.terminate"]
    assert [line["target"] for line in ends] == [first.remote_id, second.remote_id]


def test_a_forced_end_is_confirmed_by_typing_the_workflows_id(
    client, gateway, sandbox, template_id, committing
):
    workflow = known(gateway, sandbox, template_id)
    address = reverse("workflow_kill", args=[workflow.pk])
    form = client.get(address).context["form"]
    given = {"key": form["key"].value(), "seen": form["seen"].value(), "reason": "r"}
    assert client.post(address, {**given, "typed": "x"}).status_code == 422
    assert not Command.objects.exists()
    with committing():
        client.post(address, {**given, "typed": workflow.remote_id})
    command = Command.objects.get()
    assert command.state == CommandState.CONFIRMED
    # it stays called what it was, however the portal is reached later
    Portal.objects.update(is_by_gateway=False)
    command = Command.objects.get()
    assert (acts.alone(command), acts.kind(command)) == ("End by force", "End by force")


def test_a_start_is_found_again_when_its_answer_was_lost(
    gateway, sandbox, template_id, administrator, committing
):
    passed(gateway)
    template = WorkflowTemplate.objects.get(remote_id=template_id)
    document = tuple(sandbox.create_document(["crm", "CCrmDocumentDeal", "DEAL"])["document_id"])
    given = {"template": template, "parameters": {}, "reason": ""}
    made = issue(StartWorkflow(document=document, **given), administrator, committing)
    assert made.state == CommandState.CONFIRMED
    assert made.workflow.remote_id == made.result
    other = tuple(sandbox.create_document(["crm", "CCrmDocumentDeal", "DEAL"])["document_id"])
    sandbox.fail_next("timeout_after_apply", method="gateway.start", hold=0)
    lost = issue(StartWorkflow(document=other, **given), administrator, committing)
    lost = look_again(lost, committing)
    # by a key others may start, too: that it was us is for a person to say
    assert lost.state == CommandState.NEEDS_HUMAN
    assert len(lost.evidence["candidates"]) == 1
    starts = [line for line in sandbox.ledger() if line["method"] == "bizproc.workflow.start"]
    assert len(starts) == 2


def test_only_four_kinds_of_documents_are_started_on(gateway, sandbox, administrator, template_id):
    passed(gateway)
    template = WorkflowTemplate.objects.get(remote_id=template_id)
    action = StartWorkflow(
        template=template, document=("lists", "BizprocDocument", "5"), parameters={}, reason=""
    )
    with pytest.raises(NotPossible, match="document_not_through_gateway"):
        commands.issue(action, by=By(account=administrator), key=uuid.uuid4())


def test_an_applications_key_needs_a_session_and_work_waits_for_it(
    client, sandbox, committing, administrator, template_id
):
    with committing():
        connect(client, sandbox, sandbox.gateway_app_key)
    portal = Portal.objects.get()
    assert (portal.is_connected, portal.problem_code) == (False, "session_over")
    page = client.get(reverse("portal_detail", args=[portal.pk])).content.decode()
    assert reverse("portal_gateway_sign_in", args=[portal.pk]) in page
    with committing():
        answer = sign_in(client, sandbox, portal)
    assert answer.url == reverse("portal_detail", args=[portal.pk])
    portal.refresh_from_db()
    assert portal.is_connected
    held = GatewayConnection.objects.get()
    assert timedelta(hours=23) < held.session_until - timezone.now() <= timedelta(hours=24)
    workflow = known(portal, sandbox, template_id)

    # the session runs out: what is asked for waits, and goes on after the next sign-in
    sandbox.end_gateway_sessions()
    made = issue(KillWorkflow(workflow=workflow, reason="r"), administrator, committing)
    assert (made.state, made.error_code) == (CommandState.INTENT, "TOKEN_EXPIRED")
    assert not GatewayConnection.objects.get().has_session
    assert (
        "goes on as soon as somebody signs in"
        in client.get(reverse("command_detail", args=[made.pk])).content.decode()
    )
    with committing():
        sign_in(client, sandbox, portal)
    made.refresh_from_db()
    assert made.state == CommandState.CONFIRMED
    acts = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"portal.connected", "portal.gateway_signed_in"} <= acts


def test_a_sign_in_that_was_not_begun_here_is_taken_from_nobody(client, sandbox, committing):
    with committing():
        connect(client, sandbox, sandbox.gateway_app_key)
    answer = client.get(reverse("gateway_callback"), {"state": "x", "code": "y"})
    assert answer.url == reverse("portal_list")
    assert GatewayConnection.objects.get().session is None


def test_a_webhook_takes_the_keys_place_and_the_key_the_webhooks(
    client, portal, sandbox, committing
):
    given = {"key": sandbox.gateway_key, "gateway": sandbox.gateway_url}
    with committing():
        client.post(reverse("portal_gateway", args=[portal.pk]), given)
    portal.refresh_from_db()
    assert (portal.is_by_gateway, portal.webhook) == (True, None)
    with committing():
        client.post(reverse("portal_webhook", args=[portal.pk]), {"webhook": sandbox.webhook_url})
    portal.refresh_from_db()
    assert not portal.is_by_gateway
    assert not GatewayConnection.objects.exists()


def test_who_acts_with_their_own_access_alone_is_told_so_before_anything_is_asked_for(
    gateway, sandbox, template_id, administrator
):
    workflow = known(gateway, sandbox, template_id)
    administrator.home, administrator.follows_portal = gateway, True
    administrator.save()
    action = KillWorkflow(workflow=workflow, reason="r")
    with pytest.raises(NotPossible, match="key_is_of_another"):
        commands.issue(action, by=By(account=administrator), key=uuid.uuid4())
    assert not Command.objects.exists()


# --- another portal's -----------------------------------------------------------------------------


def test_a_key_of_another_portal_is_used_for_nothing(
    client, gateway, sandbox, committing, administrator, template_id
):
    workflow = known(gateway, sandbox, template_id)
    other = sandbox.add_gateway_key()
    sandbox.change_gateway_key(other, portal="southwind.bitrix24.com")
    with committing():
        client.post(
            reverse("portal_gateway", args=[gateway.pk]),
            {"key": other, "gateway": sandbox.gateway_url},
        )
    gateway.refresh_from_db()
    assert (gateway.is_connected, gateway.problem_code) == (False, "other_portal")
    page = client.get(reverse("portal_detail", args=[gateway.pk])).content.decode()
    assert "leads to another portal, southwind.bitrix24.com" in page
    sandbox.end_workflow(workflow.remote_id)
    sandbox.clear_calls()
    made = issue(KillWorkflow(workflow=workflow, reason="r"), administrator, committing)
    assert (made.state, made.error_code) == (CommandState.INTENT, "not_connected")
    syncing.rereading.read_again(gateway, [workflow.pk])
    # what is absent there has not ended here
    assert Workflow.objects.get().is_running
    assert sandbox.calls() == []
    with committing():
        replace_key(client, gateway, sandbox, sandbox.gateway_key)
    assert Portal.objects.get().is_connected
    assert serve(made, committing).state == CommandState.GONE


def test_a_session_of_another_portal_is_not_kept(client, sandbox, committing):
    with committing():
        connect(client, sandbox, sandbox.gateway_app_key)
    sandbox.change_gateway_key(sandbox.gateway_app_key, portal="southwind.bitrix24.com")
    with committing():
        answer = sign_in(client, sandbox, Portal.objects.get())
    page = client.get(answer.url).content.decode()
    assert "leads to another portal, southwind.bitrix24.com" in page
    assert GatewayConnection.objects.get().session is None
    assert not Portal.objects.get().is_connected
