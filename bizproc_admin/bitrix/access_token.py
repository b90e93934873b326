"""A person's access token, with the address at which it opens the portal."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from . import addresses
from .credentials import Credential
from .masking import MASK

#: What RFC 6750 lets a bearer token hold; above all nothing that could end a header.
TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,4096}")


class AccessToken(Credential):
    """Hold a token for `https://portal/rest/` without ever showing it; it travels in a header."""

    __slots__ = ()

    def __init__(self, endpoint: str, token: str) -> None:
        self._portal_url = portal_of(endpoint)
        if not TOKEN.fullmatch(token):
            raise ValueError("An access token is a text of letters, digits and ._~+/=- alone.")
        self._secret = token

    def reveal(self) -> str:
        """Give the token: for encrypting it at rest, for nothing else."""
        return self._secret

    def address_of(self, method: str) -> str:
        """Give the address of one method, which holds no secret."""
        return f"{self._portal_url}/rest/{quote(method)}.json"

    def headers(self) -> Mapping[str, str]:
        """Give the header with the token: only for the line that sends the request."""
        return {"Authorization": f"Bearer {self._secret}"}

    def __repr__(self) -> str:
        return f"AccessToken({self._portal_url}/rest/ {MASK})"


def portal_of(endpoint: str) -> str:
    """Give the portal's own address from its client endpoint; ValueError says what is wrong."""
    parts = addresses.read(endpoint)
    if parts is None:
        raise ValueError("An endpoint starts with https:// and the portal's name.")
    if not parts.is_bare:
        raise ValueError("An endpoint has nothing after its path.")
    head, marker, tail = parts.path.rstrip("/").rpartition("/rest")
    if not marker or tail:
        raise ValueError("An endpoint looks like https://portal/rest/.")
    return f"{parts.origin}{head.rstrip('/')}"
