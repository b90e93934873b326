"""Forms about portals and their connections."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix
from bizproc_admin.connecting import accepted_address
from bizproc_admin.models import Portal


class ConnectionForm(forms.Form):
    """A portal's inbound webhook; the address is a secret and is never shown again."""

    webhook = forms.CharField(
        label=_("Webhook address"),
        help_text=_(
            "From the portal: Developer resources, Inbound webhook, made by an administrator with "
            "the permissions Business processes, Users and Company structure. It is stored "
            "encrypted and never shown again."
        ),
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=_("Name"),
        help_text=_("How the portal is called here. Empty: its address."),
        max_length=100,
        required=False,
    )

    def __init__(self, data: Any = None, *, portal: Portal | None = None) -> None:
        super().__init__(data)
        self.portal = portal
        if portal is not None:
            del self.fields["name"]

    def clean_webhook(self) -> bitrix.WebhookUrl:
        try:
            address = accepted_address(self.cleaned_data["webhook"])
        except ValueError as why:
            raise ValidationError(str(why)) from None
        if self.portal is not None and address.portal_url != self.portal.address:
            raise ValidationError(
                _("This is the address of another portal: %(host)s."),
                params={"host": address.host},
            )
        if self.portal is None and Portal.objects.filter(address=address.portal_url).exists():
            raise ValidationError(_("This portal is already here: replace its webhook instead."))
        return address
