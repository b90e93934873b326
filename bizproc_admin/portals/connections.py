"""Portals: made, given a webhook, chosen; every change of a connection is audited."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from bizproc_admin import audit, bitrix, doorbell
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.models import (
    Account,
    AddressChange,
    AuditEntry,
    CallReceiver,
    Feed,
    FeedName,
    GatewayConnection,
    PersonToken,
    Portal,
)
from bizproc_admin.secrets.fields import Secret

SHOWN_OF_SECRET = 4
# a look whose message was lost, or whose worker died, is asked for again after so long
LOOK_AGAIN_AFTER = timedelta(seconds=60)
# what a change of the webhook touches, and nothing else: an identity may be pinned meanwhile
CONNECTION = [
    "webhook",
    "webhook_hint",
    "is_connected",
    "probed_at",
    "probe_at",
    "problem_code",
    "problem_values",
    "probe_failure",
    "probe_tries",
    "findings",
    "failures",
    "failing_since",
    "failure",
]


def connect(address: bitrix.WebhookUrl, *, name: str = "", by: By) -> Portal:
    """Keep a portal's webhook, new or in place of the old one, and have it probed by a worker."""
    with transaction.atomic():
        portal, is_new = Portal.objects.get_or_create(
            address=address.portal_url, defaults={"name": name or address.host}
        )
        if name:
            portal.name = name
        portal.webhook = Secret(address.reveal())
        portal.webhook_hint = hint(address)
        portal.is_by_gateway = False
        forget_connection(portal)
        portal.save(update_fields=[*CONNECTION, "name", "is_by_gateway"])
        GatewayConnection.objects.filter(portal=portal).delete()
        for feed in FeedName:
            Feed.objects.get_or_create(portal=portal, name=feed.value)
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.PORTAL_CONNECTED if is_new else AuditAction.WEBHOOK_REPLACED,
            by=by,
            target=portal.as_target,
            facts=Facts(inputs={"host": address.host, "webhook": portal.webhook_hint}),
        )
        ask_for_look(portal)
    return portal


def ask_for_look(portal: Portal) -> None:
    """Have a worker look a connection over; what was found before stands until it has."""
    Portal.objects.filter(pk=portal.pk).update(
        probe_at=timezone.now() + LOOK_AGAIN_AFTER, probe_failure="", probe_tries=0
    )
    doorbell.ring("probe_portal", portal.pk, queue=doorbell.INTERACTIVE)


def forget_connection(portal: Portal) -> None:
    """Forget what was found out about a connection that is no more; the caller saves."""
    portal.is_connected = False
    portal.probed_at = portal.probe_at = portal.failing_since = None
    portal.problem_code = portal.probe_failure = portal.failure = ""
    portal.problem_values = {}
    portal.probe_tries = portal.failures = 0
    portal.findings = []


def disconnect(portal: Portal, *, by: By) -> None:
    """Forget what a portal is reached by; everything read from it stays."""
    with transaction.atomic():
        portal.webhook = None
        portal.webhook_hint = ""
        forget_connection(portal)
        portal.save(update_fields=CONNECTION)
        GatewayConnection.objects.filter(portal=portal).delete()
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.PORTAL_DISCONNECTED,
            by=by,
            target=portal.as_target,
        )


def propose_address(portal: Portal, address: str, *, actor: Account) -> AddressChange:
    """Have a worker compare what is known of a portal with what another address answers."""
    change = AddressChange.objects.create(portal=portal, address=address, asked_by=actor)
    doorbell.ring("look_at_address", change.pk, queue=doorbell.INTERACTIVE)
    return change


def follow(change: AddressChange, *, by: By) -> bool:
    """Follow a portal to an address that was proven to be its own; False where it is not.

    Everything known of the portal stays with it; its webhook and tokens go on under the new
    address.
    """
    portal = change.portal
    with transaction.atomic():
        proven = AddressChange.objects.filter(pk=change.pk, state=AddressChange.State.PROVEN)
        taken = Portal.objects.filter(address=change.address).exclude(pk=portal.pk)
        if portal.webhook is None or taken.exists():
            return False
        if not proven.update(state=AddressChange.State.TAKEN):
            return False
        former_host, comparison = portal.host, change.found
        portal.webhook = Secret(
            bitrix.WebhookUrl(portal.webhook.reveal()).at(change.address).reveal()
        )
        portal.address = change.address
        portal.name = change.host if portal.name == former_host else portal.name
        portal.failures, portal.failing_since, portal.failure = 0, None, ""
        portal.moved_to = ""
        portal.save(
            update_fields=[
                "webhook", "address", "name", "failures", "failing_since", "failure", "moved_to",
            ]
        )  # fmt: skip
        Feed.objects.filter(portal=portal).update(next_at=None)
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.PORTAL_FOLLOWED,
            by=by,
            target=portal.as_target,
            facts=Facts(
                inputs={
                    "from": former_host,
                    "to": change.host,
                    **{
                        name: comparison.get(name)
                        for name in ("identity", "asked", "answered", "same")
                    },
                }
            ),
        )
        ask_for_look(portal)
    return True


