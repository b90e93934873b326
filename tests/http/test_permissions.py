"""Who may do what: every address against every role."""

import logging
import sys
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from bizproc_admin import audit
from bizproc_admin.actions.workflows import TerminateWorkflow
from bizproc_admin.audit import AuditAction, By
from bizproc_admin.commands import issue
from bizproc_admin.models import (
    Account,
    ApplicationAction,
    ApplicationStep,
    AuditEntry,
    AuditRepeat,
    Command,
    Person,
    Role,
    StepState,
    Target,
)
from bizproc_admin.wording.audit_entries import sentence_of
from config.logs import QuietRefusals

# name, method, and the roles that are let in; nobody signed in is led to the sign-in
EVERYBODY = set(Role)
WHOEVER = {*Role, None}
OVERSEERS = {Role.PORTAL_ADMINISTRATOR, Role.MANAGER, Role.AUDITOR}
ADMINISTRATOR = {Role.PORTAL_ADMINISTRATOR}
ACTING = {Role.PORTAL_ADMINISTRATOR, Role.MANAGER, Role.PARTICIPANT}
READERS = {Role.PORTAL_ADMINISTRATOR, Role.AUDITOR}
TABLE = [
    ("overview", "get", EVERYBODY),
    ("frame", "get", EVERYBODY),
    ("home", "get", EVERYBODY),
    ("saved_view_list", "get", EVERYBODY),
    ("saved_view_creation", "get", EVERYBODY),
    ("saved_view_creation", "post", EVERYBODY),
    ("saved_view_columns", "get", EVERYBODY),
    ("saved_view_columns", "post", EVERYBODY),
    ("saved_view_detail", "get", EVERYBODY),
    ("saved_view_detail", "post", EVERYBODY),
    ("saved_view_filters", "post", EVERYBODY),
    ("saved_view_home", "post", EVERYBODY),
    ("saved_view_deletion", "post", EVERYBODY),
    ("saved_view_withdrawal", "post", ADMINISTRATOR),
    ("workflow_list", "get", EVERYBODY),
    ("workflow_pulse", "get", EVERYBODY),
    ("workflow_choices", "get", EVERYBODY),
    ("workflow_counts", "get", EVERYBODY),
    ("workflow_detail", "get", EVERYBODY),
    ("workflow_course", "get", EVERYBODY),
    ("workflow_row", "get", EVERYBODY),
    ("workflow_menu", "get", EVERYBODY),
    ("workflow_reading", "post", ACTING),
    ("workflow_termination", "get", ADMINISTRATOR),
    ("workflow_termination", "post", ADMINISTRATOR),
    ("workflow_kill", "get", ADMINISTRATOR),
    ("workflow_kill", "post", ADMINISTRATOR),
    ("workflow_removal", "get", ADMINISTRATOR),
    ("workflow_removal", "post", ADMINISTRATOR),
    ("application_step_list", "get", READERS),
    ("application_step_pulse", "get", READERS),
    ("application_step_choices", "get", READERS),
    ("application_step_counts", "get", READERS),
    ("application_step_detail", "get", READERS),
    ("application_step_answer", "post", ADMINISTRATOR),
    ("application_step_log", "post", ADMINISTRATOR),
    ("application_step_token", "get", ADMINISTRATOR),
    ("application_step_token", "post", ADMINISTRATOR),
    ("workflow_template_list", "get", EVERYBODY),
    ("workflow_template_choices", "get", EVERYBODY),
    ("workflow_template_counts", "get", EVERYBODY),
    ("template_mention_list", "get", READERS),
    ("template_mention_choices", "get", READERS),
    ("workflow_template_detail", "get", EVERYBODY),
    ("workflow_template_versions", "get", READERS),
    ("workflow_template_constants", "get", READERS),
    ("workflow_template_constants", "post", READERS),
    ("application_action_list", "get", READERS),
    ("application_action_listing", "post", ADMINISTRATOR),
    ("application_action_detail", "get", READERS),
    ("application_action_export", "get", READERS),
    ("application_action_registration", "get", ADMINISTRATOR),
    ("application_action_registration", "post", ADMINISTRATOR),
    ("application_action_import", "get", ADMINISTRATOR),
    ("application_action_import", "post", ADMINISTRATOR),
    ("application_action_change", "get", ADMINISTRATOR),
    ("application_action_change", "post", ADMINISTRATOR),
    ("application_action_deletion", "get", ADMINISTRATOR),
    ("application_action_deletion", "post", ADMINISTRATOR),
    ("workflow_task_list", "get", EVERYBODY),
    ("workflow_task_pulse", "get", EVERYBODY),
    ("workflow_task_choices", "get", EVERYBODY),
    ("workflow_task_counts", "get", EVERYBODY),
    ("workflow_task_detail", "get", EVERYBODY),
    ("workflow_task_row", "get", EVERYBODY),
    ("workflow_task_reading", "post", ACTING),
    ("workflow_task_completion", "get", ACTING),
    ("workflow_task_completion", "post", ACTING),
    ("workflow_task_draft", "post", ACTING),
    ("workflow_task_delegation", "get", ACTING),
    ("workflow_task_delegation", "post", ACTING),
    ("workflow_task_takeover", "get", ADMINISTRATOR),
    ("workflow_task_takeover", "post", ADMINISTRATOR),
    ("person_search", "get", ACTING),
    ("command_take_back", "post", ACTING),
    ("take_back_creation", "post", ACTING),
    ("command_withdrawal", "post", ACTING),
    ("withdrawal_creation", "post", ACTING),
    ("template_upload", "get", ADMINISTRATOR),
    ("template_upload", "post", ADMINISTRATOR),
    ("template_file_detail", "get", ADMINISTRATOR),
    ("template_file_sending", "post", ADMINISTRATOR),
    ("workflow_template_deletion", "get", ADMINISTRATOR),
    ("workflow_template_deletion", "post", ADMINISTRATOR),
    ("workflow_template_download", "post", READERS),
    ("workflow_template_return", "post", ADMINISTRATOR),
    ("workflow_start", "get", ACTING),
    ("workflow_start", "post", ACTING),
    ("workflow_start_many", "get", ACTING),
    ("workflow_start_many", "post", ACTING),
    ("workflow_start_preview", "post", ACTING),
    ("workflow_start_outcome", "get", ACTING),
    ("workflow_start_decision", "post", ACTING),
    ("workflow_start_contest", "post", ACTING),
    ("news_list", "get", ACTING),
    ("dismissal_creation", "post", ACTING),
    ("person_list", "get", OVERSEERS),
    ("person_counts", "get", OVERSEERS),
    ("person_detail", "get", OVERSEERS),
    ("hand_over_list", "get", ADMINISTRATOR),
    ("hand_over", "get", ADMINISTRATOR),
    ("hand_over", "post", ADMINISTRATOR),
    ("recipe_list", "get", ADMINISTRATOR),
    ("recipe_creation", "get", ADMINISTRATOR),
    ("recipe_creation", "post", ADMINISTRATOR),
    ("recipe_preview", "post", ADMINISTRATOR),
    ("recipe_detail", "get", ADMINISTRATOR),
    ("recipe_detail", "post", ADMINISTRATOR),
    ("recipe_use", "post", ADMINISTRATOR),
    ("recipe_deletion", "post", ADMINISTRATOR),
    ("operation_list", "get", EVERYBODY),
    ("operation_pulse", "get", EVERYBODY),
    ("operation_choices", "get", EVERYBODY),
    ("operation_counts", "get", EVERYBODY),
    ("operation_detail", "get", EVERYBODY),
    ("operation_progress", "get", EVERYBODY),
    ("operation_rows", "get", EVERYBODY),
    ("operation_pausing", "post", ACTING),
    ("operation_resuming", "post", ACTING),
    ("operation_cancellation", "get", ACTING),
    ("operation_cancellation", "post", ACTING),
    ("operation_approval", "post", ADMINISTRATOR),
    ("operation_declining", "get", ADMINISTRATOR),
    ("operation_declining", "post", ADMINISTRATOR),
    ("operation_retry", "get", ACTING),
    ("operation_retry", "post", ACTING),
    ("operation_download", "post", EVERYBODY),
    ("command_list", "get", READERS),
    ("command_pulse", "get", READERS),
    ("command_choices", "get", READERS),
    ("command_counts", "get", READERS),
    ("command_detail", "get", READERS),
    ("command_decision", "get", ADMINISTRATOR),
    ("command_decision", "post", ADMINISTRATOR),
    ("operation_creation", "post", ACTING),
    ("operation_confirmation", "get", ACTING),
    ("operation_confirmation", "post", ACTING),
    ("audit_entry_list", "get", READERS),
    ("audit_entry_detail", "get", READERS),
    ("audit_entry_steps", "get", READERS),
    ("audit_entry_counts", "get", READERS),
    ("account_list", "get", ADMINISTRATOR),
    ("account_creation", "get", ADMINISTRATOR),
    ("account_creation", "post", ADMINISTRATOR),
    ("account_detail", "get", ADMINISTRATOR),
    ("account_detail", "post", ADMINISTRATOR),
    ("account_activation", "post", ADMINISTRATOR),
    ("account_reset", "post", ADMINISTRATOR),
    ("account_second_factor_removal", "post", ADMINISTRATOR),
    ("account_sessions_ending", "post", ADMINISTRATOR),
    ("account_session_ending", "post", ADMINISTRATOR),
    ("own_account", "get", WHOEVER),
    ("own_sessions_ending", "post", WHOEVER),
    ("own_session_ending", "post", WHOEVER),
    ("own_connection_removal", "post", WHOEVER),
    ("mfa_index", "get", WHOEVER),
    ("mfa_deactivate_totp", "get", WHOEVER),
    ("mfa_view_recovery_codes", "get", WHOEVER),
    ("mfa_download_recovery_codes", "get", WHOEVER),
    ("mfa_generate_recovery_codes", "get", WHOEVER),
    ("portal_list", "get", ADMINISTRATOR),
    ("portal_creation", "get", ADMINISTRATOR),
    ("portal_creation", "post", ADMINISTRATOR),
    ("portal_detail", "get", ADMINISTRATOR),
    ("gateway_creation", "get", ADMINISTRATOR),
    ("gateway_creation", "post", ADMINISTRATOR),
    ("gateway_callback", "get", ADMINISTRATOR),
    ("portal_gateway_sign_in", "get", ADMINISTRATOR),
    ("portal_gateway", "get", ADMINISTRATOR),
    ("portal_gateway", "post", ADMINISTRATOR),
    ("portal_webhook", "get", ADMINISTRATOR),
    ("portal_webhook", "post", ADMINISTRATOR),
    ("portal_probing", "post", ADMINISTRATOR),
    ("portal_address", "get", ADMINISTRATOR),
    ("portal_address", "post", ADMINISTRATOR),
    ("portal_following", "post", ADMINISTRATOR),
    ("portal_disconnection", "get", ADMINISTRATOR),
    ("portal_disconnection", "post", ADMINISTRATOR),
    ("portal_application", "get", ADMINISTRATOR),
    ("portal_application", "post", ADMINISTRATOR),
    ("portal_application_removal", "get", ADMINISTRATOR),
    ("portal_application_removal", "post", ADMINISTRATOR),
    ("portal_admission", "post", ADMINISTRATOR),
    ("portal_time_zone", "get", ADMINISTRATOR),
    ("portal_time_zone", "post", ADMINISTRATOR),
    ("portal_approval", "get", ADMINISTRATOR),
    ("portal_approval", "post", ADMINISTRATOR),
    ("portal_calls_test", "post", ADMINISTRATOR),
    ("portal_choice", "post", EVERYBODY),
]
OPEN = {
    "account_login",
    "account_logout",
    "account_entry",
    "bitrix24_login",
    "bitrix24_callback",
    "healthz",
    "icons",
    "mfa_authenticate",
    "receive_calls",
}
# each look at these makes something: a key to set up, the way on after a confirmation
STATEFUL = {"mfa_activate_totp", "mfa_reauthenticate", "account_reauthenticate"}
LET_IN = {200, 204, 302, 308, 404, 409, 422}


