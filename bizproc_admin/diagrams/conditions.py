"""Conditions of branches and loops (docs/portal.md: Structures of templates).

Each is kept in a property that is named after its kind.
"""

from collections.abc import Mapping
from dataclasses import replace

from bizproc_admin.diagrams.expressions import reference, whole
from bizproc_admin.diagrams.steps import Condition, Reference, Test
from bizproc_admin.diagrams.values import mapping, sequence, several, text


def condition_of(given: Mapping[str, object]) -> Condition:
    """Return the condition among an activity's properties; one without any always holds."""
    for name, value in given.items():
        lowered = name.lower()
        if lowered == "truecondition":
            return Condition("always")
        if lowered == "codecondition":
            return Condition("code")
        if lowered in ("fieldcondition", "propertyvariablecondition", "mixedcondition"):
            tests = _tests(lowered, value)
            return Condition("tests", tests) if tests else Condition()
        if lowered.endswith("condition"):
            return Condition(name)
    return Condition()


def _tests(kind: str, value: object) -> tuple[Test, ...]:
    listed = sequence(value)
    is_single = isinstance(value, Mapping) and "field" in value
    if listed and (is_single or not any(isinstance(one, (list, dict, tuple)) for one in listed)):
        listed = [value]  # the only test, not in a list of its own
    found = []
    for place, one in enumerate(listed):
        test = _mixed(one) if isinstance(one, Mapping) and "field" in one else _plain(kind, one)
        if test is not None:  # the joiner of the first one means nothing
            found.append(test if place else replace(test, is_alternative=False))
    return tuple(found)


def _plain(kind: str, value: object) -> Test | None:
    """Read [field, operator, value, joiner]: two elements have no value, three no joiner."""
    given = sequence(value)
    name = text(given[0]) if given else ""
    if not name:
        return None
    subject = whole(name) or Reference("document" if kind == "fieldcondition" else "", name)
    return Test(
        subject,
        _operator(given[1]) if len(given) > 1 else "=",
        _valued(given[2]) if len(given) > 2 else "",
        len(given) > 3 and text(given[3]) == "1",
    )


def _mixed(value: Mapping[object, object]) -> Test:
    one = mapping(value)
    return Test(
        reference(text(one.get("object")), text(one.get("field"))),
        _operator(one.get("operator")),
        _valued(one.get("value")),
        text(one.get("joiner")) == "1",
    )


def _operator(value: object) -> str:
    said = text(value).strip().lower()
    return {"": "=", "==": "=", "<>": "!="}.get(said, said)


def _valued(value: object) -> str:
    return ", ".join(found for one in several(value) if (found := text(one)))
