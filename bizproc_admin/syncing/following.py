"""Asking a portal, every half minute, whether those who work here still may.

The feed of people is too slow for that: somebody dismissed or demoted stops within a minute. Only
people with an account here are asked about, fifty in a request, each call once and not for long: a
portal that hangs holds one thread for half a minute and nobody else up.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from bizproc_admin import bitrix, connecting, doorbell, roles, tokens
from bizproc_admin.models import Account, Command, Department, Person, Portal, Role

log = logging.getLogger(__name__)

# seconds in which one portal is not asked again while somebody may still be at it
LEASE = 60


def follow_people() -> None:
    """Ring for every portal whose people have accounts that follow it."""
    for pk in (
        Portal.objects.filter(accounts__follows_portal=True).distinct().values_list("pk", flat=True)
    ):
        doorbell.ring("follow_portal", pk, queue=doorbell.INTERACTIVE)


def follow_portal(pk: int) -> None:
    """Bring every account that follows a portal to what the portal says now, one asker at a time.

    What cannot be asked changes nobody; the other questions are asked all the same.
    """
    if not cache.add(f"following-{pk}", "asked", timeout=LEASE):
        return
    try:
        portal = Portal.objects.get(pk=pk)
        if portal.webhook:
            attempt(ask_who_works, portal)
            attempt(ask_who_heads, portal)
        for person in administrators_to_ask(portal):
            attempt(ask_administrator, person)
        bring_accounts(Account.objects.filter(follows_portal=True, home=portal))
    finally:
        cache.delete(f"following-{pk}")


def bring_accounts(accounts: Iterable[Account]) -> None:
    """Bring accounts to what the mirror says of their people, each by itself."""
    for account in accounts:
        roles.follow(account)


def attempt(ask: Callable[..., None], about: Portal | Person) -> None:
    """Ask one question; a portal that does not answer it is asked again next time."""
    try:
        ask(about)
    except bitrix.BitrixError as error:
        log.info("follow_postponed %s=%s %s", ask.__name__, about.pk, error.for_logs)


def ask_who_works(portal: Portal) -> None:
    """Read which of the people with accounts work there.

    Calls user.get. Some who work there never appear in it (integrators): who is missing is asked
    with their own token before they count as dismissed.
    """
    people = {
        person.remote_id: person
        for person in Person.objects.filter(
            portal=portal, linked_account__user__follows_portal=True
        ).select_related("portal")
    }
    reader = connecting.reader(portal, total=settings.SIGN_IN_TIMEOUT)
    rows = {row.id: row for chunk in reader.users.by_ids(people) for row in chunk.rows}
    for remote_id, person in people.items():
        row = rows.get(bitrix.UserId(remote_id))
        is_active = row.active if row is not None else works_all_the_same(person)
        if person.is_active != is_active:
            person.is_active = is_active
            person.save(update_fields=["is_active"])


def works_all_the_same(person: Person) -> bool:
    """Tell whether somebody the portal does not list can still act there."""
    try:
        connecting.acting_as(person, total=settings.SIGN_IN_TIMEOUT)
    except (tokens.ReconnectNeeded, bitrix.InvalidCredentials, bitrix.AccessDenied):
        return False
    return True


def ask_who_heads(portal: Portal) -> None:
    """Take over who heads which department; calls department.get.

    Departments and people no pass has brought yet are left to the next pass.
    """
    reader = connecting.reader(portal, total=settings.SIGN_IN_TIMEOUT)
    rows = [row for chunk in reader.departments.everything() for row in chunk.rows]
    known = {one.remote_id: one for one in portal.departments.select_related("head")}
    wanted = {row.head_id for row in rows if row.head_id}
    people = {
        person.remote_id: person
        for person in Person.objects.filter(portal=portal, remote_id__in=wanted)
    }
    changed = []
    for row in rows:
        department = known.get(row.id)
        head = people.get(row.head_id) if row.head_id else None
        if department is not None and department.head != head:
            department.head = head
            changed.append(department)
    Department.objects.bulk_update(changed, ["head"])
    gone = set(known) - {row.id for row in rows}
    portal.departments.filter(remote_id__in=gone, gone_at=None).update(gone_at=timezone.now())


def administrators_to_ask(portal: Portal) -> list[Person]:
    """Give the people whose rights as administrators are in use: signed in lately, or at work."""
    administrators = Account.objects.filter(
        home=portal,
        follows_portal=True,
        is_active=True,
        groups__name=Role.PORTAL_ADMINISTRATOR.value,
    )
    lately = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    at_work = Command.objects.open().values("actor")
    in_use = administrators.filter(last_login__gt=lately) | administrators.filter(pk__in=at_work)
    return list(
        Person.objects.filter(portal=portal, linked_account__user__in=in_use).select_related(
            "portal"
        )
    )


def ask_administrator(person: Person) -> None:
    """Ask with an administrator's own token whether they still are one; acting_as notes it.

    Without a token that works nothing proves it any more: the role waits for the next sign-in.
    """
    try:
        connecting.acting_as(person, total=settings.SIGN_IN_TIMEOUT)
    except (tokens.ReconnectNeeded, bitrix.InvalidCredentials, bitrix.AccessDenied):
        person.is_administrator = None
        person.save(update_fields=["is_administrator"])
