"""The address of a portal's incoming webhook, which is a password written as a URL.

The full address is put together last, in the call that sends the request.
"""

import re
from typing import Final
from urllib.parse import quote

from . import addresses
from .credentials import Credential
from .masking import MASK

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_USER: Final = re.compile(r"[0-9]{1,10}")
_METHOD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


class BadWebhook(ValueError):
    """A text is no address of a webhook; `code` says what is wrong with it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class WebhookUrl(Credential):
    """Hold `https://portal/rest/<user>/<secret>/` without ever showing the secret."""

    __slots__ = ("_user_id",)

    def __init__(self, address: str) -> None:
        parts = addresses.read(address)
        if parts is None:
            raise BadWebhook("no_webhook")
        if not parts.is_bare:
            raise BadWebhook("more_after_secret")
        head, marker, tail = parts.path.partition("/rest/")
        pieces = [piece for piece in tail.split("/") if piece]
        if marker != "/rest/" or len(pieces) not in (2, 3):
            raise BadWebhook("not_whole")
        user, secret = pieces[:2]
        if not _USER.fullmatch(user) or int(user) < 1:
            raise BadWebhook("no_owner")
        if not _SECRET.fullmatch(secret):
            raise BadWebhook("odd_secret")
        # The portal shows the address with a sample method at its end (`.../profile.json`).
        if len(pieces) == 3 and not _METHOD.fullmatch(pieces[2]):
            raise BadWebhook("more_after_secret")
        self._portal_url = f"{parts.origin}{head.rstrip('/')}"
        self._user_id = int(user)
        self._secret = secret

    @property
    def user_id(self) -> int:
        """Give the number of the webhook's owner."""
        return self._user_id

    def reveal(self) -> str:
        """Give the whole secret address: for encrypting it at rest, for nothing else."""
        return f"{self._portal_url}/rest/{self._user_id}/{self._secret}/"

    def at(self, portal_url: str) -> "WebhookUrl":
        """Give the same webhook under another address of the portal."""
        return WebhookUrl(f"{portal_url.rstrip('/')}/rest/{self._user_id}/{self._secret}/")

    def address_of(self, method: str) -> str:
        """Give the secret address of one method: only for the line that sends the request."""
        return f"{self.reveal()}{quote(method)}.json"

    def __repr__(self) -> str:
        return f"WebhookUrl({self._portal_url}/rest/{self._user_id}/{MASK}/)"
