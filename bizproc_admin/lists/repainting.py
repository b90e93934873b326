"""When rows of an open page are painted anew."""

from collections.abc import Iterable
from zlib import crc32

from bizproc_admin.models import Command


def digest_of(reads: Iterable[object]) -> str:
    """Return a short text that changes whenever something shown reads differently."""
    return f"{crc32(repr(list(reads)).encode()):08x}"


def asking_again(command: Command | None) -> str:
    """Return when a row of a command asks for itself anew, as htmx is told; "" once it is settled.

    What is requested changes within seconds, what is checked after longer.
    """
    if command is None or command.is_settled:
        return ""
    return ", every 1s" if command.word == "requested" else ", every 3s"
