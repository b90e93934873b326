"""Connect a portal from the command line."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bizproc_admin import syncing
from bizproc_admin.audit import COMMAND_LINE
from bizproc_admin.models import Portal
from bizproc_admin.portals import connections
from bizproc_admin.portals.addresses import AddressRefused, accepted_address
from bizproc_admin.wording import addresses
from bizproc_admin.wording.findings import said_of


class Command(BaseCommand):
    help = "Connect a portal by its inbound webhook, probe it and print what was found."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("webhook", help="the webhook's address, or - to type it unseen")
        parser.add_argument("--name", default="", help="how the portal is called here")

    def handle(self, *args: Any, webhook: str, name: str, **options: Any) -> None:
        text = getpass.getpass("Webhook address: ") if webhook == "-" else webhook
        try:
            address = accepted_address(text)
        except AddressRefused as refused:
            raise CommandError(addresses.said_of(refused.code)) from None
        portal = connections.connect(address, name=name, by=COMMAND_LINE)
        syncing.probe_portal(portal.pk)
        portal = Portal.objects.get(pk=portal.pk)
        for finding in portal.findings:
            sentence = said_of(finding["code"], finding["values"])
            self.stdout.write(f"{'ok ' if finding['ok'] else 'NO '} {sentence}")
        if portal.probe_failure:
            raise CommandError(
                f"{portal.name} is kept, but could not be looked over: {portal.probe_failure}. "
                "The workers try again by themselves."
            )
        if not portal.is_connected:
            raise CommandError(f"{portal.name} is kept, but cannot be used yet.")
        self.stdout.write(f"{portal.name} is connected; the workers read it from now on.")
