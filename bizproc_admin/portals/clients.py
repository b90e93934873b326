"""How a portal is reached: readers for everybody, the writer for commands alone.

The portal's own connection reads for all; a person's token acts as that person.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

import bizproc_admin
from bizproc_admin import bitrix
from bizproc_admin.bitrix import Purpose
from bizproc_admin.bitrix.gateway import (
    GatewayKey,
    GatewayReader,
    GatewayTransport,
    GatewayWriter,
    Session,
    SessionOver,
    Whereabouts,
)
from bizproc_admin.models import GatewayConnection, Person, Portal, Workflow
from bizproc_admin.portals import addresses, tokens
from bizproc_admin.portals.outages import GatewayHealth, PortalHealth
from bizproc_admin.portals.pacing import DatabasePacer
from bizproc_admin.secrets.fields import UnreadableSecret

USER_AGENT = f"bizproc-admin/{bizproc_admin.__version__}"
# so many requests may go at once to the gateway, which admits 300 a minute of one source
GATEWAY_BURST = 8.0
INTERACTIVE_ATTEMPTS = 2
# a token that was just refreshed and is called expired again is not refreshed for ever
REFRESHES = 3
# so many administrators are tried for what is read as the application
MOST_HANDS = 3
# what the portal said of a person's token is enough for such a reading for so long
TRUSTED_FOR = timedelta(minutes=1)


class NotConnected(bitrix.NotSent):
    """The portal has no connection to be reached by."""

    code = "not_connected"


class KeyLost(NotConnected):
    """The portal's webhook cannot be opened: the key that wrote it is not among FIELD_KEYS."""

    code = "key_lost"


class SecretsUnreadable(NotConnected):
    """Something kept encrypted cannot be opened: its key is not among FIELD_KEYS."""

    code = "secrets_unreadable"


def reader(
    portal: Portal,
    *,
    purpose: Purpose = Purpose.PASSES,
    total: float | None = None,
    patience: float | None = None,
    heeds_rest: bool = True,
) -> bitrix.Reader:
    """Return a reader of the portal; its purpose says what of the portal's limit it may use.

    Where somebody waits it gives up soon: it is asked again anyway. With a total in seconds a call
    is made once and bounded by it. patience is how long a call waits for its turn, in seconds.
    Without heeding its rest a portal that does not answer is asked all the same.
    """
    options: dict[str, Any] = {"purpose": purpose}
    if total is not None:
        options = {"purpose": Purpose.SCREEN, "attempts": 1}
    elif purpose not in (Purpose.PASSES, Purpose.LEARNING):
        options |= {"patience": patience, "attempts": INTERACTIVE_ATTEMPTS}
    if portal.is_by_gateway:
        if heeds_rest:
            make_sure_of(portal)
        through = gateway_transport(portal, total=total, heeds_rest=heeds_rest)
        return GatewayReader(through, find=partial(whereabouts, portal), **options)
    return bitrix.Reader(transport(portal, total=total, heeds_rest=heeds_rest), **options)


def reader_at(portal: Portal, address: str) -> bitrix.Reader:
    """Return a reader of a portal by its own connection, but under another address.

    What comes from there says nothing of how the portal's registered address does.
    """
    addresses.accept_portal(address)
    credential = own_webhook(portal).at(address)
    way = transport_with(portal, credential, health=None, heeds_rest=False)
    return bitrix.Reader(way, purpose=Purpose.SCREEN, attempts=INTERACTIVE_ATTEMPTS)


def writer(
    portal: Portal,
    *,
    method: str,
    person: Person | None = None,
    purpose: Purpose = Purpose.WRITE,
    patience: float = bitrix.PATIENCE_INTERACTIVE,
    trusts_for: timedelta = timedelta(),
) -> bitrix.Writer:
    """Return a writer that holds the permit for one write; raises PaceExceeded without one.

    The permit is taken here, before the caller claims its command, so that no claimed command
    waits for the portal's pace. With a person it acts as them: the portal is asked first whether
    their token works and what they are, so that nobody acts on rights they have lost; where the
    portal itself lets them do no more than is theirs, what it said a moment ago is enough.
    """
    client: bitrix.Writer
    if portal.is_by_gateway:
        make_sure_of(portal)
        through = gateway_transport(portal)
        client = GatewayWriter(through, purpose=purpose, patience=patience)
    else:
        way = acting_as(person, trusts_for=trusts_for) if person else transport(portal)
        client = bitrix.Writer(way, purpose=purpose, patience=patience)
    client.reserve(method)
    return client


