"""Forms about bulk operations."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=_("Why not"),
        help_text=_("Told to whoever asked, and kept in the audit history with your name."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RetryKeyForm(forms.Form):
    """Freezing what failed once more; the key makes a form that is sent twice one operation."""

    key = forms.UUIDField(widget=forms.HiddenInput)


class RetryForm(RetryKeyForm):
    """Asking for what failed once more."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Kept in the audit history with your name."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
