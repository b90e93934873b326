"""Template files (.bpt): a zlib stream of one PHP-serialized array, whose texts count in bytes.

An uncompressed array is read as well. Objects and references are not: the portal allows none.
"""

import re
import zlib
from typing import Any

from sandbox import php

_LARGEST = 32 * 2**20
_DEEPEST = 512
_NUMBER = re.compile(rb"-?\d{1,19}")
_HEADER = re.compile(rb'([sa]):(\d{1,9}):(?=["{])')
_SCALAR = re.compile(rb"([ibd]):([^;]{1,40});")
_INTEGER_KEY = re.compile(r"0|-?[1-9]\d{0,17}")
_NO_KEY = object()


class NotATemplateFile(Exception):
    """The bytes are nothing that a portal could have exported."""


def read(data: bytes) -> dict[str, Any]:
    """Return the array of a file, its texts as text and its lists as lists."""
    value = unserialize(_inflated(data))
    if not isinstance(value, dict):
        raise NotATemplateFile("not an array with names")
    return value


def write(content: dict[str, Any]) -> bytes:
    """Return the file of an array, compressed as the portal does it."""
    return zlib.compress(serialize(content), 9)


def _inflated(data: bytes) -> bytes:
    reader = zlib.decompressobj()
    try:
        inflated = reader.decompress(data, _LARGEST)
    except zlib.error:
        return data
    if reader.unconsumed_tail or not reader.eof:
        raise NotATemplateFile("the stream is too long, or cut off")
    return inflated


def unserialize(data: bytes) -> Any:
    """Read a PHP value; nothing recurses, and what follows the value is left unread."""
    position = 0
    #: The arrays around the value: their items, how many are missing, and the key that waits.
    around: list[list[Any]] = []
    while True:
        value, position, count = _next(data, position)
        if count:
            if len(around) >= _DEEPEST:
                raise NotATemplateFile("nested too deeply")
            around.append([{}, count, _NO_KEY])
            continue
        while around:
            items, missing, key = around[-1]
            if key is _NO_KEY:
                if type(value) not in (int, str):
                    raise NotATemplateFile("a key that is no number and no text")
                around[-1][2] = str(value)
                break
            items[key] = value
            around[-1][1:] = [missing - 1, _NO_KEY]
            if missing > 1:
                break
            if data[position : position + 1] != b"}":
                raise NotATemplateFile("more items than counted")
            position += 1
            value = php.shape(items)
            around.pop()
        if not around:
            return value


def _next(data: bytes, position: int) -> tuple[Any, int, int]:
    """Return a value and where it ends; of an array that is not empty, how many items it has."""
    if data.startswith(b"N;", position):
        return None, position + 2, 0
    scalar = _SCALAR.match(data, position)
    if scalar is not None:
        return _scalar(scalar[1], scalar[2]), scalar.end(), 0
    header = _HEADER.match(data, position)
    if header is None:
        raise NotATemplateFile("something that is neither a value nor an array")
    size, start = int(header[2]), header.end() + 1
    if header[1] == b"s":
        if data[header.end() : start] != b'"' or data[start + size : start + size + 2] != b'";':
            raise NotATemplateFile("a text of another length than counted")
        return _text(data[start : start + size]), start + size + 2, 0
    if data[header.end() : start] != b"{" or size > len(data):
        raise NotATemplateFile("an array of another size than counted")
    if size:
        return None, start, size
    if data[start : start + 1] != b"}":
        raise NotATemplateFile("an empty array that is not empty")
    return [], start + 1, 0


def _scalar(kind: bytes, written: bytes) -> Any:
    if kind == b"b" and written in (b"0", b"1"):
        return written == b"1"
    if kind == b"i" and _NUMBER.fullmatch(written):
        return int(written)
    if kind == b"d":
        try:
            return float(written)
        except ValueError as error:
            raise NotATemplateFile("a number that is none") from error
    raise NotATemplateFile("a value that is none of its kind")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1251", errors="replace")


def serialize(value: Any) -> bytes:
    """Write a value as PHP's serialize does; whole numbers as keys are numbers."""
    parts: list[bytes] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, _End):
            parts.append(b"}")
        elif php.is_array(item):
            pairs = list(php.items(item))
            parts.append(b"a:%d:{" % len(pairs))
            waiting.append(_End())
            for key, inner in reversed(pairs):
                waiting.extend((inner, int(key) if _INTEGER_KEY.fullmatch(key) else key))
        else:
            parts.append(_written(item))
    return b"".join(parts)


class _End:
    """The end of an array that is being written."""


def _written(value: Any) -> bytes:
    if value is None:
        return b"N;"
    if isinstance(value, bool):
        return b"b:%d;" % value
    if isinstance(value, int):
        return b"i:%d;" % value
    if isinstance(value, float):
        return f"d:{int(value) if value.is_integer() else value!r};".encode()
    data = str(value).encode()
    return b's:%d:"%s";' % (len(data), data)
