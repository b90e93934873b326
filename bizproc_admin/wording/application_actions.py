"""Actions and automation rules of the portal's application, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SUBSCRIPTIONS: dict[str, Promise] = {
    "Y": _("wait for an answer"),
    "N": _("go on at once"),
    "": _("wait or not, as the template's author chooses"),
}


def subscription_said(subscription: str) -> str:
    """Return whether the steps of an action wait: subscription is Y, N or empty."""
    return str(SUBSCRIPTIONS.get(subscription, SUBSCRIPTIONS[""]))