def acting_as(
    person: Person, *, total: float | None = None, trusts_for: timedelta = timedelta()
) -> bitrix.Transport:
    """Return the way to the portal as one person, once the portal has said who that is.

    Calls profile, unless that was said of this very token within trusts_for. Notes whether the
    person administers the portal.
    """
    for _attempt in range(REFRESHES):
        row = tokens.usable(person)
        try:
            way = with_token(person.portal, tokens.revealed(row.access_token), total=total)
            if row.proven_at is not None and row.proven_at > timezone.now() - trusts_for:
                return way
            attempts = INTERACTIVE_ATTEMPTS if total is None else 1
            profile = bitrix.Reader(way, purpose=Purpose.WRITE, attempts=attempts).system.profile()
        except UnreadableSecret:
            raise tokens.ReconnectNeeded from None
        except bitrix.ExpiredCredentials:
            tokens.note_expired(row)
            continue
        if profile.id != person.remote_id:
            raise tokens.ReconnectNeeded("the token is of another person")
        if profile.admin != person.is_administrator:
            person.is_administrator = profile.admin
            person.save(update_fields=["is_administrator"])
        tokens.proven(row)
        return way
    raise bitrix.NotSent("the portal calls every new token expired")


def application_reader(
    portal: Portal, *, first: Person | None = None, purpose: Purpose, patience: float | None = None
) -> bitrix.Reader:
    """Return a reader as the portal's application, by the token of `first` or an administrator.

    By a webhook the portal refuses what is an application's. Raises ReconnectNeeded where nobody
    has a token that works.
    """
    administrators = Person.objects.filter(
        portal=portal, is_administrator=True, token__isnull=False, token__lost_at=None
    )
    people = dict.fromkeys([*filter(None, [first]), *administrators.order_by("pk")[:MOST_HANDS]])
    for person in people:
        try:
            way = acting_as(person, trusts_for=TRUSTED_FOR)
        except tokens.ReconnectNeeded:
            continue
        if purpose in (Purpose.PASSES, Purpose.LEARNING):
            return bitrix.Reader(way, purpose=purpose)
        return bitrix.Reader(way, purpose=purpose, patience=patience, attempts=INTERACTIVE_ATTEMPTS)
    raise tokens.ReconnectNeeded


def for_sign_in(portal: Portal, access_token: str) -> bitrix.Reader:
    """Return a reader for somebody who is signing in: asked once, and not for long."""
    way = with_token(portal, access_token, total=settings.SIGN_IN_TIMEOUT)
    return bitrix.Reader(way, purpose=Purpose.SCREEN, attempts=1)


def with_token(
    portal: Portal, access_token: str, *, total: float | None = None
) -> bitrix.Transport:
    """Return the way to a portal with an access token, at the address that is registered."""
    credential = bitrix.AccessToken(f"{portal.address.rstrip('/')}/rest/", access_token)
    return transport_with(
        portal, credential, health=PortalHealth(portal, is_own=False), total=total
    )


def transport(
    portal: Portal, *, total: float | None = None, heeds_rest: bool = True
) -> bitrix.Transport:
    """Return the way to a portal by its own connection, paced together with every other process."""
    health = PortalHealth(portal, is_own=True)
    return transport_with(
        portal, own_webhook(portal), health=health, total=total, heeds_rest=heeds_rest
    )


def own_webhook(portal: Portal) -> bitrix.WebhookUrl:
    """Open a portal's own connection; raises NotConnected or KeyLost."""
    if not portal.webhook:
        raise NotConnected
    try:
        return bitrix.WebhookUrl(portal.webhook.reveal())
    except UnreadableSecret:
        raise KeyLost from None


