"""Asking a portal, every half minute, whether those who work here still may.

The feed of people is too slow for that: somebody dismissed or demoted stops within a minute. Only
people with an account here are asked about, all in one request, each call once and not for long: a
portal that hangs holds one thread for half a minute and nobody else up.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from bizproc_admin import bitrix, doorbell
from bizproc_admin.access import roles
from bizproc_admin.models import Account, Command, Department, Person, Portal, Role
from bizproc_admin.portals import clients, tokens
from bizproc_admin.syncing.people import close_departments

log = logging.getLogger(__name__)

# seconds in which one portal is not asked again while somebody may still be at it
LEASE = 60
# seconds after which no further question is begun: the next look asks it
LONGEST = 30


def follow_people(*, start: doorbell.Start = doorbell.ring) -> None:
    """Start a look at every portal whose people have accounts that follow it."""
    for pk in (
        Portal.objects.filter(accounts__follows_portal=True).distinct().values_list("pk", flat=True)
    ):
        start("follow_portal", pk, queue=doorbell.INTERACTIVE)


def follow_portal(pk: int) -> None:
    """Bring every account that follows a portal to what the portal says now, one asker at a time.

    What cannot be asked changes nobody; the other questions are asked all the same, while there is
    time.
    """
    if not cache.add(f"following-{pk}", "asked", timeout=LEASE):
        return
    try:
        portal = Portal.objects.get(pk=pk)
        until = time.monotonic() + LONGEST
        for ask, about in questions(portal):
            if time.monotonic() > until:
                log.warning("follow_cut_short portal=%s", pk)
                break
            attempt(ask, about)
        bring_accounts(Account.objects.filter(follows_portal=True, home=portal))
    finally:
        cache.delete(f"following-{pk}")


def questions(portal: Portal) -> Iterator[tuple[Callable[..., None], Portal | Person]]:
    """Return what is asked and about what or whom, one question at a time."""
    unlisted: list[Person] = []
    if portal.webhook:
        yield partial(ask_who_works, unlisted=unlisted), portal
        yield ask_who_heads, portal
    for person in unlisted:
        yield ask_unlisted, person
    for person in administrators_to_ask(portal):
        yield ask_administrator, person


def bring_accounts(accounts: Iterable[Account]) -> None:
    """Bring accounts to what the mirror says of their people, each by itself."""
    for account in accounts:
        roles.follow(account)


def attempt(ask: Callable[..., None], about: Portal | Person) -> None:
    """Ask one question; a portal that does not answer it is asked again next time."""
    try:
        ask(about)
    except bitrix.BitrixError as error:
        log.info("follow_postponed %s=%s %s", type(about).__name__, about.pk, error.for_logs)


def ask_who_works(portal: Portal, *, unlisted: list[Person]) -> None:
    """Read which of the people with accounts work there, and collect those it does not list.

    Calls user.get. Some who work there never appear in it (integrators); who is not shown to a
    connection that may not see everybody is not taken for unlisted.
    """
    people = {
        person.remote_id: person
        for person in Person.objects.filter(
            portal=portal, linked_account__user__follows_portal=True
        ).select_related("portal")
    }
    reader = clients.reader(portal, total=settings.SIGN_IN_TIMEOUT)
    listed = reader.users.by_ids(people)
    for row in listed.rows:
        note_active(people[row.id], is_active=row.active)
    unlisted += [people[one] for one in sorted(listed.absent(people))]


def ask_unlisted(person: Person) -> None:
    """Ask with the own token of somebody the portal does not list whether they can act there."""
    try:
        clients.acting_as(person, total=settings.SIGN_IN_TIMEOUT)
    except (tokens.ReconnectNeeded, bitrix.InvalidCredentials, bitrix.AccessDenied):
        note_active(person, is_active=False)
    else:
        note_active(person, is_active=True)


def note_active(person: Person, *, is_active: bool) -> None:
    if person.is_active != is_active:
        person.is_active = is_active
        person.save(update_fields=["is_active"])


def ask_who_heads(portal: Portal) -> None:
    """Take over who heads which department; calls department.get.

    Departments and people no pass has brought yet are left to the next pass.
    """
    reader = clients.reader(portal, total=settings.SIGN_IN_TIMEOUT)
    listed = bitrix.Chunk.joined(reader.departments.everything())
    rows = listed.rows
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
    close_departments(portal, listed)


def administrators_to_ask(portal: Portal) -> list[Person]:
    """Return the people whose rights as administrators are in use: signed in, or at work.

    A session lives for as long as it is used, so the moment of the sign-in does not tell. In any
    order: where the time is too short for all, it is not the same ones who are never asked.
    """
    administrators = Account.objects.filter(
        home=portal,
        follows_portal=True,
        is_active=True,
        groups__name=Role.PORTAL_ADMINISTRATOR.value,
    )
    living = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    signed_in = UserSession.objects.filter(session_key__in=living).values("user")
    at_work = Command.objects.open().values("actor")
    in_use = administrators.filter(Q(pk__in=signed_in) | Q(pk__in=at_work))
    return list(
        Person.objects.filter(portal=portal, linked_account__user__in=in_use)
        .select_related("portal")
        .order_by("?")
    )


def ask_administrator(person: Person) -> None:
    """Ask with an administrator's own token whether they still are one; acting_as notes it.

    Without a token that works nothing proves it any more: the role waits for the next sign-in.
    """
    try:
        clients.acting_as(person, total=settings.SIGN_IN_TIMEOUT)
    except (tokens.ReconnectNeeded, bitrix.InvalidCredentials, bitrix.AccessDenied):
        person.is_administrator = None
        person.save(update_fields=["is_administrator"])
