"""A portal behind the gateway: connected, passed over, written to and looked at."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands, syncing
from bizproc_admin.actions import Action
from bizproc_admin.audit import By
from bizproc_admin.models import Account, Command, Feed, FeedName, Portal, SyncRun, Workflow
from sandbox import Sandbox

ADDRESS = "https://northwind.bitrix24.com"
DEAL = ["crm", "CCrmDocumentDeal", "DEAL_777"]
Committing = Callable[[], AbstractContextManager[object]]
WRITES = ("gateway.start", "gateway.end", "gateway.event", "gateway.activity_log")


def connect(client: Client, sandbox: Sandbox, key: str, **changes: str) -> HttpResponse:
    given = {
        "address": ADDRESS, "key": key, "gateway": sandbox.gateway_url, "name": "Northwind",
    }  # fmt: skip
    of_portal(sandbox, key, changes.get("address", ADDRESS))
    return client.post(reverse("gateway_creation"), {**given, **changes})


def of_portal(sandbox: Sandbox, key: str, address: str) -> None:
    """Let a key say that it is of the portal at an address."""
    if key in [one["key"] for one in sandbox.gateway_keys()]:
        sandbox.change_gateway_key(key, portal=urlsplit(address).netloc)


def replace_key(client: Client, portal: Portal, sandbox: Sandbox, key: str) -> HttpResponse:
    given = {"key": key, "gateway": sandbox.gateway_url}
    of_portal(sandbox, key, portal.address)
    return client.post(reverse("portal_gateway", args=[portal.pk]), given)


def sign_in(client: Client, sandbox: Sandbox, portal: Portal) -> HttpResponse:
    """Sign in for the key as a browser does: there, at the portal, and back with a code."""
    begun = client.get(reverse("portal_gateway_sign_in", args=[portal.pk]))
    assert begun.status_code == 302
    where = begun["Location"]
    back = parse_qs(urlsplit(where).query)["redirect_uri"][0]
    assert back == "http://testserver" + reverse("gateway_callback")
    sandbox.change_gateway_key(sandbox.gateway_app_key, redirect_uris=[back])
    form = {"USER_LOGIN": "1", "USER_PASSWORD": "sandbox"}
    there = requests.post(where, data=form, allow_redirects=False, timeout=5)
    return client.get(there.headers["Location"])


def passed(portal: Portal, *names: FeedName) -> SyncRun:
    """Do a whole pass over feeds; return the last run."""
    for name in names or (FeedName.WORKFLOW_TEMPLATES, FeedName.WORKFLOWS):
        feed = Feed.objects.get(portal=portal, name=name)
        Feed.objects.filter(pk=feed.pk).update(next_at=None)
        syncing.sync(feed.pk, worker="test")
    run = SyncRun.objects.filter(feed=feed).latest_first().first()
    assert run is not None
    return run


def known(portal: Portal, sandbox: Sandbox, template_id: int, **more: Any) -> Workflow:
    """Start a workflow and let a pass see it."""
    remote_id = sandbox.start_workflow(template_id, DEAL, started_by=1, **more)
    passed(portal)
    sandbox.clear_calls()
    return Workflow.objects.get(remote_id=remote_id)


def issue(action: Action, who: Account, committing: Committing) -> Command:
    with committing():
        command = commands.issue(action, by=By(account=who), key=uuid.uuid4())
    return Command.objects.get(pk=command.pk)


def look_again(command: Command, committing: Committing, *, later: float = 0) -> Command:
    """Have a command in doubt looked into, as if so many seconds had passed."""
    row = Command.objects.open().filter(pk=command.pk)
    row.update(next_check_at=timezone.now())
    if later and command.sent_at is not None:
        row.update(sent_at=command.sent_at - timedelta(seconds=later))
    with committing():
        commands.settle(command.pk)
    return Command.objects.get(pk=command.pk)


def serve(command: Command, committing: Committing) -> Command:
    """Have what is due of the portal done, as if its time had come."""
    past = timezone.now() - timedelta(seconds=1)
    Command.objects.open().filter(pk=command.pk).update(next_check_at=past)
    with committing():
        commands.serve(command.portal_id, worker="test")
    return Command.objects.get(pk=command.pk)


def sent(sandbox: Sandbox, *names: str) -> list[str]:
    """Return which of the gateway's writes were asked for, in order."""
    wanted = names or WRITES
    return [call["method"] for call in sandbox.calls() if call["method"] in wanted]
