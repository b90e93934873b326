"""The forms that answer a step for its application, write a line for the log, and take a token."""

import re
import uuid
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bizproc_admin.actions import AnswerStep, WriteLogLine
from bizproc_admin.actions.answers import SentFile
from bizproc_admin.forms import questions
from bizproc_admin.forms.parameters import FIELDS, LEGACY, RAW, Parameter, digest_of, name_of
from bizproc_admin.forms.people import PeopleField
from bizproc_admin.models import ApplicationStep, Portal
from bizproc_admin.models.application_definitions import ActionDefinition, DefinedProperty
from bizproc_admin.secrets.fields import Secret

LONGEST_LINE = 2000
LONGEST_TOKEN = 1000
# workflow | step | 32 letters and digits . signature
TOKEN = re.compile(r"([^|\s]{1,64})\|([^|\s]{1,255})\|([A-Za-z0-9]{32})\.([0-9a-f]{64})")


class ReturnValue(Parameter):
    """One value that an action gives back, asked for as a template's parameter is."""

    def field(self, portal: Portal) -> forms.Field:
        if self.kind != "file":
            return super().field(portal)
        field = questions.FIELDS["file"](self, portal)
        field.label, field.help_text, field.required = self.label, self.help, self.is_required
        return field


def return_values_of(portal: Portal, definition: ActionDefinition) -> list[ReturnValue]:
    """Give what an action gives back, in its order."""
    return [return_value(portal, one) for one in definition.return_properties]


def return_value(portal: Portal, one: DefinedProperty) -> ReturnValue:
    kind, options = LEGACY.get(one.type, one.type), dict(one.options)
    if kind not in FIELDS or (kind == "select" and not options):
        kind = RAW
    language = get_language() or ""
    return ReturnValue(
        name=name_of(one.id),
        id=one.id,
        label=one.named_in(language),
        help=one.descriptions.said_in(language),
        kind=kind,
        type=one.type,
        is_multiple=one.is_multiple,
        is_required=one.is_required,
        options=options,
        default=None,
        portal=portal,
    )


class StepForm(forms.Form):
    """What the forms of a step share: a one-time key, a line for the log, a reason."""

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    message = forms.CharField(
        label=gettext_lazy("Line for the workflow’s log"),
        required=False,
        max_length=LONGEST_LINE,
        help_text=gettext_lazy("Shown on the portal, where the template keeps a log."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why a person answers for the application. Kept here only."),
    )

    def __init__(self, step: ApplicationStep, data: Any = None, files: Any = None) -> None:
        super().__init__(
            data, files, auto_id="answer-%s", initial={"key": uuid.uuid4(), **self.first()}
        )
        self.step = step

    def first(self) -> dict[str, Any]:
        """Return what else the form is first filled with."""
        return {}

    def renew(self) -> None:
        """Give the repainted form another one-time key: the one it came with may be used up."""
        given: Any = self.data
        self.data = given = given.copy()
        given["key"] = str(uuid.uuid4())


class ReturnValuesForm(forms.Form):
    """What an action gives back; asked tells what that was when the page was made.

    values are set before the form is made.
    """

    values: list[ReturnValue]
    asked = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for one in self.values:
            if one.kind == "datetime" and one.name in cleaned:
                try:
                    one.sent(cleaned[one.name])
                except OverflowError:
                    self.add_error(one.name, _("No calendar has this moment."))
        if self.is_outdated:
            self.add_error(
                None,
                _("The action has been changed since this page was opened. Look at what it gives "
                  "back now, and answer then."),
            )  # fmt: skip
        return cleaned

    @property
    def is_outdated(self) -> bool:
        """Tell whether the action gives back something else than the page asked for."""
        return bool(self.data.get("asked", "") != self.initial["asked"])

    @property
    def questions(self) -> list[tuple[ReturnValue, forms.BoundField]]:
        return [(one, self[one.name]) for one in self.values]

    def given(self) -> dict[str, Any]:
        """Give what is sent beside files, by the ids of the values; what is left empty is not."""
        sent = {}
        for one in self.values:
            value = self.cleaned_data.get(one.name)
            if one.kind != "file" and value not in (None, "", []):
                sent[one.id] = one.sent(value)
        return sent


class AnswerForm(ReturnValuesForm, StepForm):
    """One answer to a step."""

    def __init__(
        self,
        step: ApplicationStep,
        definition: ActionDefinition,
        data: Any = None,
        files: Any = None,
    ) -> None:
        self.values = return_values_of(step.portal, definition)
        super().__init__(step, data, files)
        for one in self.values:
            self.fields[one.name] = one.field(step.portal)
        self.order_fields([*(one.name for one in self.values), "message", "reason"])

    def first(self) -> dict[str, Any]:
        return {"asked": digest_of(self.values)}

    @property
    def has_files(self) -> bool:
        return any(one.kind == "file" for one in self.values)

    def renew(self) -> None:
        super().renew()
        given: Any = self.data
        given["asked"] = self.initial["asked"]

    def files_given(self) -> list[SentFile]:
        return [
            SentFile.of(one.id, file.name, file.read())
            for one in self.values
            if one.kind == "file"
            for file in self.cleaned_data.get(one.name) or ()
        ]

    def action(self) -> AnswerStep:
        """Return what a valid form asks for."""
        return AnswerStep(
            step=self.step,
            values=self.given(),
            message=self.cleaned_data["message"],
            files=tuple(self.files_given()),
            multiple=tuple(one.id for one in self.values if one.kind == "file" and one.is_multiple),
            reason=self.cleaned_data["reason"],
        )

    def focus_error(self) -> None:
        """Have the repainted form opened at the first field that is wrong."""
        wrong = next((field for name, field in self.fields.items() if name in self.errors), None)
        if wrong is not None and not isinstance(wrong, PeopleField):
            wrong.widget.attrs["autofocus"] = True


class LogLineForm(StepForm):
    """A line for the log of a workflow whose step goes on waiting."""

    def __init__(self, step: ApplicationStep, data: Any = None, files: Any = None) -> None:
        super().__init__(step, data, files)
        self.fields["message"].required = True
        self.fields["reason"].required = False

    def action(self) -> WriteLogLine:
        cleaned = self.cleaned_data
        return WriteLogLine(step=self.step, message=cleaned["message"], reason=cleaned["reason"])


class TokenForm(forms.Form):
    """A token that a person brings, as the application was told it."""

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    token = forms.CharField(
        label=gettext_lazy("Event token"),
        max_length=LONGEST_TOKEN,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "As the application received it in event_token: the workflow, the step, and a long "
            "signature. It is kept encrypted and shown to nobody."
        ),
    )

    def clean_token(self) -> re.Match[str]:
        found = TOKEN.fullmatch(self.cleaned_data["token"].strip())
        if found is None:
            raise forms.ValidationError(
                _("This is no event token: it has the form workflow|step|letters.signature, with "
                  "64 digits and letters at its end.")
            )  # fmt: skip
        return found

    @property
    def secret(self) -> Secret:
        found: re.Match[str] = self.cleaned_data["token"]
        return Secret(found.group(0))

    @property
    def workflow_id(self) -> str:
        found: re.Match[str] = self.cleaned_data["token"]
        return found.group(1)

    @property
    def step_name(self) -> str:
        found: re.Match[str] = self.cleaned_data["token"]
        return found.group(2)
