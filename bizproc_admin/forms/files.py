"""Files in a form, and those a form held before it was painted anew: they are asked about."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from bizproc_admin.uploads import MOST_OF_ONE

# what follows a question's name where a form says which files it held, and that it goes without
GONE, WITHOUT = "_gone", "_without"
MOST_NAMES, LONGEST_NAME = 50, 200


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What came of a question for files: the files, the names of those that are no longer here."""

    files: list[Any]
    gone: list[str]
    is_without: bool


class FilesInput(forms.FileInput):
    """A control for files, and beside it what the form held before it was painted anew."""

    def __init__(self, *, is_multiple: bool) -> None:
        super().__init__()
        self.is_multiple = self.allow_multiple_selected = is_multiple
        if is_multiple:
            self.attrs["multiple"] = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Chosen:
        return Chosen(
            files=[file for file in listed(files, name) if file][0 if self.is_multiple else -1 :],
            gone=[one[:LONGEST_NAME] for one in listed(data, name + GONE) if one][:MOST_NAMES],
            is_without=bool(data.get(name + WITHOUT)),
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class FilesField(forms.Field):
    """One file or several, each small enough; its size is looked at before its content.

    gone are the names of files that were chosen and are no longer here: the answer is held back
    until they are chosen again or is_without says that it goes without them.
    """

    def __init__(self, *, is_multiple: bool) -> None:
        super().__init__(widget=FilesInput(is_multiple=is_multiple))
        self.is_multiple = is_multiple
        self.gone: list[str] = []
        self.is_without = False

    def miss(self, chosen: Chosen) -> None:
        """Take over what a form held that is painted anew."""
        self.gone = [file.name for file in chosen.files] or chosen.gone
        self.is_without = chosen.is_without and not chosen.files

    @property
    def missing(self) -> str:
        """Say which files are no longer here, or nothing."""
        if not self.gone or self.is_without:
            return ""
        return _(
            "“%(files)s” is no longer in this form: a page that is shown anew keeps no file. "
            "Choose it again, or say that the answer goes without it."
        ) % {"files": "”, “".join(self.gone)}

    def clean(self, value: Any) -> list[Any]:
        chosen = value if isinstance(value, Chosen) else Chosen(files=[], gone=[], is_without=False)
        if not chosen.files and chosen.gone and not chosen.is_without:
            raise forms.ValidationError(_("The answer was held back."))
        if self.required and not chosen.files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if any(file.size > MOST_OF_ONE for file in chosen.files):
            raise forms.ValidationError(
                _("A file may have at most %(most)s.") % {"most": filesizeformat(MOST_OF_ONE)}
            )
        return chosen.files


def listed(data: Any, name: str) -> list[Any]:
    """Give every value under a name, of a form's data or of a plain mapping."""
    if hasattr(data, "getlist"):
        return list(data.getlist(name))
    value = data.get(name)
    return list(value) if isinstance(value, (list, tuple)) else [value]