def set_application(
    portal: Portal, *, client_id: str, client_secret: str, token_url: str, by: By
) -> None:
    """Keep the application people sign in through, new or in place of another one.

    Tokens are of one application: with another client_id the old ones are worth nothing.
    """
    with transaction.atomic():
        is_other = portal.client_id != client_id
        portal.client_id = client_id
        portal.client_secret = Secret(client_secret)
        portal.token_url = token_url
        if is_other:
            portal.application_number = portal.actions_listed_at = None
        portal.save(
            update_fields=[
                "client_id", "client_secret", "token_url", "application_number",
                "actions_listed_at",
            ]
        )  # fmt: skip
        if is_other:
            PersonToken.objects.filter(person__portal=portal).delete()
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.APPLICATION_SET,
            by=by,
            target=portal.as_target,
            facts=Facts(inputs={"client_id": client_id, "token_url": token_url}),
        )


def remove_application(portal: Portal, *, by: By) -> None:
    """Forget a portal's application, every token people gave through it, and what proves calls."""
    with transaction.atomic():
        portal.client_id, portal.client_secret, portal.token_url = "", None, ""
        portal.save(update_fields=["client_id", "client_secret", "token_url"])
        PersonToken.objects.filter(person__portal=portal).delete()
        CallReceiver.objects.filter(portal=portal).update(token=None, learnt_at=None, nonce="")
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.APPLICATION_REMOVED,
            by=by,
            target=portal.as_target,
        )


def application_found(portal: Portal, *, is_there: bool) -> bool:
    """Note whether the application was found to be on the portal; True where that is new."""
    known = CallReceiver.objects.filter(portal=portal, client_id=portal.client_id)
    other = known.filter(removed_at__isnull=not is_there)
    with transaction.atomic():
        if not other.update(removed_at=None if is_there else timezone.now()):
            return False
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.APPLICATION_BACK if is_there else AuditAction.APPLICATION_GONE,
            by=audit.WORKER,
            target=portal.as_target,
        )
    return True


def admit_everybody(portal: Portal, *, is_open: bool, by: By) -> None:
    """Let everybody of the portal sign in, or only its administrators and heads."""
    with transaction.atomic():
        portal.admits_everybody = is_open
        portal.save(update_fields=["admits_everybody"])
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.SIGN_IN_OPENED if is_open else AuditAction.SIGN_IN_CLOSED,
            by=by,
            target=portal.as_target,
        )


def set_time_zone(portal: Portal, name: str, *, by: By) -> None:
    """Keep the zone whose clocks the portal shows; "" leaves it to what is proposed."""
    if name == portal.time_zone:
        return
    with transaction.atomic():
        inputs: dict[str, object] = {"before": portal.time_zone, "after": name}
        portal.time_zone = name
        portal.save(update_fields=["time_zone"])
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.TIME_ZONE_SET,
            by=by,
            target=portal.as_target,
            facts=Facts(inputs=inputs),
        )


def set_date_format(portal: Portal, name: str, *, by: By) -> None:
    """Keep how the portal writes dates; a name of date_formats.DATE_FORMATS."""
    if name == portal.date_format:
        return
    with transaction.atomic():
        inputs: dict[str, object] = {"before": portal.date_format, "after": name}
        portal.date_format = name
        portal.save(update_fields=["date_format"])
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.DATE_FORMAT_SET,
            by=by,
            target=portal.as_target,
            facts=Facts(inputs=inputs),
        )


def set_approval(portal: Portal, above: int | None, *, by: By) -> None:
    """Keep above how many kills at once another administrator must approve; None: never."""
    if above == portal.approval_above:
        return
    with transaction.atomic():
        inputs: dict[str, object] = {"before": portal.approval_above, "after": above}
        portal.approval_above = above
        portal.save(update_fields=["approval_above"])
        audit.record(
            AuditEntry.Kind.CONNECTION,
            AuditAction.APPROVAL_SET,
            by=by,
            target=portal.as_target,
            facts=Facts(inputs=inputs),
        )


def looked_over(portal: Portal, *, is_usable: bool, problem: bitrix.Finding | None) -> None:
    """Record what a probe changed about a connection; part of the caller's transaction.

    problem is what keeps it from being used, None where nothing does.
    """
    audit.record(
        AuditEntry.Kind.CONNECTION,
        AuditAction.CONNECTION_LOOKED_OVER,
        by=audit.WORKER,
        target=portal.as_target,
        outcome="ok" if is_usable else "failed",
        facts=Facts(error_code=problem.code, inputs={"error": problem.values})
        if problem
        else Facts(),
    )


def hint(address: bitrix.WebhookUrl) -> str:
    """Return what may be shown of a webhook: its owner's number and the last four characters."""
    secret = address.reveal().rstrip("/").rsplit("/", 1)[-1]
    return f"/rest/{address.user_id}/…{secret[-SHOWN_OF_SECRET:]}"
