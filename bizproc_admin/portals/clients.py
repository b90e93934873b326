"""How a portal is reached: readers for everybody, the writer for commands alone.

The portal's own connection reads for all; a person's token acts as that person.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

import bizproc_admin
from bizproc_admin import bitrix
from bizproc_admin.bitrix import Purpose, addresses
from bizproc_admin.models import Person, Portal
from bizproc_admin.portals import tokens
from bizproc_admin.portals.outages import PortalHealth
from bizproc_admin.portals.pacing import DatabasePacer
from bizproc_admin.secrets.fields import UnreadableSecret
from bizproc_admin.wording.addresses import WEBHOOKS

INTERACTIVE_ATTEMPTS = 2
# a token that was just refreshed and is called expired again is not refreshed for ever
REFRESHES = 3

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
TOKEN_HOSTS = ("oauth.bitrix.info", "oauth.bitrix24.tech")
TOKEN_URL = "https://oauth.bitrix.info/oauth/token/"  # noqa: S105  # an address


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
    """Give a reader of the portal; its purpose says what of the portal's limit it may use.

    Where somebody waits it gives up soon: it is asked again anyway. With a total in seconds a call
    is made once and bounded by it. patience is how long a call waits for its turn, in seconds.
    Without heeding its rest a portal that does not answer is asked all the same.
    """
    way = transport(portal, total=total, heeds_rest=heeds_rest)
    if total is not None:
        return bitrix.Reader(way, purpose=Purpose.SCREEN, attempts=1)
    if purpose in (Purpose.PASSES, Purpose.LEARNING):
        return bitrix.Reader(way, purpose=purpose)
    return bitrix.Reader(way, purpose=purpose, patience=patience, attempts=INTERACTIVE_ATTEMPTS)


def reader_at(portal: Portal, address: str) -> bitrix.Reader:
    """Give a reader of a portal by its own connection, but under another address.

    What comes from there says nothing of how the portal's registered address does.
    """
    accept_portal(address)
    credential = own_webhook(portal).at(address)
    way = made(portal, credential, health=None, heeds_rest=False)
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
    """Give a writer that holds the permit for one write; raises PaceExceeded without one.

    The permit is taken here, before the caller claims its command, so that no claimed command
    waits for the portal's pace. With a person it acts as them: the portal is asked first whether
    their token works and what they are, so that nobody acts on rights they have lost; where the
    portal itself lets them do no more than is theirs, what it said a moment ago is enough.
    """
    way = acting_as(person, trusts_for=trusts_for) if person else transport(portal)
    made = bitrix.Writer(way, purpose=purpose, patience=patience)
    made.reserve(method)
    return made


def acting_as(
    person: Person, *, total: float | None = None, trusts_for: timedelta = timedelta()
) -> bitrix.Transport:
    """Give the way to the portal as one person, once the portal has said who that is.

    Calls profile, unless that was said of this very token within trusts_for. Notes whether the
    person administers the portal.
    """
    for _attempt in range(REFRESHES):
        row = tokens.usable(person)
        try:
            way = personal(person.portal, tokens.revealed(row.access_token), total=total)
            if row.proven_at is not None and row.proven_at > timezone.now() - trusts_for:
                return way
            attempts = INTERACTIVE_ATTEMPTS if total is None else 1
            profile = bitrix.Reader(way, purpose=Purpose.WRITE, attempts=attempts).system.profile()
        except UnreadableSecret:
            raise tokens.ReconnectNeeded from None
        except bitrix.ExpiredCredentials:
            tokens.expired(row)
            continue
        if profile.id != person.remote_id:
            raise tokens.ReconnectNeeded("the token is of another person")
        if profile.admin != person.is_administrator:
            person.is_administrator = profile.admin
            person.save(update_fields=["is_administrator"])
        tokens.proven(row)
        return way
    raise bitrix.NotSent("the portal calls every new token expired")


def visitor(portal: Portal, access_token: str) -> bitrix.Reader:
    """Give a reader for somebody who is signing in: asked once, and not for long."""
    way = personal(portal, access_token, total=settings.SIGN_IN_TIMEOUT)
    return bitrix.Reader(way, purpose=Purpose.SCREEN, attempts=1)


def personal(portal: Portal, access_token: str, *, total: float | None = None) -> bitrix.Transport:
    """Give the way to a portal with an access token, at the address that is registered."""
    credential = bitrix.AccessToken(f"{portal.address.rstrip('/')}/rest/", access_token)
    return made(portal, credential, health=PortalHealth(portal, is_own=False), total=total)


def transport(
    portal: Portal, *, total: float | None = None, heeds_rest: bool = True
) -> bitrix.Transport:
    """Give the way to a portal by its own connection, paced together with every other process."""
    health = PortalHealth(portal, is_own=True)
    return made(portal, own_webhook(portal), health=health, total=total, heeds_rest=heeds_rest)


def own_webhook(portal: Portal) -> bitrix.WebhookUrl:
    """Open a portal's own connection; raises NotConnected or KeyLost."""
    if not portal.webhook:
        raise NotConnected
    try:
        return bitrix.WebhookUrl(portal.webhook.reveal())
    except UnreadableSecret:
        raise KeyLost from None


