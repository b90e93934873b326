"""Whether the application is still on the portal, for pages whose contents depend on it."""

from datetime import datetime

from django import template

from bizproc_admin.models import CallReceiver, Portal

register = template.Library()


@register.simple_tag
def removed_at(portal: Portal | None) -> datetime | None:
    """Return when the portal's application was found to be gone; None while it is there."""
    if portal is None or not portal.client_id:
        return None
    known = CallReceiver.objects.filter(portal=portal, client_id=portal.client_id)
    return known.values_list("removed_at", flat=True).first()
