"""Link the demo's manager to a head of department, so that its lists have something to show."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Q

from bizproc_admin import audit, syncing
from bizproc_admin.audit import AuditAction, Facts
from bizproc_admin.models import (
    Account,
    AuditEntry,
    Department,
    Feed,
    LinkedPerson,
    Person,
    Portal,
)

# seconds
PATIENCE = 60.0


class Command(BaseCommand):
    help = "Read the portal's people once and link the demo's manager to a head of department."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--not", nargs="*", default=[], dest="taken", metavar="LOGIN")

    def handle(self, *args: Any, **options: Any) -> None:
        portal = Portal.objects.first()
        if portal is None:
            raise CommandError("This is for the demo: it needs its portal.")
        # a worker that looks for due work itself may be at the same feeds: either will do
        until = time.monotonic() + PATIENCE
        while (head := head_of_most(portal, options["taken"])) is None:
            for name in ("people", "workflow_templates"):
                syncing.sync(Feed.objects.get(portal=portal, name=name).pk, worker="demo")
            if time.monotonic() > until:
                raise CommandError("The portal's people could not be read.")
            time.sleep(0.2)
        link("manager", head)


def head_of_most(portal: Portal, taken: list[str]) -> Person | None:
    """Return who heads the largest department below the company; None before all were read."""
    if not Feed.objects.filter(portal=portal, name="people", full_at__isnull=False).exists():
        return None
    department = (
        Department.objects.filter(portal=portal, head__isnull=False, parent__isnull=False)
        .exclude(taken_over(taken))
        .annotate(size=Count("members"))
        .order_by("-size")
        .first()
    )
    return department.head if department else None


def taken_over(logins: list[str]) -> Q:
    """Match the departments of those who sign in through the portal.

    Their first sign-in would take the manager's account over, and its password would be no more.
    """
    return Q(
        Q(pk=None),
        *[Q(head__email__istartswith=f"{login}@") for login in logins],
        _connector=Q.OR,
    )


def link(username: str, person: Person) -> None:
    """Let a demo account stand for a person, unless it stands for one already."""
    account = Account.objects.filter(username=username).first()
    if account is None:
        raise CommandError(f"This is for the demo: it needs its account {username}.")
    if LinkedPerson.objects.filter(user=account, portal=person.portal).exists():
        return
    LinkedPerson.objects.create(user=account, portal=person.portal, person=person)
    audit.record(
        AuditEntry.Kind.ACCOUNT,
        AuditAction.ACCOUNT_CHANGED,
        by=audit.COMMAND_LINE,
        target=account.as_target,
        facts=Facts(after={"person": person.name, "number": person.remote_id}),
    )