def made(
    portal: Portal,
    credential: bitrix.Credential,
    *,
    health: PortalHealth | None,
    total: float | None = None,
    heeds_rest: bool = True,
) -> bitrix.Transport:
    """Give the way to a portal with one of its credentials; total seconds bound a whole call."""
    return bitrix.Transport(
        credential,
        pacer=DatabasePacer(portal, heeds_rest=heeds_rest),
        health=health,
        timeouts=bitrix.Timeouts(
            connect=settings.CONNECT_TIMEOUT,
            read=min(settings.READ_TIMEOUT, total or settings.READ_TIMEOUT),
            total=total or settings.TOTAL_TIMEOUT,
        ),
        user_agent=f"bizproc-admin/{bizproc_admin.__version__}",
    )


def accepted_address(text: str) -> bitrix.WebhookUrl:
    """Read a webhook's address and make sure that it may be called; ValueError says why not.

    The operator's PORTAL_HOSTS_ALLOWED may be anywhere and plain http; all others are the
    vendor's cloud over https (reliability: the portal's address).
    """
    try:
        address = bitrix.WebhookUrl(text)
    except bitrix.BadWebhook as wrong:
        raise ValueError(str(WEBHOOKS[wrong.code])) from None
    accept_portal(address.portal_url)
    return address


def accept_portal(portal_url: str) -> None:
    """Make sure that a portal's own address may be called; ValueError says why not."""
    address = addresses.read(portal_url)
    if address is None or not address.is_bare:
        raise ValueError(_("This is not the address of a portal."))
    if address.netloc in settings.PORTAL_HOSTS_ALLOWED:
        return
    if address.scheme != "https":
        raise ValueError(_("The address must start with https://."))
    if address.port is not None:
        raise ValueError(_("The address must not name a port."))
    if not address.host.endswith(CLOUD_SUFFIXES):
        raise ValueError(
            _(
                "This is not an address of the Bitrix24 cloud. A portal on your own server must "
                "be allowed by the operator first (PORTAL_HOSTS_ALLOWED)."
            )
        )


def accepted_token_url(text: str) -> str:
    """Read a token server's address and make sure that it may be called; ValueError says why not.

    It is the vendor's own, or one of the operator's PORTAL_HOSTS_ALLOWED.
    """
    address = addresses.read(text)
    if address is None or not address.is_bare or not address.path.rstrip("/"):
        raise ValueError(_("This is not the address of a token server."))
    is_vendors = address.scheme == "https" and address.netloc in TOKEN_HOSTS
    if not is_vendors and address.netloc not in settings.PORTAL_HOSTS_ALLOWED:
        raise ValueError(
            _(
                "This is not one of the vendor's token servers. Another one must be allowed by "
                "the operator first (PORTAL_HOSTS_ALLOWED)."
            )
        )
    return f"{address.origin}{address.path}"