def names(resolver):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern)
        elif isinstance(pattern, URLPattern):
            yield pattern.name


@pytest.fixture
def addresses(workflow, administrator, portal):
    """The address of every view, on things that exist."""
    command = Command.objects.create(
        key="00000000-0000-0000-0000-000000000001",
        digest="",
        portal=portal,
        action="workflow.terminate",
        effect="end",
        target_kind="workflow",
        target_id=workflow.remote_id,
        target_label=str(workflow),
        workflow=workflow,
        actor=administrator,
        actor_name="Anna",
        actor_role="",
        state="needs_human",
    )
    other = Account.objects.create_user("somebody")
    entry = audit.record(
        AuditEntry.Kind.SIGN_IN, AuditAction.SIGN_IN, by=By(account=other), target=Target()
    )
    action = ApplicationAction.objects.create(
        portal=portal, client_id=portal.client_id, kind="robot", code="check"
    )
    things = {
        "application_action": action.pk,
        "application_step": ApplicationStep.objects.create(
            portal=portal,
            workflow=workflow,
            workflow_remote_id=workflow.remote_id,
            token_digest="d" * 64,
            since=timezone.now(),
            state=StepState.WAITING,
        ).pk,
        "workflow_task": workflow.tasks.get().pk,
        "workflow_template": workflow.template_id,
        "template_file": 0,
        "workflow": workflow.pk,
        "command": command.pk,
        "operation": 0,
        "recipe": 0,
        "saved_view": 0,
        "hand_over": Person.objects.filter(portal=portal).earliest("pk").pk,
        "audit_entry": entry.pk,
        "account": other.pk,
        "portal": portal.pk,
        "person": Person.objects.filter(portal=portal).earliest("pk").pk,
    }

    def of(name: str) -> str:
        if name.endswith("_choices"):
            return reverse(name, args=["template"])
        if name in ("saved_view_list", "saved_view_creation", "saved_view_columns"):
            return reverse(name, args=["workflow"])
        if name in (
            "overview",
            "home",
            "frame",
            "workflow_start",
            "workflow_start_preview",
            "template_upload",
            "application_action_registration",
            "application_action_import",
            "gateway_callback",
            "application_step_token",
            "application_action_listing",
            "recipe_preview",
        ):
            return reverse(name)
        if name.startswith("mfa_") or name in ("own_account", "own_sessions_ending"):
            return reverse(name)
        if name == "portal_following":
            change = portal.address_changes.create(address="https://b.example", asked_by=other)
            return reverse(name, args=[portal.pk, change.pk])
        if name == "account_session_ending":
            return reverse(name, args=[other.pk, 1])
        if name.startswith("own_"):
            return reverse(name, args=[portal.pk])
        if name.endswith(("_list", "_creation", "_choice", "_pulse", "_search", "_counts")):
            return reverse(name)
        noun = next(noun for noun in things if name.startswith(noun))
        return reverse(name, args=[things[noun]])

    return of


