"""Registering, changing and deleting application actions."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.forms.action_properties import (
    PropertyForms,
    typed_in,
    with_one_less,
    with_one_more,
)
from bizproc_admin.forms.definition_files import LONGEST_TIMEOUT
from bizproc_admin.forms.definition_rules import (
    LONGEST_HANDLER,
    code_problems,
    problems_of,
    properties_problems,
    rule_of,
    rule_written,
)
from bizproc_admin.forms.paired_fields import LanguagesField, as_definition
from bizproc_admin.forms.repeated_fields import RepeatedField
from bizproc_admin.forms.template_files import said_of
from bizproc_admin.models import ApplicationAction, Command, Portal
from bizproc_admin.models.application_definitions import ActionDefinition
from bizproc_admin.models.documents import Triple

SIDES = {"PROPERTIES": "given", "RETURN_PROPERTIES": "answered"}
# by what a definition calls its parts
FIELDS = {
    "CODE": "code", "HANDLER": "handler", "NAME": "names", "DESCRIPTION": "descriptions",
    "USE_SUBSCRIPTION": "subscription", "DOCUMENT_TYPE": "document_type",
    "AUTH_USER_ID": "user_number",
}  # fmt: skip
# the field that a refusal is about, by the code it was kept with
REFUSED = {
    "ERROR_WRONG_HANDLER_URL": "handler",
    "ERROR_UNSUPPORTED_PROTOCOL": "handler",
    "ERROR_ACTIVITY_ALREADY_INSTALLED": "code",
    "action_taken": "code",
    "code_of_other_kind": "code",
}
KEPT = ("USE_PLACEMENT", "PLACEMENT_HANDLER")


class ReasonField(forms.CharField):
    """Why somebody asks for it."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            label=gettext_lazy("Reason"),
            help_text=gettext_lazy("Kept in the audit history here. It is not sent to the portal."),
            max_length=2000,
            required=required,
            widget=forms.Textarea(attrs={"rows": 2}),
        )


