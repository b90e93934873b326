"""Portals: connected by a secret that is never seen again."""

import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import syncing
from bizproc_admin.models import AuditEntry, Command, CommandState, Feed, Portal
from bizproc_admin.wording.audit_entries import said_of
from bizproc_admin.wording.freshness import problem_of

pytestmark = pytest.mark.portable


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


def secret_of(sandbox):
    return sandbox.webhook_url.rstrip("/").rsplit("/", 1)[-1]


def test_a_connected_portal_is_probed_by_a_job_and_its_findings_are_shown(
    client, sandbox, committing
):
    with committing():
        answer = client.post(
            reverse("portal_creation"), {"webhook": sandbox.webhook_url, "name": "Northwind"}
        )
    portal = Portal.objects.get()
    assert answer.url == reverse("portal_detail", args=[portal.pk])
    assert portal.is_connected
    page = client.get(answer.url).content.decode()
    assert "The portal answers; we act as " in page
    assert secret_of(sandbox) not in page
    assert Feed.objects.filter(portal=portal).count() == 4


def test_a_look_that_was_made_meanwhile_is_not_made_again_for_its_message(sandbox, committing):
    with committing():
        call_command("connect", sandbox.webhook_url)
    assert Portal.objects.get().is_connected
    assert len(sandbox.calls("profile")) == 1


def test_the_secret_is_encrypted_and_in_no_audit_entry(client, sandbox, committing):
    with committing():
        client.post(reverse("portal_creation"), {"webhook": sandbox.webhook_url})
    with connection.cursor() as cursor:
        cursor.execute("SELECT webhook, webhook_hint FROM bizproc_admin_portal")
        row = str(cursor.fetchone())
    assert secret_of(sandbox) not in row
    for entry in AuditEntry.objects.with_details():
        assert secret_of(sandbox) not in str({**entry.__dict__, **entry.detail.__dict__})


@pytest.mark.parametrize(
    ("webhook", "said"),
    [
        ("nonsense", "not a webhook address"),
        ("https://example.com/rest/1/abcdefgh/", "Bitrix24 cloud"),
        ("http://acme.bitrix24.com/rest/1/abcdefgh/", "https://"),
        ("https://acme.bitrix24.com:8443/rest/1/abcdefgh/", "port"),
        ("https://bitrix24.com.evil.example/rest/1/abcdefgh/", "Bitrix24 cloud"),
        ("https://127.0.0.1/rest/1/abcdefgh/", "Bitrix24 cloud"),
        ("https://user:pass@acme.bitrix24.com/rest/1/abcdefgh/", "user name"),
        ("https://127.0.0.1\\.bitrix24.com/rest/1/abcdefgh/", "not a webhook address"),
        ("https://127.0.0.1%5c.bitrix24.com/rest/1/abcdefgh/", "not a webhook address"),
        ("https://127.0.0.1#.bitrix24.com/rest/1/abcdefgh/", "webhook address"),
        ("https://127.0.0.1?.bitrix24.com/rest/1/abcdefgh/", "webhook address"),
        ("https://acme\uff0ebitrix24.com/rest/1/abcdefgh/", "not a webhook address"),
    ],
)
def test_a_bad_address_is_said_beside_the_field_and_never_repeated(client, db, webhook, said):
    answer = client.post(reverse("portal_creation"), {"webhook": webhook})
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors["webhook"])
    assert b"abcdefgh" not in answer.content
    assert not Portal.objects.exists()


def test_what_clings_to_a_pasted_address_is_taken_off(client, sandbox, committing):
    with committing():
        client.post(
            reverse("portal_creation"), {"webhook": f" \u200b<{sandbox.webhook_url}>\ufeff "}
        )
    assert Portal.objects.get().is_connected


