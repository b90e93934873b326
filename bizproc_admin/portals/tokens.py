"""People's OAuth tokens: kept when somebody signs in, refreshed by one process at a time.

A refresh token works once, so whoever refreshes holds a lease in the row; everybody else waits for
the new pair. No transaction is open while the token server is called. Nothing is refreshed on a
timer: only after the portal said that an access token has expired (docs/portal.md: Tokens).
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

import bizproc_admin
from bizproc_admin import bitrix
from bizproc_admin.bitrix import addresses
from bizproc_admin.models import Person, PersonToken, Portal
from bizproc_admin.secrets.fields import Secret, UnreadableSecret

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
# seconds to wait for somebody else's refresh before the work is left for later
PATIENCE = 20.0
NAP = 0.1


class ReconnectNeeded(bitrix.NotSent):
    """The person has no token that works: they must sign in with Bitrix24 again."""

    code = "reconnect_needed"


class ApplicationBroken(bitrix.NotSent):
    """The portal's application cannot be used: its secret is wrong, or it was removed.

    detail is the token server's word for it, in capital letters, where it was asked.
    """

    code = "application_broken"


def token_server(portal: Portal) -> bitrix.TokenServer:
    """Return the way to the token server of a portal's application."""
    if not portal.has_application or portal.client_secret is None:
        raise ApplicationBroken
    try:
        secret = portal.client_secret.reveal()
    except UnreadableSecret:
        raise ApplicationBroken from None
    return bitrix.TokenServer(
        portal.token_url,
        client_id=portal.client_id,
        client_secret=secret,
        timeouts=bitrix.Timeouts(
            connect=settings.CONNECT_TIMEOUT,
            read=settings.SIGN_IN_TIMEOUT,
            total=settings.SIGN_IN_TIMEOUT,
        ),
        user_agent=f"bizproc-admin/{bizproc_admin.__version__}",
    )


def keep(person: Person, pair: bitrix.TokenPair) -> None:
    """Store the tokens of somebody who has just signed in, in place of any earlier ones."""
    fields = {
        "access_token": Secret(pair.access_token),
        "refresh_token": Secret(pair.refresh_token),
        "given_at": timezone.now(),
        "proven_at": None,
        "expired_at": None,
        "refreshing_until": None,
        "lost_at": None,
        "lost_code": "",
    }
    with transaction.atomic():
        row, is_new = PersonToken.objects.select_for_update().get_or_create(
            person=person, defaults=fields
        )
        if not is_new:
            fields["version"] = row.version + 1
            PersonToken.objects.filter(pk=row.pk).update(**fields)


def forget(person: Person) -> None:
    """Delete a person's tokens."""
    PersonToken.objects.filter(person=person).delete()


def note_expired(row: PersonToken) -> None:
    """Note that the portal called this access token expired; a newer pair is left alone."""
    PersonToken.objects.filter(pk=row.pk, version=row.version, expired_at=None).update(
        expired_at=timezone.now()
    )


def proven(row: PersonToken) -> None:
    """Note that the portal has just said whose this access token is."""
    PersonToken.objects.filter(pk=row.pk, version=row.version).update(proven_at=timezone.now())


def doubt(person: Person) -> None:
    """Note that the portal has refused a person's access token: it is asked whose it is again."""
    PersonToken.objects.filter(person=person).update(proven_at=None)


