"""Which addresses may be called: the vendor's own, and those the operator allows."""

from django.conf import settings

from bizproc_admin import bitrix
from bizproc_admin.bitrix import addresses

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


class AddressRefused(ValueError):
    """An address that may not be called; code says why not."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def accepted_address(text: str) -> bitrix.WebhookUrl:
    """Read a webhook's address and make sure that it may be called; AddressRefused says why not.

    The operator's PORTAL_HOSTS_ALLOWED may be anywhere and plain http; all others are the
    vendor's cloud over https.
    """
    try:
        address = bitrix.WebhookUrl(text)
    except bitrix.BadWebhook as wrong:
        raise AddressRefused(wrong.code) from None
    accept_portal(address.portal_url)
    return address


def accept_portal(portal_url: str) -> None:
    """Make sure that a portal's own address may be called; AddressRefused says why not."""
    address = addresses.read(portal_url)
    if address is None or not address.is_bare:
        raise AddressRefused("no_portal")
    if address.netloc in settings.PORTAL_HOSTS_ALLOWED:
        return
    if address.scheme != "https":
        raise AddressRefused("not_https")
    if address.port is not None:
        raise AddressRefused("names_port")
    if not address.host.endswith(CLOUD_SUFFIXES):
        raise AddressRefused("not_cloud")


def accepted_token_url(text: str) -> str:
    """Read a token server's address and make sure that it may be called.

    Raises AddressRefused, which says why not. It is the vendor's own, or one of the operator's
    PORTAL_HOSTS_ALLOWED.
    """
    address = addresses.read(text)
    if address is None or not address.is_bare or not address.path.rstrip("/"):
        raise AddressRefused("no_token_server")
    is_vendors = address.scheme == "https" and address.netloc in TOKEN_HOSTS
    if not is_vendors and address.netloc not in settings.PORTAL_HOSTS_ALLOWED:
        raise AddressRefused("other_token_server")
    return f"{address.origin}{address.path}"
