"""Confirming what a frozen list was frozen for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.actions import ACTIONS, KillWorkflow
from bizproc_admin.actions.workflows import EndWorkflow
from bizproc_admin.forms.parameters import digest_of
from bizproc_admin.forms.people import PeopleField
from bizproc_admin.forms.step_answers import LONGEST_LINE, ReturnValuesForm, return_values_of
from bizproc_admin.models import ApplicationStep, BulkOperation
from bizproc_admin.models.application_definitions import ActionDefinition

# from more on, the number is to be typed
TYPED_ABOVE = 50


class ConfirmationForm(forms.Form):
    """A reason, whether what has moved on counts, and the number typed where much is at stake."""

    use_required_attribute = False
    reason = forms.CharField(
        label=gettext_lazy("Reason (required)"),
        help_text=gettext_lazy("Kept in the audit history here. It is not sent to the portal."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    regardless = forms.BooleanField(
        label=gettext_lazy("Even those that have moved on since"),
        help_text=gettext_lazy(
            "Otherwise a workflow that has done a step since this list was made is left as it is, "
            "and told as changed."
        ),
        required=False,
    )
    typed = forms.CharField(max_length=40, label=gettext_lazy("How many, to confirm"))

    def __init__(self, data: Any, *, operation: BulkOperation) -> None:
        super().__init__(data, auto_id="confirmation-%s")
        self.operation = operation
        # what each target of the list brings along: it is not asked for, and would not count
        first = operation.parts.order_by("place").first()
        self.own = first.items[0][2] if first else {}
        total = operation.total
        is_kill = operation.action == KillWorkflow.name
        if total > TYPED_ABOVE or (is_kill and total > 1):
            self.fields["typed"].help_text = _("Type %(number)s.") % {"number": total}
            self.fields["typed"].widget.attrs |= {"inputmode": "numeric", "autocomplete": "off"}
        else:
            del self.fields["typed"]
        is_seen = first is not None and first.items[0][1] is not None
        if not (is_seen and issubclass(ACTIONS[operation.action], EndWorkflow)):
            del self.fields["regardless"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        digits = "".join(typed.split()).replace(",", "").replace(".", "")
        if digits != str(self.operation.total):
            raise ValidationError(
                _("This is not how many there are: type %(number)s.")
                % {"number": self.operation.total}
            )
        return typed

    @property
    def is_regardless(self) -> bool:
        """Return whether targets that have moved on since are acted on, too."""
        return bool(self.cleaned_data.get("regardless"))

    def inputs(self) -> dict[str, Any]:
        """Return what all targets are acted on with."""
        return {}


class DelegationsForm(ConfirmationForm):
    """Who receives the part of each, where the list itself does not say it."""

    field_order = ("to_person", "reason", "typed")

    def __init__(self, data: Any, *, operation: BulkOperation) -> None:
        super().__init__(data, operation=operation)
        if "to" not in self.own:
            self.fields["to_person"] = PeopleField(
                portal=operation.portal, label=gettext_lazy("To whom")
            )
            self.order_fields(self.field_order)

    def inputs(self) -> dict[str, Any]:
        people = self.cleaned_data.get("to_person")
        return {"to": people[0].remote_id} if people else {}


class AnswersForm(ReturnValuesForm, ConfirmationForm):
    """What the action of all the steps gives back, the same for each; without files."""

    message = forms.CharField(
        label=gettext_lazy("Line for the workflow’s log"), required=False, max_length=LONGEST_LINE
    )

    def __init__(
        self,
        data: Any,
        *,
        operation: BulkOperation,
        step: ApplicationStep,
        definition: ActionDefinition,
    ) -> None:
        values = return_values_of(operation.portal, definition)
        self.values = [one for one in values if one.kind != "file"]
        super().__init__(data, operation=operation)
        self.step, self.auto_id = step, "answer-%s"
        self.initial["asked"] = digest_of(values)
        for one in self.values:
            self.fields[one.name] = one.field(operation.portal)
        self.order_fields([*(one.name for one in self.values), "message", "reason", "typed"])

    def inputs(self) -> dict[str, Any]:
        return {"values": self.given(), "message": self.cleaned_data["message"]}


class TerminationsForm(ConfirmationForm):
    """The status text of all of them, too."""

    status = forms.CharField(
        label=gettext_lazy("Status text"),
        help_text=gettext_lazy(
            "Shown on the portal, to everybody who may see the workflows there."
        ),
        max_length=255,
        required=False,
    )

    field_order = ("status", "reason", "regardless", "typed")

    def __init__(self, data: Any, *, operation: BulkOperation) -> None:
        super().__init__(data, operation=operation)
        # asked for anew, it is what was asked for before
        self.initial["status"] = operation.inputs.get("status", "")
        if "status" in self.own:
            del self.fields["status"]

    def inputs(self) -> dict[str, Any]:
        return {} if "status" in self.own else {"status": self.cleaned_data["status"]}
