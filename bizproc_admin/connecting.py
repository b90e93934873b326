"""How a portal is reached: readers for everybody, the writer for commands alone."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

import bizproc_admin
from bizproc_admin import bitrix
from bizproc_admin.models import Portal
from bizproc_admin.pacing import DatabasePacer
from bizproc_admin.secrets import UnreadableSecret

INTERACTIVE_ATTEMPTS = 2

# the vendor's cloud domains; other hosts are named by the operator in PORTAL_HOSTS_ALLOWED
CLOUD_SUFFIXES = (
    ".bitrix24.com",
    ".bitrix24.eu",
    ".bitrix24.de",
    ".bitrix24.ru",
    ".bitrix24.by",
    ".bitrix24.kz",
    ".bitrix24.ua",
    ".bitrix24.fr",
    ".bitrix24.es",
    ".bitrix24.it",
    ".bitrix24.pl",
    ".bitrix24.in",
    ".bitrix24.cn",
    ".bitrix24.vn",
    ".bitrix24.com.br",
    ".bitrix24.com.tr",
    ".bitrix24.id",
    ".bitrix24.jp",
)


class NotConnected(bitrix.NotSent):
    """The portal has no connection to be reached by."""

    people = "This portal is not connected. Connect it under Portals; nothing was sent."


class KeyLost(NotConnected):
    """The portal's webhook cannot be opened: the key that wrote it is not among FIELD_KEYS."""

    people = (
        "The portal's webhook cannot be read with the keys of this installation (FIELD_KEYS). "
        "Nothing was sent. Put the old key back, or connect the portal again under Portals."
    )


def reader(portal: Portal, *, interactive: bool = False) -> bitrix.Reader:
    """Give a reader of the portal; interactive ones may use the burst kept for people.

    They also give up soon: somebody waits, and the sweeper asks again anyway.
    """
    if interactive:
        return bitrix.Reader(transport(portal), interactive=True, attempts=INTERACTIVE_ATTEMPTS)
    return bitrix.Reader(transport(portal))


def writer(portal: Portal, *, method: str) -> bitrix.Writer:
    """Give a writer that holds the permit for one write; raises PaceExceeded without one.

    The permit is taken here, before the caller claims its command, so that no claimed command
    waits for the portal's pace.
    """
    made = bitrix.Writer(transport(portal), interactive=True)
    made.reserve(method)
    return made


def transport(portal: Portal) -> bitrix.Transport:
    """Give the way to a portal, paced together with every other process."""
    if not portal.webhook:
        raise NotConnected
    try:
        address = bitrix.WebhookUrl(portal.webhook.reveal())
    except UnreadableSecret:
        raise KeyLost from None
    return bitrix.Transport(
        address,
        pacer=DatabasePacer(portal),
        timeouts=bitrix.Timeouts(
            connect=settings.CONNECT_TIMEOUT,
            read=settings.READ_TIMEOUT,
            total=settings.TOTAL_TIMEOUT,
        ),
        user_agent=f"bizproc-admin/{bizproc_admin.__version__}",
    )


def accepted_address(text: str) -> bitrix.WebhookUrl:
    """Read a webhook's address and make sure that it may be called; ValueError says why not.

    The operator's PORTAL_HOSTS_ALLOWED may be anywhere and plain http; all others are the
    vendor's cloud over https (reliability: the portal's address).
    """
    address = bitrix.WebhookUrl(text.strip())
    if address.host in settings.PORTAL_HOSTS_ALLOWED:
        return address
    parts = urlsplit(address.portal_url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https":
        raise ValueError(_("The address must start with https://."))
    if parts.port not in (None, 443):
        raise ValueError(_("The address must not name a port."))
    if not host.isascii() or not host.endswith(CLOUD_SUFFIXES):
        raise ValueError(
            _(
                "This is not an address of the Bitrix24 cloud. A portal on your own server must "
                "be allowed by the operator first (PORTAL_HOSTS_ALLOWED)."
            )
        )
    return address
