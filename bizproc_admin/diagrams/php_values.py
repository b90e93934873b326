"""Values as PHP serializes them: read with every length checked and without recursion, and written.

Only N, b, i, d, s and a are read. Objects, enumerations and references are refused where they
stand: nothing of what an uploaded file names is ever made. Texts count in bytes; bytes that are no
UTF-8 are read as windows-1251, as sites of before 2020 wrote them, and that is noted. A PHP array
becomes a list where its keys are 0, 1, 2 ... in order, else a dict with texts as keys, so that
writing gives the same bytes again.

https://www.php.net/manual/en/function.serialize.php
"""

import re
from dataclasses import dataclass
from typing import Final

DEEPEST: Final = 512
MOST_NODES: Final = 500_000
_MOST_NOTES = 20
_LONGEST_SCALAR = 67
_VALUE = re.compile(rb'([ibd]):([^;]{1,64});|s:(\d{1,9}):"|a:(\d{1,9}):\{|N;')
_INTEGER = re.compile(rb"[+-]?\d{1,20}")
_FLOAT = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?")
_INTEGER_KEY = re.compile(r"0|-?[1-9]\d{0,18}")
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
_SHORTEST_EXPONENT, _LONGEST_EXPONENT = -3, 17

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Place:
    """One part of a path: a key of an array, or the n-th step (from 1) with its title so far."""

    key: str
    step: int = 0
    title: str = ""


Path = tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What was read in another way than written: a code, where, and a key or a count.

    "duplicate_key" (key: the later value counts), "windows_1251" (count: how many texts).
    """

    code: str
    path: Path = ()
    key: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Unserialized:
    """A value, what is to be said of how it was read, and of how many values it consists."""

    value: Value
    notes: tuple[Note, ...]
    nodes: int


class Unserializable(Exception):
    """Bytes that are not read; `code`, `offset` in bytes, `path` and `found`, the letter at fault.

    Codes: "object", "reference", "unknown_type", "malformed", "cut_off", "wrong_length",
    "wrong_count", "bad_number", "bad_key", "too_deep", "too_many", "trailing_data".
    """

    def __init__(self, code: str, *, offset: int, path: Path = (), found: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.offset = offset
        self.path = path
        self.found = found


@dataclass(slots=True)
class _Array:
    """An array while it is read: its items, how many are missing, and the key that waits."""

    items: dict[str, Value]
    missing: int
    key: str | None = None


class _Reader:
    """Reads one value from the beginning of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.around: list[_Array] = []
        self.nodes = 0
        self.old_texts = 0
        self.old_path: Path = ()
        self.duplicates: list[Note] = []

    def read(self) -> Value:
        while True:
            value, count = self._next()
            if count:
                if len(self.around) >= DEEPEST:
                    raise self._refused("too_deep")
                self.around.append(_Array({}, count))
                continue
            closed = self._close(value)
            if closed is not None:
                return closed.items[""]

    def _next(self) -> tuple[Value, int]:
        """Return the next value; of an array that is not empty, how many items it has."""
        data, position = self.data, self.position
        match = _VALUE.match(data, position)
        if match is None:
            raise self._unread()
        self.position = match.end()
        group = match.lastindex
        if group == 3:
            return self._text(int(match[3])), 0
        if group == 4:
            count = int(match[4])
            if count == 0:
                self._expect(b"}", "wrong_count")
                return [], 0
            return None, count
        return (None if group is None else self._scalar(match[1], match[2])), 0

    def _close(self, value: Value) -> _Array | None:
        """Put a finished value where it belongs; the outermost one comes back."""
        while self.around:
            array = self.around[-1]
            if array.key is None:
                array.key = self._key(value)
                return None
            if array.key in array.items and len(self.duplicates) < _MOST_NOTES:
                self.duplicates.append(Note("duplicate_key", self.path()[:-1], key=array.key))
            self.nodes += 1
            if self.nodes > MOST_NODES:
                raise self._refused("too_many")
            array.items[array.key] = value
            array.key = None
            array.missing -= 1
            if array.missing:
                return None
            self._expect(b"}", "wrong_count")
            value = _shaped(array.items)
            self.around.pop()
        return _Array({"": value}, 0)

    def _key(self, value: Value) -> str:
        if type(value) is int or type(value) is str:
            return str(value)
        raise self._refused("bad_key")

    def _text(self, length: int) -> str:
        start = self.position
        end = start + length
        if self.data[end : end + 2] != b'";':
            raise self._refused("cut_off" if end + 2 > len(self.data) else "wrong_length")
        self.position = end + 2
        raw = self.data[start:end]
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.old_texts += 1
            self.old_path = self.old_path or self.path()
            return raw.decode("cp1251", errors="replace")

    def _scalar(self, kind: bytes, written: bytes) -> Value:
        if kind == b"b" and written in (b"0", b"1"):
            return written == b"1"
        if kind == b"i" and _INTEGER.fullmatch(written) and _INT_MIN <= int(written) <= _INT_MAX:
            return int(written)
        if kind == b"d" and _FLOAT.fullmatch(written):
            number = float(written)
            if abs(number) != float("inf"):
                return number
        raise self._refused("bad_number")

    def _expect(self, written: bytes, code: str) -> None:
        if self.data[self.position : self.position + 1] != written:
            raise self._refused("cut_off" if self.position >= len(self.data) else code)
        self.position += 1

    def _unread(self) -> Unserializable:
        rest = self.data[self.position : self.position + _LONGEST_SCALAR]
        letter = rest[:1].decode("latin-1")
        if letter == "}":
            return self._refused("wrong_count")
        if len(rest) < 2:
            return self._refused("cut_off")
        if rest[1:2] == b":" and letter in "OCE":
            return self._refused("object", found=letter)
        if rest[1:2] == b":" and letter in "Rr":
            return self._refused("reference", found=letter)
        if letter in "Nibdsa":
            is_short = len(rest) < _LONGEST_SCALAR and b";" not in rest
            return self._refused("cut_off" if is_short else "malformed", found=letter)
        return self._refused("unknown_type", found=letter if letter.isprintable() else "")

    def _refused(self, code: str, *, found: str = "") -> Unserializable:
        return Unserializable(code, offset=self.position, path=self.path(), found=found)

    def path(self) -> Path:
        """Return where the reader is: the keys around it, steps with their titles."""
        places: list[Place] = []
        for level, array in enumerate(self.around):
            if array.key is None:
                break
            inside = self.around[level + 1 :]
            is_step = bool(places) and places[-1].key in ("TEMPLATE", "Children")
            if is_step and array.key.isdecimal():
                title = _title(inside)
                places.append(Place(array.key, step=int(array.key[:9]) + 1, title=title))
            else:
                places.append(Place(array.key))
        return tuple(places)


