"""Forms about commands."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DecisionForm(forms.Form):
    reason = forms.CharField(
        label=_("What you found"),
        help_text=_("Kept in the audit history with your name."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
