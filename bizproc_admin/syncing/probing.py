"""Looking a connection over, and keeping what was found."""

from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bizproc_admin import bitrix, connecting, doorbell, portals
from bizproc_admin.models import Feed, Portal

AGAIN_AFTER = timedelta(minutes=5)
# seconds between two rings for one portal: a probe takes its time
RING_AGAIN_AFTER = 60


def start_due_probes() -> None:
    """Ring for portals nobody has looked over, and for those that could not be used lately.

    A portal that was out of reach for a moment must not stay disconnected for ever.
    """
    lately = timezone.now() - AGAIN_AFTER
    due = Q(probed_at=None) | Q(is_connected=False, probed_at__lt=lately)
    waiting = Portal.objects.filter(due, webhook__isnull=False)
    for pk in waiting.values_list("pk", flat=True):
        if cache.add(f"probing-{pk}", "rung", timeout=RING_AGAIN_AFTER):
            doorbell.ring("probe_portal", pk, queue=doorbell.INTERACTIVE)


def probe_portal(pk: int) -> None:
    """Probe a portal's connection with reads only and keep the findings for the pages."""
    portal = Portal.objects.get(pk=pk)
    if not portal.webhook:
        return
    try:
        reader = connecting.reader(portal, interactive=True)
    except bitrix.BitrixError as error:  # the key to its webhook is lost
        Portal.objects.filter(pk=pk, webhook_hint=portal.webhook_hint).update(
            probed_at=timezone.now(), probe_error=error.for_readers, is_connected=False
        )
        return
    findings = bitrix.probe(reader)
    problem = next((one for one in findings.problems if one.needed), None)
    fields: dict[str, object] = {
        "findings": [
            {"name": one.name, "ok": one.ok, "needed": one.needed, "text": one.sentence}
            for one in findings.findings
        ],
        "probed_at": timezone.now(),
        "probe_error": problem.sentence if problem else "",
        "is_connected": findings.usable,
    }
    if findings.profile is not None:
        fields["webhook_person_id"] = findings.profile.id
    if findings.server_time is not None and findings.clock_offset is not None:
        offset = findings.server_time.utcoffset()
        fields["clock_offset"] = findings.clock_offset.total_seconds()
        fields["utc_offset"] = int(offset.total_seconds()) if offset else 0
    # the webhook may have been replaced meanwhile: what was found is of the old one then
    with transaction.atomic():
        updated = Portal.objects.filter(pk=pk, webhook_hint=portal.webhook_hint).update(**fields)
        if updated and (portal.probed_at is None or portal.is_connected != findings.usable):
            portals.looked_over(
                portal,
                is_usable=findings.usable,
                problem=problem.sentence if problem else "",
            )
    if updated and findings.usable:
        Feed.objects.filter(portal=portal).update(next_at=None, failing_since=None, failure="")
