"""Modules put into one file, each in a scope of its own, as they would have been run.

Thirty modules are as many requests before a page answers to a hand. Only what ours are written in
is read: imports and exports at the start of a line, functions and constants exported by name.
Anything else stops whoever collects the files.
"""

import re
from collections.abc import Callable
from typing import Final

IMPORT: Final = re.compile(
    r'^import (?:\{ (\w+(?:, \w+)*) \} from )?"\./(\w+)\.js";\n', re.MULTILINE
)
EXPORT: Final = re.compile(r"^export (?=(?:const|function|async function) (\w+))", re.MULTILINE)
OTHER: Final = re.compile(r"^(?:import|export)\b.*|\bimport[.(].*", re.MULTILINE)


class NotBundledError(ValueError):
    """A module is written in a way that is not read here, or imports itself in a circle."""


def bundled(first: str, read: Callable[[str], str]) -> str:
    """Return one module and all it imports as one; read gives the text of one by its name."""
    parts: dict[str, str] = {}
    add(first, read, parts, under_way=())
    return "\n".join(parts.values())


def add(
    name: str, read: Callable[[str], str], parts: dict[str, str], *, under_way: tuple[str, ...]
) -> None:
    """Add a module after those it imports, in their order."""
    if name in parts:
        return
    if name in under_way:
        raise NotBundledError(f"{name} imports itself, by {' '.join(under_way)}")
    text = read(name)
    imports = IMPORT.findall(text)
    for _names, other in imports:
        add(other, read, parts, under_way=(*under_way, name))
    parts[name] = scoped(name, text)


def scoped(name: str, text: str) -> str:
    """Return a module as a constant of its own name that holds what it exports."""
    exports = EXPORT.findall(text)
    body = EXPORT.sub("", IMPORT.sub(taken, text))
    if left := OTHER.search(body):
        raise NotBundledError(f"{name}: {left[0]}")
    returned = f"return {{ {', '.join(exports)} }};\n" if exports else ""
    return f"const ${name} = (() => {{\n{body}{returned}}})();"


def taken(found: re.Match[str]) -> str:
    """Return what an import becomes: constants out of what the other module exports."""
    return f"const {{ {found[1]} }} = ${found[2]};\n" if found[1] else ""
