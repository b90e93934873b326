"""Addresses of portals and token servers: one strict reader, for the check and for the call alike.

What two readers understand differently is how a check is passed by: so a host is letters a to z,
digits, dots and hyphens, and everything else is refused, whatever a browser would make of it.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_URL: Final = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?(#.*)?", re.IGNORECASE)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~=+-]*)*")
#: What a mail, a chat or a word processor puts around an address.
_WRAPPING: Final = "\"'`<>()[]{}«»‹›„“”‘’"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address in its parts; `netloc` is host[:port], without the port that goes without saying.

    `host` is lower case; `is_bare` tells that nothing stands after the path.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    is_bare: bool

    @property
    def netloc(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """Return the address of the host alone, without a slash at its end."""
        return f"{self.scheme}://{self.netloc}"


def unwrapped(text: str) -> str:
    """Take off what clings to an address that was pasted: blanks, quotes, unseen characters."""
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return seen.strip().strip(_WRAPPING).strip()


def read(text: str) -> Address | None:
    """Take an address apart; None where it is none of ours: not http(s), or not a plain host."""
    parts = _URL.fullmatch(unwrapped(text))
    if parts is None:
        return None
    scheme = parts[1].lower()
    host, colon, port = parts[2].lower().partition(":")
    host = host.removesuffix(".")
    if len(host) > 253 or not _HOST.fullmatch(host) or not _PATH.fullmatch(path := parts[3] or ""):
        return None
    if colon and not (_PORT.fullmatch(port) and 0 < int(port) < 65536):
        return None
    if any(piece in (".", "..") for piece in path.split("/")):
        return None
    number = int(port) if colon else None
    return Address(
        scheme=scheme,
        host=host,
        port=None if number == _DEFAULT_PORTS[scheme] else number,
        path=path,
        is_bare=not (parts[4] or parts[5]),
    )


def read_origin(text: str) -> Address | None:
    """Take apart only the beginning of an address, up to its path, which may hold anything."""
    beginning = re.match(r"[a-z]+://[^/?#]*", text.strip(), re.IGNORECASE)
    return read(beginning[0]) if beginning else None
