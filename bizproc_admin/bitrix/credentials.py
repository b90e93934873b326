"""What opens a portal to us: an address or a token, which must never be seen.

Whoever holds a credential acts as its owner, so the type hides it from `repr`, `str`, formatting,
JSON and pickle. It is given out only by `reveal`, and by the two things that belong in the line
that sends: the address of a method and the headers. The address of a portal's incoming webhook is
a password written as a URL: it is put together last, in the call that sends the request. In texts
that came from outside a secret is hidden in every spelling they may hold.
"""

import hmac
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final, NoReturn, Self
from urllib.parse import quote, quote_plus

from . import addresses

MASK: Final = "•••"
#: Shorter secrets are not searched for: hiding every "a" would garble the text.
_HIDE_FROM: Final = 6
#: What RFC 6750 lets a bearer token hold; above all nothing that could end a header.
TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,4096}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_USER: Final = re.compile(r"[0-9]{1,10}")
_METHOD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


class Credential(ABC):
    """Hold one portal's address and the secret that opens it."""

    __slots__ = ("_portal_url", "_secret")

    _portal_url: str
    _secret: str

    @property
    def host(self) -> str:
        """Return the portal's host, with its port when there is one."""
        return self._portal_url.split("://", 1)[1].split("/", 1)[0]

    @property
    def portal_url(self) -> str:
        """Return the portal's own address, without a slash at the end."""
        return self._portal_url

    @property
    def user_id(self) -> int | None:
        """Return the number of its owner, or None when the credential does not say."""
        return None

    @abstractmethod
    def reveal(self) -> str:
        """Return the secret: for encrypting it at rest, for nothing else."""

    @abstractmethod
    def address_of(self, method: str) -> str:
        """Return the address of one method: only for the line that sends the request."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers of a call: only for the line that sends the request."""
        return {}

    def scrub(self, text: str) -> str:
        """Hide the secret in a text that came from outside, such as an echo in an error page."""
        return hide(text, self._secret)

    def scrub_body(self, body: bytes) -> bytes:
        """Hide the secret in a body that came from outside."""
        return hide_bytes(body, self._secret)

    @abstractmethod
    def __repr__(self) -> str: ...

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or not isinstance(other, Credential):
            return NotImplemented
        places = (self._portal_url, self.user_id), (other._portal_url, other.user_id)
        same = hmac.compare_digest(self._secret.encode(), other._secret.encode())
        return places[0] == places[1] and same

    def __hash__(self) -> int:
        return hash((type(self), self._portal_url, self.user_id))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"A {type(self).__name__} is a secret and is never pickled.")


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
        """Return the number of the webhook's owner."""
        return self._user_id

    def reveal(self) -> str:
        """Return the whole secret address: for encrypting it at rest, for nothing else."""
        return f"{self._portal_url}/rest/{self._user_id}/{self._secret}/"

    def at(self, portal_url: str) -> "WebhookUrl":
        """Return the same webhook under another address of the portal."""
        return WebhookUrl(f"{portal_url.rstrip('/')}/rest/{self._user_id}/{self._secret}/")

    def address_of(self, method: str) -> str:
        """Return the secret address of one method: only for the line that sends the request."""
        return f"{self.reveal()}{quote(method)}.json"

    def __repr__(self) -> str:
        return f"WebhookUrl({self._portal_url}/rest/{self._user_id}/{MASK}/)"


class AccessToken(Credential):
    """Hold a token for `https://portal/rest/` without ever showing it; it travels in a header."""

    __slots__ = ()

    def __init__(self, endpoint: str, token: str) -> None:
        self._portal_url = portal_of(endpoint)
        if not TOKEN.fullmatch(token):
            raise ValueError("An access token is a text of letters, digits and ._~+/=- alone.")
        self._secret = token

    def reveal(self) -> str:
        """Return the token: for encrypting it at rest, for nothing else."""
        return self._secret

    def address_of(self, method: str) -> str:
        """Return the address of one method, which holds no secret."""
        return f"{self._portal_url}/rest/{quote(method)}.json"

    def headers(self) -> Mapping[str, str]:
        """Return the header with the token: only for the line that sends the request."""
        return {"Authorization": f"Bearer {self._secret}"}

    def __repr__(self) -> str:
        return f"AccessToken({self._portal_url}/rest/ {MASK})"


def portal_of(endpoint: str) -> str:
    """Return the portal's own address from its client endpoint; ValueError says what is wrong."""
    parts = addresses.read(endpoint)
    if parts is None:
        raise ValueError("An endpoint starts with https:// and the portal's name.")
    if not parts.is_bare:
        raise ValueError("An endpoint has nothing after its path.")
    head, marker, tail = parts.path.rstrip("/").rpartition("/rest")
    if not marker or tail:
        raise ValueError("An endpoint looks like https://portal/rest/.")
    return f"{parts.origin}{head.rstrip('/')}"


def hide(text: str, *secrets: str) -> str:
    """Hide the secrets in a text."""
    for spelling in _spellings(secrets):
        text = text.replace(spelling, MASK)
    return text


def hide_bytes(body: bytes, *secrets: str) -> bytes:
    """Hide the secrets in a body."""
    for spelling in _spellings(secrets):
        body = body.replace(spelling.encode(), MASK.encode())
    return body


def _spellings(secrets: tuple[str, ...]) -> list[str]:
    """Return the secrets as they are, as in an address, and as JSON writes them."""
    found = []
    for secret in secrets:
        if len(secret) >= _HIDE_FROM:
            in_json = json.dumps(secret)[1:-1]
            found += [secret, quote(secret, safe=""), quote_plus(secret), quote(secret)]
            found += [in_json, in_json.replace("/", "\\/")]
    return list(dict.fromkeys(found))
