"""The two ways to end a workflow."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models import Workflow


class EndingForm(forms.Form):
    """What terminate and kill ask for: a reason, and the one-time key of this form.

    seen is the workflow's MODIFIED as the page showed it; regardless says not to care.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Kept in the audit history here. It is not sent to the portal."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    regardless = forms.BooleanField(
        label=_("Do it even if the workflow has moved on since this page was read"),
        required=False,
    )

    @classmethod
    def blank(cls, workflow: Workflow) -> dict[str, Any]:
        """Give the initial values of a fresh form for a workflow."""
        return {"key": uuid.uuid4(), "seen": workflow.modified_at.isoformat()}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            cleaned["seen"] = parse_datetime(cleaned.get("seen", ""))
        except ValueError:
            cleaned["seen"] = None
        if cleaned["seen"] is None and not cleaned.get("regardless"):
            self.add_error(None, _("This form is damaged. Close it and open it again."))
        return cleaned

    @property
    def seen_modified(self) -> datetime | None:
        """Give the MODIFIED to insist on, None to act regardless."""
        seen: datetime | None = self.cleaned_data["seen"]
        return None if self.cleaned_data["regardless"] else seen


class TerminationForm(EndingForm):
    status = forms.CharField(
        label=_("Status text"),
        help_text=_("Shown on the portal, to everybody who may see the workflow there."),
        max_length=255,
        required=False,
    )

    field_order = ["status", "reason", "regardless"]


class KillForm(EndingForm):
    """Kill asks for nothing more; that it destroys is said by its dialog.

    Through the gateway, where nobody documents what a forced end leaves, the workflow's number is
    to be typed.
    """

    typed = forms.CharField(label=_("The workflow's id, to confirm"), max_length=64)

    def __init__(self, data: Any = None, *, workflow: Workflow, **options: Any) -> None:
        super().__init__(data, **options)
        self.workflow = workflow
        if workflow.portal.is_by_gateway:
            self.fields["typed"].help_text = workflow.remote_id
        else:
            del self.fields["typed"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.workflow.remote_id:
            raise forms.ValidationError(_("This is not the id of this workflow."))
        return typed
