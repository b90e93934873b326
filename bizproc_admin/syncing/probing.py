"""Looking a connection over, and keeping what was found.

A look that cannot be made (the portal has a hiccup, the network is away) finds nothing out: it
changes nothing and is made again in seconds.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from bizproc_admin import bitrix, doorbell
from bizproc_admin.bitrix import gateway
from bizproc_admin.bitrix.gateway import GatewayProfile, GatewayReader
from bizproc_admin.models import Feed, GatewayConnection, Portal
from bizproc_admin.portals import clients, connections

log = logging.getLogger(__name__)

# a connection that was found unusable is looked over again by itself after so long
AGAIN_AFTER = timedelta(minutes=5)
# seconds until a look that could not be made is made again, by how often that has been so
RETRY_AFTER = (2, 5, 10, 20, 30)


def start_due_probes(*, start: doorbell.Start = doorbell.ring) -> None:
    """Start the looks that are due, and for portals that could not be used lately.

    Each is started once: the next start is due only when this one must be lost.
    """
    now = timezone.now()
    unusable = Q(probe_at=None, is_connected=False) & (
        Q(probed_at=None) | Q(probed_at__lt=now - AGAIN_AFTER)
    )
    connected = Q(webhook__isnull=False) | Q(gateway__isnull=False)
    due = Portal.objects.filter(Q(probe_at__lte=now) | unusable).filter(connected)
    for pk in due.values_list("pk", flat=True):
        if due.filter(pk=pk).update(probe_at=now + connections.LOOK_AGAIN_AFTER):
            start("probe_portal", pk, queue=doorbell.INTERACTIVE)


def probe_if_asked_for(pk: int) -> None:
    """Probe a portal unless that has been done since it was asked for, which costs ten requests."""
    if Portal.objects.filter(pk=pk, probe_at__isnull=False).exists():
        probe_portal(pk)


def probe_portal(pk: int) -> None:
    """Probe a portal's connection with reads only and keep the findings for the pages."""
    portal = Portal.objects.get(pk=pk)
    if not portal.has_connection:
        return
    unchanged = connected_as(portal)
    try:
        reader = clients.reader(portal, purpose=bitrix.Purpose.SCREEN, heeds_rest=False)
    except bitrix.BitrixError as error:  # its secret cannot be opened, or has run out
        unusable(unchanged, error)
        return
    try:
        if isinstance(reader, GatewayReader):
            findings, profile = gateway.probe(reader, portal.address)
            note_profile(portal, profile)
        else:
            findings = bitrix.probe(reader)
    except gateway.SessionOver as error:
        unusable(unchanged, error)
        return
    except bitrix.BitrixError as error:
        log.info("probe_postponed portal=%s %s", pk, error.for_logs)
        wait = RETRY_AFTER[min(portal.probe_tries, len(RETRY_AFTER) - 1)]
        unchanged.update(
            probe_at=timezone.now() + timedelta(seconds=wait),
            probe_failure=error.code,
            probe_tries=F("probe_tries") + 1,
        )
        doorbell.ring("probe_portal", pk, queue=doorbell.INTERACTIVE, after=wait)
        return
    keep(portal, findings, seen_at=timezone.now())


def unusable(unchanged: QuerySet[Portal], error: bitrix.BitrixError) -> None:
    """Keep that a connection cannot even be tried.

    Where only a session is over what was found stands, so that work may be asked for: it goes on
    with the next session.
    """
    if isinstance(error, gateway.SessionOver):
        was_fine = unchanged.filter(is_connected=True)
        if was_fine.update(probed_at=timezone.now(), probe_at=None, probe_failure=""):
            return
    unchanged.update(
        probed_at=timezone.now(),
        probe_at=None,
        probe_failure="",
        problem_code=error.code,
        problem_values=error.values,
        is_connected=False,
    )


def connected_as(portal: Portal) -> QuerySet[Portal]:
    """Return the portal while it is reached as it was: what is found out is of that alone."""
    here = Portal.objects.filter(pk=portal.pk, webhook_hint=portal.webhook_hint)
    if portal.is_by_gateway:
        hint = GatewayConnection.objects.filter(portal=portal).values("hint")[:1]
        return here.filter(is_by_gateway=True, gateway__hint__in=hint)
    return here.filter(is_by_gateway=False)


def note_profile(portal: Portal, profile: GatewayProfile | None) -> None:
    """Keep whom a key of the gateway acts for, as far as that was told."""
    if profile is not None:
        GatewayConnection.objects.filter(portal=portal).update(
            person_number=profile.user_id, may_write=profile.may_write
        )


def keep(portal: Portal, findings: bitrix.Findings, *, seen_at: datetime) -> None:
    """Keep what a look found, and put on record what it changed."""
    problem = next((one for one in findings.problems if one.needed), None)
    fields: dict[str, object] = {
        "findings": [
            {
                "name": one.name,
                "ok": one.ok,
                "needed": one.needed,
                "code": one.code,
                "values": one.values,
            }
            for one in findings.findings
        ],
        "probed_at": seen_at,
        "probe_at": None,
        "probe_failure": "",
        "problem_code": problem.code if problem else "",
        "problem_values": problem.values if problem else {},
        "is_connected": findings.usable,
    }
    if findings.clock_offset is not None:
        fields["clock_offset"] = findings.clock_offset.total_seconds()
    if findings.server_time is not None:
        offset = findings.server_time.utcoffset()
        fields["utc_offset"] = int(offset.total_seconds()) if offset else 0
    with transaction.atomic():
        unchanged = connected_as(portal)
        updated = unchanged.update(**fields)
        if updated and (portal.probed_at is None or portal.is_connected != findings.usable):
            connections.looked_over(portal, is_usable=findings.usable, problem=problem)
    if updated and findings.usable:
        Feed.objects.filter(portal=portal).update(
            next_at=None, failing_since=None, failure_code="", failure_values={}
        )
