"""Forms about portals and their connections."""

from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix, zones
from bizproc_admin.bitrix import addresses
from bizproc_admin.forms.names import plain_name
from bizproc_admin.models import Portal
from bizproc_admin.portals.addresses import (
    TOKEN_URL,
    AddressRefused,
    accept_portal,
    accepted_address,
    accepted_token_url,
)
from bizproc_admin.portals.date_formats import DATE_FORMATS
from bizproc_admin.portals.gateways import GATEWAY_URL, accepted_key
from bizproc_admin.wording.addresses import said_of

# every part of it can be told from the others
EXAMPLE = datetime(2026, 12, 31, 14, 5, tzinfo=UTC)


class NewPortalForm(forms.Form):
    """What connects a portal: one that is not here yet, or `portal`, which keeps its name."""

    only_of_new: ClassVar[tuple[str, ...]] = ("name",)

    name = forms.CharField(
        label=_("Name"),
        help_text=_("How the portal is called here. Empty: its address."),
        max_length=100,
        validators=[plain_name],
        required=False,
    )

    def __init__(self, data: Any = None, *, portal: Portal | None = None) -> None:
        super().__init__(data)
        self.portal = portal
        if portal is not None:
            for field in self.only_of_new:
                del self.fields[field]


class ConnectionForm(NewPortalForm):
    """A portal's inbound webhook; the address is a secret and is never shown again."""

    field_order = ("webhook", "name")

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

    def clean_webhook(self) -> bitrix.WebhookUrl:
        try:
            address = accepted_address(self.cleaned_data["webhook"])
        except AddressRefused as refused:
            raise ValidationError(said_of(refused.code)) from None
        if self.portal is not None and address.portal_url != self.portal.address:
            raise ValidationError(
                _("This is the address of another portal: %(host)s."),
                params={"host": address.host},
            )
        if self.portal is None and Portal.objects.filter(address=address.portal_url).exists():
            raise ValidationError(_("This portal is already here: replace its webhook instead."))
        return address


class GatewayForm(NewPortalForm):
    """A portal's key of the VibeCode gateway; the key is a secret and is never shown again."""

    only_of_new = ("name", "address")
    field_order = ("address", "key", "gateway", "name")

    address = forms.CharField(
        label=_("Address of the portal"),
        help_text=_("Such as https://company.bitrix24.com: links lead there."),
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}
        ),
    )
    key = forms.CharField(
        label=_("Key"),
        help_text=_(
            "A personal key (vibe_api_), or that of an application (vibe_app_), for which somebody "
            "signs in once a day. It is stored encrypted and never shown again."
        ),
        max_length=300,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    gateway = forms.CharField(
        label=_("Gateway"), max_length=200, initial=GATEWAY_URL,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}
        ),
    )  # fmt: skip

    def clean_address(self) -> str:
        text = self.cleaned_data["address"]
        try:
            accept_portal(text)
        except AddressRefused as refused:
            raise ValidationError(said_of(refused.code)) from None
        parts = addresses.read(text)
        address = f"{parts.origin}{parts.path.rstrip('/')}" if parts else ""
        if Portal.objects.filter(address=address).exists():
            raise ValidationError(_("This portal is already here: connect it on its page."))
        return address

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "key" in cleaned and "gateway" in cleaned:
            try:
                cleaned["opened"] = accepted_key(cleaned["gateway"], cleaned["key"])
            except AddressRefused as refused:
                where = "gateway" if refused.code in ("no_gateway", "other_gateway") else "key"
                self.add_error(where, said_of(refused.code))
        return cleaned


class AddressForm(forms.Form):
    """The address under which a portal answers now; gives it without a slash at its end."""

    address = forms.CharField(
        label=_("New address"),
        help_text=_("Where the portal answers now, such as https://name.bitrix24.com."),
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}
        ),
    )

    def __init__(self, data: Any = None, *, portal: Portal) -> None:
        super().__init__(data, initial={"address": portal.moved_to})
        self.portal = portal

    def clean_address(self) -> str:
        text = self.cleaned_data["address"]
        try:
            accept_portal(text)
        except AddressRefused as refused:
            raise ValidationError(said_of(refused.code)) from None
        parts = addresses.read(text)
        address = f"{parts.origin}{parts.path.rstrip('/')}" if parts else ""
        if address == self.portal.address:
            raise ValidationError(_("This is the address the portal has here already."))
        if Portal.objects.filter(address=address).exists():
            raise ValidationError(_("Another portal here has this address."))
        return address


class ApplicationForm(forms.Form):
    """A portal's local application, through which its people sign in; its secret is never shown."""

    client_id = forms.RegexField(
        r"^[\w.-]+$",
        label=_("Application ID (client_id)"),
        help_text=_(
            "From the portal: Developer resources, Other, Local application, a server application "
            "with the permissions Business processes, Users and Company structure."
        ),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    client_secret = forms.CharField(
        label=_("Application key (client_secret)"),
        help_text=_("It is stored encrypted and never shown again."),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    token_url = forms.CharField(
        label=_("Token server"),
        help_text=_(
            "Where sign-in codes are exchanged. The vendor has two: oauth.bitrix.info, and "
            "oauth.bitrix24.tech in the eastern region."
        ),
        max_length=200,
        initial=TOKEN_URL,
    )

    @classmethod
    def shown(cls, portal: Portal) -> dict[str, str]:
        """Give what may be shown of a portal's application: all but its key."""
        return {"client_id": portal.client_id, "token_url": portal.token_url or TOKEN_URL}

    def clean_token_url(self) -> str:
        try:
            return accepted_token_url(self.cleaned_data["token_url"])
        except AddressRefused as refused:
            raise ValidationError(said_of(refused.code)) from None


class TimeZoneForm(forms.Form):
    """In which time zone a portal lives, empty for the proposed one; how it writes dates."""

    zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_(
            "That of the portal's server. People without a zone of their own there live by it, and "
            "deadlines are shown and sent by its rules, those of summer time included."
        ),
        required=False,
    )
    date_format = forms.ChoiceField(
        label=_("Dates are written"),
        help_text=_(
            "As in the portal's own forms. Dates given to a workflow that is started are sent so; "
            "no reading tells it."
        ),
        required=False,
        choices=[
            (name, one.written_moment(EXAMPLE, zone=UTC)) for name, one in DATE_FORMATS.items()
        ],
    )

    def __init__(self, data: Any = None, *, portal: Portal) -> None:
        first = {"zone": portal.time_zone, "date_format": portal.date_format}
        super().__init__(data, initial=first)
        proposal = _("As proposed: %(zone)s") % {"zone": portal.proposed_zone}
        known = dict.fromkeys([*filter(None, [portal.time_zone]), *zones.names()])
        cast("forms.ChoiceField", self.fields["zone"]).choices = [
            ("", proposal if portal.proposed_zone else _("Not known: the present offset only")),
            *((name, f"{name} ({zones.offset_of(zone)})") for name in known
              if (zone := zones.named(name))),
        ]  # fmt: skip


class CallsTestForm(forms.Form):
    """A test of the portal's calls: nothing is asked but that it is meant once."""

    key = forms.UUIDField(widget=forms.HiddenInput)


class ApprovalForm(forms.Form):
    """Above how many kills at once another administrator is needed; empty where never."""

    above = forms.IntegerField(
        label=_("Kills at once that one administrator may ask for alone"),
        help_text=_(
            "More than so many need a second administrator, who has 24 hours to approve them. 0: "
            "every bulk kill does. Empty: none does. A single kill never does."
        ),
        min_value=0,
        max_value=1_000_000,
        required=False,
    )
