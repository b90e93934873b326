"""Forms with nested brackets, as PHP writes them: read within bounds, whatever is sent.

`a[b][0]=x&a[b][1]=y` is {"a": {"b": ["x", "y"]}}. Nothing here calls itself, nothing is refused:
what goes over a bound is left out, and said.
"""

import re
from binascii import unhexlify
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

#: Bytes of a form and of a name, fields, and brackets of a name, that are read.
MOST_BYTES: Final = 5 * 1024 * 1024
LONGEST_NAME: Final = 4096
MOST_FIELDS: Final = 50_000
MOST_DEPTH: Final = 16
#: Of all names together. As many fields as may be, each as deep as may be, would take seconds.
MOST_BRACKETS: Final = 200_000
#: Of a larger form so many bytes are read at its beginning and at its end.
EDGE: Final = 64 * 1024
#: What is beyond this is not even taken from the wire.
MOST_TAKEN: Final = 4 * MOST_BYTES
_PIECE: Final = 64 * 1024
# urllib's takes seconds for 5 MiB of per cent signs
_ESCAPES: Final = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")

Value = str | list[Any] | dict[str, Any]


class Stream(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(kw_only=True)
class NestedForm:
    """What a form holds; is_cut says that it went over a bound, so that fields are missing."""

    values: dict[str, Any] = field(default_factory=dict)
    is_cut: bool = False

    def text(self, *path: str) -> str:
        """Return a text by the names that lead to it; empty where none is there."""
        value = self.value(*path)
        return value if isinstance(value, str) else ""

    def value(self, *path: str) -> Any:
        """Return whatever is there by these names, None where nothing is."""
        value: Any = self.values
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value


def read(stream: Stream) -> NestedForm:
    """Read a form from a request's body, in as much memory as the bounds allow."""
    head = bytearray()
    tail = b""
    taken = 0
    while taken < MOST_TAKEN and (piece := stream.read(_PIECE)):
        taken += len(piece)
        room = MOST_BYTES - len(head)
        head += piece[:room]
        tail = (tail + piece[room:])[-EDGE:]
    if taken <= MOST_BYTES:
        return parse(bytes(head))
    return _parsed(_edges(bytes(head[:EDGE]), tail), is_cut=True)


def parse(body: bytes) -> NestedForm:
    """Read a form; one with too many fields is read at its edges alone."""
    if body.count(b"&") >= MOST_FIELDS:
        return _parsed(_edges(body[:EDGE], body[-EDGE:]), is_cut=True)
    return _parsed(body, is_cut=False)


def _edges(head: bytes, tail: bytes) -> bytes:
    """Return the whole fields of the beginning and of the end."""
    return head.rpartition(b"&")[0] + b"&" + tail.partition(b"&")[2]


def _parsed(body: bytes, *, is_cut: bool) -> NestedForm:
    form = NestedForm(is_cut=is_cut)
    # containers in the order they were made, each after what holds it
    made: list[tuple[dict[str, Any], str]] = []
    brackets = 0
    for piece in body.split(b"&"):
        name, _, value = piece.partition(b"=")
        depth = _brackets(name)
        brackets += depth
        # what proves a call stands at its end, and not deep
        if len(name) > LONGEST_NAME or depth > (MOST_DEPTH if brackets <= MOST_BRACKETS else 1):
            form.is_cut = True
            continue
        if path := _path_of(_text(name)):
            _put(form.values, path, _text(value), made)
    for holder, key in reversed(made):
        container = holder.get(key)
        if isinstance(container, dict):
            holder[key] = _as_list(container)
    return form


def _brackets(name: bytes) -> int:
    """Return how many brackets open in a name, escaped or not."""
    return name.count(b"[") + name.lower().count(b"%5b")


def _put(
    values: dict[str, Any], path: list[str], value: str, made: list[tuple[dict[str, Any], str]]
) -> None:
    """Put a value where its name says; what stands in its way is replaced."""
    holder = values
    for key, following in zip(path, [*path[1:], None], strict=True):
        name = key or _next_number(holder)
        if not key:
            # at the end, where the next one finds it at once
            holder.pop(name, None)
        if following is None:
            holder[name] = value
            return
        inner = holder.get(name)
        if not isinstance(inner, dict):
            inner = holder[name] = {}
            made.append((holder, name))
        holder = inner


def _path_of(name: str) -> list[str]:
    """Return the keys that a name consists of, empty where it is none; `[]` is an empty key."""
    first, bracket, rest = name.lstrip(" ").partition("[")
    if not first:
        return []
    path = [first.replace(".", "_").replace(" ", "_")]
    while bracket:
        key, closing, rest = rest.partition("]")
        if not closing:
            # a bracket that is never closed is a part of the name; deeper ones are left out
            return [f"{path[0]}_{key}"] if len(path) == 1 else path
        path.append(key.strip(" "))
        bracket = "[" if rest.startswith("[") else ""
        rest = rest[1:]
    return path


def _next_number(holder: dict[str, Any]) -> str:
    """Return the key after the largest number of those that are there."""
    last = next((key for key in reversed(holder) if key.isascii() and key.isdigit()), None)
    return "0" if last is None or len(last) > 9 else str(int(last) + 1)


def _as_list(container: dict[str, Any]) -> Value:
    """Return a list where the keys count from nought, else what was given."""
    if all(key == str(place) for place, key in enumerate(container)):
        return list(container.values())
    return container


def _text(raw: bytes) -> str:
    """Return what was encoded; what is no UTF-8 is replaced, and so are zero bytes."""
    plain = raw.replace(b"+", b" ")
    if b"%" in plain:
        plain = _ESCAPES.sub(lambda found: unhexlify(found[0].replace(b"%", b"")), plain)
    return plain.decode("utf-8", errors="replace").replace("\0", "\ufffd")
