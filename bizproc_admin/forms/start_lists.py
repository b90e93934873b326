"""Starting on many documents: a CSV file with one document a row, and a column a parameter."""

import csv
import io
import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.actions import Item
from bizproc_admin.forms import documents
from bizproc_admin.forms.parameters import Parameter, parameters_of
from bizproc_admin.forms.people import PeopleField
from bizproc_admin.models import Workflow, WorkflowTemplate
from bizproc_admin.models.documents import Triple

MOST_ROWS = 10_000
MOST_BYTES = 10_000_000
# of so many lines it is said what is wrong
MOST_TOLD = 100
SEPARATORS = ";,\t"
# between several values of one parameter
AMONG = "|"
# a line of the file, and what is wrong with it
Wrong = tuple[int, str]


class StartListForm(forms.Form):
    """A file that says what to start a template on; items are there once it is valid.

    wrong are its lines with which something is wrong: then nothing of it is started. name is the
    file's.
    """

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy(
            "One row a document: its link, number or key in the first column, and a column for "
            "each parameter that is to be given, headed by the parameter’s name or id. Days are "
            "written 2026-11-27, several values with | between them. At most 10,000 rows."
        ),
    )
    although = forms.BooleanField(
        required=False, label=gettext_lazy("Start although one already runs on a document")
    )

    def __init__(self, template: WorkflowTemplate, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, auto_id="many-%s", initial={"key": uuid.uuid4()})
        self.template = template
        self.parameters = parameters_of(template.portal, template.parameters)
        self.items: list[Item] = []
        self.wrong: list[Wrong] = []
        self.name = ""

    @property
    def more_wrong(self) -> int:
        """Return of how many more lines it is not said what is wrong."""
        return max(0, len(self.wrong) - MOST_TOLD)

    @property
    def told(self) -> list[Wrong]:
        return self.wrong[:MOST_TOLD]

    def clean_file(self) -> list[list[str]]:
        """Return the rows of the file, the head first."""
        file = self.cleaned_data["file"]
        self.name = str(file.name)[-200:]
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than 10 MB."))
        rows = read(file.read())
        if len(rows) < 2:
            raise ValidationError(_("There is no row below the head of the columns."))
        if len(rows) - 1 > MOST_ROWS:
            raise ValidationError(
                _("The file has %(count)s rows: at most %(most)s can be started at once.")
                % {"count": f"{len(rows) - 1:,}", "most": f"{MOST_ROWS:,}"}
            )
        return rows

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "file" not in cleaned:
            return cleaned
        head, *rows = cleaned["file"]
        columns = self.columns(head[1:])
        if not self.wrong:
            lines = Lines(self.template, columns, although=cleaned["although"])
            self.items, self.wrong = lines.items(rows), lines.wrong
        if self.wrong:
            self.items = []
            self.add_error("file", _("Nothing of this file was taken: some of it is wrong."))
        return cleaned

    def columns(self, head: list[str]) -> list[Parameter]:
        """Return the parameter of each column after the first; what is wrong stands at line 1."""
        known = {one.label.casefold(): one for one in self.parameters}
        known |= {one.id.casefold(): one for one in self.parameters}
        found = []
        for text in head:
            one = known.get(text.strip().casefold())
            if one is None:
                self.wrong.append((1, _("“%(name)s” is no parameter.") % {"name": text[:100]}))
            elif one in found:
                self.wrong.append((1, _("“%(name)s” stands here twice.") % {"name": text[:100]}))
            else:
                found.append(one)
        for one in self.parameters:
            if one.is_required and not one.has_default and one not in found:
                said = _("“%(name)s” is required, and no column gives it.") % {"name": one.label}
                self.wrong.append((1, said))
        return found


