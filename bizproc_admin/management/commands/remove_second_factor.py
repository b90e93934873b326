"""Remove an account's second factor: for the last administrator, whose phone is lost."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bizproc_admin.access import accounts
from bizproc_admin.audit import COMMAND_LINE
from bizproc_admin.models import Account


class Command(BaseCommand):
    help = "Remove the second factor of an account; the next sign-in sets up a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        account = Account.objects.filter(username=username).first()
        if account is None:
            raise CommandError(f"There is no account {username}.")
        if not accounts.remove_second_factor(account, by=COMMAND_LINE):
            raise CommandError(f"{username} has no second factor.")
        self.stdout.write(f"The password alone lets {username} in until a new one is set up.")
