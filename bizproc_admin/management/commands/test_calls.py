"""Test from the command line that a portal's calls arrive, and learn what proves them."""

import time
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from bizproc_admin import commands, receiving
from bizproc_admin.access.permissions import Capability, may
from bizproc_admin.actions import CallsTest, NotPossible
from bizproc_admin.actions.base import own_hands
from bizproc_admin.audit import By
from bizproc_admin.models import Account, Portal
from bizproc_admin.models import Command as Row
from bizproc_admin.wording.command_errors import command_error, said

# seconds between two looks at what became of it
EVERY = 0.3


class Command(BaseCommand):
    help = (
        "Have a portal call the console, by the token of one of its administrators who has signed "
        "in with Bitrix24, and wait for the call."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--portal", default="", help="the portal's host, where there are more")
        parser.add_argument(
            "--as", default="", dest="username", help="whose token; any administrator's without"
        )
        parser.add_argument("--wait", type=float, default=310.0, help="seconds to wait; 310")

    def handle(self, *args: Any, portal: str, username: str, wait: float, **options: Any) -> None:
        portals = [one for one in Portal.objects.all() if portal in ("", one.host)]
        if len(portals) != 1:
            raise CommandError("Name the portal by its host with --portal.")
        row = asked(portals[0], whose(portals[0], username))
        until = time.monotonic() + wait
        while not row.is_settled and time.monotonic() < until:
            time.sleep(EVERY)
            row.refresh_from_db()
        if row.word != "confirmed":
            raise CommandError(command_error(row) or "No call has come yet.")
        self.stdout.write(f"{portals[0].name} calls {row.inputs['handler']}, and proves it.")


def whose(portal: Portal, username: str) -> Account:
    """Return the account by whose token it is tested."""
    accounts = Account.objects.filter(is_active=True, linked_people__portal=portal)
    if username:
        accounts = accounts.filter(username=username)
    for account in accounts.order_by("pk"):
        if may(account, Capability.MANAGE_PORTALS) and own_hands(account, portal) is not None:
            return account
    raise CommandError(said("token_needed_for_calls", {}))


def asked(portal: Portal, account: Account) -> Row:
    action = CallsTest(
        to_portal=portal,
        client_id=portal.client_id,
        handler=receiving.handler_of(portal),
        reason="",
    )
    try:
        return commands.issue(
            action, by=By(account=account, origin="command line"), key=uuid.uuid4()
        )
    except commands.TargetBusy as other:
        return other.command
    except NotPossible as why:
        raise CommandError(said(why.code, why.values)) from None
    except PermissionDenied:
        raise CommandError("This account may not do it.") from None
