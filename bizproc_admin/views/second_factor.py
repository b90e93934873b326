"""Setting up, confirming and removing the own second factor: allauth's views with our record."""

from collections.abc import Callable

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeConfirmationView
from allauth.mfa.recovery_codes.views import (
    DownloadRecoveryCodesView,
    GenerateRecoveryCodesView,
    ViewRecoveryCodesView,
)
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bizproc_admin.access import accounts, second_factor
from bizproc_admin.access.permissions import signed_in
from bizproc_admin.audit import AuditAction, By


class Truthful:
    """An invalid form answers 422, as every form here."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]  # of FormView
        response.status_code = 422
        return response


class SignInStepView(Truthful, AuthenticateView):
    """The code after the password; nobody is signed in before it."""


class PasswordConfirmationView(Truthful, ReauthenticateView):
    """The password again, before what protects the account is changed."""


class ConfirmationView(Truthful, CodeConfirmationView):
    """A code, before what protects the account is changed."""


class ActivationView(Truthful, ActivateTOTPView):
    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        context = super().get_context_data(**kwargs)
        secret = context["form"].secret
        return {
            **context,
            "key": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
            "is_required": second_factor.is_missing(self.request, self.request.user),
        }

    def form_valid(self, form: Form) -> HttpResponse:
        return on_record(self.request, AuditAction.SECOND_FACTOR_SET_UP, super().form_valid, form)


class DeactivationView(Truthful, DeactivateTOTPView):
    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        is_required = second_factor.is_required(self.request, self.request.user)
        return {**super().get_context_data(**kwargs), "is_required": is_required}

    def form_valid(self, form: Form) -> HttpResponse:
        return on_record(self.request, AuditAction.SECOND_FACTOR_REMOVED, super().form_valid, form)


class RecoveryCodesView(ViewRecoveryCodesView):
    """The recovery codes that were not used yet."""


class RecoveryCodesGenerationView(Truthful, GenerateRecoveryCodesView):
    def form_valid(self, form: Form) -> HttpResponse:
        response = on_record(
            self.request, AuditAction.RECOVERY_CODES_MADE, super().form_valid, form
        )
        messages.success(self.request, _("These are new codes. The old ones work no longer."))
        return response


class RecoveryCodesFileView(DownloadRecoveryCodesView):
    """The recovery codes as a text file."""


def on_record(
    request: HttpRequest, action: AuditAction, carry_out: Callable[[Form], HttpResponse], form: Form
) -> HttpResponse:
    """Carry out a valid form and record it, both or neither."""
    with transaction.atomic():
        response = carry_out(form)
        accounts.record(signed_in(request), action, by=By.of(request))
    return response