def unserialize(data: bytes) -> Unserialized:
    """Read bytes that hold one value and nothing else; raises Unserializable."""
    reader = _Reader(data)
    value = reader.read()
    if reader.position != len(data):
        raise Unserializable("trailing_data", offset=reader.position)
    notes = list(reader.duplicates)
    if reader.old_texts:
        notes.insert(0, Note("windows_1251", reader.old_path, count=reader.old_texts))
    return Unserialized(value, tuple(notes), reader.nodes)


def _title(arrays: list[_Array]) -> str:
    """Return the title of the step whose array is the first of these, as far as it was read."""
    if not arrays:
        return ""
    properties: object = arrays[0].items.get("Properties")
    if arrays[0].key == "Properties" and len(arrays) > 1:
        properties = arrays[1].items
    title = properties.get("Title") if isinstance(properties, dict) else None
    return title[:200] if isinstance(title, str) else ""


def _shaped(items: dict[str, Value]) -> Value:
    # The first key alone rules most of them out.
    if "0" in items and all(key == str(place) for place, key in enumerate(items)):
        return list(items.values())
    return items


class _End:
    """The end of an array that is being written."""


def serialize(value: object) -> bytes:
    """Write a value as PHP does; what PHP has no word for is written as its text.

    Keys that are whole numbers in their usual spelling are written as numbers, whole floats
    without a fraction.
    """
    parts: list[bytes] = []
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, _End):
            parts.append(b"}")
        elif isinstance(one, (dict, list, tuple)):
            pairs = list(one.items()) if isinstance(one, dict) else list(enumerate(one))
            parts.append(b"a:%d:{" % len(pairs))
            waiting.append(_End())
            for key, inner in reversed(pairs):
                waiting.append(inner)
                waiting.append(_written_key(str(key)))
        else:
            parts.append(_written(one))
    return b"".join(parts)


def _written_key(key: str) -> int | str:
    is_number = _INTEGER_KEY.fullmatch(key) and _INT_MIN <= int(key) <= _INT_MAX
    return int(key) if is_number else key


def _written(value: object) -> bytes:
    if value is None:
        return b"N;"
    if isinstance(value, bool):
        return b"b:%d;" % value
    if isinstance(value, int):
        return b"i:%d;" % value
    if isinstance(value, float):
        return f"d:{_written_float(value)};".encode()
    data = str(value).encode(errors="replace")
    return b's:%d:"%s";' % (len(data), data)


def _written_float(number: float) -> str:
    """Write a float with the fewest digits that give it back, in PHP's notation."""
    sign = "-" if str(number).startswith("-") else ""
    digits, _, exponent = f"{abs(number):.16e}".partition("e")
    for precision in range(17):
        digits, _, exponent = f"{abs(number):.{precision}e}".partition("e")
        if float(f"{digits}e{exponent}") == abs(number):
            break
    figures = digits.replace(".", "").rstrip("0") or "0"
    point = int(exponent) + 1
    if figures == "0":
        return f"{sign}0"
    if not _SHORTEST_EXPONENT <= point <= _LONGEST_EXPONENT:
        return f"{sign}{figures[0]}.{figures[1:] or '0'}E{point - 1:+d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{figures}"
    whole, fraction = figures[:point].ljust(point, "0"), figures[point:]
    return sign + whole + (f".{fraction}" if fraction else "")