@pytest.mark.parametrize(
    "written",
    [
        "https://127.0.0.1\\@oauth.bitrix.info/oauth/token/",
        "https://oauth.bitrix.info@127.0.0.1/oauth/token/",
        "https://oauth.bitrix.info:8443/oauth/token/",
        "http://oauth.bitrix.info/oauth/token/",
        "https://oauth.bitrix.info.evil.example/oauth/token/",
        "https://oauth%2ebitrix.info/oauth/token/",
    ],
)
def test_a_token_server_is_the_vendors_or_the_operators(client, portal, written):
    answer = client.post(
        reverse("portal_application", args=[portal.pk]),
        {"client_id": "local.1", "client_secret": "s3cr3t-long", "token_url": written},
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors["token_url"]


def test_a_webhook_without_the_rights_is_kept_and_explained(client, sandbox, committing):
    with committing():
        client.post(reverse("portal_creation"), {"webhook": sandbox.employee_webhook_url})
    portal = Portal.objects.get()
    assert not portal.is_connected
    assert portal.problem_code
    page = client.get(reverse("portal_detail", args=[portal.pk])).content.decode()
    assert problem_of(portal) in page.replace("&#x27;", "'")


def test_a_webhook_is_replaced_only_by_one_of_the_same_portal(client, portal, sandbox):
    answer = client.post(
        reverse("portal_webhook", args=[portal.pk]),
        {"webhook": "https://acme.bitrix24.com/rest/1/abcdefgh/"},
    )
    assert answer.status_code == 422
    assert "another portal" in str(answer.context["form"].errors["webhook"])


def test_a_disconnected_portal_keeps_what_was_read(client, workflow, portal):
    client.post(reverse("portal_disconnection", args=[portal.pk]))
    portal.refresh_from_db()
    assert (portal.webhook, portal.is_connected) == (None, False)
    page = client.get(reverse("workflow_list"))
    assert workflow in page.context["list"].page.rows
    assert AuditEntry.objects.filter(kind="connection", action="portal.disconnected").exists()


def test_disconnecting_asks_first_and_tells_what_waits_and_what_stops(
    client, workflow, portal, sandbox, committing
):
    sandbox.fail_next("bad_gateway", times=99)
    with committing():
        client.post(
            reverse("workflow_termination", args=[workflow.pk]),
            {
                "key": str(uuid.uuid4()),
                "seen": workflow.modified_at.isoformat(),
                "reason": "Leaver",
                "status": "Stopped",
            },
        )
    sandbox.clear_faults()
    asked = client.get(reverse("portal_disconnection", args=[portal.pk])).content.decode()
    assert "1 command is not sent yet" in asked
    assert "within 60 minutes" in asked
    assert "Nothing is read any more" in asked
    portal.refresh_from_db()
    assert portal.webhook is not None
    detail = client.get(reverse("portal_detail", args=[portal.pk])).content.decode()
    assert f'action="{reverse("portal_disconnection", args=[portal.pk])}"' not in detail
    assert f'action="{reverse("portal_application_removal", args=[portal.pk])}"' not in detail
    Command.objects.update(state=CommandState.UNKNOWN, sends=1)
    asked = client.get(reverse("portal_disconnection", args=[portal.pk])).content.decode()
    assert "1 command was sent and is not confirmed yet" in asked
    assert "not sent yet" not in asked


def test_forgetting_the_application_asks_first_too(client, portal):
    asked = client.get(reverse("portal_application_removal", args=[portal.pk])).content.decode()
    assert "No answer waits" in asked
    assert "0 people can no longer answer" in asked


def test_connect_on_the_command_line_prints_the_findings(sandbox, db, capsys):
    call_command("connect", sandbox.webhook_url, name="Northwind")
    out = capsys.readouterr().out
    assert "administrator" in out
    assert secret_of(sandbox) not in out
    assert Portal.objects.get().is_connected


def test_connect_refuses_what_is_no_webhook(db):
    with pytest.raises(CommandError, match="not a webhook address"):
        call_command("connect", "nonsense")


def test_the_chosen_portal_stays_chosen(client, portal):
    other = Portal.objects.create(name="Aaa", address="https://aaa.bitrix24.com")
    assert client.get(reverse("workflow_list")).wsgi_request.portal == other
    client.post(reverse("portal_choice"), {"portal": portal.pk, "next": "/workflows/"})
    assert client.get(reverse("workflow_list")).wsgi_request.portal == portal


def test_choosing_a_portal_never_leads_away(client, portal):
    answer = client.post(
        reverse("portal_choice"), {"portal": portal.pk, "next": "https://evil.example/"}
    )
    assert answer.url == "/"


def probed(portal, sandbox, *faults, times=9):
    """Have the portal looked over while it fails in these ways, if any."""
    for fault in faults:
        sandbox.fail_next(fault, method="profile", times=times)
    syncing.probe_portal(portal.pk)
    sandbox.clear_faults()
    portal.refresh_from_db()


@pytest.mark.parametrize(
    "fault", ["bad_gateway", "empty_body", "reset_mid_response", "PORTAL_DELETED", "ERROR_CORE"]
)
def test_a_look_that_could_not_be_made_changes_nothing_and_is_made_again_in_seconds(
    client, portal, sandbox, committing, fault
):
    probed(portal, sandbox)
    found, before = portal.findings, timezone.now()
    assert found
    client.post(reverse("portal_probing", args=[portal.pk]))
    sandbox.fail_next(fault, method="profile", times=9)
    syncing.probe_portal(portal.pk)
    portal.refresh_from_db()
    assert portal.is_connected
    assert portal.findings == found
    assert timedelta() < portal.probe_at - before < timedelta(seconds=6)
    page = client.get(reverse("portal_detail", args=[portal.pk])).content.decode()
    assert "could not be looked over just now" in page
    assert "What was found before stands" in page
    assert "The portal answers; we act as " in page
    sandbox.clear_faults()
    Portal.objects.update(probe_at=timezone.now())
    with committing():
        syncing.start_due_probes()
    portal.refresh_from_db()
    assert (portal.probe_at, portal.probe_failure) == (None, "")
    assert portal.is_connected


def test_a_look_that_keeps_failing_is_made_again_less_often(portal, sandbox):
    waits = []
    for _ in range(6):
        probed(portal, sandbox, "PORTAL_DELETED")
        waits.append(round((portal.probe_at - timezone.now()).total_seconds()))
    assert waits == [2, 5, 10, 20, 30, 30]


def test_a_connection_that_was_found_unusable_is_looked_over_again_by_itself(
    portal, sandbox, committing
):
    probed(portal, sandbox, "INVALID_CREDENTIALS")
    assert not portal.is_connected
    with committing():
        syncing.start_due_probes()
    portal.refresh_from_db()
    assert not portal.is_connected
    Portal.objects.update(probed_at=timezone.now() - timedelta(minutes=6))
    with committing():
        syncing.start_due_probes()
    portal.refresh_from_db()
    assert portal.is_connected
    entries = AuditEntry.objects.filter(kind=AuditEntry.Kind.CONNECTION).order_by("pk")
    assert [(entry.actor_name, entry.outcome) for entry in entries] == [
        ("worker", "failed"),
        ("worker", "ok"),
    ]
    assert not entries[0].detail.text
    assert "webhook" in said_of(entries[0])


def test_a_new_portal_that_cannot_be_reached_says_so_and_is_tried_again(
    client, sandbox, committing
):
    client.post(reverse("portal_creation"), {"webhook": sandbox.webhook_url})
    portal = Portal.objects.get()
    probed(portal, sandbox, "bad_gateway")
    assert not portal.is_connected
    page = client.get(reverse("portal_detail", args=[portal.pk])).content.decode()
    assert "could not be looked over just now" in page
    assert "What was found before" not in page
    Portal.objects.update(probe_at=timezone.now())
    with committing():
        syncing.start_due_probes()
    assert Portal.objects.get().is_connected


@pytest.mark.parametrize("was_connected", [True, False])
def test_a_probe_whose_message_was_lost_is_found(client, portal, committing, was_connected):
    Portal.objects.update(is_connected=was_connected, probed_at=None)
    client.post(reverse("portal_probing", args=[portal.pk]))
    Portal.objects.update(probe_at=timezone.now())
    with committing():
        syncing.start_due_probes()
    portal.refresh_from_db()
    assert portal.is_connected
    assert portal.probed_at


def test_a_portal_is_not_rung_for_again_while_its_probe_may_be_under_way(
    portal, sandbox, committing
):
    Portal.objects.update(is_connected=False, probed_at=None)
    sandbox.clear_calls()
    syncing.start_due_probes()
    with committing():
        syncing.start_due_probes()
    assert sandbox.calls() == []


def test_a_lost_key_takes_no_page_away_and_is_said(
    as_, administrator, workflow, portal, sandbox, committing
):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bizproc_admin_portal SET webhook = 'written with another key'")
    client = as_(administrator)
    for name in ("workflow_list", "overview", "audit_entry_list", "portal_list", "healthz"):
        assert client.get(reverse(name)).status_code in (200, 503)
    feed = Feed.objects.get(portal=portal, name="workflows")
    Feed.objects.update(next_at=None)
    syncing.sync(feed.pk, worker="test")
    feed.refresh_from_db()
    assert feed.failure_code == "key_lost"
    syncing.probe_portal(portal.pk)
    portal.refresh_from_db()
    assert "FIELD_KEYS" in problem_of(portal)
    with committing():
        client.post(reverse("portal_webhook", args=[portal.pk]), {"webhook": sandbox.webhook_url})
    portal.refresh_from_db()
    assert portal.is_connected


@pytest.mark.parametrize("chosen", ["", "abc", "999999", "9" * 30])
def test_a_portal_that_does_not_exist_is_not_chosen(client, portal, chosen):
    assert client.post(reverse("portal_choice"), {"portal": chosen}).status_code == 404
