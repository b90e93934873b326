"""Set the application that a portal's people sign in through, from the command line."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bizproc_admin.audit import COMMAND_LINE
from bizproc_admin.forms.portals import ApplicationForm
from bizproc_admin.models import ApplicationAction, Portal
from bizproc_admin.portals import connections


class Command(BaseCommand):
    help = (
        "Set the local application of a portal: its key is asked for, or read from standard input."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client_id", help="the application's ID")
        parser.add_argument("--portal", default="", help="the portal's host, where there are more")
        parser.add_argument("--token-url", default="", help="the token server, if not the usual")
        parser.add_argument(
            "--everybody", action="store_true", help="let everybody on the portal sign in"
        )

    def handle(self, *args: Any, client_id: str, portal: str, **options: Any) -> None:
        portals = [one for one in Portal.objects.all() if portal in ("", one.host)]
        if len(portals) != 1:
            raise CommandError("Name the portal by its host with --portal.")
        form = ApplicationForm(
            {
                "client_id": client_id,
                "client_secret": read_key(),
                "token_url": options["token_url"] or ApplicationForm.shown(portals[0])["token_url"],
            }
        )
        if not form.is_valid():
            raise CommandError(" ".join(str(why) for whys in form.errors.values() for why in whys))
        known = ApplicationAction.objects.of_application(portals[0]).filter(missing_since=None)
        if portals[0].client_id not in ("", client_id) and (count := known.count()):
            self.stderr.write(
                f"Another application means other steps: {count} actions of {portals[0].client_id} "
                "must be registered anew, and templates that hold their steps edited on the portal."
            )
        connections.set_application(portals[0], **form.cleaned_data, by=COMMAND_LINE)
        if options["everybody"]:
            connections.admit_everybody(portals[0], is_open=True, by=COMMAND_LINE)
        self.stdout.write(f"People of {portals[0].name} can sign in with Bitrix24 now.")


def read_key() -> str:
    """Read the application's key unseen from the terminal, or a line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Application key: ")
    return sys.stdin.readline().rstrip("\n")
