"""The engine's expressions: values that are known only when a workflow runs.

`{=Document:ASSIGNED_BY_ID}`, `{=Template:Sum > printable}`, and in properties that hold people or
conditions a pair such as ["Template", "Voters1"] is the same reference
(docs/portal.md: Structures of templates).
"""

import re
from collections.abc import Iterator

from bizproc_admin.diagrams.steps import Reference

EXPRESSION = re.compile(r"\{=\s*(\w{1,200})\s*:\s*([\w.]{1,200})\s*(?:>[^{}]{0,200})?\}")
SOURCES = frozenset(
    {
        "document",
        "template",
        "variable",
        "constant",
        "globalvar",
        "globalconst",
        "system",
        "workflow",
        "user",
    }
)
ACTIVITY = re.compile(r"A\d+(?:_\d+)*$")


def parts(text: str) -> Iterator[str | Reference]:
    """Yield a text's plain stretches and references, in order."""
    place = 0
    for found in EXPRESSION.finditer(text):
        if found.start() > place:
            yield text[place : found.start()]
        yield reference(found[1], found[2])
        place = found.end()
    if place < len(text):
        yield text[place:]


def whole(text: str) -> Reference | None:
    """Return the reference that a text consists of; None where it says more or is none."""
    found = EXPRESSION.fullmatch(text.strip())
    return reference(found[1], found[2]) if found else None


def reference(source: str, field: str) -> Reference:
    """Return a reference; the engine's own sources are written in any case."""
    lowered = source.lower()
    return Reference(lowered if lowered in SOURCES else source, field)


def is_source(text: str) -> bool:
    """Tell whether a pair that begins with a text is a reference: a source, or an activity."""
    return text.lower() in SOURCES or ACTIVITY.match(text) is not None
