"""Let the demo's portal call the console: its calls are proven, and its actions are known here."""

import json
import sys
import time
import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.actions import CallsTest
from bizproc_admin.audit import By
from bizproc_admin.models import Account, ApplicationAction, CommandState, Portal
from bizproc_admin.models import Command as Row
from bizproc_admin.receiving.addresses import handler_of

# seconds
PATIENCE = 60.0


class Command(BaseCommand):
    help = "Test the demo portal's calls, keep the definitions on standard input, tell the address."

    def handle(self, *args: Any, **options: Any) -> None:
        portal = Portal.objects.first()
        account = Account.objects.filter(follows_portal=True, home=portal).order_by("pk").first()
        if portal is None or account is None or not handler_of(portal):
            raise CommandError("This is for the demo: it needs its portal and who signed in first.")
        for given in json.load(sys.stdin):
            keep(portal, given)
        action = CallsTest(
            to_portal=portal,
            client_id=portal.client_id,
            handler=handler_of(portal),
            reason="The demo begins.",
        )
        made = commands.issue(action, by=By(account=account), key=uuid.uuid4())
        until = time.monotonic() + PATIENCE
        while Row.objects.filter(pk=made.pk).exclude(state=CommandState.CONFIRMED).exists():
            if time.monotonic() > until:
                raise CommandError("The portal's test call did not come.")
            time.sleep(0.2)
        self.stdout.write(handler_of(portal))


def keep(portal: Portal, given: dict[str, Any]) -> None:
    """Keep an action of the demo as one that was registered from here."""
    ApplicationAction.objects.update_or_create(
        portal=portal,
        client_id=portal.client_id,
        code=given["code"],
        defaults={
            "kind": given["kind"],
            "definition": given["definition"],
            "listed_at": timezone.now(),
            "missing_since": None,
        },
    )
