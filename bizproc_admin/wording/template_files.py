"""What is said of an uploaded template file: why it cannot be read, and what is worth knowing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.models import TemplateFile

# by the codes of diagrams.template_files.TemplateFileError and diagrams.php_values.Unserializable
REFUSALS = {
    "empty": gettext_lazy("The file is empty."),
    "too_large": gettext_lazy("The file is larger than %(limit)s."),
    "not_a_template": gettext_lazy(
        "This is no template file. Export it anew in the portal's designer (.bpt)."
    ),
    "gzip": gettext_lazy(
        "This file is packed with gzip. The portal cannot read it so: unpack it first."
    ),
    "raw_deflate": gettext_lazy(
        "This file is compressed without the head that the portal expects. Export it anew."
    ),
    "damaged": gettext_lazy("The file is damaged: it cannot be unpacked."),
    "cut_off": gettext_lazy("The file is cut off: its end is missing."),
    "trailing_data": gettext_lazy("There is something behind the template's end in this file."),
    "inflates_too_far": gettext_lazy("Unpacked, the file is larger than any template may be."),
    "no_template": gettext_lazy("The file holds no template."),
    "not_one_root": gettext_lazy("The file does not hold exactly one template."),
    "no_activity": gettext_lazy("The template in this file has no first step."),
    "gave_up": gettext_lazy("The file could not be read in several tries."),
    "object": gettext_lazy("The file holds an object of a program, which no template does."),
    "reference": gettext_lazy("The file holds a reference, which no template does."),
    "too_deep": gettext_lazy("The steps of the template lie too deep in each other."),
    "too_many": gettext_lazy("The template has too many parts."),
}
OTHERWISE = gettext_lazy("The file is not written as template files are.")
NOTES = {
    "windows_1251": gettext_lazy(
        "It is from an old site: its texts were read as windows-1251. Look whether they are right."
    ),
    "duplicate_key": gettext_lazy("Something is named twice (%(key)s): the later one counts."),
    "uncompressed": gettext_lazy("The file is not compressed; it is sent compressed."),
    "base64": gettext_lazy("The file was text (base64); it is sent as the file it stands for."),
    "unknown_version": gettext_lazy("The file is of version %(key)s, which is not known here."),
    "unknown_part": gettext_lazy("The file has a part that is not known here: %(key)s."),
}


def why_refused(file: TemplateFile) -> str:
    """Return why a file could not be read, and where."""
    sizes = {name: filesizeformat(file.values.get(name, 0)) for name in ("size", "limit")}
    said = str(REFUSALS.get(file.code, OTHERWISE)) % sizes
    where = place_said(file.values.get("path", ()))
    return f"{said} {where}" if where else said


def place_said(path: Sequence[str]) -> str:
    """Return where in a file something stands."""
    return _("In: %(path)s.") % {"path": " / ".join(path)} if path else ""


def note_said(note: Mapping[str, Any]) -> str:
    """Return a note on how a file was read."""
    said = str(NOTES.get(note["code"], note["code"])) % {"key": note.get("key", "")}
    where = place_said(note.get("path", ()))
    return f"{said} {where}" if where else said
