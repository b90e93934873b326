"""The form that starts a workflow: the document, what the template asks for, and why."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.actions import StartWorkflow
from bizproc_admin.forms import documents
from bizproc_admin.forms.parameters import Parameter, digest_of, parameters_of
from bizproc_admin.forms.people import PeopleField
from bizproc_admin.models import Account, Command, Document, Workflow, WorkflowTemplate
from bizproc_admin.models.documents import Triple

MOST_REASON = 2000


class StartForm(forms.Form):
    """One start of a workflow of a template.

    values are those of an earlier start, as they were sent: they fill the form again. seen are the
    workflows of the template that the page has shown to run on the document. draft is what was
    typed so far, shown again without being judged. asked tells what the template asked for when
    the page was made.
    """

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    asked = forms.CharField(required=False, widget=forms.HiddenInput)
    document = forms.CharField(
        label=gettext_lazy("Document"),
        max_length=documents.LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "The link of its page in the portal, its number, or a part of its name where it is "
            "known here."
        ),
        error_messages={"required": gettext_lazy("Which document is it to run on?")},
    )
    seen = forms.MultipleChoiceField(required=False, widget=forms.MultipleHiddenInput)
    although = forms.BooleanField(
        required=False,
        label=gettext_lazy("Start although one already runs"),
        widget=forms.CheckboxInput(attrs={"data-consent": ""}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=MOST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Stays here, in the audit history; the portal is not told."),
    )

    def __init__(
        self,
        template: WorkflowTemplate,
        data: Any = None,
        *,
        viewer: Account,
        document: str = "",
        values: Mapping[str, Any] | None = None,
        draft: Any = None,
    ) -> None:
        self.parameters = parameters_of(template.portal, template.parameters)
        asked = digest_of(self.parameters)
        initial = {"key": uuid.uuid4(), "asked": asked, "document": document}
        super().__init__(data, auto_id="start-%s", initial=initial)
        self.template, self.viewer = template, viewer
        self.triple: Triple | None = None
        self.found: list[Document] = []
        self.running: list[Workflow] = []
        self.beside: tuple[str, ...] = ()
        self.problem: forms.ValidationError | None = None
        for parameter in self.parameters:
            self.ask(parameter, values or {})
        if self.is_bound:
            self.identify(self.data.get("document", ""))
        elif draft is not None:
            self.restore(draft)
        elif document:
            self.identify(document)

    def ask(self, parameter: Parameter, values: Mapping[str, Any]) -> None:
        """Add the field of one parameter, filled with what was sent before or the default."""
        field = parameter.field(self.template.portal)
        value = values.get(parameter.id, parameter.default)
        first = parameter.initial(value)
        if default := parameter.hidden_default:
            said = _("The template's own default, which cannot be shown here: %(default)s.")
            field.help_text = f"{parameter.help} {said % {'default': default}}".strip()
        if isinstance(field, PeopleField):
            if len(field.take(first)) < len(first):
                field.help_text = _(
                    "Some of the template's own choice are not known here; untouched, they stay."
                )
        else:
            self.initial[parameter.name] = first
        self.fields[parameter.name] = field
        # what nobody touched is the template's own default, whether it can be shown here or not
        if self.is_bound and parameter.has_default and self.is_untouched(parameter):
            field.required = False

    def restore(self, draft: Any) -> None:
        """Fill the fields with what was typed, right or wrong."""
        for name, field in self.fields.items():
            if name in ("key", "asked", "seen"):
                continue
            posted = field.widget.value_from_datadict(draft, {}, name)
            if isinstance(field, PeopleField):
                field.take(posted["chosen"])
            else:
                self.initial[name] = posted
        self.identify(draft.get("document", ""))

    def identify(self, text: str) -> None:
        """Find out which document a text names, and what already runs on it."""
        if len(text) > documents.LONGEST:
            return
        try:
            self.triple = documents.document_of(text, self.template)
        except forms.ValidationError as error:
            self.problem = error
            return
        if self.triple is None and text.strip():
            self.found = documents.known_by_name(text, self.template, self.viewer)
        if self.triple is not None:
            running = documents.running_on(self.triple, self.template)
            if (sent := self.sent_before) is not None:
                # what runs now is what this very form has started
                self.beside = tuple(sent.inputs["beside"])
            else:
                self.beside = tuple(sorted(running.values_list("remote_id", flat=True)))
                self.running = list(running.visible_to(self.viewer))
            choices = [(one.remote_id, one.remote_id) for one in self.running]
            seen = cast("forms.MultipleChoiceField", self.fields["seen"])
            given = self.posted_seen if self.is_bound else []
            seen.choices = [*choices, *((one, one) for one in given)]
            self.initial["seen"] = [key for key, _label in choices]

    @property
    def posted_seen(self) -> list[str]:
        data: Any = self.data
        return list(data.getlist("seen"))

    @property
    def sent_before(self) -> Command | None:
        """Return the command that this form has made already: a double click, say."""
        try:
            key = uuid.UUID(self.data.get("key", ""))
        except ValueError:
            return None
        own = Command.objects.filter(actor=self.viewer, action=StartWorkflow.name)
        return own.filter(key=key).first()

    @property
    def number(self) -> str:
        """Return the number people know the document by."""
        return self.triple[2].rsplit("_", 1)[-1] if self.triple else ""

    @property
    def known(self) -> Document | None:
        """Return what is known here of the document that is named."""
        if self.triple is None:
            return None
        return documents.known(self.triple, self.template.portal, self.viewer)

    def posted(self, parameter: Parameter) -> Any:
        field = self.fields[parameter.name]
        return field.widget.value_from_datadict(self.data, self.files, parameter.name)

    def is_untouched(self, parameter: Parameter) -> bool:
        """Tell whether a field came back with the template's default in it."""
        return parameter.is_as_shown(self.fields[parameter.name], self.posted(parameter))

    def clean_document(self) -> Triple:
        text = self.cleaned_data["document"]
        if self.problem is not None:
            raise self.problem
        if self.triple is not None:
            return self.triple
        if self.found:
            raise forms.ValidationError(_("Several could be meant: choose one of those below."))
        raise forms.ValidationError(
            _("Nothing known here is called “%(text)s”. Paste the link of its page in the portal.")
            % {"text": text[:100]}
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for parameter in self.parameters:
            self.fields[parameter.name].required = parameter.is_required  # as it is shown again
            if parameter.has_default and self.is_untouched(parameter):
                # it is not sent, so that nothing is wrong with it
                self.errors.pop(parameter.name, None)
            elif parameter.kind == "datetime" and parameter.name in cleaned:
                self.hold_to_calendar(parameter, cleaned[parameter.name])
        if self.is_outdated:
            self.add_error(
                None,
                _("The template has been changed since this page was opened. Look at what it asks "
                  "for now, and start it then."),
            )  # fmt: skip
        if not self.running:
            return cleaned
        seen = set(self.posted_seen)
        if seen and {one.remote_id for one in self.running} - seen:
            self.add_error(
                "although",
                _("Another one has been started on this document meanwhile: look at it first."),
            )
        elif not (seen and cleaned.get("although")):
            self.add_error("although", _("One already runs on this document. Should a second?"))
        return cleaned

    def hold_to_calendar(self, parameter: Parameter, value: Any) -> None:
        """Refuse a moment that the portal's clock does not have."""
        try:
            parameter.sent(value)
        except OverflowError:
            self.add_error(parameter.name, _("No calendar has this moment."))

    @property
    def is_outdated(self) -> bool:
        """Tell whether the template asks for something else than the page did."""
        return self.is_bound and self.data.get("asked", "") != self.initial["asked"]

    def values(self) -> dict[str, Any]:
        """Give what is sent, by the parameters' ids; what nobody touched keeps its default.

        A field of which an error is shown sends nothing.
        """
        sent = {}
        for parameter in self.parameters:
            if parameter.name not in self.cleaned_data:
                continue
            value = self.cleaned_data[parameter.name]
            if parameter.has_default and self.is_untouched(parameter):
                continue
            if value in (None, "", []) and not parameter.has_default:
                continue
            sent[parameter.id] = parameter.sent(value)
        return sent

    def action(self, *, again: int | None = None) -> StartWorkflow:
        """Return what a valid form asks for."""
        return StartWorkflow(
            template=self.template,
            document=self.cleaned_data["document"],
            parameters=self.values(),
            beside=self.beside,
            again=again,
            reason=self.cleaned_data["reason"],
            known=self.known,
        )

    def focus_error(self) -> None:
        """Have the repainted form opened at the first field that is wrong."""
        wrong = next((field for name, field in self.fields.items() if name in self.errors), None)
        if wrong is not None:
            wrong.widget.attrs["autofocus"] = True

    def renew(self) -> None:
        """Give the repainted form another one-time key, and what is asked for now.

        The key it came with may be used up.
        """
        given: Any = self.data
        self.data = given = given.copy()
        given["key"], given["asked"] = str(uuid.uuid4()), self.initial["asked"]