def usable(
    person: Person,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> PersonToken:
    """Return a person's tokens, refreshed first where the portal said that they have expired.

    Raises ReconnectNeeded when only a new sign-in helps, another BitrixError when later may do.
    """
    until = clock() + PATIENCE
    while True:
        row = PersonToken.objects.filter(person=person).first()
        if row is None or row.lost_at is not None:
            raise ReconnectNeeded
        if row.expired_at is None:
            return row
        if lease(row):
            refresh(row, person.portal)
        elif clock() > until:
            raise bitrix.NotSent("another process is refreshing the token")
        else:
            sleep(NAP)


def is_lost(person: Person) -> bool:
    """Tell whether nothing can be done as this person before they sign in again."""
    return not PersonToken.objects.filter(person=person, lost_at=None).exists()


def lease(row: PersonToken) -> bool:
    """Become the one who refreshes a pair, by a conditional update."""
    now = timezone.now()
    free = Q(refreshing_until=None) | Q(refreshing_until__lt=now)
    return (
        PersonToken.objects.filter(
            free, pk=row.pk, version=row.version, lost_at=None, expired_at__isnull=False
        ).update(refreshing_until=now + LEASE)
        == 1
    )


def whereabouts(person: Person) -> str | None:
    """Ask the token server under which address a person's portal is; None where somebody else asks.

    That answer is a new pair, which is kept like any other. Raises like usable.
    """
    row = usable(person)
    note_expired(row)
    row.refresh_from_db()
    pair = refresh(row, person.portal) if lease(row) else None
    endpoint = addresses.read(pair.client_endpoint) if pair else None
    return endpoint.origin if endpoint else None


def refresh(row: PersonToken, portal: Portal) -> bitrix.TokenPair | None:
    """Exchange a refresh token for a new pair and store it before anybody uses it; None: lost.

    An answer that got lost may have rotated the pair: the old refresh token is tried again, and
    only the token server's own word that it is dead makes the token lost.
    """
    unchanged = PersonToken.objects.filter(pk=row.pk, version=row.version)
    try:
        pair = token_server(portal).refresh(revealed(row.refresh_token))
        verify(pair, portal, is_renewal=True)
    except UnreadableSecret:
        # putting the key back makes it readable again: it is not lost
        unchanged.update(refreshing_until=None)
        raise ReconnectNeeded from None
    except bitrix.TokenRefused as refusal:
        if refusal.needs_sign_in:
            lose(row, refusal.code)
            return None
        unchanged.update(refreshing_until=None)
        if refusal.is_final:
            raise ApplicationBroken(refusal.vendor_code.strip().upper()) from None
        raise
    except bitrix.BitrixError:
        unchanged.update(refreshing_until=None)
        raise
    unchanged.update(
        access_token=Secret(pair.access_token),
        refresh_token=Secret(pair.refresh_token),
        version=F("version") + 1,
        proven_at=None,
        expired_at=None,
        refreshing_until=None,
        # another process may have taken the spent one for dead while this one was held up
        lost_at=None,
        lost_code="",
    )
    log.info("token_refreshed person=%s", row.pk)
    return pair


def revealed(secret: Secret | None) -> str:
    """Return the text of a column that is never null, whatever its field's type allows."""
    if secret is None:
        raise UnreadableSecret
    return secret.reveal()


def lose(row: PersonToken, code: str) -> None:
    """Mark a pair as dead; a sign-in meanwhile has brought a newer one, which is left alone."""
    log.warning("token_lost person=%s", row.pk)
    PersonToken.objects.filter(pk=row.pk, version=row.version).update(
        lost_at=timezone.now(), lost_code=code, refreshing_until=None
    )


def verify(pair: bitrix.TokenPair, portal: Portal, *, is_renewal: bool = False) -> None:
    """Make sure that tokens are of the registered portal; raises BadAnswer where not.

    Of a renewal the identity decides, where it is known: a renamed portal's pair names another
    address, and thrown away it would be lost, for the one before is spent. What a pair names is
    never called.
    """
    if portal.member_id and pair.member_id != portal.member_id:
        raise bitrix.BadAnswer("the token answer is of another portal", method="oauth.token")
    if is_renewal and portal.member_id:
        return
    endpoint = addresses.read(pair.client_endpoint)
    if endpoint is None or endpoint.netloc != portal.host:
        raise bitrix.BadAnswer("the token answer names another portal", method="oauth.token")
