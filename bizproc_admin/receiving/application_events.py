"""What the portal tells of the application itself: believed once the token server says so, too.

The token server is the one that is set for the portal. Nothing that stands in a call is asked.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bizproc_admin import bitrix, doorbell
from bizproc_admin.models import ApplicationAction, CallReceiver, Person, Portal
from bizproc_admin.portals import connections, tokens
from bizproc_admin.secrets.fields import UnreadableSecret
from bizproc_admin.syncing import workflow_templates

log = logging.getLogger(__name__)

#: A look that was begun and not ended is begun again after this.
LEASE: Final = timedelta(seconds=90)
#: Where nobody could be asked: from one try to the next, and until it is given up.
AGAIN_AFTER: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=24)
#: What the token server says of an application that is not on the portal any more.
GONE: Final = ("NOT_INSTALLED", "WRONG_CLIENT")
#: People whose tokens are tried, and tries with each: one may have expired.
MOST_HANDS, TRIES = 3, 2


def look_at_application(receiver_pk: int) -> None:
    """Compare what the portal has told of the application with what the token server says."""
    receiver = CallReceiver.objects.select_related("portal").get(pk=receiver_pk)
    now = timezone.now()
    due = CallReceiver.objects.filter(pk=receiver_pk, event_due_at__lte=now)
    if not due.update(event_due_at=now + LEASE):
        return
    portal = receiver.portal
    unchanged = CallReceiver.objects.filter(pk=receiver_pk, told_at=receiver.told_at)
    if receiver.client_id != portal.client_id:
        unchanged.update(event_due_at=None)
        return
    try:
        is_there = is_installed(portal)
    except bitrix.BitrixError as error:
        log.info("application_not_asked portal=%s %s", portal.pk, error.for_logs)
        is_there = None
    if is_there is None:
        is_old = receiver.told_at is None or receiver.told_at < now - LONGEST
        unchanged.update(event_due_at=None if is_old else now + AGAIN_AFTER)
        return
    with transaction.atomic():
        unchanged.update(event_due_at=None)
        note(portal, is_there=is_there, now=now)


def note(portal: Portal, *, is_there: bool, now: datetime) -> None:
    """Keep whether the application is there; what it has registered goes with it."""
    is_new = connections.application_found(portal, is_there=is_there)
    if not is_there:
        if is_new:
            ApplicationAction.objects.of_application(portal).filter(missing_since=None).update(
                missing_since=now
            )
        return
    # an update takes away what was registered, too
    Portal.objects.filter(pk=portal.pk).update(actions_listed_at=None)
    workflow_templates.ask_again(portal)


def is_installed(portal: Portal) -> bool | None:
    """Ask the token server whether the application is on the portal; None where nobody can.

    Raises BitrixError where it does not answer.
    """
    people = Person.objects.filter(portal=portal, token__isnull=False, token__lost_at=None)
    for person in people.order_by("-is_administrator", "pk")[:MOST_HANDS]:
        try:
            answer = said_of(person, portal)
        except tokens.ReconnectNeeded:
            continue
        except tokens.ApplicationBroken as error:
            if error.detail in GONE:
                return False
            continue
        if answer is not None:
            return answer
    return None


def said_of(person: Person, portal: Portal) -> bool | None:
    """Return what the token server says of a person's token; a spent one is renewed first."""
    for _try in range(TRIES):
        row = tokens.usable(person)
        try:
            owner = tokens.token_server(portal).owner_of(tokens.revealed(row.access_token))
        except UnreadableSecret:
            return None
        except bitrix.TokenRefused as refusal:
            if refusal.vendor_code.strip().upper() in GONE:
                return False
            tokens.note_expired(row)
            continue
        is_ours = owner.client_id == portal.client_id and owner.member_id == portal.member_id
        return owner.is_installed if is_ours else None
    return None


def start_due_looks(*, start: doorbell.Start) -> None:
    """Start the looks that no message was rung for, or whose message was lost."""
    due = CallReceiver.objects.filter(Q(event_due_at__lte=timezone.now()))
    for pk in due.values_list("pk", flat=True):
        start("look_at_application", pk, queue=doorbell.INTERACTIVE)
