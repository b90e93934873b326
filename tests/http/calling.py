"""Calls as the portal's queue makes them, for tests that stand in for it."""

import itertools
import time
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import CallReceiver, Portal
from bizproc_admin.secrets.fields import Secret
from sandbox import php

TOKEN = "application-token-of-the-portal-0001"
FORM = "application/x-www-form-urlencoded"
_numbers = itertools.count(1)


def event_token(workflow_id: str, name: str = "A1_2_3_4") -> str:
    """Give a token as the portal makes them, another one each time."""
    return f"{workflow_id}|{name}|{next(_numbers):032d}.{'0f' * 32}"


def call_of(workflow_id: str = "w.1", **changes: Any) -> dict[str, Any]:
    """Give what a step of a workflow calls with."""
    call = {
        "workflow_id": workflow_id,
        "code": "check_stock",
        "document_id": ["crm", "CCrmDocumentDeal", "DEAL_777"],
        "document_type": ["crm", "CCrmDocumentDeal", "DEAL"],
        "event_token": event_token(workflow_id),
        "properties": {"item": "Насосы", "amounts": ["1", "2"]},
        "use_subscription": "Y",
        "timeout_duration": "0",
        "ts": str(int(time.time())),
        "auth": {
            "access_token": "secret-access-token",
            "refresh_token": "secret-refresh-token",
            "user_id": "14",
            "member_id": "",
            "application_token": TOKEN,
        },
    }
    return {**call, **changes}


def proven_by(portal: Portal, token: str = TOKEN) -> CallReceiver:
    """Let a portal's token be known."""
    made, _ = CallReceiver.objects.update_or_create(
        portal=portal,
        client_id=portal.client_id,
        defaults={"token": Secret(token), "learnt_at": timezone.now()},
    )
    return made


def calls(portal: Portal, form: Any = None, *, client: Client | None = None, **extra: Any) -> Any:
    """Call the console: a form, or a body as it is."""
    body = form if isinstance(form, bytes) else php.build_query(form or call_of()).encode()
    address = reverse("receive_calls", args=[portal.calls_id])
    return (client or Client(enforce_csrf_checks=True)).post(address, body, FORM, **extra)