class ActionForm(forms.Form):
    """A definition to be registered, or to take the place of the one there is.

    action is the one that is changed, None to register; known is the definition the form begins
    with, whose parts that have no field here are kept.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=[
            (
                ApplicationAction.Kind.ROBOT,
                gettext_lazy("Automation rule, offered in the designer too"),
            ),
            (ApplicationAction.Kind.ACTIVITY, gettext_lazy("Action of the designer alone")),
        ],
        initial=ApplicationAction.Kind.ROBOT,
        widget=forms.RadioSelect,
    )
    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy(
            "Latin letters, digits, dots, hyphens and underscores. It cannot be changed later: "
            "steps of templates are known by it."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    names = LanguagesField(label=gettext_lazy("Names"))
    descriptions = LanguagesField(label=gettext_lazy("Description"), required=False)
    handler = forms.CharField(
        label=gettext_lazy("Address that the portal calls"),
        help_text=gettext_lazy(
            "Bitrix24 calls it from the internet. The reference asks for an address on the "
            "application's own domain; portals themselves check only the form of it."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}
        ),
    )
    subscription = forms.ChoiceField(
        label=gettext_lazy("Its steps"),
        choices=[
            ("Y", gettext_lazy("wait for an answer")),
            ("N", gettext_lazy("go on at once")),
        ],
        widget=forms.RadioSelect,
    )
    timeout = forms.IntegerField(
        label=gettext_lazy("Recommended limit, in seconds"),
        help_text=gettext_lazy(
            "Advice for authors of templates, kept here alone: the limit itself is set in each "
            "step. 3600 is an hour, 86400 a day."
        ),
        min_value=1,
        max_value=LONGEST_TIMEOUT,
        required=False,
    )
    document_type = forms.ChoiceField(
        label=gettext_lazy("Document type"),
        help_text=gettext_lazy("Decides which types of properties there are beside the usual."),
        required=False,
    )
    include = RepeatedField(forms.CharField(max_length=500))
    exclude = RepeatedField(forms.CharField(max_length=500))
    user_number = forms.IntegerField(
        label=gettext_lazy("Runs as the person of this number"),
        help_text=gettext_lazy(
            "Calls then carry access tokens of this person. Leave it empty unless the application "
            "needs them: this console does not."
        ),
        min_value=1,
        required=False,
    )
    reason = ReasonField()

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        portal: Portal,
        types: Sequence[Triple],
        initial: Mapping[str, Any],
        known: Mapping[str, Any],
        action: ApplicationAction | None = None,
        typed: QueryDict | None = None,
    ) -> None:
        read = ActionDefinition.from_api(known)
        first = {**shown(read), **initial, "key": uuid.uuid4()}
        super().__init__(data, auto_id="action-%s", initial=first)
        if typed is not None:
            self.initial.update(typed_in(self, typed))
        self.portal, self.action, self.known = portal, action, known
        for name, label in (("include", _("Offered only for")), ("exclude", _("Not offered for"))):
            self.fields[name].label = label
            self.fields[name].required = False
            self.fields[name].help_text = _(
                "b24 (cloud), box (on-premise), or a document type in full or shortened: crm, "
                "CCrmDocumentDeal"
            )
        if action is not None:
            del self.fields["kind"], self.fields["code"]
        told = {"|".join(one): said_of(one) for one in types}
        if len(read.document_type) == 3:
            told.setdefault("|".join(read.document_type), ", ".join(read.document_type))
        field = cast("forms.ChoiceField", self.fields["document_type"])
        field.choices = [("", _("any")), *told.items()]
        self.given = PropertyForms("given", data, known=read.properties, typed=typed)
        self.answered = PropertyForms("answered", data, known=read.return_properties, typed=typed)
        self.made: dict[str, Any] = {}

    @classmethod
    def reshaped(cls, data: QueryDict, **rest: Any) -> "ActionForm":
        """Return the form as it stands with a property more or less, and without a complaint."""
        grown = data.get("more", "")
        if grown in SIDES.values():
            data = with_one_more(data, grown)
        side, _colon, place = data.get("less", "").partition(":")
        if side in SIDES.values() and place.isdecimal() and len(place) < 6:
            data = with_one_less(data, side, int(place))
        form = cls(typed=data, **rest)
        if grown in SIDES.values():
            newest = getattr(form, grown).forms[-1]
            newest.fields["id"].widget.attrs["autofocus"] = True
        return form

    def tell(self, command: Command, text: str) -> None:
        """Say why the portal refused this before, beside the field that it is about."""
        name = REFUSED.get(command.error_code)
        if name in self.fields:
            self.errors[name] = self.error_class([text])

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        for text in code_problems(code):
            raise forms.ValidationError(text)
        return code

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind, code = cleaned.get("kind"), cleaned.get("code")
        there = ApplicationAction.objects.of_application(self.portal).filter(
            code=code or "", listed_at__isnull=False, missing_since=None
        )
        if self.action is None and (taken := there.first()) is not None:
            other = _("The portal has this code already, as the other kind: choose another.")
            same = _("The portal has this code already: change that one, or choose another.")
            self.add_error("code", same if taken.kind == kind else other)
        for part, side in SIDES.items():
            properties: PropertyForms = getattr(self, side)
            if not properties.is_valid():
                self.point_below()
                continue
            for path, text in properties_problems(part, properties.definition()):
                self.place_error(path, text)
        if self.errors:
            return cleaned
        self.made = self.definition()
        code = self.action.code if self.action else cleaned["code"]
        for path, text in problems_of(code, self.made):
            self.place_error(path, text)
        return cleaned

    def point_below(self) -> None:
        """Say once that something is wrong with properties, which stand further below."""
        words = _("Something is to be mended in the properties below.")
        if words not in self.non_field_errors():
            self.add_error(None, words)

    def place_error(self, path: tuple[str, ...], text: str) -> None:
        """Say what is wrong with a definition beside the field it is about."""
        part = path[0]
        if part in SIDES and len(path) > 1:
            getattr(self, SIDES[part]).add_error(path[1:], text)
            self.point_below()
        elif part == "FILTER" and len(path) > 1:
            self.add_error(path[1].lower(), text)
        else:
            name = FIELDS.get(part)
            self.add_error(name if name in self.fields else None, text)

    def definition(self) -> dict[str, Any]:
        """Return what is to be registered; what has no field here stays as it was."""
        cleaned = self.cleaned_data
        made: dict[str, Any] = {
            "HANDLER": cleaned["handler"].strip(),
            "USE_SUBSCRIPTION": cleaned["subscription"],
            "NAME": as_definition(cleaned["names"]),
        }
        if cleaned["descriptions"]:
            made["DESCRIPTION"] = as_definition(cleaned["descriptions"])
        for part, side in SIDES.items():
            if properties := getattr(self, side).definition():
                made[part] = properties
        if cleaned["document_type"]:
            made["DOCUMENT_TYPE"] = cleaned["document_type"].split("|")
        rules = {
            part: [rule_of(one) for one in cleaned[part.lower()]]
            for part in ("INCLUDE", "EXCLUDE")
            if cleaned[part.lower()]
        }
        if rules:
            made["FILTER"] = rules
        if cleaned["user_number"]:
            made["AUTH_USER_ID"] = cleaned["user_number"]
        return made | {part: self.known[part] for part in KEPT if part in self.known}


def shown(read: ActionDefinition) -> dict[str, Any]:
    """Return the initial values of a form from a definition."""
    return {
        "names": list(read.names.by_language.items()),
        "descriptions": list(read.descriptions.by_language.items()),
        "handler": read.handler[:LONGEST_HANDLER],
        "subscription": read.subscription,
        "document_type": "|".join(read.document_type),
        "include": [rule_written(one) for one in read.include],
        "exclude": [rule_written(one) for one in read.exclude],
        "user_number": read.user_number if read.user_number != "0" else "",
    }


class ImportForm(forms.Form):
    """Definitions in JSON: as a file, or as text that was looked through and mended."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=gettext_lazy("Those that do not say what they are"),
        choices=[
            (ApplicationAction.Kind.ROBOT, gettext_lazy("are automation rules")),
            (ApplicationAction.Kind.ACTIVITY, gettext_lazy("are actions of the designer alone")),
        ],
        initial=ApplicationAction.Kind.ROBOT,
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("JSON: as exported here, or as the reference shows definitions."),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
    content = forms.CharField(
        label=gettext_lazy("Definitions"),
        help_text=gettext_lazy("What the file held; it can be mended here, or pasted."),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "class": "mono"}),
    )
    reason = ReasonField(required=False)

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, auto_id="import-%s", initial={"key": uuid.uuid4()})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("file") and not (cleaned.get("content") or "").strip():
            self.add_error("file", _("Choose a file, or paste definitions below."))
        return cleaned


class ActionDeletionForm(forms.Form):
    """Deleting an action: its code is typed, for what breaks is not mended by itself."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    confirmation = forms.CharField(
        label=gettext_lazy("Type the code to confirm"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = ReasonField()

    def __init__(self, data: Any = None, *, action: ApplicationAction) -> None:
        super().__init__(data, initial={"key": uuid.uuid4()})
        self.action = action

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].strip()
        if typed != self.action.code:
            raise forms.ValidationError(_("This is not its code."))
        return typed