def owner_of(portal: Portal) -> int | None:
    """Return the number of whoever a portal's connection acts as; None where it is not known."""
    if portal.is_by_gateway:
        numbers = GatewayConnection.objects.filter(portal=portal)
        return numbers.values_list("person_number", flat=True).first()
    try:
        return own_webhook(portal).user_id
    except NotConnected:
        return None


def gateway_key(portal: Portal) -> tuple[GatewayKey, datetime | None]:
    """Open the key by which a portal is reached through the gateway, with its session.

    Gives, too, until when the session is good. Raises NotConnected or KeyLost, and SessionOver
    where somebody has to sign in first.
    """
    held = GatewayConnection.objects.filter(portal=portal).first()
    if held is None:
        raise NotConnected
    if not held.has_session:
        over = SessionOver("TOKEN_EXPIRED", "", method="gateway")
        PortalHealth(portal, is_own=True).failed(over)
        raise over
    try:
        session = held.session.reveal() if held.session and held.needs_session else ""
        key = GatewayKey(held.url, held.key.reveal() if held.key else "", session=session)
        return key, held.session_until if session else None
    except UnreadableSecret:
        raise KeyLost from None


def gateway_transport(
    portal: Portal,
    *,
    key: GatewayKey | None = None,
    total: float | None = None,
    heeds_rest: bool = True,
) -> GatewayTransport:
    """Return the way to a portal through the gateway, paced with all portals behind it."""
    held, until = (key, None) if key else gateway_key(portal)
    beside = GatewayConnection.objects.filter(url=held.portal_url).order_by("portal")
    return GatewayTransport(
        held,
        pacer=DatabasePacer(
            portal,
            heeds_rest=heeds_rest,
            shares_with=beside.values_list("portal", flat=True).first(),
            per_second=settings.GATEWAY_PER_SECOND,
            burst=GATEWAY_BURST,
        ),
        health=GatewayHealth(portal, until=until),
        timeouts=timeouts(total),
        user_agent=USER_AGENT,
    )


def make_sure_of(portal: Portal) -> None:
    """Raise NotConnected unless the key was looked over: it may be of another portal.

    What is absent there would seem to have ended here.
    """
    gateway_key(portal)  # that a session is missing is told first
    if not Portal.objects.filter(pk=portal.pk, is_connected=True).exists():
        raise NotConnected


def reader_of_session(portal: Portal, key: GatewayKey, session: Session) -> GatewayReader:
    """Return a reader by a session that is not kept yet: asked once, and not for long."""
    used = GatewayKey(key.portal_url, key.reveal(), session=session.token)
    way = gateway_transport(portal, key=used, total=settings.SIGN_IN_TIMEOUT, heeds_rest=False)
    return GatewayReader(way, find=partial(whereabouts, portal), purpose=Purpose.SCREEN, attempts=1)


def whereabouts(portal: Portal, ids: Sequence[str]) -> dict[str, Whereabouts]:
    """Return by what workflows are looked for through the gateway, as the mirror knows them."""
    known = Workflow.objects.filter(portal=portal, remote_id__in=list(ids))
    rows = known.values_list("remote_id", "template__remote_id", "started_by__remote_id")
    return {
        remote_id: Whereabouts(template_id=template or None, started_by=starter)
        for remote_id, template, starter in rows
    }


def transport_with(
    portal: Portal,
    credential: bitrix.Credential,
    *,
    health: PortalHealth | None,
    total: float | None = None,
    heeds_rest: bool = True,
) -> bitrix.Transport:
    """Return the way to a portal with one of its credentials; total seconds bound a whole call."""
    return bitrix.Transport(
        credential,
        pacer=DatabasePacer(portal, heeds_rest=heeds_rest),
        health=health,
        timeouts=timeouts(total),
        user_agent=USER_AGENT,
    )


def timeouts(total: float | None) -> bitrix.Timeouts:
    return bitrix.Timeouts(
        connect=settings.CONNECT_TIMEOUT,
        read=min(settings.READ_TIMEOUT, total or settings.READ_TIMEOUT),
        total=total or settings.TOTAL_TIMEOUT,
    )
