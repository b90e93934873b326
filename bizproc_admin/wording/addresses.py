"""What is said of an address that somebody has typed and that cannot be one."""

from django.utils.translation import gettext_lazy as _

#: What is wrong with the address of a webhook.
WEBHOOKS = {
    "no_webhook": _(
        "This is not a webhook address. It starts with https:// and the portal's name, which has "
        "no user name, no blank and no sign but dots and hyphens."
    ),
    "more_after_secret": _("A webhook address ends after the secret: remove everything after it."),
    "not_whole": _("A webhook address looks like https://portal/rest/1/secret/. Copy it whole."),
    "no_owner": _("The part after /rest/ must be the number of the webhook's owner."),
    "odd_secret": _("The secret in the webhook address has characters it cannot have."),
}
