"""By which address the portal calls the console, and whether it can be reached by it."""

import ipaddress
import uuid

from django.conf import settings
from django.urls import reverse

from bizproc_admin.bitrix import addresses
from bizproc_admin.models import Portal


def handler_of(portal: Portal) -> str:
    """Return the address that the portal is to call; empty while PUBLIC_URL says nothing.

    The console's own handler of actions and automation rules, and of events.
    """
    if not settings.PUBLIC_URL:
        return ""
    if portal.calls_id is None:
        # made by an older version
        Portal.objects.filter(pk=portal.pk, calls_id=None).update(calls_id=uuid.uuid4())
        portal.refresh_from_db(fields=["calls_id"])
    public_url: str = settings.PUBLIC_URL
    return public_url.rstrip("/") + reverse("receive_calls", args=[portal.calls_id])


def is_former_handler(handler: str, portal: Portal) -> bool:
    """Tell whether an address is the console's for this portal, under an earlier PUBLIC_URL."""
    if portal.calls_id is None:
        return False
    path = reverse("receive_calls", args=[portal.calls_id])
    read = addresses.read(handler)
    is_ours = read is not None and read.is_bare and read.path == path
    return is_ours and handler != handler_of(portal)


def problem_of_public_url() -> str:
    """Return a code for why the portal's queue cannot call PUBLIC_URL, empty where it may.

    Plain http and private addresses are for hosts of PORTAL_HOSTS_ALLOWED, whatever their ports.
    """
    if not settings.PUBLIC_URL:
        return "public_url_missing"
    address = addresses.read(settings.PUBLIC_URL)
    if address is None or not address.is_bare or address.path.strip("/"):
        return "public_url_unreadable"
    if "." not in address.host:
        # the portal itself refuses such handlers
        return "public_url_without_dot"
    if address.host in {one.partition(":")[0] for one in settings.PORTAL_HOSTS_ALLOWED}:
        return ""
    if address.scheme != "https":
        return "public_url_not_https"
    return "public_url_private" if is_private(address.host) else ""


def is_private(host: str) -> bool:
    """Tell whether a host is an address that nobody reaches from the internet."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
