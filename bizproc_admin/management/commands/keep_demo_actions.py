"""Keep the definitions of what the demo's application has registered, as if it was from here."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bizproc_admin.models import ApplicationAction, Portal
from bizproc_admin.receiving.addresses import handler_of


class Command(BaseCommand):
    help = "Keep the definitions on standard input; print the address that the portal is to call."

    def handle(self, *args: Any, **options: Any) -> None:
        portal = Portal.objects.first()
        if portal is None or not portal.client_id or not handler_of(portal):
            raise CommandError("This is for the demo: it needs its portal and its application.")
        for given in json.load(sys.stdin):
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
        self.stdout.write(handler_of(portal))
