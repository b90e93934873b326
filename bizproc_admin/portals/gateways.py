"""Portals that are reached through the VibeCode gateway: connected by a key, signed in for."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bizproc_admin import audit, doorbell
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.bitrix import addresses
from bizproc_admin.bitrix.gateway import BadKey, GatewayKey, give_session
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandState,
    Feed,
    FeedName,
    GatewayConnection,
    Portal,
)
from bizproc_admin.portals import clients
from bizproc_admin.portals.addresses import AddressRefused
from bizproc_admin.portals.connections import (
    CONNECTION,
    SHOWN_OF_SECRET,
    ask_for_look,
    forget_connection,
)
from bizproc_admin.secrets.fields import Secret

GATEWAY_URL = "https://vibecode.bitrix24.tech/v1"
GATEWAY_HOSTS = ("vibecode.bitrix24.tech", "vibecode.bitrix24.com")
# the gateway's own code for a session that is over, as commands keep it
SESSION_OVER = "TOKEN_EXPIRED"
# what the gateway offers; there are no tasks and no people
FEEDS = (FeedName.WORKFLOWS, FeedName.WORKFLOW_TEMPLATES)


def accepted_key(url: str, key: str) -> GatewayKey:
    """Read a gateway's address and a key, and make sure that it may be called.

    Raises AddressRefused, which says why not. It is the vendor's own, or one of the operator's
    PORTAL_HOSTS_ALLOWED.
    """
    address = addresses.read(url)
    is_vendors = (
        address is not None and address.scheme == "https" and address.netloc in GATEWAY_HOSTS
    )
    is_allowed = address is not None and address.netloc in settings.PORTAL_HOSTS_ALLOWED
    if address is not None and not (is_vendors or is_allowed):
        raise AddressRefused("other_gateway")
    try:
        return GatewayKey(url, key)
    except BadKey as wrong:
        raise AddressRefused(wrong.code) from None


def connect(portal_url: str, key: GatewayKey, *, name: str = "", by: By) -> Portal:
    """Keep a key for a portal, in place of what it was reached by, and have it looked over."""
    with transaction.atomic():
        host = portal_url.partition("://")[2]
        portal, is_new = Portal.objects.get_or_create(
            address=portal_url, defaults={"name": name or host}
        )
        portal.name = name or portal.name
        portal.webhook, portal.webhook_hint, portal.is_by_gateway = None, "", True
        forget_connection(portal)
        portal.save(update_fields=[*CONNECTION, "name", "is_by_gateway"])
        hint = f"{key.prefix}…{key.reveal()[-SHOWN_OF_SECRET:]}"
        GatewayConnection.objects.update_or_create(
            portal=portal,
            defaults={
                "url": key.portal_url,
                "key": Secret(key.reveal()),
                "hint": hint,
                "needs_session": key.is_of_application,
                "session": None,
                "session_until": None,
                "person_number": None,
                "may_write": None,
            },
        )
        for feed in FEEDS:
            Feed.objects.get_or_create(portal=portal, name=feed.value)
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.PORTAL_CONNECTED if is_new else AuditAction.GATEWAY_KEY_REPLACED,
            by=by,
            target=portal.as_target,
            facts=Facts(inputs={"host": key.host, "key": hint}),
        )
        ask_for_look(portal)
    if not key.is_of_application:
        resume_work(portal)
    return portal


def sign_in(portal: Portal, *, code: str, redirect_uri: str, by: By) -> None:
    """Exchange a code for a session of the portal's application key; what waited goes on.

    Calls the gateway while the browser waits, twice, each bounded by SIGN_IN_TIMEOUT. Raises a
    BitrixError where that could not be: OtherPortal where the session is of another portal.
    """
    held = GatewayConnection.objects.get(portal=portal)
    key = GatewayKey(held.url, held.key.reveal() if held.key else "")
    way = clients.gateway_transport(
        portal, key=key, total=settings.SIGN_IN_TIMEOUT, heeds_rest=False
    )
    session = give_session(way, code=code, redirect_uri=redirect_uri)
    clients.reader_of_session(portal, key, session).profile().accept(portal.address)
    with transaction.atomic():
        held.session = Secret(session.token)
        held.session_until = timezone.now() + timedelta(seconds=session.expires_in)
        held.save(update_fields=["session", "session_until"])
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.GATEWAY_SIGNED_IN,
            by=by,
            target=portal.as_target,
            facts=Facts(inputs={"until": held.session_until.isoformat()}),
        )
        ask_for_look(portal)
    resume_work(portal)


def resume_work(portal: Portal) -> None:
    """Let what waited for the session go on."""
    now = timezone.now()
    Feed.objects.filter(portal=portal).update(next_at=None)
    waiting = Command.objects.filter(
        portal=portal, state=CommandState.INTENT, error_code=SESSION_OVER
    )
    if waiting.update(next_check_at=now, due_since=now):
        doorbell.ring("serve_portal", portal.pk, queue=doorbell.INTERACTIVE)


def has_session(portal: Portal) -> bool:
    """Tell whether a portal's key can be used, as far as is known by now."""
    held = GatewayConnection.objects.filter(portal=portal).first()
    return held is not None and held.has_session
