"""Make a portal administrator: the only way to the first account."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, Facts
from bizproc_admin.models import Account, AuditEntry, Role


class Command(BaseCommand):
    help = "Make an account with a role and a password; by default a portal administrator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="full name")
        parser.add_argument("--role", default=Role.PORTAL_ADMINISTRATOR.value, choices=Role.values)

    def handle(self, *args: Any, username: str, name: str, role: str, **options: Any) -> None:
        if Account.objects.filter(username=username).exists():
            raise CommandError(f"There is an account {username} already.")
        first, _, last = name.partition(" ")
        account = Account(username=username, first_name=first, last_name=last)
        password = read_password()
        try:
            validate_password(password, account)
            account.full_clean(exclude=["password"])
        except ValidationError as why:
            raise CommandError(" ".join(why.messages)) from None
        with transaction.atomic():
            account.set_password(password)
            account.save()
            account.groups.add(Group.objects.get(name=role))
            audit.record(
                AuditEntry.Kind.ACCOUNT,
                AuditAction.ACCOUNT_MADE,
                by=audit.COMMAND_LINE,
                target=account.as_target,
                facts=Facts(after={"username": username, "name": name, "role": role}),
            )
        self.stdout.write(f"{username} may sign in as {role}.")
        if settings.REQUIRE_SECOND_FACTOR and role == Role.PORTAL_ADMINISTRATOR:
            self.stdout.write("The first sign-in asks to set up a second factor.")


def read_password() -> str:
    """Read the password unseen from the terminal, or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
