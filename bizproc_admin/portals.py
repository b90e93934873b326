"""Portals: made, given a webhook, chosen; every change of a connection is audited."""

from django.db import transaction

from bizproc_admin import audit, bitrix, doorbell
from bizproc_admin.models import Account, AuditEntry, Feed, FeedName, Portal
from bizproc_admin.secrets import Secret

SHOWN_OF_SECRET = 4


def connect(
    address: bitrix.WebhookUrl,
    *,
    name: str = "",
    actor: Account | None,
    origin: str = "screen",
    ip: str | None = None,
) -> Portal:
    """Keep a portal's webhook, new or in place of the old one, and have it probed by a worker."""
    with transaction.atomic():
        portal, is_new = Portal.objects.get_or_create(
            address=address.portal_url, defaults={"name": name or address.host}
        )
        if name:
            portal.name = name
        portal.webhook = Secret(address.reveal())
        portal.webhook_hint = hint(address)
        portal.is_connected = False
        portal.probed_at = None
        portal.probe_error = ""
        portal.findings = []
        portal.save()
        for feed in FeedName:
            Feed.objects.get_or_create(portal=portal, name=feed.value)
        audit.record(
            AuditEntry.Kind.CONNECTION,
            actor=actor,
            actor_name="" if actor else origin,
            portal=portal,
            action="Connected a portal" if is_new else "Replaced a webhook",
            outcome="ok",
            target_kind="portal",
            target_id=str(portal.pk),
            target_label=portal.name,
            inputs={"host": address.host, "webhook": portal.webhook_hint},
            origin=origin,
            ip=ip,
        )
        doorbell.ring("probe_portal", portal.pk, queue=doorbell.INTERACTIVE)
    return portal


def disconnect(portal: Portal, *, actor: Account, ip: str | None = None) -> None:
    """Forget a portal's webhook; everything read from it stays."""
    with transaction.atomic():
        portal.webhook = None
        portal.webhook_hint = ""
        portal.is_connected = False
        portal.probe_error = ""
        portal.findings = []
        portal.save()
        audit.record(
            AuditEntry.Kind.CONNECTION,
            actor=actor,
            portal=portal,
            action="Disconnected a portal",
            outcome="ok",
            target_kind="portal",
            target_id=str(portal.pk),
            target_label=portal.name,
            ip=ip,
        )


def looked_over(portal: Portal, *, is_usable: bool, problem: str) -> None:
    """Record what a probe changed about a connection; part of the caller's transaction."""
    audit.record(
        AuditEntry.Kind.CONNECTION,
        actor=None,
        actor_name="worker",
        portal=portal,
        action="Looked a connection over",
        outcome="ok" if is_usable else "failed",
        target_kind="portal",
        target_id=str(portal.pk),
        target_label=portal.name,
        text=problem,
        origin="worker",
    )


def hint(address: bitrix.WebhookUrl) -> str:
    """Give what may be shown of a webhook: its owner's number and the last four characters."""
    secret = address.reveal().rstrip("/").rsplit("/", 1)[-1]
    return f"/rest/{address.user_id}/…{secret[-SHOWN_OF_SECRET:]}"
