"""What is said of an address that somebody has typed and that cannot be one."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    # of a webhook
    "no_webhook": _(
        "This is not a webhook address. It starts with https:// and the portal's name, which has "
        "no user name, no blank and no sign but dots and hyphens."
    ),
    "more_after_secret": _("A webhook address ends after the secret: remove everything after it."),
    "not_whole": _("A webhook address looks like https://portal/rest/1/secret/. Copy it whole."),
    "no_owner": _("The part after /rest/ must be the number of the webhook's owner."),
    "odd_secret": _("The secret in the webhook address has characters it cannot have."),
    # of a key of the gateway
    "no_gateway": _("This is not the address of the gateway."),
    "other_gateway": _(
        "This is not the vendor's gateway. Another one must be allowed by the operator first "
        "(PORTAL_HOSTS_ALLOWED)."
    ),
    "no_gateway_key": _("This is not a key of the gateway: it begins with vibe_api_ or vibe_app_."),
    "management_key": _(
        "This is a key for managing the gateway (vibe_live_): it sees no portal. Take a personal "
        "key or an application's."
    ),
    "no_session": _("This is not a session of the gateway."),
    # of a portal
    "no_portal": _("This is not the address of a portal."),
    "not_https": _("The address must start with https://."),
    "names_port": _("The address must not name a port."),
    "not_cloud": _(
        "This is not an address of the Bitrix24 cloud. A portal on your own server must be allowed "
        "by the operator first (PORTAL_HOSTS_ALLOWED)."
    ),
    # of a token server
    "no_token_server": _("This is not the address of a token server."),
    "other_token_server": _(
        "This is not one of the vendor's token servers. Another one must be allowed by the "
        "operator first (PORTAL_HOSTS_ALLOWED)."
    ),
}


def said_of(code: str) -> str:
    """Return what is wrong with an address."""
    return str(WORDS[code])
