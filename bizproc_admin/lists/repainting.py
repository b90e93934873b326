"""When rows of an open page are painted anew."""

from collections.abc import Iterable
from time import time
from zlib import crc32

from bizproc_admin.models import Account, Command

# seconds that rows stay as they were painted though nothing but the time changed: the page counts
# ages on, what else is said of time may be as old as that
PAINTED_FOR = 300


def digest_of(reads: Iterable[object]) -> str:
    """Return a short text that changes whenever something shown reads differently."""
    return f"{crc32(repr(list(reads)).encode()):08x}"


def turn_of(account: Account, seconds: int) -> int:
    """Return what changes once in so many seconds, not at the same moment for all accounts."""
    return (int(time()) + 37 * account.pk) // seconds


def asking_again(command: Command | None) -> str:
    """Return when a row of a command asks for itself anew, as htmx is told; "" once it is settled.

    What is requested changes within seconds, what is checked after longer.
    """
    if command is None or command.is_settled:
        return ""
    return "every 1s" if command.word == "requested" else "every 3s"
