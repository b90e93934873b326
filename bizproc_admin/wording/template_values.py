"""Parameters, variables and constants of a workflow template in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from bizproc_admin.bitrix.texts import line
from bizproc_admin.diagrams.reading import who
from bizproc_admin.diagrams.steps import Definition
from bizproc_admin.diagrams.values import is_on
from bizproc_admin.wording.template_names import SWITCHES, cut, in_all
from bizproc_admin.wording.template_steps import StepWords

MOST = 500
# the portal's types, those of old templates too; one that is missing here is shown by its own name
TYPES = {
    "bool": _lazy("yes or no"),
    "b": _lazy("yes or no"),
    "date": _lazy("date"),
    "datetime": _lazy("date and time"),
    "s:datetime": _lazy("date and time"),
    "time": _lazy("time of day"),
    "double": _lazy("number"),
    "n": _lazy("number"),
    "int": _lazy("whole number"),
    "select": _lazy("list"),
    "l": _lazy("list"),
    "internalselect": _lazy("field of the document"),
    "string": _lazy("line of text"),
    "s": _lazy("line of text"),
    "text": _lazy("text"),
    "user": _lazy("employee"),
    "s:userid": _lazy("employee"),
    "file": _lazy("file"),
    "f": _lazy("file"),
}
PEOPLE = frozenset({"user", "s:userid"})


@dataclass(frozen=True, kw_only=True)
class DefinitionLine:
    """A parameter, variable or constant as a page shows it; value is what is preset."""

    id: str
    name: str
    type: str
    description: str
    is_required: bool
    value: str
    options: str


def definition_lines(definitions: Iterable[Definition], words: StepWords) -> list[DefinitionLine]:
    """Return definitions in words; words name the people among what is preset."""
    return [
        DefinitionLine(
            id=cut(one.id, 100),
            name=line(cut(one.name, MOST)),
            type=type_of(one),
            description=line(cut(one.description, MOST)),
            is_required=one.is_required,
            value=value_of(one, words),
            options=in_all_of([label or key for key, label in one.options]),
        )
        for one in definitions
    ]


def type_of(one: Definition) -> str:
    """Return a definition's type: one that is not known by the portal's own name."""
    words = str(TYPES.get(one.type.lower(), cut(one.type, 60)) or _("not told"))
    return _("several of: %(type)s") % {"type": words} if one.is_multiple else words


def value_of(one: Definition, words: StepWords) -> str:
    """Return what is preset, in words."""
    labels: Mapping[str, str] = dict(one.options)
    kind = one.type.lower()
    if kind in PEOPLE:
        return words.names(who(list(one.default)))
    said = []
    for value in one.default:
        if not value:
            continue
        if kind in SWITCHES:
            said.append(_("yes") if is_on(value) else _("no"))
        else:
            said.append(line(cut(labels.get(value) or value, MOST)))
    return in_all_of(said)


def in_all_of(values: list[str]) -> str:
    return in_all([cut(value, MOST) for value in values])