def test_every_address_is_in_the_table():
    assert set(names(get_resolver())) == {row[0] for row in TABLE} | OPEN | STATEFUL


def test_a_denial_is_on_record(as_, manager, db):
    as_(manager).get(reverse("audit_entry_list"))
    entry = AuditEntry.objects.get(kind=AuditEntry.Kind.DENIED)
    assert (entry.kind, entry.actor, entry.target_label) == ("denied", manager, "/audit/")


def denials(account):
    return AuditEntry.objects.filter(kind=AuditEntry.Kind.DENIED, actor=account).order_by("pk")


def test_repeated_denials_are_counted_and_written_as_one_more_line(as_, manager, db, caplog):
    client = as_(manager)
    for _ in range(30):
        client.get(reverse("audit_entry_list"))
    assert denials(manager).count() == 1
    client.get(reverse("account_list"))
    assert denials(manager).count() == 2
    AuditRepeat.objects.update(began_at=timezone.now() - timedelta(minutes=11))
    audit.close_repeats()
    assert denials(manager).count() == 3
    line = denials(manager).last()
    assert (line.target_label, line.detail.inputs["repeats"]) == ("/audit/", 29)
    assert "29 times more" in sentence_of(line, {})
    client.get(reverse("audit_entry_list"))
    assert denials(manager).count() == 4


