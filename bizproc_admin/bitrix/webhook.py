"""The address of a portal's incoming webhook, which is a password written as a URL.

Whoever holds it acts as its owner, so the type hides it from `repr`, `str`, formatting, JSON and
pickle. The full address is put together last, in the call that sends the request.
"""

import hmac
import re
from typing import Final, NoReturn, Self
from urllib.parse import SplitResult, quote, urlsplit

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_USER: Final = re.compile(r"[0-9]{1,10}")
_METHOD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_MASK: Final = "•••"
#: Shorter secrets are not searched for in texts: hiding every "a" would garble them.
_SCRUB_FROM: Final = 6


class WebhookUrl:
    """Hold `https://portal/rest/<user>/<secret>/` without ever showing the secret."""

    __slots__ = ("_portal_url", "_secret", "_user_id")

    def __init__(self, address: str) -> None:
        parts, port_problem = _split(address)
        if port_problem or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                "This is not a webhook address. It starts with https:// and the portal's name."
            )
        if parts.username is not None or parts.password is not None:
            raise ValueError("A webhook address has no user name or password before the portal.")
        if parts.query or parts.fragment:
            raise ValueError("A webhook address ends after the secret: remove everything after it.")
        head, marker, tail = parts.path.partition("/rest/")
        pieces = [piece for piece in tail.split("/") if piece]
        if marker != "/rest/" or len(pieces) not in (2, 3):
            raise ValueError(
                "A webhook address looks like https://portal/rest/1/secret/. Copy it whole."
            )
        user, secret = pieces[:2]
        if not _USER.fullmatch(user) or int(user) < 1:
            raise ValueError("The part after /rest/ must be the number of the webhook's owner.")
        if not _SECRET.fullmatch(secret):
            raise ValueError("The secret in the webhook address has characters it cannot have.")
        # The portal shows the address with a sample method at its end (`.../profile.json`).
        if len(pieces) == 3 and not _METHOD.fullmatch(pieces[2]):
            raise ValueError("A webhook address ends after the secret: remove everything after it.")
        host = parts.netloc.lower()
        self._portal_url = f"{parts.scheme}://{host}{head.rstrip('/')}"
        self._user_id = int(user)
        self._secret = secret

    @property
    def host(self) -> str:
        """Give the portal's host, with its port when there is one."""
        return urlsplit(self._portal_url).netloc

    @property
    def portal_url(self) -> str:
        """Give the portal's own address, without a slash at the end."""
        return self._portal_url

    @property
    def user_id(self) -> int:
        """Give the number of the webhook's owner."""
        return self._user_id

    def reveal(self) -> str:
        """Give the whole secret address: for encrypting it at rest, for nothing else."""
        return f"{self._portal_url}/rest/{self._user_id}/{self._secret}/"

    def address_of(self, method: str) -> str:
        """Give the secret address of one method: only for the line that sends the request."""
        return f"{self.reveal()}{quote(method)}.json"

    def scrub(self, text: str) -> str:
        """Hide the secret in a text that came from outside, such as an echo in an error page."""
        return text.replace(self._secret, _MASK) if len(self._secret) >= _SCRUB_FROM else text

    def scrub_body(self, body: bytes) -> bytes:
        """Hide the secret in a body that came from outside."""
        if len(self._secret) < _SCRUB_FROM:
            return body
        return body.replace(self._secret.encode(), _MASK.encode())

    def __repr__(self) -> str:
        return f"WebhookUrl({self._portal_url}/rest/{self._user_id}/{_MASK}/)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WebhookUrl):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash((self._portal_url, self._user_id))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A webhook address is a secret and is never pickled.")


def _split(address: str) -> tuple[SplitResult, bool]:
    """Take the address apart, and tell whether its port is nonsense."""
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
    except ValueError:
        return urlsplit(""), True
    return parts, False
