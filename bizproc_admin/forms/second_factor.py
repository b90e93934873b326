"""Forms that ask for a code of the second factor."""

from typing import Any

from allauth.account.adapter import get_adapter as account_adapter
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.utils.translation import gettext_lazy as _

from bizproc_admin.access import second_factor
from bizproc_admin.models import Account

CONTROL = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}


def code_field(help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=help_text,
        widget=forms.TextInput(attrs=CONTROL),
    )


class OnceOnly:
    """A code is taken once, as long as it lasts; too many wrong ones are on record too."""

    user: Account

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # of allauth's forms
        except forms.ValidationError as why:
            if why.code == "too_many_login_attempts":
                request = account_adapter().request
                second_factor.failed(request, self.user, error_code="too_many_attempts")
            raise
        if not second_factor.use_up(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OnceOnly, AuthenticateForm):
    """The code of somebody who signs in."""

    code = code_field(_("Six digits from your authenticator app, or one of your recovery codes."))


class ConfirmationForm(OnceOnly, ReauthenticateForm):
    """The code of somebody signed in who is about to change what protects the account."""

    code = code_field(_("Six digits from your authenticator app, or one of your recovery codes."))


class ActivationForm(OnceOnly, ActivateTOTPForm):
    """The first code of a new authenticator: it proves that the app has the key."""

    code = code_field(_("Six digits; the app shows new ones every half minute."))
