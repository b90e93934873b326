"""Template files (.bpt): decoded with caps on everything, and written.

A file is one zlib stream (RFC 1950) of one PHP-serialized array, or that array uncompressed. Its
keys: VERSION, TEMPLATE (a list with one root activity), PARAMETERS, VARIABLES, CONSTANTS and
DOCUMENT_FIELDS (maps of id and definition). A file comes from anywhere: nothing of it is handed on
that was not read.
"""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bizproc_admin.diagrams.php_values import (
    Note,
    Path,
    Unserializable,
    Value,
    serialize,
    unserialize,
)

LARGEST_FILE: Final = 5 * 2**20
LARGEST_INFLATED: Final = 32 * 2**20
HIGHEST_RATIO: Final = 200
VERSION: Final = 2
_STEP = 64 * 2**10
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+={0,2}\s*")
_ZLIB, _RAW, _GZIP = zlib.MAX_WBITS, -zlib.MAX_WBITS, b"\x1f\x8b"


class TemplateFileError(Exception):
    """A file that is not decoded: `code` and its values.

    Of the file: "empty", "too_large" (size, limit), "not_a_template", "gzip", "raw_deflate",
    "damaged", "cut_off", "trailing_data", "inflates_too_far" (size: bytes so far, limit: bytes, or
    how many times its size). Of its content: "no_template", "not_one_root", "no_activity", and the
    codes of `Unserializable` with path, offset and found.
    """

    def __init__(
        self,
        code: str,
        *,
        size: int = 0,
        limit: int = 0,
        offset: int = 0,
        path: Path = (),
        found: str = "",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.size = size
        self.limit = limit
        self.offset = offset
        self.path = path
        self.found = found


@dataclass(frozen=True, kw_only=True)
class TemplateFile:
    """What a file holds; maps of id and definition, as `bizproc.workflow.template.list` has them.

    `content` is the whole array as it was read. Notes besides those of `php_values`:
    "uncompressed", "base64" (the file was text of that kind), "unknown_version" (key),
    "unknown_part" (key).
    """

    structure: list[Value]
    parameters: dict[str, Value]
    variables: dict[str, Value]
    constants: dict[str, Value]
    document_fields: dict[str, Value]
    content: dict[str, Value]
    notes: tuple[Note, ...] = ()

    def encoded(self) -> bytes:
        """Return the file's bytes anew, compressed; inflated they are those that were read."""
        return written(self.content)

    def digest(self) -> str:
        """Return what tells this structure from another, whichever way it was read."""
        return structure_digest(self.structure)


_PARTS = ("PARAMETERS", "VARIABLES", "CONSTANTS", "DOCUMENT_FIELDS")


def decode(data: bytes) -> TemplateFile:
    """Decode an uploaded file; raises TemplateFileError."""
    serialized, notes = _unpacked(data)
    try:
        read = unserialize(serialized)
    except Unserializable as error:
        raise TemplateFileError(
            error.code, offset=error.offset, path=error.path, found=error.found
        ) from None
    content = read.value
    if not isinstance(content, dict):
        raise TemplateFileError("not_a_template")
    structure = _structure(content.get("TEMPLATE"))
    parameters, variables, constants, fields = (_definitions(content.get(name)) for name in _PARTS)
    return TemplateFile(
        structure=structure,
        parameters=parameters,
        variables=variables,
        constants=constants,
        document_fields=fields,
        content=content,
        notes=(*notes, *read.notes, *_remarks(content)),
    )


def encode(
    structure: object,
    *,
    parameters: object = (),
    variables: object = (),
    constants: object = (),
    document_fields: object = None,
) -> bytes:
    """Write a file from what `bizproc.workflow.template.list` answers.

    Without document fields the file has none: it fits the same document type of the same portal.
    """
    content: dict[str, object] = {
        "VERSION": VERSION,
        "TEMPLATE": structure,
        "PARAMETERS": parameters,
        "VARIABLES": variables,
        "CONSTANTS": constants,
    }
    if document_fields is not None:
        content["DOCUMENT_FIELDS"] = document_fields
    return written(content)


def structure_digest(structure: object) -> str:
    """Return the SHA-256 of a structure, the same for a file's and for what the portal answers.

    Whole floats count as whole numbers: JSON has lost the difference.
    """
    return hashlib.sha256(re.sub(rb"\bd:(-?\d+);", rb"i:\1;", serialize(structure))).hexdigest()


def written(content: Mapping[str, object]) -> bytes:
    """Return a file's bytes from its whole content, as `TemplateFile.content` has it."""
    return zlib.compress(serialize(dict(content)), 9)


# -- the outside of a file ----------------------------------------------------------------------


def _unpacked(data: bytes) -> tuple[bytes, list[Note]]:
    if len(data) > LARGEST_FILE:
        raise TemplateFileError("too_large", size=len(data), limit=LARGEST_FILE)
    if not data.strip():
        raise TemplateFileError("empty")
    if _is_zlib(data):
        return _inflated(data), []
    if data.startswith(b"a:"):
        return data, [Note("uncompressed")]
    if data.startswith(_GZIP):
        raise TemplateFileError("gzip")
    text = _from_base64(data)
    if text is not None:
        return _inflated(text), [Note("base64")]
    raise TemplateFileError("raw_deflate" if _is_raw_deflate(data) else "not_a_template")


def _is_zlib(data: bytes) -> bool:
    # RFC 1950: method 8, a window of at most 32 KiB, and a header divisible by 31.
    return len(data) > 2 and data[0] & 0x8F == 0x08 and (data[0] << 8 | data[1]) % 31 == 0


def _is_raw_deflate(data: bytes) -> bool:
    try:
        return zlib.decompressobj(_RAW).decompress(data, 16).startswith(b"a:")
    except zlib.error:
        return False


def _from_base64(data: bytes) -> bytes | None:
    if not _BASE64.fullmatch(data):
        return None
    try:
        decoded = base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        return None
    return decoded if _is_zlib(decoded) else None


def _inflated(data: bytes) -> bytes:
    """Inflate step by step, so that no file takes more memory than is allowed."""
    reader = zlib.decompressobj(_ZLIB)
    most = min(LARGEST_INFLATED, HIGHEST_RATIO * len(data))
    parts: list[bytes] = []
    size, waiting = 0, data
    try:
        while not reader.eof:
            part = reader.decompress(waiting, _STEP)
            waiting = reader.unconsumed_tail
            size += len(part)
            if size > most:
                limit = LARGEST_INFLATED if most == LARGEST_INFLATED else HIGHEST_RATIO
                raise TemplateFileError("inflates_too_far", size=size, limit=limit)
            if not part and not waiting and not reader.eof:
                raise TemplateFileError("cut_off")
            parts.append(part)
    except zlib.error:
        raise TemplateFileError("damaged") from None
    if reader.unused_data:
        raise TemplateFileError("trailing_data", size=len(reader.unused_data))
    return b"".join(parts)


# -- its content --------------------------------------------------------------------------------


def _structure(template: Value) -> list[Value]:
    if template in (None, [], {}, ""):
        raise TemplateFileError("no_template")
    roots = list(template.values()) if isinstance(template, dict) else template
    if not isinstance(roots, list) or len(roots) != 1:
        raise TemplateFileError("not_one_root")
    root = roots[0]
    if not isinstance(root, dict) or not isinstance(root.get("Type"), str) or not root["Type"]:
        raise TemplateFileError("no_activity")
    return roots


def _definitions(given: Value) -> dict[str, Value]:
    if isinstance(given, list):
        return {str(place): one for place, one in enumerate(given)}
    return given if isinstance(given, dict) else {}


def _remarks(content: Mapping[str, Value]) -> list[Note]:
    known = {"VERSION", "TEMPLATE", *_PARTS}
    notes = [Note("unknown_part", key=key[:200]) for key in content if key not in known][:20]
    version = content.get("VERSION")
    if version is not None and version != VERSION:
        notes.append(Note("unknown_version", key=str(version)[:20]))
    return notes
