"""The two ways to end a workflow."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models import Account, Command, Workflow


class EndingForm(forms.Form):
    """What terminate and kill ask for: a reason, and the one-time key of this form.

    seen is the workflow's MODIFIED as the page showed it; regardless says not to care. It is asked
    for only where it makes a difference: the workflow has moved on.
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
        help_text=_(
            "Without this nothing is sent when a step was done in the meantime: what you decided "
            "on may no longer be so."
        ),
        required=False,
    )

    def __init__(
        self, data: Any = None, *, workflow: Workflow, actor: Account, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.workflow, self.actor = workflow, actor
        self.has_moved = False

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
        self.has_moved = cleaned["seen"] is not None and self.workflow.modified_at > cleaned["seen"]
        if self.has_moved and not cleaned.get("regardless"):
            text = _("The workflow has moved on since you opened this. Look at it again first.")
            self.add_error("regardless", text)
        return cleaned

    @property
    def asks_regardless(self) -> bool:
        """Tell whether it matters that the workflow may have moved on: it has, or had last time."""
        if self.has_moved or (self.is_bound and self.data.get("regardless")):
            return True
        asked = Command.objects.on_workflows().filter(workflow=self.workflow, actor=self.actor)
        last = asked.latest_first().first()
        return last is not None and last.error_code == "changed_since_view"

    @property
    def last_reasons(self) -> list[str]:
        return Command.objects.last_reasons(self.actor)

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

    field_order = ["reason", "status", "regardless"]


class KillForm(EndingForm):
    """Kill asks for nothing more; that it destroys is said by its dialog.

    Through the gateway, where nobody documents what a forced end leaves, the workflow's number is
    to be typed.
    """

    typed = forms.CharField(label=_("The workflow's id, to confirm"), max_length=64)

    def __init__(
        self, data: Any = None, *, workflow: Workflow, actor: Account, **options: Any
    ) -> None:
        super().__init__(data, workflow=workflow, actor=actor, **options)
        if workflow.portal.is_by_gateway:
            self.fields["typed"].help_text = workflow.remote_id
        else:
            del self.fields["typed"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.workflow.remote_id:
            raise forms.ValidationError(_("This is not the id of this workflow."))
        return typed
