"""Forms about commands."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models import Command, Workflow
from bizproc_admin.models.workflows import WorkflowQuerySet


def candidates_of(command: Command) -> WorkflowQuerySet:
    """Return the workflows that may have come of a start, as far as no other start is theirs."""
    ids = [one["id"] for one in command.evidence.get("candidates", ())]
    others = Command.objects.filter(portal=command.portal, action=command.action, result__in=ids)
    taken = others.exclude(pk=command.pk).values("result")
    return Workflow.objects.filter(portal=command.portal, remote_id__in=ids).exclude(
        remote_id__in=taken
    )


class DecisionForm(forms.Form):
    reason = forms.CharField(
        label=_("What you found"),
        help_text=_("Kept in the audit history with your name."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RecognitionForm(DecisionForm):
    """Which of the workflows that were found has come of a start."""

    workflow = forms.ModelChoiceField(
        Workflow.objects.none(),
        to_field_name="remote_id",
        error_messages={
            "invalid_choice": _("This workflow is none of those that may have come of it."),
        },
    )

    def __init__(self, data: Any = None, *, command: Command) -> None:
        super().__init__(data, auto_id="recognition-%s")
        self.fields["reason"].required = False
        field = cast("forms.ModelChoiceField[Workflow]", self.fields["workflow"])
        field.queryset = candidates_of(command)


class ContestForm(forms.Form):
    reason = forms.CharField(
        label=_("How you know"),
        help_text=_("Kept in the audit history with your name."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