class Lines:
    """The rows of a file on their way to being starts."""

    def __init__(
        self, template: WorkflowTemplate, columns: list[Parameter], *, although: bool
    ) -> None:
        self.template, self.columns, self.although = template, columns, although
        self.fields = [one.field(template.portal) for one in columns]
        self.wrong: list[Wrong] = []
        self.seen: dict[Triple, int] = {}
        self.running = running_by_document(template)

    def items(self, rows: Iterable[list[str]]) -> list[Item]:
        """Return a start for each row; an empty row is none."""
        items = []
        for line, row in enumerate(rows, start=2):
            if not any(cell.strip() for cell in row):
                continue
            try:
                items.append(self.item(line, row))
            except ValidationError as error:
                self.wrong.append((line, " ".join(error.messages)))
        return items

    def item(self, line: int, row: list[str]) -> Item:
        triple = self.document(line, row[0])
        if len(row) > len(self.columns) + 1 and any(row[len(self.columns) + 1 :]):
            raise ValidationError(_("It has more columns than the head."))
        beside = self.running.get(triple[2], [])
        if beside and not self.although:
            raise ValidationError(_("One already runs on this document."))
        cells = [*row[1:], *[""] * len(self.columns)]
        values = {}
        for parameter, field, cell in zip(self.columns, self.fields, cells, strict=False):
            if cell.strip() or not parameter.has_default:
                value = self.value(parameter, field, cell.strip())
                if value not in ("", []):
                    values[parameter.id] = value
        own = {"document": list(triple), "parameters": values, "beside": sorted(beside)}
        return Item(pk=self.template.pk, own=own)

    def document(self, line: int, text: str) -> Triple:
        triple = documents.document_of(text[: documents.LONGEST], self.template)
        if triple is None:
            raise ValidationError(_("Name the document by its link, its number or its key."))
        if triple in self.seen:
            said = _("The same document stands in line %(line)d.") % {"line": self.seen[triple]}
            raise ValidationError(said)
        self.seen[triple] = line
        return triple

    def value(self, parameter: Parameter, field: forms.Field, cell: str) -> Any:
        """Return a cell as it is sent; ValidationError names the parameter."""
        texts = cell.split(AMONG) if parameter.is_multiple else [cell]
        try:
            cleaned = field.clean(posted(parameter, field, [one.strip() for one in texts if one]))
            return parameter.sent(cleaned)
        except ValidationError as error:
            text = " ".join(error.messages)
        except OverflowError:
            text = _("No calendar has this moment.")
        raise ValidationError(
            _("%(name)s: %(problem)s") % {"name": parameter.label, "problem": text}
        )


def posted(parameter: Parameter, field: forms.Field, texts: list[str]) -> Any:
    """Return texts as the control of a parameter would send them."""
    data, name = QueryDict(mutable=True), parameter.name
    if isinstance(field, PeopleField):
        keys = [one for one in texts if one.removeprefix("user_").isdecimal()]
        data.setlist(name, keys)
        data[f"{name}_find"] = ", ".join(one for one in texts if one not in keys)
    elif parameter.kind == "select":
        by_label = {label.casefold(): key for key, label in parameter.options.items()}
        data.setlist(name, [by_label.get(one.casefold(), one) for one in texts])
    elif parameter.kind == "bool":
        data.setlist(name, [str(parameter.shown(one)) for one in texts])
    else:
        data.setlist(name, texts)
    return field.widget.value_from_datadict(data, {}, name)


def read(content: bytes) -> list[list[str]]:
    """Return the rows of a CSV file; ValidationError for what is none.

    A spreadsheet writes UTF-8, or what its Windows writes; between cells stands what its country
    has there.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    if "\x00" in text:
        raise ValidationError(_("This is no CSV file."))
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        raise ValidationError(_("This is no CSV file.")) from None


def running_by_document(template: WorkflowTemplate) -> dict[str, list[str]]:
    """Return the ids of a template's running workflows by the id of their document."""
    rows = Workflow.objects.running().filter(portal=template.portal, template=template)
    found: dict[str, list[str]] = {}
    for document, number in rows.values_list("document__document_id", "remote_id"):
        found.setdefault(document, []).append(number)
    return found
