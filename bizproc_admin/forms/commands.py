"""Forms about commands."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models import Command, Workflow


class DecisionForm(forms.Form):
    reason = forms.CharField(
        label=_("What you found"),
        help_text=_("Kept in the audit history with your name."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RecognitionForm(DecisionForm):
    """Which of the workflows that were found has come of a start."""

    workflow = forms.ModelChoiceField(Workflow.objects.none(), to_field_name="remote_id")

    def __init__(self, data: Any = None, *, command: Command) -> None:
        super().__init__(data, auto_id="recognition-%s")
        self.fields["reason"].required = False
        ids = [one["id"] for one in command.evidence.get("candidates", ())]
        field = cast("forms.ModelChoiceField[Workflow]", self.fields["workflow"])
        field.queryset = Workflow.objects.filter(portal=command.portal, remote_id__in=ids)


class ContestForm(forms.Form):
    reason = forms.CharField(
        label=_("How you know"),
        help_text=_("Kept in the audit history with your name."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
