"""What a structure names: people, departments, fields, other templates, actions; and where.

Only references, types and titles are taken out, no other text: a structure may hold secrets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bizproc_admin.diagrams.expressions import EXPRESSION, reference
from bizproc_admin.diagrams.steps import ASKING, Definition, Kind, Reference, Step
from bizproc_admin.diagrams.values import mapping

PERSON = re.compile(r"user_(\d{1,18})", re.IGNORECASE)
DEPARTMENT = re.compile(r"group_(?:d|dr|hr|hrr)(\d{1,18})", re.IGNORECASE)
GROUP = re.compile(r"group_\w{1,100}", re.IGNORECASE)
# so many values of one step are looked through
MOST_VALUES = 20_000


class Named(StrEnum):
    """What is named."""

    STEP = "step"
    PERSON = "person"
    DEPARTMENT = "department"
    GROUP = "group"
    FIELD = "field"
    TEMPLATE = "template"
    NOBODY = "nobody"  # a step that should ask people and names none
    UNKNOWN = "unknown"  # an action of a type that is not known here


class Where(StrEnum):
    """The part in which something is named."""

    STEP = "step"
    APPROVER = "approver"
    RECEIVER = "receiver"
    CONDITION = "condition"
    SETTING = "setting"
    PARAMETER = "parameter"
    VARIABLE = "variable"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One thing named once in one place.

    value is a code or a number of the portal, for a step its type; number the same as a number,
    None where it is none. step is the key of the step, None where a definition names it; title is
    the step's or the definition's.
    """

    kind: Named
    value: str
    where: Where
    number: int | None = None
    step: int | None = None
    name: str = ""
    title: str = ""
    is_active: bool = True


def mentions(root: Step, defined: Mapping[Where, Iterable[Definition]]) -> Iterator[Mention]:
    """Yield what a structure names, each thing once in each place, in reading order."""
    for step in root.walk():
        yield from _of_step(step)
    for where, definitions in defined.items():
        for one in definitions:
            for kind, value in dict.fromkeys(_named(one.default)):
                yield _mention(kind, value, where, title=one.name or one.id)


def _of_step(step: Step) -> Iterator[Mention]:
    found: dict[tuple[Named, str, Where], None] = {}
    if step.key:  # the root is the template itself
        found[Named.STEP, step.type.lower(), Where.STEP] = None
    if step.kind is Kind.UNKNOWN:
        found[Named.UNKNOWN, step.type, Where.STEP] = None
    if step.kind is Kind.START and step.target.isdecimal():
        found[Named.TEMPLATE, step.target, Where.SETTING] = None
    if step.kind in ASKING and step.asking is not None and not step.asking.users:
        found[Named.NOBODY, "", Where.APPROVER] = None
    people = {Where.APPROVER: step.asking.users if step.asking else (), Where.RECEIVER: step.to}
    told: set[tuple[Named, str]] = set()
    for where, given in people.items():
        for one in given:
            names = [one.reference] if one.reference else [f"user_{one.value}"]
            names = names if one.kind in ("person", "reference") else [one.value]
            told.update(_named(names))
            found.update(dict.fromkeys((*key, where) for key in _named(names)))
    for test in step.condition.tests if step.condition else ():
        keys = set(_named([test.subject, test.value]))
        told |= keys
        found.update(dict.fromkeys((*key, Where.CONDITION) for key in keys))
    fields = mapping(step.properties.get("FieldValue")) if step.kind is Kind.FIELDS else {}
    found.update(dict.fromkeys((Named.FIELD, name, Where.SETTING) for name in fields))
    for key in _named(_texts(step.properties)):
        if key not in told:
            found[(*key, Where.SETTING)] = None
    for kind, value, where in found:
        yield _mention(kind, value, where, step=step)


def _mention(
    kind: Named, value: str, where: Where, *, step: Step | None = None, title: str = ""
) -> Mention:
    is_number = kind in (Named.PERSON, Named.DEPARTMENT, Named.TEMPLATE) and len(value) < 19
    return Mention(
        kind=kind,
        value=value,
        where=where,
        number=int(value) if is_number else None,
        step=step.key if step else None,
        name=step.name if step else "",
        title=step.title if step else title,
        is_active=step.is_active if step else True,
    )


def _named(values: Iterable[str | Reference]) -> Iterator[tuple[Named, str]]:
    """Yield what texts consist of that names something, and the document's fields within them."""
    for value in values:
        if isinstance(value, Reference):
            if value.source.lower() == "document":
                yield Named.FIELD, value.field
            continue
        for part in re.split(r"[;,]", value) if len(value) < 2_000 else []:
            if one := PERSON.fullmatch(part.strip()):
                yield Named.PERSON, one[1].lstrip("0") or "0"
            elif one := DEPARTMENT.fullmatch(part.strip()):
                yield Named.DEPARTMENT, one[1].lstrip("0") or "0"
            elif GROUP.fullmatch(part.strip()):
                yield Named.GROUP, part.strip().lower()
        for found in EXPRESSION.finditer(value):
            one_reference = reference(found[1], found[2])
            if one_reference.source == "document":
                yield Named.FIELD, one_reference.field


def _texts(value: object) -> Iterator[str]:
    """Yield the texts within a value, however it is nested, without recursion."""
    waiting, count = [value], 0
    while waiting and count < MOST_VALUES:
        one = waiting.pop()
        count += 1
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting.extend(reversed(list(one.values())))
        elif isinstance(one, (list, tuple)):
            waiting.extend(reversed(one))
