"""The control plane under /_sandbox/: what a test does to the portal besides calling it.

Every operation is a POST (GET works for the ones that only read) with a JSON object of arguments,
the same names as on the `Sandbox` class, and answers what the Python method returns; what returns
nothing answers {"ok": true}, and a mistake {"ok": false, "error": ...} with status 400.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from sandbox.operations import Operations
from sandbox.refusals import Refusal
from sandbox.state.portal import Portal

#: What wrong arguments end in; most operations take them as they come.
_MISTAKES = (
    Refusal, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip
_NAMES = {name for name in dir(Operations) if not name.startswith("_")}


def answer(portal: Portal, http_method: str, target: str, body: bytes) -> tuple[int, Any]:
    """Carry out one operation; the last part of the path names it."""
    path, _, query = target.partition("?")
    name = path.strip("/").removeprefix("_sandbox").strip("/").replace("-", "_")
    if name == "":
        return 200, {"ok": True, "operations": sorted(_NAMES)}
    if name not in _NAMES:
        return 404, {"ok": False, "error": f"There is no operation {name!r}."}
    try:
        given = json.loads(body.decode()) if body else {}
        if not isinstance(given, dict):
            return 400, {"ok": False, "error": "The arguments must be a JSON object."}
        value = getattr(Operations(portal), name)(**{**_from_query(query), **given})
    except KeyError as error:
        return 400, {"ok": False, "error": f"There is no {error}."}
    except _MISTAKES as error:
        return 400, {"ok": False, "error": f"{type(error).__name__}: {error}"}
    return 200, {"ok": True} if value is None else value


def _from_query(query: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name, text in parse_qsl(query):
        try:
            arguments[name] = json.loads(text)
        except ValueError:
            arguments[name] = text
    return arguments
