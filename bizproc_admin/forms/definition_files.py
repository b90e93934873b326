"""Definitions of application actions in files: given to others, and read again.

What is given is {"format": FORMAT, "version": 1, "actions": [{"kind", "timeout", "definition"}]}.
Read are that and what the reference shows: one object of parameters of bizproc.activity.add, or a
list of them, each with a "kind" of its own where it is a rule.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from bizproc_admin.forms.definition_rules import (
    OWN_NAMES,
    PARTS,
    Problems,
    code_problems,
    problems_of,
)
from bizproc_admin.models import ApplicationAction

FORMAT: Final = "bizproc-admin/application-actions"
VERSION: Final = 1
LARGEST: Final = 1024 * 1024
DEEPEST: Final = 12
MOST_ACTIONS: Final = 50
LONGEST_TIMEOUT: Final = 5 * 366 * 86_400
KINDS: Final = ("activity", "robot")


class Unusable(Exception):
    """A file that holds no definitions at all; its words are for people."""


class Twice(ValueError):
    """One name stands twice in one object."""


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One definition of a file; what is wrong with it is told by path, if anything is."""

    kind: str
    code: str
    definition: dict[str, Any]
    timeout: int | None
    problems: Problems = field(default_factory=list)

    @property
    def said(self) -> list[tuple[str, str]]:
        """Return what is wrong, each with where it is."""
        return [(" › ".join(path), text) for path, text in self.problems]


def exported(actions: Sequence[ApplicationAction]) -> dict[str, Any]:
    """Return the definitions that are known of actions, JSON-ready."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "actions": [
            {
                "kind": one.kind,
                "timeout": one.timeout,
                "definition": {"CODE": one.code, **(one.definition or {})},
            }
            for one in actions
        ],
    }


def definitions_of(content: bytes, *, kind: str) -> list[FileEntry]:
    """Read the definitions of a file; kind is of those that do not say their own.

    Raises Unusable where there is nothing to be read.
    """
    given = parsed(content)
    if isinstance(given, Mapping) and "format" in given:
        if given["format"] != FORMAT or given.get("version") != VERSION:
            raise Unusable(_("This is a file of another format, or of a later version."))
        given = given.get("actions")
    entries = given if isinstance(given, list) else [given]
    if not entries:
        raise Unusable(_("The file holds no definition."))
    if len(entries) > MOST_ACTIONS:
        raise Unusable(_("At most %(most)d definitions in one file.") % {"most": MOST_ACTIONS})
    found = [entry_of(one, kind=kind) for one in entries]
    codes = [one.code for one in found]
    return [
        with_problem(one, ("CODE",), _("Two definitions of the file have this code."))
        if one.code and codes.count(one.code) > 1
        else one
        for one in found
    ]


def parsed(content: bytes) -> object:
    """Read JSON that is small, shallow, and of texts that can be kept."""
    if len(content) > LARGEST:
        raise Unusable(_("The file is larger than 1 MB."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(_("The file is not written in UTF-8.")) from None
    try:
        given = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except Twice as name:
        raise Unusable(_("“%(name)s” stands twice in one object.") % {"name": name}) from None
    except json.JSONDecodeError as error:
        words = _("This is no JSON: line %(line)d, character %(column)d.")
        raise Unusable(words % {"line": error.lineno, "column": error.colno}) from None
    except (RecursionError, ValueError):
        raise Unusable(_("This JSON is nested too deep, or holds numbers that are none.")) from None
    if is_deeper(given, DEEPEST):
        raise Unusable(_("This JSON is nested too deep."))
    if not all(map(is_storable, texts_in(given))):
        raise Unusable(_("The file holds characters that cannot be kept."))
    return given


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _value in pairs]
        raise Twice(next(name for name in names if names.count(name) > 1)[:100])
    return made


def no_number(name: str) -> None:
    raise ValueError(name)


def is_deeper(value: object, levels: int) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    return isinstance(value, list) and (
        levels == 0 or any(is_deeper(one, levels - 1) for one in value)
    )


def texts_in(value: object) -> Iterator[str]:
    """Yield the texts of something shallow, the names in it among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield name
            yield from texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)


def is_storable(text: str) -> bool:
    """Tell whether a text is one for every database: no NUL, no half characters."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def entry_of(given: object, *, kind: str) -> FileEntry:
    """Read one definition, whether wrapped as ours or bare as the reference shows it."""
    if not isinstance(given, Mapping):
        nothing: Problems = [((), _("A definition is an object."))]
        return FileEntry(kind=kind, code="", definition={}, timeout=None, problems=nothing)
    told = given.get("kind", kind)
    wrapped = given.get("definition")
    if isinstance(wrapped, Mapping):
        timeout, problems = timeout_of(given.get("timeout"))
        definition, doubled = normalised(wrapped)
    else:
        timeout, problems = None, []
        bare = {name: value for name, value in given.items() if name != "kind"}
        definition, doubled = normalised(bare)
    if told not in KINDS:
        problems.append((("kind",), _("A kind is activity or robot.")))
        told = kind
    problems += [((name,), _("This stands twice, in two spellings.")) for name in doubled]
    code = definition.pop("CODE", None)
    # an access token that came with a sample is nothing to keep
    definition.pop("AUTH", None)
    for name in [name for name in definition if name not in PARTS]:
        problems.append(((name,), _("The portal knows no such part.")))
    problems += problems_of(code, definition)
    text = code if isinstance(code, str) and not code_problems(code) else str(code or "")[:128]
    return FileEntry(
        kind=told, code=text, definition=definition, timeout=timeout, problems=problems
    )


def timeout_of(given: object) -> tuple[int | None, Problems]:
    if given is None:
        return None, []
    if isinstance(given, int) and not isinstance(given, bool) and 0 < given <= LONGEST_TIMEOUT:
        return given, []
    return None, [(("timeout",), _("A limit is a number of seconds, at most five years."))]


def normalised(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a definition with the portal's names in capitals, and which stood there twice.

    Names directly inside PROPERTIES, RETURN_PROPERTIES and OPTIONS keep their case, and so do
    languages here, which the portal reads in any.
    """
    doubled: list[str] = []
    made = raised(given, doubled)
    for part in OWN_NAMES:
        if isinstance(made.get(part), Mapping):
            made[part] = {
                key: raised(one, doubled) if isinstance(one, Mapping) else one
                for key, one in made[part].items()
            }
    if isinstance(made.get("FILTER"), Mapping):
        made["FILTER"] = raised(made["FILTER"], doubled)
    return made, doubled


def raised(given: Mapping[str, Any], doubled: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in given.items():
        if name.upper() in made:
            doubled.append(name)
        made[name.upper()] = value
    return made


def with_problem(entry: FileEntry, path: tuple[str, ...], text: str) -> FileEntry:
    return FileEntry(
        kind=entry.kind,
        code=entry.code,
        definition=entry.definition,
        timeout=entry.timeout,
        problems=[*entry.problems, (path, text)],
    )
