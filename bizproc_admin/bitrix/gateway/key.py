"""What opens a portal through the gateway: a key, and for an application's also a session."""

import re
from collections.abc import Mapping
from typing import Final

from bizproc_admin.bitrix import addresses
from bizproc_admin.bitrix.credentials import MASK, TOKEN, Credential, hide, hide_bytes

PERSONAL: Final = "vibe_api_"
APPLICATION: Final = "vibe_app_"
MANAGEMENT: Final = "vibe_live_"
_KEY: Final = re.compile(r"vibe_(api|app|live)_[A-Za-z0-9_-]{8,200}")


class BadKey(ValueError):
    """A text is no key, or no address of a gateway; `code` says what is wrong with it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class GatewayKey(Credential):
    """Hold a key for `https://gateway/v1`, and whose session it is used with, without showing them.

    A personal key acts for its owner, an application's for whoever's session it is.
    """

    __slots__ = ("_session",)

    def __init__(self, base: str, key: str, *, session: str = "") -> None:
        address, key = addresses.read(base), addresses.unwrapped(key)
        if address is None or not address.is_bare:
            raise BadKey("no_gateway")
        if not _KEY.fullmatch(key):
            raise BadKey("no_gateway_key")
        if key.startswith(MANAGEMENT):
            raise BadKey("management_key")
        if session and not TOKEN.fullmatch(session):
            raise BadKey("no_session")
        self._portal_url = f"{address.origin}{address.path.rstrip('/')}"
        self._secret = key
        self._session = session

    @property
    def is_of_application(self) -> bool:
        """Return whether somebody has to sign in for it."""
        return self._secret.startswith(APPLICATION)

    @property
    def prefix(self) -> str:
        """Return the beginning of the key, which says its kind."""
        return APPLICATION if self.is_of_application else PERSONAL

    @property
    def has_session(self) -> bool:
        """Return whether it may be used: a personal key needs no session."""
        return bool(self._session) or not self.is_of_application

    def reveal(self) -> str:
        """Return the key: for encrypting it at rest, for nothing else."""
        return self._secret

    def address_of(self, method: str) -> str:
        """Return the address of one path, which holds no secret."""
        return f"{self._portal_url}/{method}"

    def headers(self) -> Mapping[str, str]:
        """Return the headers with the key: only for the line that sends the request."""
        if not self._session:
            return {"X-Api-Key": self._secret}
        return {"X-Api-Key": self._secret, "Authorization": f"Bearer {self._session}"}

    def scrub(self, text: str) -> str:
        """Hide the key and the session in a text that came from outside."""
        return hide(text, self._secret, self._session)

    def scrub_body(self, body: bytes) -> bytes:
        """Hide the key and the session in a body that came from outside."""
        return hide_bytes(body, self._secret, self._session)

    def __repr__(self) -> str:
        return f"GatewayKey({self._portal_url} {MASK})"
