"""Uploading a template file, and sending what was read of it to the portal."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.diagrams.template_files import LARGEST_FILE
from bizproc_admin.models import WorkflowTemplate
from bizproc_admin.models.documents import Triple, kind_of

AUTO_EXECUTE = (
    (0, gettext_lazy("by hand alone")),
    (1, gettext_lazy("by itself, when a document is created")),
    (2, gettext_lazy("by itself, when a document is changed")),
    (3, gettext_lazy("by itself, when a document is created or changed")),
)


class UploadForm(forms.Form):
    """A template file; its contents are looked at by a worker alone."""

    file = forms.FileField(
        label=gettext_lazy("Template file"),
        help_text=gettext_lazy("A .bpt file, as the portal's designer exports it."),
        widget=forms.FileInput(attrs={"accept": ".bpt,application/octet-stream"}),
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            most = {"most": filesizeformat(LARGEST_FILE)}
            raise forms.ValidationError(_("A file may have at most %(most)s.") % most)
        return file


class WritingForm(forms.Form):
    """How a template is called and started; dangers are what has to be confirmed.

    What is dangerous is confirmed by typing the template's name.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=255)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    auto_execute = forms.TypedChoiceField(
        label=gettext_lazy("It starts"), coerce=int, choices=AUTO_EXECUTE, initial=0
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept in the audit history here. It is not sent to the portal."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    confirmation = forms.CharField(
        label=gettext_lazy("Type the template's name to confirm"),
        help_text=gettext_lazy("Where something is marked red, or it starts by itself."),
        required=False,
        max_length=255,
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any], is_dangerous: bool) -> None:
        super().__init__(data, auto_id="writing-%s", initial={"key": uuid.uuid4(), **initial})
        self.is_dangerous = is_dangerous

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name.strip() == "0":
            raise forms.ValidationError(_("The portal takes a zero for no name."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        needs_it = self.is_dangerous or cleaned.get("auto_execute")
        if needs_it and cleaned.get("confirmation", "").strip() != cleaned.get("name"):
            self.add_error(
                "confirmation", _("Type the name exactly as above: what is marked red happens.")
            )
        return cleaned


class AdditionForm(WritingForm):
    """A new template: of which kind of documents it is to be."""

    document_type = forms.ChoiceField(label=gettext_lazy("It runs on"))
    field_order = (
        "name", "document_type", "auto_execute", "description", "reason", "confirmation", "key",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, types: Sequence[Triple], **rest: Any) -> None:
        super().__init__(data, **rest)
        self.types = types
        field = cast("forms.ChoiceField", self.fields["document_type"])
        field.choices = [
            ("", "—"),
            *((str(place), said_of(one)) for place, one in enumerate(types)),
        ]

    def clean_document_type(self) -> Triple:
        return self.types[int(self.cleaned_data["document_type"])]


class DeletionForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept in the audit history here. It is not sent to the portal."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def said_of(triple: Triple) -> str:
    """Return a document type in words, with the portal's own name for it."""
    return f"{kind_of(triple[1]).label} · {triple[2]}"


def known_types(templates: Iterable[WorkflowTemplate]) -> list[Triple]:
    """Return the document types that the portal's templates are of, by their words."""
    found = {(one.module, one.entity, one.document_type) for one in templates if one.entity}
    return sorted(found, key=said_of)
