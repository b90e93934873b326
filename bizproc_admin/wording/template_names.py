"""What a template's structure names, in words: people, values, conditions, lengths of time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from bizproc_admin.bitrix.texts import line
from bizproc_admin.diagrams.expressions import parts
from bizproc_admin.diagrams.steps import Condition, Definition, Reference, Span, Test, Who
from bizproc_admin.diagrams.values import is_on

MOST_TITLE, MOST_NAMES = 300, 4
SWITCHES = frozenset({"bool", "b"})
OPERATORS = {
    "=": _lazy("%(subject)s is %(value)s"),
    "!=": _lazy("%(subject)s is not %(value)s"),
    ">": _lazy("%(subject)s over %(value)s"),
    ">=": _lazy("%(subject)s at least %(value)s"),
    "<": _lazy("%(subject)s under %(value)s"),
    "<=": _lazy("%(subject)s at most %(value)s"),
    "in": _lazy("%(subject)s is one of %(value)s"),
    "!in": _lazy("%(subject)s is none of %(value)s"),
    "contain": _lazy("%(subject)s contains %(value)s"),
    "!contain": _lazy("%(subject)s does not contain %(value)s"),
    "empty": _lazy("%(subject)s is empty"),
    "!empty": _lazy("%(subject)s is filled in"),
    "between": _lazy("%(subject)s between %(value)s"),
    "modified": _lazy("%(subject)s was changed"),
}
FIELDS = {
    "assigned_by_id": _lazy("who is responsible"),
    "created_by": _lazy("who made the document"),
    "created_by_id": _lazy("who made the document"),
    "modified_by": _lazy("who changed the document"),
    "opportunity": _lazy("amount"),
    "stage_id": _lazy("stage"),
    "status_id": _lazy("status"),
    "title": _lazy("title"),
    "name": _lazy("name"),
}
SYSTEM = {"now": _lazy("now"), "nowlocal": _lazy("now"), "date": _lazy("today")}
ROLES = {
    "author": _lazy("the author of the document"),
    "admin": _lazy("the administrators"),
    "responsible": _lazy("who is responsible"),
}


@dataclass(frozen=True, kw_only=True)
class TemplateNames:
    """Says what one template names.

    people are names by the portal's numbers, dismissed those of them who have left; definitions are
    the template's parameters, variables and constants by source ("template", "variable",
    "constant").
    """

    people: Mapping[str, str] = field(default_factory=dict)
    dismissed: frozenset[str] = frozenset()
    definitions: Mapping[str, Mapping[str, Definition]] = field(default_factory=dict)

    def names(self, users: Iterable[Who]) -> str:
        """Return who is named, the first few by name."""
        return in_all([self.name(one) for one in users])

    def name(self, who: Who) -> str:
        """Return one who is named."""
        if who.kind == "person":
            name = self.people.get(who.value) or _("person %(number)s") % {"number": who.value}
            is_gone = who.value in self.dismissed
            return _("%(name)s (dismissed)") % {"name": name} if is_gone else name
        if who.kind == "group":
            return _("group %(code)s") % {"code": who.value.removeprefix("group_")}
        if who.kind == "role":
            return str(ROLES.get(who.value, who.value))
        if who.reference is not None:
            return self.referred(who.reference)
        return cut(line(who.value), 80) or "?"

    def referred(self, one: Reference) -> str:
        """Return what a reference is called: by its definition, its step, or its own name."""
        found = self.defined(one)
        if found is not None:
            return line(found.name)
        if one.source == "system":
            return str(SYSTEM.get(one.field.lower(), one.field))
        plain = one.field.removesuffix("_printable").removesuffix("_PRINTABLE")
        return str(FIELDS.get(plain.lower(), plain)) if one.source == "document" else plain

    def defined(self, one: Reference) -> Definition | None:
        """Return what a reference leads to: by its source, or whatever has that name."""
        sources = (one.source,) if one.source else ("template", "variable", "constant")
        named = (self.definitions.get(source, {}).get(one.field) for source in sources)
        return next((found for found in named if found is not None), None)

    def said(self, text: str) -> str:
        """Return a text with the names of what it refers to in the place of expressions."""
        return cut(
            line("".join(self.referred(p) if isinstance(p, Reference) else p for p in parts(text))),
            MOST_TITLE,
        )

    def span(self, span: Span) -> str:
        """Return a length of time as it is written: "2 d"."""
        values = {"amount": self.said(span.amount)}
        units = {
            "s": _("%(amount)s s"),
            "m": _("%(amount)s min"),
            "h": _("%(amount)s h"),
            "d": _("%(amount)s d"),
        }
        return units[span.unit] % values

    def condition(self, condition: Condition) -> str:
        """Return a condition in words."""
        if condition.kind == "tests":
            said = ""
            for place, test in enumerate(condition.tests):
                join = (
                    _("%(first)s or %(second)s")
                    if test.is_alternative
                    else _("%(first)s and %(second)s")
                )
                words = self.test(test)
                said = join % {"first": said, "second": words} if place else words
            return said
        if condition.kind == "always":
            return _("always")
        if condition.kind == "code":
            return _("PHP code decides")
        return _("condition of a kind not known here: %(kind)s") % {"kind": cut(condition.kind, 60)}

    def test(self, test: Test) -> str:
        """Return one comparison in words."""
        value = self.said(test.value)
        definition = self.defined(test.subject)
        if definition is not None and definition.type.lower() in SWITCHES:
            value = _("yes") if is_on(value) else _("no")
        values = {
            "subject": self.referred(test.subject) or "?",
            "value": value or _("empty"),
            "operator": test.operator,
        }
        known = OPERATORS.get(test.operator)
        return str(known) % values if known else "{subject} {operator} {value}".format(**values)


def in_all(names: list[str]) -> str:
    """Return names one after the other, past the first few how many more."""
    shown = ", ".join(names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    if more <= 0:
        return shown
    return _("%(names)s and %(count)d more") % {"names": shown, "count": more}


def cut(text: str, most: int) -> str:
    """Return a text, cut where it is longer than so many characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