def test_what_was_counted_is_written_before_the_next_line_where_no_sweep_came(as_, manager, db):
    client = as_(manager)
    for _ in range(3):
        client.get(reverse("audit_entry_list"))
    AuditRepeat.objects.update(began_at=timezone.now() - timedelta(minutes=11))
    client.get(reverse("audit_entry_list"))
    assert [e.detail.inputs.get("repeats") for e in denials(manager)] == [None, 2, None]


def test_a_denied_act_is_counted_like_a_page(as_, participant, workflow, administrator):
    action = TerminateWorkflow(workflow=workflow, reason="no")
    for _ in range(5):
        with pytest.raises(PermissionDenied):
            issue(action, by=By(account=participant), key=uuid.uuid4())
    assert denials(participant).count() == 1
    assert AuditRepeat.objects.get().count == 4


def test_a_refusal_leaves_no_traceback_in_the_log():
    try:
        raise PermissionDenied
    except PermissionDenied:
        record = logging.makeLogRecord(
            {"name": "django.request", "status_code": 403, "exc_info": sys.exc_info()}
        )
    assert QuietRefusals().filter(record)
    assert record.exc_info is None


def test_a_manager_sees_only_workflows_of_its_own_circle(
    as_, manager, workflow, sandbox, sync, portal
):
    client = as_(manager)
    assert client.get(reverse("workflow_detail", args=[workflow.pk])).status_code == 404
    assert client.get(reverse("workflow_row", args=[workflow.pk])).status_code == 404
    person = workflow.tasks.get().assignments.first().person
    manager.linked_people.create(portal=portal, person=person)
    assert client.get(reverse("workflow_detail", args=[workflow.pk])).status_code == 200


@pytest.mark.portable
@pytest.mark.parametrize("name", ["workflow_termination", "portal_probing", "account_reset"])
def test_a_change_without_a_csrf_token_is_refused(name, as_, administrator, addresses):
    assert as_(administrator, csrf=True).post(addresses(name)).status_code == 403


@pytest.mark.portable
@pytest.mark.parametrize("name", sorted({row[0] for row in TABLE if row[1] == "get"}))
def test_reading_changes_nothing(name, as_, administrator, addresses):
    client = as_(administrator)
    address = addresses(name)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    writes = [q["sql"] for q in queries if q["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert writes == []
