"""Looking a connection over, and keeping what was found."""

from django.utils import timezone

from bizproc_admin import bitrix, connecting
from bizproc_admin.models import Feed, Portal


def probe_portal(pk: int) -> None:
    """Probe a portal's connection with reads only and keep the findings for the pages."""
    portal = Portal.objects.get(pk=pk)
    if not portal.webhook:
        return
    findings = bitrix.probe(connecting.reader(portal, interactive=True))
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
    updated = Portal.objects.filter(pk=pk, webhook_hint=portal.webhook_hint).update(**fields)
    if updated and findings.usable:
        Feed.objects.filter(portal=portal).update(next_at=None, failing_since=None, failure="")
